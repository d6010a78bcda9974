//! The document as a whole.

use std::time::SystemTime;

use serde::Serialize;

use super::host::HostDocument;
use super::result::ResultDocument;
use super::{SCHEMA_VERSION, Style};
use crate::report::{ClientReport, Report};

/// The whole document.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    format: &'static str,
    schema_version: &'static str,
    tool: Tool,
    command: &'static str,
    started_unix_ns: u64,
    finished_unix_ns: u64,
    /// What the user was told of the job files.
    notices: Vec<String>,
    /// Where the jobs ran: this host alone, or the servers.
    hosts: Vec<HostDocument>,
    /// The sum over all hosts.
    all_hosts: Option<ResultDocument>,
}

#[derive(Debug, Serialize)]
struct Tool {
    name: String,
    version: String,
    /// Version of this library.
    engine_version: &'static str,
}

impl Document {
    pub(super) fn of_run(report: &Report, style: &Style) -> Self {
        Self {
            notices: report.background.notices.clone(),
            hosts: vec![HostDocument::of_run(report)],
            ..Self::new("run", (report.started, report.finished), style)
        }
    }

    pub(super) fn of_client(report: &ClientReport, style: &Style) -> Self {
        Self {
            notices: report.notices.clone(),
            hosts: report.hosts.iter().map(HostDocument::of_server).collect(),
            all_hosts: report.all_clients().as_ref().map(ResultDocument::new),
            ..Self::new("client", (report.started, report.finished), style)
        }
    }

    fn new(command: &'static str, time: (SystemTime, SystemTime), style: &Style) -> Self {
        Self {
            format: "fio-rs results",
            schema_version: SCHEMA_VERSION,
            tool: Tool {
                name: style.tool.clone(),
                version: style.version.clone(),
                engine_version: env!("CARGO_PKG_VERSION"),
            },
            command,
            started_unix_ns: unix_nanoseconds(time.0),
            finished_unix_ns: unix_nanoseconds(time.1),
            notices: Vec::new(),
            hosts: Vec::new(),
            all_hosts: None,
        }
    }
}

/// Time since 1970; 0 before that.
pub(super) fn unix_nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, super::latency::nanoseconds)
}
