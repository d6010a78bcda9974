//! What a job does besides I/O: samples, ramp time, end of time, and telling how far it is.
//!
//! All of it hangs on one comparison per I/O: [`Pace::is_due`].

use std::time::{Duration, SystemTime};

use super::super::progress::{JobProgress, JobState};
use super::super::stop::StopHandle;
use super::failure::JobFailure;
use super::minimum::MinimumCheck;
use super::recorder::Recorder;
use super::steady::SteadySampling;
use super::{JobOutcome, start_time, thread_id};
use crate::clock::{Clock, Ticks};
use crate::direction::PerDirection;
use crate::io::ThreadUsage;
use crate::job::{JobSpec, LogOptions};
use crate::stats::IntervalSeries;

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
    /// Statistics do not count before the job has moved its bytes, either.
    ramps_by_bytes: bool,
    /// The job ends as soon as it looks at the time.
    ended: bool,
    end: Ticks,
    /// How long statistics count, if that is limited.
    runtime: Option<Duration>,
    publish: Ticks,
    bandwidth: Sampling,
    iops: Sampling,
    latency_log: Sampling,
    histogram_log: Sampling,
    /// When the interval of the series is over.
    intervals: Sampling,
    /// Present if the job must reach a rate.
    minimum: Option<Box<MinimumCheck>>,
    /// Present if a steady state is looked for.
    steady: Option<Box<SteadySampling>>,
    /// What the thread had used of the CPU when the job began, and when that was.
    usage: ThreadUsage,
    started: SystemTime,
    /// Why the job must end.
    failure: Option<JobFailure>,
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

    /// The next time after `now` in steps of the interval, so that lateness does not add up.
    fn go_on(&mut self, clock: &Clock, now: Ticks) {
        let next = clock.after(self.due, self.interval);
        self.due = if next > now {
            next
        } else {
            clock.after(now, self.interval)
        };
    }
}

/// How often rates are sampled: as the job says; else, where they are logged, at the interval of the
/// log; else every half second. fio's manual speaks of the shorter of the two, and fio 3.33 does this.
fn rate_interval(given: Option<Duration>, logs: &LogOptions, name: &Option<String>) -> Duration {
    let logged = name.is_some() && !logs.interval.is_zero();
    given
        .or_else(|| logged.then_some(logs.interval))
        .unwrap_or(JobSpec::RATE_INTERVAL)
}

impl<'a> Pace<'a> {
    /// Starts the job's time.
    pub(super) fn new(
        clock: Clock,
        spec: &JobSpec,
        progress: &'a JobProgress,
        stop: &'a StopHandle,
        recorder: &mut Recorder,
    ) -> Self {
        let now = clock.now();
        let ramps_by_bytes = spec.ramp_bytes > 0;
        let by_time = !spec.ramp_time.is_zero();
        let ramping = by_time || ramps_by_bytes;
        progress.set_state(if ramping {
            JobState::Ramping
        } else {
            JobState::Running
        });
        let sampling = |interval: Duration, wanted: bool| Sampling {
            interval,
            due: if wanted {
                clock.after(now, interval)
            } else {
                Ticks::NEVER
            },
        };
        let logs = &spec.logs;
        let log = |interval: Duration, name: &Option<String>| {
            sampling(interval, name.is_some() && !interval.is_zero())
        };
        let runtime = spec.runtime.filter(|runtime| !runtime.is_zero());
        let mut pace = Self {
            clock,
            progress,
            stop,
            due: now,
            counting_since: now,
            ramps_by_bytes,
            ended: false,
            ramp_end: if by_time {
                clock.after(now, spec.ramp_time)
            } else {
                Ticks::NEVER
            },
            end: Ticks::NEVER,
            runtime,
            publish: clock.after(now, PUBLISH_INTERVAL),
            bandwidth: sampling(
                rate_interval(spec.bandwidth_interval, logs, &logs.bandwidth),
                true,
            ),
            iops: sampling(rate_interval(spec.iops_interval, logs, &logs.iops), true),
            latency_log: log(logs.interval, &logs.latency),
            histogram_log: log(logs.histogram_interval, &logs.histogram),
            intervals: sampling(IntervalSeries::SHORTEST, true),
            minimum: MinimumCheck::new(spec),
            steady: SteadySampling::new(progress),
            usage: ThreadUsage::now(),
            started: start_time(spec.process.start_clock),
            failure: None,
            ramp_bytes: PerDirection::default(),
            ramp_ios: PerDirection::default(),
        };
        if !ramping {
            recorder.start(now);
            pace.begin_counting(now);
        }
        pace.reschedule();
        pace
    }

    /// Whether [`catch_up`](Self::catch_up) has something to do.
    #[inline(always)]
    pub(super) fn is_due(&self, now: Ticks) -> bool {
        now >= self.due
    }

    /// When a job that has an I/O to issue at `next` and nothing else to do before must wake up.
    ///
    /// Publishing may wait a little for the I/O, so that a job with a rate wakes up once for both.
    pub(super) fn wake_up(&self, next: Ticks) -> Ticks {
        let publishes = self.due == self.publish;
        if publishes && next <= self.clock.after(self.due, PUBLISH_INTERVAL / 2) {
            next.min(self.end).min(self.ramp_end)
        } else {
            next.min(self.due)
        }
    }

    /// The bytes that statistics do not count are done.
    pub(super) fn end_ramp_bytes(&mut self, now: Ticks) {
        self.ramps_by_bytes = false;
        if self.ramp_end == Ticks::NEVER {
            self.ramp_end = now;
            self.reschedule();
        }
    }

    /// The job is over, as there is no more to find out.
    pub(super) fn end_job(&mut self) {
        self.ended = true;
        self.due = self.counting_since;
    }

    /// Since when statistics count; the beginning of the ramp time while that lasts.
    pub(super) const fn counting_since(&self) -> Ticks {
        self.counting_since
    }

    /// The failure because of which the job was told to end, if it was one.
    pub(super) const fn take_failure(&mut self) -> Option<JobFailure> {
        self.failure.take()
    }

    /// Does what is due.
    #[cold]
    pub(super) fn catch_up(&mut self, now: Ticks, recorder: &mut Recorder) -> Verdict {
        if now >= self.ramp_end {
            self.ramp_end = Ticks::NEVER;
            if !self.ramps_by_bytes {
                self.end_ramp(now, recorder);
            }
        }
        let counted = self.clock.between(self.counting_since, now);
        if now >= self.bandwidth.due {
            recorder.sample_bandwidth(counted);
            self.bandwidth.start(&self.clock, now);
        }
        if now >= self.iops.due {
            recorder.sample_iops(counted);
            self.iops.start(&self.clock, now);
        }
        // The last intervals are ended when the I/Os still in flight are in.
        let over = now >= self.end;
        if now >= self.latency_log.due && !over {
            recorder.end_log_interval(counted);
            self.latency_log.go_on(&self.clock, now);
        }
        if now >= self.histogram_log.due && !over {
            recorder.end_log_histogram(counted);
            self.histogram_log.go_on(&self.clock, now);
        }
        if now >= self.intervals.due && !over {
            self.end_interval(now, counted, recorder);
        }
        if let Some(minimum) = &mut self.minimum
            && now >= minimum.due
            && !over
        {
            let ended = minimum.end_cycle(&self.clock, now, &recorder.statistics);
            self.failure = self.failure.take().or_else(|| ended.err());
        }
        if let Some(steady) = &mut self.steady
            && now >= steady.due
        {
            steady.end_interval(&self.clock, now, &recorder.statistics);
        }
        if now >= self.publish {
            self.publish(recorder);
            recorder.pass_on_logs(&self.clock, now);
            self.publish = self.clock.after(now, PUBLISH_INTERVAL);
        }
        self.reschedule();
        if now >= self.end || self.ended || self.stop.is_stopped() || self.failure.is_some() {
            Verdict::End
        } else {
            Verdict::GoOn
        }
    }

    /// Publishes the final counters, ends the last intervals of the logs, and returns the time the
    /// statistics cover.
    pub(super) fn finish(&self, recorder: &mut Recorder) -> Duration {
        self.publish(recorder);
        let counted = self.clock.between(self.counting_since, self.clock.now());
        recorder.end_log_interval(counted);
        recorder.series.end_interval(counted, &recorder.statistics);
        if self.histogram_log.due != Ticks::NEVER {
            recorder.end_log_histogram(counted);
        }
        counted
    }

    fn end_ramp(&mut self, now: Ticks, recorder: &mut Recorder) {
        let statistics = &mut recorder.statistics;
        self.ramp_bytes = statistics.bytes();
        self.ramp_ios = statistics.ios();
        statistics.reset();
        recorder.start(now);
        self.begin_counting(now);
        self.bandwidth.start(&self.clock, now);
        self.iops.start(&self.clock, now);
        self.latency_log.start(&self.clock, now);
        self.histogram_log.start(&self.clock, now);
        self.progress.set_state(JobState::Running);
    }

    /// Nothing counts, and no interval ends, before the ramp time is over.
    fn end_interval(&mut self, now: Ticks, counted: Duration, recorder: &mut Recorder) {
        if self.is_counting() {
            recorder.series.end_interval(counted, &recorder.statistics);
            self.intervals.interval = recorder.series.interval;
        }
        self.intervals.go_on(&self.clock, now);
    }

    fn is_counting(&self) -> bool {
        matches!(self.progress.state(), JobState::Running)
    }

    /// The run time begins when statistics begin to count.
    fn begin_counting(&mut self, now: Ticks) {
        self.counting_since = now;
        self.intervals.start(&self.clock, now);
        if let Some(minimum) = &mut self.minimum {
            minimum.start(&self.clock, now);
        }
        if let Some(steady) = &mut self.steady {
            steady.start(&self.clock, now);
        }
        if let Some(runtime) = self.runtime {
            self.end = self.clock.after(now, runtime);
        }
    }

    /// What the thread has used since the job began.
    pub(super) fn usage(&self) -> ThreadUsage {
        ThreadUsage::now().since(self.usage)
    }

    /// When the job began.
    pub(super) const fn started(&self) -> SystemTime {
        self.started
    }

    /// What the job has measured up to now.
    #[cold]
    fn so_far(&self, recorder: &Recorder) -> JobOutcome {
        let runtime = self.clock.between(self.counting_since, self.clock.now());
        let mut series = recorder.series.clone();
        if self.is_counting() {
            series.end_interval(runtime, &recorder.statistics);
        }
        JobOutcome {
            statistics: recorder.statistics.clone(),
            series,
            runtime,
            usage: self.usage(),
            thread_id: thread_id(),
            started: Some(self.started),
            ..JobOutcome::empty()
        }
    }

    fn publish(&self, recorder: &Recorder) {
        let statistics = &recorder.statistics;
        let add = |one: PerDirection<u64>, other: PerDirection<u64>| {
            PerDirection([0, 1, 2].map(|index: usize| one.0[index] + other.0[index]))
        };
        self.progress.publish(
            add(statistics.bytes(), self.ramp_bytes),
            add(statistics.ios(), self.ramp_ios),
        );
        if let Some(interim) = self.progress.interim()
            && let Some(question) = interim.question()
        {
            interim.answer(question, self.so_far(recorder));
        }
    }

    fn reschedule(&mut self) {
        let times = [
            self.ramp_end,
            self.end,
            self.publish,
            self.bandwidth.due,
            self.iops.due,
            self.latency_log.due,
            self.histogram_log.due,
            self.intervals.due,
            self.minimum
                .as_ref()
                .map_or(Ticks::NEVER, |minimum| minimum.due),
            self.steady
                .as_ref()
                .map_or(Ticks::NEVER, |steady| steady.due),
        ];
        self.due = times.into_iter().min().unwrap_or(Ticks::NEVER);
    }
}
