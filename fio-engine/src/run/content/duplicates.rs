//! Which writes repeat the contents of others.
//!
//! Contents are known by their seed, so that nothing that was written need be kept: a duplicate is
//! made from the same seed again.

use super::SplitMix;
use crate::job::{DedupeMode, DedupeOptions, JobSpec, SizeOrPercent};

/// Contents that duplicates of one clone are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorkingSet {
    seed: u64,
    count: u64,
}

impl WorkingSet {
    /// The set of a clone whose random contents begin with `seed`; where its size is a percentage,
    /// that is of `region_bytes`.
    pub(in crate::run) fn new(spec: &JobSpec, seed: u64, region_bytes: u64) -> Self {
        let size = match spec.size {
            Some(SizeOrPercent::Bytes(bytes)) => bytes,
            _ => region_bytes,
        };
        let share = spec.buffers.dedupe.working_set_percent;
        let bytes = u128::from(size) * u128::from(share) / 100;
        let block = spec.block_sizes.iter().map(|(_, sizes)| sizes.min()).min();
        let count = bytes as u64 / block.unwrap_or(1).max(1);
        Self {
            // Other than the seeds of contents that appear once.
            seed: SplitMix::new(!seed).next(),
            count: count.max(1),
        }
    }

    fn draw(self, random: &mut SplitMix) -> u64 {
        SplitMix::new(self.seed.wrapping_add(random.below(self.count))).next()
    }
}

/// Decides for each write whether it repeats another.
#[derive(Debug)]
pub(super) struct Duplicates {
    /// 0..=100.
    percent: u8,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// The write before, once there is one.
    Last(Option<u64>),
    Sets(Box<[WorkingSet]>),
}

impl Duplicates {
    pub(super) fn new(options: &DedupeOptions, sets: &[WorkingSet]) -> Option<Self> {
        let percent = options.percent.filter(|percent| *percent > 0)?;
        let source = match options.mode {
            DedupeMode::WorkingSet if !sets.is_empty() => Source::Sets(sets.into()),
            _ => Source::Last(None),
        };
        Some(Self { percent, source })
    }

    /// The seed of the next contents.
    #[inline]
    pub(super) fn next(&mut self, random: &mut SplitMix) -> u64 {
        let repeats = random.below(100) < u64::from(self.percent);
        match &mut self.source {
            Source::Last(Some(seed)) if repeats => *seed,
            Source::Last(last) => *last.insert(random.next()),
            Source::Sets(sets) if repeats => {
                let set = random.below(sets.len() as u64) as usize;
                sets[set].draw(random)
            }
            Source::Sets(_) => random.next(),
        }
    }
}
