//! TEXT: something to print.

use alloc::vec::Vec;
use core::fmt;

use crate::byte_string::ByteString;
use crate::layout::{DropReason, Dropped};

/// Something the server wants printed. Not line by line: one line may come in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Text {
    /// How important it is. Version 1 does not say: then it is [`TextLevel::INFO`].
    pub level: TextLevel,
    /// The text, with its line feed if it ends a line.
    pub text: ByteString,
}

impl Text {
    /// Information.
    pub fn info(text: impl Into<ByteString>) -> Self {
        Self {
            level: TextLevel::INFO,
            text: text.into(),
        }
    }

    /// An error. In version 1 it travels as any other text.
    pub fn error(text: impl Into<ByteString>) -> Self {
        Self {
            level: TextLevel::ERROR,
            text: text.into(),
        }
    }

    pub(super) fn decode(payload: &[u8]) -> Self {
        Self::info(payload)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        out.extend_from_slice(&self.text);
        if self.level != TextLevel::INFO {
            dropped.push(Dropped::new("cmd_text_pdu", "level", DropReason::Absent));
        }
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
