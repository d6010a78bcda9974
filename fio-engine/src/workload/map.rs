//! Which blocks of a file a pass has used already.
//!
//! A random job touches each block once per pass: a draw that hits a used block moves on to the
//! next free one. Towards the end of a pass nearly all blocks are used, so that search must not
//! walk them one by one. The map keeps one bit per block and, above it, summary levels with one
//! bit per full word of the level below: 64-fold fewer each, so a search touches at most two words
//! per level.

use std::collections::TryReserveError;

/// A set of used blocks that finds the next free one quickly. fio's counterpart is its `axmap`.
///
/// ```
/// use fio_engine::workload::RandomMap;
///
/// let mut map = RandomMap::new(100)?;
/// map.mark(98, 2);
/// assert_eq!(map.next_free(98), Some(0));
/// # Ok::<(), std::collections::TryReserveError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RandomMap {
    /// All levels one after the other, the blocks' own first; a set bit is used or full.
    words: Vec<u64>,
    /// Where each level begins in `words`; the entry after the last level is the end.
    starts: [usize; MAX_LEVELS + 1],
    levels: usize,
    blocks: u64,
}

const BITS: u64 = u64::BITS as u64;
/// Levels that cover 2⁶⁴ blocks: ⌈64 / 6⌉.
const MAX_LEVELS: usize = 11;

impl RandomMap {
    /// A map of this many free blocks.
    ///
    /// # Errors
    /// The memory, about one bit per block, cannot be had.
    pub fn new(blocks: u64) -> Result<Self, TryReserveError> {
        let mut starts = [0_usize; MAX_LEVELS + 1];
        let mut levels = 0;
        let mut count = blocks.max(1);
        while levels == 0 || count > 1 {
            count = count.div_ceil(BITS);
            // A count that does not fit saturates, and the reservation below then fails.
            let words = usize::try_from(count).unwrap_or(usize::MAX);
            starts[levels + 1] = starts[levels].saturating_add(words);
            levels += 1;
        }
        let mut words = Vec::new();
        words.try_reserve_exact(starts[levels])?;
        words.resize(starts[levels], 0);
        let mut map = Self {
            words,
            starts,
            levels,
            blocks,
        };
        map.close_tails();
        Ok(map)
    }

    /// Number of blocks, used and free.
    #[must_use]
    pub const fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Makes all blocks free again.
    pub fn clear(&mut self) {
        self.words.fill(0);
        self.close_tails();
    }

    /// Whether a block is used; blocks outside the map are.
    #[inline]
    #[must_use]
    pub fn is_used(&self, block: u64) -> bool {
        block >= self.blocks || self.words[(block / BITS) as usize] >> (block % BITS) & 1 == 1
    }

    /// The first free block from `from` on, wrapping at the end; `None` if all are used.
    ///
    /// A `from` outside the map counts as its beginning.
    #[inline]
    #[must_use]
    pub fn next_free(&self, from: u64) -> Option<u64> {
        let from = if from < self.blocks { from } else { 0 };
        let word = self.words[(from / BITS) as usize];
        if word >> (from % BITS) & 1 == 0 {
            return Some(from);
        }
        self.search(from).or_else(|| self.search(0))
    }

    /// Marks up to `count` blocks from `block` on, stopping before the first that is used or
    /// outside the map. Returns how many were marked.
    pub fn mark(&mut self, block: u64, count: u64) -> u64 {
        let mut marked = 0;
        while marked < count && !self.is_used(block + marked) {
            self.mark_one(block + marked);
            marked += 1;
        }
        marked
    }

    /// Marks one block, which must lie inside the map.
    ///
    /// # Panics
    /// If `block` lies beyond the last word of the map.
    #[inline]
    pub fn mark_one(&mut self, block: u64) {
        let word = &mut self.words[(block / BITS) as usize];
        *word |= 1 << (block % BITS);
        if *word == u64::MAX {
            self.close_word(block / BITS);
        }
    }

    /// Tells the levels above that a word of blocks has become full.
    #[cold]
    fn close_word(&mut self, index: u64) {
        let mut position = index;
        for level in 1..self.levels {
            let word = &mut self.words[self.starts[level] + (position / BITS) as usize];
            *word |= 1 << (position % BITS);
            if *word != u64::MAX {
                return;
            }
            position /= BITS;
        }
    }

    /// The first free block from `from` on, without wrapping.
    fn search(&self, from: u64) -> Option<u64> {
        let mut position = from;
        for level in 0..self.levels {
            let index = position / BITS;
            let start = self.starts[level] + index as usize;
            if start >= self.starts[level + 1] {
                return None;
            }
            let free = !self.words[start] & (u64::MAX << (position % BITS));
            if free != 0 {
                return Some(self.descend(level, index * BITS + u64::from(free.trailing_zeros())));
            }
            position = index + 1;
        }
        None
    }

    /// From a free position of a level down to the first free block below it.
    fn descend(&self, level: usize, position: u64) -> u64 {
        (0..level).rev().fold(position, |position, level| {
            let word = self.words[self.starts[level] + position as usize];
            position * BITS + u64::from((!word).trailing_zeros())
        })
    }

    /// Sets the bits of each level that stand for nothing, so that no search finds them.
    fn close_tails(&mut self) {
        let mut count = self.blocks;
        for level in 0..self.levels {
            if count < (self.starts[level + 1] - self.starts[level]) as u64 * BITS {
                let last = self.starts[level + 1] - 1;
                self.words[last] |= u64::MAX << (count % BITS);
            }
            count = count.div_ceil(BITS);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first free block by walking, as the map must find it.
    fn walk(used: &[bool], from: usize) -> Option<u64> {
        let count = used.len();
        (0..count)
            .map(|step| (from + step) % count)
            .find(|&block| !used[block])
            .map(|block| block as u64)
    }

    proptest! {
        #[test]
        fn finds_what_walking_finds(
            count in 1_usize..20_000,
            steps in proptest::collection::vec((any::<u32>(), 1_u64..3000), 1..200),
        ) {
            let mut map = RandomMap::new(count as u64).expect("memory for a small map");
            let mut used = vec![false; count];
            for (position, length) in steps {
                let from = position as usize % count;
                let free = map.next_free(from as u64);
                prop_assert_eq!(free, walk(&used, from));
                let Some(block) = free else { break };
                let marked = map.mark(block, length);
                let tail = &mut used[block as usize..];
                let room = tail.len().min(length as usize);
                let expected = tail[..room].iter().take_while(|used| !**used).count();
                tail[..expected].fill(true);
                prop_assert_eq!(marked, expected as u64);
            }
        }
    }

    #[test]
    fn gives_each_block_once_and_again_after_clearing() {
        for count in [1, 63, 64, 65, 4096, 4097, 300_000] {
            let mut map = RandomMap::new(count).expect("memory for a small map");
            for _ in 0..2 {
                for step in 0..count {
                    let block = map.next_free(step * 7919 % count).expect("a free block");
                    assert!(!map.is_used(block));
                    map.mark_one(block);
                }
                assert_eq!(map.next_free(0), None);
                map.clear();
            }
        }
    }

    #[test]
    fn refuses_what_no_memory_can_hold() {
        assert!(RandomMap::new(u64::MAX).is_err());
    }
}
