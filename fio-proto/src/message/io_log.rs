//! IOLOG: a log file of a job.

use alloc::vec::Vec;

use crate::error::DecodeError;
use crate::layout::Dropped;
use crate::version::Revision;

/// A log file of a job, as the revision sends it.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct IoLog {
    /// Header and samples.
    pub bytes: Vec<u8>,
}

impl IoLog {
    /// Keeps the payload of an IOLOG.
    ///
    /// # Errors
    /// Never.
    pub fn decode(_: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self {
            bytes: payload.to_vec(),
        })
    }

    /// Appends the payload of an IOLOG.
    pub fn encode(&self, _: Revision, out: &mut Vec<u8>, _: &mut Vec<Dropped>) {
        out.extend_from_slice(&self.bytes);
    }
}
