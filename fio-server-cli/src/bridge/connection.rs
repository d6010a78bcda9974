//! One client's way over the bridge: moves bytes between two sockets and a translator.

use std::io;
use std::time::{Duration, Instant};

use fio_proto::error::JoinError;
use fio_proto::fragment::Joiner;
use fio_proto::frame::Tag;
use fio_proto::message::{
    ClientMessage, Message as _, ProbeReply, ProbeRequest, ServerMessage, Text,
};
use fio_proto::session::{self, Output, ServerConfig, ServerSession};
use fio_proto::{Revision, ServerVersion};

use super::Translator;
use super::backend::{Backend, BackendError, Target, read_some, write_all};
use super::record::{Line, Recorder};
use super::translator::TranslateError;
use crate::server::Stream;

/// Bytes waiting for a peer at which the other one is not read any more.
const HIGH_WATER: usize = 4 << 20;
/// How long a client may take for its first message.
const FIRST_MESSAGE: Duration = Duration::from_secs(30);
/// Most bytes of it. A PROBE has 160.
const MAX_FIRST_MESSAGE: usize = 64 << 10;
/// How long bytes may find no taker.
const UNREAD: Duration = Duration::from_secs(60);
/// How long a server of version 1 whose client has left is waited for.
const FAREWELL: Duration = Duration::from_secs(60);

/// Why a connection ended before its time.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectionError {
    #[error("the client said nothing for {} s", FIRST_MESSAGE.as_secs())]
    NoMessage,
    #[error("the client left before its first message was complete")]
    LeftEarly,
    #[error("the client was refused: {0}")]
    Refused(JoinError),
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error("the connection to the client broke: {0}")]
    Client(#[source] io::Error),
    #[error("the connection to the server broke: {0}")]
    Server(#[source] io::Error),
    #[error(transparent)]
    Translate(#[from] TranslateError),
    #[error("one side has read nothing for {} s", UNREAD.as_secs())]
    Unread,
}

/// The client's first message, and all bytes that came until then.
struct Greeting {
    version: ServerVersion,
    tag: Tag,
    request: ProbeRequest,
    received: Vec<u8>,
    /// Where the rest of the conversation begins in that.
    rest: usize,
}

/// Serves one client to its end; `told` hears the two versions when both are known.
pub(super) async fn serve(
    client: Stream,
    target: &Target,
    mut recorder: Recorder,
    told: impl FnOnce(ServerVersion, Revision),
) -> Result<(), ConnectionError> {
    let greeting = tokio::time::timeout(FIRST_MESSAGE, greet(&client, &mut recorder))
        .await
        .map_err(|_| ConnectionError::NoMessage)??;
    let opened = target
        .open(greeting.version, greeting.tag, &greeting.request)
        .await;
    let backend = match opened {
        Ok(backend) => backend,
        Err(error) => {
            let text = explain(&greeting, &error);
            recorder.write(Line::ToClient, &text);
            // What became of it does not matter: the client is lost either way.
            let _ = write_all(&client, &text).await;
            return Err(error.into());
        }
    };
    told(greeting.version, backend.revision);
    relay(client, &greeting, backend, recorder).await
}

/// Reads the first message. A client that cannot be served is told so.
async fn greet(client: &Stream, recorder: &mut Recorder) -> Result<Greeting, ConnectionError> {
    let mut received = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = read_some(client, &mut buffer).await;
        let count = read.map_err(ConnectionError::Client)?;
        if count == 0 {
            return Err(ConnectionError::LeftEarly);
        }
        recorder.write(Line::FromClient, &buffer[..count]);
        received.extend_from_slice(&buffer[..count]);
        match first_message(&received) {
            Ok(None) => {}
            Ok(Some((version, tag, request, rest))) => {
                return Ok(Greeting {
                    version,
                    tag,
                    request,
                    received,
                    rest,
                });
            }
            Err(error) => {
                let complaint = complaint(&received);
                recorder.write(Line::ToClient, &complaint);
                let _ = write_all(client, &complaint).await;
                return Err(ConnectionError::Refused(error));
            }
        }
    }
}

/// The first message if it is complete: version, tag, PROBE, and where the next one begins. What is no PROBE
/// is left for later; then the bridge asks for itself.
fn first_message(
    received: &[u8],
) -> Result<Option<(ServerVersion, Tag, ProbeRequest, usize)>, JoinError> {
    let mut joiner = Joiner::new(None, MAX_FIRST_MESSAGE);
    let step = joiner.push(received)?;
    let consumed = step.consumed;
    let Some(raw) = step.message else {
        // Known after its first frame, however long the message is.
        return Ok(None);
    };
    let revision = Revision::of(raw.version).unwrap_or(Revision::V1);
    let message = ClientMessage::decode(revision, raw.opcode, raw.payload);
    Ok(Some(match message {
        Ok(ClientMessage::Probe(request)) => (raw.version, raw.tag, request, consumed),
        _ => (raw.version, Tag(1), ProbeRequest::default(), 0),
    }))
}

/// What a server says to such a beginning.
fn complaint(received: &[u8]) -> Vec<u8> {
    let now = session::Instant::ZERO;
    let mut session = ServerSession::new(ServerConfig::new(ProbeReply::default()), now);
    session.handle_bytes(now, received);
    loop {
        match session.poll_output() {
            Output::Event(_) => {}
            Output::Transmit(bytes) => return bytes.to_vec(),
            _ => return Vec::new(),
        }
    }
}

/// What the client is told when there is no server for it.
fn explain(greeting: &Greeting, error: &BackendError) -> Vec<u8> {
    let text = ServerMessage::Text(Text::error(format!("bridge: {error}\n")));
    let mut bytes = Vec::new();
    let Some(revision) = Revision::of(greeting.version) else {
        return bytes;
    };
    // Both exist in every version. A client of version 1 only leaves when told to; later ones take a lost
    // connection for the failure it is.
    let _ = text.append_to(revision, Tag(0), &mut bytes);
    if revision == Revision::V1 {
        let _ = ServerMessage::Quit.append_to(revision, Tag(0), &mut bytes);
    }
    bytes
}

/// A peer's socket, what waits for it and whether it is still there.
struct End {
    stream: Stream,
    gone: bool,
    /// When it last took something, or nothing waited for it.
    last_taken: Instant,
    line_to: Line,
    line_from: Line,
}

impl End {
    fn new(stream: Stream, line_from: Line, line_to: Line) -> Self {
        Self {
            stream,
            gone: false,
            last_taken: Instant::now(),
            line_to,
            line_from,
        }
    }

    /// Waits until there is something to do with it.
    async fn ready(&self, read: bool, waiting: usize) -> io::Result<()> {
        self.stream
            .ready(read && !self.gone, waiting > 0 && !self.gone)
            .await
    }

    /// Writes as much as is taken.
    fn write(&mut self, outgoing: &mut Vec<u8>, recorder: &mut Recorder) -> io::Result<()> {
        let mut taken = 0;
        while !self.gone && taken < outgoing.len() {
            match self.stream.try_write(&outgoing[taken..])? {
                Some(count) => taken += count,
                None => break,
            }
        }
        if self.gone {
            taken = outgoing.len();
        } else {
            recorder.write(self.line_to, &outgoing[..taken]);
        }
        outgoing.drain(..taken);
        if taken > 0 || outgoing.is_empty() {
            self.last_taken = Instant::now();
        }
        Ok(())
    }

    /// Reads what is there, if anything is.
    fn read<'a>(
        &mut self,
        buffer: &'a mut [u8],
        recorder: &mut Recorder,
    ) -> io::Result<Option<&'a [u8]>> {
        match self.stream.try_read(buffer)? {
            None => Ok(None),
            Some(0) => {
                self.gone = true;
                Ok(None)
            }
            Some(count) => {
                recorder.write(self.line_from, &buffer[..count]);
                Ok(Some(&buffer[..count]))
            }
        }
    }
}

/// Moves bytes until one side has gone and the other heard everything.
async fn relay(
    client: Stream,
    greeting: &Greeting,
    backend: Backend,
    mut recorder: Recorder,
) -> Result<(), ConnectionError> {
    recorder.write(Line::ToServer, &backend.sent);
    recorder.write(Line::FromServer, &backend.received);
    let client_revision = Revision::of(greeting.version).unwrap_or(Revision::V1);
    let mut bridge = Translator::new(client_revision, backend.revision);
    let now = Instant::now();
    if greeting.rest > 0 {
        bridge.answer_probe(greeting.tag, backend.reply.clone());
    }
    bridge.hear_server(now, &backend.received[backend.answer_end..])?;
    bridge.hear_client(now, &greeting.received[greeting.rest..])?;
    let mut ends = Ends {
        client: End::new(client, Line::FromClient, Line::ToClient),
        server: End::new(backend.stream, Line::FromServer, Line::ToServer),
        bridge,
        recorder,
        leave_at: None,
    };
    let outcome = ends.run().await;
    if let Err(ConnectionError::Translate(error)) = &outcome {
        // The client deserves to know; if it cannot be told it knows already.
        ends.bridge.remark(Some(format!("bridge: {error}\n")));
        ends.bridge.server_closed();
        let outgoing = std::mem::take(&mut ends.bridge.client.outgoing);
        let _ = tokio::time::timeout(UNREAD, write_all(&ends.client.stream, &outgoing)).await;
    }
    outcome
}

/// Both sockets and what is between them.
struct Ends {
    client: End,
    server: End,
    bridge: Translator,
    recorder: Recorder,
    /// The client has gone; the server is given until then.
    leave_at: Option<Instant>,
}

impl Ends {
    async fn run(&mut self) -> Result<(), ConnectionError> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            self.bridge.tick(Instant::now());
            self.write()?;
            if self.is_done() {
                return Ok(());
            }
            self.wait().await?;
            self.read(&mut buffer)?;
            self.check_patience()?;
        }
    }

    fn write(&mut self) -> Result<(), ConnectionError> {
        let Self {
            client,
            server,
            bridge,
            recorder,
            ..
        } = self;
        let to_client = client.write(&mut bridge.client.outgoing, recorder);
        let to_server = server.write(&mut bridge.server.outgoing, recorder);
        // Whoever does not take anything any more has gone, which reading will confirm.
        if to_client.is_err() {
            self.lose_client();
        }
        if to_server.is_err() {
            self.lose_server();
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        let heard = self.client.gone || self.bridge.client.outgoing.is_empty();
        let left = self.client.gone
            && (self.server.gone
                || self.leave_at.is_none_or(|at| at <= Instant::now())
                || self.bridge.is_idle())
            && (self.server.gone || self.bridge.server.outgoing.is_empty());
        left || (self.bridge.is_over() && heard)
    }

    async fn wait(&self) -> Result<(), ConnectionError> {
        let (to_client, to_server) = (
            self.bridge.client.outgoing.len(),
            self.bridge.server.outgoing.len(),
        );
        tokio::select! {
            ready = self.client.ready(to_server < HIGH_WATER, to_client) => {
                ready.map_err(ConnectionError::Client)
            }
            ready = self.server.ready(to_client < HIGH_WATER, to_server) => {
                ready.map_err(ConnectionError::Server)
            }
            () = sleep_until(self.deadline()) => Ok(()),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let unread = |end: &End, waiting: &Vec<u8>| {
            (!waiting.is_empty() && !end.gone).then(|| end.last_taken + UNREAD)
        };
        [
            self.bridge.deadline(),
            self.leave_at,
            unread(&self.client, &self.bridge.client.outgoing),
            unread(&self.server, &self.bridge.server.outgoing),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn check_patience(&self) -> Result<(), ConnectionError> {
        let now = Instant::now();
        let late = |end: &End, waiting: &Vec<u8>| {
            !waiting.is_empty() && !end.gone && end.last_taken + UNREAD <= now
        };
        let unread = late(&self.client, &self.bridge.client.outgoing)
            || late(&self.server, &self.bridge.server.outgoing);
        if unread {
            Err(ConnectionError::Unread)
        } else {
            Ok(())
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<(), ConnectionError> {
        let now = Instant::now();
        if !self.client.gone && self.bridge.server.outgoing.len() < HIGH_WATER {
            match self.client.read(buffer, &mut self.recorder) {
                Ok(Some(bytes)) => self.bridge.hear_client(now, bytes)?,
                Ok(None) if self.client.gone => self.lose_client(),
                Ok(None) => {}
                Err(_) => self.lose_client(),
            }
        }
        if !self.server.gone && self.bridge.client.outgoing.len() < HIGH_WATER {
            match self.server.read(buffer, &mut self.recorder) {
                Ok(Some(bytes)) => self.bridge.hear_server(now, bytes)?,
                Ok(None) if self.server.gone => self.lose_server(),
                Ok(None) => {}
                Err(_) => self.lose_server(),
            }
        }
        Ok(())
    }

    fn lose_client(&mut self) {
        self.client.gone = true;
        if self.leave_at.is_none() && self.bridge.client_closed() {
            self.leave_at = Some(Instant::now() + FAREWELL);
        }
    }

    fn lose_server(&mut self) {
        self.server.gone = true;
        self.bridge.server_closed();
    }
}

/// Sleeps until then; for ever without a time.
async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
