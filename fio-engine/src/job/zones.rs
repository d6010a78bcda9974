//! Zones a job works on one after the other: `zonemode=strided`.

use super::draft::Draft;
use super::error::ValueError;
use super::spec::SizeOrPercent;
use super::units::UnitError;

/// A file cut into zones, all but the ranges of them left out.
///
/// A job stays in the range of a zone until it has moved as many bytes as it may there, in whatever
/// order it has, then goes on to the next one, and from the last one to the first. I/Os begin in
/// the range; one that is longer than what is left of it goes beyond.
///
/// ```
/// use fio_engine::job::{JobSpec, StridedZones};
///
/// let mut job = JobSpec::new("samples");
/// // 64 KiB from the beginning of each mebibyte.
/// job.order.zones = Some(StridedZones { size: 64 << 10, range: 64 << 10, skip: 960 << 10 });
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StridedZones {
    /// Bytes moved in a zone before the job goes on to the next one (`zonesize`); at least 1. More
    /// than the range means that it is gone over more than once.
    pub size: u64,
    /// Bytes of a zone in which I/Os begin (`zonerange`); at least 1.
    pub range: u64,
    /// Bytes between the end of one range and the beginning of the next (`zoneskip`).
    pub skip: u64,
}

impl StridedZones {
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        if self.size == 0 || self.range == 0 {
            return Err(ValueError::Conflict(
                "the size (zonesize) and range (zonerange) of zones must be at least 1".to_owned(),
            ));
        }
        Ok(())
    }
}

/// The options of zones while a section is being read. Sizes may be given in zones (`2z`), whose
/// length is known only at its end.
#[derive(Debug, Clone, Default)]
pub(super) struct ZoneDraft {
    pub(super) strided: bool,
    pub(super) size: u64,
    pub(super) range: u64,
    pub(super) skip: Amount,
    /// `size`, `io_size`, `offset` and `offset_increment` where they are given in zones.
    pub(super) job_size: Option<u64>,
    pub(super) io_size: Option<u64>,
    pub(super) offset: Option<u64>,
    pub(super) offset_increment: Option<u64>,
}

/// Bytes or zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    Bytes(u64),
    Zones(u64),
}

impl Default for Amount {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

impl Draft {
    /// Puts the zones together and turns what is given in zones into bytes.
    pub(super) fn settle_zones(&mut self) -> Result<(), ValueError> {
        let zones = &self.zones;
        self.spec.order.zones = if zones.strided {
            if zones.size == 0 {
                return Err(conflict("zonemode=strided needs a zonesize"));
            }
            Some(StridedZones {
                size: zones.size,
                range: if zones.range == 0 {
                    zones.size
                } else {
                    zones.range
                },
                skip: match zones.skip {
                    Amount::Bytes(bytes) => bytes,
                    Amount::Zones(count) => zones.bytes(count)?,
                },
            })
        } else if zones.size > 0 {
            return Err(conflict("zonesize needs zonemode=strided"));
        } else {
            None
        };
        let bytes = |count: Option<u64>| count.map(|count| zones.bytes(count)).transpose();
        let size = bytes(zones.job_size)?.map(SizeOrPercent::Bytes);
        let io_size = bytes(zones.io_size)?.map(SizeOrPercent::Bytes);
        let offset = bytes(zones.offset)?.map(SizeOrPercent::Bytes);
        let increment = bytes(zones.offset_increment)?.map(SizeOrPercent::Bytes);
        let spec = &mut self.spec;
        spec.size = size.or(spec.size);
        spec.io_size = io_size.or(spec.io_size);
        spec.offset = offset.unwrap_or(spec.offset);
        spec.order.offset_increment = increment.unwrap_or(spec.order.offset_increment);
        Ok(())
    }
}

impl ZoneDraft {
    /// So many zones in bytes.
    fn bytes(&self, count: u64) -> Result<u64, ValueError> {
        let text = format!("{count}z");
        if !self.strided {
            return Err(UnitError::Zones(text).into());
        }
        let bytes = count.checked_mul(self.size);
        bytes.ok_or_else(|| UnitError::Overflow(text).into())
    }
}

fn conflict(problem: &str) -> ValueError {
    ValueError::Conflict(problem.to_owned())
}
