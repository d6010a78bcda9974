//! TEXT: something to print.
//!
//! | offset | size | field (`cmd_text_pdu`, since version 65) | meaning |
//! |---|---|---|---|
//! | 0 | 4 | `level` | [`TextLevel`] |
//! | 4 | 4 | `buf_len` | bytes of the text |
//! | 8 | 8 | `log_sec` | the server's clock, seconds since 1970 |
//! | 16 | 8 | `log_usec` | and microseconds |
//! | 24 | … | `buf` | the text, without a NUL |
//!
//! Version 1 sends the text and nothing else.

use alloc::vec::Vec;
use core::fmt;

use zerocopy::little_endian::{U32, U64};

use super::job::counted;
use crate::byte_string::ByteString;
use crate::error::DecodeError;
use crate::layout::{DropReason, Dropped};
use crate::reader::Reader;
use crate::version::Revision;

const STRUCTURE: &str = "cmd_text_pdu";

/// Something the server wants printed. Not line by line: one line may come in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Text {
    /// How important it is. Version 1 does not say: then it is [`TextLevel::INFO`].
    pub level: TextLevel,
    /// When it was said by the server's clock, s since 1970. Version 1 does not say: then it is 0.
    pub seconds: u64,
    /// Microseconds behind that.
    pub microseconds: u64,
    /// The text, with its line feed if it ends a line.
    pub text: ByteString,
}

impl Text {
    /// Information.
    pub fn info(text: impl Into<ByteString>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// An error. In version 1 it travels as any other text.
    pub fn error(text: impl Into<ByteString>) -> Self {
        Self {
            level: TextLevel::ERROR,
            ..Self::info(text)
        }
    }

    /// The same text, said at a time of the server's clock: since 1970.
    #[must_use]
    pub fn at(mut self, since_1970: core::time::Duration) -> Self {
        self.seconds = since_1970.as_secs();
        self.microseconds = since_1970.subsec_micros().into();
        self
    }

    /// Reads the payload of a TEXT. Bytes behind the text are ignored.
    ///
    /// # Errors
    /// When it is shorter than its header, or the length in that is more than follows.
    pub fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        if revision == Revision::V1 {
            return Ok(Self::info(payload));
        }
        let mut reader = Reader::new(STRUCTURE, payload);
        let level = TextLevel(reader.view::<U32>("level")?.get());
        let length = reader.view::<U32>("buf_len")?.get();
        let seconds = reader.view::<U64>("log_sec")?.get();
        let microseconds = reader.view::<U64>("log_usec")?.get();
        let text = counted(&mut reader, STRUCTURE, "buf_len", 4, length.into())?;
        Ok(Self {
            level,
            seconds,
            microseconds,
            text: text.into(),
        })
    }

    /// Appends the payload of a TEXT.
    pub fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        if revision == Revision::V1 {
            let mut absent = |field, given| {
                let lost = Dropped::new(STRUCTURE, field, DropReason::Absent);
                dropped.extend(Some(lost).filter(|_| given));
            };
            absent("level", self.level != TextLevel::INFO);
            absent("seconds", self.seconds != 0);
            absent("microseconds", self.microseconds != 0);
        } else {
            let length = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
            out.extend_from_slice(&self.level.0.to_le_bytes());
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&self.seconds.to_le_bytes());
            out.extend_from_slice(&self.microseconds.to_le_bytes());
        }
        out.extend_from_slice(&self.text);
    }
}

/// Importance of a text, fio's `FIO_LOG_*`. Open: unknown levels survive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct TextLevel(pub u32);

impl TextLevel {
    /// Output of `--debug`.
    pub const DEBUG: Self = Self(1);
    /// Ordinary output.
    pub const INFO: Self = Self(2);
    /// Errors.
    pub const ERROR: Self = Self(3);
}

impl Default for TextLevel {
    fn default() -> Self {
        Self::INFO
    }
}

impl fmt::Debug for TextLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::DEBUG => f.write_str("DEBUG"),
            Self::INFO => f.write_str("INFO"),
            Self::ERROR => f.write_str("ERROR"),
            Self(level) => write!(f, "TextLevel({level})"),
        }
    }
}
