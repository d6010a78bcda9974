//! One session: what is asked of a server, and what its answers mean.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use fio_engine::report::Host;
use fio_proto::ServerVersion;
use fio_proto::error::{ProtocolError, Waiting};
use fio_proto::message::{ClientMessage, JobLine, JobText, LoadFile};
use fio_proto::session::{ClientEvent, NoVersion, VersionFinder};
use tokio::sync::{mpsc, watch};

use super::connect::{Connection, connect};
use super::driver::{Driver, Step};
use super::error::{ClientError, Phase};
use super::event::{HostEvent, Probe};
use super::first_line::FirstLine;
use super::fleet::{Shared, Target, Work};
use super::limits::Limits;
use super::talk::{Outcome, Talk};
use super::wish::Wish;
use crate::address::Address;

/// What a session needs beside its server.
pub(super) struct Task {
    pub(super) index: usize,
    pub(super) work: Arc<[Work]>,
    pub(super) shared: Arc<Shared>,
    pub(super) events: mpsc::Sender<(usize, HostEvent)>,
    pub(super) wishes: watch::Receiver<Wish>,
    pub(super) host: Host,
    /// How the files of its logs name the host.
    pub(super) label: String,
    /// The host without its port.
    pub(super) host_label: String,
}

/// Holds a session with one server, from connecting to its end.
pub(super) async fn run(mut task: Task, target: Target) {
    let end = match target {
        Target::Address(address) => hold_at(&mut task, &address).await,
        Target::Connected(stream, version) => hold_connected(&mut task, stream, version).await,
    };
    // Without a receiver nobody wants to know.
    let _ = task
        .events
        .send((task.index, HostEvent::Ended(end.map_err(Arc::new))))
        .await;
}

/// Connects until the server is spoken to in its own version, and talks.
async fn hold_at(task: &mut Task, address: &Address) -> Result<(), ClientError> {
    let mut finder = finder(task.shared.options.version, task.known_version());
    loop {
        let connecting = connect(address, task.shared.options.limits.connect);
        let connection = tokio::select! {
            connection = connecting => connection?,
            // Nothing has been sent yet, so there is nothing to stop.
            () = stopped(&mut task.wishes) => return Ok(()),
        };
        let outcome = talk(task, address.to_string(), connection, finder.current()).await?;
        match next_version(&mut finder, outcome, address)? {
            Some(()) => {}
            None => return Ok(()),
        }
    }
}

async fn hold_connected(
    task: &mut Task,
    stream: std::os::unix::net::UnixStream,
    version: ServerVersion,
) -> Result<(), ClientError> {
    let server = "the embedded server".to_owned();
    let connection = Connection::adopt(stream).map_err(|source| ClientError::Lost {
        server: server.clone(),
        phase: Phase::Probe,
        source,
    })?;
    match talk(task, server.clone(), connection, version).await? {
        Outcome::Done => Ok(()),
        Outcome::OtherVersion(_) | Outcome::Silent => Err(ClientError::Closed {
            server,
            phase: Phase::Probe,
            reason: String::new(),
        }),
    }
}

/// Talks over one connection.
async fn talk(
    task: &mut Task,
    server: String,
    connection: Connection,
    version: ServerVersion,
) -> Result<Outcome, ClientError> {
    let options = &task.shared.options;
    let mut driver = Driver::new(
        server,
        connection,
        version,
        &options.limits,
        options.ask_every,
    );
    if let Some(interval) = options.status_interval
        && version != ServerVersion::V1
    {
        driver.send(&status_interval(interval))?;
    }
    for work in task.work.iter() {
        driver.send(&message_of(work, version))?;
    }
    Talk::new(driver, task).hold().await
}

/// The command line that has a server tell what it measures, as fio's client sends it before the jobs.
fn status_interval(interval: Duration) -> ClientMessage {
    let time = match interval.subsec_nanos() {
        0 => interval.as_secs().to_string(),
        _ => format!("{}ms", interval.as_millis()),
    };
    ClientMessage::JobLine(JobLine::new([format!("--status-interval={time}")]))
}

fn message_of(work: &Work, version: ServerVersion) -> ClientMessage {
    match work {
        Work::Text(job) => {
            let job = JobText::new(job.text.clone());
            if version.dies_of_job_files() {
                ClientMessage::JobLine(JobLine::of_job_file(&job))
            } else {
                ClientMessage::Job(job)
            }
        }
        Work::Remote(path) => {
            ClientMessage::LoadFile(LoadFile::new(OsStr::as_bytes(path.as_os_str()).to_vec()))
        }
    }
}

impl Task {
    fn known_version(&self) -> Option<ServerVersion> {
        let versions = self.shared.versions.lock();
        let versions = versions.unwrap_or_else(PoisonError::into_inner);
        versions.get(&self.host_label).copied()
    }

    /// Remembers what the server speaks.
    pub(super) fn learn_version(&self, version: ServerVersion) {
        let versions = self.shared.versions.lock();
        let mut versions = versions.unwrap_or_else(PoisonError::into_inner);
        versions.insert(self.host_label.clone(), version);
    }
}

fn finder(pinned: Option<ServerVersion>, known: Option<ServerVersion>) -> VersionFinder {
    match pinned {
        Some(version) => VersionFinder::pinned(version),
        None => VersionFinder::new(known.unwrap_or(ServerVersion::NEWEST)),
    }
}

/// Goes on to the version to try next; `None` if the conversation is over.
fn next_version(
    finder: &mut VersionFinder,
    outcome: Outcome,
    address: &Address,
) -> Result<Option<()>, ClientError> {
    let next = match outcome {
        Outcome::Done => return Ok(None),
        Outcome::OtherVersion(version) => finder.told(version),
        Outcome::Silent => finder.silent(),
    };
    next.map(Some).map_err(|source| match source {
        // The only version allowed was tried, and all that is known is that the server hung up.
        NoVersion::Silent { tried: 1 } => ClientError::Closed {
            server: address.to_string(),
            phase: Phase::Probe,
            reason: String::new(),
        },
        source => ClientError::Version {
            server: address.to_string(),
            source,
        },
    })
}

/// Waits until the user wants an end of any kind.
async fn stopped(wishes: &mut watch::Receiver<Wish>) {
    // An error means that the fleet is gone.
    let _ = wishes.wait_for(|wish| *wish >= Wish::Stop).await;
}

/// Asks a server who it is, in whatever version it speaks, or in `version` only.
///
/// # Errors
/// When it cannot be reached or does not answer as a server.
pub async fn probe(
    address: &Address,
    version: Option<ServerVersion>,
    limits: &Limits,
) -> Result<Probe, ClientError> {
    let mut finder = finder(version, None);
    loop {
        let connection = connect(address, limits.connect).await?;
        let name = address.to_string();
        let driver = Driver::new(name, connection, finder.current(), limits, None);
        let outcome = match ask_once(driver).await? {
            Ok(probe) => return Ok(probe),
            Err(outcome) => outcome,
        };
        next_version(&mut finder, outcome, address)?;
    }
}

async fn ask_once(mut driver: Driver) -> Result<Result<Probe, Outcome>, ClientError> {
    let mut said = FirstLine::default();
    loop {
        let event = match driver.step(None).await? {
            Step::Event(event) => *event,
            Step::Wish(_) => continue,
            Step::Closed => {
                let waiting = Waiting::ProbeReply;
                return Err(driver.failure(ProtocolError::ClosedEarly { waiting }, &said));
            }
        };
        match event {
            ClientEvent::Probed(reply) => return Ok(Ok(driver.probe(&reply))),
            ClientEvent::OtherVersion(version) => return Ok(Err(Outcome::OtherVersion(version))),
            ClientEvent::Failed(ProtocolError::ClosedEarly { .. }) if driver.is_unheard() => {
                return Ok(Err(Outcome::Silent));
            }
            ClientEvent::Failed(error) => return Err(driver.failure(error, &said)),
            ClientEvent::Text(text) => said.push(&text.text.to_string_lossy()),
            _ => {}
        }
    }
}
