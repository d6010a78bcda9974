//! fio's bucketed latency histogram.
//!
//! The rule is the one of `io_u_plat` (manual, "Log File Formats", and the `bins` of JSON+):
//! buckets lie in groups of 64. Values below 128 have a bucket each; from there on every octave
//! is one group, so that a bucket is never wider than 1/64 of the values in it.
//!
//! ```text
//! group     0      1       2        3      ...            28
//! values  0-63  64-127  128-255  256-511   ...  2^33 .. 2^34-1 (8.6 s .. 17.2 s)
//! width     1      1       2        4      ...        2^27
//! ```
//!
//! Larger values are counted in the last bucket. Releases before 3.0 counted microseconds in 19
//! such groups; see [`Histogram::from_microsecond_counts`].

/// Number of buckets: 29 groups of 64 (`FIO_IO_U_PLAT_NR`).
pub const BUCKETS: usize = 1856;

/// Number of buckets of the microsecond histograms of releases before 3.0: 19 groups of 64.
pub const MICROSECOND_BUCKETS: usize = 1216;

/// log2 of the number of buckets in a group.
const GROUP_BITS: u32 = 6;

/// A histogram of nanoseconds with 64 buckets per octave (`io_u_plat`).
#[derive(Clone, PartialEq, Eq)]
pub struct Histogram {
    buckets: [u64; BUCKETS],
}

impl Histogram {
    /// A histogram without values.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            buckets: [0; BUCKETS],
        }
    }

    /// A histogram with these counts, in order of the buckets.
    #[must_use]
    pub const fn from_counts(counts: [u64; BUCKETS]) -> Self {
        Self { buckets: counts }
    }

    /// A histogram on the heap with these counts, in order of the buckets.
    ///
    /// Missing buckets are empty; counts past the last bucket are added to it, as the values they
    /// stand for would be.
    pub fn from_count_iter(counts: impl IntoIterator<Item = u64>) -> Box<Self> {
        let mut histogram = Box::new(Self::new());
        for (index, count) in counts.into_iter().enumerate() {
            histogram.add(index, count);
        }
        histogram
    }

    /// Translates the microsecond histogram of a release before 3.0, 19 groups of 64 buckets.
    ///
    /// Every count moves to the bucket of its representative value ([`bucket_value`], taken as
    /// microseconds). What the coarser unit lost stays lost: values are truncated to whole
    /// microseconds, and microsecond buckets between 65 and 128 µs, narrower than the nanosecond
    /// buckets there, may fall together with a neighbour.
    ///
    /// [`bucket_value`]: Self::bucket_value
    pub fn from_microsecond_counts<C: Copy + Into<u64>>(counts: &[C]) -> Box<Self> {
        let mut histogram = Box::new(Self::new());
        for (index, &count) in counts.iter().enumerate() {
            let microseconds = Self::bucket_value(index.min(BUCKETS - 1));
            let target = Self::bucket_index(microseconds.saturating_mul(1000));
            histogram.add(target, count.into());
        }
        histogram
    }

    /// The counts in `N` buckets of microseconds, for releases before 3.0 (`N` = 1216).
    ///
    /// A bucket that holds a whole number of microseconds goes to that number, any other is
    /// truncated as those releases truncate. Both differ from having measured in microseconds by
    /// at most two buckets (between 65 and 131 µs), elsewhere by at most one. What lies past the
    /// last bucket is counted in it.
    ///
    /// # Panics
    /// If `N` is 0.
    #[must_use]
    pub fn to_microsecond_counts<const N: usize>(&self) -> Box<[u64; N]> {
        let mut counts = Box::new([0_u64; N]);
        for (index, count) in self.nonzero() {
            let target = Self::bucket_index(whole_microseconds(index)).min(N - 1);
            counts[target] = counts[target].saturating_add(count);
        }
        counts
    }

    /// Counts a value in nanoseconds.
    #[inline]
    pub fn record(&mut self, nanoseconds: u64) {
        self.record_indexed(Self::bucket_index(nanoseconds));
    }

    /// Counts a value whose bucket is known already.
    ///
    /// # Panics
    /// If `index` is not below [`BUCKETS`].
    #[inline]
    pub(super) fn record_indexed(&mut self, index: usize) {
        self.buckets[index] += 1;
    }

    /// Adds `count` values to a bucket; indices past the end mean the last bucket.
    pub fn add(&mut self, index: usize, count: u64) {
        let bucket = &mut self.buckets[index.min(BUCKETS - 1)];
        *bucket = bucket.saturating_add(count);
    }

    /// The bucket a value in nanoseconds is counted in.
    #[inline]
    #[must_use]
    pub const fn bucket_index(nanoseconds: u64) -> usize {
        let index = Self::exact_bucket_index(nanoseconds);
        if index < BUCKETS { index } else { BUCKETS - 1 }
    }

    /// As [`bucket_index`](Self::bucket_index), but past the end for values of 2^34 and above.
    #[inline]
    pub(super) const fn exact_bucket_index(nanoseconds: u64) -> usize {
        // With the bit of 64 set, the octave is never below the first exact one, which makes
        // values under 128 no special case: they are shifted by nothing.
        let octave = (nanoseconds | (1 << GROUP_BITS)).ilog2();
        let shift = octave - GROUP_BITS;
        ((shift as usize) << GROUP_BITS) + (nanoseconds >> shift) as usize
    }

    /// The value a bucket is reported as: its middle, rounded up, in nanoseconds.
    ///
    /// # Panics
    /// If `index` is not below [`BUCKETS`].
    #[must_use]
    pub const fn bucket_value(index: usize) -> u64 {
        let (low, high) = Self::bucket_range(index);
        low + (high - low).div_ceil(2)
    }

    /// The smallest and the largest value of a bucket in nanoseconds, both included.
    ///
    /// The last bucket holds everything larger as well, which its range does not say.
    ///
    /// # Panics
    /// If `index` is not below [`BUCKETS`].
    #[must_use]
    pub const fn bucket_range(index: usize) -> (u64, u64) {
        assert!(index < BUCKETS, "a histogram has 1856 buckets");
        let group = index >> GROUP_BITS;
        let shift = group.saturating_sub(1);
        let low = ((index - (shift << GROUP_BITS)) as u64) << shift;
        (low, low + (1 << shift) - 1)
    }

    /// Adds the counts of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// Forgets every value.
    pub fn clear(&mut self) {
        self.buckets.fill(0);
    }

    /// Number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets
            .iter()
            .fold(0, |sum: u64, count| sum.saturating_add(*count))
    }

    /// Whether no value was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.iter().all(|count| *count == 0)
    }

    /// The counts in order of the buckets.
    #[must_use]
    pub const fn counts(&self) -> &[u64; BUCKETS] {
        &self.buckets
    }

    /// Index and count of every bucket that is not empty, ascending.
    pub fn nonzero(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.buckets
            .iter()
            .enumerate()
            .filter(|(_, count)| **count != 0)
            .map(|(index, count)| (index, *count))
    }

    /// The value below or at which `percent` percent of the values lie, in nanoseconds; 0 if the
    /// histogram is empty. See [`percentiles`](Self::percentiles).
    #[must_use]
    pub fn percentile(&self, percent: f64) -> u64 {
        self.percentiles(&[percent])[0]
    }

    /// The values of several percentiles, in the order given, in nanoseconds.
    ///
    /// fio's rule: the representative value of the first bucket at which the values counted so
    /// far are at least `percent`/100 of all. The comparison is exact, not rounded to a float.
    /// 0 means the first bucket that is not empty (fio has no such percentile).
    /// Numbers outside 0..=100 count as the nearer end, NaN as 0. An empty histogram gives zeroes.
    #[must_use]
    pub fn percentiles(&self, percents: &[f64]) -> Vec<u64> {
        let total = self.count();
        if total == 0 {
            return vec![0; percents.len()];
        }
        let mut cursor = Cursor::default();
        percents
            .iter()
            .map(|percent| cursor.seek(&self.buckets, rank(*percent, total).max(1)))
            .collect()
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_map()
            .entries(
                self.nonzero()
                    .map(|(index, count)| (Self::bucket_value(index), count)),
            )
            .finish()
    }
}

/// A position in the running sum over the buckets, so that ascending percentiles take one pass.
#[derive(Default)]
struct Cursor {
    index: usize,
    sum_before: u64,
}

impl Cursor {
    /// Representative value of the bucket that holds the value of this rank, counted from 1.
    fn seek(&mut self, buckets: &[u64; BUCKETS], rank: u64) -> u64 {
        if rank <= self.sum_before {
            *self = Self::default();
        }
        while self.index + 1 < BUCKETS {
            let sum = self.sum_before.saturating_add(buckets[self.index]);
            if sum >= rank {
                break;
            }
            self.sum_before = sum;
            self.index += 1;
        }
        Histogram::bucket_value(self.index)
    }
}

/// The smallest whole number of values that is at least `percent`/100 of `total`.
///
/// Exact, as fio's `long double` is: a float is an integer times a power of two, and everything here fits 128 bits. In
/// doubles, 99.9 % of 1000 would round to 999 although the double nearest to 99.9 is larger.
pub(super) fn rank(percent: f64, total: u64) -> u64 {
    let percent = if percent.is_nan() {
        0.0
    } else {
        percent.clamp(0.0, 100.0)
    };
    let bits = percent.to_bits();
    let exponent_field = (bits >> 52) as i32;
    let fraction = bits & ((1 << 52) - 1);
    if exponent_field < 1023 - 64 {
        // Below 2^-64 percent of at most 2^64 values: none, or less than one.
        return u64::from(percent > 0.0 && total > 0);
    }
    let mantissa = u128::from(fraction | (1 << 52));
    // Never negative: percent is at most 100, so the field is at most 1023 + 6.
    let shift = (1023 + 52 - exponent_field) as u32;
    let product = mantissa * u128::from(total);
    // Dividing by 2^shift first would lose the remainder, and 100 << shift may not fit.
    let hundredth = product.div_ceil(100);
    let rank = if shift >= 128 {
        u128::from(hundredth > 0)
    } else {
        hundredth.div_ceil(1 << shift)
    };
    rank as u64
}

/// The whole microseconds a nanosecond bucket stands for.
fn whole_microseconds(index: usize) -> u64 {
    let (low, high) = Histogram::bucket_range(index);
    let middle = Histogram::bucket_value(index);
    let nearest = (middle + 500) / 1000;
    if (low..=high).contains(&(nearest * 1000)) {
        nearest
    } else {
        middle / 1000
    }
}

#[cfg(test)]
mod tests;
