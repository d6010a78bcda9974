//! When a job may issue its next I/O: rates, pauses, flows, and the times of a log that is replayed.
//! What is issued can be written down here, too.
//!
//! Jobs without any of them have no [`Regulator`], and their loops do not ask. Waiting is sleep; what
//! is shorter than the kernel can sleep is spun.

use std::time::Duration;

use super::debug_io::DebugIo;
use super::failure::JobFailure;
use super::flow::FlowShare;
use super::rate::RateLimiter;
use super::recording::Recording;
use super::think_time::{ThinkTime, Thinking};
use super::{JobContext, LoopState, Verdict};
use crate::clock::{Clock, Ticks};
use crate::debug::DebugTopic;
use crate::workload::{Request, RequestKind};

/// Below this, the kernel would wake a thread too late (its timers are 50 µs late by default).
const SHORTEST_SLEEP: Duration = Duration::from_micros(30);

/// Keeps a job from issuing I/Os at will.
#[derive(Debug)]
pub(super) struct Regulator {
    rate: Option<RateLimiter>,
    think_time: Option<ThinkTime>,
    flow: Option<FlowShare>,
    /// Present if the times of a log are kept.
    replay: Option<ReplayTime>,
    /// Present if what is issued is written down.
    recording: Option<Recording>,
    /// Present if each I/O is told of.
    debug_io: Option<DebugIo>,
    /// I/Os wait for those in flight that touch the same bytes (`serialize_overlap`).
    pub(super) separates_overlaps: bool,
    /// I/Os that may be in flight: the job's depth, or what a latency target allows of it.
    most_in_flight: usize,
    /// When the I/O that was let through last should have been issued.
    intended: Ticks,
    /// The same of each unit.
    intended_of: Vec<Ticks>,
}

/// The time of a job that replays a log.
#[derive(Debug, Clone, Copy)]
struct ReplayTime {
    began: Ticks,
    /// When the I/O made last is due.
    due: Ticks,
}

/// What is in flight when a job asks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traffic {
    pub(super) in_flight: usize,
    /// One of them touches the bytes of the I/O to be issued.
    pub(super) overlaps: bool,
}

/// What a regulated job does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It issues the I/O.
    Issue,
    /// It has nothing to do for this time, or a little less.
    Wait(Duration),
    /// It waits for all I/Os in flight.
    Drain,
    /// It ends.
    End,
}

impl Regulator {
    /// `None` if nothing regulates the job. `since` is when it began.
    pub(super) fn new(
        context: &mut JobContext<'_>,
        clock: Clock,
        since: Ticks,
        mut recording: Option<Recording>,
    ) -> Option<Box<Self>> {
        let replays = context.generator.replay().is_some_and(|log| log.stalls());
        if let Some(recording) = &mut recording {
            recording.begin(since);
        }
        let spec = context.spec;
        let teller = context.progress.debug(DebugTopic::Rate);
        let rate = RateLimiter::new(spec, context.seeds, clock, since);
        let regulator = Self {
            rate: rate.map(|rate| rate.told_by(teller)),
            think_time: ThinkTime::new(spec, clock, since),
            replay: replays.then_some(ReplayTime {
                began: since,
                due: since,
            }),
            recording,
            debug_io: DebugIo::of(context),
            separates_overlaps: spec.serialize_overlap,
            most_in_flight: spec.io_depth as usize,
            intended: since,
            intended_of: vec![since; spec.io_depth as usize],
            flow: (context.flow.as_ref()).map(|flow| FlowShare::join(flow.clone(), &spec.flow)),
        };
        let is_needed = regulator.rate.is_some()
            || regulator.think_time.is_some()
            || regulator.flow.is_some()
            || regulator.replay.is_some()
            || regulator.recording.is_some()
            || regulator.debug_io.is_some()
            || regulator.separates_overlaps
            || !spec.latency_target.target.is_zero();
        is_needed.then(|| Box::new(regulator))
    }

    /// Whether the job has a rate.
    pub(super) const fn is_rated(&self) -> bool {
        self.rate.is_some()
    }

    /// Changes how many I/Os may be in flight, at least 1.
    pub(super) const fn limit_depth(&mut self, depth: u32) {
        self.most_in_flight = depth as usize;
    }

    /// The I/O let through last uses this unit; it goes to the file of this name.
    pub(super) fn name_unit(&mut self, unit: usize, request: &Request, file: &str) {
        self.intended_of[unit] = self.intended;
        if let Some(debug) = &mut self.debug_io {
            debug.queue(unit, request, file);
        }
    }

    /// What tells of each I/O, if they are to be told of.
    pub(super) const fn debug_io(&self) -> Option<&DebugIo> {
        self.debug_io.as_ref()
    }

    /// When the I/O of this unit should have been issued.
    pub(super) fn intended(&self, unit: usize) -> Ticks {
        self.intended_of[unit]
    }

    /// Ends what was written down.
    pub(super) fn finish(self) -> Result<(), JobFailure> {
        self.recording.map_or(Ok(()), Recording::finish)
    }

    fn record(&mut self, request: &Request, now: Ticks) {
        if let Some(recording) = &mut self.recording {
            recording.issue(now, request);
        }
    }

    /// What the job's pauses want.
    fn think(&mut self, now: Ticks, in_flight: usize) -> Option<Turn> {
        match self.think_time.as_mut()?.turn(now, in_flight) {
            Thinking::No => None,
            Thinking::Drain => Some(Turn::Drain),
            Thinking::Pause(time) => Some(Turn::Wait(time)),
            Thinking::Over(pause) => {
                if let Some(rate) = &mut self.rate {
                    rate.leave_out(pause);
                }
                None
            }
        }
    }
}

/// The next I/O of a synchronous job, when it may be issued; `None` when the job is over.
#[cold]
pub(super) fn next_when_due(
    context: &mut JobContext<'_>,
    state: &mut LoopState<'_>,
) -> Option<Request> {
    let Some(request) = next_steered(context, state) else {
        last_pause(state);
        return None;
    };
    loop {
        match turn(&request, Traffic::default(), state) {
            Turn::Issue => break,
            Turn::Wait(time) => rest(time),
            // Nothing is in flight.
            Turn::Drain => {}
            Turn::End => return None,
        }
    }
    if let Some(regulator) = &mut state.regulator {
        regulator.name_unit(0, &request, context.file_name(request.file as usize));
    }
    Some(request)
}

/// The next I/O, whether it may be issued or not.
pub(super) fn next_steered(
    context: &mut JobContext<'_>,
    state: &mut LoopState<'_>,
) -> Option<Request> {
    let Some(regulator) = &mut state.regulator else {
        return context.generator.next();
    };
    if let Some(rate) = &regulator.rate {
        rate.steer(&mut context.generator, state.clock.now());
    }
    let request = context.generator.next();
    if let (Some(time), Some(log)) = (&mut regulator.replay, context.generator.replay()) {
        let due = Duration::from_nanos(log.due());
        time.due = state.clock.after(time.began, due);
    }
    request
}

/// What to do now with an I/O that was made. Does what is due besides I/O, so that a job that waits
/// is sampled, published, stopped and ended as any other.
pub(super) fn turn(request: &Request, traffic: Traffic, state: &mut LoopState<'_>) -> Turn {
    let now = state.clock.now();
    if state.pace.is_due(now) && state.pace.catch_up(now, &mut state.recorder) == Verdict::End {
        return Turn::End;
    }
    let Some(regulator) = &mut state.regulator else {
        return Turn::Issue;
    };
    if let Some(time) = regulator.replay.filter(|time| now < time.due) {
        return Turn::Wait(state.clock.between(now, state.pace.wake_up(time.due)));
    }
    let RequestKind::Data(direction) = request.kind else {
        regulator.record(request, now);
        return Turn::Issue;
    };
    if traffic.overlaps || traffic.in_flight >= regulator.most_in_flight {
        let until = state.pace.wake_up(Ticks::NEVER);
        return Turn::Wait(state.clock.between(now, until));
    }
    if let Some(turn) = regulator.think(now, traffic.in_flight) {
        return bounded(turn, now, state);
    }
    if let Some(time) = regulator.flow.as_ref().and_then(FlowShare::wait) {
        return bounded(Turn::Wait(time), now, state);
    }
    regulator.intended = now;
    if let Some(rate) = &mut regulator.rate {
        rate.count_since(state.pace.counting_since());
        let due = rate.due(direction);
        if now < due {
            return Turn::Wait(state.clock.between(now, state.pace.wake_up(due)));
        }
        if rate.is_limited(direction) {
            regulator.intended = due;
        }
        rate.issue(direction, request.length);
    }
    if let Some(think_time) = &mut regulator.think_time {
        think_time.issue();
    }
    if let Some(flow) = &mut regulator.flow {
        flow.issue();
    }
    regulator.record(request, now);
    Turn::Issue
}

/// A wait ends when something besides I/O is due.
fn bounded(turn: Turn, now: Ticks, state: &LoopState<'_>) -> Turn {
    let Turn::Wait(time) = turn else { return turn };
    let until = state.pace.wake_up(state.clock.after(now, time));
    Turn::Wait(state.clock.between(now, until))
}

/// As in fio, a job also pauses after its last I/O.
pub(super) fn last_pause(state: &mut LoopState<'_>) {
    loop {
        let now = state.clock.now();
        if state.pace.is_due(now) && state.pace.catch_up(now, &mut state.recorder) == Verdict::End {
            return;
        }
        let regulator = state.regulator.as_mut();
        match regulator.and_then(|regulator| regulator.think(now, 0)) {
            Some(turn @ Turn::Wait(_)) => match bounded(turn, now, state) {
                Turn::Wait(time) => rest(time),
                _ => return,
            },
            _ => return,
        }
    }
}

/// Does nothing for this time.
pub(super) fn rest(time: Duration) {
    if time < SHORTEST_SLEEP {
        std::hint::spin_loop();
    } else {
        std::thread::sleep(time);
    }
}
