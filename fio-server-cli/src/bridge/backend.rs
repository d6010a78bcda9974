//! Finding the server: connects, and learns its version.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fio_proto::error::{FrameError, JoinError};
use fio_proto::fragment::Joiner;
use fio_proto::frame::Tag;
use fio_proto::message::{ClientMessage, Message as _, ProbeReply, ProbeRequest, ServerMessage};
use fio_proto::session::{NoVersion, VersionFinder};
use fio_proto::{Revision, ServerVersion};

use crate::address::Address;
use crate::client::{ClientError, Connection, connect};
use crate::server::Stream;

/// The server behind a bridge, and what is known of it.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) address: Address,
    /// The only version to speak with it.
    pub(super) pinned: Option<ServerVersion>,
    /// How long connecting may take, and each answer to PROBE.
    pub(super) patience: Duration,
    /// The version it spoke last.
    pub(super) known: Arc<Mutex<Option<ServerVersion>>>,
}

/// A connection to the server, after its answer to PROBE.
pub(super) struct Backend {
    pub(super) stream: Stream,
    pub(super) revision: Revision,
    pub(super) reply: ProbeReply,
    /// All that was sent.
    pub(super) sent: Vec<u8>,
    /// All that came.
    pub(super) received: Vec<u8>,
    /// Where the answer to PROBE ends in that.
    pub(super) answer_end: usize,
}

/// There is no server to be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum BackendError {
    #[error(transparent)]
    Connect(#[from] ClientError),
    #[error("the connection to the server broke: {0}")]
    Lost(#[from] std::io::Error),
    #[error("the server has not answered PROBE within {} s", .0.as_secs_f64())]
    Silent(Duration),
    #[error("the server broke the protocol: {0}")]
    Broken(String),
    #[error("the server refuses: {0}")]
    Refused(String),
    #[error(transparent)]
    Version(#[from] NoVersion),
}

/// What a server had to say to PROBE.
enum Answer {
    Probed(ProbeReply, usize),
    /// It speaks that version.
    OtherVersion(ServerVersion),
    /// It closed without a word.
    Closed,
}

impl Target {
    /// Connects to the server and puts the client's question to it. `hint` is tried first where nothing is
    /// known of the server.
    pub(super) async fn open(
        &self,
        hint: ServerVersion,
        tag: Tag,
        request: &ProbeRequest,
    ) -> Result<Backend, BackendError> {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut finder = match self.pinned {
            Some(version) => VersionFinder::pinned(version),
            None => VersionFinder::new(known.unwrap_or(hint)),
        };
        loop {
            let version = finder.current();
            let connection = connect(&self.address, self.patience).await?;
            let asking = self.ask(connection, version, tag, request);
            let asked = tokio::time::timeout(self.patience, asking).await;
            let (stream, sent, received, answer) =
                asked.map_err(|_| BackendError::Silent(self.patience))??;
            match answer {
                Answer::OtherVersion(server) => finder.told(server)?,
                Answer::Closed => finder.silent()?,
                Answer::Probed(reply, answer_end) => {
                    *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(version);
                    let newest = Revision::of(version).unwrap_or(Revision::V1);
                    let revision = Revision::identify(version, &reply.release).unwrap_or(newest);
                    return Ok(Backend {
                        stream,
                        revision,
                        reply,
                        sent,
                        received,
                        answer_end,
                    });
                }
            }
        }
    }

    async fn ask(
        &self,
        connection: Connection,
        version: ServerVersion,
        tag: Tag,
        request: &ProbeRequest,
    ) -> Result<(Stream, Vec<u8>, Vec<u8>, Answer), BackendError> {
        let Connection { stream, address } = connection;
        let mut request = request.clone();
        if request.server.is_empty() {
            request.server = address.into();
        }
        let revision = Revision::of(version).unwrap_or(Revision::V1);
        // Version 1 has no tags.
        let tag = if version == ServerVersion::V1 {
            Tag(0)
        } else {
            tag
        };
        let mut sent = Vec::new();
        ClientMessage::Probe(request)
            .append_to(revision, tag, &mut sent)
            .map_err(|error| BackendError::Broken(error.to_string()))?;
        write_all(&stream, &sent).await?;
        let mut received = Vec::new();
        loop {
            let answer = answer_in(&received, revision)?;
            if let Some(answer) = answer {
                return Ok((stream, sent, received, answer));
            }
            let mut buffer = [0; 4096];
            match read_some(&stream, &mut buffer).await? {
                0 if received.is_empty() => return Ok((stream, sent, received, Answer::Closed)),
                0 => {
                    return Err(BackendError::Broken(
                        "it closed inside a message".to_owned(),
                    ));
                }
                count => received.extend_from_slice(&buffer[..count]),
            }
        }
    }
}

/// More than any answer to PROBE with some texts in front of it.
const MAX_ANSWER: usize = 64 << 10;

/// The server's answer, when all of it has come.
fn answer_in(received: &[u8], revision: Revision) -> Result<Option<Answer>, BackendError> {
    let mut joiner = Joiner::new(Some(revision.version()), MAX_ANSWER);
    let mut rest = received;
    while !rest.is_empty() {
        let step = match joiner.push(rest) {
            Ok(step) => step,
            Err(JoinError::Frame(FrameError::Version { got, .. })) => {
                return Ok(Some(Answer::OtherVersion(got)));
            }
            Err(error) => return Err(BackendError::Broken(error.to_string())),
        };
        rest = &rest[step.consumed..];
        let Some(raw) = step.message else {
            break;
        };
        let message = ServerMessage::decode(revision, raw.opcode, raw.payload)
            .map_err(|error| BackendError::Broken(error.to_string()))?;
        match message {
            ServerMessage::Probe(reply) => {
                let end = received.len() - rest.len();
                return Ok(Some(Answer::Probed(reply, end)));
            }
            ServerMessage::Text(text) => {
                let text = text.text.to_string_lossy().trim().to_owned();
                return Err(BackendError::Refused(text));
            }
            _ => {}
        }
    }
    if received.len() > MAX_ANSWER {
        return Err(BackendError::Broken("it does not answer PROBE".to_owned()));
    }
    Ok(None)
}

/// Writes all of it.
pub(super) async fn write_all(stream: &Stream, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        stream.ready(false, true).await?;
        if let Some(count) = stream.try_write(bytes)? {
            bytes = &bytes[count..];
        }
    }
    Ok(())
}

/// Reads what comes; 0 at the end.
pub(super) async fn read_some(stream: &Stream, buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        stream.ready(true, false).await?;
        if let Some(count) = stream.try_read(buffer)? {
            return Ok(count);
        }
    }
}
