//! The client's side of a conversation.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::client_event::{ClientConfig, ClientEvent};
use super::link::{Encoded, Link};
use super::time::Instant;
use super::{Input, Output};
use crate::error::{CommandError, FrameError, JoinError, ProtocolError, Waiting};
use crate::frame::Tag;
use crate::layout::Dropped;
use crate::message::{ClientMessage, ProbeReply, ProbeRequest, SendFileReply, ServerMessage};
use crate::version::{Revision, ServerVersion};

/// The client's side of one connection.
///
/// Sends PROBE at once and waits for the answer. What is to run is then sent:
///
/// - **Since version 65** all of it, each part answered by START. When all answers are there,
///   [`ClientEvent::Ready`] comes, and [`run`](Self::run) starts all jobs.
/// - **In version 1**, where a job runs when it is sent, [`ClientEvent::Ready`] comes with the answer to
///   PROBE, and [`run`](Self::run) sends one part after the other, each when the run before it has
///   ended: a stock server would start a nested run otherwise.
///
/// See the [module](super) for how to drive it.
#[derive(Debug)]
pub struct ClientSession {
    link: Link,
    config: ClientConfig,
    events: VecDeque<ClientEvent>,
    stage: Stage,
    /// Jobs not sent yet.
    pending: VecDeque<Encoded>,
    /// Jobs sent that no START has answered. Not counted in version 1.
    unanswered: usize,
    /// Jobs sent whose run has not ended.
    sent: usize,
    ready_told: bool,
    /// The caller wants the jobs to run.
    run_wanted: bool,
    /// RUN was sent.
    run_sent: bool,
    /// A job thread has begun, so the server can tell how far it is.
    began: bool,
    /// The question that is not answered, and since when.
    eta_asked: Option<(Tag, Instant)>,
    next_tag: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// PROBE was sent at that time.
    Probing(Instant),
    Open,
    /// QUIT has come, but may have overtaken messages that come until then.
    Draining(Instant),
    /// Write what is queued, then close.
    Closing,
    Over,
}

impl ClientSession {
    /// A conversation with a server that has just accepted. A version that is not supported is
    /// replaced by the newest that is.
    pub fn new(config: ClientConfig, now: Instant) -> Self {
        let spoken = if config.version.is_supported() {
            config.version
        } else {
            ServerVersion::NEWEST
        };
        let probe = ProbeRequest::new(config.address.clone(), config.zlib);
        let mut session = Self {
            link: Link::new(spoken, Some(spoken), config.limits),
            config,
            events: VecDeque::new(),
            stage: Stage::Probing(now),
            pending: VecDeque::new(),
            unanswered: 0,
            sent: 0,
            ready_told: false,
            run_wanted: false,
            run_sent: false,
            began: false,
            eta_asked: None,
            next_tag: 1,
        };
        let tag = session.tag_of_question();
        let sent = session.link.send(now, tag, &ClientMessage::Probe(probe));
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
            Stage::Probing(_) | Stage::Open | Stage::Draining(_) => {
                Output::Timeout(self.deadline())
            }
        }
    }

    /// Bytes arrived.
    pub fn handle_bytes(&mut self, now: Instant, mut bytes: &[u8]) {
        while self.is_open() {
            match self.link.next(now, &mut bytes) {
                Ok(Some((tag, message))) => self.receive(now, tag, message),
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
        if matches!(self.stage, Stage::Draining(until) if until <= now) {
            return self.end_run();
        }
        if let Some(error) = self.link.expired(now) {
            return self.fail(error);
        }
        let late = [
            (
                self.probe_deadline(),
                Waiting::ProbeReply,
                self.config.limits.reply_timeout,
            ),
            (self.eta_deadline(), Waiting::Eta, self.config.eta_timeout),
        ]
        .into_iter()
        .find(|(deadline, ..)| deadline.is_some_and(|deadline| deadline <= now));
        if let Some((_, waiting, after)) = late {
            self.fail(ProtocolError::TimedOut { waiting, after });
        }
    }

    /// The connection is gone.
    pub fn handle_closed(&mut self) {
        let waiting = match self.stage {
            Stage::Probing(_) => Some(Waiting::ProbeReply),
            Stage::Open if self.remaining() > 0 => Some(Waiting::EndOfRun),
            Stage::Open => None,
            Stage::Draining(_) => {
                self.end_run();
                None
            }
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

    /// Sends a message as soon as its turn has come: what is to run (JOBLINE, JOB and LOAD_FILE) after
    /// the answer to PROBE, in version 1 after [`run`](Self::run) and the end of everything before;
    /// others at once. QUIT also takes back what was not sent yet.
    ///
    /// # Errors
    /// When the session is over, the queue full or the message not part of the server's version.
    pub fn send(&mut self, now: Instant, message: &ClientMessage) -> Result<(), CommandError> {
        if !self.is_open() {
            return Err(CommandError::SessionOver);
        }
        let encoded = self.link.encode(message)?;
        match message {
            ClientMessage::Job(_) | ClientMessage::JobLine(_) | ClientMessage::LoadFile(_) => {
                self.pending.push_back(encoded);
                self.send_next(now);
            }
            ClientMessage::Run => {
                self.link.enqueue(now, Tag(0), &encoded)?;
                self.run_sent = true;
            }
            ClientMessage::Quit => {
                self.link.enqueue(now, Tag(0), &encoded)?;
                self.pending.clear();
            }
            ClientMessage::UpdateJob(_) => {
                let tag = self.tag_of_question();
                self.link.enqueue(now, tag, &encoded)?;
            }
            _ => self.link.enqueue(now, Tag(0), &encoded)?,
        }
        Ok(())
    }

    /// Starts the jobs that were sent. To be called once, when [`ClientEvent::Ready`] has come; earlier
    /// calls count from then on.
    ///
    /// # Errors
    /// When the session is over.
    pub fn run(&mut self, now: Instant) -> Result<(), CommandError> {
        if !self.is_open() {
            return Err(CommandError::SessionOver);
        }
        self.run_wanted = true;
        self.send_next(now);
        Ok(())
    }

    /// Asks how far the jobs are, if the server can tell and has answered the last question. Returns
    /// whether it was asked.
    pub fn ask_eta(&mut self, now: Instant) -> bool {
        if !self.began || self.eta_asked.is_some() || !self.is_open() {
            return false;
        }
        let tag = self.tag_of_question();
        let asked = self.link.send(now, tag, &ClientMessage::SendEta).is_ok();
        if asked {
            self.eta_asked = Some((tag, now));
        }
        asked
    }

    /// Answers [`ClientEvent::FileWanted`].
    ///
    /// # Errors
    /// When the session is over or the queue full.
    pub fn answer_file(
        &mut self,
        now: Instant,
        tag: Tag,
        reply: SendFileReply,
    ) -> Result<(), CommandError> {
        if !self.is_open() {
            return Err(CommandError::SessionOver);
        }
        self.link
            .send(now, tag, &ClientMessage::SendFileReply(reply))
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
        let draining = match self.stage {
            Stage::Over => return None,
            Stage::Draining(until) => Some(until),
            _ => None,
        };
        [
            self.link.deadline(),
            self.probe_deadline(),
            self.eta_deadline(),
            draining,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Bytes waiting to be written.
    pub const fn queued(&self) -> usize {
        self.link.queued()
    }

    /// Jobs sent whose run has not ended, and jobs not sent yet.
    pub fn remaining(&self) -> usize {
        self.pending.len().saturating_add(self.sent)
    }

    /// The version of the conversation.
    pub fn version(&self) -> ServerVersion {
        self.link.version()
    }

    /// The layouts of the conversation. Where a version has several, those of its newest release until
    /// the answer to PROBE tells.
    pub fn revision(&self) -> Revision {
        self.link.revision()
    }

    /// Whether a job sent begins at once instead of waiting for RUN, as in version 1.
    pub fn runs_at_once(&self) -> bool {
        self.version() == ServerVersion::V1
    }

    /// What the server's version could not carry of the messages sent since the last call, each named
    /// once.
    pub fn take_dropped(&mut self) -> Vec<Dropped> {
        self.link.take_dropped()
    }

    const fn is_open(&self) -> bool {
        matches!(
            self.stage,
            Stage::Probing(_) | Stage::Open | Stage::Draining(_)
        )
    }

    fn receive(&mut self, now: Instant, tag: Tag, message: ServerMessage) {
        if let Stage::Draining(until) = &mut self.stage {
            *until = now.after(self.config.overtaken_time);
        }
        match &message {
            ServerMessage::Probe(reply) => self.note_probe(reply),
            ServerMessage::Start(_) => self.unanswered = self.unanswered.saturating_sub(1),
            ServerMessage::ServerStart => self.began = true,
            ServerMessage::Eta(_) => drop(self.eta_asked.take_if(|(asked, _)| *asked == tag)),
            ServerMessage::Stop(_) => self.stop_asking(),
            _ => {}
        }
        match event_of(tag, message) {
            Some(event) => self.events.push_back(event),
            None => self.receive_quit(now),
        }
        self.send_next(now);
    }

    fn note_probe(&mut self, reply: &ProbeReply) {
        if let Some(revision) = Revision::identify(self.version(), &reply.release) {
            self.link.set_revision(revision);
        }
        if matches!(self.stage, Stage::Probing(_)) {
            self.stage = Stage::Open;
        }
    }

    fn receive_quit(&mut self, now: Instant) {
        self.stop_asking();
        self.sent = 0;
        self.unanswered = 0;
        (self.began, self.run_sent) = (false, false);
        let overtakes = matches!(self.version().number(), 69 | 70);
        if overtakes {
            self.stage = Stage::Draining(now.after(self.config.overtaken_time));
        } else {
            self.end_run();
        }
    }

    /// A run has ended with all that belongs to it.
    fn end_run(&mut self) {
        self.stage = Stage::Open;
        self.events.push_back(ClientEvent::RunEnded {
            remaining: self.pending.len(),
        });
    }

    /// A server that has ended its jobs need not answer any more.
    const fn stop_asking(&mut self) {
        self.eta_asked = None;
        self.began = false;
    }

    /// Sends what can be sent; a full queue is tried again when it drains.
    fn send_next(&mut self, now: Instant) {
        if self.stage != Stage::Open {
            return;
        }
        if self.runs_at_once() {
            self.tell_ready(!self.pending.is_empty());
            if self.run_wanted && self.sent == 0 {
                self.send_job(now);
            }
            return;
        }
        while self.send_job(now) {
            self.unanswered = self.unanswered.saturating_add(1);
        }
        let understood = self.sent > 0 && self.pending.is_empty() && self.unanswered == 0;
        self.tell_ready(understood);
        if understood && self.run_wanted && !self.run_sent {
            // RUN is too short not to fit into a queue that was just emptied.
            self.run_sent = self.link.send(now, Tag(0), &ClientMessage::Run).is_ok();
        }
    }

    fn tell_ready(&mut self, is_ready: bool) {
        if is_ready && !self.ready_told {
            self.ready_told = true;
            self.events.push_back(ClientEvent::Ready);
        }
    }

    fn send_job(&mut self, now: Instant) -> bool {
        let link = &mut self.link;
        let sent = self
            .pending
            .front()
            .is_some_and(|next| link.enqueue(now, Tag(0), next).is_ok());
        if sent {
            self.pending.pop_front();
            self.sent = self.sent.saturating_add(1);
        }
        sent
    }

    /// Tags are the asker's own affair, but version 1 has none.
    fn tag_of_question(&mut self) -> Tag {
        if self.runs_at_once() {
            return Tag(0);
        }
        let tag = Tag(self.next_tag);
        self.next_tag = self.next_tag.wrapping_add(1).max(1);
        tag
    }

    const fn probe_deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Probing(since) => Some(since.after(self.config.limits.reply_timeout)),
            _ => None,
        }
    }

    fn eta_deadline(&self) -> Option<Instant> {
        self.eta_asked
            .filter(|_| self.is_open())
            .map(|(_, since)| since.after(self.config.eta_timeout))
    }

    fn fail(&mut self, error: ProtocolError) {
        let event = match error {
            ProtocolError::Join(JoinError::Frame(FrameError::Version { got, expected })) => {
                if matches!(self.stage, Stage::Probing(_)) {
                    ClientEvent::OtherVersion(got)
                } else {
                    ClientEvent::Failed(ProtocolError::VersionMismatch {
                        server: got,
                        client: expected,
                    })
                }
            }
            error => ClientEvent::Failed(error),
        };
        self.events.push_back(event);
        self.end();
    }

    fn end(&mut self) {
        self.link.discard();
        self.stage = Stage::Over;
    }
}

/// What a message says to the caller; `None` for QUIT, after which the session decides.
fn event_of(tag: Tag, message: ServerMessage) -> Option<ClientEvent> {
    Some(match message {
        ServerMessage::Probe(reply) => ClientEvent::Probed(reply),
        ServerMessage::Text(text) => ClientEvent::Text(text),
        ServerMessage::Start(start) => ClientEvent::Started(start),
        ServerMessage::ServerStart => ClientEvent::JobBegan,
        ServerMessage::AddJob(job) => ClientEvent::JobAdded(job),
        ServerMessage::Eta(eta) => ClientEvent::Eta(eta),
        ServerMessage::ThreadReport(report) => ClientEvent::ThreadReport(report),
        ServerMessage::GroupStats(group) => ClientEvent::GroupStats(group),
        ServerMessage::DiskUtilization(disk) => ClientEvent::DiskUtilization(disk),
        ServerMessage::JobOption(option) => ClientEvent::JobOption(option),
        ServerMessage::IoLog(log) => ClientEvent::IoLog(log),
        ServerMessage::UpdateJobReply(error) => ClientEvent::JobUpdated(error),
        ServerMessage::VerifyState(state) => ClientEvent::VerifyState(state),
        ServerMessage::SendFile(path) => ClientEvent::FileWanted { tag, path },
        ServerMessage::Stop(stop) => ClientEvent::Stopped(stop),
        ServerMessage::Quit => return None,
    })
}
