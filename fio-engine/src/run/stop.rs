//! The way to end a run early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stops a run from any thread.
#[derive(Debug, Clone, Default)]
pub struct StopHandle {
    run: Arc<AtomicBool>,
    /// Set when one clone is to end; `None` in a handle of the whole run.
    clone: Option<Arc<AtomicBool>>,
}

impl StopHandle {
    /// Asks all jobs to end.
    pub fn stop(&self) {
        self.run.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    #[must_use]
    #[inline]
    pub fn is_stopped(&self) -> bool {
        let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        is_set(&self.run) || self.clone.as_deref().is_some_and(is_set)
    }

    /// What a clone looks at, which can also be ended alone.
    pub(crate) fn of_clone(&self, clone: Arc<AtomicBool>) -> Self {
        Self {
            run: self.run.clone(),
            clone: Some(clone),
        }
    }

    /// The flag itself, for code that polls it.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.run
    }
}
