//! JOBLINE: words of a command line.
//!
//! | offset | size | field (`cmd_line_pdu`, since version 65) | meaning |
//! |---|---|---|---|
//! | 0 | 2 | `lines` | number of words |
//! | 2 | 2 | `client_type` | [`ClientType`] |
//! | 4 | … | `options` | per word two bytes of length, its NUL included, and the word with its NUL |
//!
//! | offset | size | field (`cmd_line_pdu`, version 1) | meaning |
//! |---|---|---|---|
//! | 0 | 2 | `argc` | number of words |
//! | 2 | 128 × 64 | `argv` | the words, each NUL-terminated in 64 bytes; unused ones unspecified |
//!
//! In version 1 always 8194 bytes. fio's own client leaves the unused bytes uninitialised and lets a
//! word of 64 bytes or more run into the next; this crate always sends zeros there and refuses such
//! words.

use alloc::vec::Vec;

use zerocopy::little_endian::U16;

use super::job::{ClientType, JobText, counted};
use crate::byte_string::ByteString;
use crate::error::{DecodeError, EncodeError};
use crate::layout::{DropReason, Dropped};
use crate::reader::Reader;
use crate::version::Revision;

/// Words one JOBLINE of version 1 can carry (`FIO_NET_CMD_JOBLINE_ARGV`).
pub const MAX_WORDS: usize = 128;
/// Bytes of a word's slot in version 1, its NUL included.
pub const WORD_SIZE: usize = 64;
/// Words, and bytes of a word with its NUL, that later versions can count.
const COUNTABLE: usize = 65535;

const STRUCTURE: &str = "cmd_line_pdu";

/// Words of a command line, the program's name first.
///
/// A stock server of version 1 does not start reading at word 1 but at the number of words it was
/// itself started with; see [`padded_for`](Self::padded_for).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct JobLine {
    /// The words.
    pub words: Vec<ByteString>,
    /// What kind of client sends them. Version 1 does not say.
    pub client_type: ClientType,
}

impl JobLine {
    /// A line of `fio` and the given words, from a command-line client.
    pub fn new<W: Into<ByteString>>(options: impl IntoIterator<Item = W>) -> Self {
        let mut words = Vec::from([ByteString::from("fio")]);
        words.extend(options.into_iter().map(Into::into));
        Self {
            words,
            client_type: ClientType::COMMAND_LINE,
        }
    }

    /// A line that says the same as a job file: `--name=SECTION` for each section, `--name=global` for
    /// `[global]`, and `--OPTION=VALUE` for each option behind it, without comments.
    ///
    /// Servers of fio 3.22, the only release of version 84, die of every JOB and understand this. Files named
    /// by `include` must have been put in their place.
    #[must_use]
    pub fn of_job_file(job: &JobText) -> Self {
        let lines = job.text.split(|byte| *byte == b'\n');
        let said = lines.filter_map(|line| {
            let comment = |byte: &u8| matches!(byte, b'#' | b';');
            let said = line.split(comment).next()?.trim_ascii();
            (!said.is_empty()).then_some(said)
        });
        let words = said.map(|said| {
            let section = said
                .strip_prefix(b"[")
                .and_then(|rest| rest.strip_suffix(b"]"));
            let mut parts = said.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
            let word = match (section, parts.next(), parts.next()) {
                (Some(name), ..) => [b"--name=", name].concat(),
                (None, Some(option), Some(value)) => [b"--", option, b"=", value].concat(),
                (None, ..) => [b"--", said].concat(),
            };
            ByteString::from(word)
        });
        Self {
            client_type: job.client_type,
            ..Self::new(words)
        }
    }

    /// The same line for a stock server of version 1 that was started with `server_words` words,
    /// program name included (`fio --server` is 2): such a server skips as many words, so the line is
    /// filled up with ones it never looks at. Any other server would take them for job files.
    #[must_use]
    pub fn padded_for(mut self, server_words: usize) -> Self {
        let filler = core::iter::repeat_n(ByteString::from("fio"), server_words.saturating_sub(1));
        let at = self.words.len().min(1);
        self.words.splice(at..at, filler);
        self
    }

    /// Reads the payload of a JOBLINE.
    ///
    /// # Errors
    /// When there are fewer bytes than words, a word without its NUL, or, in version 1, more words
    /// than slots.
    pub fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(STRUCTURE, payload);
        if revision == Revision::V1 {
            return Self::decode_slots(&mut reader);
        }
        let lines = reader.view::<U16>("lines")?.get();
        let client_type = ClientType(reader.view::<U16>("client_type")?.get().into());
        let words = (0..lines).map(|_| {
            let offset = reader.offset();
            let length = reader.view::<U16>("options.len")?.get().into();
            let word = counted(&mut reader, STRUCTURE, "options.len", offset, length)?;
            terminated(word, "options.text", offset.saturating_add(2))
        });
        Ok(Self {
            words: words.collect::<Result<_, _>>()?,
            client_type,
        })
    }

    fn decode_slots(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let argc = reader.view::<U16>("argc")?.get();
        if usize::from(argc) > MAX_WORDS {
            return Err(DecodeError::OutOfRange {
                structure: STRUCTURE,
                field: "argc",
                offset: 0,
                value: argc.into(),
                limit: MAX_WORDS.try_into().unwrap_or(u64::MAX),
            });
        }
        let words = (0..argc).map(|_| {
            let offset = reader.offset();
            terminated(reader.take("argv", WORD_SIZE)?, "argv", offset)
        });
        Ok(Self {
            words: words.collect::<Result<_, _>>()?,
            client_type: ClientType::COMMAND_LINE,
        })
    }

    /// Appends the payload of a JOBLINE.
    ///
    /// # Errors
    /// When there are more words than fit, or one that is too long or has a NUL: in version 1 128
    /// words of 63 bytes fit, later 65535 words of 65534 bytes.
    pub fn encode(
        &self,
        revision: Revision,
        out: &mut Vec<u8>,
        dropped: &mut Vec<Dropped>,
    ) -> Result<(), EncodeError> {
        if revision == Revision::V1 {
            out.extend_from_slice(&self.count(MAX_WORDS, WORD_SIZE)?.to_le_bytes());
            self.encode_slots(out);
            if self.client_type != ClientType::COMMAND_LINE {
                dropped.push(Dropped::new(STRUCTURE, "client_type", DropReason::Absent));
            }
            return Ok(());
        }
        out.extend_from_slice(&self.count(COUNTABLE, COUNTABLE)?.to_le_bytes());
        out.extend_from_slice(&self.client_type.to_short(STRUCTURE, dropped));
        for word in &self.words {
            let length = word.len().saturating_add(1);
            out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
            out.extend_from_slice(word);
            out.push(0);
        }
        Ok(())
    }

    /// The number of words, if there are at most `limit` and each with its NUL fits in `size` bytes.
    fn count(&self, limit: usize, size: usize) -> Result<u16, EncodeError> {
        let words = self.words.len();
        let count = match u16::try_from(words) {
            Ok(count) if words <= limit => count,
            _ => return Err(EncodeError::TooManyWords { words, limit }),
        };
        let unfit = |word: &ByteString| word.len() >= size || word.contains(&0);
        match self.words.iter().enumerate().find(|(_, word)| unfit(word)) {
            Some((index, word)) => Err(EncodeError::BadWord {
                index,
                length: word.len(),
                limit: size.saturating_sub(1),
            }),
            None => Ok(count),
        }
    }

    fn encode_slots(&self, out: &mut Vec<u8>) {
        let unused = core::iter::repeat_n(&[][..], MAX_WORDS.saturating_sub(self.words.len()));
        for word in self.words.iter().map(ByteString::as_bytes).chain(unused) {
            let mut slot = [0; WORD_SIZE];
            slot.iter_mut()
                .zip(word)
                .for_each(|(slot, byte)| *slot = *byte);
            out.extend_from_slice(&slot);
        }
    }
}

fn terminated(word: &[u8], field: &'static str, offset: usize) -> Result<ByteString, DecodeError> {
    if word.contains(&0) {
        return Ok(ByteString::from_padded(word));
    }
    Err(DecodeError::Unterminated {
        structure: STRUCTURE,
        field,
        offset,
        size: word.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a server of fio 3.33 takes it for the same.
    #[test]
    fn job_files_can_be_said_in_words() {
        let file = "; first\n[global]\nbs = 4k\n\n[a b] # second\n rw=randread:8\nstonewall\n";
        let line = JobLine::of_job_file(&JobText::new(file));
        let words = [
            "fio",
            "--name=global",
            "--bs=4k",
            "--name=a b",
            "--rw=randread:8",
            "--stonewall",
        ];
        assert_eq!(line.words, words.map(ByteString::from));
    }
}
