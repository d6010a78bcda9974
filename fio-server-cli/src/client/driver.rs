//! Moves bytes between a socket and `fio_proto`'s client session, and watches the time.

use std::time::Duration;

use fio_proto::ServerVersion;
use fio_proto::error::{ProtocolError, Waiting};
use fio_proto::message::{ClientMessage, ProbeReply};
use fio_proto::session::{ClientConfig, ClientEvent, ClientSession, Instant, Output};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::Instant as Clock;

use super::connect::Socket;
use super::error::{ClientError, Phase};
use super::event::Probe;
use super::fleet::{Limits, Wish};

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
    socket: Box<dyn Socket>,
    session: ClientSession,
    limits: Limits,
    origin: Clock,
    pub(super) phase: Phase,
    pub(super) phase_began: Clock,
    /// When the server last sent anything.
    heard: Clock,
    /// A job has begun.
    pub(super) began: bool,
    /// The server takes no more bytes; what it has to say is still read.
    deaf: bool,
    buffer: Box<[u8]>,
}

/// Bytes read at once: a few status messages, or a good part of the statistics of a job.
const READ: usize = 32 << 10;

/// What woke a driver up.
enum Woken {
    Read(std::io::Result<usize>),
    Written(std::io::Result<usize>),
    Wish(Wish),
    Deadline,
}

impl Driver {
    pub(super) fn new(server: String, socket: Box<dyn Socket>, limits: Limits) -> Self {
        let bounds = fio_proto::Limits {
            reply_timeout: limits.reply,
            ..Default::default()
        };
        let config = ClientConfig::default()
            .version(ServerVersion::V1)
            .limits(bounds);
        let now = Clock::now();
        Self {
            server,
            socket,
            session: ClientSession::new(config, Instant::ZERO),
            limits,
            origin: now,
            phase: Phase::Probe,
            phase_began: now,
            heard: now,
            began: false,
            deaf: false,
            buffer: vec![0; READ].into(),
        }
    }

    fn now(&self) -> Instant {
        Instant::new(self.origin.elapsed())
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        // Once stopped, a session stays so until its end.
        if self.phase != Phase::Stop {
            self.phase = phase;
            self.phase_began = Clock::now();
        }
        self.began |= phase == Phase::Run;
    }

    /// Lets the jobs that were sent run.
    pub(super) fn run(&mut self) -> Result<(), ClientError> {
        let now = self.now();
        self.session
            .run(now)
            .map_err(|source| ClientError::Unsendable {
                server: self.server.clone(),
                source,
            })
    }

    pub(super) fn send(&mut self, message: &ClientMessage) -> Result<(), ClientError> {
        let now = self.now();
        self.session
            .send(now, message)
            .map_err(|source| ClientError::Unsendable {
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
            if let Output::Event(event) = self.session.poll_output() {
                return Ok(Step::Event(Box::new(event)));
            }
            match self.wait(wishes.as_deref_mut()).await? {
                None => return Ok(Step::Closed),
                Some(Woken::Wish(wish)) => return Ok(Step::Wish(wish)),
                Some(Woken::Read(result)) => self.take_in(result)?,
                Some(Woken::Written(Ok(count))) => {
                    let now = self.now();
                    self.session.transmitted(now, count);
                }
                Some(Woken::Written(Err(_))) => self.deaf = true,
                Some(Woken::Deadline) => self.handle_deadline()?,
            }
        }
    }

    /// Waits for bytes, room for bytes, a wish or a deadline; `None` when the session is over.
    async fn wait(
        &mut self,
        wishes: Option<&mut watch::Receiver<Wish>>,
    ) -> Result<Option<Woken>, ClientError> {
        let deadline = self.deadline();
        let bytes: &[u8] = match self.session.poll_output() {
            Output::Close => return Ok(None),
            Output::Transmit(bytes) if !self.deaf => bytes,
            _ => &[],
        };
        let (mut reader, mut writer) = tokio::io::split(&mut self.socket);
        let wish = async {
            if let Some(wishes) = wishes
                && wishes.changed().await.is_ok()
            {
                return *wishes.borrow_and_update();
            }
            // Nobody is left to wish anything.
            std::future::pending().await
        };
        Ok(Some(tokio::select! {
            read = reader.read(&mut self.buffer) => Woken::Read(read),
            written = writer.write(bytes), if !bytes.is_empty() => Woken::Written(written),
            wish = wish => Woken::Wish(wish),
            () = tokio::time::sleep_until(deadline) => Woken::Deadline,
        }))
    }

    fn take_in(&mut self, result: std::io::Result<usize>) -> Result<(), ClientError> {
        use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
        let now = self.now();
        match result {
            Ok(0) => self.session.handle_closed(),
            Ok(count) => {
                self.heard = Clock::now();
                self.session.handle_bytes(now, &self.buffer[..count]);
            }
            // A server that closes with unread bytes resets the connection.
            Err(error) if matches!(error.kind(), ConnectionReset | BrokenPipe) => {
                self.session.handle_closed()
            }
            Err(source) => {
                return Err(ClientError::Lost {
                    server: self.server.clone(),
                    phase: self.phase,
                    source,
                });
            }
        }
        Ok(())
    }

    /// The time at which the server has been waited for long enough, or the session wants to know.
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
            .min()
            .unwrap_or(self.origin + NEVER)
    }

    /// The bound on the phase, and how long it is. The session itself watches over the probe, and a
    /// run may take as long as it likes.
    fn own_deadline(&self) -> Option<(Clock, Duration)> {
        match self.phase {
            Phase::Probe | Phase::Run => None,
            Phase::Job => Some((
                self.heard.max(self.phase_began) + self.limits.reply,
                self.limits.reply,
            )),
            Phase::Stop => Some((self.phase_began + self.limits.stop, self.limits.stop)),
        }
    }

    fn handle_deadline(&mut self) -> Result<(), ClientError> {
        if let Some((at, limit)) = self.own_deadline().filter(|(at, _)| *at <= Clock::now()) {
            let _ = at;
            return Err(ClientError::Timeout {
                server: self.server.clone(),
                phase: self.phase,
                limit,
            });
        }
        let now = self.now();
        self.session.handle_timeout(now);
        Ok(())
    }

    pub(super) fn probe(&self, reply: &ProbeReply) -> Probe {
        Probe {
            host_name: reply
                .hostname
                .to_string_lossy()
                .chars()
                .map(printable)
                .collect(),
            release: reply.release.to_string(),
            protocol: self.session.version().number(),
            big_endian: reply.big_endian,
            latency: self.origin.elapsed(),
        }
    }

    pub(super) fn failure(&self, error: ProtocolError) -> ClientError {
        let (server, phase) = (self.server.clone(), self.phase);
        match error {
            ProtocolError::VersionMismatch {
                server: found,
                client,
            } => ClientError::Version {
                server,
                found: found.number(),
                ours: client.number(),
            },
            ProtocolError::TimedOut {
                waiting: Waiting::ProbeReply,
                after,
            } => ClientError::Timeout {
                server,
                phase,
                limit: after,
            },
            ProtocolError::ClosedEarly { .. } | ProtocolError::ClosedInsideMessage { .. } => {
                ClientError::Closed { server, phase }
            }
            source => ClientError::Protocol { server, source },
        }
    }
}

/// A peer must not be able to steer the terminal.
pub(super) fn printable(character: char) -> char {
    if character.is_control() {
        '\u{fffd}'
    } else {
        character
    }
}
