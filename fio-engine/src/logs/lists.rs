//! The lists of a job's logs.

use std::sync::mpsc::Sender;

use super::exchange::{Batch, Entry, Exchange};
use super::model::{HistogramSample, LogKind, LogSample};
use super::pieces::Pieces;
use super::place::LogPlace;
use super::records::{Completed, Submitted};
use crate::direction::{Direction, PerDirection};
use crate::job::{LogOptions, Measure, WindowValue};
use crate::stats::Histogram;

/// Without an interval single I/Os are gathered, with one the values of the interval.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) completed: Option<Pieces<Completed>>,
    pub(super) submitted: Option<Pieces<Submitted>>,
    pub(super) windows: Option<Box<Windows>>,
    pub(super) histograms: Option<Box<Histograms>>,
}

/// What intervals are about.
#[derive(Debug)]
pub(super) struct Windows {
    /// Submission, completion, total.
    latencies: [Option<LatencyWindow>; 3],
    bandwidth: Option<Pieces<LogSample>>,
    iops: Option<Pieces<LogSample>>,
}

/// The latencies of the interval that is not over, and the entries of those that are.
#[derive(Debug)]
struct LatencyWindow {
    sums: PerDirection<WindowSum>,
    samples: Pieces<LogSample>,
}

#[derive(Debug, Clone, Copy, Default)]
struct WindowSum {
    count: u64,
    sum: u64,
    maximum: u64,
}

/// The histograms of the intervals, and what they are differences to.
#[derive(Debug)]
pub(super) struct Histograms {
    pub(super) samples: Pieces<HistogramSample>,
    /// The distribution when the last entry was made.
    before: [Histogram; 3],
    last: PerDirection<(u64, u64)>,
}

/// Where lists have their entries.
pub(super) struct Outlet<'a> {
    pub(super) place: &'a LogPlace,
    /// The log thread, if they do not stay.
    pub(super) thread: Option<Sender<Batch>>,
}

/// Entries of intervals in a piece for the log thread.
const SAMPLES: usize = 256;
/// Histograms in one; they are large.
const HISTOGRAMS: usize = 8;

impl Outlet<'_> {
    /// A list for `rows` I/Os (`log_entries`), with memory that is there.
    fn records<T: Entry + Copy + Default>(&self, kind: LogKind, rows: u32) -> Pieces<T> {
        let rows = rows as usize;
        let usual = rows == LogOptions::default().entries as usize;
        let piece = if usual {
            self.place.piece_entries
        } else {
            rows
        };
        match self.exchange(kind, piece) {
            Some(exchange) => Pieces::handed_with_room(exchange),
            None => Pieces::kept_with_room(rows, &self.place.budget),
        }
    }

    /// A list of what is logged now and then.
    fn rare<T: Entry>(&self, kind: LogKind, entries: usize) -> Pieces<T> {
        match self.exchange(kind, entries) {
            Some(exchange) => Pieces::handed(exchange),
            None => Pieces::kept(&self.place.budget),
        }
    }

    fn exchange<T: Entry>(&self, kind: LogKind, entries: usize) -> Option<Exchange<T>> {
        let thread = self.thread.clone()?;
        let exchange = Exchange::new(kind, entries, thread, &self.place.budget);
        Some(if self.place.files.is_some() {
            exchange
        } else {
            exchange.growing_by(self.place.more_to_pack)
        })
    }
}

impl Lists {
    pub(super) fn new(options: &LogOptions, measure: Measure, outlet: &Outlet<'_>) -> Self {
        let each_io = options.interval.is_zero();
        let rows = options.entries;
        let has_completions =
            |kind: LogKind, name: &Option<String>| name.is_some() && kind.has_completions(measure);
        let completions = has_completions(LogKind::Bandwidth, &options.bandwidth)
            || has_completions(LogKind::Iops, &options.iops)
            || options.latency.is_some();
        let rates = options.bandwidth.is_some() || options.iops.is_some();
        Self {
            completed: (each_io && completions)
                .then(|| outlet.records(LogKind::CompletionLatency, rows)),
            submitted: (each_io && options.latency.is_some())
                .then(|| outlet.records(LogKind::SubmissionLatency, rows)),
            windows: (!each_io && (rates || options.latency.is_some()))
                .then(|| Box::new(Windows::new(options, measure, outlet))),
            histograms: (options.histogram.is_some() && !options.histogram_interval.is_zero())
                .then(|| Box::new(Histograms::new(outlet))),
        }
    }

    /// Lets the log thread have what there is.
    pub(super) fn pass_on(&mut self) {
        if let Some(records) = &mut self.completed {
            records.pass_on();
        }
        if let Some(records) = &mut self.submitted {
            records.pass_on();
        }
        if let Some(windows) = &mut self.windows {
            windows.samples().for_each(Pieces::pass_on);
        }
        if let Some(histograms) = &mut self.histograms {
            histograms.samples.pass_on();
        }
    }
}

impl Windows {
    fn new(options: &LogOptions, measure: Measure, outlet: &Outlet<'_>) -> Self {
        let list = |kind, wanted: bool| wanted.then(|| outlet.rare(kind, SAMPLES));
        let latencies = [
            (LogKind::SubmissionLatency, measure.submission_latency),
            (LogKind::CompletionLatency, measure.completion_latency),
            (LogKind::TotalLatency, measure.total_latency),
        ];
        Self {
            latencies: latencies.map(|(kind, measured)| {
                let samples = list(kind, measured && options.latency.is_some())?;
                let sums = PerDirection::default();
                Some(LatencyWindow { sums, samples })
            }),
            bandwidth: list(LogKind::Bandwidth, options.bandwidth.is_some()),
            iops: list(LogKind::Iops, options.iops.is_some()),
        }
    }

    /// A completed I/O; latencies in nanoseconds.
    #[inline]
    pub(super) fn complete(&mut self, direction: Direction, completion: u64, total: u64) {
        let [_, completions, totals] = &mut self.latencies;
        record(completions, direction, completion);
        record(totals, direction, total);
    }

    /// A submitted I/O; the latency in nanoseconds.
    #[inline]
    pub(super) fn submit(&mut self, direction: Direction, latency: u64) {
        record(&mut self.latencies[0], direction, latency);
    }

    /// The interval is over: one entry for each latency and direction that had any.
    pub(super) fn end(&mut self, time_ms: u64, value: WindowValue) {
        for window in self.latencies.iter_mut().flatten() {
            window.end(time_ms, value);
        }
    }

    /// Bandwidths, KiB/s.
    pub(super) fn log_bandwidth(&mut self, time_ms: u64, rates: PerDirection<Option<u64>>) {
        log_rates(&mut self.bandwidth, time_ms, rates);
    }

    /// I/Os per second.
    pub(super) fn log_iops(&mut self, time_ms: u64, rates: PerDirection<Option<u64>>) {
        log_rates(&mut self.iops, time_ms, rates);
    }

    fn samples(&mut self) -> impl Iterator<Item = &mut Pieces<LogSample>> {
        let latencies = self.latencies.iter_mut().flatten();
        let rates = [&mut self.bandwidth, &mut self.iops];
        latencies
            .map(|window| &mut window.samples)
            .chain(rates.into_iter().flatten())
    }

    /// All lists there are.
    pub(super) fn into_samples(self) -> impl Iterator<Item = (LogKind, Pieces<LogSample>)> {
        let [submission, completion, total] = self.latencies;
        let of = |window: Option<LatencyWindow>| window.map(|window| window.samples);
        [
            (LogKind::SubmissionLatency, of(submission)),
            (LogKind::CompletionLatency, of(completion)),
            (LogKind::TotalLatency, of(total)),
            (LogKind::Bandwidth, self.bandwidth),
            (LogKind::Iops, self.iops),
        ]
        .into_iter()
        .filter_map(|(kind, list)| Some((kind, list?)))
    }
}

impl LatencyWindow {
    fn end(&mut self, time_ms: u64, value: WindowValue) {
        for (direction, sum) in std::mem::take(&mut self.sums).iter() {
            if sum.count == 0 {
                continue;
            }
            let average = sum.sum / sum.count;
            let value = match value {
                WindowValue::Average | WindowValue::Both => average,
                WindowValue::Maximum => sum.maximum,
            };
            self.samples
                .push(window_sample(time_ms, direction, value, sum.maximum));
        }
    }
}

#[inline]
fn record(window: &mut Option<LatencyWindow>, direction: Direction, nanoseconds: u64) {
    if let Some(window) = window {
        let sum = &mut window.sums[direction];
        sum.count += 1;
        sum.sum = sum.sum.saturating_add(nanoseconds);
        sum.maximum = sum.maximum.max(nanoseconds);
    }
}

fn log_rates(
    samples: &mut Option<Pieces<LogSample>>,
    time_ms: u64,
    rates: PerDirection<Option<u64>>,
) {
    let Some(samples) = samples else { return };
    for (direction, rate) in rates.iter() {
        if let Some(rate) = *rate {
            samples.push(window_sample(time_ms, direction, rate, rate));
        }
    }
}

fn window_sample(time_ms: u64, direction: Direction, value: u64, maximum: u64) -> LogSample {
    LogSample {
        time_ms,
        value,
        maximum,
        direction,
        block_size: 0,
        offset: 0,
        priority: 0,
        issue_time: 0,
    }
}

impl Histograms {
    fn new(outlet: &Outlet<'_>) -> Self {
        Self {
            samples: outlet.rare(LogKind::Histogram, HISTOGRAMS),
            before: std::array::from_fn(|_| Histogram::new()),
            last: PerDirection::default(),
        }
    }

    /// From here on, from nothing.
    pub(super) fn clear(&mut self) {
        self.before.iter_mut().for_each(Histogram::clear);
    }

    /// The last I/O of its direction.
    #[inline]
    pub(super) fn note(&mut self, direction: Direction, length: u64, offset: u64) {
        self.last[direction] = (length, offset);
    }

    /// The interval is over; `now` is the distribution since the beginning.
    pub(super) fn end(&mut self, time_ms: u64, direction: Direction, now: &Histogram) {
        let before = &mut self.before[direction.index()];
        let counts: Vec<(u16, u64)> = now
            .counts()
            .iter()
            .zip(before.counts())
            .enumerate()
            // There are 1856 buckets.
            .map(|(bucket, (now, before))| (bucket as u16, now.saturating_sub(*before)))
            .filter(|(_, count)| *count > 0)
            .collect();
        if counts.is_empty() {
            return;
        }
        before.clone_from(now);
        let (block_size, offset) = self.last[direction];
        let sample = HistogramSample {
            time_ms,
            direction,
            block_size,
            offset,
            counts,
        };
        let bytes = sample.bytes();
        self.samples.push_with(sample, bytes);
    }
}
