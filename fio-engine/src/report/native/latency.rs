//! Latencies and samples.

use std::time::Duration;

use serde::Serialize;

use crate::report::LatencyReport;
use crate::stats::{Histogram, Moments};

/// A time in nanoseconds; times of more than 584 years count as those.
pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// One kind of latency.
#[derive(Debug, Serialize)]
pub(super) struct LatencyDocument {
    samples: u64,
    minimum_ns: u64,
    maximum_ns: u64,
    mean_ns: f64,
    standard_deviation_ns: f64,
    /// Of the percentiles the job asks for; empty without a histogram.
    percentiles: Vec<PercentileDocument>,
    /// All buckets that are not empty; `null` where none was measured or told.
    histogram: Option<Vec<BucketDocument>>,
}

#[derive(Debug, Serialize)]
struct PercentileDocument {
    percent: f64,
    latency_ns: u64,
}

/// Both ends are included; the last bucket there is has everything above as well.
#[derive(Debug, Serialize)]
struct BucketDocument {
    from_ns: u64,
    to_ns: u64,
    samples: u64,
}

impl LatencyDocument {
    /// `None` where nothing was measured.
    pub(super) fn new(report: &LatencyReport, percents: &[f64]) -> Option<Self> {
        let moments = &report.moments;
        let histogram = report.histogram.as_deref().filter(|all| !all.is_empty());
        (moments.samples > 0).then(|| Self {
            samples: moments.samples,
            minimum_ns: moments.min,
            maximum_ns: moments.max,
            mean_ns: moments.mean,
            standard_deviation_ns: moments.standard_deviation(),
            percentiles: histogram.map_or_else(Vec::new, |all| percentiles(all, percents)),
            histogram: histogram.map(buckets),
        })
    }
}

fn percentiles(histogram: &Histogram, percents: &[f64]) -> Vec<PercentileDocument> {
    let latencies = histogram.percentiles(percents);
    let all = percents.iter().zip(latencies);
    all.map(|(percent, latency_ns)| PercentileDocument {
        percent: *percent,
        latency_ns,
    })
    .collect()
}

fn buckets(histogram: &Histogram) -> Vec<BucketDocument> {
    let bucket = |(index, samples)| {
        let (from_ns, to_ns) = Histogram::bucket_range(index);
        BucketDocument {
            from_ns,
            to_ns,
            samples,
        }
    };
    histogram.nonzero().map(bucket).collect()
}

/// Samples of a rate, each over `bwavgtime` or `iopsavgtime`.
#[derive(Debug, Serialize)]
pub(super) struct SamplesDocument {
    samples: u64,
    minimum: u64,
    maximum: u64,
    mean: f64,
    standard_deviation: f64,
}

impl SamplesDocument {
    /// `None` without samples. Each is counted in units of `unit`.
    pub(super) fn new(moments: &Moments, unit: u64) -> Option<Self> {
        (moments.samples > 0).then(|| Self {
            samples: moments.samples,
            minimum: moments.min.saturating_mul(unit),
            maximum: moments.max.saturating_mul(unit),
            mean: moments.mean * unit as f64,
            standard_deviation: moments.standard_deviation() * unit as f64,
        })
    }
}
