//! DU: what one disk did while the jobs ran.

use alloc::vec::Vec;

use crate::error::DecodeError;
use crate::layout::{DiskAggregate, DiskStats, Dropped};
use crate::reader::Reader;
use crate::version::Revision;

/// What one disk did (fio's `cmd_du_pdu`). Since version 65.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct DiskUtilization {
    /// The disk.
    pub disk: DiskStats,
    /// The disks below it, where it is made of several.
    pub aggregate: DiskAggregate,
}

impl DiskUtilization {
    /// A disk and the disks below it.
    pub const fn new(disk: DiskStats, aggregate: DiskAggregate) -> Self {
        Self { disk, aggregate }
    }

    /// Decodes the payload of DU.
    ///
    /// # Errors
    /// When it is shorter or longer than the two structures.
    pub fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new("cmd_du_pdu", payload);
        let mut decoded = Self::default();
        decoded.disk.read(revision, &mut reader)?;
        decoded.aggregate.read(revision, &mut reader)?;
        reader.finish()?;
        Ok(decoded)
    }

    /// Appends the payload of DU.
    pub fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        self.disk.encode(revision, out, dropped);
        self.aggregate.encode(revision, out, dropped);
    }
}
