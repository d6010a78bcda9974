//! Lists that grow without moving what they hold, within a budget of bytes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Entries of every piece but the first: large enough that making one is rare, small enough that
/// little is taken in vain.
const CHUNK_ENTRIES: usize = 16 * 1024;

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

/// A list of entries in pieces.
pub(super) struct Chunks<T> {
    full: Vec<Vec<T>>,
    current: Vec<T>,
    budget: LogBudget,
    taken: u64,
    /// Entries that found no room.
    lost: u64,
}

impl<T: Copy + Default> Chunks<T> {
    /// A list with room for `entries` whose memory is there already, not only promised.
    pub(super) fn with_room_for(entries: usize, budget: &LogBudget) -> Self {
        let mut chunks = Self::new(budget);
        if chunks.take(bytes_of::<T>(entries)) {
            chunks.current = vec![T::default(); entries];
            chunks.current.clear();
        }
        chunks
    }
}

impl<T> Chunks<T> {
    /// A list without room.
    pub(super) fn new(budget: &LogBudget) -> Self {
        Self {
            full: Vec::new(),
            current: Vec::new(),
            budget: budget.clone(),
            taken: 0,
            lost: 0,
        }
    }

    /// Appends an entry, or counts it as lost.
    #[inline]
    pub(super) fn push(&mut self, entry: T) {
        if self.current.len() < self.current.capacity() {
            self.current.push(entry);
        } else {
            self.push_to_new_piece(entry);
        }
    }

    /// Appends an entry that holds this many bytes elsewhere.
    pub(super) fn push_with(&mut self, entry: T, bytes_elsewhere: u64) {
        if self.lost == 0 && self.take(bytes_elsewhere) {
            self.push(entry);
        } else {
            self.lost += 1;
        }
    }

    #[cold]
    #[inline(never)]
    fn push_to_new_piece(&mut self, entry: T) {
        // Once something is missing, so is all that follows: logs have no gaps.
        if self.lost > 0 || !self.take(bytes_of::<T>(CHUNK_ENTRIES)) {
            self.lost += 1;
            return;
        }
        let piece = Vec::with_capacity(CHUNK_ENTRIES);
        let full = std::mem::replace(&mut self.current, piece);
        if !full.is_empty() {
            self.full.push(full);
        }
        self.current.push(entry);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.full.iter().flatten().chain(&self.current)
    }

    pub(super) fn len(&self) -> usize {
        self.full.iter().map(Vec::len).sum::<usize>() + self.current.len()
    }

    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    fn take(&mut self, bytes: u64) -> bool {
        let taken = self.budget.take(bytes);
        if taken {
            self.taken += bytes;
        }
        taken
    }
}

fn bytes_of<T>(entries: usize) -> u64 {
    (entries as u64).saturating_mul(size_of::<T>() as u64)
}

impl<T> Drop for Chunks<T> {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

/// What counts is what is listed, not in which pieces.
impl<T: PartialEq> PartialEq for Chunks<T> {
    fn eq(&self, other: &Self) -> bool {
        self.lost == other.lost && self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for Chunks<T> {}

impl<T> fmt::Debug for Chunks<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Chunks")
            .field("entries", &self.len())
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stay_in_order_over_pieces() {
        let budget = LogBudget::default();
        let mut chunks = Chunks::with_room_for(10, &budget);
        let count = 3 * CHUNK_ENTRIES as u64;
        (0..count).for_each(|entry| chunks.push(entry));
        assert!(chunks.iter().copied().eq(0..count));
        assert_eq!((chunks.len() as u64, chunks.lost()), (count, 0));
    }

    #[test]
    fn what_finds_no_room_is_counted_and_room_comes_back() {
        let budget = LogBudget::new(8 * (10 + CHUNK_ENTRIES as u64));
        let mut chunks = Chunks::with_room_for(10, &budget);
        (0..CHUNK_ENTRIES as u64 + 15).for_each(|entry| chunks.push(entry));
        assert_eq!((chunks.len(), chunks.lost()), (CHUNK_ENTRIES + 10, 5));
        assert_eq!(budget.left(), 0);
        budget.give_back(1 << 30);
        chunks.push_with(7, 1);
        (0..3).for_each(|entry| chunks.push(entry));
        assert_eq!((chunks.len(), chunks.lost()), (CHUNK_ENTRIES + 10, 9));
        assert!(budget.take(1 << 30));
        drop(chunks);
        assert_eq!(budget.left(), budget.limit());
    }
}
