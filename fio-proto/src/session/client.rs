//! The client's side of a conversation.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::link::{Encoded, Link};
use super::time::Instant;
use super::{Input, Output};
use crate::error::{CommandError, FrameError, JoinError, ProtocolError, Waiting};
use crate::frame::Tag;
use crate::layout::{Dropped, GroupRunStats};
use crate::limits::Limits;
use crate::message::{
    ClientMessage, Eta, ProbeReply, ProbeRequest, ServerMessage, Start, Stop, Text, ThreadReport,
};
use crate::version::ServerVersion;

/// What a client session needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientConfig {
    /// The version to open with: the newest, or what the server spoke last time.
    pub version: ServerVersion,
    /// Bounds the server is held to.
    pub limits: Limits,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            version: ServerVersion::V1,
            limits: Limits::default(),
        }
    }
}

impl ClientConfig {
    /// Another version to open with.
    #[must_use]
    pub const fn version(mut self, version: ServerVersion) -> Self {
        self.version = version;
        self
    }

    /// Other limits.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// What a server says, or what became of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server said who it is. What waits to run is sent now.
    Probed(ProbeReply),
    /// Something to print.
    Text(Text),
    /// The jobs were understood and are about to run.
    Started(Start),
    /// How far the jobs are. Unsolicited in version 1, and only from servers told to send it.
    Eta(Eta),
    /// Statistics of a thread, or of several that report as one.
    ThreadStats(alloc::boxed::Box<ThreadReport>),
    /// Totals of a group of jobs.
    GroupStats(GroupRunStats),
    /// The jobs have ended; the end of the run follows. Not in version 1.
    Stopped(Stop),
    /// A run is over (QUIT). With none remaining, the connection may be closed; messages that come late
    /// all the same are reported as ever.
    RunEnded {
        /// Runs sent or waiting to be sent.
        remaining: usize,
    },
    /// The server broke the protocol, took too long or vanished.
    /// [`ProtocolError::peer_version`] tells the version to try instead where that was the trouble.
    Failed(ProtocolError),
    /// The server closed the connection, with nothing left to do.
    Closed,
}

/// The client's side of one connection.
///
/// Sends PROBE at once and waits for the answer, then sends one JOBLINE or JOB after another, each when
/// the run before it has ended: a stock server of version 1 would start a nested run otherwise. See the
/// [module](super) for how to drive it.
#[derive(Debug)]
pub struct ClientSession {
    link: Link,
    events: VecDeque<ClientEvent>,
    stage: Stage,
    /// Runs not sent yet.
    pending: VecDeque<Encoded>,
    /// Whether a run was sent that has not ended.
    running: bool,
    reply_timeout: core::time::Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// PROBE was sent at that time.
    Probing(Instant),
    Ready,
    /// Write what is queued, then close.
    Closing,
    Over,
}

impl ClientSession {
    /// A conversation with a server that has just accepted, in version 1.
    pub fn new(config: ClientConfig, now: Instant) -> Self {
        let spoken = ServerVersion::V1;
        let mut session = Self {
            link: Link::new(spoken, Some(spoken), config.limits),
            events: VecDeque::new(),
            stage: Stage::Probing(now),
            pending: VecDeque::new(),
            running: false,
            reply_timeout: config.limits.reply_timeout,
        };
        let sent = session
            .link
            .send(now, Tag(0), &ClientMessage::Probe(ProbeRequest::default()));
        debug_assert!(
            sent.is_ok(),
            "every version has PROBE, and the queue was empty"
        );
        session
    }

    /// Tells the session what happened.
    ///
    /// # Errors
    /// For [`Input::Send`] only, as [`send`](Self::send).
    pub fn handle_input(
        &mut self,
        now: Instant,
        input: Input<'_, ClientMessage>,
    ) -> Result<(), CommandError> {
        match input {
            Input::Bytes(bytes) => self.handle_bytes(now, bytes),
            Input::Send(message) => return self.send(now, &message),
            Input::Timeout => self.handle_timeout(now),
            Input::Closed => self.handle_closed(),
        }
        Ok(())
    }

    /// What the session wants done now.
    pub fn poll_output(&mut self) -> Output<'_, ClientEvent> {
        if let Some(event) = self.events.pop_front() {
            return Output::Event(event);
        }
        match self.stage {
            Stage::Over => Output::Close,
            _ if self.link.queued() > 0 => Output::Transmit(self.link.waiting()),
            Stage::Closing => Output::Close,
            Stage::Probing(_) | Stage::Ready => Output::Timeout(self.deadline()),
        }
    }

    /// Bytes arrived.
    pub fn handle_bytes(&mut self, now: Instant, mut bytes: &[u8]) {
        while matches!(self.stage, Stage::Probing(_) | Stage::Ready) {
            match self.link.next(now, &mut bytes) {
                Ok(Some((_, message))) => self.receive(now, message),
                Ok(None) => break,
                Err(error) => self.fail(error),
            }
        }
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.stage == Stage::Over {
            return;
        }
        if let Some(error) = self.link.expired(now) {
            return self.fail(error);
        }
        if self
            .probe_deadline()
            .is_some_and(|deadline| deadline <= now)
        {
            let waiting = Waiting::ProbeReply;
            self.fail(ProtocolError::TimedOut {
                waiting,
                after: self.reply_timeout,
            });
        }
    }

    /// The connection is gone.
    pub fn handle_closed(&mut self) {
        let waiting = match self.stage {
            Stage::Probing(_) => Some(Waiting::ProbeReply),
            Stage::Ready if self.remaining() > 0 => Some(Waiting::EndOfRun),
            Stage::Ready => None,
            Stage::Closing | Stage::Over => return self.end(),
        };
        self.events
            .push_back(match (self.link.unfinished(), waiting) {
                (Some(received), _) => {
                    ClientEvent::Failed(ProtocolError::ClosedInsideMessage { received })
                }
                (None, Some(waiting)) => {
                    ClientEvent::Failed(ProtocolError::ClosedEarly { waiting })
                }
                (None, None) => ClientEvent::Closed,
            });
        self.end();
    }

    /// That many bytes of the last [`Output::Transmit`] were written.
    pub fn transmitted(&mut self, now: Instant, count: usize) {
        self.link.transmitted(now, count);
        self.send_next(now);
    }

    /// Sends a message as soon as its turn has come: JOBLINE and JOB when everything before them has
    /// ended, others at once. QUIT also takes back what was not sent yet.
    ///
    /// # Errors
    /// When the session is over, the queue full or the message not part of the server's version.
    pub fn send(&mut self, now: Instant, message: &ClientMessage) -> Result<(), CommandError> {
        if !matches!(self.stage, Stage::Probing(_) | Stage::Ready) {
            return Err(CommandError::SessionOver);
        }
        let encoded = self.link.encode(message)?;
        match message {
            ClientMessage::Job(_) | ClientMessage::JobLine(_) => {
                self.pending.push_back(encoded);
                self.send_next(now);
            }
            ClientMessage::Quit => {
                self.link.enqueue(now, Tag(0), &encoded)?;
                self.pending.clear();
            }
            _ => self.link.enqueue(now, Tag(0), &encoded)?,
        }
        Ok(())
    }

    /// Closes the connection once everything queued is written. Input is ignored from now on.
    pub fn close(&mut self) {
        if self.stage != Stage::Over {
            self.stage = Stage::Closing;
            self.link.stop_receiving();
        }
    }

    /// When to call with [`Input::Timeout`] at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        if self.stage == Stage::Over {
            return None;
        }
        [self.link.deadline(), self.probe_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Bytes waiting to be written.
    pub const fn queued(&self) -> usize {
        self.link.queued()
    }

    /// Runs sent that have not ended, and runs not sent yet.
    pub fn remaining(&self) -> usize {
        self.pending.len().saturating_add(self.running.into())
    }

    /// The version of the conversation.
    pub fn version(&self) -> ServerVersion {
        self.link.version()
    }

    /// What the server's version could not carry of the messages sent since the last call, each named
    /// once.
    pub fn take_dropped(&mut self) -> Vec<Dropped> {
        self.link.take_dropped()
    }

    fn receive(&mut self, now: Instant, message: ServerMessage) {
        let event = match message {
            ServerMessage::Probe(reply) => {
                self.stage = Stage::Ready;
                ClientEvent::Probed(reply)
            }
            ServerMessage::Text(text) => ClientEvent::Text(text),
            ServerMessage::Start(start) => ClientEvent::Started(start),
            ServerMessage::Eta(eta) => ClientEvent::Eta(eta),
            ServerMessage::ThreadReport(report) => ClientEvent::ThreadStats(report),
            ServerMessage::GroupStats(group) => ClientEvent::GroupStats(group),
            ServerMessage::Stop(stop) => ClientEvent::Stopped(stop),
            // Version 1 has no other messages.
            ServerMessage::ServerStart
            | ServerMessage::AddJob(_)
            | ServerMessage::DiskUtilization(_)
            | ServerMessage::JobOption(_)
            | ServerMessage::IoLog(_)
            | ServerMessage::UpdateJobReply(_)
            | ServerMessage::VerifyState(_)
            | ServerMessage::SendFile(_) => return,
            ServerMessage::Quit => {
                self.running = false;
                ClientEvent::RunEnded {
                    remaining: self.pending.len(),
                }
            }
        };
        self.events.push_back(event);
        self.send_next(now);
    }

    /// Sends the next run if the server is ready for one; a full queue is tried again when it drains.
    fn send_next(&mut self, now: Instant) {
        if self.stage != Stage::Ready || self.running {
            return;
        }
        let link = &mut self.link;
        if self
            .pending
            .front()
            .is_some_and(|next| link.enqueue(now, Tag(0), next).is_ok())
        {
            self.pending.pop_front();
            self.running = true;
        }
    }

    fn probe_deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Probing(since) => Some(since.after(self.reply_timeout)),
            _ => None,
        }
    }

    fn fail(&mut self, error: ProtocolError) {
        let error = match error {
            ProtocolError::Join(JoinError::Frame(FrameError::Version { got, expected })) => {
                ProtocolError::VersionMismatch {
                    server: got,
                    client: expected,
                }
            }
            error => error,
        };
        self.events.push_back(ClientEvent::Failed(error));
        self.end();
    }

    fn end(&mut self) {
        self.link.discard();
        self.stage = Stage::Over;
    }
}
