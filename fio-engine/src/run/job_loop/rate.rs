//! Rates: when the next I/O of a limited direction may be issued.
//!
//! Each limited direction has a schedule in bytes, as in fio: the next I/O is due when the bytes
//! issued so far would have been issued at the rate. So lateness does not add up: an I/O that was
//! late is followed by others until the schedule is met again. Waiting is sleep; what is shorter
//! than the kernel can sleep is spun.

use std::time::Duration;

use super::failure::JobFailure;
use super::recording::Recording;
use super::{JobContext, LoopState, Verdict};
use crate::clock::{Clock, Ticks};
use crate::direction::{Direction, PerDirection};
use crate::job::{JobSpec, RateProcess};
use crate::workload::{Generator, RandomRule, Request, RequestKind, Seeds, Stream, Tausworthe};

/// Below this, the kernel would wake a thread too late (its timers are 50 µs late by default).
const SHORTEST_SLEEP: Duration = Duration::from_micros(30);

/// Keeps a job to its rates.
#[derive(Debug)]
pub(super) struct RateLimiter {
    clock: Clock,
    /// When the schedules began.
    since: Ticks,
    schedules: PerDirection<Option<Schedule>>,
    /// The job reads and writes, so that one direction can go on while the other waits.
    mixed: bool,
    /// Present if the times of a log are kept.
    replay: Option<ReplayTime>,
    /// Present if what is issued is written down.
    recording: Option<Box<Recording>>,
}

/// The time of a job that replays a log.
#[derive(Debug, Clone, Copy)]
struct ReplayTime {
    began: Ticks,
    /// When the I/O made last is due.
    due: Ticks,
}

/// When the I/Os of one direction are due.
#[derive(Debug)]
struct Schedule {
    bytes_per_second: u64,
    /// Bytes issued since the beginning.
    issued: u64,
    /// Draws the distances of a Poisson process; `None` for even ones.
    arrivals: Option<Tausworthe>,
    /// When the next I/O is due, in nanoseconds after the beginning.
    next: u64,
    due: Ticks,
}

/// What a job with a rate does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It issues the I/O.
    Issue,
    /// It has nothing to do for this time, or a little less.
    Wait(Duration),
    /// It ends.
    End,
}

impl RateLimiter {
    /// `None` if the job has no limit, and nobody looks at what it issues. `since` is when it began,
    /// `thread_number` that of the clone, `replay` whether the times of a log are kept.
    pub(super) fn new(
        spec: &JobSpec,
        thread_number: u32,
        clock: Clock,
        since: Ticks,
        replay: bool,
        recording: Option<Recording>,
    ) -> Option<Self> {
        let seeds = Seeds::new(spec, thread_number, RandomRule::Newest);
        let schedule = |direction: Direction| {
            let smallest = spec.block_sizes[direction].min();
            let bytes_per_second = spec.rate.limit(direction, smallest)?;
            let seed = seeds.of(Stream::Arrival) as u32;
            let arrivals = (spec.rate.process == RateProcess::Poisson)
                .then(|| Tausworthe::new(seed.wrapping_add(direction.index() as u32)));
            let mut schedule = Schedule {
                bytes_per_second,
                issued: 0,
                arrivals,
                next: 0,
                due: since,
            };
            schedule.begin(&clock, since, smallest);
            Some(schedule)
        };
        let schedules = PerDirection(Direction::ALL.map(schedule));
        let limited = schedules.0.iter().any(Option::is_some);
        (limited || replay || recording.is_some()).then_some(Self {
            clock,
            since,
            schedules,
            mixed: limited && spec.pattern.read && spec.pattern.write,
            replay: replay.then_some(ReplayTime {
                began: since,
                due: since,
            }),
            recording: recording.map(|mut recording| {
                recording.begin(since);
                Box::new(recording)
            }),
        })
    }

    /// Begins the schedules anew if statistics have begun to count since: the rate then holds
    /// exactly over the time that is reported.
    fn count_since(&mut self, since: Ticks) {
        if since == self.since {
            return;
        }
        self.since = since;
        for schedule in self.schedules.0.iter_mut().flatten() {
            (schedule.issued, schedule.next, schedule.due) = (0, 0, since);
        }
    }

    /// Lets the direction that is due, or due sooner, go first. Where both are due, or both at the
    /// same time, the job's mix decides.
    fn steer(&self, generator: &mut Generator, now: Ticks) {
        if !self.mixed {
            return;
        }
        let [read, write] = [Direction::Read, Direction::Write].map(|of| self.due(of).max(now));
        generator.prefer(match read.cmp(&write) {
            std::cmp::Ordering::Less => Some(Direction::Read),
            std::cmp::Ordering::Greater => Some(Direction::Write),
            std::cmp::Ordering::Equal => None,
        });
    }

    /// Ends what was written down.
    pub(super) fn finish(self) -> Result<(), JobFailure> {
        self.recording
            .map_or(Ok(()), |recording| recording.finish())
    }

    /// When the next I/O of a direction is due.
    fn due(&self, direction: Direction) -> Ticks {
        self.schedules[direction]
            .as_ref()
            .map_or(self.since, |schedule| schedule.due)
    }

    /// When an I/O that has just been made is due.
    fn due_of(&self, request: &Request) -> Ticks {
        let by_log = self.replay.map_or(self.since, |time| time.due);
        match request.kind {
            RequestKind::Data(direction) => by_log.max(self.due(direction)),
            _ => by_log,
        }
    }

    fn issue(&mut self, request: &Request, now: Ticks) {
        if let Some(recording) = &mut self.recording {
            recording.issue(now, request);
        }
        let RequestKind::Data(direction) = request.kind else {
            return;
        };
        let bytes = request.length;
        if let Some(schedule) = &mut self.schedules[direction] {
            schedule.issued = schedule.issued.saturating_add(bytes);
            schedule.advance(bytes);
            schedule.due = self
                .clock
                .after(self.since, Duration::from_nanos(schedule.next));
        }
    }
}

impl Schedule {
    /// The first I/O of an even schedule is due at once; that of a Poisson process comes as all of
    /// its I/Os do.
    fn begin(&mut self, clock: &Clock, since: Ticks, smallest: u64) {
        if self.arrivals.is_some() {
            self.advance(smallest);
            self.due = clock.after(since, Duration::from_nanos(self.next));
        }
    }

    /// `bytes` have just been issued.
    fn advance(&mut self, bytes: u64) {
        const NANOS: u128 = 1_000_000_000;
        self.next = match &mut self.arrivals {
            None => {
                let nanos = u128::from(self.issued) * NANOS / u128::from(self.bytes_per_second);
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
            Some(generator) => {
                // In 2⁻³²..=1, so that the logarithm is finite.
                let share = (f64::from(generator.next_u32()) + 1.0) / 4_294_967_296.0;
                let mean = bytes as f64 * NANOS as f64 / self.bytes_per_second as f64;
                self.next.saturating_add((-share.ln() * mean) as u64)
            }
        };
    }
}

/// The next I/O of a synchronous job with a rate, when it is due; `None` when the job is over.
#[cold]
pub(super) fn next_when_due(
    context: &mut JobContext<'_>,
    state: &mut LoopState<'_>,
) -> Option<Request> {
    let request = next_steered(context, state)?;
    loop {
        match turn(&request, state) {
            Turn::Issue => return Some(request),
            Turn::Wait(time) => rest(time),
            Turn::End => return None,
        }
    }
}

/// The next I/O, whether it is due or not.
pub(super) fn next_steered(
    context: &mut JobContext<'_>,
    state: &mut LoopState<'_>,
) -> Option<Request> {
    let Some(limiter) = &mut state.limiter else {
        return context.generator.next();
    };
    limiter.steer(&mut context.generator, state.clock.now());
    let request = context.generator.next();
    if let (Some(time), Some(log)) = (&mut limiter.replay, context.generator.replay()) {
        time.due = state
            .clock
            .after(time.began, Duration::from_nanos(log.due()));
    }
    request
}

/// What to do now with an I/O that was made. Does what is due besides I/O, so that a job that waits
/// is sampled, published, stopped and ended as any other.
pub(super) fn turn(request: &Request, state: &mut LoopState<'_>) -> Turn {
    let now = state.clock.now();
    if state.pace.is_due(now) && state.pace.catch_up(now, &mut state.recorder) == Verdict::End {
        return Turn::End;
    }
    let Some(limiter) = &mut state.limiter else {
        return Turn::Issue;
    };
    limiter.count_since(state.pace.counting_since());
    let due = limiter.due_of(request);
    if now >= due {
        limiter.issue(request, now);
        return Turn::Issue;
    }
    Turn::Wait(state.clock.between(now, state.pace.wake_up(due)))
}

/// Does nothing for this time.
pub(super) fn rest(time: Duration) {
    if time < SHORTEST_SLEEP {
        std::hint::spin_loop();
    } else {
        std::thread::sleep(time);
    }
}
