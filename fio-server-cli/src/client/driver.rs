//! Moves bytes between a socket and `fio_proto`'s client session, and watches the time.

use std::time::Duration;

use fio_proto::ServerVersion;
use fio_proto::error::{CommandError, ProtocolError, Waiting};
use fio_proto::frame::Tag;
use fio_proto::message::{ClientMessage, ProbeReply, SendFileReply};
use fio_proto::session::{ClientConfig, ClientEvent, ClientSession, Instant, Output};
use tokio::sync::watch;
use tokio::time::Instant as Clock;

use super::connect::Connection;
use super::error::{ClientError, Phase};
use super::event::{Machine, Probe};
use super::first_line::FirstLine;
use super::limits::Limits;
use super::wish::Wish;
use crate::server::Stream;

/// Something for the session's owner to do.
pub(super) enum Step {
    Event(Box<ClientEvent>),
    Wish(Wish),
    Closed,
}

/// Moves the bytes of one session and watches its time.
pub(super) struct Driver {
    /// How messages name the server.
    pub(super) server: String,
    stream: Stream,
    session: ClientSession,
    limits: Limits,
    /// How often the server is asked how far it is; never if nobody wants to know.
    ask_every: Option<Duration>,
    origin: Clock,
    pub(super) phase: Phase,
    pub(super) phase_began: Clock,
    /// When the server last sent anything, if it ever did.
    heard: Option<Clock>,
    /// When the server is asked next how far it is.
    ask_at: Clock,
    /// The server takes no more bytes; what it has to say is still read.
    deaf: bool,
}

/// Bytes read at once: a few status messages, or a good part of the statistics of a job.
const READ: usize = 32 << 10;

/// What woke a driver up.
enum Woken {
    Ready,
    Wish(Wish),
    Deadline,
}

impl Driver {
    pub(super) fn new(
        server: String,
        connection: Connection,
        version: ServerVersion,
        limits: &Limits,
        ask_every: Option<Duration>,
    ) -> Self {
        let bounds = fio_proto::Limits {
            reply_timeout: limits.reply,
            message_timeout: limits.message,
            transmit_timeout: limits.message.saturating_mul(3),
            max_message: limits.max_message,
            // A job text alone may be longer than what is to wait for a client.
            max_queued: limits.max_message,
            ..Default::default()
        };
        let config = ClientConfig::default()
            .version(version)
            .address(connection.address)
            .eta_timeout(limits.status)
            .limits(bounds);
        let now = Clock::now();
        Self {
            server,
            stream: connection.stream,
            session: ClientSession::new(config, Instant::ZERO),
            limits: limits.clone(),
            ask_every,
            origin: now,
            phase: Phase::Probe,
            phase_began: now,
            heard: None,
            ask_at: now,
            deaf: false,
        }
    }

    fn now(&self) -> Instant {
        Instant::new(self.origin.elapsed())
    }

    pub(super) fn version(&self) -> ServerVersion {
        self.session.version()
    }

    pub(super) fn runs_at_once(&self) -> bool {
        self.session.runs_at_once()
    }

    /// Whether the server has sent nothing at all.
    pub(super) const fn is_unheard(&self) -> bool {
        self.heard.is_none()
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        // Once stopped, a session stays so until its end.
        if self.phase != Phase::Stop && self.phase != phase {
            self.phase = phase;
            self.phase_began = Clock::now();
        }
    }

    pub(super) fn send(&mut self, message: &ClientMessage) -> Result<(), ClientError> {
        let now = self.now();
        let sent = self.session.send(now, message);
        self.checked(sent)
    }

    /// Lets the jobs that were sent run. The word is on its way when this returns.
    pub(super) fn run(&mut self) -> Result<(), ClientError> {
        let now = self.now();
        let sent = self.session.run(now);
        self.checked(sent)?;
        self.write();
        Ok(())
    }

    pub(super) fn answer_file(
        &mut self,
        tag: Tag,
        reply: SendFileReply,
    ) -> Result<(), ClientError> {
        let now = self.now();
        let sent = self.session.answer_file(now, tag, reply);
        self.checked(sent)
    }

    fn checked(&self, sent: Result<(), CommandError>) -> Result<(), ClientError> {
        sent.map_err(|source| ClientError::Unsendable {
            server: self.server.clone(),
            source,
        })
    }

    /// Tells the server to end its jobs and to report.
    pub(super) fn stop(&mut self) -> Result<(), ClientError> {
        if self.phase != Phase::Stop {
            self.send(&ClientMessage::Quit)?;
            self.enter(Phase::Stop);
        }
        Ok(())
    }

    /// Waits for something to do. Safe to cancel.
    pub(super) async fn step(
        &mut self,
        wishes: Option<&mut watch::Receiver<Wish>>,
    ) -> Result<Step, ClientError> {
        let mut wishes = wishes;
        loop {
            match self.session.poll_output() {
                Output::Event(event) => return Ok(Step::Event(Box::new(event))),
                Output::Close => return Ok(Step::Closed),
                Output::Transmit(_) | Output::Timeout(_) => {}
            }
            self.write();
            match self.wait(wishes.as_deref_mut()).await {
                Ok(Woken::Wish(wish)) => return Ok(Step::Wish(wish)),
                Ok(Woken::Ready) => self.read()?,
                Ok(Woken::Deadline) => self.handle_deadline()?,
                Err(source) => return Err(self.lost(source)),
            }
        }
    }

    /// Waits for bytes, room for bytes, a wish or a deadline.
    async fn wait(&self, wishes: Option<&mut watch::Receiver<Wish>>) -> std::io::Result<Woken> {
        let wish = async {
            if let Some(wishes) = wishes
                && wishes.changed().await.is_ok()
            {
                return *wishes.borrow_and_update();
            }
            // Nobody is left to wish anything.
            std::future::pending().await
        };
        let writes = self.session.queued() > 0 && !self.deaf;
        tokio::select! {
            ready = self.stream.ready(true, writes) => ready.map(|()| Woken::Ready),
            wish = wish => Ok(Woken::Wish(wish)),
            () = tokio::time::sleep_until(self.deadline()) => Ok(Woken::Deadline),
        }
    }

    /// Writes what the socket takes.
    fn write(&mut self) {
        while !self.deaf
            && let Output::Transmit(bytes) = self.session.poll_output()
        {
            match self.stream.try_write(bytes) {
                Ok(Some(count)) => {
                    let now = self.now();
                    self.session.transmitted(now, count);
                }
                Ok(None) => return,
                Err(_) => self.deaf = true,
            }
        }
    }

    /// Reads what has arrived. The buffer is not the session's own, so that a thousand sessions need
    /// no more of them than one.
    fn read(&mut self) -> Result<(), ClientError> {
        use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
        let mut buffer = [0; READ];
        let now = self.now();
        match self.stream.try_read(&mut buffer) {
            Ok(None) => {}
            Ok(Some(0)) => self.session.handle_closed(),
            Ok(Some(count)) => {
                self.heard = Some(Clock::now());
                self.session.handle_bytes(now, &buffer[..count]);
            }
            // A server that closes with unread bytes resets the connection.
            Err(error) if matches!(error.kind(), ConnectionReset | BrokenPipe) => {
                self.session.handle_closed();
            }
            Err(source) => return Err(self.lost(source)),
        }
        Ok(())
    }

    fn lost(&self, source: std::io::Error) -> ClientError {
        ClientError::Lost {
            server: self.server.clone(),
            phase: self.phase,
            source,
        }
    }

    /// The time at which the server has been waited for long enough, or is to be asked something.
    fn deadline(&self) -> Clock {
        /// Far enough away never to come, near enough for every clock.
        const NEVER: Duration = Duration::from_secs(30 * 365 * 86_400);
        let session = self
            .session
            .deadline()
            .map(|at| self.origin + at.since_origin());
        let own = self.own_deadline().map(|(at, _)| at);
        session
            .into_iter()
            .chain(own)
            .chain(self.asks().then_some(self.ask_at))
            .min()
            .unwrap_or(self.origin + NEVER)
    }

    fn asks(&self) -> bool {
        self.ask_every.is_some() && self.phase == Phase::Run && !self.runs_at_once()
    }

    /// The bound on the phase, and how long it is. The session itself watches over the probe, and a
    /// run may take as long as it likes.
    fn own_deadline(&self) -> Option<(Clock, Duration)> {
        let since = self.phase_began;
        match self.phase {
            Phase::Probe | Phase::Ready | Phase::Run => None,
            Phase::Job => {
                let heard = self.heard.map_or(since, |heard| heard.max(since));
                Some((heard + self.limits.reply, self.limits.reply))
            }
            Phase::Stop => Some((since + self.limits.stop, self.limits.stop)),
        }
    }

    fn handle_deadline(&mut self) -> Result<(), ClientError> {
        let clock = Clock::now();
        if let Some((_, limit)) = self.own_deadline().filter(|(at, _)| *at <= clock) {
            return Err(ClientError::Timeout {
                server: self.server.clone(),
                phase: self.phase,
                limit,
            });
        }
        let now = self.now();
        if let Some(every) = self
            .ask_every
            .filter(|_| self.asks() && self.ask_at <= clock)
        {
            self.session.ask_eta(now);
            self.ask_at = clock + every;
        }
        self.session.handle_timeout(now);
        Ok(())
    }

    pub(super) fn probe(&self, reply: &ProbeReply) -> Probe {
        let machine = Machine {
            operating_system: reply.operating_system,
            architecture: reply.architecture,
            bits: u32::from(reply.pointer_bytes) * 8,
            processors: reply.processors,
            zlib: reply.zlib,
        };
        Probe {
            host_name: printable(&reply.hostname),
            release: printable(&reply.release),
            protocol: self.session.version().number(),
            big_endian: reply.big_endian,
            machine: (!self.runs_at_once()).then_some(machine),
            latency: self.origin.elapsed(),
        }
    }

    /// What an end the session did not expect means; `said` is what the server gave as its reason.
    pub(super) fn failure(&self, error: ProtocolError, said: &FirstLine) -> ClientError {
        let (server, phase) = (self.server.clone(), self.phase);
        match error {
            ProtocolError::TimedOut {
                waiting: Waiting::ProbeReply,
                after,
            } => ClientError::Timeout {
                server,
                phase,
                limit: after,
            },
            ProtocolError::TimedOut {
                waiting: Waiting::Eta,
                after,
            } => ClientError::Unresponsive {
                server,
                limit: after,
            },
            ProtocolError::ClosedEarly { .. } | ProtocolError::ClosedInsideMessage { .. } => {
                let reason = said.printable();
                ClientError::Closed {
                    server,
                    phase,
                    reason,
                }
            }
            source => ClientError::Protocol { server, source },
        }
    }
}

/// Text of a peer, which must not be able to steer the terminal.
pub(super) fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars()
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}
