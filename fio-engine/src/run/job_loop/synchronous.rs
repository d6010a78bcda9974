//! The loop for engines whose I/Os complete at once.

use super::failure::JobFailure;
use super::pace::Verdict;
use super::recorder::Times;
use super::regulator::next_when_due;
use super::{JobContext, LoopState};
use crate::clock::Ticks;
use crate::direction::Direction;
use crate::io::{Io, IoEngine, Queued, SyncKind};
use crate::logs::LoggedIo;
use crate::workload::{Request, RequestKind};

/// Without latencies to measure, the time is read once in this many I/Os.
const UNTIMED_BATCH: u32 = 32;

/// Issues I/Os until the job is done, its time is over, or one fails.
pub(super) fn run<E: IoEngine>(
    context: &mut JobContext<'_>,
    engine: &mut E,
    state: &mut LoopState<'_>,
) -> Result<(), JobFailure> {
    let timed = state.recorder.needs_time();
    let changes_content = !state.content.is_unchanged();
    let clock = state.clock;
    let mut untimed = 0;
    let mut now = clock.now();
    while let Some(request) = next(context, state) {
        let RequestKind::Data(direction) = request.kind else {
            besides(context, engine, &request, state)
                .or_else(|error| state.go_on_after(context, error))?;
            continue;
        };
        let io = io_of(&request, direction);
        let created = if timed { clock.now() } else { now };
        if changes_content && direction == Direction::Write {
            state
                .content
                .prepare(&mut engine.buffer(0)[..io.length], io.offset);
        }
        let issued = if timed { clock.now() } else { now };
        let bytes = match engine.queue(&io) {
            Queued::Completed(Ok(moved)) if moved == io.length => moved,
            other => match finish(context, engine, io, other, state) {
                Ok(bytes) => bytes,
                Err(failure) => {
                    state.go_on_after(context, failure)?;
                    now = clock.now();
                    if is_over(now, state) {
                        break;
                    }
                    continue;
                }
            },
        };
        untimed += 1;
        if timed || untimed == UNTIMED_BATCH {
            now = clock.now();
            untimed = 0;
        }
        let times = Times {
            created,
            issued,
            completed: now,
        };
        let logged = LoggedIo {
            slot: io.file,
            direction,
            offset: request.offset,
            length: bytes as u64,
            priority: 0,
        };
        if let Err(late) = state.complete(context, 0, logged, times) {
            return Err(JobFailure::too_late(context.file_name(io.file), &io, late));
        }
        if is_over(now, state) {
            break;
        }
    }
    Ok(())
}

#[inline(always)]
fn next(context: &mut JobContext<'_>, state: &mut LoopState<'_>) -> Option<Request> {
    if state.regulator.is_none() {
        context.generator.next()
    } else {
        next_when_due(context, state)
    }
}

#[inline(always)]
fn is_over(now: Ticks, state: &mut LoopState<'_>) -> bool {
    state.pace.is_due(now) && state.pace.catch_up(now, &mut state.recorder) == Verdict::End
}

#[inline(always)]
fn io_of(request: &Request, direction: Direction) -> Io {
    Io {
        unit: 0,
        file: request.file as usize,
        direction,
        offset: request.offset,
        length: request.length as usize,
        priority: 0,
        buffer_offset: 0,
    }
}

/// Does what a request wants that is no I/O.
#[inline(never)]
fn besides<E: IoEngine>(
    context: &mut JobContext<'_>,
    engine: &mut E,
    request: &Request,
    state: &mut LoopState<'_>,
) -> Result<(), JobFailure> {
    let file = request.file as usize;
    match request.kind {
        RequestKind::SyncRange => context.sync_range(request, state),
        RequestKind::Fdatasync => context.sync_file(file, SyncKind::Data, state),
        RequestKind::Open | RequestKind::Restart | RequestKind::NextPass => {
            context.turn_over(request, engine)
        }
        RequestKind::Fsync | RequestKind::Data(_) => context.sync_file(file, SyncKind::Full, state),
    }
}

/// Goes on with an I/O that moved less than asked, until it is whole or fails.
#[cold]
fn finish<E: IoEngine>(
    context: &JobContext<'_>,
    engine: &mut E,
    whole: Io,
    mut queued: Queued,
    state: &mut LoopState<'_>,
) -> Result<usize, JobFailure> {
    let name = || context.file_name(whole.file);
    let mut rest = whole;
    loop {
        let moved = match queued {
            Queued::Completed(Ok(0)) => return Err(JobFailure::nothing_moved(name(), &rest)),
            Queued::Completed(Ok(moved)) => moved.min(rest.length),
            Queued::Completed(Err(error)) => return Err(JobFailure::io(name(), &rest, &error)),
            Queued::Pending => {
                return Err(JobFailure::new(
                    libc::EINVAL,
                    "the I/O engine calls itself synchronous but left an I/O pending",
                ));
            }
        };
        rest.offset += moved as u64;
        rest.length -= moved;
        rest.buffer_offset += moved;
        if rest.length == 0 {
            return Ok(whole.length);
        }
        state.recorder.statistics.record_short(whole.direction);
        queued = engine.queue(&rest);
    }
}
