//! In which order a job goes over its files: `random_distribution`, `percentage_random`, …

use super::error::ValueError;
use crate::direction::PerDirection;

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
pub(super) const MAX_ZONES: usize = 256;

impl OrderOptions {
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let percents = self.random_percent.iter();
        if percents.into_iter().any(|(_, percent)| *percent > 100) {
            return Err(conflict(
                "random_percent (percentage_random) must be at most 100",
            ));
        }
        self.distribution.validate()
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
