//! One client's connection: its messages in, its jobs one after the other, their results out.
//!
//! The protocol itself is `fio-proto`'s [`ServerSession`]; here it gets a socket, a clock and
//! something to do. Memory is bounded on every side: incoming messages are joined under a cap,
//! nothing is read while too much output waits, and results are encoded as the client takes them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use fio_proto::error::Fault;
use fio_proto::message::{JobLine, ServerMessage};
use fio_proto::session::{self, Output, ServerConfig, ServerEvent, ServerSession};
use tokio::sync::watch;
use tokio::time::Instant;

use super::farewell;
use super::listener::Peer;
use super::options::Limits;
use super::service::{Phase, Shared};
use super::stream::Stream;
use super::work::{Progress, Work};

/// A client being served.
pub(super) struct Connection {
    stream: Stream,
    peer: Peer,
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
    session: ServerSession,
    work: Work,
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
        let reply = shared.probe_reply.clone();
        let config = ServerConfig::new(reply).limits(session_limits(shared.limits()));
        Self {
            stream,
            peer,
            phase: shared.phase(),
            session: ServerSession::new(config, session::Instant::ZERO),
            work: Work::default(),
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
            () = self.work.changed(), if waiting < OUTPUT_LOW => {}
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
            // Another version would not understand it.
            self.owes_quit = error.fault() != Fault::Incompatible;
            return self.give_up();
        }
        if self.closing {
            return;
        }
        let limits = self.shared.runner.policy.limits();
        let taken = match event {
            // A server that is ending takes no more work.
            ServerEvent::Job(_) | ServerEvent::JobLine(_) if self.stopping => Ok(()),
            ServerEvent::Job(text) => self.work.add_file(text.into_bytes(), limits),
            ServerEvent::JobLine(line) => self.work.add_line(words_of(&line), limits),
            ServerEvent::Quit if self.work.is_idle() => {
                self.session.close();
                Ok(())
            }
            ServerEvent::Quit => {
                self.work.stop();
                Ok(())
            }
            ServerEvent::Exit => self.exit(),
            _ => Ok(()),
        };
        if let Err(reason) = taken {
            self.refuse(&reason);
        }
    }

    fn exit(&self) -> Result<(), String> {
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
        match self.work.advance(&self.shared.runner) {
            None => return false,
            Some(Progress::Message(message)) => self.send(&message),
            Some(Progress::Note(note)) => self.log_info(&note),
            Some(Progress::NoThread(error)) => {
                let text = format!("fio: cannot start a thread for the jobs: {error}\n");
                self.send(&ServerMessage::text(text));
            }
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

    fn send(&mut self, message: &ServerMessage) {
        let now = self.now();
        // The queue has room, since output is made only below OUTPUT_LOW, and version 1 has all
        // messages; a session that has just ended needs none.
        let _ = self.session.send(now, message);
    }

    /// Says `reason` to the client and closes.
    fn refuse(&mut self, reason: &str) {
        self.log_warning(reason);
        self.send(&ServerMessage::text(format!("fio: {reason}\n")));
        self.send(&ServerMessage::Quit);
        self.session.close();
        self.give_up();
    }

    /// Stops the jobs; only what waits is still sent.
    fn give_up(&mut self) {
        self.closing = true;
        self.work = Work::default();
    }

    /// The server is to end: jobs stop and report, other clients are told.
    fn stop_serving(&mut self) {
        if self.work.is_idle() {
            self.refuse("server is ending");
        } else {
            self.send(&ServerMessage::text(
                "fio: server is ending, jobs are stopped\n",
            ));
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
