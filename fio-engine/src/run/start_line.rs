//! Where the jobs of a wave wait for each other before they begin.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Jobs arrive one by one; the supervisor opens the line when all are there.
#[derive(Debug, Default)]
pub(crate) struct StartLine {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    arrived: usize,
    open: bool,
}

impl StartLine {
    /// Counts a job that will not run.
    pub(crate) fn arrive(&self) {
        self.lock().arrived += 1;
        self.changed.notify_all();
    }

    /// Counts a job that is ready, and waits until the line is open.
    pub(crate) fn arrive_and_wait(&self) {
        self.arrive();
        let mut state = self.lock();
        while !state.open {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for `expected` jobs, then lets all of them go.
    pub(crate) fn open_after(&self, expected: usize) {
        let mut state = self.lock();
        while state.arrived < expected {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.open = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
