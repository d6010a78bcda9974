//! In which order a job goes over its files: `random_distribution`, `percentage_random`, …

use super::preconditioning::Preconditioning;
use super::zones::StridedZones;
use crate::direction::PerDirection;
use crate::job::units::number::SizeOrPercent;
use crate::job::value_error::ValueError;

/// Which offset comes next. The default is what `rw` alone says.
///
/// ```
/// use fio_engine::job::{Distribution, JobSpec, Pattern};
///
/// let mut job = JobSpec::new("hot");
/// job.pattern = Pattern::RANDOM_READ;
/// job.order.distribution = Distribution::Zipf { theta: 1.2, center: None };
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OrderOptions {
    /// How popular each block of a file is (`random_distribution`).
    pub distribution: Distribution,
    /// Share of random offsets in a random job, percent 0..=100 (`percentage_random`); the others
    /// continue where the I/O before them ended.
    pub random_percent: PerDirection<u8>,
    /// I/Os for each random offset in a random job (`rw=randread:8`); 0 means none is random.
    pub random_every: u32,
    /// Bytes skipped after each I/O of a sequential job (`rw=read:8k`); may be negative.
    pub stride: i64,
    /// What the I/Os between random offsets do (`rw_sequencer`).
    pub sequencer: Sequencer,
    /// Sequential I/Os have the block sizes of reads and random ones those of writes
    /// (`bs_is_seq_rand`).
    pub sizes_by_order: bool,
    /// Which file the next I/O goes to (`file_service_type`).
    pub file_service: FileService,
    /// I/Os after which the job ends, synchronisations not counted (`number_ios`), for each of its
    /// loops; time-based jobs do not mind. At least 1.
    pub number_of_ios: Option<u64>,
    /// How far the second clone begins behind the first, the third behind the second and so on
    /// (`offset_increment`).
    pub offset_increment: SizeOrPercent,
    /// Bytes to which beginnings given in percent are rounded up (`offset_align`); 0 means the
    /// smallest block size.
    pub begin_alignment: u64,
    /// Zones the job works on one after the other (`zonemode=strided`); `None` means whole files.
    pub zones: Option<StridedZones>,
    /// The job preconditions an SSD (`sprandom`).
    pub preconditioning: Option<Preconditioning>,
}

impl Default for OrderOptions {
    fn default() -> Self {
        Self {
            distribution: Distribution::Uniform,
            random_percent: PerDirection::splat(100),
            random_every: 1,
            stride: 0,
            sequencer: Sequencer::Sequential,
            sizes_by_order: false,
            file_service: FileService::RoundRobin { every: 1 },
            number_of_ios: None,
            offset_increment: SizeOrPercent::Bytes(0),
            begin_alignment: 0,
            zones: None,
            preconditioning: None,
        }
    }
}

/// How popular each block of a file is: `random_distribution`.
///
/// All but the uniform one do without the random map: they choose blocks again on purpose.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Distribution {
    /// All blocks alike.
    Uniform,
    /// The n-th most popular block in proportion to n^−θ.
    Zipf {
        /// θ; not 1.
        theta: f64,
        /// Where the most popular block is, 0.0..=1.0 of the file; `None` means anywhere.
        center: Option<f64>,
    },
    /// A share of 1 − h of the I/Os goes to a share h of the blocks.
    Pareto {
        /// h, between 0 and 1, both excluded.
        power: f64,
        /// Where the most popular block is, 0.0..=1.0 of the file; `None` means anywhere.
        center: Option<f64>,
    },
    /// Normally distributed.
    Normal {
        /// Deviation in percent of the blocks, 0.0..100.0.
        deviation: f64,
        /// Where the mean is, 0.0..=1.0 of the file; `None` means in the middle.
        center: Option<f64>,
    },
    /// Each zone gets its share (`zoned`, `zoned_abs`).
    Zoned(ZoneList),
}

/// Which file of a job the next I/O goes to: `file_service_type`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FileService {
    /// One file after the other, over and over again.
    RoundRobin {
        /// I/Os each file gets in a row, at least 1.
        every: u32,
    },
    /// A file is finished before the next one begins.
    Sequential,
    /// All files alike, at random.
    Random {
        /// I/Os each file gets in a row, at least 1.
        every: u32,
    },
    /// Some files are more popular than others: zipf, pareto or normal.
    Skewed(Distribution),
}

/// Zones of a file, one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneList {
    /// Sizes in percent of the file; they add up to at most 100.
    Percent(Vec<Zone>),
    /// Sizes in bytes.
    Bytes(Vec<Zone>),
}

impl ZoneList {
    /// The zones, whatever their unit.
    #[must_use]
    pub fn zones(&self) -> &[Zone] {
        match self {
            Self::Percent(zones) | Self::Bytes(zones) => zones,
        }
    }
}

/// A zone of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    /// Its share of the I/Os in percent; the shares of all zones add up to 100.
    pub share: u8,
    /// Its size, in percent of the file or in bytes.
    pub size: u64,
}

/// What the I/Os between two random offsets do: `rw_sequencer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequencer {
    /// Each continues where the one before ended.
    Sequential,
    /// Each repeats the offset of the one before.
    Identical,
}

/// Zones a list may have.
pub(in crate::job) const MAX_ZONES: usize = 256;

impl OrderOptions {
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let percents = self.random_percent.iter();
        if percents.into_iter().any(|(_, percent)| *percent > 100) {
            return Err(conflict(
                "random_percent (percentage_random) must be at most 100",
            ));
        }
        if self.number_of_ios == Some(0) {
            return Err(conflict("number_of_ios (number_ios) must be at least 1"));
        }
        if matches!(self.offset_increment, SizeOrPercent::Percent(101..)) {
            return Err(conflict("offset_increment must be at most 100%"));
        }
        self.zones.map_or(Ok(()), |zones| zones.validate())?;
        self.preconditioning.map_or(Ok(()), |one| one.validate())?;
        self.file_service.validate()?;
        self.distribution.validate()
    }
}

impl FileService {
    fn validate(&self) -> Result<(), ValueError> {
        match self {
            Self::Sequential => Ok(()),
            Self::RoundRobin { every } | Self::Random { every } if *every > 0 => Ok(()),
            Self::RoundRobin { .. } | Self::Random { .. } => Err(conflict(
                "a file gets at least 1 I/O in a row (file_service_type)",
            )),
            Self::Skewed(Distribution::Uniform | Distribution::Zoned(_)) => Err(conflict(
                "files are chosen by zipf, pareto or normal (file_service_type)",
            )),
            Self::Skewed(distribution) => distribution.validate(),
        }
    }
}

impl Distribution {
    fn validate(&self) -> Result<(), ValueError> {
        let (holds, rule, center) = match self {
            Self::Uniform => return Ok(()),
            Self::Zoned(list) => return list.validate(),
            Self::Zipf { theta, center } => (
                theta.is_finite() && *theta != 1.0,
                "zipf needs a theta other than 1",
                center,
            ),
            Self::Pareto { power, center } => (
                0.0 < *power && *power < 1.0,
                "pareto needs a power between 0 and 1, both excluded",
                center,
            ),
            Self::Normal { deviation, center } => (
                (0.0..100.0).contains(deviation),
                "normal needs a deviation from 0 up to less than 100",
                center,
            ),
        };
        if !holds {
            return Err(conflict(rule));
        }
        if center.is_some_and(|center| !(0.0..=1.0).contains(&center)) {
            return Err(conflict("the centre of a distribution lies from 0 to 1"));
        }
        Ok(())
    }
}

impl ZoneList {
    fn validate(&self) -> Result<(), ValueError> {
        let zones = self.zones();
        if zones.is_empty() || zones.len() > MAX_ZONES {
            return Err(conflict("a zoned distribution has 1 to 256 zones"));
        }
        if zones.iter().map(|zone| u32::from(zone.share)).sum::<u32>() != 100 {
            return Err(conflict("the shares of the zones must add up to 100%"));
        }
        let sizes = zones.iter().map(|zone| u128::from(zone.size)).sum::<u128>();
        if matches!(self, Self::Percent(_)) && sizes > 100 {
            return Err(conflict("the zones are larger than the file"));
        }
        Ok(())
    }
}

fn conflict(problem: &str) -> ValueError {
    ValueError::Conflict(problem.to_owned())
}
