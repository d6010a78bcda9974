//! A server that plays back what a server of 2011 sent.
//!
//! It answers the first question with the first message of a recording, waits for a job, plays the
//! rest, and, as those servers do, keeps the connection until the client leaves.

use fio_proto::Revision;
use fio_proto::frame::Tag;
use fio_proto::message::{Message as _, ServerMessage};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

/// One scripted session.
#[derive(Clone)]
pub(crate) struct Script {
    /// Sent after the client's first message.
    pub(crate) greeting: Vec<u8>,
    /// Sent after the first job.
    pub(crate) rest: Vec<u8>,
    /// Bytes per write.
    pub(crate) segment: usize,
    /// Whether the connection is closed after the last byte instead of by the client.
    pub(crate) close: bool,
}

/// Bytes of the answer to PROBE: two frames with 68 bytes of payload.
const GREETING: usize = 2 * 24 + 68;

impl Script {
    /// Plays `tests/data/v001/NAME.s2c`.
    pub(crate) fn recorded(name: &str) -> Self {
        let bytes = recording(&format!("{name}.s2c"));
        let (greeting, rest) = bytes.split_at(GREETING);
        Self {
            greeting: greeting.to_vec(),
            rest: rest.to_vec(),
            segment: 1460,
            close: false,
        }
    }

    /// Sends only the first `length` bytes of the recording, then closes.
    pub(crate) fn cut(mut self, length: usize) -> Self {
        self.greeting.truncate(length);
        self.rest.truncate(length.saturating_sub(GREETING));
        self.close = true;
        self
    }

    /// Bytes of the whole recording.
    pub(crate) fn length(&self) -> usize {
        self.greeting.len() + self.rest.len()
    }
}

/// The bytes of a recording.
pub(crate) fn recording(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/v001")
        .join(name);
    std::fs::read(path).expect("a recording")
}

/// A server for one client.
pub(crate) struct FakeServer {
    address: String,
    thread: JoinHandle<Vec<Message>>,
}

/// What the client sent: opcode and payload.
pub(crate) type Message = (u16, Vec<u8>);

impl FakeServer {
    pub(crate) fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let thread = std::thread::spawn(move || {
            loop {
                let (mut stream, _) = listener.accept().expect("a client");
                if speaks_version_1(&stream) {
                    return play(stream, &script);
                }
                // As a server of any release does with a client of another.
                stream.write_all(&complaint()).expect("the client reads");
                let _ = read_message(&mut stream);
            }
        });
        Self { address, thread }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the end of the session; returns the messages of the client.
    pub(crate) fn finish(self) -> Vec<Message> {
        self.thread.join().expect("does not panic")
    }
}

/// What a client's JOB is numbered.
pub(crate) const JOB: u16 = 3;

/// Whether the first frame is one of version 1.
fn speaks_version_1(stream: &TcpStream) -> bool {
    let mut version = [0; 2];
    while stream.peek(&mut version).expect("a client") < version.len() {}
    u16::from_le_bytes(version) == 1
}

/// TEXT of version 1.
fn complaint() -> Vec<u8> {
    let text = "fio: bad server cmd version 121\n";
    let mut frame = Vec::new();
    ServerMessage::text(text)
        .append_to(Revision::V1, Tag(0), &mut frame)
        .expect("fits");
    frame
}

fn play(mut stream: TcpStream, script: &Script) -> Vec<Message> {
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a valid time");
    let mut received = Vec::new();
    received.extend(read_message(&mut stream));
    send(&mut stream, &script.greeting, script.segment);
    if script.close && script.rest.is_empty() {
        return received;
    }
    received.extend(read_message(&mut stream));
    send(&mut stream, &script.rest, script.segment);
    if !script.close {
        while let Some(message) = read_message(&mut stream) {
            received.push(message);
        }
    }
    received
}

fn send(stream: &mut TcpStream, bytes: &[u8], segment: usize) {
    for part in bytes.chunks(segment) {
        // The client may leave early; that is its affair and the test's.
        if stream.write_all(part).is_err() {
            return;
        }
    }
}

/// Joins the frames of one message; `None` at the end of the stream.
pub(crate) fn read_message(stream: &mut impl Read) -> Option<Message> {
    let mut payload = Vec::new();
    loop {
        let mut header = [0; 24];
        stream.read_exact(&mut header).ok()?;
        let length = u32::from_le_bytes(header[16..20].try_into().expect("four bytes"));
        let mut part = vec![0; length as usize];
        stream.read_exact(&mut part).ok()?;
        payload.append(&mut part);
        if header[4] & 1 == 0 {
            return Some((u16::from_le_bytes([header[2], header[3]]), payload));
        }
    }
}
