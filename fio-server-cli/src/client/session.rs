//! One session: moves bytes between a socket and `fio_proto`'s state machine.

use std::sync::Arc;
use std::time::Duration;

use fio_engine::report::Host;
use fio_proto::error::{ProtocolError, Waiting};
use fio_proto::message::{ClientMessage, ProbeReply};
use fio_proto::session::{ClientConfig, ClientEvent, ClientSession, Instant, Output};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant as Clock;

use super::connect::{Socket, connect};
use super::error::{ClientError, Phase};
use super::event::{HostEvent, Probe};
use super::fleet::{Limits, Target, Wish};
use crate::address::Address;
use crate::convert::wire_to_engine;
use crate::job_text::JobText;

/// What a session needs beside its server.
pub(super) struct Task {
    pub(super) index: usize,
    pub(super) jobs: Arc<[JobText]>,
    pub(super) limits: Limits,
    pub(super) events: mpsc::Sender<(usize, HostEvent)>,
    pub(super) wishes: watch::Receiver<Wish>,
    pub(super) host: Host,
}

/// Holds a session with one server, from connecting to its end.
pub(super) async fn run(mut task: Task, target: Target) {
    let end = hold(&mut task, target).await;
    // Without a receiver nobody wants to know.
    let _ = task
        .events
        .send((task.index, HostEvent::Ended(end.map_err(Arc::new))))
        .await;
}

/// Asks a server who it is.
///
/// # Errors
/// When it cannot be reached or does not answer as a server.
pub async fn probe(address: &Address, limits: &Limits) -> Result<Probe, ClientError> {
    let socket = connect(address, limits.connect).await?;
    let mut driver = Driver::new(address.to_string(), socket, limits.clone());
    loop {
        match driver.step(None).await? {
            Step::Event(ClientEvent::Probed(reply)) => return Ok(driver.probe(&reply)),
            Step::Event(ClientEvent::Failed(error)) => return Err(driver.failure(error)),
            Step::Closed => {
                return Err(driver.failure(ProtocolError::ClosedEarly {
                    waiting: Waiting::ProbeReply,
                }));
            }
            _ => {}
        }
    }
}

async fn hold(task: &mut Task, target: Target) -> Result<(), ClientError> {
    let (name, socket) = match target {
        Target::Address(address) => {
            let connecting = connect(&address, task.limits.connect);
            let socket = tokio::select! {
                socket = connecting => socket?,
                // Nothing has been sent yet, so there is nothing to stop.
                () = stopped(&mut task.wishes) => return Ok(()),
            };
            (address.to_string(), socket)
        }
        Target::Connected(stream) => ("the embedded server".to_owned(), adopt(stream)?),
    };
    let mut driver = Driver::new(name, socket, task.limits.clone());
    for job in task.jobs.iter() {
        driver.send(&ClientMessage::Job(job.text.clone().into()))?;
    }
    Talk {
        driver,
        task,
        jobs_done: 0,
        group_offset: 0,
        highest_group: None,
        first_line: String::new(),
    }
    .hold()
    .await
}

fn adopt(stream: std::os::unix::net::UnixStream) -> Result<Box<dyn Socket>, ClientError> {
    let adopted = stream
        .set_nonblocking(true)
        .and_then(|()| tokio::net::UnixStream::from_std(stream))
        .map_err(|source| ClientError::Lost {
            server: "the embedded server".to_owned(),
            phase: Phase::Probe,
            source,
        })?;
    Ok(Box::new(adopted))
}

/// Waits until the user wants an end of any kind.
async fn stopped(wishes: &mut watch::Receiver<Wish>) {
    // An error means that the fleet is gone.
    let _ = wishes.wait_for(|wish| *wish != Wish::Run).await;
}

/// A session and what it has told so far.
struct Talk<'a> {
    driver: Driver,
    task: &'a mut Task,
    /// Job files whose runs have ended.
    jobs_done: usize,
    /// Added to group numbers, which every run counts from 0.
    group_offset: u32,
    highest_group: Option<u32>,
    /// The first line the server sent after a job: why it refuses it, if it does.
    first_line: String,
}

impl Talk<'_> {
    async fn hold(mut self) -> Result<(), ClientError> {
        loop {
            match self.driver.step(Some(&mut self.task.wishes)).await? {
                Step::Event(event) => {
                    if self.handle(event).await? {
                        return Ok(());
                    }
                }
                Step::Wish(Wish::Run) => {}
                Step::Wish(Wish::Stop) if self.driver.phase == Phase::Probe => return Ok(()),
                Step::Wish(Wish::Stop) => self.driver.stop()?,
                Step::Wish(Wish::Abandon) => {
                    let server = self.driver.server.clone();
                    return Err(ClientError::Abandoned { server });
                }
                Step::Closed => return Ok(()),
            }
        }
    }

    /// Passes an event on; returns whether the session is over.
    async fn handle(&mut self, event: ClientEvent) -> Result<bool, ClientError> {
        let event = match event {
            ClientEvent::Probed(reply) => {
                let probe = self.driver.probe(&reply);
                self.driver.enter(Phase::Job);
                HostEvent::Probe(probe)
            }
            ClientEvent::Text(text) => {
                self.note_line(&text.text.to_string_lossy());
                HostEvent::Text(text.text.into_bytes())
            }
            ClientEvent::Started(_) => {
                self.driver.enter(Phase::Run);
                HostEvent::Started
            }
            ClientEvent::Eta(eta) => {
                let elapsed = self.driver.phase_began.elapsed();
                HostEvent::Status(wire_to_engine::status(
                    &eta.status,
                    &eta.thread_states,
                    elapsed,
                ))
            }
            ClientEvent::ThreadStats(report) => {
                let mut job = wire_to_engine::job_report(&report.thread, &self.task.host);
                job.group_id = self.group(job.group_id);
                let group = wire_to_engine::group_report(&report.group, job.group_id);
                HostEvent::Job(Box::new(job), group)
            }
            ClientEvent::GroupStats(stats) => {
                let group_id = self.group(stats.group_id);
                HostEvent::Group(wire_to_engine::group_report(&stats, group_id))
            }
            ClientEvent::RunEnded { remaining } => {
                self.end_run();
                return Ok(remaining == 0);
            }
            ClientEvent::Failed(error) => return self.fail(error),
            _ => return Ok(false),
        };
        // Without a receiver the fleet is gone, and this task is about to be, too.
        Ok(self
            .task
            .events
            .send((self.task.index, event))
            .await
            .is_err())
    }

    fn group(&mut self, number: u32) -> u32 {
        let number = number.saturating_add(self.group_offset);
        self.highest_group = self.highest_group.max(Some(number));
        number
    }

    fn end_run(&mut self) {
        self.jobs_done += 1;
        self.group_offset = self
            .highest_group
            .map_or(0, |highest| highest.saturating_add(1));
        self.first_line.clear();
        if self.driver.phase == Phase::Run {
            self.driver.enter(Phase::Job);
        }
    }

    fn note_line(&mut self, text: &str) {
        if self.driver.phase == Phase::Job && !self.first_line.ends_with('\n') {
            let end = text.find('\n').map_or(text.len(), |end| end + 1);
            self.first_line.push_str(&text[..end]);
        }
    }

    fn fail(&mut self, error: ProtocolError) -> Result<bool, ClientError> {
        let closed = matches!(error, ProtocolError::ClosedEarly { .. });
        if closed && self.driver.phase == Phase::Job {
            return Err(ClientError::Refused {
                server: self.driver.server.clone(),
                job: self
                    .task
                    .jobs
                    .get(self.jobs_done)
                    .map_or_else(String::new, |job| job.name.clone()),
                reason: self.first_line.trim().chars().map(printable).collect(),
            });
        }
        // A server that was told to stop before its job had begun has nothing to report.
        if closed && self.driver.phase == Phase::Stop && !self.driver.began {
            return Ok(true);
        }
        Err(self.driver.failure(error))
    }
}

fn printable(character: char) -> char {
    if character.is_control() {
        '\u{fffd}'
    } else {
        character
    }
}

/// Something for the session's owner to do.
enum Step {
    Event(ClientEvent),
    Wish(Wish),
    Closed,
}

/// Moves the bytes of one session and watches its time.
struct Driver {
    /// How messages name the server.
    server: String,
    socket: Box<dyn Socket>,
    session: ClientSession,
    limits: Limits,
    origin: Clock,
    phase: Phase,
    phase_began: Clock,
    /// When the server last sent anything.
    heard: Clock,
    /// A job has begun.
    began: bool,
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
    fn new(server: String, socket: Box<dyn Socket>, limits: Limits) -> Self {
        let mut bounds = fio_proto::Limits::default();
        bounds.reply_timeout = limits.reply;
        let config = ClientConfig::default().limits(bounds);
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

    fn enter(&mut self, phase: Phase) {
        // Once stopped, a session stays so until its end.
        if self.phase != Phase::Stop {
            self.phase = phase;
            self.phase_began = Clock::now();
        }
        self.began |= phase == Phase::Run;
    }

    fn send(&mut self, message: &ClientMessage) -> Result<(), ClientError> {
        let now = self.now();
        self.session
            .send(now, message)
            .map_err(|source| ClientError::Unsendable {
                server: self.server.clone(),
                source,
            })
    }

    /// Tells the server to end its jobs and to report.
    fn stop(&mut self) -> Result<(), ClientError> {
        if self.phase != Phase::Stop {
            self.send(&ClientMessage::Quit)?;
            self.enter(Phase::Stop);
        }
        Ok(())
    }

    /// Waits for something to do. Safe to cancel.
    async fn step(
        &mut self,
        wishes: Option<&mut watch::Receiver<Wish>>,
    ) -> Result<Step, ClientError> {
        let mut wishes = wishes;
        loop {
            if let Output::Event(event) = self.session.poll_output() {
                return Ok(Step::Event(event));
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
            if let Some(wishes) = wishes {
                if wishes.changed().await.is_ok() {
                    return *wishes.borrow_and_update();
                }
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

    fn probe(&self, reply: &ProbeReply) -> Probe {
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

    fn failure(&self, error: ProtocolError) -> ClientError {
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
