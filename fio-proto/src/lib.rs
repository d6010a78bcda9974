//! The fio client/server wire protocol, without any I/O of its own.
//!
//! ```text
//!  0       2       4               8                               16              20      22      24
//! ┌───────┬───────┬───────────────┬───────────────────────────────┬───────────────┬───────┬───────┬───────────
//! │version│opcode │ flags         │ tag                           │ payload length│hdr CRC│pay CRC│ payload …
//! └───────┴───────┴───────────────┴───────────────────────────────┴───────────────┴───────┴───────┴───────────
//!  ◀───────────────── covered by the header CRC ─────────────────────────────────▶                 ≤ 64 (v1)
//!  all fields little-endian; flags bit 0 = the message goes on in the next frame                   ≤ 1024 (v3+)
//! ```
//!
//! A client and a server, talking through a variable instead of a socket:
//!
//! ```
//! use fio_proto::session::*;
//! # use fio_proto::{ServerVersion, message::ProbeReply};
//! let now = Instant::ZERO;
//! let config = ClientConfig::default().version(ServerVersion::V1);
//! let mut client = ClientSession::new(config, now);
//! let mut server = ServerSession::new(ServerConfig::new(ProbeReply::new("storage1")), now);
//! while let Output::Transmit(bytes) = client.poll_output() {
//!     let sent = bytes.len();
//!     server.handle_bytes(now, bytes);
//!     client.transmitted(now, sent);
//! }
//! assert!(matches!(server.poll_output(), Output::Event(ServerEvent::Probed(_))));
//! ```
//!
//! # Layers
//!
//! Each is public and of use alone.
//!
//! | layer | module | does |
//! |---|---|---|
//! | bytes | [`crc`], [`float`] | CRC-16/ARC; fio's packing of doubles |
//! | frame | [`frame`], [`opcode`] | the header, its checksums and limits; the numbers of commands |
//! | message bytes | [`fragment`] | split a payload into frames, join frames under a cap |
//! | layouts | [`layout`] | what each C structure looks like in each revision |
//! | messages | [`message`] | typed messages, neutral over versions |
//! | conversation | [`session`] | client and server state machines |
//! | explanation | [`describe`] | a byte stream, field by field |
//!
//! # Guarantees
//!
//! No input makes this crate panic, loop or allocate more than the bytes received and the
//! [`Limits`] justify. There are no sockets, files, threads or clocks in it; the crate is `no_std` with
//! `alloc` and forbids `unsafe`.
//!
//! Spoken are version 1 and all of 65 to 121 that were released: fio 1.99 and every release from 2.99 to
//! 3.42 ([`ServerVersion::supported`]).

#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
// Tests may panic: that is how they fail.
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        reason = "a test fails by panicking"
    )
)]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(feature = "tokio-codec")]
pub mod adapter;
mod byte_string;
pub mod crc;
pub mod describe;
pub mod error;
pub mod float;
pub mod fragment;
pub mod frame;
#[cfg(any(fuzzing, feature = "_fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod layout;
mod limits;
pub mod message;
pub mod opcode;
mod reader;
mod releases;
pub mod session;
mod version;

pub use byte_string::ByteString;
pub use limits::Limits;
pub use reader::Reader;
pub use releases::Release;
pub use version::{Revision, ServerVersion};
