//! Time: a clock cheap enough to read several times per I/O.
//!
//! `clock_gettime` costs about three times as much as reading the processor's time stamp counter,
//! and a job on a fast device reads the time three times for each I/O. So time is taken in
//! [`Ticks`] of the counter and only differences are converted to nanoseconds, with one
//! multiplication. The counter is used when the kernel says that it runs at a constant rate on all
//! CPUs (`constant_tsc`, `nonstop_tsc`, and the kernel itself using it); its rate is measured once
//! per process against `CLOCK_MONOTONIC`. Everywhere else the monotonic clock is read.

mod epoch;
mod local_time;

use std::sync::OnceLock;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

pub(crate) use epoch::clock_milliseconds;
pub(crate) use local_time::{LocalTime, unix_milliseconds};

use crate::job::ClockSource;

/// A reading of a [`Clock`]; meaningful only to that clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(u64);

impl Ticks {
    /// A time that never comes.
    pub const NEVER: Self = Self(u64::MAX);
}

/// Where the time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    #[cfg(target_arch = "x86_64")]
    TimeStampCounter,
    Monotonic,
    /// The time of day in whole microseconds.
    TimeOfDay,
}

/// Reads [`Ticks`] and converts differences to nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    source: Source,
    /// Nanoseconds per tick, as a fraction of 2³².
    nanos_per_tick: u64,
    /// Ticks per nanosecond, as a fraction of 2³².
    ticks_per_nano: u64,
}

impl Clock {
    /// The clock of this process, calibrated at first use (about 20 ms).
    #[must_use]
    pub fn shared() -> Self {
        static SHARED: OnceLock<Clock> = OnceLock::new();
        *SHARED.get_or_init(Self::calibrate)
    }

    /// A clock over `CLOCK_MONOTONIC`, whose ticks are nanoseconds.
    #[must_use]
    pub const fn monotonic() -> Self {
        Self {
            source: Source::Monotonic,
            nanos_per_tick: 1 << 32,
            ticks_per_nano: 1 << 32,
        }
    }

    /// The clock of a job that asks for one (`clocksource`).
    pub(crate) fn of(source: ClockSource) -> Self {
        match source {
            ClockSource::Automatic | ClockSource::Counter => Self::shared(),
            ClockSource::Monotonic => Self::monotonic(),
            ClockSource::TimeOfDay => Self {
                source: Source::TimeOfDay,
                ..Self::monotonic()
            },
        }
    }

    /// Whether the processor's counter is used.
    #[must_use]
    pub fn uses_counter(&self) -> bool {
        !matches!(self.source, Source::Monotonic | Source::TimeOfDay)
    }

    /// The time now.
    #[inline(always)]
    #[must_use]
    pub fn now(&self) -> Ticks {
        match self.source {
            #[cfg(target_arch = "x86_64")]
            Source::TimeStampCounter => Ticks(read_counter()),
            Source::Monotonic => Ticks(monotonic_nanos()),
            Source::TimeOfDay => Ticks(microseconds_of_day()),
        }
    }

    /// Nanoseconds from `earlier` to `later`; 0 if they are the other way round.
    #[inline(always)]
    #[must_use]
    pub fn nanos_between(&self, earlier: Ticks, later: Ticks) -> u64 {
        let ticks = later.0.saturating_sub(earlier.0);
        ((u128::from(ticks) * u128::from(self.nanos_per_tick)) >> 32) as u64
    }

    /// The time from `earlier` to `later`; zero if they are the other way round.
    #[must_use]
    pub fn between(&self, earlier: Ticks, later: Ticks) -> Duration {
        Duration::from_nanos(self.nanos_between(earlier, later))
    }

    /// The reading `span` after `ticks`, or [`Ticks::NEVER`] when that is out of range.
    #[must_use]
    pub fn after(&self, ticks: Ticks, span: Duration) -> Ticks {
        let ticks_in_span = (span
            .as_nanos()
            .saturating_mul(u128::from(self.ticks_per_nano)))
            >> 32;
        Ticks(
            ticks
                .0
                .saturating_add(u64::try_from(ticks_in_span).unwrap_or(u64::MAX)),
        )
    }

    #[cfg(target_arch = "x86_64")]
    fn calibrate() -> Self {
        if !counter_is_constant() {
            return Self::monotonic();
        }
        let (start_ticks, start_nanos) = simultaneous_readings();
        std::thread::sleep(Duration::from_millis(20));
        let (end_ticks, end_nanos) = simultaneous_readings();
        let ticks = u128::from(end_ticks.saturating_sub(start_ticks));
        let nanos = u128::from(end_nanos.saturating_sub(start_nanos));
        if ticks == 0 || nanos == 0 {
            return Self::monotonic();
        }
        Self {
            source: Source::TimeStampCounter,
            nanos_per_tick: ((nanos << 32) / ticks) as u64,
            ticks_per_nano: ((ticks << 32) / nanos) as u64,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn calibrate() -> Self {
        Self::monotonic()
    }
}

/// The counter and the monotonic clock at the same moment: of several pairs, the one taken fastest,
/// so that an interruption between the two readings does not count.
#[cfg(target_arch = "x86_64")]
fn simultaneous_readings() -> (u64, u64) {
    (0..32)
        .map(|_| {
            let before = read_counter();
            let nanos = monotonic_nanos();
            let after = read_counter();
            (after.wrapping_sub(before), before / 2 + after / 2, nanos)
        })
        .min()
        .map_or((0, 0), |(_, ticks, nanos)| (ticks, nanos))
}

#[cfg(target_arch = "x86_64")]
fn counter_is_constant() -> bool {
    let in_use =
        std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let flags = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let has = |flag: &str| flags.split_whitespace().any(|word| word == flag);
    let kernel_trusts_it = in_use.is_ok_and(|name| matches!(name.trim(), "tsc" | "kvm-clock"));
    kernel_trusts_it && has("constant_tsc") && has("nonstop_tsc")
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn read_counter() -> u64 {
    // SAFETY: `rdtsc` has no preconditions; every x86-64 processor has it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[inline]
fn monotonic_nanos() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    (now.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(now.tv_nsec as u64)
}

/// The time since 1970 in nanoseconds, as exact as `gettimeofday(2)`.
fn microseconds_of_day() -> u64 {
    let now = clock_gettime(ClockId::Realtime);
    let nanos = (now.tv_nsec as u64) / 1000 * 1000;
    (now.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(nanos)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn agrees_with_the_monotonic_clock() {
        let clock = Clock::shared();
        let (instant, ticks) = (Instant::now(), clock.now());
        std::thread::sleep(Duration::from_millis(50));
        let (measured, expected) = (clock.between(ticks, clock.now()), instant.elapsed());
        let difference = measured.abs_diff(expected);
        assert!(
            difference < Duration::from_micros(500),
            "{measured:?} instead of {expected:?}"
        );
    }

    #[test]
    fn jobs_choose_their_clock() {
        assert!(!Clock::of(ClockSource::Monotonic).uses_counter());
        let counter = Clock::of(ClockSource::Counter);
        assert_eq!(counter.uses_counter(), Clock::shared().uses_counter());
        let clock = Clock::of(ClockSource::TimeOfDay);
        let since = clock.now();
        let measured = loop {
            let measured = clock.nanos_between(since, clock.now());
            if measured > 0 {
                break measured;
            }
        };
        assert_eq!(measured % 1000, 0, "{measured}");
    }

    #[test]
    fn never_runs_backwards() {
        for clock in [Clock::shared(), Clock::monotonic()] {
            let mut last = clock.now();
            for _ in 0..10_000 {
                let now = clock.now();
                assert!(now >= last);
                last = now;
            }
        }
    }

    #[test]
    fn adding_and_subtracting_agree() {
        for clock in [Clock::shared(), Clock::monotonic()] {
            let start = clock.now();
            let later = clock.after(start, Duration::from_secs(3600));
            let difference = clock
                .between(start, later)
                .abs_diff(Duration::from_secs(3600));
            assert!(
                difference < Duration::from_micros(10),
                "off by {difference:?}"
            );
            assert_eq!(clock.nanos_between(later, start), 0);
            assert_eq!(clock.after(start, Duration::MAX), Ticks::NEVER);
        }
    }
}
