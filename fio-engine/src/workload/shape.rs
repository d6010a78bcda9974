//! What the files of a job have in common, and what its options say about directions.

use crate::direction::{Direction, PerDirection};
use crate::job::{Distribution, JobSpec, Preconditioning, RandomGenerator, ZoneList};

use super::distribution::SkewMaker;
use super::file_state::{FileState, Ordered};
use super::lfsr::Lfsr;
use super::map::RandomMap;
use super::preconditioner::{PassPlan, Preconditioner};
use super::random::{RandomRule, Seeds, Stream};
use super::request::{FileRegion, WorkloadError};

/// What all files of a job have in common.
pub(super) struct Shape {
    pub(super) alignments: PerDirection<u64>,
    pub(super) smallest: PerDirection<u64>,
    pub(super) unit: u64,
    /// Bytes a number drawn from a skewed distribution stands for: as in fio, the smallest block size of
    /// reads and writes, also of those the job leaves out, while trims do not count.
    skewed_unit: u64,
    pub(super) mapped: bool,
    /// Offsets are drawn from 64 bits: as the job asks, or because a file has too many blocks.
    pub(super) wide_offsets: bool,
    /// Block sizes are drawn from 64 bits.
    pub(super) wide_sizes: bool,
    /// Random blocks are uniformly distributed.
    pub(super) uniform: bool,
    /// Random blocks come from a shift register, each once per pass.
    pub(super) lfsr: bool,
    /// The pass preconditions an SSD.
    pub(super) preconditioning: Option<Preconditioning>,
    /// Where fio up to 3.34 does not keep to its manual, it is followed.
    pub(super) strays: bool,
    /// The zones of a zoned distribution.
    pub(super) zones: Option<ZoneList>,
    skews: SkewMaker,
}

impl Shape {
    pub(super) fn new(
        spec: &JobSpec,
        regions: &[FileRegion],
        rule: RandomRule,
    ) -> Result<Self, WorkloadError> {
        let smallest =
            PerDirection(Direction::ALL.map(|direction| spec.block_sizes[direction].min()));
        if let Some(direction) = used_directions(spec).find(|&direction| smallest[direction] == 0) {
            return Err(WorkloadError::ZeroBlockSize {
                job: spec.name.clone(),
                direction,
            });
        }
        // fio sizes the map by the smallest block size of all directions, also of those the job
        // leaves out, but counts blocks of the I/O's own direction in it. So where sizes differ,
        // a pass may end early: that is part of the sequence.
        let unit = smallest_of(&smallest.0);
        let largest_region = regions
            .iter()
            .map(|region| region.length)
            .max()
            .unwrap_or(0);
        let used_smallest = used_directions(spec).map(|direction| smallest[direction]);
        let needed = used_smallest.min().unwrap_or(1);
        if largest_region < needed {
            return Err(WorkloadError::NoRoom {
                job: spec.name.clone(),
                block_size: needed,
                largest_region,
            });
        }
        if let Some(zones) = spec.order.zones.filter(|_| spec.pattern.random)
            && zones.range < needed
        {
            return Err(WorkloadError::SmallZones {
                job: spec.name.clone(),
                block_size: needed,
                range: zones.range,
            });
        }
        // As in fio, of directions the job leaves out, too.
        let aligned = Direction::ALL.into_iter().any(|direction| {
            spec.offset_alignment[direction].is_some_and(|bytes| bytes != smallest[direction])
        });
        let distribution = if spec.pattern.random {
            spec.order.distribution.clone()
        } else {
            Distribution::Uniform
        };
        let uniform = distribution == Distribution::Uniform;
        let strays = rule == RandomRule::Before335;
        // fio up to 3.34 draws from the whole file, behind the zone's beginning, and ends its pass
        // where that is behind the end of the file.
        let in_zones = strays && matches!(distribution, Distribution::Zoned(_));
        let lfsr = spec.pattern.random
            && (uniform || in_zones)
            && spec.random_generator == RandomGenerator::Lfsr;
        Ok(Self {
            uniform,
            lfsr,
            preconditioning: spec.order.preconditioning,
            strays,
            skews: SkewMaker::new(&distribution),
            zones: match distribution {
                Distribution::Zoned(zones) => Some(zones),
                _ => None,
            },
            alignments: PerDirection(Direction::ALL.map(|direction| {
                let chosen = spec.offset_alignment[direction].filter(|&bytes| bytes > 0);
                chosen.unwrap_or(smallest[direction]).max(1)
            })),
            smallest,
            unit,
            skewed_unit: smallest_of(&[smallest[Direction::Read], smallest[Direction::Write]]),
            mapped: spec.pattern.random
                && uniform
                && !lfsr
                && spec.order.preconditioning.is_none()
                && !spec.no_random_map
                && !aligned,
            wide_sizes: spec.random_generator == RandomGenerator::Tausworthe64,
            // fio 3.33 draws from 32 bits however many blocks there are.
            wide_offsets: spec.random_generator == RandomGenerator::Tausworthe64
                || rule == RandomRule::Newest && largest_region / unit > u64::from(u32::MAX),
        })
    }

    pub(super) fn file(
        &mut self,
        spec: &JobSpec,
        region: &FileRegion,
        seeds: &Seeds,
    ) -> Result<FileState, WorkloadError> {
        let range = match spec.order.zones {
            // Also where the file ends before the zone does: what is drawn there ends the pass.
            Some(zones) if self.strays => zones.range,
            Some(zones) => zones.range.min(region.length),
            None => region.length,
        };
        let blocks = range / self.unit;
        let map = match self.mapped.then(|| RandomMap::new(blocks)) {
            None => None,
            Some(Ok(map)) => Some(map),
            Some(Err(_)) if spec.soft_random_map => None,
            Some(Err(_)) => {
                return Err(WorkloadError::MapMemory {
                    job: spec.name.clone(),
                    blocks,
                });
            }
        };
        Ok(FileState {
            start: region.start,
            length: region.length,
            zone: 0,
            range,
            positions: PerDirection::splat(0),
            last: PerDirection::splat(0),
            skew: self
                .skews
                .make(
                    match self.strays {
                        true => region.length.div_ceil(self.skewed_unit),
                        false => range.div_ceil(self.skewed_unit),
                    },
                    seeds.of_name(region.name_hash),
                    false,
                )
                .map(Box::new),
            ordered: self.order_of(spec, region, blocks, seeds.of(Stream::Offset))?,
            map,
            done: false,
            trimmed: None,
            blocks: PerDirection(Direction::ALL.map(|direction| {
                let alignment = self.alignments[direction];
                let needed = self.smallest[direction].max(alignment);
                (range.saturating_sub(needed) / alignment + 1) as f64
            })),
        })
    }
}

impl Shape {
    /// Blocks come in an order of their own.
    pub(super) const fn ordered(&self) -> bool {
        self.lfsr || self.preconditioning.is_some()
    }

    fn order_of(
        &self,
        spec: &JobSpec,
        region: &FileRegion,
        blocks: u64,
        seed: u64,
    ) -> Result<Option<Box<Ordered>>, WorkloadError> {
        let ordered = if let Some(preconditioning) = &self.preconditioning {
            let size = self.smallest[Direction::Write];
            let blocks = region.length / size;
            if blocks == 0 {
                return Ok(None);
            }
            let plan = PassPlan::new(preconditioning, blocks);
            plan.check(&spec.name, preconditioning, size)?;
            let preconditioner = Preconditioner::new(plan, seed);
            Ordered::Preconditioner(preconditioner.map_err(|_| WorkloadError::MapMemory {
                job: spec.name.clone(),
                blocks,
            })?)
        } else if self.lfsr && blocks > 0 {
            Ordered::Register(Lfsr::new(blocks, seed))
        } else {
            return Ok(None);
        };
        Ok(Some(Box::new(ordered)))
    }
}

fn smallest_of(sizes: &[u64]) -> u64 {
    let sizes = sizes.iter().copied().filter(|&size| size > 0);
    sizes.min().unwrap_or(1)
}

pub(super) fn used_directions(spec: &JobSpec) -> impl Iterator<Item = Direction> {
    let pattern = spec.pattern;
    let used = [pattern.read, pattern.write, pattern.trim];
    Direction::ALL
        .into_iter()
        .filter(move |direction| used[direction.index()])
}

/// The direction of a job that is not mixed; of `trimwrite` the first of each pair.
pub(super) fn only_direction(spec: &JobSpec) -> Direction {
    if spec.pattern.trim {
        Direction::Trim
    } else if spec.pattern.write {
        Direction::Write
    } else {
        Direction::Read
    }
}

pub(super) fn size_stream(direction: Direction, trim_then_write: bool) -> Stream {
    match direction {
        Direction::Read => Stream::ReadSize,
        Direction::Trim if !trim_then_write => Stream::TrimSize,
        Direction::Write | Direction::Trim => Stream::WriteSize,
    }
}
