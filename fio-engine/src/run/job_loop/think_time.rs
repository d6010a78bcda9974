//! Pauses between I/Os.

use std::hint::black_box;
use std::time::Duration;

use crate::clock::{Clock, Ticks};
use crate::job::{JobSpec, ThinkTimeOptions, ThinkTrigger};

/// When a job pauses.
#[derive(Debug)]
pub(super) struct ThinkTime {
    options: ThinkTimeOptions,
    clock: Clock,
    /// I/Os after which a pause begins; `None` where they do not count.
    blocks: Option<u64>,
    /// I/Os issued since the last pause.
    issued: u64,
    /// When I/O began after the last pause.
    since: Ticks,
    /// When the busy loop before a pause began, and its turns that are left.
    busy: Option<(Ticks, u32)>,
    pause: Option<Pause>,
}

/// Turns of the busy loop between two looks at what else is due: some microseconds.
const TURNS: u32 = 10_000;

#[derive(Debug, Clone, Copy)]
struct Pause {
    begin: Ticks,
    spin_until: Ticks,
    until: Ticks,
}

/// What a job has to do because of its pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinking {
    /// It goes on.
    No,
    /// It waits for the I/Os in flight before it pauses.
    Drain,
    /// It does nothing for this time; nothing at all means that it is busy.
    Pause(Duration),
    /// A pause of this length is over.
    Over(Duration),
}

impl ThinkTime {
    /// `None` if the job has no pauses.
    pub(super) fn new(spec: &JobSpec, clock: Clock, since: Ticks) -> Option<Self> {
        let options = spec.think_time;
        if options.time.is_zero() && options.cycles == 0 {
            return None;
        }
        let counts = options.blocks.is_some() || options.io_time.is_zero();
        Some(Self {
            blocks: counts.then(|| options.blocks.unwrap_or(1).max(1).into()),
            options,
            clock,
            issued: 0,
            since,
            busy: None,
            pause: None,
        })
    }

    /// What to do now, before another I/O.
    pub(super) fn turn(&mut self, now: Ticks, in_flight: usize) -> Thinking {
        if let Some(pause) = self.pause {
            if now < pause.spin_until {
                return Thinking::Pause(Duration::ZERO);
            }
            if now < pause.until {
                return Thinking::Pause(self.clock.between(now, pause.until));
            }
            (self.pause, self.issued, self.since) = (None, 0, now);
            return Thinking::Over(self.clock.between(pause.begin, now));
        }
        if self.busy.is_none() && !self.is_due(now) {
            return Thinking::No;
        }
        if in_flight > 0 && self.options.trigger == ThinkTrigger::Complete {
            return Thinking::Drain;
        }
        let (begin, left) = self.busy.unwrap_or((now, self.options.cycles));
        if left > 0 {
            let turns = left.min(TURNS);
            (0..turns).for_each(|turn| {
                black_box(turn);
            });
            self.busy = Some((begin, left - turns));
            return Thinking::Pause(Duration::ZERO);
        }
        self.busy = None;
        let spin = self.options.spin.min(self.options.time);
        self.pause = Some(Pause {
            begin,
            spin_until: self.clock.after(now, spin),
            until: self.clock.after(now, self.options.time),
        });
        self.turn(now, in_flight)
    }

    /// Whether a pause is to begin.
    fn is_due(&self, now: Ticks) -> bool {
        let io_time = self.options.io_time;
        let by_time = !io_time.is_zero() && self.clock.between(self.since, now) >= io_time;
        by_time || self.blocks.is_some_and(|blocks| self.issued >= blocks)
    }

    pub(super) const fn issue(&mut self) {
        self.issued += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The loop is left now and then, comes before the pause and does not shorten it.
    #[test]
    fn cycles_come_before_the_pause() {
        let mut spec = JobSpec::new("a");
        spec.think_time.cycles = 2 * TURNS + 1;
        spec.think_time.time = Duration::from_millis(1);
        let clock = Clock::monotonic();
        let start = clock.now();
        let mut thinking = ThinkTime::new(&spec, clock, start).expect("it thinks");
        assert_eq!(thinking.turn(start, 0), Thinking::No);
        thinking.issue();
        let at = |micros| clock.after(start, Duration::from_micros(micros));
        for turn in 0..3 {
            assert_eq!(thinking.turn(at(turn), 0), Thinking::Pause(Duration::ZERO));
        }
        let pause = Thinking::Pause(Duration::from_millis(1));
        assert_eq!(thinking.turn(at(500), 0), pause);
        let over = Thinking::Over(Duration::from_micros(1500));
        assert_eq!(thinking.turn(at(1500), 0), over);
        assert_eq!(thinking.turn(at(1500), 0), Thinking::No);
    }

    #[test]
    fn cycles_need_no_pause() {
        let mut spec = JobSpec::new("a");
        spec.think_time.cycles = 1;
        spec.think_time.blocks = Some(2);
        let clock = Clock::monotonic();
        let start = clock.now();
        let mut thinking = ThinkTime::new(&spec, clock, start).expect("it thinks");
        thinking.issue();
        assert_eq!(thinking.turn(start, 0), Thinking::No);
        thinking.issue();
        assert_eq!(thinking.turn(start, 1), Thinking::Drain);
        assert_eq!(thinking.turn(start, 0), Thinking::Pause(Duration::ZERO));
        assert_eq!(thinking.turn(start, 0), Thinking::Over(Duration::ZERO));
    }
}
