//! Many servers at once, their events in one stream.

use std::collections::HashMap;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use fio_engine::report::status::Status;
use fio_engine::report::{ClientReport, HostReport};
use fio_proto::ServerVersion;
use tokio::sync::{mpsc, watch};

use super::event::HostEvent;
use super::host::{HostResult, host_label, named};
use super::limits::Limits;
use super::logs::LogFolder;
use super::session::{self, Task};
use super::wish::Wish;
use crate::address::Address;
use crate::job_text::JobText;

/// A server to run jobs on.
#[derive(Debug)]
pub enum Target {
    /// One to connect to.
    Address(Address),
    /// One at the other end of a socket that is connected already, and the version to speak there.
    Connected(UnixStream, ServerVersion),
}

/// Something a server is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// The text of a job file.
    Text(JobText),
    /// A job file on the server, by its path there. Not in version 1 of the protocol.
    Remote(PathBuf),
}

/// A server and what it is to run.
#[derive(Debug)]
pub struct Assignment {
    /// The server.
    pub target: Target,
    /// What it is to run, in this order. Since version 65 the jobs of all of it run together, in
    /// version 1 those of one piece after those of the other.
    pub work: Arc<[Work]>,
}

/// How a fleet is driven.
#[derive(Debug, Clone)]
pub struct FleetOptions {
    /// How long servers are waited for.
    pub limits: Limits,
    /// The only version of the protocol to speak; without one, what each server speaks.
    pub version: Option<ServerVersion>,
    /// How often running servers are asked how far they are; `None` for never.
    pub ask_every: Option<Duration>,
    /// How often servers tell what they have measured while their jobs run, which makes
    /// [`HostEvent::Moment`]; `None` for at the end only. Servers of version 1 do so only at the end, those of
    /// this project at most once a second.
    pub status_interval: Option<Duration>,
    /// Where logs go.
    pub logs: PathBuf,
    /// Files of the state of a verification that servers may have. They ask for them by file name.
    pub state_files: Vec<PathBuf>,
}

impl Default for FleetOptions {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            version: None,
            ask_every: Some(Duration::from_secs(1)),
            status_interval: None,
            logs: PathBuf::from("."),
            state_files: Vec::new(),
        }
    }
}

/// What all sessions of a fleet share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: FleetOptions,
    pub(super) logs: LogFolder,
    /// Versions found so far, by host: its other ports are likely to speak the same.
    pub(super) versions: Mutex<HashMap<String, ServerVersion>>,
}

/// Sessions with several servers. Dropping it closes all connections.
///
/// All jobs are sent first. When every server has understood its own or failed, all are told to run
/// them.
#[derive(Debug)]
pub struct Fleet {
    events: mpsc::Receiver<(usize, HostEvent)>,
    wish: watch::Sender<Wish>,
    hosts: Vec<HostResult>,
    /// Servers that are neither ready nor at their end.
    unready: usize,
    started: SystemTime,
}

/// Events waiting for whoever prints them; a full queue makes the sessions wait.
const QUEUE: usize = 256;

impl Fleet {
    /// Starts a session with every server. **Must be called inside a tokio runtime.**
    #[must_use]
    pub fn start(assignments: Vec<Assignment>, options: FleetOptions) -> Self {
        let (sender, events) = mpsc::channel(QUEUE);
        let (wish, wishes) = watch::channel(Wish::Prepare);
        let hosts = named(&assignments);
        let shared = Arc::new(Shared {
            logs: LogFolder::new(&options.logs),
            options,
            versions: Mutex::default(),
        });
        for (index, assignment) in assignments.into_iter().enumerate() {
            let task = Task {
                index,
                work: assignment.work,
                shared: shared.clone(),
                events: sender.clone(),
                wishes: wishes.clone(),
                host: hosts[index].host.clone(),
                label: hosts[index].label.clone(),
                host_label: host_label(&assignment.target),
            };
            tokio::spawn(session::run(task, assignment.target));
        }
        Self {
            events,
            wish,
            unready: hosts.len(),
            hosts,
            started: SystemTime::now(),
        }
    }

    /// The next event of any server, with the server's index; `None` when all sessions are over.
    /// Safe to cancel.
    pub async fn next(&mut self) -> Option<(usize, HostEvent)> {
        let (index, event) = self.events.recv().await?;
        let host = &mut self.hosts[index];
        let was_unready = !host.ready && host.end.is_none();
        host.take_in(&event);
        if was_unready && (host.ready || host.end.is_some()) {
            self.unready -= 1;
            if self.unready == 0 {
                self.wish_for(Wish::Run);
            }
        }
        Some((index, event))
    }

    /// Asks all servers to end their jobs; what they measured still comes.
    pub fn stop(&self) {
        self.wish_for(Wish::Stop);
    }

    /// Gives up waiting for servers that have not reported.
    pub fn abandon(&self) {
        self.wish_for(Wish::Abandon);
    }

    fn wish_for(&self, wanted: Wish) {
        self.wish
            .send_if_modified(|wish| std::mem::replace(wish, wanted.max(*wish)) < wanted);
    }

    /// What every server has told so far, in the order of the assignments.
    #[must_use]
    pub fn hosts(&self) -> &[HostResult] {
        &self.hosts
    }

    /// The status of all servers that are still at work, added up; `None` if no one told any.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        let mut working = self
            .hosts
            .iter()
            .filter(|host| host.end.is_none())
            .filter_map(|host| host.status.as_ref());
        let mut sum = working.next()?.clone();
        working.for_each(|status| sum.merge(status));
        Some(sum)
    }

    /// How far apart the servers were told to run, and how far apart their first jobs began as seen
    /// from here; `None` for fewer than two servers that did.
    #[must_use]
    pub fn skew(&self) -> Option<(Duration, Duration)> {
        let told = spread(self.hosts.iter().filter_map(|host| host.told))?;
        let began = spread(self.hosts.iter().filter_map(|host| host.began))?;
        Some((told, began))
    }

    /// The results of all servers, in the order they were named.
    #[must_use]
    pub fn into_report(self) -> ClientReport {
        let hosts = self.hosts.into_iter().map(HostResult::into_report);
        report(self.started, hosts.collect())
    }

    /// What the servers have measured so far: the results of those that are done, and what the others told
    /// last, if they were asked to ([`FleetOptions::status_interval`]).
    #[must_use]
    pub fn interim_report(&self) -> ClientReport {
        let hosts = self.hosts.iter().map(HostResult::interim_report);
        report(self.started, hosts.collect())
    }
}

fn report(started: SystemTime, hosts: Vec<HostReport>) -> ClientReport {
    ClientReport {
        started,
        finished: SystemTime::now(),
        notices: Vec::new(),
        hosts,
    }
}

/// The time from the first to the last; `None` for fewer than two.
fn spread(moments: impl Iterator<Item = Instant> + Clone) -> Option<Duration> {
    let (first, last) = (moments.clone().min()?, moments.clone().max()?);
    (moments.count() > 1).then(|| last.duration_since(first))
}
