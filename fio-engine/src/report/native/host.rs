//! A host, what it was to do, and what it measured.

use std::collections::BTreeMap;

use serde::Serialize;

use super::definition::{DefinitionDocument, OptionDocument};
use super::latency::nanoseconds;
use super::result::ResultDocument;
use crate::direction::Direction;
use crate::idle::CpuIdleness;
use crate::report::{
    DiskReport, GroupDirectionReport, GroupReport, HostIdentity, HostReport, Report, ServerIdentity,
};

/// One host.
#[derive(Debug, Serialize)]
pub(super) struct HostDocument {
    /// As the user named it; `null` where the jobs ran in the program itself.
    address: Option<AddressDocument>,
    machine: Option<MachineDocument>,
    server: Option<ServerDocument>,
    /// Why there are no results, or not all.
    error: Option<String>,
    /// What the server told, whole lines.
    messages: Vec<String>,
    global_options: Vec<OptionDocument>,
    /// The jobs as they were understood; `null` where a server knows that alone.
    jobs: Option<Vec<DefinitionDocument>>,
    results: Vec<ResultDocument>,
    groups: Vec<GroupDocument>,
    disks: Vec<DiskDocument>,
    cpu_idleness: Option<IdlenessDocument>,
}

impl HostDocument {
    pub(super) fn of_run(report: &Report) -> Self {
        let explained = report.background.explanation.as_ref();
        Self {
            address: None,
            machine: Some(MachineDocument::new(&report.background.machine)),
            server: None,
            error: None,
            messages: Vec::new(),
            global_options: OptionDocument::list(&report.global_options),
            jobs: explained.map(|all| all.jobs.iter().map(DefinitionDocument::new).collect()),
            results: report.jobs.iter().map(ResultDocument::new).collect(),
            groups: report.groups.iter().map(GroupDocument::new).collect(),
            disks: report.disks.iter().map(DiskDocument::new).collect(),
            cpu_idleness: report.cpu_idleness.as_ref().map(IdlenessDocument::new),
        }
    }

    pub(super) fn of_server(report: &HostReport) -> Self {
        let identity = report.background.identity.as_ref();
        let jobs = report.jobs.iter().map(|job| &job.report);
        Self {
            address: Some(AddressDocument {
                name: report.host.name.clone(),
                port: report.host.port,
            }),
            machine: identity.map(|identity| MachineDocument::new(&identity.machine)),
            server: identity.map(ServerDocument::new),
            error: report.background.error.clone(),
            messages: report.background.text.lines().map(str::to_owned).collect(),
            global_options: OptionDocument::list(&report.global_options),
            jobs: None,
            results: jobs.map(ResultDocument::new).collect(),
            groups: report.groups.iter().map(GroupDocument::new).collect(),
            disks: report.disks.iter().map(DiskDocument::new).collect(),
            cpu_idleness: None,
        }
    }
}

#[derive(Debug, Serialize)]
struct AddressDocument {
    name: String,
    port: u16,
}

#[derive(Debug, Serialize)]
struct MachineDocument {
    host_name: String,
    operating_system: Option<String>,
    kernel_release: Option<String>,
    architecture: Option<String>,
    processors: Option<u32>,
    processor_model: Option<String>,
    memory_bytes: Option<u64>,
}

impl MachineDocument {
    fn new(identity: &HostIdentity) -> Self {
        let HostIdentity {
            host_name,
            operating_system,
            kernel_release,
            architecture,
            processors,
            processor_model,
            memory_bytes,
        } = identity.clone();
        Self {
            host_name,
            operating_system,
            kernel_release,
            architecture,
            processors,
            processor_model,
            memory_bytes,
        }
    }
}

#[derive(Debug, Serialize)]
struct ServerDocument {
    release: String,
    protocol_version: u16,
}

impl ServerDocument {
    fn new(identity: &ServerIdentity) -> Self {
        Self {
            release: identity.release.clone(),
            protocol_version: identity.protocol_version,
        }
    }
}

#[derive(Debug, Serialize)]
struct GroupDocument {
    group_id: u32,
    read: GroupDirectionDocument,
    write: GroupDirectionDocument,
    trim: GroupDirectionDocument,
}

impl GroupDocument {
    fn new(report: &GroupReport) -> Self {
        let direction =
            |direction: Direction| GroupDirectionDocument::new(&report.directions[direction]);
        Self {
            group_id: report.group_id,
            read: direction(Direction::Read),
            write: direction(Direction::Write),
            trim: direction(Direction::Trim),
        }
    }
}

#[derive(Debug, Serialize)]
struct GroupDirectionDocument {
    bytes: u64,
    bandwidth_bytes_per_second: u64,
    slowest_job_bytes_per_second: u64,
    fastest_job_bytes_per_second: u64,
    shortest_runtime_ns: u64,
    longest_runtime_ns: u64,
}

impl GroupDirectionDocument {
    fn new(report: &GroupDirectionReport) -> Self {
        Self {
            bytes: report.bytes,
            bandwidth_bytes_per_second: report.aggregate_bandwidth,
            slowest_job_bytes_per_second: report.min_bandwidth,
            fastest_job_bytes_per_second: report.max_bandwidth,
            shortest_runtime_ns: nanoseconds(report.min_runtime),
            longest_runtime_ns: nanoseconds(report.max_runtime),
        }
    }
}

#[derive(Debug, Serialize)]
struct DiskDocument {
    name: String,
    read: DiskDirectionDocument,
    write: DiskDirectionDocument,
    queue_time_ns: u64,
    busy_time_ns: u64,
    utilisation_percent: f64,
}

#[derive(Debug, Serialize)]
struct DiskDirectionDocument {
    ios: u64,
    merged_ios: u64,
    bytes: u64,
    time_in_device_ns: u64,
}

impl DiskDocument {
    fn new(report: &DiskReport) -> Self {
        let direction = |index: usize| DiskDirectionDocument {
            ios: report.ios[index],
            merged_ios: report.merges[index],
            bytes: report.sectors[index].saturating_mul(512),
            time_in_device_ns: from_milliseconds(report.ticks_ms[index]),
        };
        Self {
            name: report.name.clone(),
            read: direction(0),
            write: direction(1),
            queue_time_ns: from_milliseconds(report.in_queue_ms),
            busy_time_ns: from_milliseconds(report.busy_ms),
            utilisation_percent: report.utilisation_percent,
        }
    }
}

const fn from_milliseconds(milliseconds: u64) -> u64 {
    milliseconds.saturating_mul(1_000_000)
}

#[derive(Debug, Serialize)]
struct IdlenessDocument {
    mean_percent: f64,
    /// By the number of the CPU.
    cpus_percent: BTreeMap<usize, f64>,
}

impl IdlenessDocument {
    fn new(idleness: &CpuIdleness) -> Self {
        Self {
            mean_percent: idleness.system,
            cpus_percent: idleness.per_cpu.iter().copied().collect(),
        }
    }
}
