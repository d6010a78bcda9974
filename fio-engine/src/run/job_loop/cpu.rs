//! The loop for engines that keep a CPU busy: work and pauses in turn, until the time is over.
//!
//! One turn counts as one read of no bytes, and its latency is the time of the work, as in fio.

use std::time::Duration;

use super::failure::JobFailure;
use super::pace::Verdict;
use super::recorder::Times;
use super::{JobContext, LoopState};
use crate::clock::Ticks;
use crate::direction::Direction;
use crate::io::{Io, IoEngine, Queued};
use crate::job::CpuOptions;
use crate::logs::LoggedIo;

/// A pause is slept in pieces of this length at most, so that a stop is seen soon.
const PIECE: Duration = Duration::from_millis(20);

/// Works and pauses until the job's time is over or it is stopped.
pub(super) fn run<E: IoEngine>(
    context: &JobContext<'_>,
    engine: &mut E,
    state: &mut LoopState<'_>,
) -> Result<(), JobFailure> {
    let (work, pause) = turn(&context.spec.engine_options.cpu);
    let clock = state.clock;
    loop {
        let began = clock.now();
        let until = clock.after(began, work);
        let mut over = false;
        while clock.now() < until && !over {
            perform(engine)?;
            over = is_over(clock.now(), state);
        }
        let ended = clock.now();
        let times = Times {
            created: began,
            issued: began,
            completed: ended,
        };
        let recorded = state.recorder.complete(&clock, TURN, times);
        recorded.map_err(|late| JobFailure::too_late(NO_FILE, &WORK, late))?;
        let until = clock.after(ended, pause);
        while !over && clock.now() < until {
            let left = Duration::from_nanos(clock.nanos_between(clock.now(), until));
            std::thread::sleep(left.min(PIECE));
            over = is_over(clock.now(), state);
        }
        if over || is_over(clock.now(), state) {
            return Ok(());
        }
    }
}

/// How a turn is counted.
const TURN: LoggedIo = LoggedIo {
    slot: 0,
    direction: Direction::Read,
    offset: 0,
    length: 0,
    priority: 0,
};

/// What the engine is asked for; it looks at none of it.
const WORK: Io = Io {
    unit: 0,
    file: 0,
    direction: Direction::Read,
    offset: 0,
    priority: 0,
    length: 1,
    buffer_offset: 0,
};

/// Stands for a file in messages.
const NO_FILE: &str = "(no file)";

/// Work and pause of one turn. A chunk of 0 would leave no work; it counts as 1 µs.
fn turn(options: &CpuOptions) -> (Duration, Duration) {
    let work = u64::from(options.chunk_microseconds.max(1));
    let load = u64::from(options.load.clamp(1, 100));
    let pause = work * (100 - load) / load;
    (Duration::from_micros(work), Duration::from_micros(pause))
}

fn perform<E: IoEngine>(engine: &mut E) -> Result<(), JobFailure> {
    match engine.queue(&WORK) {
        Queued::Completed(Ok(_)) => Ok(()),
        Queued::Completed(Err(error)) => Err(JobFailure::io(NO_FILE, &WORK, &error)),
        Queued::Pending => Err(JobFailure::new(
            libc::EINVAL,
            "the I/O engine only uses the CPU but left an I/O pending",
        )),
    }
}

fn is_over(now: Ticks, state: &mut LoopState<'_>) -> bool {
    state.pace.is_due(now) && state.pace.catch_up(now, &mut state.recorder) == Verdict::End
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_leave_the_share_of_work_that_is_asked_for() {
        let turn = |load, chunk_microseconds| {
            let (work, pause) = turn(&CpuOptions {
                load,
                chunk_microseconds,
                ..CpuOptions::default()
            });
            (work.as_micros(), pause.as_micros())
        };
        assert_eq!(turn(50, 50_000), (50_000, 50_000));
        assert_eq!(turn(100, 50_000), (50_000, 0));
        assert_eq!(turn(1, 10), (10, 990));
        assert_eq!(turn(50, 0), (1, 1));
        assert_eq!(turn(1, u32::MAX).0, u128::from(u32::MAX));
    }
}
