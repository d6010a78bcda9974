//! How fast a job may and must issue its I/O: `rate`, `rate_iops`, their minimums, `rate_process`.

use std::time::Duration;

use crate::direction::{Direction, PerDirection};
use crate::job::value_error::ValueError;

/// Rates a job keeps to, and rates below which it ends with an error. Nothing is limited by default.
///
/// As in fio, bandwidth and I/Os per second exclude each other, also as minimums.
///
/// ```
/// use fio_engine::PerDirection;
/// use fio_engine::job::JobSpec;
///
/// let mut job = JobSpec::new("gentle");
/// job.rate.iops = PerDirection::splat(Some(100));
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateOptions {
    /// Bytes per second issued at most (`rate`), at least 1.
    pub bandwidth: PerDirection<Option<u64>>,
    /// I/Os per second issued at most (`rate_iops`), 1..=4,294,967,295. Where block sizes differ,
    /// it counts I/Os of the smallest size, as in fio.
    pub iops: PerDirection<Option<u64>>,
    /// Bytes per second below which the job ends with an error (`rate_min`), at least 1.
    pub minimum_bandwidth: PerDirection<Option<u64>>,
    /// I/Os per second below which the job ends with an error (`rate_iops_min`),
    /// 1..=4,294,967,295.
    pub minimum_iops: PerDirection<Option<u64>>,
    /// When I/Os of a limited direction are issued (`rate_process`).
    pub process: RateProcess,
    /// Pauses (`thinktime`) are left out of the schedule: after one, I/Os go on at the rate rather than
    /// faster until what was missed is made up for (`rate_ignore_thinktime`).
    pub ignores_think_time: bool,
    /// Over what time minimums are measured (`rate_cycle`), whole milliseconds, at least 1.
    pub cycle: Duration,
}

/// When I/Os of a limited direction are issued: `rate_process`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateProcess {
    /// At even distances. An I/O that is late does not delay those after it: they follow faster
    /// until the schedule is caught up.
    Linear,
    /// At random distances, exponentially distributed, whose mean gives the rate. They are the same
    /// in every run of a repeatable job, but not the ones fio draws.
    Poisson,
}

impl Default for RateOptions {
    fn default() -> Self {
        Self {
            bandwidth: PerDirection::splat(None),
            iops: PerDirection::splat(None),
            minimum_bandwidth: PerDirection::splat(None),
            minimum_iops: PerDirection::splat(None),
            process: RateProcess::Linear,
            ignores_think_time: false,
            cycle: Duration::from_millis(1000),
        }
    }
}

impl RateOptions {
    /// The four lists, with their options.
    pub(in crate::job) fn lists(&self) -> [(&'static str, &PerDirection<Option<u64>>); 4] {
        [
            ("rate", &self.bandwidth),
            ("rate_iops", &self.iops),
            ("rate_min", &self.minimum_bandwidth),
            ("rate_iops_min", &self.minimum_iops),
        ]
    }

    /// Bytes per second to which a direction is limited; `smallest` is its smallest block size.
    pub(crate) fn limit(&self, direction: Direction, smallest: u64) -> Option<u64> {
        let by_iops = || self.iops[direction].map(|iops| iops.saturating_mul(smallest));
        self.bandwidth[direction].or_else(by_iops)
    }

    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let fault = |problem: String| Err(ValueError::Conflict(problem));
        for (name, list) in self.lists() {
            let largest = match name {
                "rate_iops" | "rate_iops_min" => u32::MAX.into(),
                _ => u64::MAX,
            };
            let out = |value: &u64| !(1..=largest).contains(value);
            if list
                .iter()
                .any(|(_, value)| value.as_ref().is_some_and(out))
            {
                return fault(format!("{name} must be between 1 and {largest}"));
            }
        }
        if any(&self.bandwidth) && any(&self.iops) {
            return fault("rate and rate_iops exclude each other; give one of them".to_owned());
        }
        if any(&self.minimum_bandwidth) && any(&self.minimum_iops) {
            return fault(
                "rate_min and rate_iops_min exclude each other; give one of them".to_owned(),
            );
        }
        let pairs = [
            ("rate", self.bandwidth, self.minimum_bandwidth),
            ("rate_iops", self.iops, self.minimum_iops),
        ];
        for (name, limits, minimums) in pairs {
            for (direction, minimum) in minimums.iter() {
                if limits[direction].is_some_and(|limit| Some(limit) < *minimum) {
                    return fault(format!("{name}_min of {direction} is more than its {name}"));
                }
            }
        }
        if self.cycle < Duration::from_millis(1) {
            return fault("rate_cycle must be at least 1 ms".to_owned());
        }
        Ok(())
    }
}

fn any(list: &PerDirection<Option<u64>>) -> bool {
    list.iter().any(|(_, value)| value.is_some())
}
