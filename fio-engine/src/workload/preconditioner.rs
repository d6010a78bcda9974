//! The pass of writes that leaves an SSD as random writes without end do: `sprandom`.
//!
//! An SSD writes into its flash one region after the other and cleans the oldest one when it needs room
//! again. Under random writes without end each region so loses valid blocks the longer ago it was
//! written: of one that a fraction x of the whole flash was written after, e^(−λx) are still valid, where λ
//! solves 1 − e^(−λ) = λ/α, and α is the ratio of the flash to the space users see (P. Desnoyers,
//! "Analytic models of SSD write performance", ACM Transactions on Storage 10 (2014), section 3, cleaning in
//! order of age). The pass writes as many blocks as the flash has and repeats in each region so many blocks
//! of the region before that what it leaves there is that share. Everything else is written for the first
//! time, in the scattered order of a shift register.
//!
//! fio's own numbers and order are not documented; they may be others.

use std::collections::{TryReserveError, VecDeque};

use crate::job::{JobSpec, Preconditioning};

use super::lfsr::Lfsr;
use super::request::{FileRegion, WorkloadError};
use crate::direction::Direction;

/// How a pass over one file is divided.
#[derive(Debug, Clone)]
pub(super) struct PassPlan {
    /// Blocks of the file.
    blocks: u64,
    /// Writes of the pass: the blocks the flash has.
    writes: u64,
    regions: u64,
    /// λ, the rate at which blocks become invalid.
    rate: f64,
    /// Regions between the first write of a block and the one that makes it invalid.
    delay: u64,
}

impl PassPlan {
    /// A plan for a file of so many blocks, at least 1.
    pub(super) fn new(preconditioning: &Preconditioning, blocks: u64) -> Self {
        let spare = blocks as f64 * preconditioning.over_provisioning;
        Self {
            blocks,
            writes: blocks.saturating_add(spare.round() as u64),
            regions: preconditioning.regions.max(1).into(),
            rate: invalidation_rate(1.0 + preconditioning.over_provisioning),
            // A cache shall not hold a block when it is written again.
            delay: if preconditioning.cache_size > 0 { 2 } else { 1 },
        }
    }

    /// Each region has room for a block, and for the device's cache.
    pub(super) fn check(
        &self,
        job: &str,
        preconditioning: &Preconditioning,
        block_size: u64,
    ) -> Result<(), WorkloadError> {
        let needed = block_size.max(preconditioning.cache_size);
        let all = self.writes.saturating_mul(block_size);
        let bytes = (self.writes / self.regions).saturating_mul(block_size);
        if bytes >= needed {
            return Ok(());
        }
        Err(WorkloadError::SmallRegions {
            job: job.to_owned(),
            regions: preconditioning.regions,
            bytes,
            needed,
            most: all / needed,
        })
    }

    /// Writes before a region.
    fn bound(&self, region: u64) -> u64 {
        let bound = u128::from(self.writes) * u128::from(region) / u128::from(self.regions);
        // At most the number of all writes.
        bound as u64
    }

    /// How many of the writes to a region are to be made again; the first one is the oldest.
    fn repeats(&self, region: u64) -> u64 {
        let until = |younger: u64| {
            let fraction = younger as f64 / self.regions as f64;
            (self.writes as f64 * invalid_until(fraction, self.rate)).round() as u64
        };
        let younger = self.regions.saturating_sub(region);
        until(younger).saturating_sub(until(younger.saturating_sub(1)))
    }

    /// The most blocks that wait to be written again.
    fn most_waiting(&self) -> u64 {
        // Rounding may give a region one more than the one before it.
        let regions = 0..=self.delay;
        regions.map(|region| self.repeats(region) + 1).sum()
    }
}

/// Bytes of all writes of a pass over the files.
pub(super) fn bytes_of_pass(
    preconditioning: &Preconditioning,
    spec: &JobSpec,
    regions: &[FileRegion],
) -> u64 {
    let size = spec.block_sizes[Direction::Write].min().max(1);
    let writes = regions
        .iter()
        .map(|region| region.length / size)
        .filter(|&blocks| blocks > 0)
        .map(|blocks| PassPlan::new(preconditioning, blocks).writes);
    writes.fold(0, u64::saturating_add).saturating_mul(size)
}

/// λ for a flash that is `ratio` times as large as what users see of it.
fn invalidation_rate(ratio: f64) -> f64 {
    // 1 − e^(−λ) − λ/α is positive up to the solution, and negative behind it.
    let (mut low, mut high) = (0.0, ratio);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if -(-middle).exp_m1() > middle / ratio {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The invalid part of the youngest `fraction` of the flash, as a fraction of all of it: the integral of
/// 1 − e^(−λx).
fn invalid_until(fraction: f64, rate: f64) -> f64 {
    if rate <= 0.0 {
        return 0.0;
    }
    fraction + (-rate * fraction).exp_m1() / rate
}

/// Gives the blocks of a pass, each at least once.
#[derive(Debug, Clone)]
pub(super) struct Preconditioner {
    plan: PassPlan,
    /// Gives the blocks that were not written yet.
    fresh: Lfsr,
    fresh_left: u64,
    /// Blocks to be written again, by region.
    waiting: VecDeque<u64>,
    /// How many of them the region may write; those of the regions before it, but for the delay.
    due: u64,
    /// How many of them each of the last regions has put there.
    put: [u64; 2],
    region: u64,
    /// Writes to the region so far, and in all.
    written: u64,
    slots: u64,
    /// How many of them are to be made again.
    repeats: u64,
}

impl Preconditioner {
    /// # Errors
    /// There is no memory for the blocks that wait.
    pub(super) fn new(plan: PassPlan, seed: u64) -> Result<Self, TryReserveError> {
        let mut waiting = VecDeque::new();
        let most = usize::try_from(plan.most_waiting()).unwrap_or(usize::MAX);
        waiting.try_reserve_exact(most)?;
        let mut preconditioner = Self {
            fresh: Lfsr::new(plan.blocks, seed),
            fresh_left: 0,
            waiting,
            due: 0,
            put: [0; 2],
            region: 0,
            written: 0,
            slots: 0,
            repeats: 0,
            plan,
        };
        preconditioner.begin();
        Ok(preconditioner)
    }

    /// Begins another pass.
    pub(super) fn restart(&mut self) {
        self.fresh.restart();
        self.begin();
    }

    fn begin(&mut self) {
        self.fresh_left = self.plan.blocks;
        self.waiting.clear();
        self.due = 0;
        self.put = [0; 2];
        self.region = 0;
        self.begin_region();
    }

    fn begin_region(&mut self) {
        let plan = &self.plan;
        self.written = 0;
        self.slots = if self.region + 1 < plan.regions {
            plan.bound(self.region + 1) - plan.bound(self.region)
        } else {
            // Whatever is left; what waits behind the last region has no region of its own.
            self.fresh_left + self.due
        };
        self.repeats = if self.region < plan.regions {
            plan.repeats(self.region).min(self.slots)
        } else {
            0
        };
    }

    /// The next block; `None` at the end of the pass.
    #[inline]
    pub(super) fn draw(&mut self) -> Option<u64> {
        while self.written == self.slots || (self.due == 0 && self.fresh_left == 0) {
            self.leave_region()?;
        }
        let block = if self.due > 0 {
            self.due -= 1;
            self.waiting.pop_front()?
        } else {
            self.fresh_left -= 1;
            self.fresh.draw()?
        };
        if self.is_repeated() {
            self.waiting.push_back(block);
            self.put[0] += 1;
        }
        self.written += 1;
        Some(block)
    }

    /// Whether the write is one of those made again, which lie evenly in the region.
    fn is_repeated(&self) -> bool {
        let before =
            |slot: u64| u128::from(slot) * u128::from(self.repeats) / u128::from(self.slots);
        before(self.written + 1) > before(self.written)
    }

    /// Goes on to the next region; `None` at the end of the pass.
    #[cold]
    fn leave_region(&mut self) -> Option<()> {
        if self.fresh_left == 0 && self.waiting.is_empty() {
            return None;
        }
        // What was due and found no room stays due.
        let [last, before] = self.put;
        if self.plan.delay == 1 {
            self.due += last;
            self.put = [0, 0];
        } else {
            self.due += before;
            self.put = [0, last];
        }
        self.region += 1;
        self.begin_region();
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn preconditioner(one: &Preconditioning, blocks: u64) -> Preconditioner {
        Preconditioner::new(PassPlan::new(one, blocks), 17).expect("memory for a few blocks")
    }

    fn pass(preconditioner: &mut Preconditioner) -> Vec<u64> {
        std::iter::from_fn(|| preconditioner.draw()).collect()
    }

    /// Of each region of the flash, the oldest first, the share of blocks not written again later.
    fn valid_shares(writes: &[u64], blocks: u64, plan: &PassPlan) -> Vec<f64> {
        let mut last = vec![0; blocks as usize];
        for (at, &block) in writes.iter().enumerate() {
            last[block as usize] = at;
        }
        let regions = (0..plan.regions).map(|region| {
            let region = plan.bound(region) as usize..plan.bound(region + 1) as usize;
            let valid = |&at: &usize| last[writes[at] as usize] == at;
            region.clone().filter(valid).count() as f64 / region.len() as f64
        });
        regions.collect()
    }

    /// What random writes without end leave in a flash that cleans its oldest region.
    fn simulated(blocks: u64, ratio: f64, regions: u64) -> Vec<f64> {
        let capacity = (blocks as f64 * ratio) as u64;
        let region = capacity / regions;
        let mut random = crate::workload::Tausworthe::new(5);
        let mut log = VecDeque::new();
        let mut last = vec![u64::MAX; blocks as usize];
        let mut now = 0;
        let mut write = |log: &mut VecDeque<u64>, last: &mut Vec<u64>, block: u64| {
            last[block as usize] = now;
            log.push_back(block);
            now += 1;
        };
        for block in 0..blocks {
            write(&mut log, &mut last, block);
        }
        let mut first = 0;
        for _ in 0..blocks * 20 {
            while log.len() as u64 >= region * regions {
                let block = log.pop_front().expect("it is full");
                if last[block as usize] == first {
                    write(&mut log, &mut last, block);
                }
                first += 1;
            }
            let block = random.below(blocks as f64);
            write(&mut log, &mut last, block);
        }
        let valid =
            |(at, block): (usize, &u64)| u64::from(last[*block as usize] == first + at as u64);
        let valid: Vec<_> = log.iter().enumerate().map(valid).collect();
        let shares = valid.chunks(region as usize);
        let share = |chunk: &[u64]| chunk.iter().sum::<u64>() as f64 / chunk.len() as f64;
        shares.map(share).collect()
    }

    #[test]
    fn regions_are_left_as_random_writes_without_end_leave_them() {
        for over_provisioning in [0.07, 0.15, 0.28, 1.0] {
            let one = Preconditioning {
                regions: 20,
                over_provisioning,
                cache_size: 0,
            };
            let (blocks, ratio) = (100_000, 1.0 + over_provisioning);
            let writes = pass(&mut preconditioner(&one, blocks));
            let ours = valid_shares(&writes, blocks, &PassPlan::new(&one, blocks));
            let expected = simulated(blocks, ratio, 20);
            for (region, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
                assert!(
                    (ours - expected).abs() < 0.03,
                    "{over_provisioning}, region {region}: {ours} instead of {expected}"
                );
            }
        }
    }

    #[test]
    fn a_block_is_written_again_when_no_cache_can_hold_it() {
        let one = Preconditioning {
            regions: 50,
            cache_size: 4096,
            ..Preconditioning::default()
        };
        let writes = pass(&mut preconditioner(&one, 50_000));
        let region = writes.len() / 50;
        let mut last = vec![None; 50_000];
        // Behind the last regions there is no further one.
        for (at, &block) in writes[..region * 48].iter().enumerate() {
            if let Some(before) = last[block as usize].replace(at) {
                assert!(at - before >= region, "{block} at {before} and {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_block_is_written_and_the_flash_filled(
            blocks in 1_u64..5000,
            regions in 1_u32..300,
            over_provisioning in 0.0..4.0,
            cached: bool,
        ) {
            let one = Preconditioning { regions, over_provisioning, cache_size: cached.into() };
            let plan = PassPlan::new(&one, blocks);
            prop_assume!(plan.check("job", &one, 1).is_ok());
            let mut preconditioner = preconditioner(&one, blocks);
            let memory = preconditioner.waiting.capacity();
            let mut count = 0;
            for _ in 0..2 {
                let writes = pass(&mut preconditioner);
                let mut times = vec![0; blocks as usize];
                for &block in &writes {
                    times[block as usize] += 1;
                }
                prop_assert!(times.iter().all(|&times| times > 0));
                // Few regions have no room for as many repeats as much spare space asks for.
                let full = f64::from(regions) > 8.0 * (1.0 + over_provisioning);
                let missing = plan.writes - writes.len() as u64;
                prop_assert!(missing <= plan.regions + u64::from(!full) * plan.writes);
                prop_assert!(count == 0 || count == writes.len());
                count = writes.len();
                preconditioner.restart();
            }
            prop_assert_eq!(preconditioner.waiting.capacity(), memory);
        }
    }
}
