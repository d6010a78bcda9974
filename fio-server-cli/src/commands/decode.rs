//! `decode`: what is in a captured byte stream?

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use fio_proto::describe::{Described, Direction, Field, StreamError, Value, describe_stream};
use fio_proto::opcode::Command;
use serde_json::{Value as Json, json};

use crate::cli::{DecodeArgs, StreamDirection};
use crate::exit::{ExitStatus, Failure};
use crate::output::Sink;

/// Prints every message of the stream, then what is wrong with it.
pub(crate) fn decode(args: &DecodeArgs) -> Result<ExitStatus, Failure> {
    let name = args.file.display();
    let bytes = read(&args.file).with_context(|| format!("cannot read {name}"))?;
    let direction = match args.direction {
        StreamDirection::ClientToServer => Direction::ClientToServer,
        StreamDirection::ServerToClient => Direction::ServerToClient,
        StreamDirection::Auto => guess(&bytes),
    };
    let mut sink = Sink::open(None).map_err(Failure::setup)?;
    let verdict = if args.json {
        let (document, verdict) = document(&bytes, direction);
        sink.write(&format!("{document:#}\n"))
            .map_err(Failure::setup)?;
        verdict
    } else {
        print(&bytes, direction, &mut sink)?
    };
    match verdict {
        None => Ok(ExitStatus::Success),
        Some(problem) => Err(Failure::peer(anyhow!("{name}: {problem}"))),
    }
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

/// Who sent a stream, by the first message that only one side sends.
fn guess(bytes: &[u8]) -> Direction {
    let tells = |message: &Described| match message.command? {
        Command::Job | Command::JobLine | Command::Exit => Some(Direction::ClientToServer),
        Command::Probe if message.payload_len == 0 => Some(Direction::ClientToServer),
        Command::Quit => None,
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
                sink.write(&as_text(&message)).map_err(Failure::setup)?;
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
    let direction = match direction {
        Direction::ClientToServer => Some("client-to-server"),
        Direction::ServerToClient => Some("server-to-client"),
        Direction::Unknown => None,
    };
    let document = json!({
        "direction": direction,
        "bytes": bytes.len(),
        "messages": messages,
        "error": problem,
    });
    (document, problem)
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

/// A line for the message and one for each field that is not zero.
fn as_text(message: &Described) -> String {
    let frames = message.fragments.len();
    let mut text = format!(
        "{:#010x}  {}  version {}, tag {}, {frames} frame{}, payload {} bytes\n",
        message.offset,
        message.name(),
        message.version,
        message.tag.0,
        if frames == 1 { "" } else { "s" },
        message.payload_len,
    );
    // Writing to a string never fails.
    match &message.fields {
        Ok(fields) => {
            for field in fields.iter().filter(|field| !field.value.is_zero()) {
                let _ = writeln!(text, "            {field}");
            }
        }
        Err(closed) => {
            let _ = writeln!(text, "            ({closed})");
        }
    }
    text
}

fn as_json(message: &Described) -> Json {
    let fields = match &message.fields {
        Ok(fields) => fields.iter().map(field_as_json).collect(),
        Err(closed) => json!({ "error": closed.to_string() }),
    };
    json!({
        "offset": message.offset,
        "command": message.name(),
        "opcode": message.opcode.number(),
        "version": message.version.number(),
        "tag": message.tag.0,
        "frames": message.fragments.len(),
        "payload_bytes": message.payload_len,
        "fields": fields,
    })
}

fn field_as_json(field: &Field) -> Json {
    json!({
        "name": field.name,
        "offset": field.offset,
        "type": field.type_name(),
        "unit": field.unit.to_string(),
        "value": value_as_json(&field.value),
    })
}

fn value_as_json(value: &Value) -> Json {
    match value {
        Value::Unsigned(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Text(text) => json!(text.to_string_lossy()),
        Value::List(values) => values.iter().map(value_as_json).collect(),
        Value::Record(fields) => fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value_as_json(value)))
            .collect(),
        _ => Json::Null,
    }
}
