//! SENDFILE: a server asks its client for a file, and the answer.
//!
//! | offset | size | field (`cmd_sendfile_reply`) | meaning |
//! |---|---|---|---|
//! | 0 | 4 | `size` | bytes of the file; unspecified with an error |
//! | 4 | 4 | `error` | an errno, 0 when the file follows |
//! | 8 | … | `data` | the file |
//!
//! The question is a path in 256 bytes ([`PATH_SIZE`]). Only verify state files are asked for.

use alloc::vec::Vec;

use zerocopy::little_endian::U32;

use super::job::counted;
use crate::byte_string::ByteString;
use crate::error::DecodeError;
use crate::layout::{Chars, Dropped, WireField};
use crate::reader::Reader;

/// Bytes of the path, its NUL included.
pub const PATH_SIZE: usize = 256;

const REPLY: &str = "cmd_sendfile_reply";

/// A file, or why there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct SendFileReply {
    /// Why there is no file: an errno, 0 when there is one.
    pub error: u32,
    /// The file.
    pub data: Vec<u8>,
}

impl SendFileReply {
    /// A file.
    pub const fn file(data: Vec<u8>) -> Self {
        Self { error: 0, data }
    }

    /// There is none, for the reason an errno gives.
    pub const fn error(error: u32) -> Self {
        Self {
            error,
            data: Vec::new(),
        }
    }

    /// Reads the payload of a SENDFILE from a client.
    ///
    /// # Errors
    /// When it is shorter than its header or, without an error in it, than that says.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(REPLY, payload);
        let size = reader.view::<U32>("size")?.get();
        let error = reader.view::<U32>("error")?.get();
        if error != 0 {
            return Ok(Self::error(error));
        }
        let data = counted(&mut reader, REPLY, "size", 0, size.into())?;
        Ok(Self::file(data.to_vec()))
    }

    /// Appends the payload of a SENDFILE to a server.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let size = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(&self.error.to_le_bytes());
        out.extend_from_slice(&self.data);
    }
}

/// Reads the payload of a SENDFILE from a server: the path.
pub(super) fn decode_path(payload: &[u8]) -> Result<ByteString, DecodeError> {
    let mut path = ByteString::default();
    let bytes = Reader::new("cmd_sendfile", payload).take("path", PATH_SIZE)?;
    Chars::<PATH_SIZE>::decode(bytes, &mut path);
    Ok(path)
}

/// Appends the payload of a SENDFILE to a client.
pub(super) fn encode_path(path: &ByteString, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
    let mut bytes = [0; PATH_SIZE];
    let fit = Chars::<PATH_SIZE>::encode(path, &mut bytes);
    dropped.extend(fit.map(|reason| Dropped::new("cmd_sendfile", "path", reason)));
    out.extend_from_slice(&bytes);
}
