//! Latencies of a job: moments, histograms and counts, in nanoseconds.

use fio_engine::report::{LatencyReport, PriorityReport};
use fio_engine::stats::{Histogram, MICROSECOND_BUCKETS, Moments};
use fio_proto::ServerVersion;
use fio_proto::layout::{self, IoStat, ThreadStat};
use fio_proto::message::ThreadReport;

use super::{bounded, figure};

/// The latencies of a job, as its server's version tells them.
pub(super) struct Latencies<'a> {
    stat: &'a ThreadStat,
    version: ServerVersion,
}

impl<'a> Latencies<'a> {
    pub(super) const fn new(stat: &'a ThreadStat, version: ServerVersion) -> Self {
        Self { stat, version }
    }

    pub(super) fn submission(&self, direction: usize) -> LatencyReport {
        let stat = self.stat;
        self.report(
            &stat.submission_latency[direction],
            &stat.submission_histogram[direction],
        )
    }

    pub(super) fn completion(&self, direction: usize) -> LatencyReport {
        let stat = self.stat;
        let mut report = self.report(
            &stat.completion_latency[direction],
            &stat.completion_histogram[direction],
        );
        if self.has_total_histogram_only() {
            report.histogram = None;
        }
        report
    }

    pub(super) fn total(&self, direction: usize) -> LatencyReport {
        let stat = self.stat;
        let histogram = if self.has_total_histogram_only() {
            &stat.completion_histogram[direction]
        } else {
            &stat.total_histogram[direction]
        };
        self.report(&stat.total_latency[direction], histogram)
    }

    pub(super) fn sync(&self) -> LatencyReport {
        self.report(&self.stat.sync_latency, &self.stat.sync_histogram)
    }

    /// Counts from 2 ms on. What a stock server of version 1 left out took a second or more; the
    /// histogram tells how much of it took two.
    pub(super) fn slow_counts(&self) -> [u64; 12] {
        let mut counts = self.stat.latency_ms.map(bounded);
        let [.., second, seconds] = &mut counts;
        if self.is_in_microseconds() && (*second, *seconds) == (0, 0) {
            let missing = bounded(self.stat.uncounted_latencies());
            let histograms = self.stat.completion_histogram.iter();
            let two_seconds = histograms.map(at_least_two_seconds).sum::<u64>();
            *seconds = two_seconds.min(missing);
            *second = missing - *seconds;
        }
        counts
    }

    fn is_in_microseconds(&self) -> bool {
        self.version == ServerVersion::V1
    }

    /// Versions 66 to 80 have one set of histograms, and it is that of the total latency if that is
    /// what the job asked percentiles of.
    const fn has_total_histogram_only(&self) -> bool {
        matches!(self.version.number(), 66..=80) && self.stat.total_percentiles != 0
    }

    fn report(&self, stat: &IoStat, histogram: &layout::Histogram) -> LatencyReport {
        let microseconds = self.is_in_microseconds();
        LatencyReport {
            moments: moments(stat, if microseconds { 1000 } else { 1 }),
            histogram: (histogram.total() > 0).then(|| translate(histogram, microseconds)),
        }
    }
}

/// Completion latency of one direction by priority, those that were used.
pub(super) fn priorities(report: &ThreadReport, direction: usize) -> Vec<PriorityReport> {
    let used = report.priorities[direction]
        .iter()
        .filter(|of_one| of_one.latency.samples > 0);
    used.map(|of_one| PriorityReport {
        priority: of_one.priority,
        latency: LatencyReport {
            moments: moments(&of_one.latency, 1),
            histogram: (of_one.histogram.total() > 0).then(|| translate(&of_one.histogram, false)),
        },
    })
    .collect()
}

fn translate(histogram: &layout::Histogram, microseconds: bool) -> Box<Histogram> {
    let counts = histogram.counts().iter().copied().map(bounded_bucket);
    if microseconds {
        let counts: Vec<u64> = counts.take(MICROSECOND_BUCKETS).collect();
        Histogram::from_microsecond_counts(&counts)
    } else {
        Histogram::from_count_iter(counts)
    }
}

/// So few that the buckets of a thousand histograms can be summed up.
fn bounded_bucket(count: u64) -> u64 {
    count.min(1 << 43)
}

/// `scale` turns the unit of the series into that of the report.
pub(super) fn moments(stat: &IoStat, scale: u32) -> Moments {
    if stat.samples == 0 {
        return Moments::default();
    }
    let factor = f64::from(scale);
    let max = bounded(stat.max.saturating_mul(scale.into()));
    Moments {
        samples: bounded(stat.samples),
        min: bounded(stat.min.saturating_mul(scale.into())).min(max),
        max,
        mean: figure(stat.mean * factor),
        squared_deviations: figure(stat.squares * factor * factor),
    }
}

fn at_least_two_seconds(histogram: &layout::Histogram) -> u64 {
    let first = Histogram::bucket_index(2_000_000);
    let counts = histogram.counts().iter().skip(first);
    bounded(counts.copied().map(bounded_bucket).sum())
}
