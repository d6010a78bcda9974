//! Count, extremes, mean and deviation of a series.
//!
//! Two representations of the same thing. [`MomentSums`] is what the job loop writes to: integer
//! sums, exact in any order of merging. [`Moments`] is what reports hold and what travels between
//! hosts: the mean and the sum of squared deviations, as fio's `io_stat` has them.

/// Count, extremes, mean and sum of squared deviations: fio's `io_stat`.
///
/// The unit is that of the values; [`squared_deviations`](Self::squared_deviations) has its
/// square.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    /// Number of values.
    pub samples: u64,
    /// Smallest value; 0 without values.
    pub min: u64,
    /// Largest value; 0 without values.
    pub max: u64,
    /// Arithmetic mean; 0 without values.
    pub mean: f64,
    /// Sum of squared deviations from the mean (`S`).
    pub squared_deviations: f64,
}

impl Moments {
    /// Adds a value, by Welford's method.
    pub fn record(&mut self, value: u64) {
        self.min = if self.samples == 0 {
            value
        } else {
            self.min.min(value)
        };
        self.max = self.max.max(value);
        self.samples += 1;
        let delta = value as f64 - self.mean;
        self.mean += delta / self.samples as f64;
        self.squared_deviations += delta * (value as f64 - self.mean);
    }

    /// Adds the values of another series, by Chan's formula.
    pub fn merge(&mut self, other: &Self) {
        if other.samples == 0 {
            return;
        }
        if self.samples == 0 {
            *self = *other;
            return;
        }
        let (mine, theirs) = (self.samples as f64, other.samples as f64);
        let total = mine + theirs;
        let delta = other.mean - self.mean;
        self.mean = (mine * self.mean + theirs * other.mean) / total;
        self.squared_deviations +=
            other.squared_deviations + delta * delta * (mine * theirs / total);
        self.samples = self.samples.saturating_add(other.samples);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Adds the result of another source that measured at the same time, as fio does when it
    /// groups the bandwidth and IOPS samples of jobs: means, extremes and deviations add up.
    ///
    /// The number of samples adds up, too, so that reports say how many values stand behind the
    /// figure.
    pub fn add_concurrent(&mut self, other: &Self) {
        if other.samples == 0 {
            return;
        }
        self.min = self.min.saturating_add(other.min);
        self.max = self.max.saturating_add(other.max);
        self.mean += other.mean;
        self.squared_deviations += other.squared_deviations;
        self.samples = self.samples.saturating_add(other.samples);
    }

    /// The sample standard deviation `sqrt(S / (n - 1))`; 0 with fewer than two values.
    #[must_use]
    pub fn standard_deviation(&self) -> f64 {
        if self.samples < 2 {
            return 0.0;
        }
        (self.squared_deviations / (self.samples - 1) as f64).sqrt()
    }
}

/// Exact integer sums of a series, for the path of every I/O.
///
/// A few additions and one multiplication per value, no division and no rounding: the mean and
/// the deviation are computed when somebody asks, and merging is exact. The sum of squares holds
/// 3.4e38: more than 10^14 latencies of 1000 s each. Past that it stays at its largest value
/// and the deviation becomes a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MomentSums {
    samples: u64,
    sums: Sums,
}

impl MomentSums {
    /// A series without values.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            samples: 0,
            sums: Sums::EMPTY,
        }
    }

    /// The series of `samples` values with these sums.
    pub(super) const fn with_samples(samples: u64, sums: Sums) -> Self {
        Self { samples, sums }
    }

    /// Adds a value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.samples += 1;
        if self.sums.covers(value) {
            self.sums.add_covered(value);
        } else {
            self.sums.add_any(value);
        }
    }

    /// Adds the values of another series; exactly what recording them here would have given.
    pub fn merge(&mut self, other: &Self) {
        self.samples += other.samples;
        self.sums.merge(&other.sums);
    }

    /// Number of values.
    #[must_use]
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// Sum of the values.
    #[must_use]
    pub const fn sum(&self) -> u128 {
        self.sums.sum.get()
    }

    /// Mean and deviation of the values, each rounded once.
    #[must_use]
    pub fn moments(&self) -> Moments {
        if self.samples == 0 {
            return Moments::default();
        }
        Moments {
            samples: self.samples,
            min: self.sums.min,
            max: self.sums.max,
            mean: self.mean(),
            squared_deviations: self.squared_deviations(),
        }
    }

    fn mean(&self) -> f64 {
        let count = u128::from(self.samples);
        (self.sum() / count) as f64 + (self.sum() % count) as f64 / self.samples as f64
    }

    /// `sum_of_squares - sum² / n` without ever forming `sum²`, which need not fit 128 bits.
    ///
    /// With `sum = q·n + r`, `sum² / n = q·(sum + r) + r² / n`. The first term is a whole number
    /// no larger than the sum of squares; only the fraction of the second is rounded.
    fn squared_deviations(&self) -> f64 {
        let count = u128::from(self.samples);
        let (quotient, remainder) = (self.sum() / count, self.sum() % count);
        let whole = quotient.saturating_mul(self.sum() + remainder);
        let square = remainder * remainder;
        let rest = self
            .sums
            .sum_of_squares
            .get()
            .saturating_sub(whole)
            .saturating_sub(square / count);
        (rest as f64 - (square % count) as f64 / self.samples as f64).max(0.0)
    }
}

/// Everything of [`MomentSums`] but the count, which a histogram beside it knows already.
///
/// Nearly every value lies between the extremes seen before and is small enough for its square to
/// fit a word. One comparison tells ([`covers`](Self::covers)); such a value is then added by
/// [`add_covered`](Self::add_covered) without looking at extremes or at high words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sums {
    min: u64,
    max: u64,
    /// Least covered value.
    covered_from: u64,
    /// Number of values covered from there on; 0 while nothing is.
    covered_width: u64,
    sum: WideSum,
    sum_of_squares: WideSum,
}

impl Sums {
    /// Sums of no values.
    pub(super) const EMPTY: Self = Self {
        min: u64::MAX,
        max: 0,
        covered_from: 0,
        covered_width: 0,
        sum: WideSum::ZERO,
        sum_of_squares: WideSum::ZERO,
    };

    /// Values above this are never covered; their squares need two words.
    pub(super) const LARGEST_COVERED: u64 = u32::MAX as u64;

    /// Whether a value may be added by [`add_covered`](Self::add_covered).
    #[inline]
    pub(super) const fn covers(&self, value: u64) -> bool {
        value.wrapping_sub(self.covered_from) < self.covered_width
    }

    /// Adds a covered value.
    #[inline]
    pub(super) fn add_covered(&mut self, value: u64) {
        self.sum.add(value);
        // Cannot overflow for a covered value; for another one it would only be wrong.
        self.sum_of_squares.add(value.wrapping_mul(value));
    }

    /// Adds a value of any size and covers it from now on, if that can be.
    #[cold]
    #[inline(never)]
    pub(super) fn add_any(&mut self, value: u64) {
        self.sum.add_wide(u128::from(value));
        self.sum_of_squares
            .add_wide(u128::from(value) * u128::from(value));
        self.stretch(value, value);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.sum.add_wide(other.sum.get());
        self.sum_of_squares.add_wide(other.sum_of_squares.get());
        self.stretch(other.min, other.max);
    }

    fn stretch(&mut self, min: u64, max: u64) {
        self.min = self.min.min(min);
        self.max = self.max.max(max);
        if self.min <= Self::LARGEST_COVERED {
            self.covered_from = self.min;
            self.covered_width = self.max.min(Self::LARGEST_COVERED) - self.min + 1;
        }
    }
}

impl Default for Sums {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// A sum of 128 bits in two words, of which adding a small number mostly touches one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WideSum {
    low: u64,
    high: u64,
}

impl WideSum {
    const ZERO: Self = Self { low: 0, high: 0 };

    #[inline]
    fn add(&mut self, value: u64) {
        let (low, carry) = self.low.overflowing_add(value);
        self.low = low;
        if carry {
            rarely();
            // 2^64 carries take longer than any run.
            self.high = self.high.wrapping_add(1);
        }
    }

    fn add_wide(&mut self, value: u128) {
        let sum = self.get().saturating_add(value);
        (self.low, self.high) = (sum as u64, (sum >> 64) as u64);
    }

    const fn get(&self) -> u128 {
        ((self.high as u128) << 64) | self.low as u128
    }
}

/// Tells the compiler that the branch it stands in is seldom taken.
#[cold]
const fn rarely() {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sums_of(values: &[u64]) -> MomentSums {
        let mut sums = MomentSums::new();
        values.iter().for_each(|value| sums.record(*value));
        sums
    }

    fn welford_of(values: &[u64]) -> Moments {
        let mut moments = Moments::default();
        values.iter().for_each(|value| moments.record(*value));
        moments
    }

    /// Mean and S as exact fractions over `n`, then rounded once; values below 2^40.
    fn exact_of(values: &[u64]) -> (f64, f64) {
        let count = values.len() as u128;
        let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
        let squares: u128 = values.iter().map(|value| u128::from(*value).pow(2)).sum();
        let numerator = count * squares - sum * sum;
        (sum as f64 / count as f64, numerator as f64 / count as f64)
    }

    fn close(a: f64, b: f64, scale: f64) -> bool {
        (a - b).abs() <= 1e-9 * scale.abs().max(1.0)
    }

    fn values() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(0_u64..1 << 40, 1..200)
    }

    #[test]
    fn a_series_without_values_is_all_zero() {
        assert_eq!(MomentSums::new().moments(), Moments::default());
        assert_eq!(Moments::default().standard_deviation().to_bits(), 0);
    }

    #[test]
    fn deviation_divides_by_one_less_than_the_count() {
        let moments = sums_of(&[2, 4, 4, 4, 5, 5, 7, 9]).moments();
        assert!(close(moments.mean, 5.0, 5.0));
        assert!(close(
            moments.standard_deviation(),
            (32.0_f64 / 7.0).sqrt(),
            1.0
        ));
    }

    #[test]
    fn a_small_spread_around_a_large_mean_is_exact() {
        let values: Vec<u64> = (0..1000).map(|i| (1 << 50) + i % 2).collect();
        let moments = sums_of(&values).moments();
        assert_eq!(moments.squared_deviations.to_bits(), 250.0_f64.to_bits());
    }

    #[test]
    fn extreme_values_do_not_overflow() {
        let moments = sums_of(&[u64::MAX; 4]).moments();
        assert_eq!(
            (moments.samples, moments.min, moments.max),
            (4, u64::MAX, u64::MAX)
        );
    }

    proptest! {
        #[test]
        fn both_ways_agree_with_exact_arithmetic(values in values()) {
            let (mean, squared_deviations) = exact_of(&values);
            let sums = sums_of(&values).moments();
            prop_assert!((sums.mean - mean).abs() <= mean * 1e-15);
            prop_assert!((sums.squared_deviations - squared_deviations).abs()
                <= squared_deviations * 1e-15);
            let welford = welford_of(&values);
            prop_assert!(close(welford.mean, mean, mean));
            prop_assert!(close(welford.squared_deviations, squared_deviations, squared_deviations));
            prop_assert_eq!((sums.min, sums.max), (welford.min, welford.max));
        }

        #[test]
        fn merging_equals_recording_everything_in_one(left in values(), right in values()) {
            let all = [left.clone(), right.clone()].concat();
            let mut sums = sums_of(&left);
            sums.merge(&sums_of(&right));
            prop_assert_eq!(sums, sums_of(&all));

            let mut moments = sums_of(&left).moments();
            moments.merge(&sums_of(&right).moments());
            let (mean, squared_deviations) = exact_of(&all);
            prop_assert!(close(moments.mean, mean, mean));
            prop_assert!(close(moments.squared_deviations, squared_deviations, squared_deviations));
        }
    }
}
