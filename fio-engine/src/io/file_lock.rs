//! Locks that jobs take on files around their I/Os (`lockfile`).
//!
//! A file is known by its device and inode, so that jobs that name it differently exclude each
//! other, too. All jobs of the process share the locks; other processes know nothing of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

/// What else may happen to the file meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Others may have shared access.
    Shared,
    /// Nothing.
    Exclusive,
}

impl Access {
    /// Whether who has this access needs no other for `wanted`.
    pub(super) const fn covers(self, wanted: Self) -> bool {
        matches!(self, Self::Exclusive) || matches!(wanted, Self::Shared)
    }
}

/// The lock of one file. It serves in the order of asking, so that nobody waits for ever.
#[derive(Debug, Default)]
pub(super) struct FileLock {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    sharers: u32,
    is_exclusive: bool,
    /// Numbers as in a queue at a counter: the next one to draw, and the one served next.
    next: u64,
    served: u64,
}

impl State {
    const fn admits(&self, access: Access) -> bool {
        match access {
            Access::Shared => !self.is_exclusive,
            Access::Exclusive => !self.is_exclusive && self.sharers == 0,
        }
    }

    const fn enter(&mut self, access: Access) {
        match access {
            Access::Shared => self.sharers += 1,
            Access::Exclusive => self.is_exclusive = true,
        }
    }
}

impl FileLock {
    /// The lock of the file behind this descriptor.
    ///
    /// # Errors
    /// What `fstat(2)` says.
    pub(super) fn of(file: &File) -> io::Result<Arc<Self>> {
        static LOCKS: Mutex<BTreeMap<(u64, u64), Weak<FileLock>>> = Mutex::new(BTreeMap::new());

        let status = file.metadata()?;
        let mut locks = LOCKS.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| lock.strong_count() > 0);
        let known = locks.entry((status.dev(), status.ino())).or_default();
        Ok(known.upgrade().unwrap_or_else(|| {
            let lock = Arc::default();
            *known = Arc::downgrade(&lock);
            lock
        }))
    }

    /// Waits until the access can be had, after all who asked before, and takes it.
    pub(super) fn acquire(&self, access: Access) {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        let waits = |state: &mut State| state.served != number || !state.admits(access);
        let mut state = self
            .changed
            .wait_while(state, waits)
            .unwrap_or_else(PoisonError::into_inner);
        state.enter(access);
        state.served += 1;
        // Those behind may share it.
        self.changed.notify_all();
    }

    /// Takes the access if that needs no waiting.
    pub(super) fn try_acquire(&self, access: Access) -> bool {
        let mut state = self.state();
        let free = state.next == state.served && state.admits(access);
        if free {
            state.enter(access);
        }
        free
    }

    /// Whether somebody waits for it.
    pub(super) fn is_wanted(&self) -> bool {
        let state = self.state();
        state.next != state.served
    }

    /// Gives back what was acquired.
    pub(super) fn release(&self, access: Access) {
        let mut state = self.state();
        match access {
            Access::Shared => state.sharers -= 1,
            Access::Exclusive => state.is_exclusive = false,
        }
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_lock_whatever_it_is_called() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| folder.path().join(name);
        let one = File::create(path("one")).expect("a writable directory");
        let other = File::create(path("other")).expect("a writable directory");
        std::fs::hard_link(path("one"), path("link")).expect("links");
        let link = File::open(path("link")).expect("a file");
        let lock = |file| FileLock::of(file).expect("an open file");
        assert!(Arc::ptr_eq(&lock(&one), &lock(&one)) || Arc::strong_count(&lock(&one)) == 1);
        let of_one = lock(&one);
        assert!(Arc::ptr_eq(&of_one, &lock(&link)));
        assert!(!Arc::ptr_eq(&of_one, &lock(&other)));
    }

    #[test]
    fn shared_access_is_shared_and_nothing_else() {
        let lock = FileLock::default();
        assert!(lock.try_acquire(Access::Shared));
        assert!(lock.try_acquire(Access::Shared));
        assert!(!lock.try_acquire(Access::Exclusive));
        lock.release(Access::Shared);
        lock.release(Access::Shared);
        assert!(lock.try_acquire(Access::Exclusive));
        assert!(!lock.try_acquire(Access::Shared));
    }

    #[test]
    fn who_asks_first_is_served_first() {
        let lock = FileLock::default();
        lock.acquire(Access::Shared);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                lock.acquire(Access::Exclusive);
                lock.release(Access::Exclusive);
            });
            while !lock.is_wanted() {
                std::thread::yield_now();
            }
            // Sharing would be possible, but would keep the other waiting.
            assert!(!lock.try_acquire(Access::Shared));
            lock.release(Access::Shared);
        });
        assert!(lock.try_acquire(Access::Shared));
    }
}
