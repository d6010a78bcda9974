//! Input that breaks the protocol, in every version: what a server answers, and that no payload, cut
//! anywhere or with any count, harms whoever reads it.

use fio_proto::describe::{Direction, describe_payload};
use fio_proto::error::{JoinError, ProtocolError};
use fio_proto::fragment::{Fragments, Joiner, RawMessage};
use fio_proto::frame::{Flags, Header, Tag};
use fio_proto::layout::{GroupRunStats, Histogram, JobsEta};
use fio_proto::message::{
    ClientMessage, CompletedWrite, DataDirection, Eta, IoLog, JobLine, JobOption, LoadFile,
    LogColumns, LogRow, LogType, Message, ProbeReply, ProbeRequest, SendFileReply, ServerMessage,
    Start, Stop, Text, ThreadReport, Transport, VerifyProgress, VerifyState,
};
use fio_proto::opcode::{Command, Opcode};
use fio_proto::session::{Instant, Output, ServerConfig, ServerEvent, ServerSession};
use fio_proto::{Revision, ServerVersion};
use zerocopy::IntoBytes;

const NOW: Instant = Instant::ZERO;

fn versions() -> impl Iterator<Item = ServerVersion> {
    let mut versions: Vec<_> = Revision::all().map(Revision::version).collect();
    versions.dedup();
    versions.into_iter()
}

/// What a server makes of a stream: its events, its messages with their tags, and whether it closes.
struct Reaction {
    events: Vec<ServerEvent>,
    answers: Vec<(Tag, ServerMessage)>,
    closed: bool,
}

impl Reaction {
    fn to(version: ServerVersion, stream: &[u8]) -> Self {
        let mut session = ServerSession::new(ServerConfig::new(ProbeReply::new("vm")), NOW);
        session.handle_bytes(NOW, stream);
        let (mut events, mut bytes) = (Vec::new(), Vec::new());
        let closed = loop {
            match session.poll_output() {
                Output::Event(event) => events.push(event),
                Output::Transmit(waiting) => {
                    let count = waiting.len();
                    bytes.extend_from_slice(waiting);
                    session.transmitted(NOW, count);
                }
                Output::Timeout(_) => break false,
                Output::Close => break true,
            }
        };
        let answers = messages(version, &bytes);
        Self {
            events,
            answers,
            closed,
        }
    }

    fn texts(&self) -> Vec<String> {
        let texts = self.answers.iter().map(|(tag, message)| match message {
            ServerMessage::Text(text) => {
                assert_eq!(*tag, Tag(0));
                text.text.to_string()
            }
            other => panic!("{other:?}"),
        });
        texts.collect()
    }

    fn failure(&self) -> Option<&ProtocolError> {
        match self.events.last() {
            Some(ServerEvent::Failed(error)) => Some(error),
            _ => None,
        }
    }
}

fn messages(version: ServerVersion, mut bytes: &[u8]) -> Vec<(Tag, ServerMessage)> {
    let revision = Revision::of(version).unwrap();
    let (mut joiner, mut all) = (Joiner::new(Some(version), 1 << 20), Vec::new());
    while !bytes.is_empty() {
        let step = joiner.push(bytes).unwrap();
        bytes = &bytes[step.consumed..];
        all.extend(step.message.map(|raw| {
            (
                raw.tag,
                ServerMessage::decode(revision, raw.opcode, raw.payload).unwrap(),
            )
        }));
    }
    all
}

fn frame(version: ServerVersion, command: Command, flags: Flags, payload: &[u8]) -> Vec<u8> {
    numbered(version, command.opcode(version).unwrap(), flags, payload)
}

fn numbered(version: ServerVersion, opcode: Opcode, flags: Flags, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        version,
        opcode,
        flags,
        tag: Tag(0x77),
        payload_len: payload.len().try_into().unwrap(),
        payload_crc: fio_proto::crc::crc16(payload),
    };
    [header.to_raw().as_bytes(), payload].concat()
}

fn probe(version: ServerVersion) -> Vec<u8> {
    let (mut payload, mut dropped) = (Vec::new(), Vec::new());
    let probe = ClientMessage::Probe(ProbeRequest::default());
    probe
        .encode_payload(Revision::of(version).unwrap(), &mut payload, &mut dropped)
        .unwrap();
    payload
}

/// What servers of fio 3.0, 3.33 and the newest answered to hand-made input.
#[test]
fn hand_made_input_gets_the_answers_fio_gave() {
    let closing = [
        "bad_header_crc",
        "bad_payload_crc",
        "client_sends_ts",
        "oversize_fragment",
        "unknown_opcode",
        "fragment_opcode_mismatch",
    ];
    let harmless = [
        "unknown_flag_bit",
        "probe_odd_tag",
        "small_fragments",
        "fragment_tags_differ",
        "empty_fragment_with_more",
        "quit_without_job",
    ];
    for number in [65, 97, 121] {
        let version = ServerVersion::new(number);
        let folder = format!(
            "{}/tests/data/malformed/v{number:03}",
            env!("CARGO_MANIFEST_DIR")
        );
        let capture = |name: String| std::fs::read(format!("{folder}/{name}"));
        for case in closing.into_iter().chain(harmless) {
            let stream = capture(format!("{case}.c2s.bin")).unwrap();
            let answer = capture(format!("{case}.s2c.bin")).unwrap_or_default();
            let reaction = Reaction::to(version, &stream);
            assert_eq!(reaction.closed, closing.contains(&case), "{case} {version}");
            assert_eq!(
                reaction.failure().is_some(),
                reaction.closed,
                "{case} {version}"
            );
            // The time of a text and the number of processors differ.
            let essence = |(tag, message): &(Tag, ServerMessage)| match message {
                ServerMessage::Text(text) => format!("{tag:?} {:?} {}", text.level, text.text),
                ServerMessage::Probe(probe) => format!("{tag:?} {}", probe.hostname),
                other => panic!("{other:?}"),
            };
            let ours: Vec<_> = reaction.answers.iter().map(essence).collect();
            let theirs: Vec<_> = messages(version, &answer).iter().map(essence).collect();
            assert_eq!(ours, theirs, "{case} {version}");
        }
    }
}

#[test]
fn broken_frames_are_refused_in_the_words_of_each_version() {
    for version in versions() {
        let sound = frame(version, Command::Probe, Flags::empty(), &probe(version));
        let header_crc = u16::from_le_bytes([sound[20], sound[21]]);
        let mut broken = sound.clone();
        broken[20..22].copy_from_slice(&0xdead_u16.to_le_bytes());
        let told = format!("fio: server bad crc on command (got dead, wanted {header_crc:x})\n");
        refused(version, &broken, &[&told]);

        let job = frame(version, Command::Job, Flags::empty(), b"[job]\n");
        let payload_crc = fio_proto::crc::crc16(b"[job]\n");
        let mut broken = job.clone();
        broken[22..24].copy_from_slice(&0xdead_u16.to_le_bytes());
        let second = format!("(got dead, wanted {payload_crc:x})\n");
        refused(
            version,
            &broken,
            &["fio: server bad crc on payload ", &second],
        );

        let limit = version.max_fragment();
        let long = frame(
            version,
            Command::Job,
            Flags::empty(),
            &vec![b' '; limit + 1],
        );
        let told = format!("fio: command payload too large: {}\n", limit + 1);
        refused(version, &long, &[&told]);

        let first = frame(version, Command::Job, Flags::MORE, b"[a]");
        let other = frame(version, Command::Quit, Flags::empty(), b"x");
        let told = "fio: fragment opcode mismatch (3 != 1)\n";
        let error = refused(version, &[first, other].concat(), &[told]);
        assert!(matches!(
            error,
            ProtocolError::Join(JoinError::OpcodeChanged { .. })
        ));
    }
}

#[test]
fn unknown_and_misdirected_commands_are_named_as_each_version_names_them() {
    for version in versions() {
        let old = version == ServerVersion::V1;
        let unknown = numbered(version, Opcode::new(99), Flags::empty(), b"");
        let told = if old { "99" } else { "UNKNOWN/99" };
        refused(
            version,
            &unknown,
            &[&format!("fio: unknown opcode: {told}\n")],
        );
        for command in [
            Command::ThreadStats,
            Command::Text,
            Command::Start,
            Command::Stop,
        ] {
            let stream = frame(version, command, Flags::empty(), b"");
            let opcode = command.opcode(version).unwrap();
            let named = if old {
                opcode.to_string()
            } else {
                command.name().to_string()
            };
            refused(
                version,
                &stream,
                &[&format!("fio: unknown opcode: {named}\n")],
            );
        }
    }
}

/// Feeds the stream to a server; it must answer with these texts in the client's own version, say that
/// it failed, close, and be deaf from then on.
fn refused(version: ServerVersion, stream: &[u8], texts: &[&str]) -> ProtocolError {
    let again = [
        stream,
        &frame(version, Command::Job, Flags::empty(), b"[a]"),
    ]
    .concat();
    let reaction = Reaction::to(version, &again);
    assert_eq!(reaction.texts(), texts, "{version}");
    assert!(reaction.closed && reaction.events.len() == 1, "{version}");
    reaction.failure().unwrap().clone()
}

#[test]
fn oddities_that_fio_accepts_are_accepted() {
    for version in versions() {
        let payload = probe(version);
        let answered = |stream: &[u8]| {
            let reaction = Reaction::to(version, stream);
            let [(tag, ServerMessage::Probe(_))] = &reaction.answers[..] else {
                panic!("{version}: {:?}", reaction.answers)
            };
            assert!(*tag == Tag(0x77) && !reaction.closed, "{version}");
        };
        answered(&frame(
            version,
            Command::Probe,
            Flags::from_bits_retain(0x8000_0000),
            &payload,
        ));
        // Pieces of uneven size, all but the first with another tag.
        let mut uneven = Vec::new();
        let mut rest = &payload[..];
        for size in [1, 7, 64, 3].into_iter().cycle() {
            let (piece, behind) = rest.split_at(size.min(rest.len()));
            let flags = if behind.is_empty() {
                Flags::empty()
            } else {
                Flags::MORE
            };
            uneven.extend(frame(version, Command::Probe, flags, piece));
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        answered(&uneven);
        let quit = frame(version, Command::Quit, Flags::empty(), b"");
        let reaction = Reaction::to(version, &quit);
        assert_eq!(reaction.answers, []);
        assert_eq!(reaction.closed, version == ServerVersion::V1, "{version}");
        // An empty frame ends its message, whatever its flags say.
        let empty = frame(version, Command::Exit, Flags::MORE, b"");
        let reaction = Reaction::to(version, &[empty, quit].concat());
        assert_eq!(
            reaction.events.first(),
            Some(&ServerEvent::Exit),
            "{version}"
        );
    }
}

#[test]
fn questions_without_a_job_are_handed_on_with_their_tags() {
    for version in versions().filter(|version| *version != ServerVersion::V1) {
        let trigger = [&4_u16.to_le_bytes()[..], b"true"].concat();
        let stream = [
            frame(version, Command::Run, Flags::empty(), b""),
            frame(version, Command::SendEta, Flags::empty(), b""),
            frame(version, Command::VerifyTrigger, Flags::empty(), &trigger),
        ];
        let reaction = Reaction::to(version, &stream.concat());
        let tag = Tag(0x77);
        let command = "true".into();
        let events = [
            ServerEvent::Run,
            ServerEvent::SendEta { tag },
            ServerEvent::VerifyTrigger { tag, command },
        ];
        assert_eq!(reaction.events, events, "{version}");
        assert!(!reaction.closed);
    }
}

fn client_messages() -> Vec<ClientMessage> {
    vec![
        ClientMessage::Probe(ProbeRequest::default()),
        ClientMessage::JobLine(JobLine::new(["--section=a", "--readonly"])),
        ClientMessage::job("[job]\nrw=read\n"),
        ClientMessage::LoadFile(LoadFile::new("jobs/a.fio")),
        ClientMessage::Run,
        ClientMessage::SendEta,
        ClientMessage::UpdateJob(Box::default()),
        ClientMessage::VerifyTrigger("true".into()),
        ClientMessage::SendFileReply(SendFileReply::file(vec![7; 40])),
        ClientMessage::Quit,
        ClientMessage::Exit,
    ]
}

fn server_messages() -> Vec<ServerMessage> {
    let mut progress = VerifyProgress::new("job", 0, 2, 9);
    progress.files = 2;
    progress.slots_per_file = 2;
    progress.completed = vec![CompletedWrite::default(); 4];
    progress.in_flight = vec![1, 2];
    let row = LogRow {
        direction: DataDirection::WRITE,
        offset: Some(3),
        ..LogRow::default()
    };
    let columns = LogColumns {
        offset: true,
        ..LogColumns::default()
    };
    let log = IoLog::from_rows("a_lat.1.log", LogType::LATENCY, 1, columns, [row; 5]);
    let histogram = Histogram::from_counts([1, 2, 3]);
    let histograms = IoLog::from_histograms("a_hist.1.log", 1, 3, [(row, &histogram)]);
    let mut status = JobsEta::default();
    status.threads = 3;
    let eta = Eta::new(status, "RrP");
    vec![
        ServerMessage::Probe(ProbeReply::new("vm")),
        ServerMessage::Text(Text::info("Starting 1 process\n")),
        ServerMessage::Start(Start::new(1, 1)),
        ServerMessage::ServerStart,
        ServerMessage::AddJob(Box::default()),
        ServerMessage::Eta(eta),
        ServerMessage::ThreadReport(Box::<ThreadReport>::default()),
        ServerMessage::GroupStats(GroupRunStats::default()),
        ServerMessage::DiskUtilization(Box::default()),
        ServerMessage::JobOption(JobOption::global("rw", "read")),
        ServerMessage::IoLog(Box::new(
            log.clone().travelling(Transport::Deflated, 1 << 20),
        )),
        ServerMessage::IoLog(Box::new(log.clone().travelling(Transport::Stored, 1 << 20))),
        ServerMessage::IoLog(Box::new(log)),
        ServerMessage::IoLog(Box::new(histograms)),
        ServerMessage::UpdateJobReply(19),
        ServerMessage::VerifyState(VerifyState::new(vec![progress; 2])),
        ServerMessage::SendFile("127.0.0.1-vt-0-verify.state".into()),
        ServerMessage::Stop(Stop::new(0, 0)),
        ServerMessage::Quit,
    ]
}

/// Places worth looking at: all of a small payload; of a large one the start, the end, and some between.
fn places(length: usize) -> Vec<usize> {
    if length < 400 {
        return (0..length).collect();
    }
    let between = (8..length).step_by(length / 5);
    (0..8).chain(between).chain(length - 2..length).collect()
}

/// Reads a payload in every way there is; what it says is of no interest here, only that it ends.
fn read<M: Message>(
    revision: Revision,
    opcode: Opcode,
    payload: &[u8],
    direction: Direction,
) -> Option<M> {
    let version = revision.version();
    let raw = RawMessage {
        version,
        opcode,
        tag: Tag(0),
        payload,
        frames: 1,
    };
    // Tables alone make up the long messages; describing thousands of those takes minutes.
    if payload.len() < 2000 {
        drop(describe_payload(&raw, direction));
        drop(describe_payload(&raw, Direction::Unknown));
    }
    M::decode(revision, opcode, payload).ok()
}

/// Cuts a message's payload and overwrites it with ones, in every revision; what is still accepted must
/// be good to send.
fn torment<M: Message>(messages: &[M], direction: Direction) -> (usize, usize) {
    let (mut accepted, mut refused) = (0, 0);
    let mut long = Vec::new();
    for revision in Revision::all() {
        for message in messages {
            let Ok(opcode) = message.opcode(revision) else {
                continue;
            };
            let (mut payload, mut dropped) = (Vec::new(), Vec::new());
            message
                .encode_payload(revision, &mut payload, &mut dropped)
                .unwrap();
            let intact = read::<M>(revision, opcode, &payload, direction);
            let intact = intact.unwrap_or_else(|| panic!("{revision} {:?}", message.command()));
            let mut again = Vec::new();
            intact
                .encode_payload(revision, &mut again, &mut dropped)
                .unwrap();
            assert!(again == payload, "{revision} {:?}", message.command());
            // The longer structures are the same in many versions: one of each length will do.
            if payload.len() > 200 && long.contains(&payload.len()) {
                continue;
            }
            long.push(payload.len());
            let mut inputs: Vec<_> = places(payload.len())
                .into_iter()
                .map(|length| payload[..length].to_vec())
                .collect();
            for width in [2, 4, 8] {
                inputs.extend(places(payload.len()).into_iter().step_by(width).map(|at| {
                    let mut wrong = payload.clone();
                    let end = (at + width).min(wrong.len());
                    wrong[at..end].fill(0xff);
                    wrong
                }));
            }
            for input in inputs {
                match read::<M>(revision, opcode, &input, direction) {
                    Some(message) => {
                        again.clear();
                        message
                            .encode_payload(revision, &mut again, &mut dropped)
                            .unwrap();
                        assert!(M::decode(revision, opcode, &again).is_ok(), "{revision}");
                        accepted += 1;
                    }
                    None => refused += 1,
                }
            }
        }
    }
    (accepted, refused)
}

#[test]
fn no_payload_of_a_client_harms_a_server() {
    let (accepted, refused) = torment(&client_messages(), Direction::ClientToServer);
    assert!(accepted > 1000 && refused > 1000, "{accepted} {refused}");
}

#[test]
fn no_payload_of_a_server_harms_a_client() {
    let (accepted, refused) = torment(&server_messages(), Direction::ServerToClient);
    assert!(accepted > 1000 && refused > 1000, "{accepted} {refused}");
}

/// Fixed structures are refused at every length but their own.
#[test]
fn what_is_cut_is_refused_where_its_length_is_fixed() {
    for revision in Revision::all().skip(1) {
        for message in server_messages() {
            let fixed = !matches!(
                message.command(),
                Command::Eta
                    | Command::IoLog
                    | Command::Text
                    | Command::ThreadStats
                    | Command::AddJob
                    | Command::Quit
                    | Command::ServerStart
            );
            if !fixed {
                continue;
            }
            let opcode = message.opcode(revision).unwrap();
            let (mut payload, mut dropped) = (Vec::new(), Vec::new());
            message
                .encode_payload(revision, &mut payload, &mut dropped)
                .unwrap();
            for length in 0..payload.len() {
                let cut = ServerMessage::decode(revision, opcode, &payload[..length]);
                let refused = cut.unwrap_err().to_string();
                assert!(
                    refused.contains(" needs "),
                    "{revision} {}: {refused}",
                    message.command()
                );
            }
        }
    }
}

/// Any payload as a message, split over frames and joined again, gives the server the same.
#[test]
fn cutting_a_stream_elsewhere_changes_nothing() {
    for version in versions() {
        let mut stream = Vec::new();
        for message in client_messages() {
            let revision = Revision::of(version).unwrap();
            let Ok(opcode) = message.opcode(revision) else {
                continue;
            };
            let mut payload = Vec::new();
            message
                .encode_payload(revision, &mut payload, &mut Vec::new())
                .unwrap();
            Fragments::new(version, opcode, Tag(5), &payload).append_to(&mut stream);
        }
        let whole = Reaction::to(version, &stream);
        let mut session = ServerSession::new(ServerConfig::new(ProbeReply::new("vm")), NOW);
        for piece in stream.chunks(13) {
            session.handle_bytes(NOW, piece);
        }
        let mut events = Vec::new();
        while let Output::Event(event) = session.poll_output() {
            events.push(event);
        }
        assert_eq!(events, whole.events, "{version}");
        assert!(
            whole.failure().is_none() && whole.events.len() >= 4,
            "{version}"
        );
    }
}
