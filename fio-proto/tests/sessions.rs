//! Sessions of every released version with itself: each message, decoded and encoded again, is the same
//! bytes, except for those fio itself left as they were in its memory.

mod common;

use common::sessions::{Session, each_message, elsewhere, kept};
use common::uncleared::uncleared;
use fio_proto::fragment::{Fragments, RawMessage};
use fio_proto::layout::IoLogHeader;
use fio_proto::message::{ClientMessage, Message, PATH_SIZE, ServerMessage};
use fio_proto::opcode::Command;
use fio_proto::{Revision, ServerVersion};

/// Sets the bytes to zero that fio did not initialise:
///
/// | message | bytes | versions |
/// |---|---|---|
/// | JOBLINE | `argv`: unused slots, and used ones behind the NUL | 1 |
/// | JOB | `buf` behind the first NUL | since fio 3.8, version 73 |
/// | ADD_JOB | padding, text behind its NUL, the second half of doubles | since 99 |
/// | IOLOG | `log_offset`, `name` behind its NUL | 65, 66 |
/// | SENDFILE | `path` behind its NUL | all |
/// | SENDFILE, answer | `size` when there is an `error` | all |
fn clear_uninitialised(revision: Revision, command: Command, payload: &mut [u8]) {
    match command {
        Command::JobLine if revision == Revision::V1 => clear_slots(payload),
        Command::Job if revision != Revision::V1 => clear_behind_nul(&mut payload[8..]),
        Command::AddJob => {
            for range in uncleared(revision, payload) {
                payload[range].fill(0);
            }
        }
        Command::IoLog if revision.version().number() <= 66 => {
            payload[20..24].fill(0);
            clear_behind_nul(&mut payload[28..IoLogHeader::size(revision)]);
        }
        Command::SendFile if payload.len() == 8 => payload[..4].fill(0),
        Command::SendFile if payload.len() == PATH_SIZE => clear_behind_nul(payload),
        _ => {}
    }
}

fn clear_behind_nul(text: &mut [u8]) {
    let end = text
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(text.len());
    text[end..].fill(0);
}

fn clear_slots(payload: &mut [u8]) {
    let words = usize::from(u16::from_le_bytes([payload[0], payload[1]]));
    for (index, slot) in payload[2..].chunks_mut(64).enumerate() {
        if index < words {
            clear_behind_nul(slot);
        } else {
            slot.fill(0);
        }
    }
}

fn again<M: Message>(revision: Revision, raw: &RawMessage<'_>, name: &str) -> Vec<u8> {
    let message = M::decode(revision, raw.opcode, raw.payload)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let (mut payload, mut dropped) = (Vec::new(), Vec::new());
    message
        .encode_payload(revision, &mut payload, &mut dropped)
        .unwrap();
    assert_eq!(dropped, [], "{name}");
    payload
}

/// Checks one direction of a session; returns how many messages it had.
fn check<M: Message>(revision: Revision, stream: &[u8], name: &str) -> usize {
    let (mut count, mut place) = (0, 0);
    each_message(stream, |raw| {
        count += 1;
        let command = raw.opcode.command(raw.version).unwrap();
        let mut wanted = raw.payload.to_vec();
        clear_uninitialised(revision, command, &mut wanted);
        let payload = again::<M>(revision, &raw, name);
        assert_eq!(payload.len(), wanted.len(), "{name}: length of {command}");
        let other = payload.iter().zip(&wanted).position(|(a, b)| a != b);
        assert_eq!(other, None, "{name}: {command} changed at that offset");
        // The frames are fio's, too; only logs are cut anywhere.
        let frames = raw.frames * 24 + raw.payload.len();
        if command != Command::IoLog {
            let mut cut = Vec::new();
            Fragments::new(raw.version, raw.opcode, raw.tag, raw.payload).append_to(&mut cut);
            assert!(
                cut == stream[place..place + frames],
                "{name}: frames of {command}"
            );
        }
        place += frames;
    });
    count
}

fn check_session(session: &Session) -> usize {
    let (name, revision) = (&session.name, session.revision());
    check::<ClientMessage>(revision, &session.client, &format!("{name} client"))
        + check::<ServerMessage>(revision, &session.server, &format!("{name} server"))
}

#[test]
fn decoding_then_encoding_is_the_identity() {
    let sessions = kept();
    for version in ServerVersion::supported().skip(1) {
        let start = format!("v{:03}/", version.number());
        let of_version = |session: &&Session| session.name.starts_with(&start);
        assert!(sessions.iter().filter(of_version).count() > 5, "{version}");
    }
    let messages: usize = sessions.iter().map(check_session).sum();
    assert!(messages > 5000, "{messages}");
}

#[test]
fn so_it_is_for_captures_elsewhere() {
    let (sessions, mut messages) = (elsewhere(), 0);
    for session in &sessions {
        messages += check_session(session);
    }
    println!("{messages} messages of {} sessions", sessions.len());
}
