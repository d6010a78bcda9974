//! Count, extremes, mean and deviation of a series.

/// Count, extremes, mean and sum of squared deviations: fio's `io_stat`.
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

/// Exact integer sums of a series, for the path of every I/O.
///
/// Two additions and one multiplication per value, no division and no rounding: the mean and
/// the deviation are computed when somebody asks, and merging is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MomentSums {
    samples: u64,
    min: u64,
    max: u64,
    sum: u128,
    sum_of_squares: u128,
}

impl Default for MomentSums {
    fn default() -> Self {
        Self {
            samples: 0,
            min: u64::MAX,
            max: 0,
            sum: 0,
            sum_of_squares: 0,
        }
    }
}
