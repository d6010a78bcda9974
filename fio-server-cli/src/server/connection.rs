//! One client's connection: its messages in, its work done, the results out.
//!
//! The protocol itself is `fio-proto`'s [`ServerSession`]; here it gets a socket, a clock and
//! something to do. Memory is bounded on every side: incoming messages are joined under a cap,
//! nothing is read while too much output waits, and results are encoded as the client takes them.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::sync::Arc;
use std::time::Duration;

use fio_engine::run::Level;
use fio_proto::ByteString;
use fio_proto::error::{CommandError, Fault};
use fio_proto::frame::Tag;
use fio_proto::message::{Eta, JobLine, ServerMessage};
use fio_proto::opcode::Command;
use fio_proto::session::{self, Output, ServerConfig, ServerEvent, ServerSession};
use rustix::io::Errno;
use tokio::sync::watch;
use tokio::time::Instant;

use super::farewell;
use super::listener::Peer;
use super::options::Limits;
use super::runner::RunnerContext;
use super::service::{Phase, Shared};
use super::stream::Stream;
use super::text;
use super::work::{Progress, Work};
use crate::convert::engine_to_wire;
use crate::convert::verify_state::verify_state;

/// A client being served.
pub(super) struct Connection {
    stream: Stream,
    peer: Peer,
    /// With the address of this client.
    runner: RunnerContext,
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
    session: ServerSession,
    work: Work,
    /// A long message that waits until what is queued has left.
    pending: Option<(Command, Vec<u8>)>,
    /// The origin of the session's time.
    began: Instant,
    /// When the client was last heard, or its last run ended.
    active: Instant,
    /// Nothing more is done for this client but sending what waits.
    closing: bool,
    /// The session has ended with a complaint, after which the client is still owed a QUIT.
    owes_quit: bool,
    /// The server is ending, and this client has been told.
    stopping: bool,
}

/// Why a connection ended, for the log.
type Goodbye = String;

/// Results are encoded until this many bytes wait.
const OUTPUT_LOW: usize = 64 << 10;

/// Nothing is read while this many bytes wait: the client must take its answers first.
const OUTPUT_HIGH: usize = 256 << 10;

/// Bytes read at once. The buffer is on the stack and short-lived, so idle connections have none.
const READ_BYTES: usize = 16 << 10;

impl Connection {
    pub(super) fn new(stream: Stream, peer: Peer, shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        let config =
            ServerConfig::new(shared.identity.clone()).limits(session_limits(shared.limits()));
        let runner = RunnerContext {
            client: peer.host.clone(),
            ..shared.runner.clone()
        };
        Self {
            stream,
            peer,
            runner,
            phase: shared.phase(),
            session: ServerSession::new(config, session::Instant::ZERO),
            work: Work::new(),
            pending: None,
            began: now,
            active: now,
            closing: false,
            owes_quit: false,
            stopping: false,
            shared,
        }
    }

    /// Serves the client until it leaves or has to.
    pub(super) async fn run(mut self) {
        self.log_info("connected");
        let goodbye = loop {
            match self.step().await {
                Ok(()) => {}
                Err(goodbye) => break goodbye,
            }
        };
        // Stops the jobs of a client that has left.
        drop(self.work);
        let name = &self.peer.name;
        self.shared.log.info(&format!("{name}: {goodbye}"));
        if self.owes_quit {
            farewell::say_quit(&self.stream);
        }
        if self.closing {
            farewell::linger(&self.stream).await;
        }
    }

    /// Does and sends what can be, then waits for something to happen.
    async fn step(&mut self) -> Result<(), Goodbye> {
        if !self.stopping && *self.phase.borrow_and_update() == Phase::Stopping {
            self.stopping = true;
            self.stop_serving();
        }
        while self.drive()? | self.produce() {}
        self.wait().await
    }

    async fn wait(&mut self) -> Result<(), Goodbye> {
        let waiting = self.session.queued();
        let read = !self.closing && waiting < OUTPUT_HIGH;
        let deadline = self.deadline();
        tokio::select! {
            ready = self.stream.ready(read, waiting > 0) => {
                ready.map_err(|error| lost(&error))?;
                if read {
                    self.receive()?;
                }
            }
            () = self.work.changed(), if waiting < OUTPUT_LOW && self.pending.is_none() => {}
            () = tokio::time::sleep_until(deadline) => self.expire(),
            // The next step looks at it.
            _ = self.phase.changed(), if !self.stopping => {}
        }
        Ok(())
    }

    /// Does what the session wants; says whether that was anything.
    fn drive(&mut self) -> Result<bool, Goodbye> {
        let now = self.now();
        match self.session.poll_output() {
            Output::Event(event) => self.handle(event),
            Output::Transmit(bytes) => match self.stream.try_write(bytes) {
                Ok(Some(count)) => self.session.transmitted(now, count),
                Ok(None) => return Ok(false),
                Err(error) => return Err(lost(&error)),
            },
            Output::Close => {
                self.closing = true;
                return Err("closed".to_owned());
            }
            Output::Timeout(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Reads once.
    fn receive(&mut self) -> Result<(), Goodbye> {
        let mut buffer = [0; READ_BYTES];
        match self.stream.try_read(&mut buffer) {
            Ok(None) => {}
            Ok(Some(0)) => {
                let jobs = if self.work.is_idle() {
                    ""
                } else {
                    ", its jobs are stopped"
                };
                return Err(format!("left{jobs}"));
            }
            Ok(Some(count)) => {
                self.active = Instant::now();
                let now = self.now();
                self.session
                    .handle_bytes(now, buffer.get(..count).unwrap_or_default());
            }
            Err(error) => return Err(lost(&error)),
        }
        Ok(())
    }

    fn handle(&mut self, event: ServerEvent) {
        if let ServerEvent::Failed(error) = &event {
            self.log_warning(&error.to_string());
            // A client of 2011 waits for it; later ones do without, and another version would not
            // understand it.
            let waits = self.session.runs_at_once() && error.fault() != Fault::Incompatible;
            self.owes_quit = waits;
            return self.give_up();
        }
        if self.closing {
            return;
        }
        self.work.speak(self.session.revision());
        if let Err(reason) = self.obey(event) {
            self.refuse(&reason);
        }
    }

    fn obey(&mut self, event: ServerEvent) -> Result<(), String> {
        let shared = self.shared.clone();
        let limits = shared.limits();
        match event {
            // A server that is ending takes no more work.
            ServerEvent::Job(_)
            | ServerEvent::JobLine(_)
            | ServerEvent::LoadFile(_)
            | ServerEvent::Run
                if self.stopping => {}
            ServerEvent::Job(job) => self.work.add_file(job.text.into_bytes(), limits)?,
            ServerEvent::JobLine(line) => self.add_line(&line, limits)?,
            ServerEvent::LoadFile(file) => {
                let path = OsString::from_vec(file.path.into_bytes());
                self.work.add_path(path.into(), limits)?;
            }
            ServerEvent::Run => self.work.add_run(limits)?,
            ServerEvent::SendEta { tag } => self.reply_status(tag),
            ServerEvent::UpdateJob { tag, job } => self.reply_update(tag, job.thread_number),
            ServerEvent::VerifyTrigger { tag, command } => self.reply_trigger(tag, &command),
            ServerEvent::Probed(request) => self.work.offer_zlib(request.zlib),
            ServerEvent::Quit => self.work.stop(),
            ServerEvent::Exit => self.exit()?,
            _ => {}
        }
        Ok(())
    }

    fn add_line(&mut self, line: &JobLine, limits: &Limits) -> Result<(), String> {
        let words = words_of(line);
        if let Some(ignored) = self.work.add_line(words, limits)? {
            self.log_info(&ignored);
        }
        Ok(())
    }

    fn reply_status(&mut self, tag: Tag) {
        let status = self.work.status();
        let version = self.session.version();
        let eta = status.map_or_else(
            || ServerMessage::Eta(Eta::default()),
            |status| engine_to_wire::eta(&status, version),
        );
        self.reply(tag, &eta);
    }

    /// No options of a job are changed behind its owner's back: only fio's graphical client asks
    /// for it.
    fn reply_update(&mut self, tag: Tag, thread_number: u32) {
        let errno = if self.work.has_thread(thread_number) {
            Errno::OPNOTSUPP
        } else {
            Errno::NODEV
        };
        let errno = errno.raw_os_error().unsigned_abs();
        self.reply(tag, &ServerMessage::UpdateJobReply(errno));
    }

    /// The state of the running jobs, which are stopped then. The command is never run.
    fn reply_trigger(&mut self, tag: Tag, command: &ByteString) {
        self.log_warning(&format!(
            "sent VTRIGGER: jobs are stopped, its command {command:?} is not run"
        ));
        let state = verify_state(&self.work.running_jobs());
        self.reply(tag, &ServerMessage::VerifyState(state));
        if !self.work.is_idle() {
            self.work.stop();
        }
    }

    fn exit(&mut self) -> Result<(), String> {
        if !self.session.runs_at_once() {
            // Of a stock server it ends the process of this connection.
            self.log_info("sent EXIT");
            self.session.close();
            self.give_up();
            return Ok(());
        }
        if !self.peer.local && !self.shared.allow_exit {
            return Err("EXIT over a network is not allowed by this server".to_owned());
        }
        self.log_info("sent EXIT");
        self.shared.exit();
        Ok(())
    }

    /// Puts more output up to be sent; says whether there was any.
    fn produce(&mut self) -> bool {
        if self.closing || self.session.queued() >= OUTPUT_LOW {
            return false;
        }
        if let Some((command, payload)) = self.pending.take() {
            return self.send_payload(command, payload);
        }
        match self.work.advance(&self.runner) {
            None => return false,
            Some(Progress::Message(message)) => self.send(&message),
            Some(Progress::Payload(command, payload)) => {
                return self.send_payload(command, payload);
            }
            Some(Progress::Text(level, text)) => self.send_text(level, &text),
            Some(Progress::Note(note)) => self.log_info(&note),
            Some(Progress::Warning(warning)) => self.log_warning(&warning),
            Some(Progress::Refused) => self.end_refused(),
            Some(Progress::Over) => {
                self.active = Instant::now();
                self.send(&ServerMessage::Quit);
                if self.stopping {
                    self.session.close();
                }
            }
        }
        true
    }

    /// The jobs were refused: as with fio, that ends the session, but in version 1 the next job
    /// file may be better.
    fn end_refused(&mut self) {
        if !self.session.runs_at_once() {
            self.send(&ServerMessage::Quit);
            self.session.close();
            self.give_up();
        }
    }

    fn send(&mut self, message: &ServerMessage) {
        let now = self.now();
        // The queue has room, since output is made only below OUTPUT_LOW. What the version has no
        // message for is not sent, and a session that has just ended needs nothing.
        let _ = self.session.send(now, message);
    }

    /// Sends a long message, or keeps it until what is queued has left; says whether it was sent.
    fn send_payload(&mut self, command: Command, payload: Vec<u8>) -> bool {
        let now = self.now();
        match self.session.send_payload(now, command, &payload) {
            Err(CommandError::QueueFull { .. }) => {
                self.pending = Some((command, payload));
                false
            }
            // What the version has no message for is not sent.
            _ => true,
        }
    }

    fn reply(&mut self, tag: Tag, message: &ServerMessage) {
        let now = self.now();
        // As above; nothing is read from a client that leaves its answers unread.
        let _ = self.session.reply(now, tag, message);
    }

    /// Sends text in the pieces and with the level of the client's version.
    fn send_text(&mut self, level: Level, text: &str) {
        for piece in text::pieces(text, self.session.version()) {
            self.send(&text::message(level, piece));
        }
    }

    /// Says `reason` to the client and closes.
    fn refuse(&mut self, reason: &str) {
        self.log_warning(reason);
        self.send_text(Level::Error, &format!("fio: {reason}\n"));
        self.send(&ServerMessage::Quit);
        self.session.close();
        self.give_up();
    }

    /// Stops the jobs; only what waits is still sent.
    fn give_up(&mut self) {
        self.closing = true;
        self.work = Work::new();
        self.pending = None;
    }

    /// The server is to end: jobs stop and report, other clients are told.
    fn stop_serving(&mut self) {
        if self.work.is_idle() {
            self.refuse("server is ending");
        } else {
            self.send_text(Level::Error, "fio: server is ending, jobs are stopped\n");
            self.work.stop();
        }
    }

    /// The next moment at which something has taken too long.
    fn deadline(&self) -> Instant {
        let session = self
            .session
            .deadline()
            .map(|at| self.began + at.since_origin());
        [session, self.work.deadline(), self.idle_deadline()]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or_else(|| Instant::now() + FAR_AWAY)
    }

    fn idle_deadline(&self) -> Option<Instant> {
        let time = self.shared.limits().idle_time?;
        (self.work.is_idle() && !self.closing).then(|| self.active + time)
    }

    fn expire(&mut self) {
        let now = Instant::now();
        self.session.handle_timeout(self.now());
        self.work.expire(now);
        if self.idle_deadline().is_some_and(|deadline| deadline <= now) {
            self.refuse("nothing heard for too long");
        }
    }

    fn now(&self) -> session::Instant {
        session::Instant::new(self.began.elapsed())
    }

    fn log_info(&self, text: &str) {
        self.shared.log.info(&format!("{}: {text}", self.peer.name));
    }

    fn log_warning(&self, text: &str) {
        self.shared
            .log
            .warning(&format!("{}: {text}", self.peer.name));
    }
}

/// Stands for "no deadline".
const FAR_AWAY: Duration = Duration::from_secs(24 * 3600);

fn session_limits(limits: &Limits) -> fio_proto::Limits {
    fio_proto::Limits {
        max_message: limits.message_bytes,
        // Job files that wait are counted by `Work`, which knows when one QUIT ends several.
        max_outstanding: usize::MAX,
        message_timeout: limits.message_time,
        transmit_timeout: limits.write_time,
        ..fio_proto::Limits::default()
    }
}

fn words_of(line: &JobLine) -> Vec<String> {
    let words = line.words.iter();
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

fn lost(error: &io::Error) -> Goodbye {
    format!("lost: {error}")
}
