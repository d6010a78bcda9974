//! Captured streams, explained field by field.

mod common;

use common::{SESSIONS, capture};
use fio_proto::ServerVersion;
use fio_proto::describe::{Closed, Described, Direction, StreamProblem, Value, describe_stream};
use fio_proto::error::DecodeError;
use fio_proto::fragment::Fragments;
use fio_proto::frame::Tag;
use fio_proto::layout::Unit;
use fio_proto::opcode::{Command, Opcode};

fn described(name: &str, direction: Direction) -> Vec<Described> {
    describe_stream(&capture(name), direction)
        .map(|message| message.unwrap())
        .collect()
}

fn value<'a>(message: &'a Described, name: &str) -> &'a Value {
    let fields = message.fields.as_ref().unwrap();
    &fields
        .iter()
        .find(|field| field.name == name)
        .unwrap_or_else(|| panic!("no {name}"))
        .value
}

#[test]
fn every_capture_is_described_to_its_last_byte() {
    for name in SESSIONS {
        for (file, direction) in [
            (format!("{name}.c2s.bin"), Direction::ClientToServer),
            (format!("{name}.s2c.bin"), Direction::ServerToClient),
        ] {
            let messages = described(&file, direction);
            let end = messages.iter().fold(0, |end, message| {
                assert_eq!(message.offset, end, "{file}");
                assert!(message.fields.is_ok(), "{file}: {message:?}");
                end + message.wire_len
            });
            assert_eq!(end, capture(&file).len(), "{file}");
            assert_eq!(described(&file, Direction::Unknown), messages, "{file}");
        }
    }
}

#[test]
fn fields_have_names_offsets_units_and_values() {
    let messages = described("null_randread.s2c.bin", Direction::ServerToClient);
    let stats = messages
        .iter()
        .find(|message| message.name() == "TS")
        .unwrap();
    assert_eq!((stats.payload_len, stats.fragments.len()), (11464, 180));
    let fields = stats.fields.as_ref().unwrap();
    let runtime = fields
        .iter()
        .find(|field| field.name == "ts.runtime")
        .unwrap();
    assert_eq!((runtime.offset, runtime.unit), (11312, Unit::Milliseconds));
    assert_eq!(
        runtime.to_string(),
        "0x2c30 ts.runtime [u64; 2] = [3000, 0] ms"
    );
    assert_eq!(runtime.type_name(), "[u64; 2]");
    let groupid = fields
        .iter()
        .find(|field| field.name == "rs.groupid")
        .unwrap();
    assert_eq!(groupid.offset, 11460);
    assert_eq!(*value(stats, "ts.name"), Value::Text("rr".into()));
    assert_eq!(
        value(stats, "ts.io_u_plat").to_string(),
        "[[1216 values], [1216 values]]"
    );
    let latency = value(stats, "ts.clat_stat").to_string();
    assert!(
        latency.starts_with("[{max_val: 16076, min_val: 0, samples: 3928737, mean: 0.405"),
        "{latency}"
    );
    assert!(latency.contains("min_val: 2^64-1"), "{latency}");
    // The 65th byte of a payload is the first of the second frame's.
    let second = stats.fragments[1].offset + 24;
    assert_eq!(
        (stats.stream_offset(64), stats.stream_offset(11464)),
        (Some(second), None)
    );
}

#[test]
fn small_messages_are_described_too() {
    let messages = described("jobline.c2s.bin", Direction::ClientToServer);
    assert_eq!(*value(&messages[1], "argc"), Value::Unsigned(4));
    assert_eq!(
        *value(&messages[1], "argv[3]"),
        Value::Text("--readonly".into())
    );
    let replies = described("null_randread.s2c.bin", Direction::Unknown);
    assert_eq!(*value(&replies[0], "hostname"), Value::Text("vm".into()));
    assert_eq!(*value(&replies[0], "fio_minor"), Value::Unsigned(99));
    assert_eq!(*value(&replies[6], "run_str"), Value::Text("r".into()));
    assert_eq!(*value(&replies[3], "text"), Value::Text("Starting ".into()));
}

#[test]
fn other_versions_show_their_headers() {
    let version = ServerVersion::new(64);
    let mut stream = Vec::new();
    for (opcode, length) in [(10, 136), (3, 9000), (16, 0)] {
        Fragments::new(version, Opcode::new(opcode), Tag(0), &vec![1; length])
            .append_to(&mut stream);
    }
    let messages: Vec<_> = describe_stream(&stream, Direction::ClientToServer)
        .map(Result::unwrap)
        .collect();
    let names: Vec<_> = messages.iter().map(Described::name).collect();
    assert_eq!(names, ["PROBE", "JOB", "RUN"]);
    assert_eq!(messages[1].fragments.len(), 9);
    assert!(
        messages
            .iter()
            .all(|message| message.fields == Err(Closed::Version { version }))
    );
}

#[test]
fn errors_are_placed_exactly() {
    let mut stream = capture("null_randread.c2s.bin");
    stream.truncate(100);
    let last = |stream: &[u8]| {
        describe_stream(stream, Direction::Unknown)
            .last()
            .unwrap()
            .unwrap_err()
    };
    let cut = last(&stream);
    assert_eq!(
        (cut.offset, cut.problem),
        (
            24,
            StreamProblem::CutOff {
                needed: 88,
                got: 76
            }
        )
    );
    let full = capture("null_randread.c2s.bin");
    let unfinished = last(&full[..112]);
    assert_eq!(
        (unfinished.offset, unfinished.problem),
        (112, StreamProblem::Unfinished { frames: 1 })
    );
    stream = full;
    stream[30] ^= 1;
    let broken = last(&stream);
    assert!(
        broken
            .to_string()
            .starts_with("at offset 24: bad checksum of a frame header"),
        "{broken}"
    );
}

#[test]
fn a_short_structure_says_where_it_ends() {
    let mut stream = Vec::new();
    Fragments::new(ServerVersion::V1, Opcode::new(7), Tag(0), &[0; 99]).append_to(&mut stream);
    let message = describe_stream(&stream, Direction::Unknown)
        .next()
        .unwrap()
        .unwrap();
    let wanted = DecodeError::Truncated {
        structure: "group_run_stats",
        field: "kb_base",
        offset: 96,
        needed: 4,
        got: 3,
    };
    assert_eq!(message.fields, Err(Closed::Decode(wanted)));
}

#[test]
fn zeroes_are_no_message() {
    let error = describe_stream(&[0; 64], Direction::Unknown)
        .next()
        .expect("something is said of them")
        .expect_err("no release has version 0");
    assert_eq!(error.offset, 0);
    assert!(matches!(error.problem, StreamProblem::Frame(_)), "{error}");
}

/// Every message of every version, its fields inside the payload, in order and with nothing unexplained
/// but padding.
#[test]
fn sessions_of_every_version_are_explained() {
    let mut messages = 0;
    for session in common::sessions::kept() {
        let halves = [
            (&session.client, Direction::ClientToServer),
            (&session.server, Direction::ServerToClient),
        ];
        for (stream, direction) in halves {
            for message in describe_stream(stream, direction) {
                let message = message.unwrap();
                let name = format!("{} {}", session.name, message.name());
                let fields = message.fields.as_ref().unwrap();
                assert_eq!(message.payload_len == 0, fields.is_empty(), "{name}");
                messages += 1;
                if message.command == Some(Command::IoLog) {
                    // Rows may be inside a compressed stream.
                    continue;
                }
                let mut end = 0;
                for field in fields {
                    assert!(field.offset >= end, "{name}: {field}");
                    end = field.offset + field.shape.size();
                    assert!(end <= message.payload_len, "{name}: {field}");
                }
                assert!(message.payload_len - end < 8, "{name}: ends at {end}");
            }
        }
    }
    assert!(messages > 5000, "{messages}");
}

#[test]
fn recent_statistics_are_explained_with_their_tails() {
    let sessions = common::sessions::kept();
    let described = |name: &str| -> Vec<Described> {
        let session = sessions.iter().find(|session| session.name == name);
        let stream = &session.unwrap().server;
        describe_stream(stream, Direction::ServerToClient)
            .map(Result::unwrap)
            .collect()
    };
    let named = |messages: &[Described], command, name: &str| -> String {
        let message = messages
            .iter()
            .find(|message| message.command == Some(command))
            .unwrap();
        let mut fields = message.fields.as_ref().unwrap().iter();
        fields.find(|field| field.name == name).unwrap().to_string()
    };
    let steady = described("v121/steadystate_json");
    assert_eq!(
        named(&steady, Command::ThreadStats, "ss_bw_data"),
        "0x2cf18 ss_bw_data [u64; 2] = [3284664, 4083720] B/s"
    );
    assert_eq!(
        named(&steady, Command::Probe, "fio_version"),
        "0x0041 fio_version char[32] = \"fio-3.42\""
    );
    let nanoseconds = named(&steady, Command::ThreadStats, "ts.clat_stat");
    assert!(nanoseconds.ends_with("] ns"), "{nanoseconds}");
    let priorities = described("v097/clat_prio");
    let first = named(
        &priorities,
        Command::ThreadStats,
        "clat_prio[0][0].clat_stat",
    );
    assert!(first.starts_with("0x308f8 "), "{first}");
}
