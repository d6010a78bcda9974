//! What a clone did in each interval.

use serde::Serialize;

use super::document::unix_nanoseconds;
use super::latency::nanoseconds;
use crate::direction::Direction;
use crate::report::CloneSeries;
use crate::stats::{Interval, IntervalCounts};

/// The intervals of one clone.
#[derive(Debug, Serialize)]
pub(super) struct SeriesDocument {
    clone: u32,
    started_unix_ns: Option<u64>,
    interval_ns: u64,
    intervals: Vec<IntervalDocument>,
}

#[derive(Debug, Serialize)]
struct IntervalDocument {
    /// From when the statistics of the clone began to count.
    start_ns: u64,
    length_ns: u64,
    read: Option<CountsDocument>,
    write: Option<CountsDocument>,
    trim: Option<CountsDocument>,
}

#[derive(Debug, Serialize)]
struct CountsDocument {
    ios: u64,
    bytes: u64,
    ios_per_second: f64,
    bandwidth_bytes_per_second: f64,
    mean_latency_ns: Option<f64>,
}

impl SeriesDocument {
    pub(super) fn new(series: &CloneSeries) -> Self {
        let mut end = 0;
        let intervals = series.series.intervals.iter().map(|interval| {
            let start = end;
            end += nanoseconds(interval.length);
            IntervalDocument::new(interval, start)
        });
        Self {
            clone: series.thread_number,
            started_unix_ns: series.started.map(unix_nanoseconds),
            interval_ns: nanoseconds(series.series.interval),
            intervals: intervals.collect(),
        }
    }
}

impl IntervalDocument {
    fn new(interval: &Interval, start_ns: u64) -> Self {
        let counts = |direction: Direction| {
            let counts = &interval.directions[direction];
            (counts.ios > 0).then(|| CountsDocument::new(counts, interval))
        };
        Self {
            start_ns,
            length_ns: nanoseconds(interval.length),
            read: counts(Direction::Read),
            write: counts(Direction::Write),
            trim: counts(Direction::Trim),
        }
    }
}

impl CountsDocument {
    fn new(counts: &IntervalCounts, interval: &Interval) -> Self {
        // At least a nanosecond, as jobs may be over before the clock moves on.
        let seconds = interval.length.as_secs_f64().max(1e-9);
        Self {
            ios: counts.ios,
            bytes: counts.bytes,
            ios_per_second: counts.ios as f64 / seconds,
            bandwidth_bytes_per_second: counts.bytes as f64 / seconds,
            mean_latency_ns: counts.mean_latency(),
        }
    }
}
