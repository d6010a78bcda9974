//! Rates a job must reach: `rate_min` and `rate_iops_min`.

use std::time::Duration;

use super::JobFailure;
use crate::clock::{Clock, Ticks};
use crate::direction::{Direction, PerDirection};
use crate::job::{JobSpec, Pattern, RateOptions};
use crate::stats::JobStatistics;

/// No rate is measured before statistics have counted for this long, as observed of fio.
const GRACE: Duration = Duration::from_secs(2);

/// Measures the rates of a job over one cycle after the other.
#[derive(Debug)]
pub(super) struct MinimumCheck {
    rate: RateOptions,
    pattern: Pattern,
    /// When the cycle is over, or when the first begins.
    pub(super) due: Ticks,
    cycle: Option<Cycle>,
}

/// What had been done when a cycle began.
#[derive(Debug)]
struct Cycle {
    since: Ticks,
    bytes: PerDirection<u64>,
    ios: PerDirection<u64>,
}

impl MinimumCheck {
    /// `None` if the job has no minimum.
    pub(super) fn new(spec: &JobSpec) -> Option<Box<Self>> {
        let minimums = [spec.rate.minimum_bandwidth, spec.rate.minimum_iops];
        let any = minimums
            .iter()
            .flat_map(|list| &list.0)
            .any(Option::is_some);
        any.then(|| {
            Box::new(Self {
                rate: spec.rate,
                pattern: spec.pattern,
                due: Ticks::NEVER,
                cycle: None,
            })
        })
    }

    /// Statistics begin to count.
    pub(super) fn start(&mut self, clock: &Clock, now: Ticks) {
        self.cycle = None;
        self.due = clock.after(now, GRACE);
    }

    /// Ends a cycle and begins the next.
    ///
    /// # Errors
    /// A rate was below its minimum.
    pub(super) fn end_cycle(
        &mut self,
        clock: &Clock,
        now: Ticks,
        statistics: &JobStatistics,
    ) -> Result<(), JobFailure> {
        let (bytes, ios) = (statistics.bytes(), statistics.ios());
        if let Some(cycle) = &self.cycle {
            self.check(cycle, clock.between(cycle.since, now), bytes, ios)?;
        }
        self.cycle = Some(Cycle {
            since: now,
            bytes,
            ios,
        });
        self.due = clock.after(now, self.rate.cycle);
        Ok(())
    }

    fn check(
        &self,
        cycle: &Cycle,
        time: Duration,
        bytes: PerDirection<u64>,
        ios: PerDirection<u64>,
    ) -> Result<(), JobFailure> {
        let per_second =
            |now: u64, before: u64| (now.saturating_sub(before) as f64 / time.as_secs_f64()) as u64;
        let used = Direction::ALL
            .into_iter()
            .filter(|direction| self.pattern.has(*direction));
        for of in used {
            let bandwidth = per_second(bytes[of], cycle.bytes[of]);
            if let Some(minimum) =
                self.rate.minimum_bandwidth[of].filter(|least| bandwidth < *least)
            {
                return Err(missed(format!(
                    "{of}: rate_min={minimum}B/s not met, got {bandwidth}B/s"
                )));
            }
            let iops = per_second(ios[of], cycle.ios[of]);
            if let Some(minimum) = self.rate.minimum_iops[of].filter(|least| iops < *least) {
                return Err(missed(format!(
                    "{of}: rate_iops_min={minimum} not met, got {iops} IOPS"
                )));
            }
        }
        Ok(())
    }
}

/// fio ends such a job with this error, too.
fn missed(message: String) -> JobFailure {
    JobFailure::new(libc::EIO, message)
}
