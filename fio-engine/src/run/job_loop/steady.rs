//! What a job measures of itself while a steady state is looked for.

use std::sync::Arc;

use super::super::progress::JobProgress;
use super::super::steady_state::{Rates, SteadyWatch};
use crate::clock::{Clock, Ticks};
use crate::debug::{DebugTeller, DebugTopic};
use crate::direction::Direction;
use crate::stats::JobStatistics;

/// Measures one interval after the other.
#[derive(Debug)]
pub(super) struct SteadySampling {
    watch: Arc<SteadyWatch>,
    member: usize,
    /// When the interval is over, or when the first begins.
    pub(super) due: Ticks,
    /// When the interval began, and what had been done by then.
    mark: Option<(Ticks, Done)>,
    /// Told what is measured and what came of it.
    teller: Option<DebugTeller>,
    /// How many intervals are over.
    intervals: u64,
}

/// What a job has done since statistics count.
#[derive(Debug, Clone, Copy)]
struct Done {
    ios: u64,
    bytes: u64,
    /// Sum of the total latencies, ns, and their number.
    latency: (f64, u64),
}

impl Done {
    fn of(statistics: &JobStatistics) -> Self {
        let mut latency = (0.0, 0);
        for direction in Direction::ALL {
            let moments = statistics.latencies(direction).total.moments();
            latency.0 += moments.mean * moments.samples as f64;
            latency.1 += moments.samples;
        }
        Self {
            ios: statistics.ios().0.iter().sum(),
            bytes: statistics.bytes().0.iter().sum(),
            latency,
        }
    }
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
            teller: progress.debug(DebugTopic::SteadyState).cloned(),
            intervals: 0,
        }))
    }

    /// Statistics begin to count.
    pub(super) fn start(&mut self, clock: &Clock, now: Ticks) {
        self.mark = None;
        self.due = clock.after(now, self.watch.options().ramp_time);
    }

    /// Ends an interval and begins the next.
    pub(super) fn end_interval(&mut self, clock: &Clock, now: Ticks, statistics: &JobStatistics) {
        let done = Done::of(statistics);
        if let Some((since, before)) = self.mark {
            let nanoseconds = u128::from(clock.nanos_between(since, now)).max(1);
            let per_second = |now: u64, before: u64| {
                let rate = u128::from(now.saturating_sub(before)) * 1_000_000_000 / nanoseconds;
                u64::try_from(rate).unwrap_or(u64::MAX)
            };
            let rates = Rates {
                iops: per_second(done.ios, before.ios),
                bandwidth: per_second(done.bytes, before.bytes),
                latency: (
                    (done.latency.0 - before.latency.0).max(0.0) as u64,
                    done.latency.1.saturating_sub(before.latency.1),
                ),
            };
            let judgement = self.watch.add(self.member, rates);
            if let Some(teller) = &self.teller {
                let milliseconds = nanoseconds / 1_000_000;
                let line = self.measured(teller, milliseconds, rates);
                teller.tell(DebugTopic::SteadyState, line);
                if let Some(judgement) = judgement {
                    teller.tell(DebugTopic::SteadyState, judgement.to_string());
                }
            }
            self.intervals += 1;
        }
        self.mark = Some((now, done));
        self.due = clock.after(now, self.watch.options().check_interval);
    }

    /// What was measured in an interval, as fio tells it: where in its ring the first and the last value are, too.
    fn measured(&self, teller: &DebugTeller, milliseconds: u128, rates: Rates) -> String {
        let (job, group) = (teller.job, teller.group);
        let (iops, bandwidth) = (rates.iops, rates.bandwidth);
        let length = self.watch.options().length();
        let tail = self.intervals % length;
        let head = match self.intervals < length {
            true => 0,
            false => (tail + 1) % length,
        };
        format!(
            "steadystate_check() thread: {job}, groupid: {group}, rate_msec: {milliseconds}, \
             iops: {iops}, bw: {bandwidth}, head: {head}, tail: {tail}"
        )
    }
}
