//! Bytes that logs may take in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that logs may take, shared by all holders of a clone; bytes of logs that are dropped come
/// back.
#[derive(Debug, Clone)]
pub struct LogBudget {
    left: Arc<AtomicU64>,
    limit: u64,
}

impl LogBudget {
    /// A budget of this many bytes.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        Self {
            left: Arc::new(AtomicU64::new(bytes)),
            limit: bytes,
        }
    }

    /// The bytes it began with.
    #[must_use]
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// The bytes not taken now.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: u64) -> bool {
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            })
            .is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Default for LogBudget {
    /// 1 GiB.
    fn default() -> Self {
        Self::new(1 << 30)
    }
}

/// What one list has taken of a budget; it comes back with the list's end.
#[derive(Debug)]
pub(super) struct Share {
    budget: LogBudget,
    taken: u64,
}

impl Share {
    /// Nothing yet.
    pub(super) fn of(budget: &LogBudget) -> Self {
        Self {
            budget: budget.clone(),
            taken: 0,
        }
    }

    /// Takes so many bytes more, or none.
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        let taken = self.budget.take(bytes);
        if taken {
            self.taken += bytes;
        }
        taken
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

/// Bytes of so many entries.
pub(super) fn bytes_of<T>(entries: usize) -> u64 {
    (entries as u64).saturating_mul(size_of::<T>() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_comes_back() {
        let budget = LogBudget::new(100);
        let mut share = Share::of(&budget);
        assert!(share.take(60) && !share.take(41) && share.take(40));
        assert_eq!(budget.left(), 0);
        drop(share);
        assert_eq!(budget.left(), budget.limit());
    }
}
