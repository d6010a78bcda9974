//! What stock clients of many releases sent, sent again: the answers must be those of their own
//! servers, message by message.
//!
//! `data/replay` has the bytes of clients and, in `outlines.txt`, one line for each message of the
//! server that answered them. With the whole collection of captures beside the project, every version is
//! replayed.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::server_support::*;

/// The numbers of messages since version 65.
mod number {
    pub(crate) const ETA: u16 = 9;
    pub(crate) const PROBE: u16 = 10;
    pub(crate) const START: u16 = 11;
    pub(crate) const STOP: u16 = 12;
    pub(crate) const DISK: u16 = 13;
    pub(crate) const SERVER_START: u16 = 14;
    pub(crate) const ADD_JOB: u16 = 15;
    pub(crate) const LOG: u16 = 17;
    pub(crate) const UPDATE_JOB: u16 = 18;
    pub(crate) const TRIGGER: u16 = 20;
    pub(crate) const JOB_OPTION: u16 = 22;
}

/// A message in one line, without what differs from run to run.
fn outline(message: &Message) -> String {
    let tag = message.serial;
    let (first, second) = (0, 4);
    match message.opcode {
        QUIT => "QUIT".to_owned(),
        TEXT => {
            let text = String::from_utf8_lossy(&message.payload[24..]).replace('\n', "\\n");
            format!("TEXT {} {text}", message.u32_at(first))
        }
        TS => format!("TS {}", message.string_at(0)),
        GS => "GS".to_owned(),
        number::ETA => format!("ETA {tag:x}"),
        number::PROBE => format!("PROBE {tag:x}"),
        number::START => format!("START {} {}", message.u32_at(first), message.u32_at(second)),
        number::STOP => format!("STOP {} {}", message.u32_at(first), message.u32_at(second)),
        number::DISK => "DU".to_owned(),
        number::SERVER_START => "SERVER_START".to_owned(),
        number::ADD_JOB => {
            format!(
                "ADD_JOB {} {}",
                message.u32_at(first),
                message.u32_at(second)
            )
        }
        number::LOG => "IOLOG".to_owned(),
        number::UPDATE_JOB => format!("UPDATE_JOB {tag:x} {}", message.u32_at(first)),
        number::TRIGGER => format!("VTRIGGER {tag:x} {}", message.u64_at(0)),
        number::JOB_OPTION => {
            let global = message.u32_at(0) & 0xffff;
            let (name, value) = (message.string_at(8), message.string_at(72));
            format!("JOB_OPT {global} {} {name}={value}", message.u32_at(4))
        }
        other => panic!("opcode {other} is not for clients"),
    }
}

/// An answer, taken apart into what has its place and what comes when it comes.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    in_order: Vec<String>,
    /// How many threads began, and the tags of ETA, sorted.
    at_any_time: (usize, Vec<String>),
}

impl Answer {
    fn new(lines: impl IntoIterator<Item = String>) -> Self {
        let mut answer = Self {
            in_order: Vec::new(),
            at_any_time: (0, Vec::new()),
        };
        for line in lines {
            match line.split(' ').next() {
                Some("SERVER_START") => answer.at_any_time.0 += 1,
                Some("ETA") => answer.at_any_time.1.push(line),
                // Whether there are counters of the disks depends on the machine.
                Some("DU") => {}
                _ => answer.in_order.push(line),
            }
        }
        answer.at_any_time.1.sort();
        answer
    }

    /// The same without the words of texts, which are this server's own where jobs are refused.
    fn without_words(self) -> Vec<String> {
        let mut lines: Vec<String> = self.in_order.into_iter().collect();
        for line in &mut lines {
            if line.starts_with("TEXT") {
                "TEXT".clone_into(line);
            }
        }
        lines.dedup();
        lines
    }
}

/// What this server answers to these bytes; `expected` says how much there is to wait for.
fn answer(server: &TestServer, bytes: &[u8], expected: &[String]) -> Answer {
    let mut peer = server.connect();
    peer.send_bytes(bytes);
    let mut lines = Vec::new();
    while lines.len() < expected.len() {
        match peer.try_message() {
            Some(message) => lines.push(outline(&message)),
            None => break,
        }
    }
    Answer::new(lines)
}

fn replay_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/replay")
}

/// The names of all sessions and what their servers answered.
fn outlines() -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(replay_folder().join("outlines.txt")).unwrap();
    let mut sessions: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("# ") {
            Some(name) => sessions.push((name.to_owned(), Vec::new())),
            None => sessions.last_mut().unwrap().1.push(line.to_owned()),
        }
    }
    sessions
}

#[test]
fn stock_clients_get_the_answers_of_their_own_servers() {
    let server = TestServer::start();
    let sessions = outlines();
    assert_eq!(sessions.len(), 43);
    for (name, expected) in sessions {
        let bytes = fs::read(replay_folder().join(format!("{name}.c2s.bin"))).unwrap();
        let got = answer(&server, &bytes, &expected);
        let wanted = Answer::new(expected);
        assert_eq!(got, wanted, "{name}");
    }
}

/// The captures beside the project, if they are there.
fn captures() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/wire/captures");
    folder.is_dir().then_some(folder)
}

/// A file that may be there compressed.
fn read_capture(path: &Path) -> Option<Vec<u8>> {
    if let Ok(bytes) = fs::read(path) {
        return Some(bytes);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    let mut bytes = Vec::new();
    let mut file = flate2::read::GzDecoder::new(fs::File::open(name).ok()?);
    file.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

fn lines_of(bytes: &[u8]) -> Vec<String> {
    let mut peer = Peer {
        stream: std::io::Cursor::new(bytes.to_vec()),
    };
    let messages = std::iter::from_fn(|| peer.try_message());
    messages.map(|message| outline(&message)).collect()
}

#[test]
fn every_captured_version_is_answered_alike() {
    let Some(captures) = captures() else {
        return;
    };
    let server = TestServer::start();
    let mut replayed = 0;
    for version in fs::read_dir(captures).unwrap().flatten() {
        let name = version.file_name().into_string().unwrap();
        let number = name.strip_prefix('v').and_then(|n| n.parse::<u16>().ok());
        if number.is_none_or(|number| number < 65) {
            continue;
        }
        for (scenario, exact) in [
            ("multi_job", true),
            ("jobline", true),
            ("err_badopt", false),
        ] {
            let folder = version.path().join(scenario);
            let (Some(client), Some(expected)) = (
                read_capture(&folder.join("c2s.bin")),
                read_capture(&folder.join("s2c.bin")),
            ) else {
                continue;
            };
            let expected = lines_of(&expected);
            // The server of fio 3.22 crashed.
            if !expected.iter().any(|line| line == "QUIT") {
                continue;
            }
            let got = answer(&server, &client, &expected);
            let wanted = Answer::new(expected);
            if exact {
                assert_eq!(got, wanted, "{name} {scenario}");
            } else {
                let mut wanted = wanted.without_words();
                // Servers of versions 69 and 70 send QUIT before the text.
                let quit = wanted.iter().position(|line| line == "QUIT").unwrap();
                let quit = wanted.remove(quit);
                wanted.push(quit);
                assert_eq!(got.without_words(), wanted, "{name} {scenario}");
            }
            replayed += 1;
        }
    }
    assert!(replayed > 80, "{replayed}");
}
