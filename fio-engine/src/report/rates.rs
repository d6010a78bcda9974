//! Figures that every format derives in the same way.

use std::time::Duration;

use super::model::{DirectionReport, JobReport};

/// A run time in milliseconds, rounded; at least 1 if there was any.
pub(super) fn milliseconds(time: Duration) -> u64 {
    let rounded = (time.as_nanos() + 500_000) / 1_000_000;
    let whole = u64::try_from(rounded).unwrap_or(u64::MAX);
    whole.max(u64::from(!time.is_zero()))
}

/// The share a job had of this bandwidth, percent, by its samples (`per`, `bw_agg`).
///
/// As in fio the mean of the samples, in whole KiB/s, over the aggregate, and at most 100; 0
/// without samples.
pub(super) fn share_of_aggregate(report: &DirectionReport, aggregate: u64) -> f64 {
    if report.bandwidth.samples == 0 || aggregate == 0 {
        return 0.0;
    }
    let share = report.bandwidth.mean.floor() * 1024.0 * 100.0 / aggregate as f64;
    share.min(100.0)
}

impl JobReport {
    /// An error ended one of its clones.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failed_members > 0
    }

    /// User and system CPU time in percent of the run time of all members.
    #[must_use]
    pub fn cpu_percent(&self) -> (f64, f64) {
        if self.total_runtime.is_zero() {
            return (0.0, 0.0);
        }
        let percent =
            |time: Duration| 100.0 * time.as_secs_f64() / self.total_runtime.as_secs_f64();
        (percent(self.user_time), percent(self.system_time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Moments;

    #[test]
    fn any_time_is_at_least_a_millisecond() {
        assert_eq!(milliseconds(Duration::ZERO), 0);
        assert_eq!(milliseconds(Duration::from_nanos(1)), 1);
        assert_eq!(milliseconds(Duration::from_micros(2500)), 3);
    }

    /// `bw_agg` of a fio 3.33 run with two readers: 2051.2 and 401.6 KiB/s of 7520256 bytes in
    /// 3001 ms.
    #[test]
    fn shares_are_computed_as_fio_computes_them() {
        for (mean, expected) in [(2051.2, 83.810631), (401.6, 16.386184)] {
            let report = DirectionReport {
                bandwidth: Moments {
                    samples: 5,
                    mean,
                    ..Moments::default()
                },
                ..DirectionReport::default()
            };
            let share = share_of_aggregate(&report, 2_505_916);
            assert!((share - expected).abs() < 1e-4, "{share}");
        }
    }
}
