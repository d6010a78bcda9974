//! ETA: how far the jobs are, and a letter for the state of each thread.
//!
//! The states are a string behind `jobs_eta` (`run_str`). Since version 65 equal neighbours are counted,
//! `_(1),W(3)`, and nothing follows the structure when there are no jobs. In version 1 there is a letter
//! per thread; they start inside the structure, at offset 68 where the compiler left 4 bytes of padding,
//! and the message is 72 bytes and one per thread long.

use alloc::format;
use alloc::vec::Vec;

use crate::byte_string::{ByteString, until_nul};
use crate::error::DecodeError;
use crate::layout::{Dropped, JobsEta};
use crate::reader::Reader;
use crate::version::Revision;

/// The most threads a server of version 1 has (`REAL_MAX_JOBS`): what a count of threads can make a
/// message grow to.
const MAX_THREADS: usize = 2048;

/// The most threads a server has since version 65: what counted letters can make a text grow to.
const MAX_LETTERS: usize = 4096;

/// How far the jobs are.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Eta {
    /// The figures.
    pub status: JobsEta,
    /// A letter per thread: `P` not started, `R` reading, `w` writing at random, `_` gone and so on, as
    /// fio's manual page has them. Letters travel counted since version 65, which is undone here for
    /// the first 4096.
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

    /// Reads the payload of an ETA.
    ///
    /// # Errors
    /// When it is shorter than the structure.
    pub fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut status = JobsEta::default();
        status.read(revision, &mut Reader::new(JobsEta::C_NAME, payload))?;
        let states = until_nul(payload.get(states_offset(revision)..).unwrap_or_default());
        let thread_states = if revision == Revision::V1 {
            states.into()
        } else {
            spread(states)
        };
        Ok(Self {
            status,
            thread_states,
        })
    }

    /// Appends the payload of an ETA.
    pub fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        let start = out.len();
        self.status.encode(revision, out, dropped);
        let states = until_nul(&self.thread_states);
        if revision != Revision::V1 {
            if !states.is_empty() {
                count_into(states, out);
                out.push(0);
            }
            return;
        }
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

/// `_(1),W(3)` as `_WWW`. What is not of that form is taken as it is, but not more of it.
fn spread(counted: &[u8]) -> ByteString {
    let mut letters = Vec::new();
    for part in counted.split(|&byte| byte == b',') {
        let run = part
            .split_first()
            .and_then(|(letter, rest)| {
                Some((*letter, rest.strip_prefix(b"(")?.strip_suffix(b")")?))
            })
            .and_then(|(letter, count)| {
                Some((letter, core::str::from_utf8(count).ok()?.parse().ok()?))
            });
        match run {
            Some((letter, count)) => {
                let room = MAX_LETTERS.saturating_sub(letters.len()).min(count);
                letters.resize(letters.len().saturating_add(room), letter);
            }
            None => return counted.get(..MAX_LETTERS).unwrap_or(counted).into(),
        }
    }
    letters.into()
}

/// `_WWW` as `_(1),W(3)`. No thread is in a state `,`: what has one was taken as it is, and goes so.
fn count_into(letters: &[u8], out: &mut Vec<u8>) {
    if letters.contains(&b',') {
        return out.extend_from_slice(letters);
    }
    for (index, run) in letters.chunk_by(|a, b| a == b).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend(run.first());
        out.extend_from_slice(format!("({})", run.len()).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted_and_spread() {
        for (letters, counted) in [("_WWW", "_(1),W(3)"), ("r", "r(1)"), ("", "")] {
            let mut out = Vec::new();
            count_into(letters.as_bytes(), &mut out);
            assert_eq!(out, counted.as_bytes());
            assert_eq!(spread(counted.as_bytes()), letters);
        }
    }

    #[test]
    fn hostile_counts_stay_small() {
        assert_eq!(spread(b"R(4000000000),W(3)").len(), MAX_LETTERS);
        assert_eq!(
            spread(b"R(99999999999999999999999)"),
            "R(99999999999999999999999)"
        );
        assert_eq!(spread(b"RRP"), "RRP");
        assert_eq!(spread(&[b'R'; 5000]).len(), MAX_LETTERS);
    }

    #[test]
    fn what_is_taken_as_it_is_goes_as_it_is() {
        for text in [",4", "R(x),W(3)", "R(99999999999999999999)", "(1)", "R,"] {
            let mut out = Vec::new();
            count_into(&spread(text.as_bytes()), &mut out);
            assert_eq!(spread(&out), text);
        }
    }
}
