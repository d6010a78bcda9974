//! PROBE and its answer: who is there.
//!
//! Version 1 asks with an empty message and answers with a host name, the byte order and the numbers
//! of the release. Since version 65 the client says by which address it knows the server and whether
//! it has zlib, and the server tells more about its machine. The structures have been the same from
//! then on.

use alloc::format;

use crate::byte_string::ByteString;
use crate::layout::{Bool, Chars, DropReason, Fit, Shape, WireField, WireType, wire_struct};
use crate::version::revisions::*;

wire_struct! {
    /// What a client says about itself (fio's `cmd_client_probe_pdu`). Nothing travels in version 1.
    pub struct ProbeRequest, view ProbeRequestView, "cmd_client_probe_pdu" {
        /// Whether the client understands compressed logs (bit 0 of `flags`).
        pub zlib: bool,
        /// The address by which the client knows the server: a numeric one, or `sock` for a Unix
        /// socket. The server names verify state files after it. At most 127 bytes travel.
        pub server: ByteString,
    }
    rows {
        V65_FIO_2_99..=NOW => zlib: Bool<u64>, "flags", None;
        V65_FIO_2_99..=NOW => server: Chars<128>, "server", None;
    }
}

impl ProbeRequest {
    /// A question to the server of the given address.
    pub fn new(server: impl Into<ByteString>, zlib: bool) -> Self {
        Self {
            zlib,
            server: server.into(),
        }
    }
}

wire_struct! {
    /// What a server says about itself (fio's `cmd_probe_reply_pdu`; `cmd_probe_pdu` in version 1).
    pub struct ProbeReply, view ProbeReplyView, "cmd_probe_reply_pdu" {
        /// Host name. At most 63 bytes travel.
        pub hostname: ByteString,
        /// Whether the host is big-endian. What travels is little-endian all the same.
        pub big_endian: bool,
        /// The fio release the server says it is: `fio-3.33`, and in version 1, where three numbers
        /// travel, `1.99.0`. Where one protocol version has two layouts this tells which, see
        /// [`Revision::identify`](crate::Revision::identify). At most 31 bytes travel.
        pub release: ByteString,
        /// The operating system by fio's numbering; 1 is Linux.
        pub operating_system: u8,
        /// The processor architecture by fio's numbering; 1 is x86-64.
        pub architecture: u8,
        /// Bytes in a pointer.
        pub pointer_bytes: u8,
        /// Processors of the host: those online, since fio 3.33 those configured.
        pub processors: u32,
        /// Whether logs will come compressed: both sides have zlib (bit 0 of `flags`).
        pub zlib: bool,
    }
    rows {
        V1..=NOW => hostname: Chars<64>, "hostname", None;
        V1..=NOW => big_endian: Bool<u8>, "bigendian", None;
        V1..=V1 => release: ReleaseNumbers, "fio", None;
        V65_FIO_2_99..=NOW => release: Chars<32>, "fio_version", None;
        V65_FIO_2_99..=NOW => operating_system: u8, "os", None;
        V65_FIO_2_99..=NOW => architecture: u8, "arch", None;
        V65_FIO_2_99..=NOW => pointer_bytes: u8, "bpp", None;
        V65_FIO_2_99..=NOW => processors: u32, "cpus", None;
        V65_FIO_2_99..=NOW => zlib: Bool<u64>, "flags", None;
    }
}

impl ProbeReply {
    /// An answer for a host of this program's byte order. The release is left empty, for which a
    /// server session puts that of the client's version.
    pub fn new(hostname: impl Into<ByteString>) -> Self {
        Self {
            hostname: hostname.into(),
            big_endian: cfg!(target_endian = "big"),
            ..Self::default()
        }
    }
}

/// Major, minor and patch number of a release, a byte each: `1.99.0`.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseNumbers;

impl WireType for ReleaseNumbers {
    const SHAPE: Shape = Shape::Array(3, &Shape::U8);
}

impl WireField<ByteString> for ReleaseNumbers {
    fn decode(bytes: &[u8], into: &mut ByteString) {
        if let [major, minor, patch] = bytes {
            *into = format!("{major}.{minor}.{patch}").into();
        }
    }

    /// `fio-` in front is left out, and missing numbers are 0; anything else is cut off.
    fn encode(from: &ByteString, into: &mut [u8]) -> Fit {
        let text = from.strip_prefix(b"fio-").unwrap_or(from);
        let mut parts = text.split(|&byte| byte == b'.');
        for slot in into {
            let Some(part) = parts.next() else {
                break;
            };
            let number = core::str::from_utf8(part)
                .ok()
                .and_then(|part| part.parse().ok());
            match number {
                Some(number) => *slot = number,
                None if from.is_empty() => break,
                None => return Some(DropReason::CutOff),
            }
        }
        parts.next().map(|_| DropReason::CutOff)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn numbers(release: &str) -> ([u8; 3], Fit) {
        let mut bytes = [0; 3];
        let fit = ReleaseNumbers::encode(&release.into(), &mut bytes);
        (bytes, fit)
    }

    #[test]
    fn releases_travel_as_numbers_in_version_1() {
        assert_eq!(numbers("1.99.0"), ([1, 99, 0], None));
        assert_eq!(numbers("fio-3.33"), ([3, 33, 0], None));
        assert_eq!(numbers(""), ([0, 0, 0], None));
        assert_eq!(numbers("fio-3.x").1, Some(DropReason::CutOff));
        assert_eq!(numbers("1.2.3.4"), ([1, 2, 3], Some(DropReason::CutOff)));
        let mut text = ByteString::default();
        ReleaseNumbers::decode(&[1, 99, 7], &mut text);
        assert_eq!(text, "1.99.7");
    }

    #[test]
    fn sizes_are_those_of_fio() {
        assert_eq!((ProbeRequest::size(V1), ProbeRequest::size(NOW)), (0, 136));
        assert_eq!((ProbeReply::size(V1), ProbeReply::size(NOW)), (68, 112));
    }

    #[test]
    fn version_1_says_less() {
        let mut reply = ProbeReply::new("vm");
        reply.processors = 2;
        let (mut bytes, mut dropped) = (Vec::new(), Vec::new());
        reply.encode(V1, &mut bytes, &mut dropped);
        let fields: Vec<_> = dropped.iter().map(|dropped| dropped.field).collect();
        assert_eq!((bytes.len(), fields), (68, Vec::from(["processors"])));
    }
}
