//! From a payload to frames.

use alloc::vec::Vec;
use core::iter::FusedIterator;

use zerocopy::IntoBytes;

use crate::crc::crc16;
use crate::frame::{Flags, HEADER_SIZE, Header, RawHeader, Tag};
use crate::opcode::Opcode;
use crate::version::ServerVersion;

/// One frame to be written: its header, and its payload borrowed from the message. Write both in
/// order, for instance with `writev`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameParts<'a> {
    /// The header as it travels.
    pub header: RawHeader,
    /// The payload.
    pub payload: &'a [u8],
}

/// Cuts a message into frames. Yields at least one, an empty one for an empty payload.
#[derive(Clone, Debug)]
pub struct Fragments<'a> {
    template: Header,
    /// The header of the frames before the last is the same but for the payload's checksum.
    middle: RawHeader,
    rest: &'a [u8],
    left: usize,
    limit: usize,
}

impl<'a> Fragments<'a> {
    /// Prepares the frames of a message in the given version.
    pub fn new(version: ServerVersion, opcode: Opcode, tag: Tag, payload: &'a [u8]) -> Self {
        let limit = version.max_fragment();
        let flags = Flags::empty();
        let template = Header {
            version,
            opcode,
            flags,
            tag,
            payload_len: 0,
            payload_crc: 0,
        };
        let full = u32::try_from(limit).unwrap_or(u32::MAX);
        Self {
            template,
            middle: Header {
                flags: Flags::MORE,
                payload_len: full,
                ..template
            }
            .to_raw(),
            rest: payload,
            left: payload.len().div_ceil(limit).max(1),
            limit,
        }
    }

    /// Bytes all remaining frames take, headers included.
    pub const fn wire_len(&self) -> usize {
        self.left
            .saturating_mul(HEADER_SIZE)
            .saturating_add(self.rest.len())
    }

    /// Appends all remaining frames to `out`.
    pub fn append_to(self, out: &mut Vec<u8>) {
        out.reserve(self.wire_len());
        for frame in self {
            out.extend_from_slice(frame.header.as_bytes());
            out.extend_from_slice(frame.payload);
        }
    }
}

impl<'a> Iterator for Fragments<'a> {
    type Item = FrameParts<'a>;

    fn next(&mut self) -> Option<FrameParts<'a>> {
        self.left = self.left.checked_sub(1)?;
        if self.left == 0 {
            let payload = core::mem::take(&mut self.rest);
            let payload_len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
            let last = Header {
                payload_len,
                payload_crc: crc16(payload),
                ..self.template
            };
            return Some(FrameParts {
                header: last.to_raw(),
                payload,
            });
        }
        let (payload, rest) = self.rest.split_at_checked(self.limit)?;
        self.rest = rest;
        let header = RawHeader {
            payload_crc: crc16(payload).into(),
            ..self.middle
        };
        Some(FrameParts { header, payload })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Fragments<'_> {}
impl FusedIterator for Fragments<'_> {}
