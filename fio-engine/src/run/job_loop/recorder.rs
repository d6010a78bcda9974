//! From the times of an I/O to the job's statistics and logs.

use std::time::Duration;

use super::judge::Judge;
use super::priority::expected;
use crate::clock::{Clock, Ticks};
use crate::direction::{Direction, PerDirection};
use crate::job::{JobSpec, Measure};
use crate::logs::{FinishedLogs, LogCollector, LoggedIo};
use crate::stats::{IntervalSeries, JobStatistics};

/// Records I/Os, as far as the job wants to know.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) statistics: JobStatistics,
    /// What the job did in each interval.
    pub(super) series: IntervalSeries,
    measure: Measure,
    /// All latencies are measured and nothing is logged: what nearly every job wants.
    usual: bool,
    /// Completions are judged, held against a rate or told of, all of which needs their time.
    timed: bool,
    /// Completions are looked at in some way.
    observed: bool,
    logs: Option<Box<LogCollector>>,
    by_priority: Option<PriorityKind>,
    /// The longest total latency allowed (`max_latency`), if there is one, in nanoseconds.
    longest: Option<PerDirection<u64>>,
}

/// An I/O took longer than the job allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct TooLate {
    pub(super) nanos: u64,
    pub(super) allowed: u64,
}

/// Which latency is recorded by priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PriorityKind {
    Completion,
    Total,
}

/// When an I/O was made, handed over, and over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) created: Ticks,
    pub(super) issued: Ticks,
    pub(super) completed: Ticks,
}

impl PriorityKind {
    /// Completion latency, or total latency where its percentiles are asked for, as fio does.
    fn of(spec: &JobSpec) -> Option<Self> {
        let (kind, measured) = if spec.percentiles.total {
            (Self::Total, spec.measure.total_latency)
        } else {
            (Self::Completion, spec.measure.completion_latency)
        };
        (spec.priority.by_command() && measured).then_some(kind)
    }
}

fn has_rate(spec: &JobSpec) -> bool {
    let limited = |direction| spec.rate.limit(direction, 1).is_some();
    Direction::ALL.into_iter().any(limited)
}

impl Recorder {
    pub(super) fn new(spec: &JobSpec, logs: Option<Box<LogCollector>>, tells_ios: bool) -> Self {
        let measure = spec.measure;
        let by_priority = PriorityKind::of(spec);
        let mut statistics = JobStatistics::new();
        if by_priority.is_some() {
            let [reads, writes] = expected(&spec.priority);
            statistics.expect_priorities(Direction::Read, reads);
            statistics.expect_priorities(Direction::Write, writes);
        }
        let limits = spec.max_latency;
        let limited = limits.0.iter().any(Option::is_some);
        let longest = limited.then(|| {
            PerDirection(
                limits
                    .0
                    .map(|limit| limit.map_or(u64::MAX, |limit| limit.as_nanos() as u64)),
            )
        });
        let rated = has_rate(spec);
        if rated {
            statistics.expect_intended();
        }
        let timed = rated || tells_ios || Judge::new(spec).is_some();
        let all = measure.completion_latency && measure.total_latency;
        Self {
            statistics,
            series: IntervalSeries::new(),
            measure,
            usual: all && logs.is_none() && by_priority.is_none() && longest.is_none(),
            logs,
            by_priority,
            longest,
            timed,
            observed: timed,
        }
    }

    /// Makes room for what becomes of so many blocks.
    pub(super) fn expect_blocks(&mut self, count: usize) {
        self.statistics.expect_blocks(count);
        self.observed = true;
    }

    /// Whether completions are looked at apart from statistics.
    #[inline(always)]
    pub(super) const fn is_observed(&self) -> bool {
        self.observed
    }

    /// Whether any latency is measured, and so time must be read for each I/O.
    pub(super) fn needs_time(&self) -> bool {
        self.timed
            || self.longest.is_some()
            || self.measure.submission_latency
            || self.measure.completion_latency
            || self.measure.total_latency
    }

    /// Records an I/O that is over; says if it took too long.
    #[inline(always)]
    pub(super) fn complete(
        &mut self,
        clock: &Clock,
        io: LoggedIo,
        times: Times,
    ) -> Result<(), TooLate> {
        if self.usual {
            self.statistics.record_completion(
                io.direction,
                io.length,
                clock.nanos_between(times.issued, times.completed),
                clock.nanos_between(times.created, times.completed),
            );
            Ok(())
        } else {
            self.complete_unusually(clock, io, times)
        }
    }

    #[cold]
    fn complete_unusually(
        &mut self,
        clock: &Clock,
        io: LoggedIo,
        times: Times,
    ) -> Result<(), TooLate> {
        let completion = clock.nanos_between(times.issued, times.completed);
        let total = clock.nanos_between(times.created, times.completed);
        self.statistics.record_transfer(io.direction, io.length);
        if self.measure.completion_latency {
            self.statistics
                .record_completion_latency(io.direction, completion);
        }
        if self.measure.total_latency {
            self.statistics.record_total_latency(io.direction, total);
        }
        match self.by_priority {
            None => {}
            Some(PriorityKind::Completion) => {
                self.statistics
                    .record_priority(io.direction, io.priority, completion);
            }
            Some(PriorityKind::Total) => {
                self.statistics
                    .record_priority(io.direction, io.priority, total);
            }
        }
        if let Some(logs) = &mut self.logs {
            logs.complete(clock, io, times.completed, completion, total);
        }
        let allowed = self
            .longest
            .map_or(u64::MAX, |longest| longest[io.direction]);
        if total > allowed {
            let nanos = total;
            return Err(TooLate { nanos, allowed });
        }
        Ok(())
    }

    /// Records the submission of an I/O that completes later.
    #[inline(always)]
    pub(super) fn submit(&mut self, clock: &Clock, io: LoggedIo, created: Ticks, issued: Ticks) {
        if self.measure.submission_latency {
            let nanos = clock.nanos_between(created, issued);
            self.statistics.record_submission(io.direction, nanos);
            if let Some(logs) = &mut self.logs {
                logs.submit(clock, io, issued, nanos);
            }
        }
    }
}

/// What is due now and then.
impl Recorder {
    /// Statistics and logs count from now on.
    pub(super) fn start(&mut self, now: Ticks) {
        if let Some(logs) = &mut self.logs {
            logs.start(now);
        }
    }

    /// Takes bandwidth samples; `elapsed` is the time counted.
    pub(super) fn sample_bandwidth(&mut self, elapsed: Duration) {
        let rates = self.statistics.sample_bandwidth(elapsed);
        if let Some(logs) = &mut self.logs {
            logs.bandwidth(elapsed, rates);
        }
    }

    /// Takes IOPS samples.
    pub(super) fn sample_iops(&mut self, elapsed: Duration) {
        let rates = self.statistics.sample_iops(elapsed);
        if let Some(logs) = &mut self.logs {
            logs.iops(elapsed, rates);
        }
    }

    /// Ends an interval of the latency logs.
    pub(super) fn end_log_interval(&mut self, elapsed: Duration) {
        if let Some(logs) = &mut self.logs {
            logs.end_interval(elapsed);
        }
    }

    /// Ends an interval of the histogram log.
    pub(super) fn end_log_histogram(&mut self, elapsed: Duration) {
        if let Some(logs) = &mut self.logs {
            logs.end_histogram(elapsed, &self.statistics);
        }
    }

    /// Lets logs be written that have entries.
    pub(super) fn pass_on_logs(&mut self, clock: &Clock, now: Ticks) {
        if let Some(logs) = &mut self.logs {
            logs.pass_on(clock, now);
        }
    }

    /// The statistics and the logs. Waits until these are written.
    pub(super) fn finish(self) -> (JobStatistics, FinishedLogs) {
        let logs = self
            .logs
            .map_or_else(FinishedLogs::default, |logs| logs.finish());
        (self.statistics, logs)
    }
}
