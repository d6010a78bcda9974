//! One frame: a 24-byte header and at most 64 (version 1) or 1024 bytes of payload.
//!
//! | offset | size | field (`fio_net_cmd`) | meaning |
//! |---|---|---|---|
//! | 0 | 2 | `version` | protocol version of the sender |
//! | 2 | 2 | `opcode` | what the message is, numbered by version |
//! | 4 | 4 | `flags` | bit 0: another frame of this message follows |
//! | 8 | 8 | `tag` (version 1: `serial`) | opaque, echoed in replies |
//! | 16 | 4 | `pdu_len` | payload bytes of this frame |
//! | 20 | 2 | `cmd_crc16` | CRC-16/ARC of the bytes 0…19 |
//! | 22 | 2 | `pdu_crc16` | CRC-16/ARC of the payload; 0 and unchecked when there is none |
//!
//! All little-endian, the same in every version; fio calls it `fio_net_cmd`.
//!
//! This layer looks at one frame at a time and accepts frames of any version; [`crate::fragment`]
//! holds a conversation to one.

use core::fmt;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::crc::crc16;
use crate::error::FrameError;
use crate::opcode::Opcode;
use crate::version::ServerVersion;

/// Bytes of a header.
pub const HEADER_SIZE: usize = 24;
/// Bytes of a header its checksum covers.
const CHECKED_SIZE: usize = 20;

/// Opaque number of a message; a reply carries that of its request. Version 1 calls it serial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Tag(pub u64);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

bitflags::bitflags! {
    /// Flags of a frame. Bits without a name are kept and otherwise ignored, as fio does.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Flags: u32 {
        /// `FIO_NET_CMD_F_MORE`: the message continues in the next frame.
        const MORE = 1;
        /// Whatever a peer may set.
        const _ = !0;
    }
}

/// A header as it lies on the wire, to be viewed in place.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Unaligned,
)]
#[repr(C)]
pub struct RawHeader {
    /// Protocol version of the sender.
    pub version: U16,
    /// Command, numbered by version.
    pub opcode: U16,
    /// See [`Flags`].
    pub flags: U32,
    /// Opaque number.
    pub tag: U64,
    /// Payload bytes of this frame.
    pub payload_len: U32,
    /// CRC-16/ARC of all fields above.
    pub header_crc: U16,
    /// CRC-16/ARC of the payload.
    pub payload_crc: U16,
}

const _: () = assert!(size_of::<RawHeader>() == HEADER_SIZE);
const _: () = assert!(core::mem::offset_of!(RawHeader, header_crc) == CHECKED_SIZE);

impl RawHeader {
    /// The checksum the first 20 bytes give.
    pub fn computed_crc(&self) -> u16 {
        self.as_bytes()
            .first_chunk::<CHECKED_SIZE>()
            .map_or(0, |bytes| crc16(bytes))
    }

    /// Whether the frame continues in the next one.
    pub const fn flags(&self) -> Flags {
        Flags::from_bits_retain(self.flags.get())
    }
}

/// A header whose checksum was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Protocol version of the sender.
    pub version: ServerVersion,
    /// Command, numbered by version.
    pub opcode: Opcode,
    /// Flags, unknown ones included.
    pub flags: Flags,
    /// Opaque number.
    pub tag: Tag,
    /// Payload bytes of this frame.
    pub payload_len: u32,
    /// What the payload's checksum should be.
    pub payload_crc: u16,
}

impl Header {
    /// Checks a header's checksum and reads it. The version is **not** checked.
    ///
    /// # Errors
    /// [`FrameError::HeaderCrc`].
    pub fn check(raw: &RawHeader) -> Result<Self, FrameError> {
        let (got, wanted) = (raw.header_crc.get(), raw.computed_crc());
        if got != wanted && !CHECKSUMS_IGNORED {
            return Err(FrameError::HeaderCrc { got, wanted });
        }
        Ok(Self::trust(raw))
    }

    /// Reads a header whose checksum is known to be right.
    pub(crate) const fn trust(raw: &RawHeader) -> Self {
        Self {
            version: ServerVersion::new(raw.version.get()),
            opcode: Opcode::new(raw.opcode.get()),
            flags: raw.flags(),
            tag: Tag(raw.tag.get()),
            payload_len: raw.payload_len.get(),
            payload_crc: raw.payload_crc.get(),
        }
    }

    /// Payload bytes of the frame, if its version allows that many.
    ///
    /// # Errors
    /// [`FrameError::PayloadTooLarge`].
    pub fn checked_len(&self) -> Result<usize, FrameError> {
        let limit = self.version.max_fragment();
        match usize::try_from(self.payload_len) {
            Ok(length) if length <= limit => Ok(length),
            _ => Err(FrameError::PayloadTooLarge {
                length: self.payload_len,
                limit,
            }),
        }
    }

    /// Checks a payload against the header's checksum. An empty payload is always right.
    ///
    /// # Errors
    /// [`FrameError::PayloadCrc`].
    pub fn check_payload(&self, payload: &[u8]) -> Result<(), FrameError> {
        if payload.is_empty() || CHECKSUMS_IGNORED {
            return Ok(());
        }
        let (got, wanted) = (self.payload_crc, crc16(payload));
        if got == wanted {
            Ok(())
        } else {
            Err(FrameError::PayloadCrc { got, wanted })
        }
    }

    /// Whether another frame of the message follows. An empty frame ends its message even with MORE
    /// set.
    pub const fn continues(&self) -> bool {
        self.flags.contains(Flags::MORE) && self.payload_len > 0
    }

    /// The header as it travels, with its checksum made anew.
    pub fn to_raw(self) -> RawHeader {
        let mut raw = RawHeader {
            version: self.version.number().into(),
            opcode: self.opcode.number().into(),
            flags: self.flags.bits().into(),
            tag: self.tag.0.into(),
            payload_len: self.payload_len.into(),
            header_crc: U16::ZERO,
            payload_crc: self.payload_crc.into(),
        };
        raw.header_crc = raw.computed_crc().into();
        raw
    }
}

/// A checked frame, its payload borrowed from the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The header.
    pub header: Header,
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads one frame off the front of `input` and returns it with what follows; `None` while the
    /// frame is not complete. Checks both checksums and the length, not the version.
    ///
    /// # Errors
    /// See [`FrameError`].
    pub fn parse(input: &'a [u8]) -> Result<Option<(Self, &'a [u8])>, FrameError> {
        let Ok((raw, behind)) = RawHeader::ref_from_prefix(input) else {
            return Ok(None);
        };
        let header = Header::check(raw)?;
        let Some((payload, rest)) = behind.split_at_checked(header.checked_len()?) else {
            return Ok(None);
        };
        header.check_payload(payload)?;
        Ok(Some((Self { header, payload }, rest)))
    }
}

/// A fuzzer would never guess a checksum, so it sees the code behind it only if that is off.
pub(crate) const CHECKSUMS_IGNORED: bool = cfg!(fuzzing);

#[cfg(test)]
mod tests {
    use super::*;

    /// A PROBE of version 1, as fio sends it.
    const PROBE: [u8; 24] = [
        1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x70, 0, 0,
    ];

    fn probe() -> Header {
        Header {
            version: ServerVersion::V1,
            opcode: Opcode::new(9),
            flags: Flags::empty(),
            tag: Tag(0),
            payload_len: 0,
            payload_crc: 0,
        }
    }

    #[test]
    fn construct_and_deconstruct() {
        let raw = probe().to_raw();
        let bytes: &[u8] = raw.as_bytes();
        assert_eq!(bytes[..20], PROBE[..20]);
        let (frame, rest) = Frame::parse(bytes).unwrap().unwrap();
        assert_eq!(
            (frame.header, frame.payload, rest),
            (probe(), &[][..], &[][..])
        );
    }

    #[test]
    fn wrong_checksums_say_both_values() {
        let mut raw = probe().to_raw();
        let wanted = raw.header_crc.get();
        raw.header_crc = 0xdead.into();
        assert_eq!(
            Frame::parse(raw.as_bytes()),
            Err(FrameError::HeaderCrc {
                got: 0xdead,
                wanted
            })
        );

        let header = Header {
            payload_len: 3,
            payload_crc: 0xdead,
            ..probe()
        };
        let bytes = [header.to_raw().as_bytes(), b"abc"].concat();
        let wanted = crc16(b"abc");
        assert_eq!(
            Frame::parse(&bytes),
            Err(FrameError::PayloadCrc {
                got: 0xdead,
                wanted
            })
        );
    }

    #[test]
    fn the_limit_depends_on_the_version() {
        let header = Header {
            payload_len: 65,
            ..probe()
        };
        let error = FrameError::PayloadTooLarge {
            length: 65,
            limit: 64,
        };
        assert_eq!(Frame::parse(header.to_raw().as_bytes()), Err(error));
        let newer = Header {
            version: ServerVersion::new(97),
            ..header
        };
        assert_eq!(Frame::parse(newer.to_raw().as_bytes()), Ok(None));
    }

    #[test]
    fn unknown_flags_are_kept_and_empty_frames_end_messages() {
        let header = Header {
            flags: Flags::from_bits_retain(0x81),
            ..probe()
        };
        assert_eq!(Header::check(&header.to_raw()), Ok(header));
        assert!(!header.continues());
        assert!(
            Header {
                payload_len: 1,
                ..header
            }
            .continues()
        );
    }
}
