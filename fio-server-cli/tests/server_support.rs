//! A server in this process and a client of its own for it.
//!
//! The client here shares no code with the product: frames and checksums are made from the
//! protocol's description, so that a mistake in the codec cannot hide itself.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fio_server_cli::server::{Ending, ListenAddress, Log, Server, ServerOptions};

pub(crate) const QUIT: u16 = 1;
pub(crate) const EXIT: u16 = 2;
pub(crate) const JOB: u16 = 3;
pub(crate) const JOBLINE: u16 = 4;
pub(crate) const TEXT: u16 = 5;
pub(crate) const TS: u16 = 6;
pub(crate) const GS: u16 = 7;
pub(crate) const ETA: u16 = 8;
pub(crate) const PROBE: u16 = 9;
pub(crate) const START: u16 = 10;

/// A job that ends at once.
pub(crate) const QUICK_JOB: &str = "[quick]\nioengine=null\nrw=read\nbs=4k\nsize=1m\n";

/// A job that runs for a minute unless stopped.
pub(crate) const LONG_JOB: &str =
    "[long]\nioengine=null\nrw=randread\nsize=1g\ntime_based=1\nruntime=60\n";

/// Longer than anything that is expected to happen takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a port of its own, in a thread of its own.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    shutdown: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<Ending>>,
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let mut options = ServerOptions {
            listen: vec![ListenAddress::Tcp("127.0.0.1:0".parse().unwrap())],
            log: Log::new(move |_, line| lines.lock().unwrap().push(line.to_owned())),
            ..ServerOptions::default()
        };
        change(&mut options);
        let server = Server::bind(options).unwrap();
        let addresses = server.local_addresses();
        let address = addresses.iter().find_map(|address| match address {
            ListenAddress::Tcp(address) => Some(*address),
            ListenAddress::Unix(_) => None,
        });
        let (shutdown, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let stopped = async { drop(stopped.await) };
            runtime.block_on(server.run(stopped)).unwrap()
        });
        Self {
            address: address.unwrap_or_else(|| "127.0.0.1:0".parse().unwrap()),
            log,
            shutdown: Some(shutdown),
            thread: Some(thread),
        }
    }

    pub(crate) fn connect(&self) -> Peer<TcpStream> {
        Peer::new(TcpStream::connect(self.address).unwrap())
    }

    /// Tells the server to end, without waiting for it.
    pub(crate) fn shut_down(&mut self) {
        drop(self.shutdown.take());
    }

    pub(crate) fn wait(mut self) -> Ending {
        self.thread.take().unwrap().join().unwrap()
    }

    /// Waits until a log line contains `text`; returns how long that took.
    pub(crate) fn wait_for_log(&self, text: &str) -> Duration {
        let began = Instant::now();
        loop {
            let lines = self.log.lock().unwrap().clone();
            if lines.iter().any(|line| line.contains(text)) {
                return began.elapsed();
            }
            assert!(
                began.elapsed() < PATIENCE,
                "no log line has {text:?}: {lines:#?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Runs a whole session, to show that the server still serves.
    pub(crate) fn check_still_serving(&self) {
        let mut peer = self.connect();
        peer.send(PROBE, b"");
        assert_eq!(peer.message().opcode, PROBE);
        peer.send(JOB, QUICK_JOB.as_bytes());
        let messages = peer.messages_until(QUIT);
        let results = messages
            .iter()
            .filter(|message| message.opcode == TS)
            .count();
        assert_eq!(results, 1, "{}", describe(&messages));
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shut_down();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A whole message as received.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) version: u16,
    pub(crate) opcode: u16,
    pub(crate) serial: u64,
    pub(crate) payload: Vec<u8>,
}

impl Message {
    pub(crate) fn text(&self) -> String {
        assert_eq!(self.opcode, TEXT);
        String::from_utf8(self.payload.clone()).unwrap()
    }

    pub(crate) fn u32_at(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.payload[offset..offset + 4].try_into().unwrap())
    }

    pub(crate) fn u64_at(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.payload[offset..offset + 8].try_into().unwrap())
    }

    pub(crate) fn string_at(&self, offset: usize) -> String {
        let bytes = self.payload[offset..]
            .split(|byte| *byte == 0)
            .next()
            .unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

/// A client that sends what it likes.
pub(crate) struct Peer<S> {
    pub(crate) stream: S,
}

impl Peer<TcpStream> {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream }
    }
}

impl<S: Read + Write> Peer<S> {
    pub(crate) fn send(&mut self, opcode: u16, payload: &[u8]) {
        self.send_bytes(&message(opcode, 0, payload));
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next message. Every frame's version and checksums are checked.
    pub(crate) fn message(&mut self) -> Message {
        self.try_message().expect("the stream goes on")
    }

    /// The next message, or `None` at the end of the stream.
    pub(crate) fn try_message(&mut self) -> Option<Message> {
        let mut whole: Option<Message> = None;
        loop {
            let mut header = [0; 24];
            if !read_all(&mut self.stream, &mut header) {
                assert!(whole.is_none(), "the stream ends inside a message");
                return None;
            }
            let u16_at = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
            assert_eq!(u16_at(20), crc16(&header[..20]), "header checksum");
            let length = u32::from_le_bytes(header[16..20].try_into().unwrap());
            let longest = if u16_at(0) < 3 { 64 } else { 1024 };
            assert!(length <= longest, "frame of {length} bytes");
            let mut payload = vec![0; length as usize];
            assert!(read_all(&mut self.stream, &mut payload), "cut frame");
            assert_eq!(u16_at(22), crc16(&payload), "payload checksum");
            let message = whole.get_or_insert_with(|| Message {
                version: u16_at(0),
                opcode: u16_at(2),
                serial: u64::from_le_bytes(header[8..16].try_into().unwrap()),
                payload: Vec::new(),
            });
            assert_eq!(message.version, u16_at(0), "version changes");
            assert_eq!(message.opcode, u16_at(2), "opcode changes inside a message");
            message.payload.extend(payload);
            if header[4] & 1 == 0 {
                return whole;
            }
        }
    }

    /// All messages up to and including the first with `opcode`.
    pub(crate) fn messages_until(&mut self, opcode: u16) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            let message = self.try_message();
            let Some(message) = message else {
                panic!("the stream ended before {opcode}: {}", describe(&messages));
            };
            messages.push(message);
            if messages.last().unwrap().opcode == opcode {
                return messages;
            }
        }
    }

    /// All messages up to the end of the stream.
    pub(crate) fn messages_to_end(&mut self) -> Vec<Message> {
        std::iter::from_fn(|| self.try_message()).collect()
    }
}

/// The bytes of a message in frames of up to 64 bytes.
pub(crate) fn message(opcode: u16, serial: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pieces: Vec<&[u8]> = match payload {
        [] => vec![payload],
        _ => payload.chunks(64).collect(),
    };
    for (index, piece) in pieces.iter().enumerate() {
        let more = u32::from(index + 1 < pieces.len());
        bytes.extend(frame(1, opcode, more, serial, piece));
    }
    bytes
}

pub(crate) fn frame(version: u16, opcode: u16, flags: u32, serial: u64, piece: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(version.to_le_bytes());
    bytes.extend(opcode.to_le_bytes());
    bytes.extend(flags.to_le_bytes());
    bytes.extend(serial.to_le_bytes());
    bytes.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
    bytes.extend(crc16(&bytes).to_le_bytes());
    bytes.extend(crc16(piece).to_le_bytes());
    bytes.extend(piece);
    bytes
}

/// The payload of a JOBLINE.
pub(crate) fn job_line(words: &[&str]) -> Vec<u8> {
    let mut payload = vec![0; 8194];
    let count = u16::try_from(words.len()).unwrap();
    payload[..2].copy_from_slice(&count.to_le_bytes());
    for (index, word) in words.iter().enumerate() {
        payload[2 + index * 64..][..word.len()].copy_from_slice(word.as_bytes());
    }
    payload
}

/// CRC-16/ARC, bit by bit.
pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xA001 * (crc & 1))
        })
    })
}

/// Messages in one line each, for assertions that fail.
pub(crate) fn describe(messages: &[Message]) -> String {
    let lines = messages.iter().map(|message| match message.opcode {
        TEXT => format!("TEXT {:?}", String::from_utf8_lossy(&message.payload)),
        opcode => format!("opcode {opcode}, {} bytes", message.payload.len()),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The texts of the TEXT messages, joined.
pub(crate) fn texts(messages: &[Message]) -> String {
    let texts = messages.iter().filter(|message| message.opcode == TEXT);
    texts.map(Message::text).collect()
}

/// The opcodes in order, without repetitions of TEXT and without ETA, which comes by the clock.
pub(crate) fn order(messages: &[Message]) -> Vec<u16> {
    let mut order: Vec<u16> = messages.iter().map(|message| message.opcode).collect();
    order.retain(|opcode| *opcode != ETA);
    order.dedup_by(|next, previous| *next == TEXT && *previous == TEXT);
    order
}

/// Fills `buffer`; `false` if the stream had ended before its first byte.
fn read_all(stream: &mut impl Read, buffer: &mut [u8]) -> bool {
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) if filled == 0 => return false,
            Ok(0) => panic!("the stream ends inside a frame"),
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset && filled == 0 => {
                return false;
            }
            Err(error) => panic!("cannot read from the server: {error}"),
        }
    }
    true
}
