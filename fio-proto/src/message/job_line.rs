//! JOBLINE: words of a command line.
//!
//! | offset | size | field (`cmd_line_pdu`) | meaning |
//! |---|---|---|---|
//! | 0 | 2 | `argc` | number of words |
//! | 2 | 128 × 64 | `argv` | the words, each NUL-terminated in 64 bytes; unused ones unspecified |
//!
//! Version 1; always 8194 bytes. fio's own client leaves the unused bytes uninitialised and lets a
//! word of 64 bytes or more run into the next; this crate always sends zeros there and refuses such
//! words.

use alloc::vec::Vec;

use zerocopy::little_endian::U16;

use crate::byte_string::ByteString;
use crate::error::{DecodeError, EncodeError};
use crate::reader::Reader;

/// Words one JOBLINE can carry (`FIO_NET_CMD_JOBLINE_ARGV`).
pub const MAX_WORDS: usize = 128;
/// Bytes of a word's slot, its NUL included.
pub const WORD_SIZE: usize = 64;

const STRUCTURE: &str = "cmd_line_pdu";

/// Words of a command line, the program's name first.
///
/// A stock server of version 1 does not start reading at word 1 but at the number of words it was
/// itself started with; see [`padded_for`](Self::padded_for).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct JobLine {
    /// The words.
    pub words: Vec<ByteString>,
}

impl JobLine {
    /// A line of `fio` and the given words.
    pub fn new<W: Into<ByteString>>(options: impl IntoIterator<Item = W>) -> Self {
        let mut words = Vec::from([ByteString::from("fio")]);
        words.extend(options.into_iter().map(Into::into));
        Self { words }
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
    /// When there are more words than slots, fewer bytes than words, or a word without its NUL.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(STRUCTURE, payload);
        let argc = reader.view::<U16>("argc")?.get();
        if usize::from(argc) > MAX_WORDS {
            let (value, limit) = (argc.into(), MAX_WORDS.try_into().unwrap_or(u64::MAX));
            return Err(DecodeError::OutOfRange {
                structure: STRUCTURE,
                field: "argc",
                offset: 0,
                value,
                limit,
            });
        }
        let words = (0..argc).map(|_| {
            let offset = reader.offset();
            let slot = reader.take("argv", WORD_SIZE)?;
            if !slot.contains(&0) {
                return Err(DecodeError::Unterminated {
                    structure: STRUCTURE,
                    field: "argv",
                    offset,
                    size: WORD_SIZE,
                });
            }
            Ok(ByteString::from_padded(slot))
        });
        Ok(Self {
            words: words.collect::<Result<_, _>>()?,
        })
    }

    /// Appends the payload of a JOBLINE.
    ///
    /// # Errors
    /// When there are more words than slots, or a word of [`WORD_SIZE`] bytes or more or with a NUL.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let words = self.words.len();
        let argc = match u16::try_from(words) {
            Ok(argc) if words <= MAX_WORDS => argc,
            _ => {
                return Err(EncodeError::TooManyWords {
                    words,
                    limit: MAX_WORDS,
                });
            }
        };
        let unfit = |word: &ByteString| word.len() >= WORD_SIZE || word.contains(&0);
        if let Some((index, word)) = self.words.iter().enumerate().find(|(_, word)| unfit(word)) {
            return Err(EncodeError::BadWord {
                index,
                length: word.len(),
                limit: WORD_SIZE.saturating_sub(1),
            });
        }
        out.extend_from_slice(&argc.to_le_bytes());
        let unused = core::iter::repeat_n(&[][..], MAX_WORDS.saturating_sub(words));
        for word in self.words.iter().map(ByteString::as_bytes).chain(unused) {
            let mut slot = [0; WORD_SIZE];
            slot.iter_mut()
                .zip(word)
                .for_each(|(slot, byte)| *slot = *byte);
            out.extend_from_slice(&slot);
        }
        Ok(())
    }
}
