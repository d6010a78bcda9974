//! From what a job's thread gathered to its logs.

use std::sync::Arc;

use super::chunks::Chunks;
use super::collector::{LatencyWindow, Lists};
use super::files::file_name;
use super::model::{Entries, Epoch, IoLog, LogColumns, LogCompression, LogKind, LogSample};
use super::records::Completed;
use crate::job::{JobSpec, Measure, WindowValue};

/// What was gathered, to be taken log by log.
pub(super) struct Gathered {
    lists: Lists,
    /// Shared by the logs of completed I/Os.
    completed: Option<Arc<Chunks<Completed>>>,
    epoch: Epoch,
    measure: Measure,
}

/// Entries, and how many found no room.
type Kept = (Entries, u64);

impl Gathered {
    pub(super) fn new(mut lists: Lists, epoch: Epoch, measure: Measure) -> Self {
        Self {
            completed: lists.completed.take().map(Arc::new),
            lists,
            epoch,
            measure,
        }
    }

    /// The entries of one log; none if nothing was gathered for it.
    pub(super) fn take(&mut self, kind: LogKind) -> Kept {
        let kept = match kind {
            LogKind::Histogram => self.histograms(),
            LogKind::SubmissionLatency => self.latency(0).or_else(|| self.submitted()),
            LogKind::CompletionLatency => self.latency(1).or_else(|| self.completed()),
            LogKind::TotalLatency => self.latency(2).or_else(|| self.completed()),
            LogKind::Bandwidth => self.bandwidth(),
            LogKind::Iops => {
                let windows = self.lists.windows.as_mut();
                let samples = windows.and_then(|windows| windows.iops.take());
                samples.map(kept).or_else(|| self.completed())
            }
        };
        kept.unwrap_or((Entries::Given(Vec::new()), 0))
    }

    fn latency(&mut self, index: usize) -> Option<Kept> {
        let windows = self.lists.windows.as_mut()?;
        let LatencyWindow { samples, .. } = windows.latencies[index].take()?;
        Some(kept(samples))
    }

    fn bandwidth(&mut self) -> Option<Kept> {
        let windows = self.lists.windows.as_mut();
        let samples = windows.and_then(|windows| windows.bandwidth.take());
        let measured = self.measure.bandwidth;
        let single = || self.completed().filter(|_| measured);
        samples.map(kept).or_else(single)
    }

    fn completed(&self) -> Option<Kept> {
        let records = self.completed.clone()?;
        let lost = records.lost();
        Some((Entries::Completed(records, self.epoch), lost))
    }

    fn submitted(&mut self) -> Option<Kept> {
        let records = self.lists.submitted.take()?;
        let lost = records.lost();
        Some((Entries::Submitted(Arc::new(records), self.epoch), lost))
    }

    fn histograms(&mut self) -> Option<Kept> {
        let samples = self.lists.histograms.take()?.samples;
        let lost = samples.lost();
        Some((Entries::Histograms(Arc::new(samples)), lost))
    }
}

fn kept(samples: Chunks<LogSample>) -> Kept {
    let lost = samples.lost();
    (Entries::Samples(Arc::new(samples)), lost)
}

/// A log as the options of its job want it to look and be called.
pub(super) fn log_of(
    spec: &JobSpec,
    thread_number: u32,
    kind: LogKind,
    name: &str,
    entries: Entries,
) -> IoLog {
    let options = &spec.logs;
    let prefix = if name.is_empty() { &spec.name } else { name };
    let number = options.per_job.then_some(thread_number);
    let stored = options.store_compressed;
    let mut log = IoLog::new(kind, file_name(prefix, kind, number, stored), entries);
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
