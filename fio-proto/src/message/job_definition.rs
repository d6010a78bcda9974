//! ADD_JOB and UPDATE_JOB: a job section and its options.
//!
//! | offset | size | field (`cmd_add_job_pdu`) | meaning |
//! |---|---|---|---|
//! | 0 | 4 | `thread_number` | number of the job's first thread, counted from 1 |
//! | 4 | 4 | `groupid` | group of the job |
//! | 8 | 11 to 26 KB | `top` | [`ThreadOptions`] |
//! | behind | `verify_pattern_bytes` | `patterns` | the pattern verified; since version 99 |
//! | behind | `buffer_pattern_bytes` | `patterns` | the pattern of the buffers; since version 99 |
//!
//! Up to version 97 both patterns are arrays of 512 bytes inside the options.

use alloc::vec::Vec;

use zerocopy::little_endian::U32;

use crate::error::DecodeError;
use crate::layout::{Dropped, ThreadOptions, fields};
use crate::reader::Reader;
use crate::version::{Revision, revisions::V99};

const STRUCTURE: &str = "cmd_add_job_pdu";
/// Bytes in front of the options.
const NUMBERS_SIZE: usize = 8;
/// Bytes a pattern had room for up to version 97.
const PATTERN_ROOM: usize = 512;

/// A job section and its options.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct JobDefinition {
    /// Number of the job's first thread, counted from 1.
    pub thread_number: u32,
    /// Group the job belongs to, counted from 0.
    pub group_id: u32,
    /// The options. Its patterns are complete in every version, wherever they travelled.
    pub options: ThreadOptions,
}

impl JobDefinition {
    /// A job with the given options.
    pub const fn new(thread_number: u32, group_id: u32, options: ThreadOptions) -> Self {
        Self {
            thread_number,
            group_id,
            options,
        }
    }

    /// Reads the payload of an ADD_JOB or UPDATE_JOB.
    ///
    /// Where the version has two layouts of different length, fio 3.1's and 3.2's for one, the length of
    /// the payload counts for more than the variant of `revision`.
    ///
    /// # Errors
    /// When it is shorter or longer than the options and the patterns they announce.
    pub fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        let revision = variant_of_length(revision, payload.len());
        let mut reader = Reader::new(STRUCTURE, payload);
        let mut job = Self {
            thread_number: reader.view::<U32>("thread_number")?.get(),
            group_id: reader.view::<U32>("groupid")?.get(),
            options: ThreadOptions::default(),
        };
        job.options.read(revision, &mut reader)?;
        job.read_patterns(revision, &mut reader)?;
        reader.finish()?;
        Ok(job)
    }

    fn read_patterns(
        &mut self,
        revision: Revision,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        let options = &mut self.options;
        for (pattern, bytes) in [
            (
                &mut options.verify_pattern,
                &mut options.verify_pattern_bytes,
            ),
            (
                &mut options.buffer_pattern,
                &mut options.buffer_pattern_bytes,
            ),
        ] {
            let length = usize::try_from(*bytes).unwrap_or(usize::MAX);
            if revision < V99 {
                // The array has no zeroes at its end, the pattern may.
                let length = length.min(PATTERN_ROOM);
                pattern.resize(length, 0);
                *bytes = u32::try_from(length).unwrap_or(u32::MAX);
            } else {
                *pattern = reader.take("patterns", length)?.to_vec();
            }
        }
        Ok(())
    }

    /// Appends the payload of an ADD_JOB or UPDATE_JOB. The lengths of the patterns are sent as they are,
    /// whatever the options say.
    pub fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        out.extend_from_slice(&self.thread_number.to_le_bytes());
        out.extend_from_slice(&self.group_id.to_le_bytes());
        let options = &self.options;
        let (start, reported) = (out.len(), dropped.len());
        options.encode(revision, out, dropped);
        let fit = |pattern: &Vec<u8>| match revision {
            revision if revision < V99 => pattern.len().min(PATTERN_ROOM),
            _ => pattern.len(),
        };
        for (field, pattern) in [
            ("verify_pattern_bytes", &options.verify_pattern),
            ("buffer_pattern_bytes", &options.buffer_pattern),
        ] {
            let length = u32::try_from(fit(pattern)).unwrap_or(u32::MAX);
            overwrite(
                revision,
                field,
                length,
                out.get_mut(start..).unwrap_or_default(),
            );
        }
        if revision >= V99 {
            out.extend_from_slice(&options.verify_pattern);
            out.extend_from_slice(&options.buffer_pattern);
            let here = ["verify_pattern", "buffer_pattern"];
            let mut index = 0_usize;
            dropped.retain(|dropped| {
                index = index.saturating_add(1);
                index <= reported || !here.contains(&dropped.field)
            });
        }
    }
}

/// The variant of the revision's version whose options fill `payload_len`; `revision` itself if it
/// does, or if none does.
pub(crate) fn variant_of_length(revision: Revision, payload_len: usize) -> Revision {
    let fills = |revision: &Revision| {
        ThreadOptions::size(*revision).saturating_add(NUMBERS_SIZE) == payload_len
    };
    let mut variants = Revision::all().filter(|other| other.version() == revision.version());
    match fills(&revision) {
        true => revision,
        false => variants.find(fills).unwrap_or(revision),
    }
}

/// Overwrites a number among encoded options.
fn overwrite(revision: Revision, field: &str, value: u32, options: &mut [u8]) {
    let place = fields(ThreadOptions::ROWS, revision).find(|(_, row)| row.field == field);
    let slot = place
        .and_then(|(offset, row)| options.get_mut(offset..offset.saturating_add(row.shape.size())));
    if let Some(slot) = slot {
        slot.copy_from_slice(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::layout::DropReason;
    use crate::version::revisions::*;

    fn job() -> JobDefinition {
        let options = ThreadOptions {
            name: "patterned".into(),
            verify_pattern: vec![0xde, 0xad, 0],
            verify_pattern_bytes: 3,
            buffer_pattern: vec![7; 600],
            buffer_pattern_bytes: 600,
            flow: -3,
            ..ThreadOptions::default()
        };
        JobDefinition::new(1, 2, options)
    }

    fn encode(job: &JobDefinition, revision: Revision) -> (Vec<u8>, Vec<Dropped>) {
        let (mut bytes, mut dropped) = (Vec::new(), Vec::new());
        job.encode(revision, &mut bytes, &mut dropped);
        (bytes, dropped)
    }

    #[test]
    fn patterns_follow_the_options_since_version_99() {
        for revision in [V99, V107, V121] {
            let (bytes, dropped) = encode(&job(), revision);
            assert_eq!(dropped, []);
            assert_eq!(bytes.len(), 8 + ThreadOptions::size(revision) + 3 + 600);
            assert_eq!(bytes[bytes.len() - 603..][..4], [0xde, 0xad, 0, 7]);
            assert_eq!(JobDefinition::decode(revision, &bytes), Ok(job()));
        }
    }

    #[test]
    fn patterns_are_inside_the_options_before() {
        for revision in [V65, V97] {
            let (bytes, dropped) = encode(&job(), revision);
            let cut = Dropped::new("thread_options_pack", "buffer_pattern", DropReason::CutOff);
            assert_eq!(dropped, [cut]);
            assert_eq!(bytes.len(), 8 + ThreadOptions::size(revision));
            let mut expected = job();
            expected.options.buffer_pattern = vec![7; 512];
            expected.options.buffer_pattern_bytes = 512;
            assert_eq!(JobDefinition::decode(revision, &bytes), Ok(expected));
        }
    }

    #[test]
    fn hostile_pattern_lengths_are_refused_or_bounded() {
        for revision in Revision::all().filter(|revision| *revision > Revision::V1) {
            let (mut bytes, _) = encode(&JobDefinition::default(), revision);
            overwrite(revision, "verify_pattern_bytes", u32::MAX, &mut bytes[8..]);
            let decoded = JobDefinition::decode(revision, &bytes);
            if revision < V99 {
                let options = decoded.unwrap().options;
                assert_eq!(options.verify_pattern.len(), 512);
                assert_eq!(options.verify_pattern_bytes, 512);
            } else {
                let needed = usize::try_from(u32::MAX).unwrap();
                let (offset, got) = (bytes.len(), 0);
                let (structure, field) = (STRUCTURE, "patterns");
                let truncated = DecodeError::Truncated {
                    structure,
                    field,
                    offset,
                    needed,
                    got,
                };
                assert_eq!(decoded, Err(truncated));
            }
        }
    }

    #[test]
    fn the_length_tells_variants_apart() {
        for (sent, believed) in [(V66_FIO_3_1, V66), (V66, V66_FIO_3_1), (V65_FIO_2_99, V65)] {
            let mut job = job();
            job.options.buffer_pattern.truncate(512);
            job.options.buffer_pattern_bytes = 512;
            let (bytes, dropped) = encode(&job, sent);
            assert_eq!(dropped, []);
            assert_eq!(JobDefinition::decode(believed, &bytes), Ok(job), "{sent}");
        }
    }

    #[test]
    fn short_and_long_payloads_are_refused() {
        for revision in Revision::all().filter(|revision| *revision > Revision::V1) {
            let (mut bytes, _) = encode(&job(), revision);
            for length in [0, 3, 7, 8, 4000, bytes.len() - 1] {
                let decoded = JobDefinition::decode(revision, &bytes[..length]);
                let refused = matches!(decoded, Err(DecodeError::Truncated { .. }));
                // Two bytes less than fio 3.2's options are not fio 3.1's.
                assert!(refused, "{revision}, {length} bytes");
            }
            bytes.push(0);
            let decoded = JobDefinition::decode(revision, &bytes);
            assert!(
                matches!(decoded, Err(DecodeError::TrailingBytes { got: 1, .. })),
                "{revision}"
            );
        }
    }
}
