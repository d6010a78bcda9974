//! The sessions in a capture of packets.

use fio_proto::describe::{Described, Direction, StreamProblem, describe_stream};
use fio_proto::error::FrameError;
use fio_proto::frame::Frame;
use serde_json::{Value as Json, json};

use super::render::{as_json, as_text};
use super::{Problem, direction_name, guess, stream_problem, unreadable};
use crate::capture_file::{self, Capture, Connection, StreamBytes};
use crate::exit::Failure;
use crate::output::Sink;

/// fio's port, which tells a server where nothing else does.
const DEFAULT_PORT: u16 = 8765;

/// Prints the sessions of a capture file, each with the messages of both sides in the order of the
/// packets.
pub(super) fn show(
    bytes: &[u8],
    as_document: bool,
    sink: &mut Sink,
) -> Result<Option<Problem>, Failure> {
    let capture = capture_file::read(bytes);
    let sessions: Vec<_> = capture.connections.iter().filter_map(Session::of).collect();
    let mut problems: Vec<_> = capture_problem(&capture, sessions.len())
        .into_iter()
        .collect();
    let mut documents = Vec::new();
    for (index, session) in sessions.iter().enumerate() {
        let (messages, found) = session.messages();
        if as_document {
            documents.push(session.document(&messages, &found));
        } else {
            let text = session.text(index + 1, &messages, &found);
            sink.write(&text).map_err(Failure::setup)?;
        }
        problems.extend(
            found
                .iter()
                .map(|problem| format!("connection {}: {problem}", index + 1)),
        );
    }
    let problem = problems.into_iter().next();
    let others = capture.connections.len() - sessions.len();
    if as_document {
        let document = json!({
            "packets": capture.packets,
            "connections": documents,
            "other_connections": others,
            "error": problem,
        });
        sink.write(&format!("{document:#}\n"))
            .map_err(Failure::setup)?;
    } else if others > 0 {
        let plural = if others == 1 { "" } else { "s" };
        let text = format!("{others} other connection{plural} left out\n");
        sink.write(&text).map_err(Failure::setup)?;
    }
    Ok(problem.filter(|_| !sink.is_broken()))
}

/// What is wrong with the file as a whole.
fn capture_problem(capture: &Capture, sessions: usize) -> Option<Problem> {
    if let Some(damage) = &capture.damage {
        return Some(damage.to_string());
    }
    if sessions > 0 {
        return None;
    }
    let (packets, connections) = (capture.packets, capture.connections.len());
    let unusable = match capture.unusable {
        0 => String::new(),
        count => format!(", {count} fragments or incomplete headers"),
    };
    Some(format!(
        "none of its connections is fio's ({packets} packets, {connections} TCP connections{unusable}); \
         a connection must be captured from its first byte on"
    ))
}

/// A connection between a client and a server.
struct Session<'a> {
    connection: &'a Connection,
    /// The client is who opened the connection, or was seen first.
    client_opened: bool,
}

/// A message of a session.
struct Sent {
    packet: usize,
    direction: Direction,
    message: Described,
}

impl<'a> Session<'a> {
    /// `None` if neither side's bytes begin as those of a peer of fio's do.
    fn of(connection: &'a Connection) -> Option<Self> {
        let (opener, listener) = (&connection.from_opener, &connection.from_listener);
        let begins = |stream: &StreamBytes| match Frame::parse(&stream.bytes) {
            // Zeroes have a correct checksum.
            Ok(Some((frame, _))) => frame.header.version.number() > 0,
            Ok(None) => false,
            Err(error) => !matches!(error, FrameError::HeaderCrc { .. }),
        };
        if !begins(opener) && !begins(listener) {
            return None;
        }
        let client_opened = match (guess(&opener.bytes), guess(&listener.bytes)) {
            (Direction::ClientToServer, _) | (_, Direction::ServerToClient) => true,
            (Direction::ServerToClient, _) | (_, Direction::ClientToServer) => false,
            _ => connection.opening_seen || connection.opener.port() != DEFAULT_PORT,
        };
        Some(Self {
            connection,
            client_opened,
        })
    }

    /// What the client and what the server sent.
    const fn streams(&self) -> (&'a StreamBytes, &'a StreamBytes) {
        let Connection {
            from_opener,
            from_listener,
            ..
        } = self.connection;
        match self.client_opened {
            true => (from_opener, from_listener),
            false => (from_listener, from_opener),
        }
    }

    /// The addresses of the client and of the server.
    fn ends(&self) -> (String, String) {
        let (opener, listener) = (self.connection.opener, self.connection.listener);
        match self.client_opened {
            true => (opener.to_string(), listener.to_string()),
            false => (listener.to_string(), opener.to_string()),
        }
    }

    /// The messages of both sides in the order of the packets that completed them, and what is wrong
    /// with the streams.
    fn messages(&self) -> (Vec<Sent>, Vec<Problem>) {
        let (client, server) = self.streams();
        let (mut messages, mut problems) = (Vec::new(), Vec::new());
        for (stream, direction) in [
            (client, Direction::ClientToServer),
            (server, Direction::ServerToClient),
        ] {
            let problem = read_stream(stream, direction, &mut messages);
            problems.extend(problem.map(|problem| format!("{}: {problem}", sender(direction))));
        }
        // Stable, and a client begins.
        messages.sort_by_key(|sent| sent.packet);
        (messages, problems)
    }

    fn text(&self, number: usize, messages: &[Sent], problems: &[Problem]) -> String {
        let ((client, server), streams) = (self.ends(), self.streams());
        let mut text = format!(
            "connection {number}: client {client} sent {} bytes, server {server} sent {} bytes\n",
            streams.0.bytes.len(),
            streams.1.bytes.len(),
        );
        for sent in messages {
            let sender = format!("{} in packet {}, ", sender(sent.direction), sent.packet);
            text.push_str(&as_text(&sent.message, &sender));
        }
        for problem in problems {
            text.push_str(&format!("({problem})\n"));
        }
        text
    }

    fn document(&self, messages: &[Sent], problems: &[Problem]) -> Json {
        let ((client, server), streams) = (self.ends(), self.streams());
        let messages = messages.iter().map(|sent| {
            let mut document = as_json(&sent.message);
            document["direction"] = json!(direction_name(sent.direction));
            document["packet"] = json!(sent.packet);
            document
        });
        json!({
            "client": client,
            "server": server,
            "client_bytes": streams.0.bytes.len(),
            "server_bytes": streams.1.bytes.len(),
            "messages": messages.collect::<Vec<_>>(),
            "errors": problems,
        })
    }
}

const fn sender(direction: Direction) -> &'static str {
    match direction {
        Direction::ClientToServer => "from the client",
        _ => "from the server",
    }
}

/// Adds the messages of one side; gives what is wrong with them first.
fn read_stream(
    stream: &StreamBytes,
    direction: Direction,
    messages: &mut Vec<Sent>,
) -> Option<Problem> {
    let mut problem = None;
    for message in describe_stream(&stream.bytes, direction) {
        match message {
            Ok(message) => {
                problem = problem.or_else(|| unreadable(&message));
                messages.push(Sent {
                    packet: stream.packet_of(message.offset.saturating_add(message.wire_len)),
                    direction,
                    message,
                });
            }
            Err(error) => {
                let ends_early = matches!(
                    error.problem,
                    StreamProblem::CutOff { .. } | StreamProblem::Unfinished { .. }
                );
                // Then the gap is the reason.
                if !(ends_early && stream.gap.is_some()) {
                    problem = problem.or_else(|| Some(stream_problem(&error)));
                }
            }
        }
    }
    let missing = stream.gap.map(|missing| {
        let offset = stream.bytes.len();
        format!("{missing} bytes are missing at offset {offset}; they were not captured")
    });
    problem.or(missing)
}
