//! VTRIGGER's answer: where every verifying thread is.

use alloc::vec::Vec;

use crate::error::DecodeError;
use crate::layout::Dropped;
use crate::version::Revision;

/// Where every verifying thread is (fio's `all_io_list`), as the revision sends it.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct VerifyState {
    /// The records of all threads.
    pub bytes: Vec<u8>,
}

impl VerifyState {
    /// Keeps the payload of a VTRIGGER from a server.
    ///
    /// # Errors
    /// Never.
    pub fn decode(_: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self {
            bytes: payload.to_vec(),
        })
    }

    /// Appends the payload of a VTRIGGER to a client.
    pub fn encode(&self, _: Revision, out: &mut Vec<u8>, _: &mut Vec<Dropped>) {
        out.extend_from_slice(&self.bytes);
    }
}
