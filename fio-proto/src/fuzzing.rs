//! The bodies of this repository's fuzz targets, one function each. No part of the stable interface.
//!
//! They are here so that `cargo test` can replay the corpora through the very same code. A target
//! fails by panicking.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use zerocopy::IntoBytes;

use crate::describe::{Direction, describe_stream};
use crate::error::JoinError;
use crate::fragment::Joiner;
use crate::frame::{Flags, Frame, Header, Tag};
use crate::layout::BUCKETS;
use crate::limits::Limits;
use crate::message::{
    ClientMessage, IoLog, Message, ProbeReply, ServerMessage, Transport, VerifyProgress,
};
use crate::opcode::Opcode;
use crate::session::{ClientConfig, ClientSession, Instant, Output, ServerConfig, ServerSession};
use crate::version::Revision;

/// Frames, one after another: what parses is encoded as it was.
pub fn frame(mut data: &[u8]) {
    while let Ok(Some((frame, rest))) = Frame::parse(data) {
        let raw = frame.header.to_raw();
        assert_eq!(Header::check(&raw), Ok(frame.header));
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

/// A message to a server: a byte that picks the layouts, one of opcode, then its payload.
pub fn client_message(data: &[u8]) {
    message::<ClientMessage>(data);
}

/// A message to a client: a byte that picks the layouts, one of opcode, then its payload.
pub fn server_message(data: &[u8]) {
    if let Some(ServerMessage::IoLog(log)) = message(data) {
        read_log(&log);
    }
}

/// The layouts a byte picks, and another one to translate to.
fn picked(byte: u8) -> (Revision, Revision) {
    let all: Vec<_> = Revision::all().collect();
    let nth = |index: usize| all.get(index.checked_rem(all.len()).unwrap_or(0)).copied();
    let byte = usize::from(byte);
    let other = byte.saturating_add(byte.checked_div(all.len()).unwrap_or(0).saturating_mul(5));
    (
        nth(byte).unwrap_or(Revision::V1),
        nth(other).unwrap_or(Revision::V1),
    )
}

/// What decodes can be encoded, and decodes to the same again unless something had to be cut. In other
/// layouts it either cannot be encoded, or decodes too.
fn message<M: Message + PartialEq + core::fmt::Debug>(data: &[u8]) -> Option<M> {
    let (&[byte, opcode], payload) = data.split_first_chunk()?;
    let (revision, other) = picked(byte);
    let opcode = Opcode::new(opcode.into());
    let decoded = M::decode(revision, opcode, payload).ok()?;
    let (mut encoded, mut dropped) = (Vec::new(), Vec::new());
    decoded
        .encode_payload(revision, &mut encoded, &mut dropped)
        .expect("what was received can be sent");
    let again = M::decode(revision, opcode, &encoded).expect("what was sent is sound");
    assert!(
        !dropped.is_empty() || again == decoded,
        "{decoded:?} became {again:?}"
    );
    let (mut translated, mut dropped) = (Vec::new(), Vec::new());
    let sent = decoded.encode_payload(other, &mut translated, &mut dropped);
    if let (Ok(()), Ok(opcode)) = (sent, decoded.opcode(other)) {
        M::decode(other, opcode, &translated).expect("what was translated is sound");
    }
    Some(decoded)
}

/// A log yields no more than it holds and the limit allows, in every form.
fn read_log(log: &IoLog) {
    const LIMIT: usize = 100_000;
    let contents = log.contents(LIMIT);
    assert!(log.transport() == Transport::Plain || contents.size() <= LIMIT + ROW_WITH_HISTOGRAM);
    let rows = contents.rows();
    assert!(rows.len().saturating_mul(24) <= contents.size());
    assert_eq!(rows.len(), contents.rows().count());
    if let Some(histograms) = contents.histograms() {
        let counted = histograms.map(|row| row.counts.len()).sum::<usize>();
        assert_eq!(counted, contents.rows().len().saturating_mul(BUCKETS));
    }
    let mended = log.clone().announcing_all_rows(LIMIT);
    assert_eq!(mended.contents(LIMIT).rows().len(), contents.rows().len());
    for transport in [Transport::Plain, Transport::Deflated, Transport::Stored] {
        let wrapped = log.clone().travelling(transport, LIMIT);
        assert!(wrapped.contents(LIMIT).rows().len() <= contents.rows().len());
    }
}

/// What may be added to a log cut off inside its last histogram: the rest of that.
const ROW_WITH_HISTOGRAM: usize = 56 + 16 + 8 * BUCKETS;

/// A verify state file: what is accepted is written again as it was read, but for a name that leaves no room
/// for its NUL, which is cut and said so.
pub fn verify_file(data: &[u8]) {
    let Ok(progress) = VerifyProgress::decode_file(data) else {
        return;
    };
    for revision in Revision::all() {
        let mut dropped = Vec::new();
        let file = progress.encode_file(revision, &mut dropped);
        let again = VerifyProgress::decode_file(&file).expect("what was written is sound");
        assert_eq!(again.index, progress.index);
        let is_cut = dropped.iter().any(|dropped| dropped.field == "name");
        assert_eq!(again.name != progress.name, is_cut, "{}", progress.name);
    }
}

/// What happens to a pair of sessions.
#[derive(Debug, Arbitrary)]
enum Operation {
    ClientSends(ClientMessage),
    ServerSends(Box<ServerMessage>),
    /// What a question is answered with.
    ServerReplies(u64, Box<ServerMessage>),
    /// The jobs are to run.
    Run,
    AskEta,
    /// A sound frame with anything in it.
    Frame {
        to_server: bool,
        opcode: u8,
        tag: u64,
        flags: u8,
        payload: Vec<u8>,
    },
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

/// A client and a server with a network between them that loses time, cuts and invents. The first
/// byte picks the version.
pub fn session(data: &[u8]) {
    let Some((&byte, data)) = data.split_first() else {
        return;
    };
    let version = picked(byte).0.version();
    let limits = Limits {
        max_message: 256 << 10,
        max_queued: 256 << 10,
        ..Limits::default()
    };
    let mut now = Instant::ZERO;
    let config = ClientConfig::default().version(version);
    let mut client = ClientSession::new(config.limits(limits), now);
    let mut server = ServerSession::new(
        ServerConfig::new(ProbeReply::new("fuzz")).limits(limits),
        now,
    );
    let mut input = Unstructured::new(data);
    while let Ok(operation) = Operation::arbitrary(&mut input) {
        match operation {
            Operation::ClientSends(message) if fits(&message, &client.revision(), &limits) => {
                drop(client.send(now, &message));
            }
            Operation::ServerSends(message) if fits(&*message, &server.revision(), &limits) => {
                drop(server.send(now, &message));
            }
            Operation::ServerReplies(tag, message)
                if fits(&*message, &server.revision(), &limits) =>
            {
                drop(server.reply(now, Tag(tag), &message));
            }
            Operation::ClientSends(_)
            | Operation::ServerSends(_)
            | Operation::ServerReplies(..) => {}
            Operation::Run => drop(client.run(now)),
            Operation::AskEta => drop(client.ask_eta(now)),
            Operation::Frame {
                to_server,
                opcode,
                tag,
                flags,
                payload,
            } => {
                let payload = payload.get(..version.max_fragment()).unwrap_or(&payload);
                let header = Header {
                    version,
                    opcode: Opcode::new(opcode.into()),
                    flags: Flags::from_bits_retain(flags.into()),
                    tag: Tag(tag),
                    payload_len: payload.len().try_into().unwrap_or(0),
                    payload_crc: crate::crc::crc16(payload),
                };
                let frame = [header.to_raw().as_bytes(), payload].concat();
                match to_server {
                    true => server.handle_bytes(now, &frame),
                    false => client.handle_bytes(now, &frame),
                }
            }
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
        // The frames' headers come on top of the messages.
        let bound = limits
            .max_queued
            .saturating_add(limits.max_message)
            .saturating_mul(2);
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

/// Whether a message is one that the peer takes. A longer one would be queued all the same, once
/// nothing else waits: how much a program says is its own affair.
fn fits<M: Message>(message: &M, revision: &Revision, limits: &Limits) -> bool {
    let mut payload = Vec::new();
    let encoded = message.encode_payload(*revision, &mut payload, &mut Vec::new());
    encoded.is_ok() && payload.len() <= limits.max_message
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
