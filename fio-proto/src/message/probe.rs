//! The answer to PROBE: who the server is.
//!
//! | offset | size | field (`cmd_probe_pdu`, version 1) | meaning |
//! |---|---|---|---|
//! | 0 | 64 | `hostname` | host name, NUL-padded |
//! | 64 | 1 | `bigendian` | 1 where the host is |
//! | 65 | 1 | `fio_major` | fio release, 1 |
//! | 66 | 1 | `fio_minor` | 99 |
//! | 67 | 1 | `fio_patch` | 0 |

use alloc::vec::Vec;
use core::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::byte_string::ByteString;
use crate::error::DecodeError;
use crate::layout::{Chars, DropReason, Dropped, WireField};
use crate::reader::Reader;

const STRUCTURE: &str = "cmd_probe_pdu";

/// Who a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct ProbeReply {
    /// Host name. At most 63 bytes travel.
    pub hostname: ByteString,
    /// Whether the host is big-endian. What travels is little-endian all the same.
    pub big_endian: bool,
    /// The fio release the server says it is.
    pub release: Release,
}

impl ProbeReply {
    /// Answers for a host of this program's byte order, as the release whose protocol is version 1.
    pub fn new(hostname: impl Into<ByteString>) -> Self {
        Self {
            hostname: hostname.into(),
            big_endian: cfg!(target_endian = "big"),
            release: Release {
                major: 1,
                minor: 99,
                patch: 0,
            },
        }
    }

    /// Reads the payload of a PROBE from a server.
    ///
    /// # Errors
    /// When it is shorter or longer than the structure.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(STRUCTURE, payload);
        let wire = reader.view::<ProbeReplyWire>("hostname")?;
        reader.finish()?;
        let [major, minor, patch] = wire.release;
        Ok(Self {
            hostname: ByteString::from_padded(&wire.hostname),
            big_endian: wire.big_endian != 0,
            release: Release {
                major,
                minor,
                patch,
            },
        })
    }

    /// Appends the payload of a PROBE from a server; a host name that is too long is cut.
    pub fn encode(&self, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        let Release {
            major,
            minor,
            patch,
        } = self.release;
        let mut wire = ProbeReplyWire {
            hostname: [0; 64],
            big_endian: self.big_endian.into(),
            release: [major, minor, patch],
        };
        let fit = Chars::<64>::encode(&self.hostname, &mut wire.hostname);
        dropped.extend(fit.map(|reason: DropReason| Dropped::new(STRUCTURE, "hostname", reason)));
        out.extend_from_slice(wire.as_bytes());
    }
}

/// A release of fio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Release {
    /// 1 in fio 1.99.0.
    pub major: u8,
    /// 99 in fio 1.99.0.
    pub minor: u8,
    /// 0 in fio 1.99.0.
    pub patch: u8,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The answer to PROBE as it lies on the wire in version 1, to be viewed in place.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ProbeReplyWire {
    /// Host name, NUL-padded.
    pub hostname: [u8; 64],
    /// 1 where the host is big-endian.
    pub big_endian: u8,
    /// Major, minor and patch number of the release.
    pub release: [u8; 3],
}

const _: () = assert!(size_of::<ProbeReplyWire>() == 68);
