//! The server's side of a conversation.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::complaint::complaints;
use super::link::Link;
use super::time::Instant;
use super::{Input, Output};
use crate::byte_string::ByteString;
use crate::error::{CommandError, ProtocolError};
use crate::frame::Tag;
use crate::layout::Dropped;
use crate::limits::Limits;
use crate::message::{ClientMessage, JobLine, ProbeReply, ServerMessage, Text};
use crate::version::ServerVersion;

/// What a server session needs to know.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The answer to PROBE.
    pub probe_reply: ProbeReply,
    /// Bounds the client is held to.
    pub limits: Limits,
    /// The version to complain in to clients of a version that is not spoken here.
    pub own_version: ServerVersion,
}

impl ServerConfig {
    /// Answers to PROBE as given, with the default limits.
    pub fn new(probe_reply: ProbeReply) -> Self {
        Self {
            probe_reply,
            limits: Limits::default(),
            own_version: ServerVersion::V1,
        }
    }

    /// Other limits.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// What a client wants, or what became of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client asked who this is. The answer is queued already.
    Probed,
    /// Words of a command line: a run of its own. Answer with START, what there is to tell, and QUIT.
    JobLine(JobLine),
    /// The text of a job file to run. Answer as above. May come while a job runs: then run it next.
    Job(ByteString),
    /// Stop the running jobs; their statistics and QUIT still follow.
    Quit,
    /// End the server.
    Exit,
    /// The client broke the protocol or took too long. It is told so where that makes sense; stop its
    /// jobs.
    Failed(ProtocolError),
    /// The client closed the connection in an orderly way. Stop its jobs, if some run.
    Closed,
}

/// The server's side of one connection.
///
/// Takes the version from the first frame; clients of any supported version are answered in theirs,
/// others get one TEXT and are let go. Answers PROBE by itself, with the tag of the request. See the
/// [module](super) for how to drive it.
#[derive(Debug)]
pub struct ServerSession {
    link: Link,
    config: ServerConfig,
    events: VecDeque<ServerEvent>,
    stage: Stage,
    /// Runs asked for whose QUIT was not sent.
    outstanding: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// Write what is queued, then close.
    Closing,
    Over,
}

impl ServerSession {
    /// A conversation with a client that has just connected.
    pub const fn new(config: ServerConfig, _now: Instant) -> Self {
        Self {
            link: Link::new(config.own_version, Some(config.own_version), config.limits),
            config,
            events: VecDeque::new(),
            stage: Stage::Open,
            outstanding: 0,
        }
    }

    /// Tells the session what happened.
    ///
    /// # Errors
    /// For [`Input::Send`] only, as [`send`](Self::send).
    pub fn handle_input(
        &mut self,
        now: Instant,
        input: Input<'_, ServerMessage>,
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
    pub fn poll_output(&mut self) -> Output<'_, ServerEvent> {
        if let Some(event) = self.events.pop_front() {
            return Output::Event(event);
        }
        match self.stage {
            Stage::Over => Output::Close,
            _ if self.link.queued() > 0 => Output::Transmit(self.link.waiting()),
            Stage::Closing => Output::Close,
            Stage::Open => Output::Timeout(self.link.deadline()),
        }
    }

    /// Bytes arrived.
    pub fn handle_bytes(&mut self, now: Instant, mut bytes: &[u8]) {
        while self.stage == Stage::Open {
            match self.link.next(now, &mut bytes) {
                Ok(Some((tag, message))) => self.receive(now, tag, message),
                Ok(None) => break,
                Err(error) => self.fail(now, error),
            }
        }
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(error) = self.link.expired(now).filter(|_| self.stage != Stage::Over) {
            self.fail(now, error);
        }
    }

    /// The connection is gone.
    pub fn handle_closed(&mut self) {
        if self.stage == Stage::Open {
            self.events.push_back(match self.link.unfinished() {
                Some(received) => {
                    ServerEvent::Failed(ProtocolError::ClosedInsideMessage { received })
                }
                None => ServerEvent::Closed,
            });
        }
        self.end();
    }

    /// That many bytes of the last [`Output::Transmit`] were written.
    pub fn transmitted(&mut self, now: Instant, count: usize) {
        self.link.transmitted(now, count);
    }

    /// Queues a message to the client. QUIT ends the oldest outstanding run.
    ///
    /// # Errors
    /// When the session is over, the queue full or the message not part of the client's version.
    pub fn send(&mut self, now: Instant, message: &ServerMessage) -> Result<(), CommandError> {
        if self.stage != Stage::Open {
            return Err(CommandError::SessionOver);
        }
        self.link.send(now, Tag(0), message)?;
        if *message == ServerMessage::Quit {
            self.outstanding = self.outstanding.saturating_sub(1);
        }
        Ok(())
    }

    /// Closes the connection once everything queued is written. Input is ignored from now on.
    pub fn close(&mut self) {
        if self.stage == Stage::Open {
            self.stage = Stage::Closing;
            self.link.stop_receiving();
        }
    }

    /// When to call with [`Input::Timeout`] at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        if self.stage == Stage::Over {
            None
        } else {
            self.link.deadline()
        }
    }

    /// Bytes waiting to be written.
    pub const fn queued(&self) -> usize {
        self.link.queued()
    }

    /// Runs the client has asked for whose QUIT was not sent.
    pub const fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// The client's version; this side's own before the first frame.
    pub fn version(&self) -> ServerVersion {
        self.link.version()
    }

    /// What the client's version could not carry of the messages sent since the last call, each named
    /// once.
    pub fn take_dropped(&mut self) -> Vec<Dropped> {
        self.link.take_dropped()
    }

    fn receive(&mut self, now: Instant, tag: Tag, message: ClientMessage) {
        match message {
            ClientMessage::Probe(_) => self.answer_probe(now, tag),
            ClientMessage::JobLine(line) => self.add_run(now, ServerEvent::JobLine(line)),
            ClientMessage::Job(job) => self.add_run(now, ServerEvent::Job(job.text)),
            // Version 1 takes QUIT without a job for good-bye, later ones for nothing.
            ClientMessage::Quit if self.outstanding == 0 => {
                if self.link.version() == ServerVersion::V1 {
                    self.events.push_back(ServerEvent::Closed);
                    self.close();
                }
            }
            ClientMessage::Quit => self.events.push_back(ServerEvent::Quit),
            ClientMessage::Exit => self.events.push_back(ServerEvent::Exit),
            // Version 1 has no other messages.
            ClientMessage::LoadFile(_)
            | ClientMessage::Run
            | ClientMessage::SendEta
            | ClientMessage::UpdateJob(_)
            | ClientMessage::VerifyTrigger(_)
            | ClientMessage::SendFileReply(_) => {}
        }
    }

    fn answer_probe(&mut self, now: Instant, tag: Tag) {
        let mut reply = self.config.probe_reply.clone();
        if reply.release.is_empty() {
            reply.release = self.link.revision().release().into();
        }
        let reply = ServerMessage::Probe(reply);
        match self.link.send(now, tag, &reply) {
            Ok(()) => self.events.push_back(ServerEvent::Probed),
            Err(_) => {
                let queued = self.link.queued();
                self.fail(now, ProtocolError::AnswersUnread { queued });
            }
        }
    }

    fn add_run(&mut self, now: Instant, event: ServerEvent) {
        let limit = self.config.limits.max_outstanding;
        if self.outstanding >= limit {
            return self.fail(now, ProtocolError::TooManyJobs { limit });
        }
        self.outstanding = self.outstanding.saturating_add(1);
        self.events.push_back(event);
    }

    /// Reports the error, tells the client, and closes.
    fn fail(&mut self, now: Instant, error: ProtocolError) {
        if self.stage == Stage::Closing {
            // The client was to hear something and does not listen.
            self.events.push_back(ServerEvent::Failed(error));
            return self.end();
        }
        // Before the first sound frame the link's version is this side's own, so a client of another
        // version learns from the header which one that is.
        let texts = complaints(&error, self.link.version());
        let silent = texts.is_empty();
        for text in texts {
            let message = ServerMessage::Text(Text::info(text));
            if self.link.send(now, Tag(0), &message).is_err() {
                break;
            }
        }
        self.events.push_back(ServerEvent::Failed(error));
        if silent { self.end() } else { self.close() }
    }

    fn end(&mut self) {
        self.link.discard();
        self.stage = Stage::Over;
    }
}
