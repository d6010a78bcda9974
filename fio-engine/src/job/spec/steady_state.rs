//! Ending a job when its rates no longer change: the `steadystate` family.

use std::time::Duration;

use crate::job::value_error::ValueError;

/// The most measurements that may be looked at together.
pub const MAX_STEADY_STATE_LENGTH: u64 = 100_000;

/// When a job is in a steady state, and ends because of that. Off by default.
///
/// ```
/// use std::time::Duration;
/// use fio_engine::job::JobSpec;
///
/// let mut job = JobSpec::new("until steady");
/// job.steady_state.limit = 5.0;
/// job.steady_state.by_slope = false;
/// job.steady_state.duration = Duration::from_secs(30);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SteadyStateOptions {
    /// What is watched.
    pub watched: SteadyMeasure,
    /// The slope of the measurements is compared with the limit; without, their largest deviation
    /// from the mean (`…_slope`).
    pub by_slope: bool,
    /// The limit: I/Os per second, bytes per second or nanoseconds; 0 or more.
    pub limit: f64,
    /// The limit is a percentage of the mean.
    pub in_percent: bool,
    /// Over what time measurements are looked at together; zero turns this off
    /// (`steadystate_duration`).
    pub duration: Duration,
    /// Time before the first measurement begins (`steadystate_ramp_time`).
    pub ramp_time: Duration,
    /// Time of one measurement, at least a millisecond (`steadystate_check_interval`).
    pub check_interval: Duration,
}

/// What a steady state is looked for in: the word before the limit of `steadystate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum SteadyMeasure {
    /// I/Os per second (`iops`).
    #[default]
    Iops,
    /// Bytes per second (`bw`).
    Bandwidth,
    /// The mean total latency, ns (`lat`).
    Latency,
}

impl SteadyMeasure {
    /// fio's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iops => "iops",
            Self::Bandwidth => "bw",
            Self::Latency => "lat",
        }
    }
}

impl Default for SteadyStateOptions {
    fn default() -> Self {
        Self {
            watched: SteadyMeasure::Iops,
            by_slope: true,
            limit: 0.01,
            in_percent: true,
            duration: Duration::ZERO,
            ramp_time: Duration::ZERO,
            check_interval: Duration::from_secs(1),
        }
    }
}

impl SteadyStateOptions {
    /// Whether a steady state is looked for.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        !self.duration.is_zero()
    }

    /// How many measurements are looked at together, at least 1.
    #[must_use]
    pub fn length(&self) -> u64 {
        let interval = self.check_interval.as_nanos().max(1);
        u64::try_from(self.duration.as_nanos() / interval)
            .unwrap_or(u64::MAX)
            .max(1)
    }

    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let fault = |problem: String| Err(ValueError::Conflict(problem));
        if !(self.limit.is_finite() && self.limit >= 0.0) {
            return fault("the limit of steadystate must be 0 or more".to_owned());
        }
        if self.check_interval < Duration::from_millis(1) {
            return fault("steadystate_check_interval must be at least 1 ms".to_owned());
        }
        if self.length() > MAX_STEADY_STATE_LENGTH {
            return fault(format!(
                "steadystate_duration must not have more than {MAX_STEADY_STATE_LENGTH} intervals of \
                 steadystate_check_interval"
            ));
        }
        Ok(())
    }
}
