//! What a job measures of itself while a steady state is looked for.

use std::sync::Arc;

use super::super::progress::JobProgress;
use super::super::steady_state::{Rates, SteadyWatch};
use crate::clock::{Clock, Ticks};
use crate::stats::JobStatistics;

/// Measures one interval after the other.
#[derive(Debug)]
pub(super) struct SteadySampling {
    watch: Arc<SteadyWatch>,
    member: usize,
    /// When the interval is over, or when the first begins.
    pub(super) due: Ticks,
    /// When the interval began, and what had been done by then: I/Os and bytes.
    mark: Option<(Ticks, u64, u64)>,
}

impl SteadySampling {
    /// `None` if the job is not watched.
    pub(super) fn new(progress: &JobProgress) -> Option<Box<Self>> {
        let (watch, member) = progress.steady()?;
        Some(Box::new(Self {
            watch: watch.clone(),
            member: *member,
            due: Ticks::NEVER,
            mark: None,
        }))
    }

    /// Statistics begin to count.
    pub(super) fn start(&mut self, clock: &Clock, now: Ticks) {
        self.mark = None;
        self.due = clock.after(now, self.watch.options().ramp_time);
    }

    /// Ends an interval and begins the next.
    pub(super) fn end_interval(&mut self, clock: &Clock, now: Ticks, statistics: &JobStatistics) {
        let ios = statistics.ios().0.iter().sum();
        let bytes = statistics.bytes().0.iter().sum();
        if let Some((since, ios_before, bytes_before)) = self.mark {
            let nanoseconds = u128::from(clock.nanos_between(since, now)).max(1);
            let per_second = |now: u64, before: u64| {
                let rate = u128::from(now.saturating_sub(before)) * 1_000_000_000 / nanoseconds;
                u64::try_from(rate).unwrap_or(u64::MAX)
            };
            let rates = Rates {
                iops: per_second(ios, ios_before),
                bandwidth: per_second(bytes, bytes_before),
            };
            self.watch.add(self.member, rates);
        }
        self.mark = Some((now, ios, bytes));
        self.due = clock.after(now, self.watch.options().check_interval);
    }
}
