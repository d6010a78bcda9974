//! What a job's latencies are held against: the `latency_target` family.

use std::time::Duration;

use crate::job::value_error::ValueError;

/// The total latency for which a job looks for the greatest I/O depth that keeps it. None by default.
///
/// ```
/// use std::time::Duration;
/// use fio_engine::job::JobSpec;
///
/// let mut job = JobSpec::new("depth");
/// job.io_depth = 64;
/// job.latency_target.target = Duration::from_millis(2);
/// job.latency_target.window = Duration::from_secs(1);
/// job.latency_target.percentile = 99.0;
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyTargetOptions {
    /// The latency to be kept (`latency_target`); zero for none, and then nothing below counts.
    pub target: Duration,
    /// How long each depth is tried (`latency_window`); zero judges every I/O by itself.
    pub window: Duration,
    /// Share of I/Os that must keep the target, percent 0.0..=100.0 (`latency_percentile`).
    pub percentile: f64,
    /// The job goes on, and adjusts the depth, when it has found one (`latency_run`).
    pub goes_on: bool,
}

impl Default for LatencyTargetOptions {
    fn default() -> Self {
        Self {
            target: Duration::ZERO,
            window: Duration::ZERO,
            percentile: 100.0,
            goes_on: false,
        }
    }
}

impl LatencyTargetOptions {
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        if (0.0..=100.0).contains(&self.percentile) {
            return Ok(());
        }
        Err(ValueError::Conflict(format!(
            "latency_percentile must be between 0 and 100, not {}",
            self.percentile
        )))
    }
}
