//! Translating what servers of several releases have sent.

use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use fio_proto::describe::{Described, Direction, describe_stream};
use fio_proto::frame::Tag;
use fio_proto::message::{ClientMessage, JobLine, Message as _, ServerMessage, Start};
use fio_proto::{Revision, ServerVersion};

use super::Translator;

/// Every recorded server, with its version.
fn recordings() -> Vec<(u16, String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/captures");
    let mut all = Vec::new();
    for folder in std::fs::read_dir(root).expect("recordings").flatten() {
        let name = folder.file_name().to_string_lossy().into_owned();
        let Some(version) = name
            .strip_prefix('v')
            .and_then(|digits| digits.parse().ok())
        else {
            continue;
        };
        for scenario in std::fs::read_dir(folder.path())
            .expect("scenarios")
            .flatten()
        {
            let file = scenario.path().join("s2c.bin.gz");
            let packed = std::fs::read(&file).expect("a recording");
            let mut bytes = Vec::new();
            let mut reader = flate2::read::GzDecoder::new(&packed[..]);
            reader.read_to_end(&mut bytes).expect("sound");
            all.push((version, scenario.path().display().to_string(), bytes));
        }
    }
    assert!(all.len() > 5, "recordings of several releases");
    all
}

fn translated(from: u16, to: Revision, bytes: &[u8]) -> Vec<Described> {
    let from = Revision::of(ServerVersion::new(from)).expect("a supported version");
    let mut bridge = Translator::new(to, from);
    // In pieces, as it may come.
    for piece in bytes.chunks(50_000) {
        bridge
            .hear_server(Instant::now(), piece)
            .expect("a sound recording");
    }
    bridge.server_closed();
    let told = describe_stream(&bridge.client.outgoing, Direction::ServerToClient);
    told.map(|message| message.expect("sound frames")).collect()
}

fn names(messages: &[Described]) -> Vec<String> {
    let told = messages.iter().filter(|message| message.name() != "TEXT");
    told.map(Described::name).collect()
}

/// The first value of a field in the messages, as text.
fn value(messages: &[Described], command: &str, field: &str) -> Option<String> {
    let message = messages.iter().find(|message| message.name() == command)?;
    let fields = message.fields.as_ref().expect("fields");
    let field = fields.iter().find(|found| found.name == field)?;
    Some(field.value.to_string())
}

#[test]
fn recorded_servers_are_understood_in_every_version() {
    let targets = [1, 65, 72, 96, 121]
        .map(|version| Revision::of(ServerVersion::new(version)).expect("a supported version"));
    for (from, name, bytes) in recordings() {
        let said: Vec<_> = describe_stream(&bytes, Direction::ServerToClient)
            .map(|message| message.expect("a sound recording"))
            .collect();
        for to in targets
            .into_iter()
            .filter(|to| to.version().number() != from)
        {
            let told = translated(from, to, &bytes);
            let pair = format!("{name} for {to}");
            for message in &told {
                assert_eq!(message.version, to.version(), "{pair}");
                assert!(message.fields.is_ok(), "{pair}: {message:?}");
            }
            if to != Revision::V1 {
                assert_eq!(names(&told), names(&said), "{pair}");
            }
            for field in ["ts.name", "ts.io_bytes", "ts.total_io_u", "ts.error"] {
                let (before, after) = (value(&said, "TS", field), value(&told, "TS", field));
                let cut = [before, after].map(|value| value.map(|value| without_trims(&value)));
                assert_eq!(cut[0], cut[1], "{pair}: {field}");
            }
        }
    }
}

#[test]
fn an_old_server_gets_job_files_at_run_and_no_command_line() {
    let newer = Revision::of(ServerVersion::new(97)).expect("a supported version");
    let mut bridge = Translator::new(newer, Revision::V1);
    let mut said = Vec::new();
    for message in [
        ClientMessage::JobLine(JobLine::new(["--section=a"])),
        ClientMessage::job("[a]\n[b]\n"),
        ClientMessage::job("[global]\nbs=4k\n[c]\n"),
    ] {
        message
            .append_to(newer, Tag(0), &mut said)
            .expect("sendable");
    }
    bridge.hear_client(Instant::now(), &said).expect("sound");
    assert!(bridge.server.outgoing.is_empty(), "nothing runs before RUN");
    let told: Vec<_> = describe_stream(&bridge.client.outgoing, Direction::ServerToClient)
        .map(|message| message.expect("sound frames"))
        .collect();
    assert_eq!(names(&told), ["START", "START", "START"]);
    let texts = told.iter().filter(|message| message.name() == "TEXT");
    assert_eq!(texts.count(), 1, "the client is told of the command line");
    let last = told.last().map(std::slice::from_ref).expect("messages");
    assert_eq!(value(last, "START", "jobs").as_deref(), Some("3"));

    let mut run = Vec::new();
    ClientMessage::Run
        .append_to(newer, Tag(0), &mut run)
        .expect("sendable");
    bridge.hear_client(Instant::now(), &run).expect("sound");
    let sent = describe_stream(&bridge.server.outgoing, Direction::ClientToServer);
    let sent: Vec<_> = sent.map(|message| message.expect("sound frames")).collect();
    assert_eq!(names(&sent), ["JOB"], "one at a time");
}

/// A later client looks up the options of a result by the number of its thread, among as many as START told
/// of, and does not check it.
#[test]
fn results_of_an_old_server_are_numbered() {
    let newer = Revision::of(ServerVersion::new(97)).expect("a supported version");
    let told = with_report_of_old_server(newer, ClientMessage::job("[a]\nof=2011\n"));
    let numbers: Vec<_> = ["START", "TS"]
        .into_iter()
        .zip(["jobs", "ts.thread_number"])
        .map(|(command, field)| value(&told, command, field))
        .collect();
    assert_eq!(numbers, [Some("1".to_owned()), Some("1".to_owned())]);
}

/// As servers since version 65 leave them out.
#[test]
fn lines_for_people_stay_behind_where_programs_read() {
    let newer = Revision::of(ServerVersion::new(97)).expect("a supported version");
    for (words, lines) in [
        (["--output-format=json"], 0),
        (["--output-format=json,normal"], 1),
        (["--minimal"], 0),
    ] {
        let line = ClientMessage::JobLine(JobLine::new(words));
        let told = with_report_of_old_server(newer, line);
        let texts = told.iter().filter(|message| message.name() == "TEXT");
        assert_eq!(texts.count(), lines, "{words:?}");
    }
}

/// What a client hears that says this, then has a job run by a server of version 1.
fn with_report_of_old_server(newer: Revision, first: ClientMessage) -> Vec<Described> {
    let mut bridge = Translator::new(newer, Revision::V1);
    let mut said = Vec::new();
    let job = ClientMessage::job("[b]\n");
    for message in [first, job, ClientMessage::Run] {
        message
            .append_to(newer, Tag(0), &mut said)
            .expect("sendable");
    }
    bridge.hear_client(Instant::now(), &said).expect("sound");
    let mut answer = Vec::new();
    for message in [
        ServerMessage::text("b: (g=0): rw=read\n"),
        ServerMessage::Start(Start::default()),
        ServerMessage::ThreadReport(Box::default()),
        ServerMessage::GroupStats(Default::default()),
        ServerMessage::Quit,
    ] {
        message
            .append_to(Revision::V1, Tag(0), &mut answer)
            .expect("sendable");
    }
    bridge.hear_server(Instant::now(), &answer).expect("sound");
    let told = describe_stream(&bridge.client.outgoing, Direction::ServerToClient);
    told.map(|message| message.expect("sound frames")).collect()
}

/// Lists by direction end in trims, syncs or neither.
fn without_trims(value: &str) -> String {
    let parts: Vec<_> = value.split(", ").take(2).collect();
    parts.join(", ").trim_end_matches(']').to_owned()
}
