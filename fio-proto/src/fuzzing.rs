//! The bodies of this repository's fuzz targets, one function each. No part of the stable interface.
//!
//! They are here so that `cargo test` can replay the corpora through the very same code. A target
//! fails by panicking.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};

use crate::describe::{Direction, describe_stream};
use crate::error::JoinError;
use crate::fragment::Joiner;
use crate::frame::Frame;
use crate::limits::Limits;
use crate::message::{ClientMessage, Message, ProbeReply, ServerMessage};
use crate::opcode::Opcode;
use crate::session::{ClientConfig, ClientSession, Instant, Output, ServerConfig, ServerSession};
use crate::version::{Revision, ServerVersion};

/// Frames, one after another: what parses is encoded as it was.
pub fn frame(mut data: &[u8]) {
    while let Ok(Some((frame, rest))) = Frame::parse(data) {
        let raw = frame.header.to_raw();
        assert_eq!(crate::frame::Header::check(&raw), Ok(frame.header));
        assert!(frame.payload.len() <= frame.header.version.max_fragment());
        data = rest;
    }
}

/// A stream, joined whole and in pieces whose size the first byte gives: both see the same.
pub fn join(data: &[u8]) {
    let Some((size, stream)) = data.split_first() else {
        return;
    };
    let whole = joined(stream, stream.len().max(1));
    assert_eq!(whole, joined(stream, usize::from(*size).max(1)));
    for message in describe_stream(stream, Direction::Unknown).flatten() {
        assert!(message.wire_len >= message.payload_len);
    }
}

/// Opcodes and payloads.
type Messages = Vec<(Opcode, Vec<u8>)>;

/// The messages of a stream, and whether it ends inside one.
fn joined(stream: &[u8], piece: usize) -> (Messages, Result<bool, JoinError>) {
    let (mut joiner, mut messages) = (Joiner::new(None, 4096), Vec::new());
    for mut rest in stream.chunks(piece) {
        while !rest.is_empty() {
            match joiner.push(rest) {
                Err(error) => return (messages, Err(error)),
                Ok(step) => {
                    messages.extend(step.message.map(|raw| (raw.opcode, raw.payload.to_vec())));
                    assert!(step.consumed > 0, "a push makes progress");
                    rest = rest.get(step.consumed..).unwrap_or_default();
                }
            }
        }
    }
    (messages, Ok(joiner.is_inside_message()))
}

/// A message to a server: a byte of opcode, then its payload.
pub fn client_message(data: &[u8]) {
    message::<ClientMessage>(data);
}

/// A message to a client: a byte of opcode, then its payload.
pub fn server_message(data: &[u8]) {
    message::<ServerMessage>(data);
}

/// What decodes can be encoded, and decodes to the same again unless something had to be cut.
fn message<M: Message + PartialEq + core::fmt::Debug>(data: &[u8]) {
    let Some((opcode, payload)) = data.split_first() else {
        return;
    };
    let opcode = Opcode::new((*opcode).into());
    let Ok(decoded) = M::decode(Revision::V1, opcode, payload) else {
        return;
    };
    let (mut encoded, mut dropped) = (Vec::new(), Vec::new());
    decoded
        .encode_payload(Revision::V1, &mut encoded, &mut dropped)
        .expect("what was received can be sent");
    let again = M::decode(Revision::V1, opcode, &encoded).expect("what was sent is sound");
    assert!(
        !dropped.is_empty() || again == decoded,
        "{decoded:?} became {again:?}"
    );
}

/// What happens to a pair of sessions.
#[derive(Debug, Arbitrary)]
enum Operation {
    ClientSends(ClientMessage),
    ServerSends(Box<ServerMessage>),
    /// Bytes that nobody wrote.
    Noise {
        to_server: bool,
        bytes: Vec<u8>,
    },
    /// So many bytes travel each way.
    Travel(u16),
    Pass {
        milliseconds: u16,
    },
    Close {
        client: bool,
    },
}

/// A client and a server with a network between them that loses time, cuts and invents.
pub fn session(data: &[u8]) {
    let limits = Limits {
        max_message: 64 << 10,
        max_queued: 64 << 10,
        ..Limits::default()
    };
    let mut now = Instant::ZERO;
    let config = ClientConfig::default().version(ServerVersion::V1);
    let mut client = ClientSession::new(config.limits(limits), now);
    drop(client.run(now));
    let mut server = ServerSession::new(
        ServerConfig::new(ProbeReply::new("fuzz")).limits(limits),
        now,
    );
    let mut input = Unstructured::new(data);
    while let Ok(operation) = Operation::arbitrary(&mut input) {
        match operation {
            Operation::ClientSends(message) => drop(client.send(now, &message)),
            Operation::ServerSends(message) => drop(server.send(now, &message)),
            Operation::Noise {
                to_server: true,
                bytes,
            } => server.handle_bytes(now, &bytes),
            Operation::Noise {
                to_server: false,
                bytes,
            } => client.handle_bytes(now, &bytes),
            Operation::Travel(count) => travel(now, &mut client, &mut server, count.into()),
            Operation::Pass { milliseconds } => {
                now = now.after(Duration::from_millis(milliseconds.into()));
                client.handle_timeout(now);
                server.handle_timeout(now);
            }
            Operation::Close { client: true } => client.handle_closed(),
            Operation::Close { client: false } => server.handle_closed(),
        }
        let bound = limits.max_queued.saturating_add(limits.max_message);
        assert!(
            client.queued() <= bound && server.queued() <= bound,
            "queues are bounded"
        );
        if input.is_empty() {
            break;
        }
    }
    client.close();
    server.close();
    for _ in 0..10_000 {
        travel(now, &mut client, &mut server, 1 << 20);
        if client.queued() == 0 && server.queued() == 0 {
            assert_eq!(
                (client.poll_output(), server.poll_output()),
                (Output::Close, Output::Close)
            );
            return;
        }
    }
    panic!("closing sessions empty their queues");
}

/// Lets both sides say everything they have to, but write `count` bytes at most.
fn travel(now: Instant, client: &mut ClientSession, server: &mut ServerSession, count: usize) {
    while let Output::Event(_) = client.poll_output() {}
    if let Output::Transmit(bytes) = client.poll_output() {
        let bytes = bytes.get(..count.min(bytes.len())).unwrap_or_default();
        let sent = bytes.len();
        server.handle_bytes(now, bytes);
        client.transmitted(now, sent);
    }
    while let Output::Event(_) = server.poll_output() {}
    if let Output::Transmit(bytes) = server.poll_output() {
        let bytes = bytes.get(..count.min(bytes.len())).unwrap_or_default();
        let sent = bytes.len();
        client.handle_bytes(now, bytes);
        server.transmitted(now, sent);
    }
    while let Output::Event(_) = client.poll_output() {}
}
