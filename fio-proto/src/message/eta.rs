//! ETA: how far the jobs are, and a letter for the state of each thread.
//!
//! The states are a string behind `jobs_eta`. In version 1 they start inside that structure, at offset
//! 68 where the compiler left 4 bytes of padding, and the message is 72 bytes and one per thread long.

use alloc::vec::Vec;

use crate::byte_string::{ByteString, until_nul};
use crate::error::DecodeError;
use crate::layout::{Dropped, JobsEta};
use crate::reader::Reader;
use crate::version::Revision;

/// The most threads a server of version 1 has (`REAL_MAX_JOBS`): what a count of threads can make a
/// message grow to.
const MAX_THREADS: usize = 2048;

/// How far the jobs are.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Eta {
    /// The figures.
    pub status: JobsEta,
    /// A letter per thread (`run_str`): `P` not started, `R` reading, `w` writing at random, `_` gone
    /// and so on, as fio's manual page has them.
    pub thread_states: ByteString,
}

impl Eta {
    /// Figures and states.
    pub fn new(status: JobsEta, thread_states: impl Into<ByteString>) -> Self {
        Self {
            status,
            thread_states: thread_states.into(),
        }
    }

    pub(super) fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut status = JobsEta::default();
        status.read(revision, &mut Reader::new(JobsEta::C_NAME, payload))?;
        let states = payload.get(states_offset(revision)..).unwrap_or_default();
        Ok(Self {
            status,
            thread_states: ByteString::from_padded(states),
        })
    }

    pub(super) fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        let start = out.len();
        self.status.encode(revision, out, dropped);
        let states = until_nul(&self.thread_states);
        let threads = usize::try_from(self.status.threads)
            .unwrap_or(MAX_THREADS)
            .min(MAX_THREADS);
        out.resize(out.len().saturating_add(threads.max(states.len())), 0);
        let offset = start.saturating_add(states_offset(revision));
        let room = out.get_mut(offset..).unwrap_or_default();
        room.iter_mut()
            .zip(states)
            .for_each(|(slot, state)| *slot = *state);
    }
}

/// Where the states start in the message.
pub(crate) fn states_offset(revision: Revision) -> usize {
    let padding = if revision == Revision::V1 { 4 } else { 0 };
    JobsEta::size(revision).saturating_sub(padding)
}
