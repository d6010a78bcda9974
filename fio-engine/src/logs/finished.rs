//! From what a job's thread gathered to its logs.

use std::sync::Arc;

use super::budget::LogBudget;
use super::collector::LogCollector;
use super::exchange::LogWaits;
use super::files::{WrittenLog, file_name};
use super::io_log::{Entries, Epoch, IoLog};
use super::keeper::{Keeper, Stocks};
use super::lists::Lists;
use super::model::{LogColumns, LogCompression, LogKind};
use super::pieces::{Ended, Pieces};
use super::stock::Stock;
use crate::job::{JobSpec, Measure, WindowValue};

/// The logs of a job that has ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct FinishedLogs {
    /// Those that are in memory, in the order fio's server sends them.
    pub(crate) kept: Vec<IoLog>,
    /// Those that are in files.
    pub(crate) written: Vec<WrittenLog>,
    /// What the job has waited for the log thread.
    pub(crate) waits: LogWaits,
}

impl FinishedLogs {
    /// Waits until the log thread has all, if there is one.
    pub(super) fn of(collector: LogCollector) -> Self {
        let LogCollector {
            lists,
            heads,
            thread,
            epoch,
            measure,
            budget,
            ..
        } = collector;
        let mut ends = Ends::new(&budget);
        ends.end(lists);
        // The lists are gone, and with them all ways to the thread.
        let (kept, written) = match thread.map(super::keeper::LogThread::finish) {
            Some(Keeper::Files(keeper)) => {
                let files = keeper.files.into_iter().map(|mut file| {
                    file.lose(ends.lost_of(file.log.kind));
                    file.finish()
                });
                (Vec::new(), files.collect())
            }
            Some(Keeper::Memory(keeper)) => {
                let epoch = Epoch(epoch.get());
                let gathered = Gathered::new(keeper.stocks, epoch, measure);
                (gathered.logs(heads, |kind| ends.lost_of(kind)), Vec::new())
            }
            None => {
                let epoch = Epoch(epoch.get());
                let stocks = std::mem::take(&mut ends.stocks);
                let gathered = Gathered::new(stocks, epoch, measure);
                (gathered.logs(heads, |_| 0), Vec::new())
            }
        };
        Self {
            kept,
            written,
            waits: ends.waits,
        }
    }
}

/// What is left of lists that have ended.
#[derive(Default)]
struct Ends {
    stocks: Stocks,
    /// What the log thread did not take, by the log it was for.
    lost: Vec<(LogKind, u64)>,
    waits: LogWaits,
}

impl Ends {
    fn new(budget: &LogBudget) -> Self {
        Self {
            stocks: Stocks::new(budget),
            ..Self::default()
        }
    }

    fn end(&mut self, lists: Lists) {
        if let Some(records) = lists.completed {
            self.stocks.completed = self.stock(LogKind::CompletionLatency, records);
        }
        if let Some(records) = lists.submitted {
            self.stocks.submitted = self.stock(LogKind::SubmissionLatency, records);
        }
        if let Some(windows) = lists.windows {
            for (kind, samples) in windows.into_samples() {
                let stock = self.stock(kind, samples);
                let stock = stock.map(|stock| (kind, stock));
                self.stocks.samples.extend(stock);
            }
        }
        if let Some(histograms) = lists.histograms {
            self.stocks.histograms = self.stock(LogKind::Histogram, histograms.samples);
        }
    }

    fn stock<T: super::exchange::Entry>(
        &mut self,
        kind: LogKind,
        pieces: Pieces<T>,
    ) -> Option<Stock<T>> {
        match pieces.finish() {
            Ended::Kept(stock) => Some(stock),
            Ended::Handed { lost, waits } => {
                self.lost.push((kind, lost));
                self.waits.add(waits);
                None
            }
        }
    }

    /// What one log lacks. Logs of completions share one list unless they have intervals.
    fn lost_of(&self, kind: LogKind) -> u64 {
        let of = |kind| self.lost.iter().find(|(of, _)| *of == kind);
        let shared = || of(LogKind::CompletionLatency).filter(|_| kind.is_of_completions());
        of(kind).or_else(shared).map_or(0, |(_, lost)| *lost)
    }
}

/// What was gathered, to be taken log by log.
struct Gathered {
    stocks: Stocks,
    /// Shared by the logs of completed I/Os.
    completed: Option<Entries>,
    completed_lost: u64,
    measure: Measure,
    epoch: Epoch,
}

/// Entries, and how many found no room.
type Kept = (Entries, u64);

impl Gathered {
    fn new(mut stocks: Stocks, epoch: Epoch, measure: Measure) -> Self {
        let completed = stocks.completed.take();
        Self {
            completed_lost: completed.as_ref().map_or(0, Stock::lost),
            completed: completed.map(|records| Entries::Completed(Arc::new(records), epoch)),
            stocks,
            measure,
            epoch,
        }
    }

    /// The logs with their entries.
    fn logs(mut self, heads: Vec<IoLog>, lost: impl Fn(LogKind) -> u64) -> Vec<IoLog> {
        let filled = heads.into_iter().map(|mut log| {
            if let Some((entries, lost)) = self.take(log.kind) {
                (log.entries, log.lost) = (entries, lost);
            }
            log.lost += lost(log.kind);
            log
        });
        filled.collect()
    }

    /// The entries of one log, if anything was gathered for it.
    fn take(&mut self, kind: LogKind) -> Option<Kept> {
        let samples = &mut self.stocks.samples;
        if let Some(index) = samples.iter().position(|(of, _)| *of == kind) {
            let (_, samples) = samples.swap_remove(index);
            let lost = samples.lost();
            return Some((Entries::Samples(Arc::new(samples)), lost));
        }
        match kind {
            LogKind::Histogram => {
                let samples = self.stocks.histograms.take()?;
                let lost = samples.lost();
                Some((Entries::Histograms(Arc::new(samples)), lost))
            }
            LogKind::SubmissionLatency => {
                let records = self.stocks.submitted.take()?;
                let lost = records.lost();
                Some((Entries::Submitted(Arc::new(records), self.epoch), lost))
            }
            kind if !kind.has_completions(self.measure) => None,
            _ => Some((self.completed.clone()?, self.completed_lost)),
        }
    }
}

/// The logs a job wants, in the order fio's server sends them, without entries.
pub(super) fn heads_of(spec: &JobSpec, thread_number: u32) -> Vec<IoLog> {
    let (options, measure) = (&spec.logs, spec.measure);
    let latency = |measured: bool| options.latency.as_deref().filter(|_| measured);
    let wanted = [
        (LogKind::Bandwidth, options.bandwidth.as_deref()),
        (LogKind::TotalLatency, latency(measure.total_latency)),
        (
            LogKind::SubmissionLatency,
            latency(measure.submission_latency),
        ),
        (
            LogKind::CompletionLatency,
            latency(measure.completion_latency),
        ),
        (LogKind::Histogram, options.histogram.as_deref()),
        (LogKind::Iops, options.iops.as_deref()),
    ];
    wanted
        .into_iter()
        .filter_map(|(kind, name)| Some(head_of(spec, thread_number, kind, name?)))
        .collect()
}

/// A log as the options of its job want it to look and be called.
fn head_of(spec: &JobSpec, thread_number: u32, kind: LogKind, name: &str) -> IoLog {
    let options = &spec.logs;
    let prefix = if name.is_empty() { &spec.name } else { name };
    let number = options.per_job.then_some(thread_number);
    let stored = options.store_compressed;
    let name = file_name(prefix, kind, number, stored);
    let mut log = IoLog::new(kind, name, Entries::Given(Vec::new()));
    log.thread_number = thread_number;
    log.columns = LogColumns {
        maximum: options.window_value == WindowValue::Both && !options.interval.is_zero(),
        offset: options.offset,
        priority: options.priority,
        issue_time: options.issue_time,
    };
    log.histogram_coarseness = options.histogram_coarseness;
    log.per_job = options.per_job;
    log.compression = match (stored, options.compression) {
        (true, _) => LogCompression::Stored,
        (false, Some(_)) => LogCompression::Memory,
        (false, None) => LogCompression::None,
    };
    log
}
