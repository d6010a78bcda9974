//! What became of the blocks of a job that trims: `block_error_percentiles`.
//!
//! Each block counts how often it was trimmed until a trim or a write of it failed, so that the
//! whole tells how many trims a device withstands.

use super::Moments;
use super::histogram::rank;
use crate::direction::Direction;

/// Blocks a report can have: those that fit fio's messages (`MAX_NR_BLOCK_INFOS`).
pub const MAX_BLOCKS: usize = 8192;

/// What last became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BlockState {
    /// Neither a trim nor a write of it is over.
    #[default]
    Untouched,
    /// It was trimmed.
    Trimmed,
    /// It was written.
    Written,
    /// A trim of it failed. It stays so.
    TrimFailed,
    /// A write of it failed. It stays so.
    WriteFailed,
}

/// The state of a block and how many trims it has taken, in 32 bits as in fio's `block_infos`: the
/// state in the upper three.
///
/// ```
/// use fio_engine::stats::{BlockInfo, BlockState};
///
/// let info = BlockInfo::from_bits(3 << 29 | 1000).expect("3 is a state");
/// assert_eq!((info.state(), info.trims()), (BlockState::TrimFailed, 1000));
/// assert_eq!(BlockInfo::from_bits(5 << 29), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlockInfo(u32);

/// The states in the order of their numbers.
const STATES: [BlockState; 5] = [
    BlockState::Untouched,
    BlockState::Trimmed,
    BlockState::Written,
    BlockState::TrimFailed,
    BlockState::WriteFailed,
];

/// fio's `BLOCK_INFO_STATE_SHIFT`.
const STATE_SHIFT: u32 = 29;

impl BlockInfo {
    /// More trims count as this many.
    pub const MAX_TRIMS: u32 = (1 << STATE_SHIFT) - 1;

    /// The block these bits stand for; `None` if they have none of the five states.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Option<Self> {
        if bits >> STATE_SHIFT < STATES.len() as u32 {
            Some(Self(bits))
        } else {
            None
        }
    }

    /// As fio has it.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// What last became of it.
    #[must_use]
    pub const fn state(self) -> BlockState {
        STATES[(self.0 >> STATE_SHIFT) as usize]
    }

    /// Trims that succeeded; of a block that failed, those before.
    #[must_use]
    pub const fn trims(self) -> u32 {
        self.0 & Self::MAX_TRIMS
    }

    /// A trim or a write failed.
    #[must_use]
    pub const fn has_failed(self) -> bool {
        matches!(
            self.state(),
            BlockState::TrimFailed | BlockState::WriteFailed
        )
    }

    /// Takes note of an I/O in this direction that is over.
    pub(super) fn note(&mut self, direction: Direction, succeeded: bool) {
        if self.has_failed() {
            return;
        }
        let (state, trims) = match (direction, succeeded) {
            (Direction::Read, _) => return,
            (Direction::Trim, true) => {
                let trims = (self.trims() + 1).min(Self::MAX_TRIMS);
                (BlockState::Trimmed, trims)
            }
            (Direction::Trim, false) => (BlockState::TrimFailed, self.trims()),
            (Direction::Write, true) => (BlockState::Written, self.trims()),
            (Direction::Write, false) => (BlockState::WriteFailed, self.trims()),
        };
        self.0 = (state as u32) << STATE_SHIFT | trims;
    }
}

/// Puts blocks behind others, as many as there may be.
pub(crate) fn append(blocks: &mut Vec<BlockInfo>, more: &[BlockInfo]) {
    let room = MAX_BLOCKS.saturating_sub(blocks.len());
    blocks.extend(more.iter().take(room));
}

/// Blocks by what became of them, and the trims that failed ones had taken.
///
/// ```
/// use fio_engine::stats::{BlockInfo, BlockSummary};
///
/// let bits = [1 << 29 | 8, 3 << 29 | 5, 4 << 29 | 7, 4 << 29 | 5];
/// let blocks: Vec<_> = bits.into_iter().filter_map(BlockInfo::from_bits).collect();
/// let summary = BlockSummary::new(&blocks);
/// assert_eq!((summary.trimmed, summary.trim_failed, summary.write_failed), (1, 1, 2));
/// assert_eq!(summary.percentiles(&[50.0, 100.0]), [5, 7]);
/// assert_eq!(summary.histogram().collect::<Vec<_>>(), [(5, 2), (7, 1)]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockSummary {
    /// Blocks in [`BlockState::Untouched`].
    pub untouched: u64,
    /// Blocks in [`BlockState::Trimmed`].
    pub trimmed: u64,
    /// Blocks in [`BlockState::Written`].
    pub written: u64,
    /// Blocks in [`BlockState::TrimFailed`].
    pub trim_failed: u64,
    /// Blocks in [`BlockState::WriteFailed`].
    pub write_failed: u64,
    /// The trims each block had taken that failed, ascending.
    trims_to_failure: Vec<u32>,
}

impl BlockSummary {
    /// Sums up blocks.
    #[must_use]
    pub fn new(blocks: &[BlockInfo]) -> Self {
        let mut summary = Self::default();
        for block in blocks {
            *match block.state() {
                BlockState::Untouched => &mut summary.untouched,
                BlockState::Trimmed => &mut summary.trimmed,
                BlockState::Written => &mut summary.written,
                BlockState::TrimFailed => &mut summary.trim_failed,
                BlockState::WriteFailed => &mut summary.write_failed,
            } += 1;
        }
        let failed = blocks.iter().filter(|block| block.has_failed());
        summary.trims_to_failure = failed.map(|block| block.trims()).collect();
        summary.trims_to_failure.sort_unstable();
        summary
    }

    /// All blocks.
    #[must_use]
    pub const fn blocks(&self) -> u64 {
        self.untouched + self.trimmed + self.written + self.trim_failed + self.write_failed
    }

    /// Number, extremes, mean and deviation of the trims that failed blocks had taken.
    #[must_use]
    pub fn trims_to_failure(&self) -> Moments {
        let mut moments = Moments::default();
        for trims in &self.trims_to_failure {
            moments.record((*trims).into());
        }
        moments
    }

    /// After how many trims so many percent of the failed blocks had failed, by the rule of
    /// [`Histogram::percentiles`](super::Histogram::percentiles) and exact; zeroes if none has.
    #[must_use]
    pub fn percentiles(&self, percents: &[f64]) -> Vec<u64> {
        let trims = &self.trims_to_failure;
        let at = |percent: &f64| {
            let rank = rank(*percent, trims.len() as u64).max(1) as usize;
            trims.get(rank - 1).copied().unwrap_or(0).into()
        };
        percents.iter().map(at).collect()
    }

    /// Failed blocks by the trims they had taken: the trims, ascending, and the blocks.
    pub fn histogram(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let equal = self.trims_to_failure.chunk_by(|one, other| one == other);
        equal.map(|trims| (trims[0], trims.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(state: u32, trims: u32) -> BlockInfo {
        BlockInfo::from_bits(state << 29 | trims).expect("a state")
    }

    #[test]
    fn states_have_fios_numbers() {
        let numbers = STATES.map(|state| state as usize);
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        for number in 0..8 {
            let known = BlockInfo::from_bits(number << 29 | 7);
            assert_eq!(known.is_some(), number < 5, "{number}");
        }
    }

    #[test]
    fn reads_are_no_matter_to_a_block() {
        let mut info = BlockInfo::default();
        info.note(Direction::Read, true);
        info.note(Direction::Read, false);
        assert_eq!(info, BlockInfo::default());
    }

    #[test]
    fn trims_are_counted_as_far_as_they_fit() {
        let mut info = block(2, BlockInfo::MAX_TRIMS - 1);
        for _ in 0..3 {
            info.note(Direction::Trim, true);
        }
        assert_eq!(info, block(1, BlockInfo::MAX_TRIMS));
        info.note(Direction::Write, false);
        assert_eq!(info, block(4, BlockInfo::MAX_TRIMS));
    }

    #[test]
    fn nothing_has_failed_after_no_trims() {
        let summary = BlockSummary::new(&[block(0, 0), block(1, 3), block(2, 4)]);
        assert_eq!(summary.blocks(), 3);
        assert_eq!(summary.percentiles(&[1.0, 99.0]), [0, 0]);
        assert_eq!(summary.histogram().count(), 0);
        assert_eq!(summary.trims_to_failure().samples, 0);
    }

    fn io() -> impl Strategy<Value = (Direction, bool)> {
        let direction = prop::sample::select(Direction::ALL.to_vec());
        // Failures are rare, or histories would all be short.
        (direction, prop::bool::weighted(0.95))
    }

    proptest! {
        /// The first failure of a trim or a write ends a block's history; up to there every
        /// successful trim counts.
        #[test]
        fn a_block_counts_its_trims_until_it_fails(history in prop::collection::vec(io(), 0..60)) {
            let mut info = BlockInfo::default();
            history.iter().for_each(|(direction, succeeded)| info.note(*direction, *succeeded));

            let changes: Vec<_> =
                history.into_iter().filter(|(direction, _)| *direction != Direction::Read).collect();
            let end = changes.iter().position(|(_, succeeded)| !succeeded);
            let lived = &changes[..end.unwrap_or(changes.len())];
            let trims = lived.iter().filter(|(direction, _)| *direction == Direction::Trim).count();
            prop_assert_eq!(info.trims() as usize, trims);
            let last = end.map(|place| changes[place]).or_else(|| lived.last().copied());
            let expected = match last {
                None => BlockState::Untouched,
                Some((Direction::Trim, true)) => BlockState::Trimmed,
                Some((Direction::Trim, false)) => BlockState::TrimFailed,
                Some((_, true)) => BlockState::Written,
                Some((_, false)) => BlockState::WriteFailed,
            };
            prop_assert_eq!(info.state(), expected);
        }

        #[test]
        fn percentiles_are_those_of_the_sorted_trims(
            trims in prop::collection::vec(0..50_u32, 1..80),
            percent in 0..=100_u32,
        ) {
            let blocks: Vec<_> = trims.iter().map(|trims| block(3 + trims % 2, *trims)).collect();
            let summary = BlockSummary::new(&blocks);
            let value = summary.percentiles(&[percent.into()])[0];
            let up_to = trims.iter().filter(|trims| u64::from(**trims) <= value).count();
            let below = trims.iter().filter(|trims| u64::from(**trims) < value).count();
            let wanted = trims.len() * percent as usize;
            prop_assert!(up_to * 100 >= wanted && (below == 0 || below * 100 < wanted));
            let counted: u64 = summary.histogram().map(|(_, blocks)| blocks).sum();
            prop_assert_eq!(counted, summary.trim_failed + summary.write_failed);
            prop_assert_eq!(summary.trims_to_failure().samples, counted);
        }
    }
}
