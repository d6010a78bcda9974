//! `decode`: what is in a captured byte stream, or in a capture of packets?

mod capture;
mod render;

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use fio_proto::describe::{Described, Direction, StreamError, describe_stream};
use fio_proto::opcode::Command;
use serde_json::{Value as Json, json};

use self::render::{as_json, as_text};
use crate::capture_file;
use crate::cli::{DecodeArgs, StreamDirection};
use crate::exit::{ExitStatus, Failure};
use crate::output::Sink;

/// Prints every message of the file, then what is wrong with it.
pub(crate) fn decode(args: &DecodeArgs) -> Result<ExitStatus, Failure> {
    let name = args.file.display();
    let bytes = read(&args.file).with_context(|| format!("cannot read {name}"))?;
    let mut sink = Sink::open(None).map_err(Failure::setup)?;
    let verdict = if capture_file::is_capture(&bytes) {
        capture::show(&bytes, args.json, &mut sink)?
    } else {
        show_stream(&bytes, args, &mut sink)?
    };
    match verdict {
        None => Ok(ExitStatus::Success),
        Some(problem) => Err(Failure::peer(anyhow!("{name}: {problem}"))),
    }
}

/// Prints the messages one peer sent.
fn show_stream(
    bytes: &[u8],
    args: &DecodeArgs,
    sink: &mut Sink,
) -> Result<Option<Problem>, Failure> {
    let direction = match args.direction {
        StreamDirection::ClientToServer => Direction::ClientToServer,
        StreamDirection::ServerToClient => Direction::ServerToClient,
        StreamDirection::Auto => guess(bytes),
    };
    if !args.json {
        return print(bytes, direction, sink);
    }
    let (document, verdict) = document(bytes, direction);
    sink.write(&format!("{document:#}\n"))
        .map_err(Failure::setup)?;
    Ok(verdict)
}

/// What is wrong with a stream, in words for the user.
type Problem = String;

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Bytes of a PROBE from a client since version 65; one from a server is shorter.
const PROBE_REQUEST_SIZE: usize = 136;

/// Who sent a stream, by the first message that only one side sends.
fn guess(bytes: &[u8]) -> Direction {
    let tells = |message: &Described| match message.command? {
        Command::Job
        | Command::JobLine
        | Command::LoadFile
        | Command::Run
        | Command::SendEta
        | Command::Exit => Some(Direction::ClientToServer),
        Command::Probe if [0, PROBE_REQUEST_SIZE].contains(&message.payload_len) => {
            Some(Direction::ClientToServer)
        }
        Command::Quit | Command::UpdateJob | Command::VerifyTrigger | Command::SendFile => None,
        _ => Some(Direction::ServerToClient),
    };
    describe_stream(bytes, Direction::Unknown)
        .map_while(Result::ok)
        .find_map(|message| tells(&message))
        .unwrap_or_default()
}

fn print(bytes: &[u8], direction: Direction, sink: &mut Sink) -> Result<Option<Problem>, Failure> {
    let mut problem = (bytes.is_empty()).then(empty);
    for message in describe_stream(bytes, direction) {
        match message {
            Ok(message) => {
                sink.write(&as_text(&message, "")).map_err(Failure::setup)?;
                problem = problem.or_else(|| unreadable(&message));
            }
            Err(error) => problem = Some(stream_problem(&error)),
        }
        if sink.is_broken() {
            return Ok(None);
        }
    }
    Ok(problem)
}

fn document(bytes: &[u8], direction: Direction) -> (Json, Option<Problem>) {
    let mut problem = (bytes.is_empty()).then(empty);
    let mut messages = Vec::new();
    for message in describe_stream(bytes, direction) {
        match message {
            Ok(message) => {
                problem = problem.or_else(|| unreadable(&message));
                messages.push(as_json(&message));
            }
            Err(error) => problem = Some(stream_problem(&error)),
        }
    }
    let document = json!({
        "direction": direction_name(direction),
        "bytes": bytes.len(),
        "messages": messages,
        "error": problem,
    });
    (document, problem)
}

const fn direction_name(direction: Direction) -> Option<&'static str> {
    match direction {
        Direction::ClientToServer => Some("client-to-server"),
        Direction::ServerToClient => Some("server-to-client"),
        Direction::Unknown => None,
    }
}

fn empty() -> Problem {
    "there is nothing in it".to_owned()
}

fn stream_problem(error: &StreamError) -> Problem {
    let hint = if error.offset == 0 {
        "; a stream is what one peer sent, from its first byte on"
    } else {
        ""
    };
    format!("{error}{hint}")
}

/// A message whose fields do not fit its payload. That the tables here lack its version is no fault
/// of the stream.
fn unreadable(message: &Described) -> Option<Problem> {
    use fio_proto::describe::Closed;
    match &message.fields {
        Err(closed @ (Closed::Opcode { .. } | Closed::Decode(_))) => {
            Some(format!("at offset {}: {closed}", message.offset))
        }
        _ => None,
    }
}
