//! The coarse distribution of latencies in nanoseconds, microseconds and milliseconds.
//!
//! fio counts every I/O in one of 32 ranges by its completion latency (`io_u_lat_n`, `io_u_lat_u`,
//! `io_u_lat_m`). Not all limits lie between buckets of the histogram (750 ns and 10 µs do not),
//! so the ranges cannot be derived from it afterwards. They can be counted cheaply with its
//! help, though: no bucket holds more than one limit, so the bucket gives the range by one table
//! lookup and one comparison.

use super::histogram::{BUCKETS, Histogram};

/// Number of ranges: 10 of nanoseconds, 10 of microseconds, 12 of milliseconds.
const RANGES: usize = 32;

/// First value past each range, in nanoseconds; the last range is open.
const LIMITS: [u64; RANGES - 1] = [
    2,
    4,
    10,
    20,
    50,
    100,
    250,
    500,
    750,
    1_000,
    2_000,
    4_000,
    10_000,
    20_000,
    50_000,
    100_000,
    250_000,
    500_000,
    750_000,
    1_000_000,
    2_000_000,
    4_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    750_000_000,
    1_000_000_000,
    2_000_000_000,
];

/// Last value of each range; nothing is past the last one, which saves a bounds check.
const LAST: [u64; RANGES] = {
    let mut last = [u64::MAX; RANGES];
    let mut range = 0;
    while range < LIMITS.len() {
        last[range] = LIMITS[range] - 1;
        range += 1;
    }
    last
};

/// The range of the smallest value of each histogram bucket.
static RANGE_OF_BUCKET: [u8; BUCKETS] = {
    let mut ranges = [0; BUCKETS];
    let mut range = 0;
    let mut bucket = 0;
    while bucket < BUCKETS {
        let (low, _) = Histogram::bucket_range(bucket);
        while low > LAST[range] {
            range += 1;
        }
        ranges[bucket] = range as u8;
        bucket += 1;
    }
    ranges
};

/// Number of I/Os in each range of completion latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatencyDistribution {
    counts: [u64; RANGES],
}

impl LatencyDistribution {
    /// A distribution without values.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            counts: [0; RANGES],
        }
    }

    /// Counts a latency in nanoseconds.
    #[inline]
    pub fn record(&mut self, nanoseconds: u64) {
        self.record_indexed(Histogram::bucket_index(nanoseconds), nanoseconds);
    }

    /// Counts a latency whose histogram bucket is known already.
    #[inline]
    pub(super) fn record_indexed(&mut self, bucket: usize, nanoseconds: u64) {
        let range = usize::from(RANGE_OF_BUCKET[bucket]) % RANGES;
        let range = range + usize::from(nanoseconds > LAST[range]);
        self.counts[range % RANGES] += 1;
    }

    /// Counts values of which only the histogram bucket is known, by the smallest of that.
    pub(crate) fn add(&mut self, bucket: usize, count: u64) {
        self.counts[usize::from(RANGE_OF_BUCKET[bucket]) % RANGES] += count;
    }

    /// Adds the counts of another distribution.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }

    /// Counts below 2, 4, 10, 20, 50, 100, 250, 500, 750 and 1000 ns (`io_u_lat_n`).
    #[must_use]
    pub fn nanoseconds(&self) -> [u64; 10] {
        core::array::from_fn(|range| self.counts[range])
    }

    /// Counts below 2 … 1000 µs and from 1 µs on (`io_u_lat_u`).
    #[must_use]
    pub fn microseconds(&self) -> [u64; 10] {
        core::array::from_fn(|range| self.counts[10 + range])
    }

    /// Counts below 2 … 1000 and 2000 ms and from 1 ms on, then all others (`io_u_lat_m`).
    #[must_use]
    pub fn milliseconds(&self) -> [u64; 12] {
        core::array::from_fn(|range| self.counts[20 + range])
    }
}

impl Default for LatencyDistribution {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The range found by comparing with every limit.
    fn range_by_search(nanoseconds: u64) -> usize {
        LIMITS.iter().filter(|limit| nanoseconds >= **limit).count()
    }

    fn range_of(nanoseconds: u64) -> usize {
        let mut distribution = LatencyDistribution::new();
        distribution.record(nanoseconds);
        distribution
            .counts
            .iter()
            .position(|count| *count == 1)
            .expect("one value was recorded")
    }

    #[test]
    fn values_around_every_limit_are_in_the_right_range() {
        for limit in LIMITS {
            for value in [limit - 1, limit, limit + 1] {
                assert_eq!(range_of(value), range_by_search(value), "{value}");
            }
        }
        assert_eq!(range_of(u64::MAX), RANGES - 1);
    }

    #[test]
    fn no_bucket_holds_two_limits() {
        for bucket in 0..BUCKETS {
            let (low, high) = Histogram::bucket_range(bucket);
            assert!(
                range_by_search(high) - range_by_search(low) <= 1,
                "{bucket}"
            );
        }
    }

    #[test]
    fn parts_are_those_of_the_three_units() {
        let mut distribution = LatencyDistribution::new();
        for value in [
            0,
            999,
            1_000,
            999_999,
            1_000_000,
            1_999_999_999,
            2_000_000_000,
        ] {
            distribution.record(value);
        }
        assert_eq!(distribution.nanoseconds(), [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(distribution.microseconds(), [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(
            distribution.milliseconds(),
            [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]
        );
    }

    proptest! {
        #[test]
        fn any_value_is_in_the_right_range(bits in 0_u32..64, value in any::<u64>()) {
            prop_assert_eq!(range_of(value >> bits), range_by_search(value >> bits));
        }
    }
}
