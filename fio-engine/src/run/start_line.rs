//! Where the jobs of a wave wait for each other before they begin.
//!
//! Waiting is on bare futexes rather than on a mutex and a condition: woken from a condition, a
//! thousand jobs would take the mutex one after the other, each behind those that already keep
//! every CPU busy, and the last would begin a minute after the first.

use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::futex;

/// Jobs arrive one by one; the supervisor opens the line when all are there.
#[derive(Debug, Default)]
pub(crate) struct StartLine {
    arrived: AtomicU32,
    open: AtomicU32,
}

impl StartLine {
    /// Counts a job that will not run.
    pub(crate) fn arrive(&self) {
        self.arrived.fetch_add(1, Ordering::Release);
        wake_all(&self.arrived);
    }

    /// Counts a job that is ready, and waits until the line is open.
    pub(crate) fn arrive_and_wait(&self) {
        self.arrive();
        while self.open.load(Ordering::Acquire) == 0 {
            wait_while(&self.open, 0);
        }
    }

    /// Waits for `expected` jobs, then lets all of them go.
    pub(crate) fn open_after(&self, expected: usize) {
        loop {
            let arrived = self.arrived.load(Ordering::Acquire);
            if arrived as usize >= expected {
                break;
            }
            wait_while(&self.arrived, arrived);
        }
        self.open.store(1, Ordering::Release);
        wake_all(&self.open);
    }
}

/// Sleeps until somebody wakes those who wait for `cell`, unless it no longer has this value.
fn wait_while(cell: &AtomicU32, value: u32) {
    // A wrong value, a signal or a spurious wake-up are all answered by the caller's next look.
    let _ = futex::wait(cell, futex::Flags::PRIVATE, value, None);
}

fn wake_all(cell: &AtomicU32) {
    // Waking cannot fail for an address of this process.
    let _ = futex::wake(cell, futex::Flags::PRIVATE, i32::MAX as u32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_starts_before_the_last_arrives() {
        let line = StartLine::default();
        let started = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    line.arrive_and_wait();
                    started.fetch_add(1, Ordering::Relaxed);
                });
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
            assert_eq!(started.load(Ordering::Relaxed), 0);
            line.arrive();
            line.open_after(17);
        });
        assert_eq!(started.load(Ordering::Relaxed), 16);
    }
}
