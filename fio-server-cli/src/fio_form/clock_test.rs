//! `--cpuclock-test`: whether the clock of the jobs can be trusted on every CPU.
//!
//! A thread on each CPU takes turns with the others in reading the clock. A time that is before one that another
//! CPU has read would make latencies negative.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use fio_engine::clock::{Clock, Ticks};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::at_once::print;
use crate::exit::{ExitStatus, Failure};

/// How long the clocks are compared.
const LENGTH: Duration = Duration::from_millis(500);

/// Readings under one lock.
const TURN: usize = 100;

/// What one CPU saw.
struct Seen {
    cpu: usize,
    readings: u64,
    backwards: u64,
}

/// Runs the test and prints what came of it.
pub(super) fn run() -> Result<ExitStatus, Failure> {
    let clock = Clock::shared();
    let mut text = format!(
        "cs: reliable_tsc: {}\n",
        if clock.uses_counter() {
            "yes"
        } else {
            "no, jobs read CLOCK_MONOTONIC"
        }
    );
    let cpus = cpus().map_err(|error| Failure::setup(anyhow!(error)))?;
    writeln!(text, "cs: Testing {} CPUs", cpus.len()).expect("a string takes it");
    let seen = compare(&clock, &cpus);
    let mut failures = 0;
    for Seen {
        cpu,
        readings,
        backwards,
    } in seen
    {
        failures += backwards;
        writeln!(
            text,
            "cs: cpu {cpu:>2}: {readings} clocks seen, {backwards} before one of another CPU"
        )
        .expect("a string takes it");
    }
    text += &match failures {
        0 => "cs: Pass!\n".to_owned(),
        failures => format!("cs: Failed: {failures}\n"),
    };
    print(&text)?;
    Ok(if failures > 0 {
        ExitStatus::JobFailed
    } else {
        ExitStatus::Success
    })
}

/// The CPUs this process may use.
fn cpus() -> std::io::Result<Vec<usize>> {
    let allowed = sched_getaffinity(None)?;
    let cpus = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu));
    Ok(cpus.collect())
}

fn compare(clock: &Clock, cpus: &[usize]) -> Vec<Seen> {
    let last = Mutex::new(clock.now());
    let end = Instant::now() + LENGTH;
    thread::scope(|scope| {
        let threads: Vec<_> = cpus
            .iter()
            .map(|cpu| scope.spawn(|| read_on(*cpu, clock, &last, end)))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect()
    })
}

fn read_on(cpu: usize, clock: &Clock, last: &Mutex<Ticks>, end: Instant) -> Seen {
    let mut set = CpuSet::new();
    set.set(cpu);
    // On a CPU that went away meanwhile it reads another one's clock.
    let _ = sched_setaffinity(None, &set);
    let (mut readings, mut backwards) = (0, 0);
    while Instant::now() < end {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..TURN {
            let now = clock.now();
            readings += 1;
            backwards += u64::from(now < *last);
            *last = now.max(*last);
        }
        drop(last);
        thread::yield_now();
    }
    Seen {
        cpu,
        readings,
        backwards,
    }
}
