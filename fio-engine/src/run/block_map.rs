//! Where the blocks lie whose trims a job counts (`block_error_percentiles`).

use std::ops::Range;

use crate::direction::Direction;
use crate::job::JobSpec;
use crate::stats::MAX_BLOCKS;
use crate::workload::FileRegion;

/// The blocks of a job, numbered through the regions of its files one after another. Each is as
/// large as its smallest trim, so that a trim takes whole blocks.
#[derive(Debug)]
pub(crate) struct BlockMap {
    block_size: u64,
    files: Vec<FileBlocks>,
    /// Blocks of all files, those included that are too many to be told of.
    total: u64,
}

/// The blocks of a file.
#[derive(Debug)]
struct FileBlocks {
    /// Where the first begins.
    start: u64,
    /// Their numbers.
    numbers: Range<usize>,
}

impl BlockMap {
    /// The blocks of a job with these regions of files; `None` if it does not tell of any.
    pub(crate) fn new(spec: &JobSpec, regions: &[FileRegion]) -> Option<Self> {
        // What a log trims is not known from the job.
        if !spec.errors.by_block || !spec.pattern.trim || spec.replay.replays() {
            return None;
        }
        let block_size = spec.block_sizes[Direction::Trim].min().max(1);
        let (mut total, mut next) = (0_u64, 0);
        let file = |region: &FileRegion| {
            let blocks = region.length.div_ceil(block_size);
            total = total.saturating_add(blocks);
            let known = usize::try_from(blocks).unwrap_or(usize::MAX);
            let numbers = next..next + known.min(MAX_BLOCKS - next);
            next = numbers.end;
            FileBlocks {
                start: region.start,
                numbers,
            }
        };
        Some(Self {
            block_size,
            files: regions.iter().map(file).collect(),
            total,
        })
    }

    /// How many blocks have a number.
    pub(crate) fn len(&self) -> usize {
        self.files.last().map_or(0, |file| file.numbers.end)
    }

    /// What to tell of blocks that have none.
    pub(crate) fn remark(&self) -> Option<String> {
        let (known, total) = (self.len(), self.total);
        (known as u64 != total).then(|| {
            format!(
                "tells of the first {known} of its {total} blocks only (block_error_percentiles); larger \
                 trims or a smaller size would cover all"
            )
        })
    }

    /// The numbered blocks that bytes of a file lie in.
    pub(super) fn numbers(&self, file: usize, bytes: Range<u64>) -> Range<usize> {
        let Some(file) = self.files.get(file) else {
            return 0..0;
        };
        let place = |block: u64| {
            let block = usize::try_from(block).unwrap_or(usize::MAX);
            file.numbers.start + block.min(file.numbers.len())
        };
        let begin = bytes.start.saturating_sub(file.start);
        let end = bytes.end.saturating_sub(file.start);
        place(begin / self.block_size)..place(end.div_ceil(self.block_size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{BlockSizes, Pattern};

    fn map(block_size: u64, regions: &[(u64, u64)]) -> Option<BlockMap> {
        let mut spec = JobSpec::new("trims").pattern(Pattern::TRIM);
        spec.errors.by_block = true;
        spec.block_sizes[Direction::Trim] = BlockSizes::Range(block_size, 4 * block_size);
        let region = |&(start, length): &(u64, u64)| FileRegion {
            start,
            length,
            ..FileRegion::default()
        };
        let regions: Vec<_> = regions.iter().map(region).collect();
        BlockMap::new(&spec, &regions)
    }

    #[test]
    fn files_are_numbered_on_and_every_byte_has_a_block() {
        let map = map(4096, &[(8192, 10_000), (0, 0), (0, 8192)]).expect("blocks");
        assert_eq!((map.len(), map.remark()), (5, None));
        assert_eq!(map.numbers(0, 8192..8193), 0..1);
        assert_eq!(map.numbers(0, 8192 + 4095..8192 + 4097), 0..2);
        assert_eq!(map.numbers(0, 8192..18_192), 0..3);
        assert_eq!(map.numbers(2, 4096..8192), 4..5);
        // Nothing lies outside the regions.
        for (file, bytes) in [(0, 0..8192), (1, 0..4096), (2, 8192..9000), (3, 0..1)] {
            assert!(
                map.numbers(file, bytes.clone()).is_empty(),
                "{file} {bytes:?}"
            );
        }
    }

    #[test]
    fn blocks_that_are_too_many_have_no_number() {
        let map = map(512, &[(0, 512 * 8000), (0, 512 * 8000), (0, u64::MAX)]).expect("blocks");
        assert_eq!(map.len(), 8192);
        assert_eq!(map.numbers(1, 512 * 191..512 * 194), 8191..8192);
        assert!(map.numbers(2, 0..u64::MAX).is_empty());
        let remark = map.remark().expect("they are told of");
        assert!(remark.contains("first 8192 of its"), "{remark}");
    }

    #[test]
    fn jobs_without_trims_have_no_blocks() {
        let mut spec = JobSpec::new("writes").pattern(Pattern::WRITE);
        spec.errors.by_block = true;
        assert!(BlockMap::new(&spec, &[FileRegion::default()]).is_none());
    }
}
