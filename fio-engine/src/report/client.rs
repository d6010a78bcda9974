//! The results of a run on one or several servers.

use std::time::SystemTime;

use super::background::ServerBackground;
use super::model::{DiskReport, GroupReport, Host, JobReport};

/// What the servers of a client measured.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientReport {
    /// When the run began.
    pub started: SystemTime,
    /// When the last server was done.
    pub finished: SystemTime,
    /// What the user should know of the job files.
    pub notices: Vec<String>,
    /// One entry per server, in the order they were named.
    pub hosts: Vec<HostReport>,
}

/// What one server measured.
#[derive(Debug, Clone, PartialEq)]
pub struct HostReport {
    /// The server.
    pub host: Host,
    /// What is known of it beside measurements.
    pub background: ServerBackground,
    /// The options of the `[global]` section it ran with, in order.
    pub global_options: Vec<(String, String)>,
    /// Its jobs, in the order it reported them.
    pub jobs: Vec<HostJob>,
    /// Its reporting groups.
    pub groups: Vec<GroupReport>,
    /// The block devices its jobs touched.
    pub disks: Vec<DiskReport>,
}

/// One job of a server.
#[derive(Debug, Clone, PartialEq)]
pub struct HostJob {
    /// Its results.
    pub report: JobReport,
    /// The group it belongs to, as the server told with the job.
    pub group: GroupReport,
}

impl ClientReport {
    /// The jobs of all servers.
    pub fn jobs(&self) -> impl Iterator<Item = &JobReport> {
        let jobs = self.hosts.iter().flat_map(|host| &host.jobs);
        jobs.map(|job| &job.report)
    }

    /// The sum "All clients"; `None` where there are not two jobs to add up.
    #[must_use]
    pub fn all_clients(&self) -> Option<JobReport> {
        JobReport::all_clients(self.jobs()).filter(|_| self.jobs().count() > 1)
    }
}
