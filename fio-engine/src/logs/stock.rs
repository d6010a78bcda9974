//! Entries kept in memory until somebody reads them, within a budget of bytes.

use std::fmt;

use super::budget::{LogBudget, Share, bytes_of};
use super::packed::{Pack, PackedPieces, Packer};

/// Entries of every piece but the first: large enough that making one is rare, small enough that
/// little is taken in vain.
const PIECE_ENTRIES: usize = 16 * 1024;

/// Entries in pieces, packed ones first. Pieces never move, so that a full list costs no copy.
pub(super) struct Stock<T> {
    packed: PackedPieces,
    full: Vec<Vec<T>>,
    share: Share,
    /// Entries that found no room.
    lost: u64,
}

impl<T> Stock<T> {
    /// A list without room.
    pub(super) fn new(budget: &LogBudget) -> Self {
        Self {
            packed: PackedPieces::default(),
            full: Vec::new(),
            share: Share::of(budget),
            lost: 0,
        }
    }

    /// An empty piece with room for `entries`, if the budget has it.
    pub(super) fn piece(&mut self, entries: usize) -> Option<Vec<T>> {
        // Once something is missing, so is all that follows: logs have no gaps.
        let free = self.lost == 0 && self.share.take(bytes_of::<T>(entries));
        free.then(|| Vec::with_capacity(entries))
    }

    /// Keeps a piece that [`piece`](Self::piece) gave and returns the next.
    pub(super) fn exchange(&mut self, full: Vec<T>) -> Option<Vec<T>> {
        self.keep(full);
        self.piece(PIECE_ENTRIES)
    }

    /// Keeps the last piece.
    pub(super) fn keep(&mut self, piece: Vec<T>) {
        if !piece.is_empty() {
            self.full.push(piece);
        }
    }

    /// Takes room for an entry that holds so many bytes elsewhere, or counts it as lost.
    pub(super) fn make_room(&mut self, bytes: u64) -> bool {
        let free = self.lost == 0 && self.share.take(bytes);
        self.lost += u64::from(!free);
        free
    }

    /// Counts entries as lost.
    pub(super) const fn lose(&mut self, entries: u64) {
        self.lost += entries;
    }

    /// Those of the entries that are not packed.
    fn unpacked(&self) -> impl Iterator<Item = &T> {
        self.full.iter().flatten()
    }

    pub(super) fn len(&self) -> usize {
        self.full.iter().map(Vec::len).sum::<usize>() + self.packed.entries()
    }

    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }
}

impl<T: Pack + Clone> Stock<T> {
    /// Packs entries behind those that are packed, or counts them as lost.
    pub(super) fn pack(&mut self, entries: &[T], packer: &mut Packer) {
        let count = entries.len() as u64;
        if self.lost > 0 {
            return self.lose(count);
        }
        let piece = packer.pack(entries);
        if self.share.take(piece.len() as u64) {
            self.packed.push(piece, entries.len());
        } else {
            self.lose(count);
        }
    }

    /// All entries in order.
    pub(super) fn values(&self) -> impl Iterator<Item = T> {
        self.packed.values().chain(self.unpacked().cloned())
    }
}

impl<T> fmt::Debug for Stock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Stock")
            .field("entries", &self.len())
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}
