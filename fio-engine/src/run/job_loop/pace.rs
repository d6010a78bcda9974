//! What a job does besides I/O: samples, ramp time, end of time, and telling how far it is.
//!
//! All of it hangs on one comparison per I/O: [`Pace::is_due`].

use std::time::Duration;

use super::super::StopHandle;
use super::super::progress::{JobProgress, JobState};
use crate::clock::{Clock, Ticks};
use crate::direction::PerDirection;
use crate::job::JobSpec;
use crate::stats::JobStatistics;

/// How often a job publishes its counters and looks at the stop flag.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(20);

/// Whether the job goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    End,
}

/// The times at which something besides I/O is due.
#[derive(Debug)]
pub(super) struct Pace<'a> {
    clock: Clock,
    progress: &'a JobProgress,
    stop: &'a StopHandle,
    /// The earliest of the times below.
    due: Ticks,
    /// Since when statistics count.
    counting_since: Ticks,
    ramp_end: Ticks,
    end: Ticks,
    /// How long statistics count, if that is limited.
    runtime: Option<Duration>,
    publish: Ticks,
    bandwidth: Sampling,
    iops: Sampling,
    /// Counted before the ramp time was over.
    ramp_bytes: PerDirection<u64>,
    ramp_ios: PerDirection<u64>,
}

#[derive(Debug)]
struct Sampling {
    interval: Duration,
    due: Ticks,
}

impl Sampling {
    fn start(&mut self, clock: &Clock, now: Ticks) {
        if self.due != Ticks::NEVER {
            self.due = clock.after(now, self.interval);
        }
    }
}

impl<'a> Pace<'a> {
    /// Starts the job's time.
    pub(super) fn new(
        clock: Clock,
        spec: &JobSpec,
        progress: &'a JobProgress,
        stop: &'a StopHandle,
    ) -> Self {
        let now = clock.now();
        let ramping = !spec.ramp_time.is_zero();
        progress.set_state(if ramping {
            JobState::Ramping
        } else {
            JobState::Running
        });
        let sampling = |interval: Duration| Sampling {
            interval,
            due: if spec.measure.bandwidth {
                clock.after(now, interval)
            } else {
                Ticks::NEVER
            },
        };
        let runtime = spec.runtime.filter(|runtime| !runtime.is_zero());
        let mut pace = Self {
            clock,
            progress,
            stop,
            due: now,
            counting_since: now,
            ramp_end: if ramping {
                clock.after(now, spec.ramp_time)
            } else {
                Ticks::NEVER
            },
            end: Ticks::NEVER,
            runtime,
            publish: clock.after(now, PUBLISH_INTERVAL),
            bandwidth: sampling(spec.bandwidth_interval),
            iops: sampling(spec.iops_interval),
            ramp_bytes: PerDirection::default(),
            ramp_ios: PerDirection::default(),
        };
        if !ramping {
            pace.limit_runtime(now);
        }
        pace.reschedule();
        pace
    }

    /// Whether [`catch_up`](Self::catch_up) has something to do.
    #[inline(always)]
    pub(super) fn is_due(&self, now: Ticks) -> bool {
        now >= self.due
    }

    /// Does what is due.
    #[cold]
    pub(super) fn catch_up(&mut self, now: Ticks, statistics: &mut JobStatistics) -> Verdict {
        if now >= self.ramp_end {
            self.end_ramp(now, statistics);
        }
        let counted = self.clock.between(self.counting_since, now);
        if now >= self.bandwidth.due {
            statistics.sample_bandwidth(counted);
            self.bandwidth.start(&self.clock, now);
        }
        if now >= self.iops.due {
            statistics.sample_iops(counted);
            self.iops.start(&self.clock, now);
        }
        if now >= self.publish {
            self.publish(statistics);
            self.publish = self.clock.after(now, PUBLISH_INTERVAL);
        }
        self.reschedule();
        if now >= self.end || self.stop.is_stopped() {
            Verdict::End
        } else {
            Verdict::GoOn
        }
    }

    /// Publishes the final counters and returns the time the statistics cover.
    pub(super) fn finish(&self, statistics: &JobStatistics) -> Duration {
        self.publish(statistics);
        self.clock.between(self.counting_since, self.clock.now())
    }

    fn end_ramp(&mut self, now: Ticks, statistics: &mut JobStatistics) {
        self.ramp_bytes = statistics.bytes();
        self.ramp_ios = statistics.ios();
        statistics.reset();
        self.ramp_end = Ticks::NEVER;
        self.limit_runtime(now);
        self.counting_since = now;
        self.bandwidth.start(&self.clock, now);
        self.iops.start(&self.clock, now);
        self.progress.set_state(JobState::Running);
    }

    /// The run time begins when statistics begin to count.
    fn limit_runtime(&mut self, now: Ticks) {
        if let Some(runtime) = self.runtime {
            self.end = self.clock.after(now, runtime);
        }
    }

    fn publish(&self, statistics: &JobStatistics) {
        let add = |one: PerDirection<u64>, other: PerDirection<u64>| {
            PerDirection([0, 1, 2].map(|index: usize| one.0[index] + other.0[index]))
        };
        self.progress.publish(
            add(statistics.bytes(), self.ramp_bytes),
            add(statistics.ios(), self.ramp_ios),
        );
    }

    fn reschedule(&mut self) {
        let times = [
            self.ramp_end,
            self.end,
            self.publish,
            self.bandwidth.due,
            self.iops.due,
        ];
        self.due = times.into_iter().min().unwrap_or(Ticks::NEVER);
    }
}
