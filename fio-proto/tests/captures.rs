//! Sessions of fio 1.99 with itself, decoded and encoded again.

mod common;

use common::{SESSIONS, capture};
use fio_proto::error::{EncodeError, FrameError, JoinError};
use fio_proto::fragment::{Fragments, Joiner, RawMessage};
use fio_proto::layout::{Counters, ThreadStat};
use fio_proto::message::{ClientMessage, Message, ServerMessage};
use fio_proto::opcode::Command;
use fio_proto::{Revision, ServerVersion};

/// Calls `each` with every message of a stream.
fn messages(name: &str, mut each: impl FnMut(RawMessage<'_>)) {
    let bytes = capture(name);
    let (mut rest, mut joiner) = (&bytes[..], Joiner::new(None, 1 << 20));
    while !rest.is_empty() {
        let step = joiner
            .push(rest)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        step.message.into_iter().for_each(&mut each);
        rest = &rest[step.consumed..];
    }
    assert!(!joiner.is_inside_message(), "{name} ends inside a message");
}

fn decoded<M: Message>(name: &str) -> Vec<M> {
    let mut all = Vec::new();
    messages(name, |raw| {
        all.push(M::decode(Revision::V1, raw.opcode, raw.payload).unwrap())
    });
    all
}

/// Bytes of a JOBLINE that fio leaves uninitialised: all unused slots, and in used ones everything
/// behind the NUL.
fn uninitialised(payload: &[u8]) -> impl Iterator<Item = usize> {
    let argc = u16::from_le_bytes([payload[0], payload[1]]).into();
    let start = |word: usize| {
        let slot = 2 + 64 * word;
        let text = payload[slot..].iter().position(|byte| *byte == 0).unwrap();
        if word < argc { slot + text + 1 } else { slot }
    };
    (0..128)
        .flat_map(move |word| start(word)..2 + 64 * (word + 1))
        .collect::<Vec<_>>()
        .into_iter()
}

#[test]
fn decoding_then_encoding_is_the_identity() {
    let raw = [
        "raw_job_only_no_run.s2c.bin",
        "raw_probe_odd_tag.s2c.bin",
        "raw_wrong_version.s2c.bin",
    ];
    let streams = SESSIONS
        .iter()
        .flat_map(|name| [format!("{name}.c2s.bin"), format!("{name}.s2c.bin")]);
    for name in streams.chain(raw.map(String::from)) {
        let mut again = Vec::new();
        let mut expected = Vec::new();
        messages(&name, |raw| {
            let mut wanted = raw.payload.to_vec();
            let (payload, dropped) = if name.contains("c2s") {
                let message = ClientMessage::decode(Revision::V1, raw.opcode, raw.payload).unwrap();
                if let ClientMessage::JobLine(_) = message {
                    uninitialised(raw.payload).for_each(|at| wanted[at] = 0);
                }
                encoded(&message)
            } else {
                encoded(&ServerMessage::decode(Revision::V1, raw.opcode, raw.payload).unwrap())
            };
            assert_eq!(dropped, 0, "{name}");
            assert!(payload == wanted, "{name}: message {} changed", raw.opcode);
            Fragments::new(raw.version, raw.opcode, raw.tag, &payload).append_to(&mut again);
            Fragments::new(raw.version, raw.opcode, raw.tag, &wanted).append_to(&mut expected);
        });
        assert!(again == expected, "{name}: frames changed");
        if name != "jobline.c2s.bin" {
            assert!(again == capture(&name), "{name}: bytes changed");
        }
    }
}

fn encoded<M: Message>(message: &M) -> (Vec<u8>, usize) {
    let (mut payload, mut dropped) = (Vec::new(), Vec::new());
    message
        .encode_payload(Revision::V1, &mut payload, &mut dropped)
        .unwrap();
    (payload, dropped.len())
}

#[test]
fn sessions_have_the_messages_fio_sent() {
    use Command::*;
    let run = [
        Probe,
        Text,
        Start,
        Text,
        Text,
        Text,
        Eta,
        Eta,
        Eta,
        Text,
        ThreadStats,
        GroupStats,
        Quit,
    ];
    assert_eq!(commands("null_randread.s2c.bin"), run);
    assert_eq!(commands("null_randread.c2s.bin"), [Probe, Job]);
    assert_eq!(commands("jobline.c2s.bin"), [Probe, JobLine, Job]);
    assert_eq!(commands("sigint.c2s.bin"), [Probe, Job, Quit]);
    assert_eq!(commands("err_badopt.s2c.bin"), [Probe, Text, Text]);
    assert_eq!(commands("multi_job.s2c.bin").len(), 17);
}

fn commands(name: &str) -> Vec<Command> {
    let mut all = Vec::new();
    messages(name, |raw| {
        all.push(raw.opcode.command(raw.version).unwrap())
    });
    all
}

#[test]
fn figures_are_those_fio_reported() {
    let messages = decoded::<ServerMessage>("null_randread.s2c.bin");
    let ServerMessage::Probe(probe) = &messages[0] else {
        panic!("{:?}", messages[0])
    };
    assert_eq!(
        (probe.hostname.as_bytes(), probe.big_endian),
        (&b"vm"[..], false)
    );
    assert_eq!(probe.release.to_string(), "1.99.0");

    let ServerMessage::Eta(eta) = &messages[6] else {
        panic!("{:?}", messages[6])
    };
    assert_eq!(
        (eta.status.rate, eta.status.iops),
        ([5_795_697_000, 0, 0], [1_414_965, 0, 0])
    );
    assert_eq!((eta.status.elapsed(), eta.status.remaining()), (None, None));
    assert_eq!(
        (eta.status.threads, eta.thread_states.as_bytes()),
        (1, &b"r"[..])
    );

    let ServerMessage::ThreadReport(report) = &messages[10] else {
        panic!("{:?}", messages[10])
    };
    let thread = &report.thread;
    assert_eq!(
        (thread.name.as_bytes(), thread.members, thread.error),
        (&b"rr"[..], 1, 0)
    );
    let latency = &thread.completion_latency;
    assert_eq!(
        (latency[0].max, latency[0].samples, latency[1].min),
        (16076, 3_928_737, u64::MAX)
    );
    assert_eq!(
        (latency[0].mean, latency[0].squares),
        (0.405_767_298_752_723_66, 5_787_727_155.843_749)
    );
    assert_eq!((thread.context_switches, thread.user_time_ms), (405, 1274));
    assert_eq!(thread.latency_us[..4], [3_927_590, 638, 142, 21]);
    assert_eq!(
        (thread.latency_ms[2], thread.uncounted_latencies()),
        (125, 0)
    );
    assert_eq!(
        (thread.io_bytes, thread.runtime_ms),
        ([16_092_106_752, 0, 0], [3000, 0, 0])
    );
    assert_eq!(
        (thread.total_ios, thread.total_syncs, thread.kb_base),
        ([3_928_737, 0, 0], 0, 1024)
    );
    assert_eq!(thread.percentiles(), None);

    let ServerMessage::GroupStats(group) = &messages[11] else {
        panic!("{:?}", messages[11])
    };
    assert_eq!(
        (group.io_bytes, group.bandwidth),
        ([15_714_948 << 10, 0, 0], [5_238_316 << 10, 0, 0])
    );
    assert_eq!(group.min_runtime_ms, [3000, u64::MAX, 0]);
}

#[test]
fn statistics_can_be_read_in_place() {
    let messages = decoded::<ServerMessage>("mixed_verify.s2c.bin");
    let mut reports = messages.into_iter().filter_map(|message| match message {
        ServerMessage::ThreadReport(report) => Some(report.thread),
        _ => None,
    });
    let mut thread = reports.next_back().unwrap();
    assert!(
        thread.total_ios[0] > 0 && thread.total_ios[1] > 0,
        "the capture reads and writes"
    );
    // fio 1.99 fills these only on demand.
    thread.completion_histogram[1].counts_mut()[1215] = 9;
    thread.total_syncs = 4;
    thread.percentile_list[0] = 99.5;
    let (mut bytes, mut dropped) = (Vec::new(), Vec::new());
    thread.encode(Revision::V1, &mut bytes, &mut dropped);
    assert_eq!((bytes.len(), dropped.len()), (11360, 0));

    let view = ThreadStat::view(Revision::V1, &bytes).unwrap();
    assert_eq!(view.name(), Some(thread.name.as_bytes()));
    assert_eq!(view.total_syncs(), Some(4));
    assert_eq!(
        view.io_bytes().unwrap().iter().collect::<Vec<_>>(),
        thread.io_bytes[..2]
    );
    assert_eq!(
        view.completion_latency().unwrap().get(1),
        Some(thread.completion_latency[1])
    );
    assert_eq!(view.percentile_list().unwrap().get(0), Some(99.5));
    let histogram = view.completion_histogram().unwrap().get(1).unwrap();
    assert!(matches!(histogram, Counters::U32(counters) if counters.len() == 1216));
    assert_eq!((histogram.get(1215), histogram.total()), (Some(9), 9));
    assert_eq!(ThreadStat::decode(Revision::V1, &bytes).unwrap(), thread);

    thread.completion_histogram[1].counts_mut()[1216] = 1;
    thread.completion_histogram[2].counts_mut()[0] = 1;
    thread.io_bytes[2] = 1;
    thread.encode(Revision::V1, &mut bytes, &mut dropped);
    let named: Vec<_> = dropped.iter().map(ToString::to_string).collect();
    let too_long = |field| format!("thread_stat.{field} is too long for the peer's version");
    assert_eq!(
        named,
        [too_long("completion_histogram"), too_long("io_bytes")]
    );
}

#[test]
fn a_server_of_another_version_gives_its_version_away() {
    let mut joiner = Joiner::new(Some(ServerVersion::V1), 1 << 20);
    let error = joiner.push(&capture("mismatch_v097.s2c.bin")).unwrap_err();
    let version = FrameError::Version {
        got: ServerVersion::new(97),
        expected: ServerVersion::V1,
    };
    assert_eq!(error, JoinError::Frame(version));
}

#[test]
fn words_travel_whole_or_not_at_all() {
    use fio_proto::message::JobLine;
    let lines = decoded::<ClientMessage>("jobline.c2s.bin");
    let line = JobLine::new(["--section=rnd", "--max-jobs=10", "--readonly"]);
    assert_eq!(lines[1], ClientMessage::JobLine(line.clone()));
    let padded: Vec<_> = line
        .padded_for(3)
        .words
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        padded,
        [
            "fio",
            "fio",
            "fio",
            "--section=rnd",
            "--max-jobs=10",
            "--readonly"
        ]
    );

    let encode = |line: JobLine| {
        let mut bytes = Vec::new();
        line.encode(Revision::V1, &mut bytes, &mut Vec::new())
            .map(|()| bytes)
    };
    let refused = |line: JobLine| encode(line).unwrap_err();
    let long = JobLine::new(["x".repeat(64)]);
    assert_eq!(
        refused(long),
        EncodeError::BadWord {
            index: 1,
            length: 64,
            limit: 63
        }
    );
    assert_eq!(
        refused(JobLine::new(["a\0b"])),
        EncodeError::BadWord {
            index: 1,
            length: 3,
            limit: 63
        }
    );
    assert_eq!(
        refused(JobLine::new(["x"; 128])),
        EncodeError::TooManyWords {
            words: 129,
            limit: 128
        }
    );
    let longest = encode(JobLine::new(vec!["x".repeat(63); 127])).unwrap();
    assert_eq!(
        JobLine::decode(Revision::V1, &longest).unwrap().words.len(),
        128
    );
}

#[test]
fn messages_survive_serde() {
    for message in decoded::<ServerMessage>("null_randread.s2c.bin") {
        let json = serde_json::to_string(&message).unwrap();
        assert_eq!(
            serde_json::from_str::<ServerMessage>(&json).unwrap(),
            message,
            "{json}"
        );
    }
}
