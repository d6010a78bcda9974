//! Where a job stands in one of its files.

use crate::direction::{Direction, PerDirection};

use super::distribution::Skew;
use super::lfsr::Lfsr;
use super::map::RandomMap;
use super::preconditioner::Preconditioner;
use super::random::AnyTausworthe;

/// One file of a job: its region, how far sequential I/O got, and which blocks are used.
#[derive(Debug, Clone)]
pub(super) struct FileState {
    pub(super) start: u64,
    pub(super) length: u64,
    /// Where the zone the job is in begins, relative to `start`; 0 if there are none.
    pub(super) zone: u64,
    /// Bytes of a zone in which I/Os begin; `length` if there are none.
    pub(super) range: u64,
    /// Where the next sequential I/O of each direction begins, relative to `start`.
    pub(super) positions: PerDirection<u64>,
    /// Where the last I/O of each direction began, relative to `start`.
    pub(super) last: PerDirection<u64>,
    pub(super) map: Option<RandomMap>,
    /// Draws blocks that are not uniformly distributed.
    pub(super) skew: Option<Box<Skew>>,
    /// Gives the blocks in its own order.
    pub(super) ordered: Option<Box<Ordered>>,
    /// This pass has no further I/O for the file.
    pub(super) done: bool,
    /// Position and length of the block trimmed last, until a write begins there (`trimwrite`).
    pub(super) trimmed: Option<(u64, u64)>,
    /// Number of positions a random offset is drawn from, as the generator's factor.
    pub(super) blocks: PerDirection<f64>,
}

/// What gives the blocks of a file in an order of its own, without a map of those used.
#[derive(Debug, Clone)]
pub(super) enum Ordered {
    /// Each once.
    Register(Lfsr),
    /// Each at least once.
    Preconditioner(Preconditioner),
}

impl Ordered {
    /// The next block; `None` at the end of the pass.
    #[inline]
    pub(super) fn draw(&mut self) -> Option<u64> {
        match self {
            Self::Register(register) => register.draw(),
            Self::Preconditioner(preconditioner) => preconditioner.draw(),
        }
    }

    /// Begins another pass.
    fn restart(&mut self) {
        match self {
            Self::Register(register) => register.restart(),
            Self::Preconditioner(preconditioner) => preconditioner.restart(),
        }
    }
}

impl FileState {
    /// Prepares for another pass over the file.
    pub(super) fn restart(&mut self) {
        self.done = false;
        self.zone = 0;
        self.begin_zone();
    }

    /// Prepares for going over the zone the job is in, or over the whole file if there are none.
    pub(super) fn begin_zone(&mut self) {
        self.positions = PerDirection::splat(self.zone);
        self.last = PerDirection::splat(self.zone);
        self.trimmed = None;
        if let Some(map) = &mut self.map {
            map.clear();
        }
        if let Some(ordered) = &mut self.ordered {
            ordered.restart();
        }
    }

    /// Notes where an I/O was placed.
    #[inline]
    pub(super) fn advance(&mut self, direction: Direction, position: u64, length: u64) {
        self.last[direction] = position;
        self.positions[direction] = position + length;
    }

    /// Notes a write after a trim as fio up to 3.34 does: the next trim waits for a write that begins where
    /// the last one began. None does if the file has been gone over, or its zone, between the two.
    pub(super) fn note_write(&mut self, position: u64) {
        self.trimmed = match self.trimmed {
            Some((trimmed, _)) if trimmed == position => None,
            Some(trimmed) => Some(trimmed),
            None => Some((u64::MAX, 0)),
        };
    }

    /// A random position in blocks of the direction's alignment; `None` if all are used.
    #[inline]
    pub(super) fn uniform_block(
        &self,
        direction: Direction,
        generator: &mut AnyTausworthe,
    ) -> Option<u64> {
        let block = generator.below(self.blocks[direction]);
        match &self.map {
            Some(map) => map.next_free(block),
            None => Some(block),
        }
    }

    /// Marks the blocks of an I/O as used and returns its length, cut to what was free.
    #[inline]
    pub(super) fn claim(&mut self, first: u64, length: u64, unit: u64) -> u64 {
        let Some(map) = &mut self.map else {
            return length;
        };
        let units = length.div_ceil(unit);
        let marked = map.mark(first, units);
        // The bytes behind the last whole block have no bit and so limit nothing.
        let cut = marked < units && first + marked < map.blocks();
        if cut { marked * unit } else { length }
    }
}
