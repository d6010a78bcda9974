//! JOB and LOAD_FILE: what to run.
//!
//! | offset | size | `cmd_job_pdu`, since version 65 | meaning |
//! |---|---|---|---|
//! | 0 | 4 | `buf_len` | bytes behind this structure |
//! | 4 | 4 | `client_type` | [`ClientType`] |
//! | 8 | … | `buf` | the text, ended by a NUL or the end of the message |
//!
//! | offset | size | `cmd_load_file_pdu` | meaning |
//! |---|---|---|---|
//! | 0 | 2 | `name_len` | bytes of the path, without its NUL |
//! | 2 | 2 | `client_type` | [`ClientType`] |
//! | 4 | … | `file` | the path on the server and a NUL |
//!
//! Version 1 sends the text of a JOB and nothing else, and has no LOAD_FILE.

use alloc::vec::Vec;
use core::fmt;

use zerocopy::little_endian::{U16, U32};

use crate::byte_string::{ByteString, until_nul};
use crate::error::DecodeError;
use crate::layout::{DropReason, Dropped, WireField};
use crate::reader::Reader;
use crate::version::Revision;

const JOB: &str = "cmd_job_pdu";
const LOAD_FILE: &str = "cmd_load_file_pdu";

/// The text of a job file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct JobText {
    /// The text, as it is in the file.
    pub text: ByteString,
    /// What kind of client sends it. Version 1 does not say.
    pub client_type: ClientType,
    /// Bytes behind the text: its NUL and filler. Clients up to fio 3.7 send none, later ones some
    /// thousand bytes of their memory, which are skipped. Zeros are sent, none in version 1.
    pub trailing: u16,
}

impl JobText {
    /// A text from a command-line client, with its NUL.
    pub fn new(text: impl Into<ByteString>) -> Self {
        Self {
            text: text.into(),
            client_type: ClientType::COMMAND_LINE,
            trailing: 1,
        }
    }

    /// Reads the payload of a JOB.
    ///
    /// # Errors
    /// When it is shorter than its header, or the length in that is more than follows.
    pub fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        if revision == Revision::V1 {
            return Ok(Self {
                trailing: 0,
                ..Self::new(payload)
            });
        }
        let mut reader = Reader::new(JOB, payload);
        let length = reader.view::<U32>("buf_len")?.get();
        let client_type = ClientType(reader.view::<U32>("client_type")?.get());
        let buffer = counted(&mut reader, JOB, "buf_len", 0, length.into())?;
        let text = until_nul(buffer);
        let trailing = buffer.len().saturating_sub(text.len());
        Ok(Self {
            text: text.into(),
            client_type,
            trailing: trailing.try_into().unwrap_or(u16::MAX),
        })
    }

    /// Appends the payload of a JOB. A text with a NUL is cut off there, except in version 1.
    pub fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        if revision == Revision::V1 {
            out.extend_from_slice(&self.text);
            if self.client_type != ClientType::COMMAND_LINE {
                dropped.push(Dropped::new(JOB, "client_type", DropReason::Absent));
            }
            return;
        }
        let text = until_nul(&self.text);
        if text.len() < self.text.len() {
            dropped.push(Dropped::new(JOB, "text", DropReason::CutOff));
        }
        let length = text.len().saturating_add(self.trailing.into());
        out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(&self.client_type.0.to_le_bytes());
        out.extend_from_slice(text);
        out.resize(out.len().saturating_add(self.trailing.into()), 0);
    }
}

/// A job file of the server's to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct LoadFile {
    /// Its path on the server.
    pub path: ByteString,
    /// What kind of client asks.
    pub client_type: ClientType,
}

impl LoadFile {
    /// A path, for a command-line client.
    pub fn new(path: impl Into<ByteString>) -> Self {
        Self {
            path: path.into(),
            client_type: ClientType::COMMAND_LINE,
        }
    }

    /// Reads the payload of a LOAD_FILE.
    ///
    /// # Errors
    /// When it is shorter than its header, or the length in that is more than follows.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(LOAD_FILE, payload);
        let length = reader.view::<U16>("name_len")?.get();
        let client_type = ClientType(reader.view::<U16>("client_type")?.get().into());
        let path = counted(&mut reader, LOAD_FILE, "name_len", 0, length.into())?;
        Ok(Self {
            path: until_nul(path).into(),
            client_type,
        })
    }

    /// Appends the payload of a LOAD_FILE. A path of more than 65535 bytes or with a NUL is cut off.
    pub fn encode(&self, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        let path = until_nul(&self.path);
        let path = path.get(..usize::from(u16::MAX)).unwrap_or(path);
        if path.len() < self.path.len() {
            dropped.push(Dropped::new(LOAD_FILE, "path", DropReason::CutOff));
        }
        out.extend_from_slice(&u16::try_from(path.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.extend_from_slice(&self.client_type.to_short(LOAD_FILE, dropped));
        out.extend_from_slice(path);
        out.push(0);
    }
}

/// A field's worth of bytes whose length another field gave.
pub(super) fn counted<'a>(
    reader: &mut Reader<'a>,
    structure: &'static str,
    field: &'static str,
    offset: usize,
    length: u64,
) -> Result<&'a [u8], DecodeError> {
    let limit = reader.remaining();
    match usize::try_from(length) {
        Ok(length) if length <= limit => reader.take(field, length),
        _ => Err(DecodeError::OutOfRange {
            structure,
            field,
            offset,
            value: length,
            limit: limit.try_into().unwrap_or(u64::MAX),
        }),
    }
}

/// What kind of client asks. Open: unknown kinds survive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ClientType(pub u32);

impl ClientType {
    /// A command line (`FIO_CLIENT_TYPE_CLI`).
    pub const COMMAND_LINE: Self = Self(1);
    /// A graphical client, `gfio` (`FIO_CLIENT_TYPE_GUI`).
    pub const GRAPHICAL: Self = Self(2);

    /// The kind in the two bytes some messages have for it.
    pub(super) fn to_short(self, structure: &'static str, dropped: &mut Vec<Dropped>) -> [u8; 2] {
        let mut bytes = [0; 2];
        let fit = u16::encode(&self.0, &mut bytes);
        dropped.extend(fit.map(|reason| Dropped::new(structure, "client_type", reason)));
        bytes
    }
}

impl Default for ClientType {
    fn default() -> Self {
        Self::COMMAND_LINE
    }
}

impl fmt::Debug for ClientType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::COMMAND_LINE => f.write_str("COMMAND_LINE"),
            Self::GRAPHICAL => f.write_str("GRAPHICAL"),
            Self(number) => write!(f, "ClientType({number})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::version::revisions::*;

    fn encoded(job: &JobText, revision: Revision) -> (Vec<u8>, Vec<Dropped>) {
        let (mut bytes, mut dropped) = (Vec::new(), Vec::new());
        job.encode(revision, &mut bytes, &mut dropped);
        (bytes, dropped)
    }

    #[test]
    fn the_text_ends_at_its_nul() {
        let payload = [&[9, 0, 0, 0, 1, 0, 0, 0][..], b"[a]\n\0heap"].concat();
        let job = JobText::decode(V97, &payload).unwrap();
        assert_eq!((job.text.as_bytes(), job.trailing), (&b"[a]\n"[..], 5));
        let (mut again, dropped) = encoded(&job, V97);
        again[13..].copy_from_slice(b"heap");
        assert_eq!((again, dropped), (payload, vec![]));
        let old = JobText::decode(V65, &[&[1, 0, 0, 0, 1, 0, 0, 0][..], b"x"].concat()).unwrap();
        assert_eq!((old.text.as_bytes(), old.trailing), (&b"x"[..], 0));
    }

    #[test]
    fn version_1_sends_the_text_alone() {
        let mut job = JobText::new("[a]\0b");
        assert_eq!(encoded(&job, V1), (b"[a]\0b".to_vec(), vec![]));
        job.client_type = ClientType::GRAPHICAL;
        assert_eq!(encoded(&job, V1).1[0].field, "client_type");
        assert_eq!(encoded(&job, V97).1[0].field, "text");
        assert_eq!(JobText::decode(V1, b"a\0").unwrap().text, "a\0");
    }

    #[test]
    fn lengths_beyond_the_message_are_refused() {
        let error = JobText::decode(V97, &[5, 0, 0, 0, 1, 0, 0, 0, b'x']).unwrap_err();
        let text = "cmd_job_pdu.buf_len at offset 0 is 5, at most 1 allowed";
        assert_eq!(alloc::string::ToString::to_string(&error), text);
        assert!(LoadFile::decode(&[9, 0, 1, 0, b'x']).is_err());
        assert!(LoadFile::decode(&[9, 0, 1]).is_err());
    }

    #[test]
    fn paths_travel_with_their_nul() {
        let (mut bytes, mut dropped) = (Vec::new(), Vec::new());
        LoadFile::new("/etc/a.fio").encode(&mut bytes, &mut dropped);
        assert_eq!(bytes, b"\x0a\0\x01\0/etc/a.fio\0");
        assert_eq!(LoadFile::decode(&bytes), Ok(LoadFile::new("/etc/a.fio")));
        LoadFile::new("x".repeat(70_000)).encode(&mut bytes, &mut dropped);
        assert_eq!(dropped[0].reason, DropReason::CutOff);
    }
}
