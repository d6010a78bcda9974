//! The thread that takes what is left of one CPU.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::Builder;
use std::time::Duration;

use super::calibration::{Page, move_to};
use crate::io::idle_policy::run_when_idle;

/// What one CPU has been idle for. Aligned so that no two of them share a cache line.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Balloon {
    cpu: usize,
    /// What a unit takes.
    unit: Duration,
    units: AtomicU64,
    stop: AtomicBool,
}

impl Balloon {
    /// Begins to do units of work whenever the CPU is idle.
    pub(super) fn start(cpu: usize, unit: Duration) -> io::Result<Arc<Self>> {
        let balloon = Arc::new(Self {
            cpu,
            unit,
            units: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let (told, ready) = mpsc::sync_channel(1);
        let own = Arc::clone(&balloon);
        // Nobody waits for its end: on a busy CPU it could take long until it notices.
        Builder::new()
            .name(format!("fio-idle-{cpu}"))
            .spawn(move || {
                let entered = move_to(cpu).and_then(|()| run_when_idle());
                let failed = entered.is_err();
                let _ = told.send(entered);
                if !failed {
                    own.work();
                }
            })?;
        // A thread that ends without a word panicked, which is a defect.
        ready.recv().map_err(io::Error::other)??;
        Ok(balloon)
    }

    fn work(&self) {
        let mut page = Page::new();
        let mut units = 0;
        while !self.stop.load(Ordering::Relaxed) {
            page.touch();
            units += 1;
            self.units.store(units, Ordering::Relaxed);
        }
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) const fn cpu(&self) -> usize {
        self.cpu
    }

    /// Units done so far.
    pub(super) fn done(&self) -> u64 {
        self.units.load(Ordering::Relaxed)
    }

    /// The share of this time, in percent, that the units done since `before` took.
    pub(super) fn idleness(&self, before: u64, elapsed: Duration) -> f64 {
        if elapsed.is_zero() {
            return 0.0;
        }
        let units = self.done().saturating_sub(before) as f64;
        let idle = 100.0 * units * self.unit.as_secs_f64() / elapsed.as_secs_f64();
        idle.min(100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idleness_is_the_share_of_time_the_units_took() {
        let balloon = Balloon {
            cpu: 0,
            unit: Duration::from_micros(10),
            units: AtomicU64::new(1500),
            stop: AtomicBool::new(false),
        };
        let share =
            |before, milliseconds| balloon.idleness(before, Duration::from_millis(milliseconds));
        assert!((share(500, 20) - 50.0).abs() < 1e-9);
        // A CPU cannot be idle for longer than the time.
        assert!((share(500, 5) - 100.0).abs() < 1e-9);
        assert!(share(1500, 20).abs() < 1e-9);
        assert!(share(500, 0).abs() < 1e-9);
    }
}
