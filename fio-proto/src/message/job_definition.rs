//! ADD_JOB and UPDATE_JOB: a job section and its options.

use alloc::vec::Vec;

use zerocopy::little_endian::U32;

use crate::error::DecodeError;
use crate::layout::Dropped;
use crate::reader::Reader;
use crate::version::Revision;

/// A job section and its options, as the revision packs them.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct JobDefinition {
    /// Number of the job's first thread, counted from 1.
    pub thread_number: u32,
    /// Group the job belongs to, counted from 0.
    pub group_id: u32,
    /// The packed options and what follows them.
    pub packed: Vec<u8>,
}

impl JobDefinition {
    /// Reads the payload of an ADD_JOB or UPDATE_JOB.
    ///
    /// # Errors
    /// When it is shorter than the two numbers in front.
    pub fn decode(_: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new("cmd_add_job_pdu", payload);
        Ok(Self {
            thread_number: reader.view::<U32>("thread_number")?.get(),
            group_id: reader.view::<U32>("groupid")?.get(),
            packed: reader.rest().to_vec(),
        })
    }

    /// Appends the payload of an ADD_JOB or UPDATE_JOB.
    pub fn encode(&self, _: Revision, out: &mut Vec<u8>, _: &mut Vec<Dropped>) {
        out.extend_from_slice(&self.thread_number.to_le_bytes());
        out.extend_from_slice(&self.group_id.to_le_bytes());
        out.extend_from_slice(&self.packed);
    }
}
