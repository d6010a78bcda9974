//! Zones a job works on one after the other: `zonemode=strided`.

use crate::job::value_error::ValueError;

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
