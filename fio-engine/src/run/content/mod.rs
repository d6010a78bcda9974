//! What the buffers of writes contain.
//!
//! Storage may compress or deduplicate what it is given, so buffers are random by default and no
//! two writes are the same. A job may ask for the opposite in exact shares: part of every chunk of a
//! buffer compresses to nearly nothing, or part of the writes repeat what others wrote. fio's
//! generator of contents is not reproduced: the bytes are random either way.

mod duplicates;
mod fill;
mod pattern;
#[cfg(test)]
mod tests;

use duplicates::Duplicates;
pub(crate) use duplicates::WorkingSet;
use fill::Fill;
pub(super) use pattern::check as check_pattern;

use crate::job::{BufferOptions, JobSpec};

/// Bytes between two stamps of [`Change::Scrambled`]: the smallest sector.
const SECTOR: usize = 512;

/// How contents differ from write to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// The job writes nothing, or always the same.
    Unchanged,
    /// Filled once, then stamped anew in every sector.
    Scrambled,
    /// Filled anew for every write.
    Refilled,
}

/// Fills write buffers.
#[derive(Debug)]
pub(super) struct ContentSource {
    change: Change,
    fill: Fill,
    writes: bool,
    seeds: SplitMix,
    /// Present if writes repeat others.
    duplicates: Option<Duplicates>,
}

impl ContentSource {
    /// Contents for the writes of one clone; `working_sets` are those it draws duplicates from.
    ///
    /// # Errors
    /// The message says which file of the pattern cannot be read.
    pub(super) fn new(
        spec: &JobSpec,
        seed: u64,
        working_sets: &[WorkingSet],
    ) -> Result<Self, String> {
        let buffers = &spec.buffers;
        let writes = spec.pattern.write;
        let fill = Fill::new(buffers)?;
        Ok(Self {
            change: if writes {
                change(buffers, &fill, spec.pattern.read)
            } else {
                Change::Unchanged
            },
            fill,
            writes,
            seeds: SplitMix::new(seed),
            duplicates: Duplicates::new(&buffers.dedupe, working_sets),
        })
    }

    /// Fills a buffer before its first use.
    pub(super) fn initialise(&mut self, buffer: &mut [u8]) {
        if self.writes {
            self.fill.fill(buffer, self.seeds.next());
        }
    }

    /// Whether [`prepare`](Self::prepare) does anything.
    pub(super) fn is_unchanged(&self) -> bool {
        self.change == Change::Unchanged
    }

    /// Makes a buffer ready for the write at `offset`.
    #[inline]
    pub(super) fn prepare(&mut self, buffer: &mut [u8], offset: u64) {
        match self.change {
            Change::Unchanged => {}
            Change::Scrambled => {
                let stamp = self.seeds.next() ^ offset;
                for sector in buffer.chunks_mut(SECTOR) {
                    if let Some(start) = sector.first_chunk_mut::<8>() {
                        *start = stamp.to_ne_bytes();
                    }
                }
            }
            Change::Refilled => {
                let seed = match &mut self.duplicates {
                    None => self.seeds.next(),
                    Some(duplicates) => duplicates.next(&mut self.seeds),
                };
                self.fill.fill(buffer, seed);
            }
        }
    }
}

/// Buffers that always hold the same need filling again only where reads have been put into them.
fn change(buffers: &BufferOptions, fill: &Fill, reads: bool) -> Change {
    let shaped = buffers.compress_percent.is_some() || buffers.dedupe.percent.is_some();
    if fill.is_constant() {
        if reads {
            Change::Refilled
        } else {
            Change::Unchanged
        }
    } else if buffers.refills() {
        Change::Refilled
    } else if buffers.scramble && !shaped {
        Change::Scrambled
    } else {
        Change::Unchanged
    }
}

/// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
struct SplitMix {
    state: u64,
}

impl SplitMix {
    const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    #[inline]
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`, which is at least 1 (Lemire: "Fast random integer generation in an
    /// interval", 2019, without its correction of a bias below one in 2^40 here).
    #[inline]
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}
