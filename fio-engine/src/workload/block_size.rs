//! How large the next I/O is.

use crate::job::BlockSizes;

use super::random::AnyTausworthe;

/// Draws the block sizes of one direction.
#[derive(Debug, Clone)]
pub(super) struct SizeSource {
    sizes: Sizes,
    generator: AnyTausworthe,
}

#[derive(Debug, Clone)]
enum Sizes {
    Fixed(u64),
    Range {
        low: u64,
        high: u64,
        unaligned: bool,
    },
    Split {
        /// Sizes and the sum of their share and all shares before, by ascending share.
        entries: Vec<(u64, u32)>,
        /// The smallest size that has a share at all.
        smallest: u64,
    },
}

impl SizeSource {
    pub(super) fn new(sizes: &BlockSizes, unaligned: bool, generator: AnyTausworthe) -> Self {
        let sizes = match sizes {
            BlockSizes::Fixed(size) => Sizes::Fixed(*size),
            BlockSizes::Range(low, high) if low == high => Sizes::Fixed(*low),
            BlockSizes::Range(low, high) => Sizes::Range {
                low: *low,
                high: *high,
                unaligned,
            },
            BlockSizes::Split(entries) => split(entries, if unaligned { 1 } else { sizes.min() }),
        };
        Self { sizes, generator }
    }

    pub(super) fn reseed(&mut self, generator: AnyTausworthe) {
        self.generator = generator;
    }

    /// The size if it is always the same.
    pub(super) const fn fixed(&self) -> Option<u64> {
        match self.sizes {
            Sizes::Fixed(size) => Some(size),
            _ => None,
        }
    }

    /// A size of at most `room` bytes; `None` if even the smallest is larger.
    #[inline]
    pub(super) fn draw(&mut self, room: u64) -> Option<u64> {
        match &self.sizes {
            Sizes::Fixed(size) => (*size <= room).then_some(*size),
            Sizes::Range { low, .. } if *low > room => None,
            Sizes::Range {
                low,
                high,
                unaligned,
            } => loop {
                let mut size = low + self.generator.below(*high as f64);
                if !unaligned {
                    size -= size % low;
                }
                let size = size.min(*high);
                if size <= room {
                    return Some(size);
                }
            },
            Sizes::Split { smallest, .. } if *smallest > room => None,
            Sizes::Split { entries, .. } => loop {
                if let Some(size) = pick(entries, &mut self.generator, room) {
                    return Some(size);
                }
            },
        }
    }
}

/// The entry of a split that the next output stands for, among those that fit. What rounded shares
/// leave of the whole goes to the last one, as in fio.
fn pick(entries: &[(u64, u32)], generator: &mut AnyTausworthe, room: u64) -> Option<u64> {
    let (output, largest) = generator.output();
    let mut fitting = entries.iter().filter(|(size, _)| *size <= room);
    let chosen = fitting.find(|(_, share)| output / u64::from(*share) <= largest / 100);
    chosen
        .or_else(|| entries.last().filter(|(size, _)| *size <= room))
        .map(|entry| entry.0)
}

/// The entries, with sizes that are multiples of `unit`: as in fio, smaller ones where they were not.
fn split(entries: &[(u64, u8)], unit: u64) -> Sizes {
    let mut sorted: Vec<_> = entries.iter().filter(|entry| entry.1 > 0).collect();
    sorted.sort_by_key(|entry| entry.1);
    let mut sum = 0;
    let entries: Vec<_> = sorted
        .iter()
        .map(|&&(size, share)| {
            sum += u32::from(share);
            (size - size % unit, sum)
        })
        .collect();
    let smallest = entries.iter().map(|entry| entry.0).min();
    Sizes::Split {
        entries,
        smallest: smallest.unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workload::Tausworthe;

    fn source(sizes: &BlockSizes, unaligned: bool) -> SizeSource {
        SizeSource::new(
            sizes,
            unaligned,
            AnyTausworthe::Narrow(Tausworthe::new(137)),
        )
    }

    #[test]
    fn split_sizes_are_multiples_of_the_smallest() {
        let sizes = BlockSizes::Split(vec![(5120, 40), (9216, 30), (12288, 30)]);
        for (unaligned, expected) in [(false, [5120, 10240]), (true, [5120, 9216])] {
            let mut source = source(&sizes, unaligned);
            let drawn: BTreeSet<u64> = (0..1000).filter_map(|_| source.draw(1 << 20)).collect();
            assert_eq!(drawn.iter().take(2).copied().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn split_keeps_its_shares() {
        let sizes = BlockSizes::Split(vec![(4096, 50), (8192, 30), (65536, 20), (512, 0)]);
        let mut source = source(&sizes, false);
        let mut counts = [0_u32; 3];
        for _ in 0..100_000 {
            let size = source.draw(1 << 20).expect("room for every size");
            let index = [4096, 8192, 65536].iter().position(|&known| known == size);
            counts[index.expect("a size with a share")] += 1;
        }
        for (count, share) in counts.into_iter().zip([50, 30, 20]) {
            assert!(count.abs_diff(share * 1000) < 700, "{counts:?}");
        }
    }

    #[test]
    fn what_rounded_shares_leave_goes_to_the_largest() {
        let thirds = BlockSizes::Split(vec![(1024, 33), (512, 33), (2048, 33)]);
        let mut source = source(&thirds, false);
        let sizes: Vec<_> = (0..100_000).filter_map(|_| source.draw(4096)).collect();
        assert_eq!(sizes.len(), 100_000);
        let largest = sizes.iter().filter(|&&size| size == 2048).count();
        assert!(largest.abs_diff(34_000) < 600, "{largest}");
    }

    #[test]
    fn range_stays_inside_and_aligned() {
        for unaligned in [false, true] {
            let mut source = source(&BlockSizes::Range(4096, 16384), unaligned);
            for room in (4096..20_000).step_by(7) {
                let size = source.draw(room).expect("room for the smallest");
                assert!((4096..=16384.min(room)).contains(&size));
                assert!(unaligned || size.is_multiple_of(4096));
            }
            assert_eq!(source.draw(4095), None);
        }
    }

    #[test]
    fn a_split_that_cannot_fit_ends() {
        let mut source = source(&BlockSizes::Split(vec![(4096, 60), (8192, 40)]), false);
        assert_eq!(source.draw(5000), Some(4096));
        assert_eq!(source.draw(4000), None);
    }
}
