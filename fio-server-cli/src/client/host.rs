//! What one server has told.

use std::sync::Arc;
use std::time::Instant;

use fio_engine::report::status::Status;
use fio_engine::report::{
    DiskReport, GroupReport, Host, HostIdentity, HostJob, HostReport, ServerBackground,
    ServerIdentity,
};

use super::error::ClientError;
use super::event::{HostEvent, Machine, Probe, WrittenLog};
use super::fleet::{Assignment, Target};
use crate::address::{Address, DEFAULT_PORT};
use crate::exit::ExitStatus;

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
    /// It has understood its jobs.
    pub ready: bool,
    /// When it was told to run them.
    pub told: Option<Instant>,
    /// When its first job began.
    pub began: Option<Instant>,
    /// Its last status.
    pub status: Option<Status>,
    /// Options of the `[global]` section of its jobs, names and values.
    pub global_options: Vec<(String, String)>,
    /// Results of its jobs.
    pub jobs: Vec<Arc<HostJob>>,
    /// Results of its groups.
    pub groups: Vec<GroupReport>,
    /// Its disks.
    pub disks: Vec<DiskReport>,
    /// Its logs.
    pub logs: Vec<WrittenLog>,
    /// What became of logs that are not whole.
    pub lost_logs: Vec<Arc<ClientError>>,
    /// Its jobs ended with an exit status or signal other than 0.
    pub jobs_failed: bool,
    /// What it measured up to a moment, as it told last.
    moment: Option<Results>,
    /// It has begun to tell its results anew, and is not at their end.
    anew: bool,
    /// The text it sent.
    pub told_for_people: ServerBackground,
    /// How its session ended; `None` while it goes on.
    pub end: Option<Result<(), Arc<ClientError>>>,
}

/// What a server measured up to some time.
#[derive(Debug, Clone, Default)]
struct Results {
    global_options: Vec<(String, String)>,
    jobs: Vec<Arc<HostJob>>,
    groups: Vec<GroupReport>,
    disks: Vec<DiskReport>,
}

impl HostResult {
    fn new(label: String, host: Host) -> Self {
        Self {
            label,
            host,
            probe: None,
            ready: false,
            told: None,
            began: None,
            status: None,
            global_options: Vec::new(),
            jobs: Vec::new(),
            groups: Vec::new(),
            disks: Vec::new(),
            logs: Vec::new(),
            lost_logs: Vec::new(),
            jobs_failed: false,
            moment: None,
            anew: false,
            told_for_people: ServerBackground::default(),
            end: None,
        }
    }

    /// The server did not take the jobs.
    pub(crate) fn has_refused(&self) -> bool {
        let error = self.end.as_ref().and_then(|end| end.as_ref().err());
        error.is_some_and(|error| matches!(**error, ClientError::Refused { .. }))
    }

    /// How this host counts for the exit code.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        let session = match &self.end {
            Some(Err(error)) => error.status(),
            _ => ExitStatus::Success,
        };
        let logs = self.lost_logs.iter().map(|lost| lost.status()).max();
        let failed = self.jobs_failed || self.jobs.iter().any(|job| job.report.has_failed());
        session.max(logs.unwrap_or_default()).max(if failed {
            ExitStatus::JobFailed
        } else {
            ExitStatus::Success
        })
    }

    /// What it measured.
    pub(super) fn into_report(mut self) -> HostReport {
        let results = match self.moment.take() {
            Some(moment) if self.lacks_results() => moment,
            _ => Results {
                global_options: std::mem::take(&mut self.global_options),
                jobs: std::mem::take(&mut self.jobs),
                groups: std::mem::take(&mut self.groups),
                disks: std::mem::take(&mut self.disks),
            },
        };
        self.report(results)
    }

    /// What it has measured as far as it told.
    pub(super) fn interim_report(&self) -> HostReport {
        let results = match &self.moment {
            Some(moment) if self.lacks_results() => moment.clone(),
            None if self.end.is_none() => Results::default(),
            _ => self.results(),
        };
        self.report(results)
    }

    /// Whether it is not at the end of the results it tells, and may never be.
    fn lacks_results(&self) -> bool {
        match &self.end {
            None => self.anew,
            Some(Ok(())) => false,
            Some(Err(_)) => self.anew && self.groups.is_empty(),
        }
    }

    fn results(&self) -> Results {
        Results {
            global_options: self.global_options.clone(),
            jobs: self.jobs.clone(),
            groups: self.groups.clone(),
            disks: self.disks.clone(),
        }
    }

    fn report(&self, results: Results) -> HostReport {
        let jobs = results.jobs.into_iter();
        let error = match &self.end {
            Some(Err(error)) => Some(format!("{:#}", anyhow::Error::new(error.clone()))),
            _ => None,
        };
        HostReport {
            host: self.host.clone(),
            background: ServerBackground {
                identity: self.probe.as_ref().map(identity),
                error,
                ..self.told_for_people.clone()
            },
            global_options: results.global_options,
            jobs: jobs.map(Arc::<HostJob>::unwrap_or_clone).collect(),
            groups: results.groups,
            disks: results.disks,
        }
    }

    pub(super) fn take_in(&mut self, event: &HostEvent) {
        match event {
            HostEvent::Probe(probe) => self.probe = Some(probe.clone()),
            HostEvent::Ready => self.ready = true,
            HostEvent::Told(at) => self.told = Some(*at),
            HostEvent::Started(at) => self.began = Some(*at),
            HostEvent::Status(status) => self.status = Some(status.clone()),
            HostEvent::GlobalOption(name, value) => {
                self.global_options.push((name.clone(), value.clone()));
            }
            HostEvent::Moment => {
                self.moment = Some(self.results());
                self.anew = false;
            }
            HostEvent::Anew => {
                self.anew = true;
                self.jobs.clear();
                self.groups.clear();
                self.disks.clear();
                self.global_options.clear();
            }
            HostEvent::Job(job) => self.jobs.push(job.clone()),
            HostEvent::Group(group) => self.groups.push(group.clone()),
            HostEvent::Disk(disk) => self.disks.push(disk.as_ref().clone()),
            HostEvent::Log(log) => self.logs.push(log.clone()),
            HostEvent::LogLost(lost) => self.lost_logs.push(lost.clone()),
            HostEvent::JobsFailed { .. } => self.jobs_failed = true,
            HostEvent::Ended(end) => self.end = Some(end.clone()),
            HostEvent::Text(text) => self.told_for_people.add_text(text),
            HostEvent::FileRefused(_) => {}
        }
    }
}

/// Who a server says it is, as reports have it.
fn identity(probe: &Probe) -> ServerIdentity {
    let machine = probe.machine.as_ref();
    ServerIdentity {
        machine: HostIdentity {
            host_name: probe.host_name.clone(),
            operating_system: machine.map(Machine::operating_system_name),
            architecture: machine.map(Machine::architecture_name),
            processors: machine.map(|machine| machine.processors),
            ..HostIdentity::default()
        },
        release: probe.release.clone(),
        protocol_version: probe.protocol,
    }
}

/// Names for all targets, different as far as their addresses are.
pub(super) fn named(assignments: &[Assignment]) -> Vec<HostResult> {
    let mut shared = std::collections::HashMap::<String, usize>::new();
    for assignment in assignments {
        *shared.entry(host_label(&assignment.target)).or_default() += 1;
    }
    let name = |assignment: &Assignment| {
        let label = host_label(&assignment.target);
        let host = Host {
            name: label.clone(),
            port: port(&assignment.target),
        };
        match &assignment.target {
            Target::Address(address) if shared[&label] > 1 => {
                HostResult::new(address.to_string(), host)
            }
            _ => HostResult::new(label, host),
        }
    };
    assignments.iter().map(name).collect()
}

pub(super) fn host_label(target: &Target) -> String {
    match target {
        Target::Address(address) => address.host_label(),
        Target::Connected(..) => "localhost".to_owned(),
    }
}

fn port(target: &Target) -> u16 {
    match target {
        Target::Address(Address::Tcp(tcp)) => tcp.port,
        Target::Address(Address::Unix(_)) | Target::Connected(..) => DEFAULT_PORT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_on_one_host_are_told_apart_by_their_port() {
        let assignments: Vec<_> = ["a,1", "a,2", "b", "sock:/x"]
            .map(|address| Assignment {
                target: Target::Address(address.parse().expect(address)),
                work: Arc::default(),
            })
            .into();
        let labels: Vec<_> = named(&assignments)
            .into_iter()
            .map(|host| host.label)
            .collect();
        assert_eq!(labels, ["a,1", "a,2", "b", "/x"]);
    }
}
