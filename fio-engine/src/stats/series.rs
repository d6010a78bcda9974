//! What a job did in each stretch of its time.
//!
//! The counters of a job are sums over its whole time, in which a stall or a slow decline does not show.
//! Once a second, when the job looks at the time anyway, the difference to the last second is kept.
//! However long the job runs, it keeps no more than [`IntervalSeries::MOST`] intervals: when there are
//! as many, every two of them become one and the interval doubles.

use std::time::Duration;

use super::JobStatistics;
use crate::direction::{Direction, PerDirection};

/// What a clone of a job did in each interval of the time its statistics cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntervalSeries {
    /// How long intervals are meant to be; see [`Interval::length`].
    pub interval: Duration,
    /// The intervals in order, without gaps, from the beginning of that time.
    pub intervals: Vec<Interval>,
    /// The counters at the end of the last interval.
    counted: PerDirection<IntervalCounts>,
    /// When the last interval ended, from the beginning.
    ended: Duration,
}

/// One interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interval {
    /// How long it really was. A job looks at the time between I/Os, so an I/O that takes long
    /// makes an interval long; the last interval ends with the job.
    pub length: Duration,
    /// What each direction did.
    pub directions: PerDirection<IntervalCounts>,
}

/// What one direction did in an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IntervalCounts {
    /// I/Os that were over.
    pub ios: u64,
    /// Bytes they moved.
    pub bytes: u64,
    /// I/Os of which the total latency is known; 0 where the job does not measure it.
    pub latency_samples: u64,
    /// Sum of these latencies, nanoseconds.
    pub latency_sum: u128,
}

impl IntervalCounts {
    fn of(statistics: &JobStatistics, direction: Direction) -> Self {
        let counters = statistics.counters(direction);
        let latency = statistics.latencies(direction).total.sums();
        Self {
            ios: counters.ios,
            bytes: counters.bytes,
            latency_samples: latency.samples(),
            latency_sum: latency.sum(),
        }
    }

    const fn since(self, before: Self) -> Self {
        Self {
            ios: self.ios.saturating_sub(before.ios),
            bytes: self.bytes.saturating_sub(before.bytes),
            latency_samples: self.latency_samples.saturating_sub(before.latency_samples),
            latency_sum: self.latency_sum.saturating_sub(before.latency_sum),
        }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            ios: self.ios + other.ios,
            bytes: self.bytes + other.bytes,
            latency_samples: self.latency_samples + other.latency_samples,
            latency_sum: self.latency_sum + other.latency_sum,
        }
    }

    /// Mean total latency, nanoseconds, if any is known.
    #[must_use]
    pub fn mean_latency(&self) -> Option<f64> {
        (self.latency_samples > 0).then(|| self.latency_sum as f64 / self.latency_samples as f64)
    }
}

impl Interval {
    fn plus(&self, other: &Self) -> Self {
        let sum = |index: usize| self.directions.0[index].plus(other.directions.0[index]);
        Self {
            length: self.length + other.length,
            directions: PerDirection([0, 1, 2].map(sum)),
        }
    }
}

impl IntervalSeries {
    /// Most intervals of a series; about 160 KiB.
    pub const MOST: usize = 1024;

    /// Length of intervals up to [`MOST`](Self::MOST) of them.
    pub const SHORTEST: Duration = Duration::from_secs(1);

    /// A series without intervals. All the memory it will ever need is reserved.
    #[must_use]
    pub fn new() -> Self {
        Self {
            intervals: Vec::with_capacity(Self::MOST),
            ..Self::default()
        }
    }

    /// Ends an interval. `elapsed` is the time since statistics began to count.
    pub fn end_interval(&mut self, elapsed: Duration, statistics: &JobStatistics) {
        let counted =
            PerDirection(Direction::ALL.map(|direction| IntervalCounts::of(statistics, direction)));
        let since = |index: usize| counted.0[index].since(self.counted.0[index]);
        let interval = Interval {
            length: elapsed.saturating_sub(self.ended),
            directions: PerDirection([0, 1, 2].map(since)),
        };
        self.counted = counted;
        self.ended = self.ended.max(elapsed);
        if self.intervals.len() == Self::MOST {
            self.halve();
        }
        self.intervals.push(interval);
    }

    /// Makes one of every two intervals.
    fn halve(&mut self) {
        let count = self.intervals.len().div_ceil(2);
        for place in 0..count {
            let first = self.intervals[2 * place];
            let second = self.intervals.get(2 * place + 1).copied();
            self.intervals[place] = first.plus(&second.unwrap_or_default());
        }
        self.intervals.truncate(count);
        self.interval *= 2;
    }
}

/// A series without intervals and without memory.
impl Default for IntervalSeries {
    fn default() -> Self {
        Self {
            interval: Self::SHORTEST,
            intervals: Vec::new(),
            counted: PerDirection::default(),
            ended: Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn sums(series: &IntervalSeries) -> (Duration, IntervalCounts) {
        let whole = series
            .intervals
            .iter()
            .fold(Interval::default(), |sum, one| sum.plus(one));
        (whole.length, whole.directions[Direction::Write])
    }

    #[test]
    fn intervals_have_what_came_since_the_last() {
        let mut statistics = JobStatistics::new();
        let mut series = IntervalSeries::new();
        for second in 1..=3_u64 {
            for _ in 0..second {
                statistics.record_completion(Direction::Write, 4096, 100, second * 1000);
            }
            series.end_interval(SECOND * second as u32, &statistics);
        }
        let ios = |interval: &Interval| interval.directions[Direction::Write].ios;
        assert_eq!(
            series.intervals.iter().map(ios).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        let last = &series.intervals[2].directions;
        assert_eq!(last[Direction::Write].bytes, 3 * 4096);
        assert_eq!(last[Direction::Write].mean_latency(), Some(3000.0));
        assert_eq!(last[Direction::Read].mean_latency(), None);
    }

    #[test]
    fn a_long_job_keeps_few_intervals_and_loses_nothing() {
        let mut statistics = JobStatistics::new();
        let mut series = IntervalSeries::new();
        let reserved = series.intervals.capacity();
        let seconds = 5 * IntervalSeries::MOST as u32;
        let mut due = SECOND;
        for second in 1..=seconds {
            statistics.record_transfer(Direction::Write, 512);
            if SECOND * second >= due {
                series.end_interval(SECOND * second, &statistics);
                due = SECOND * second + series.interval;
            }
        }
        assert!(series.intervals.len() <= IntervalSeries::MOST);
        assert_eq!(series.intervals.capacity(), reserved);
        assert_eq!(series.interval, 8 * SECOND);
        let (length, writes) = sums(&series);
        assert!(length > SECOND * (seconds - 8), "{length:?}");
        assert_eq!(writes.ios, length.as_secs());
    }
}
