//! What a job's thread gathers for its logs.
//!
//! The thread calls it for each I/O, so nothing here locks, and memory is only taken when a piece
//! of a list is full. Jobs without logs have no collector at all.

use std::time::Duration;

use super::chunks::{Chunks, LogBudget};
use super::finished::{Gathered, log_of};
use super::model::{Epoch, HistogramSample, IoLog, LogKind, LogSample};
use super::records::{Completed, Submitted};
use crate::clock::{Clock, Ticks, clock_milliseconds};
use crate::direction::{Direction, PerDirection};
use crate::job::{IoPriority, JobSpec, LogOptions, Measure, WindowValue};
use crate::stats::{Histogram, JobStatistics};

/// Gathers the logs of one job.
#[derive(Debug)]
pub(crate) struct LogCollector {
    options: LogOptions,
    measure: Measure,
    /// False during the ramp time.
    counting: bool,
    since: Ticks,
    epoch: Epoch,
    lists: Lists,
    /// Of I/Os that have none of their own.
    job_priority: u16,
}

/// Without an interval single I/Os are gathered, with one the values of the interval.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) completed: Option<Chunks<Completed>>,
    pub(super) submitted: Option<Chunks<Submitted>>,
    pub(super) windows: Option<Box<Windows>>,
    pub(super) histograms: Option<Box<Histograms>>,
}

/// The I/O that an entry is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoggedIo {
    pub(crate) direction: Direction,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// 0 is the job's.
    pub(crate) priority: u16,
}

#[derive(Debug)]
pub(super) struct Windows {
    /// Submission, completion, total.
    pub(super) latencies: [Option<LatencyWindow>; 3],
    pub(super) bandwidth: Option<Chunks<LogSample>>,
    pub(super) iops: Option<Chunks<LogSample>>,
}

/// The latencies of the interval that is not over, and the entries of those that are.
#[derive(Debug)]
pub(super) struct LatencyWindow {
    sums: PerDirection<WindowSum>,
    pub(super) samples: Chunks<LogSample>,
}

#[derive(Debug, Clone, Copy, Default)]
struct WindowSum {
    count: u64,
    sum: u64,
    maximum: u64,
}

#[derive(Debug)]
pub(super) struct Histograms {
    pub(super) samples: Chunks<HistogramSample>,
    /// The distribution when the last entry was made.
    before: [Histogram; 3],
    last: PerDirection<(u64, u64)>,
}

impl LogCollector {
    /// The collector of a job that writes logs.
    pub(crate) fn new(spec: &JobSpec, budget: &LogBudget) -> Option<Box<Self>> {
        let options = &spec.logs;
        let each_io = options.interval.is_zero();
        let rows = options.entries as usize;
        let completions = options.bandwidth.is_some() && spec.measure.bandwidth
            || options.iops.is_some()
            || options.latency.is_some();
        let lists = Lists {
            completed: (each_io && completions).then(|| Chunks::with_room_for(rows, budget)),
            submitted: (each_io && options.latency.is_some())
                .then(|| Chunks::with_room_for(rows, budget)),
            windows: (!each_io && completions)
                .then(|| Box::new(Windows::new(options, spec.measure, budget))),
            histograms: (options.histogram.is_some() && !options.histogram_interval.is_zero())
                .then(|| Box::new(Histograms::new(budget))),
        };
        options.any().then(|| {
            Box::new(Self {
                options: options.clone(),
                measure: spec.measure,
                counting: false,
                since: Ticks::NEVER,
                epoch: Epoch::default(),
                lists,
                job_priority: spec.priority.of_job().map_or(0, IoPriority::bits),
            })
        })
    }

    /// Begins to count, from nothing: at the job's start or at the end of its ramp time.
    pub(crate) fn start(&mut self, now: Ticks) {
        self.counting = true;
        self.since = now;
        if self.options.alternate_epoch {
            // The plan has checked that the clock can be read.
            self.epoch = Epoch(clock_milliseconds(self.options.epoch_clock).unwrap_or_default());
        }
        if let Some(histograms) = &mut self.lists.histograms {
            histograms.before.iter_mut().for_each(Histogram::clear);
        }
    }

    /// Takes note of a completed I/O; latencies in nanoseconds.
    #[inline]
    pub(crate) fn complete(
        &mut self,
        clock: &Clock,
        io: LoggedIo,
        completed: Ticks,
        completion_latency: u64,
        total_latency: u64,
    ) {
        if !self.counting {
            return;
        }
        let priority = self.priority_of(io);
        if let Some(records) = &mut self.lists.completed {
            records.push(Completed {
                completed: clock.nanos_between(self.since, completed),
                completion_latency,
                total_latency,
                offset: io.offset,
                // A block has at most `MAX_BLOCK_SIZE` bytes.
                length: io.length as u32,
                priority,
                direction: io.direction,
            });
        } else if let Some(windows) = &mut self.lists.windows {
            let [_, completion, total] = &mut windows.latencies;
            record(completion, io.direction, completion_latency);
            record(total, io.direction, total_latency);
        }
        if let Some(histograms) = &mut self.lists.histograms {
            histograms.last[io.direction] = (io.length, io.offset);
        }
    }

    #[inline]
    const fn priority_of(&self, io: LoggedIo) -> u16 {
        if io.priority == 0 {
            self.job_priority
        } else {
            io.priority
        }
    }

    /// Takes note of a submitted I/O; the latency in nanoseconds.
    #[inline]
    pub(crate) fn submit(&mut self, clock: &Clock, io: LoggedIo, submitted: Ticks, latency: u64) {
        if !self.counting {
            return;
        }
        let priority = self.priority_of(io);
        if let Some(records) = &mut self.lists.submitted {
            records.push(Submitted {
                submitted: clock.nanos_between(self.since, submitted),
                submission_latency: latency,
                offset: io.offset,
                length: io.length as u32,
                priority,
                direction: io.direction,
            });
        } else if let Some(windows) = &mut self.lists.windows {
            record(&mut windows.latencies[0], io.direction, latency);
        }
    }

    /// The interval is over: one entry for each latency and direction that had any.
    pub(crate) fn end_interval(&mut self, elapsed: Duration) {
        let time_ms = self.time(elapsed);
        let value = self.options.window_value;
        if let (Some(windows), true) = (&mut self.lists.windows, self.counting) {
            for window in windows.latencies.iter_mut().flatten() {
                window.end(time_ms, value);
            }
        }
    }

    /// Takes note of bandwidths, KiB/s.
    pub(crate) fn bandwidth(&mut self, elapsed: Duration, rates: PerDirection<Option<u64>>) {
        let time_ms = self.time(elapsed);
        if let (Some(windows), true) = (&mut self.lists.windows, self.counting) {
            log_rates(&mut windows.bandwidth, time_ms, rates);
        }
    }

    /// Takes note of I/Os per second.
    pub(crate) fn iops(&mut self, elapsed: Duration, rates: PerDirection<Option<u64>>) {
        let time_ms = self.time(elapsed);
        if let (Some(windows), true) = (&mut self.lists.windows, self.counting) {
            log_rates(&mut windows.iops, time_ms, rates);
        }
    }

    /// The histogram interval is over: one entry for each direction that completed I/Os in it.
    pub(crate) fn end_histogram(&mut self, elapsed: Duration, statistics: &JobStatistics) {
        let time_ms = self.time(elapsed);
        let (Some(histograms), true) = (&mut self.lists.histograms, self.counting) else {
            return;
        };
        for direction in Direction::ALL {
            let now = statistics.latencies(direction).completion.histogram();
            histograms.end(time_ms, direction, now);
        }
    }

    /// The logs, all entries in, in the order fio's server sends them.
    pub(crate) fn finish(self: Box<Self>, spec: &JobSpec, thread_number: u32) -> Vec<IoLog> {
        let (options, measure) = (&self.options, self.measure);
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
        let mut gathered = Gathered::new(self.lists, self.epoch, measure);
        let logs = wanted.into_iter().filter_map(|(kind, name)| {
            let (entries, lost) = gathered.take(kind);
            let mut log = log_of(spec, thread_number, kind, name?, entries);
            log.lost = lost;
            Some(log)
        });
        logs.collect()
    }

    fn time(&self, elapsed: Duration) -> u64 {
        self.epoch.0 + elapsed.as_millis() as u64
    }
}

impl Windows {
    fn new(options: &LogOptions, measure: Measure, budget: &LogBudget) -> Self {
        let list = |wanted: bool| wanted.then(|| Chunks::new(budget));
        let measured = [
            measure.submission_latency,
            measure.completion_latency,
            measure.total_latency,
        ];
        Self {
            latencies: measured.map(|measured| {
                let samples = list(measured && options.latency.is_some())?;
                let sums = PerDirection::default();
                Some(LatencyWindow { sums, samples })
            }),
            bandwidth: list(options.bandwidth.is_some()),
            iops: list(options.iops.is_some()),
        }
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
    samples: &mut Option<Chunks<LogSample>>,
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
    fn new(budget: &LogBudget) -> Self {
        Self {
            samples: Chunks::new(budget),
            before: std::array::from_fn(|_| Histogram::new()),
            last: PerDirection::default(),
        }
    }

    fn end(&mut self, time_ms: u64, direction: Direction, now: &Histogram) {
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
        let bytes = (counts.len() * size_of::<(u16, u64)>()) as u64;
        let sample = HistogramSample {
            time_ms,
            direction,
            block_size,
            offset,
            counts,
        };
        self.samples.push_with(sample, bytes);
    }
}
