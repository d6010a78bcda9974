//! What a server answers to input that breaks the protocol, in the words of fio 1.99 where it has any.

mod common;

use std::time::Duration;

use common::capture;
use fio_proto::Limits;
use fio_proto::error::{DecodeError, Fault, FrameError, JoinError, MessageError, ProtocolError};
use fio_proto::fragment::{Fragments, Joiner};
use fio_proto::frame::{Flags, Frame, Header, Tag};
use fio_proto::message::{ClientMessage, Message, ProbeReply, ProbeRequest, ServerMessage};
use fio_proto::opcode::Opcode;
use fio_proto::session::{
    ClientConfig, ClientEvent, ClientSession, Instant, Output, ServerConfig, ServerEvent,
    ServerSession,
};
use fio_proto::{Revision, ServerVersion};
use zerocopy::IntoBytes;

const NOW: Instant = Instant::ZERO;

fn server(limits: Limits) -> ServerSession {
    ServerSession::new(ServerConfig::new(ProbeReply::new("vm")).limits(limits), NOW)
}

/// What comes out of a session: its events, its bytes, and whether it closes.
fn drain(session: &mut ServerSession) -> (Vec<ServerEvent>, Vec<u8>, bool) {
    let (mut events, mut bytes) = (Vec::new(), Vec::new());
    loop {
        match session.poll_output() {
            Output::Event(event) => events.push(event),
            Output::Transmit(waiting) => {
                let count = waiting.len();
                bytes.extend_from_slice(waiting);
                session.transmitted(NOW, count);
            }
            Output::Timeout(_) => return (events, bytes, false),
            Output::Close => return (events, bytes, true),
        }
    }
}

/// The texts in a server's answer.
fn texts(mut bytes: &[u8]) -> Vec<String> {
    let (mut joiner, mut texts) = (Joiner::new(Some(ServerVersion::V1), 1 << 20), Vec::new());
    while !bytes.is_empty() {
        let step = joiner.push(bytes).unwrap();
        let raw = step.message.unwrap();
        match ServerMessage::decode(Revision::V1, raw.opcode, raw.payload).unwrap() {
            ServerMessage::Text(text) => texts.push(text.text.to_string()),
            other => panic!("{other:?}"),
        }
        bytes = &bytes[step.consumed..];
    }
    texts
}

fn frame(opcode: u16, flags: Flags, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        version: ServerVersion::V1,
        opcode: Opcode::new(opcode),
        flags,
        tag: Tag(0),
        payload_len: payload.len().try_into().unwrap(),
        payload_crc: fio_proto::crc::crc16(payload),
    };
    [header.to_raw().as_bytes(), payload].concat()
}

fn message(opcode: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Fragments::new(ServerVersion::V1, Opcode::new(opcode), Tag(0), payload).append_to(&mut bytes);
    bytes
}

#[test]
fn hand_made_input_gets_the_answer_fio_gave() {
    let cases = [
        "bad_header_crc",
        "bad_payload_crc",
        "client_sends_ts",
        "oversize_fragment",
        "unknown_opcode",
    ];
    for case in cases {
        let mut session = server(Limits::default());
        session.handle_bytes(NOW, &capture(&format!("raw_{case}.c2s.bin")));
        let (events, bytes, closed) = drain(&mut session);
        assert!(
            closed && matches!(events[..], [ServerEvent::Failed(_)]),
            "{case}: {events:?}"
        );
        assert_eq!(
            bytes,
            capture(&format!("raw_{case}.s2c.bin")),
            "{case}: {:?}",
            texts(&bytes)
        );
    }
}

#[test]
fn harmless_oddities_get_the_answer_fio_gave() {
    for (case, answered) in [
        ("unknown_flag_bit", true),
        ("probe_odd_tag", true),
        ("probe_then_close", true),
        ("quit_without_job", false),
    ] {
        let mut session = server(Limits::default());
        session.handle_bytes(NOW, &capture(&format!("raw_{case}.c2s.bin")));
        let (events, bytes, closed) = drain(&mut session);
        assert!(
            !events
                .iter()
                .any(|event| matches!(event, ServerEvent::Failed(_))),
            "{case}: {events:?}"
        );
        assert_eq!(closed, !answered, "{case}");
        let mut expected = if answered {
            capture(&format!("raw_{case}.s2c.bin"))
        } else {
            Vec::new()
        };
        if case == "probe_odd_tag" {
            // fio answers with tag 0, this server with the tag of the request.
            let tag = Tag(u64::from_le_bytes(
                capture("raw_probe_odd_tag.c2s.bin")[8..16]
                    .try_into()
                    .unwrap(),
            ));
            assert_ne!(tag, Tag(0));
            expected.clear();
            let mut reply = ProbeReply::new("vm");
            reply.release = "1.99.0".into();
            let reply = ServerMessage::Probe(reply);
            reply.append_to(Revision::V1, tag, &mut expected).unwrap();
        }
        assert_eq!(bytes, expected, "{case}");
    }
}

#[test]
fn every_malformed_input_ends_in_a_clear_text() {
    let small = Limits {
        max_message: 1000,
        max_outstanding: 2,
        ..Limits::default()
    };
    let line = |argc: u16, fill: u8| [&argc.to_le_bytes()[..], &[fill; 8192]].concat();
    let job = message(3, b"[a]\n");
    let decode = |field, reason: &str| format!("fio: bad message: cmd_line_pdu.{field} {reason}\n");
    let cases = [
        (
            [
                frame(3, Flags::MORE, b"[a]"),
                frame(1, Flags::empty(), b"x"),
            ]
            .concat(),
            small,
            "fio: fragment opcode mismatch (3 != 1)\n".to_string(),
        ),
        (
            capture("raw_fragment_opcode_mismatch.c2s.bin"),
            small,
            "fio: fragment opcode mismatch (3 != 1)\n".into(),
        ),
        (
            message(3, &[b' '; 1001]),
            small,
            "fio: message too large: more than 1000 bytes\n".into(),
        ),
        (
            message(4, &line(65535, 0)),
            Limits::default(),
            decode("argc", "at offset 0 is 65535, at most 128 allowed"),
        ),
        (
            message(4, &line(1, b'x')),
            Limits::default(),
            decode("argv", "at offset 2 is not terminated within 64 bytes"),
        ),
        (
            message(4, &[2, 0, 0]),
            small,
            decode("argv", "at offset 2 needs 64 bytes, got 1"),
        ),
        (
            message(4, &[2]),
            small,
            decode("argc", "at offset 0 needs 2 bytes, got 1"),
        ),
        (
            job.repeat(3),
            small,
            "fio: more than 2 jobs sent without waiting for their end\n".into(),
        ),
    ];
    for (bytes, limits, wanted) in cases {
        let mut session = server(limits);
        session.handle_bytes(NOW, &bytes);
        let (events, answer, closed) = drain(&mut session);
        assert!(closed, "{wanted}");
        assert!(
            matches!(events.last(), Some(ServerEvent::Failed(_))),
            "{wanted}: {events:?}"
        );
        assert_eq!(texts(&answer), [wanted]);
        session.handle_bytes(NOW, &job);
        assert_eq!(
            drain(&mut session),
            (Vec::new(), Vec::new(), true),
            "nothing is heard afterwards"
        );
    }
}

#[test]
fn an_empty_frame_with_more_is_a_whole_message() {
    let mut session = server(Limits::default());
    session.handle_bytes(NOW, &frame(9, Flags::MORE, b""));
    assert_eq!(
        drain(&mut session).0,
        [ServerEvent::Probed(ProbeRequest::default())]
    );
    let mut session = server(Limits::default());
    session.handle_bytes(NOW, &capture("raw_empty_fragment_with_more.c2s.bin"));
    let (events, _, _) = drain(&mut session);
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, ServerEvent::Failed(_))),
        "{events:?}"
    );
}

#[test]
fn exit_is_handed_on() {
    let mut session = server(Limits::default());
    session.handle_bytes(NOW, &capture("raw_exit.c2s.bin"));
    assert_eq!(
        drain(&mut session),
        (vec![ServerEvent::Exit], Vec::new(), false)
    );
}

#[test]
fn unknown_versions_are_told_in_their_own_and_let_go() {
    for number in [0, 2, 7, 33, 64, 67, 98, 122, u16::MAX] {
        let version = ServerVersion::new(number);
        let mut probe = Vec::new();
        Fragments::new(version, Opcode::new(10), Tag(7), &[0; 136]).append_to(&mut probe);
        let mut session = server(Limits::default());
        session.handle_bytes(NOW, &probe);
        let (events, bytes, closed) = drain(&mut session);
        let [ServerEvent::Failed(error)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(
            (error.fault(), error.peer_version(), closed),
            (Fault::Incompatible, Some(version), true)
        );
        let (frame, rest) = Frame::parse(&bytes).unwrap().unwrap();
        assert_eq!((frame.header.version, rest), (version, &[][..]));
        assert_eq!(frame.header.opcode, Opcode::new(5));
        let wanted = format!("fio: bad server cmd version {number}, known are 1, 65-121\n");
        let text = frame.payload.strip_prefix(wanted.as_bytes());
        let old = number <= 33;
        assert_eq!(text.is_some(), old, "the text alone in the oldest versions");
        assert!(frame.payload.ends_with(wanted.as_bytes()));
    }
}

#[test]
fn a_connection_cut_at_every_byte_is_noticed() {
    let stream = [
        capture("null_randread.c2s.bin"),
        message(4, &[0; 600]),
        message(1, b""),
    ]
    .concat();
    let mut ends = vec![0];
    let mut joiner = Joiner::new(None, 1 << 20);
    while *ends.last().unwrap() < stream.len() {
        ends.push(
            ends.last().unwrap()
                + joiner
                    .push(&stream[*ends.last().unwrap()..])
                    .unwrap()
                    .consumed,
        );
    }
    for cut in 0..=stream.len() {
        let mut session = server(Limits::default());
        session.handle_bytes(NOW, &stream[..cut]);
        session.handle_closed();
        let (events, _, closed) = drain(&mut session);
        assert!(closed);
        let start = ends
            .iter()
            .copied()
            .filter(|end| *end <= cut)
            .max()
            .unwrap();
        let received = u64::try_from(cut - start).unwrap();
        let wanted = match received {
            0 => ServerEvent::Closed,
            received => ServerEvent::Failed(ProtocolError::ClosedInsideMessage { received }),
        };
        assert_eq!(events.last(), Some(&wanted), "cut at {cut}");
    }
}

#[test]
fn a_client_notices_a_cut_at_every_byte() {
    // The whole session but its TS message, which is cut at the interesting places only.
    let whole = capture("null_randread.s2c.bin");
    let stats = whole.len() - 24 - 152 - 180 * 24 - 11464;
    let cuts = (0..=stats + 100)
        .chain((stats..whole.len()).step_by(87))
        .chain(whole.len() - 200..=whole.len());
    for cut in cuts {
        let stream = &whole;
        let mut client =
            ClientSession::new(ClientConfig::default().version(ServerVersion::V1), NOW);
        client.run(NOW).unwrap();
        client.send(NOW, &ClientMessage::job("[a]")).unwrap();
        client.transmitted(NOW, 24);
        client.handle_bytes(NOW, &stream[..cut]);
        client.handle_closed();
        let mut last = None;
        while let Output::Event(event) = client.poll_output() {
            last = Some(event);
        }
        assert_eq!(
            cut == stream.len(),
            last == Some(ClientEvent::Closed),
            "cut at {cut}: {last:?}"
        );
        assert_eq!(client.poll_output(), Output::Close);
    }
}

#[test]
fn a_byte_a_second_is_too_slow() {
    let stream = capture("null_randread.c2s.bin");
    let mut session = server(Limits::default());
    session.handle_bytes(NOW, &stream[..24]);
    assert_eq!(
        drain(&mut session).0,
        [ServerEvent::Probed(ProbeRequest::default())]
    );
    assert_eq!(session.deadline(), None);
    session.handle_bytes(NOW, &stream[24..25]);
    assert_eq!(session.deadline(), Some(NOW.after(Duration::from_secs(10))));
    let mut now = NOW;
    for byte in &stream[25..] {
        now = now.after(Duration::from_secs(1));
        session.handle_timeout(now);
        if session.queued() > 0 {
            break;
        }
        session.handle_bytes(now, &[*byte]);
    }
    let (events, bytes, closed) = drain(&mut session);
    assert!(closed && now.since(NOW) == Duration::from_secs(10));
    let Some(ServerEvent::Failed(error)) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!(error.fault(), Fault::Vanished);
    assert_eq!(error.to_string(), "no rest of a message within 10s");
    assert!(
        bytes
            .windows(28)
            .any(|window| window == b"fio: no rest of a message wi")
    );
}

#[test]
fn damage_on_the_way_is_the_frames_fault() {
    let mut broken = message(3, b"[a]\n");
    broken[25] ^= 1;
    let mut session = server(Limits::default());
    session.handle_bytes(NOW, &broken);
    let (events, ..) = drain(&mut session);
    let [
        ServerEvent::Failed(ProtocolError::Join(JoinError::Frame(FrameError::PayloadCrc {
            ..
        }))),
    ] = events[..]
    else {
        panic!("{events:?}");
    };
}

#[test]
fn errors_name_structure_field_and_offset() {
    let short = ServerMessage::decode(Revision::V1, Opcode::new(6), &[0; 11463]).unwrap_err();
    let wanted = DecodeError::Truncated {
        structure: "cmd_ts_pdu",
        field: "groupid",
        offset: 11460,
        needed: 4,
        got: 3,
    };
    assert_eq!(short, MessageError::Decode(wanted));
    assert_eq!(
        short.to_string(),
        "cmd_ts_pdu.groupid at offset 11460 needs 4 bytes, got 3"
    );
}
