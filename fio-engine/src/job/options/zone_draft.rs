//! Zones while a section is being read.

use crate::job::spec::JobSpec;
use crate::job::spec::zones::StridedZones;
use crate::job::units::UnitError;
use crate::job::units::number::SizeOrPercent;
use crate::job::value_error::ValueError;

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

impl ZoneDraft {
    /// Puts the zones together and turns what is given in zones into bytes.
    pub(super) fn settle(&self, spec: &mut JobSpec) -> Result<(), ValueError> {
        spec.order.zones = if self.strided {
            if self.size == 0 {
                return Err(conflict("zonemode=strided needs a zonesize"));
            }
            Some(StridedZones {
                size: self.size,
                range: if self.range == 0 {
                    self.size
                } else {
                    self.range
                },
                skip: match self.skip {
                    Amount::Bytes(bytes) => bytes,
                    Amount::Zones(count) => self.bytes(count)?,
                },
            })
        } else if self.size > 0 {
            return Err(conflict("zonesize needs zonemode=strided"));
        } else {
            None
        };
        let bytes = |count: Option<u64>| count.map(|count| self.bytes(count)).transpose();
        let size = bytes(self.job_size)?.map(SizeOrPercent::Bytes);
        let io_size = bytes(self.io_size)?.map(SizeOrPercent::Bytes);
        let offset = bytes(self.offset)?.map(SizeOrPercent::Bytes);
        let increment = bytes(self.offset_increment)?.map(SizeOrPercent::Bytes);
        spec.size = size.or(spec.size);
        spec.io_size = io_size.or(spec.io_size);
        spec.offset = offset.unwrap_or(spec.offset);
        spec.order.offset_increment = increment.unwrap_or(spec.order.offset_increment);
        Ok(())
    }

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
