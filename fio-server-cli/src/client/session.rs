//! One session: what is asked of a server, and what its answers mean.

use std::sync::Arc;

use fio_engine::report::Host;
use fio_proto::error::{ProtocolError, Waiting};
use fio_proto::message::{ClientMessage, ThreadReport};
use fio_proto::session::ClientEvent;
use tokio::sync::{mpsc, watch};

use super::connect::{Socket, connect};
use super::driver::{Driver, Step, printable};
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
        let event = match driver.step(None).await? {
            Step::Event(event) => *event,
            Step::Wish(_) => continue,
            Step::Closed => {
                let waiting = Waiting::ProbeReply;
                return Err(driver.failure(ProtocolError::ClosedEarly { waiting }));
            }
        };
        match event {
            ClientEvent::Probed(reply) => return Ok(driver.probe(&reply)),
            ClientEvent::Failed(error) => return Err(driver.failure(error)),
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
        driver.send(&ClientMessage::job(job.text.clone()))?;
    }
    driver.run()?;
    Talk {
        driver,
        task,
        jobs_done: 0,
        group_offset: 0,
        highest_group: None,
        first_line: String::new(),
        refused: None,
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
    /// The first job the server refused, if it went on with the next.
    refused: Option<ClientError>,
}

impl Talk<'_> {
    async fn hold(mut self) -> Result<(), ClientError> {
        loop {
            match self.driver.step(Some(&mut self.task.wishes)).await? {
                Step::Event(event) => {
                    if self.handle(*event).await? {
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
            ClientEvent::ThreadReport(report) => self.job(&report),
            ClientEvent::GroupStats(stats) => {
                let group_id = self.group(stats.group_id);
                HostEvent::Group(wire_to_engine::group_report(&stats, group_id))
            }
            ClientEvent::RunEnded { remaining } => {
                self.end_run();
                return match self.refused.take_if(|_| remaining == 0) {
                    Some(refused) => Err(refused),
                    None => Ok(remaining == 0),
                };
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

    fn job(&mut self, report: &ThreadReport) -> HostEvent {
        let mut job = wire_to_engine::job_report(&report.thread, &self.task.host);
        job.group_id = self.group(job.group_id);
        let group = wire_to_engine::group_report(&report.group, job.group_id);
        HostEvent::Job(Box::new(job), group)
    }

    fn group(&mut self, number: u32) -> u32 {
        let number = number.saturating_add(self.group_offset);
        self.highest_group = self.highest_group.max(Some(number));
        number
    }

    fn end_run(&mut self) {
        if self.driver.phase == Phase::Job {
            // A run that ends before it has begun.
            let refused = self.refusal();
            self.refused.get_or_insert(refused);
        }
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

    fn refusal(&self) -> ClientError {
        let job = self.task.jobs.get(self.jobs_done);
        ClientError::Refused {
            server: self.driver.server.clone(),
            job: job.map_or_else(String::new, |job| job.name.clone()),
            reason: self.first_line.trim().chars().map(printable).collect(),
        }
    }

    fn fail(&self, error: ProtocolError) -> Result<bool, ClientError> {
        let closed = matches!(error, ProtocolError::ClosedEarly { .. });
        if closed && self.driver.phase == Phase::Job {
            return Err(self.refusal());
        }
        // A server that was told to stop before its job had begun has nothing to report.
        if closed && self.driver.phase == Phase::Stop && !self.driver.began {
            return Ok(true);
        }
        Err(self.driver.failure(error))
    }
}
