//! Many servers at once, their events in one stream.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fio_engine::report::json::HostOptions;
use fio_engine::report::status::Status;
use fio_engine::report::{GroupReport, Host, JobReport, Report};
use tokio::sync::{mpsc, watch};

use super::error::ClientError;
use super::event::{HostEvent, Probe};
use super::session::{self, Task};
use crate::address::{Address, DEFAULT_PORT};
use crate::exit::ExitStatus;
use crate::job_text::JobText;

/// A server to run jobs on.
#[derive(Debug)]
pub enum Target {
    /// One to connect to.
    Address(Address),
    /// One at the other end of a socket that is connected already.
    Connected(UnixStream),
}

/// How long servers are waited for.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// For the answer to a question, and for a job that was sent to be accepted.
    pub reply: Duration,
    /// For the results after a stop.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            reply: Duration::from_secs(30),
            stop: Duration::from_secs(60),
        }
    }
}

/// What all sessions are told together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wish {
    /// Go on.
    Run,
    /// End the jobs and report.
    Stop,
    /// Give up.
    Abandon,
}

/// What one server has told so far.
#[derive(Debug)]
#[non_exhaustive]
pub struct HostResult {
    /// How users know it: the host, with the port where several servers share it.
    pub label: String,
    /// How results name it.
    pub host: Host,
    /// Who it said it is.
    pub probe: Option<Probe>,
    /// Its last status.
    pub status: Option<Status>,
    /// Results of its jobs.
    pub jobs: Vec<JobReport>,
    /// Results of its groups.
    pub groups: Vec<GroupReport>,
    /// How its session ended; `None` while it goes on.
    pub end: Option<Result<(), Arc<ClientError>>>,
}

impl HostResult {
    /// How this host counts for the exit code.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        let session = match &self.end {
            Some(Err(error)) => error.status(),
            _ => ExitStatus::Success,
        };
        let failed = self.jobs.iter().any(|job| job.error != 0);
        session.max(if failed {
            ExitStatus::JobFailed
        } else {
            ExitStatus::Success
        })
    }
}

/// Sessions with several servers. Dropping it closes all connections.
#[derive(Debug)]
pub struct Fleet {
    events: mpsc::Receiver<(usize, HostEvent)>,
    wish: watch::Sender<Wish>,
    hosts: Vec<HostResult>,
    started: SystemTime,
}

/// Events waiting for whoever prints them; a full queue makes the sessions wait.
const QUEUE: usize = 256;

impl Fleet {
    /// Starts a session with every server. Each runs all of `jobs`, one after the other. **Must be
    /// called inside a tokio runtime.**
    #[must_use]
    pub fn start(targets: Vec<Target>, jobs: Vec<JobText>, limits: Limits) -> Self {
        let (sender, events) = mpsc::channel(QUEUE);
        let (wish, wishes) = watch::channel(Wish::Run);
        let hosts = named(&targets);
        let jobs: Arc<[JobText]> = jobs.into();
        for (index, target) in targets.into_iter().enumerate() {
            let task = Task {
                index,
                jobs: jobs.clone(),
                limits: limits.clone(),
                events: sender.clone(),
                wishes: wishes.clone(),
                host: hosts[index].host.clone(),
            };
            tokio::spawn(session::run(task, target));
        }
        Self {
            events,
            wish,
            hosts,
            started: SystemTime::now(),
        }
    }

    /// The next event of any server, with the server's index; `None` when all sessions are over.
    /// Safe to cancel.
    pub async fn next(&mut self) -> Option<(usize, HostEvent)> {
        let (index, event) = self.events.recv().await?;
        self.hosts[index].take_in(&event);
        Some((index, event))
    }

    /// Asks all servers to end their jobs; what they measured still comes.
    pub fn stop(&self) {
        self.wish
            .send_if_modified(|wish| std::mem::replace(wish, Wish::Stop.max(*wish)) < Wish::Stop);
    }

    /// Gives up waiting for servers that have not reported.
    pub fn abandon(&self) {
        self.wish.send_replace(Wish::Abandon);
    }

    /// What every server has told so far, in the order of the targets.
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

    /// Options of each server for machine formats. Version 1 of the protocol does not carry them.
    #[must_use]
    pub fn host_options(&self) -> Vec<HostOptions> {
        let options = |host: &HostResult| HostOptions {
            host: host.host.clone(),
            options: Vec::new(),
        };
        self.hosts.iter().map(options).collect()
    }

    /// The results of all servers as one report, jobs in the order of the servers.
    #[must_use]
    pub fn into_report(self) -> Report {
        let mut report = Report {
            started: self.started,
            finished: SystemTime::now(),
            global_options: Vec::new(),
            jobs: Vec::new(),
            groups: Vec::new(),
            disks: Vec::new(),
            logs: Vec::new(),
        };
        for host in self.hosts {
            report.jobs.extend(host.jobs);
            report.groups.extend(host.groups);
        }
        report
    }
}

impl HostResult {
    fn take_in(&mut self, event: &HostEvent) {
        match event {
            HostEvent::Probe(probe) => self.probe = Some(probe.clone()),
            HostEvent::Status(status) => self.status = Some(status.clone()),
            HostEvent::Job(job, _) => self.jobs.push(job.as_ref().clone()),
            HostEvent::Group(group) => self.groups.push(group.clone()),
            HostEvent::Ended(end) => self.end = Some(end.clone()),
            HostEvent::Text(_) | HostEvent::Started => {}
        }
    }
}

/// Names for all targets, different as far as their addresses are.
fn named(targets: &[Target]) -> Vec<HostResult> {
    let label = |target: &Target| match target {
        Target::Address(address) => address.host_label(),
        Target::Connected(_) => "localhost".to_owned(),
    };
    let labels: Vec<_> = targets.iter().map(label).collect();
    let is_shared = |label: &String| labels.iter().filter(|other| *other == label).count() > 1;
    targets
        .iter()
        .zip(&labels)
        .map(|(target, label)| HostResult {
            label: match target {
                Target::Address(address) if is_shared(label) => address.to_string(),
                _ => label.clone(),
            },
            host: Host {
                name: label.clone(),
                port: port(target),
            },
            probe: None,
            status: None,
            jobs: Vec::new(),
            groups: Vec::new(),
            end: None,
        })
        .collect()
}

fn port(target: &Target) -> u16 {
    match target {
        Target::Address(Address::Tcp(tcp)) => tcp.port,
        Target::Address(Address::Unix(_)) | Target::Connected(_) => DEFAULT_PORT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_on_one_host_are_told_apart_by_their_port() {
        let targets: Vec<_> = ["a,1", "a,2", "b", "sock:/x"]
            .map(|address| Target::Address(address.parse().expect(address)))
            .into();
        let labels: Vec<_> = named(&targets).into_iter().map(|host| host.label).collect();
        assert_eq!(labels, ["a,1", "a,2", "b", "/x"]);
    }
}
