//! The server's side of a conversation.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::complaint::complaints;
use super::link::Link;
use super::time::Instant;
use super::{Input, Output};
use crate::byte_string::ByteString;
use crate::error::{CommandError, EncodeError, Fault, ProtocolError};
use crate::frame::Tag;
use crate::layout::Dropped;
use crate::limits::Limits;
use crate::message::{
    ClientMessage, JobDefinition, JobLine, JobText, LoadFile, ProbeReply, ProbeRequest,
    SendFileReply, ServerMessage,
};
use crate::opcode::Command;
use crate::version::{Revision, ServerVersion};

/// What a server session needs to know.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The answer to PROBE. An empty release stands for that of the client's version; zlib is
    /// offered only to clients that have it.
    pub probe_reply: ProbeReply,
    /// Bounds the client is held to.
    pub limits: Limits,
}

impl ServerConfig {
    /// Answers to PROBE as given, with the default limits.
    pub fn new(probe_reply: ProbeReply) -> Self {
        Self {
            probe_reply,
            limits: Limits::default(),
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
///
/// Where there is a tag, answer with [`ServerSession::reply`], which gives the answer the same.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client asked who this is. The answer is queued already.
    Probed(ProbeRequest),
    /// Words of a command line: treat it as a job file of its own.
    JobLine(JobLine),
    /// The text of a job file. Answer with what there is to tell and START. In version 1 it is to be
    /// run at once, or when the one before has ended; later versions wait for [`Run`](Self::Run).
    Job(JobText),
    /// A job file of the server's. Answer as above.
    LoadFile(LoadFile),
    /// Run all jobs sent since the last run. Answer with results, STOP and QUIT.
    Run,
    /// How far are the jobs? Answer with ETA, of zeros if there are none.
    SendEta {
        /// Of the request.
        tag: Tag,
    },
    /// Change a job's options. Answer with UPDATE_JOB.
    UpdateJob {
        /// Of the request.
        tag: Tag,
        /// Which job, and its new options.
        job: Box<JobDefinition>,
    },
    /// Tell where verification is, and stop the jobs. Answer with VTRIGGER.
    VerifyTrigger {
        /// Of the request.
        tag: Tag,
        /// What the client wants run here.
        command: ByteString,
    },
    /// The file this server asked for with SENDFILE.
    SendFileReply {
        /// Of the request.
        tag: Tag,
        /// The file, or why there is none.
        reply: SendFileReply,
    },
    /// Stop the running jobs; their statistics and QUIT still follow.
    Quit,
    /// End the server; in versions other than 1, this connection only.
    Exit,
    /// The client broke the protocol or took too long. It is told so where that makes sense; stop its
    /// jobs.
    Failed(ProtocolError),
    /// The client closed the connection in an orderly way. Stop its jobs, if some run.
    Closed,
}

/// The server's side of one connection.
///
/// Takes the version from the first frame and speaks it: a stock client cannot tell it from its own
/// server. A client of a version without layouts here gets one TEXT in a frame of its own version,
/// which says so, and is let go. Answers PROBE by itself, with the tag of the request. See the
/// [module](super) for how to drive it.
#[derive(Debug)]
pub struct ServerSession {
    link: Link,
    config: ServerConfig,
    events: VecDeque<ServerEvent>,
    stage: Stage,
    /// Job files and command lines whose QUIT was not sent.
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
            link: Link::new(ServerVersion::NEWEST, None, config.limits),
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

    /// Queues a message to the client. QUIT ends the oldest outstanding job file in version 1 and all
    /// of them in later versions.
    ///
    /// # Errors
    /// When the session is over, the queue full or the message not part of the client's version.
    pub fn send(&mut self, now: Instant, message: &ServerMessage) -> Result<(), CommandError> {
        self.reply(now, Tag(0), message)
    }

    /// Queues the answer to a request, with the request's tag; otherwise as [`send`](Self::send).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn reply(
        &mut self,
        now: Instant,
        tag: Tag,
        message: &ServerMessage,
    ) -> Result<(), CommandError> {
        if self.stage != Stage::Open {
            return Err(CommandError::SessionOver);
        }
        self.link.send(now, tag, message)?;
        if *message == ServerMessage::Quit {
            self.outstanding = if self.runs_at_once() {
                self.outstanding.saturating_sub(1)
            } else {
                0
            };
        }
        Ok(())
    }

    /// Queues a message whose payload was made before, by
    /// [`encode_payload`](crate::message::Message::encode_payload) for this session's
    /// [`revision`](Self::revision): long logs are better encoded by the thread that has them.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_payload(
        &mut self,
        now: Instant,
        command: Command,
        payload: &[u8],
    ) -> Result<(), CommandError> {
        if self.stage != Stage::Open {
            return Err(CommandError::SessionOver);
        }
        let revision = self.revision();
        let opcode = command
            .opcode(revision.version())
            .ok_or(EncodeError::NoSuchCommand { command, revision })?;
        self.link.enqueue_payload(now, Tag(0), opcode, payload)
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

    /// Job files and command lines the client has sent whose QUIT was not sent.
    pub const fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// The client's version; this side's own before the first frame.
    pub fn version(&self) -> ServerVersion {
        self.link.version()
    }

    /// The layouts of the conversation.
    pub fn revision(&self) -> Revision {
        self.link.revision()
    }

    /// Whether the client expects a job file to be run as soon as it was sent: version 1 has no RUN.
    pub fn runs_at_once(&self) -> bool {
        self.version() == ServerVersion::V1
    }

    /// What the client's version could not carry of the messages sent since the last call, each named
    /// once.
    pub fn take_dropped(&mut self) -> Vec<Dropped> {
        self.link.take_dropped()
    }

    fn receive(&mut self, now: Instant, tag: Tag, message: ClientMessage) {
        let event = match message {
            ClientMessage::Probe(request) => return self.answer_probe(now, tag, request),
            ClientMessage::JobLine(line) => return self.add_job(now, ServerEvent::JobLine(line)),
            ClientMessage::Job(text) => return self.add_job(now, ServerEvent::Job(text)),
            ClientMessage::LoadFile(file) => return self.add_job(now, ServerEvent::LoadFile(file)),
            ClientMessage::Run => ServerEvent::Run,
            ClientMessage::SendEta => ServerEvent::SendEta { tag },
            ClientMessage::UpdateJob(job) => ServerEvent::UpdateJob { tag, job },
            ClientMessage::VerifyTrigger(command) => ServerEvent::VerifyTrigger { tag, command },
            ClientMessage::SendFileReply(reply) => ServerEvent::SendFileReply { tag, reply },
            // Version 1 takes QUIT without a job for good-bye, later ones for nothing.
            ClientMessage::Quit if self.outstanding == 0 => {
                if self.runs_at_once() {
                    self.events.push_back(ServerEvent::Closed);
                    self.close();
                }
                return;
            }
            ClientMessage::Quit => ServerEvent::Quit,
            ClientMessage::Exit => ServerEvent::Exit,
        };
        self.events.push_back(event);
    }

    fn answer_probe(&mut self, now: Instant, tag: Tag, request: ProbeRequest) {
        let mut reply = self.config.probe_reply.clone();
        if reply.release.is_empty() {
            reply.release = self.link.revision().release().into();
        }
        reply.zlib &= request.zlib;
        match self.link.send(now, tag, &ServerMessage::Probe(reply)) {
            Ok(()) => self.events.push_back(ServerEvent::Probed(request)),
            Err(_) => {
                let queued = self.link.queued();
                self.fail(now, ProtocolError::AnswersUnread { queued });
            }
        }
    }

    fn add_job(&mut self, now: Instant, event: ServerEvent) {
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
        let sound = error.fault() == Fault::Incompatible;
        self.link.answer_as_claimed(sound);
        let texts = complaints(&error, self.link.version());
        let silent = texts.is_empty();
        for text in texts {
            let message = ServerMessage::Text(text);
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
