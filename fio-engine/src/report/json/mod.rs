//! fio's JSON and JSON+ documents, as release 3.42 writes them.
//!
//! Names, order and layout are part of the format: programs read it with regular expressions as
//! well as with parsers. Latencies are nanoseconds, bandwidths KiB/s unless a name says bytes,
//! times milliseconds unless a name says otherwise.

mod job;
mod writer;

use std::fmt::{self, Write};

use super::client::{ClientReport, HostJob, HostReport};
use super::collect::elapsed_seconds;
use super::model::{DiskReport, Host, Report};
use crate::clock::{LocalTime, unix_milliseconds};
use crate::idle::CpuIdleness;
use writer::JsonWriter;

/// What distinguishes the documents of one program from those of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// Value of `fio version`, as `fio-3.42`.
    pub version: String,
    /// Whether histograms are written out (`json+`).
    pub bins: bool,
}

/// Writes the document of a run in this process.
///
/// # Errors
/// Only those of `out`.
pub fn write_report(out: &mut dyn Write, report: &Report, style: &Style) -> fmt::Result {
    JsonWriter::document(out, |json| {
        json.string("fio version", &style.version)?;
        let milliseconds = unix_milliseconds(report.finished);
        json.integer("timestamp", milliseconds / 1000)?;
        json.integer("timestamp_ms", milliseconds)?;
        json.string("time", &LocalTime(report.finished).to_string())?;
        if !report.global_options.is_empty() {
            write_options(json, "global options", &report.global_options)?;
        }
        let kind = job::Kind::Local {
            elapsed: elapsed_seconds(report.started, report.finished),
            remaining: report.remaining,
        };
        json.array("jobs", |json| {
            report.jobs.iter().try_for_each(|job| {
                let group = report
                    .groups
                    .iter()
                    .find(|group| group.group_id == job.group_id);
                json.element(|json| job::write(json, job, group, kind, style.bins))
            })
        })?;
        if !report.disks.is_empty() {
            write_disks(json, &report.disks)?;
        }
        match &report.cpu_idleness {
            Some(idleness) => write_idleness(json, idleness),
            None => Ok(()),
        }
    })
}

/// Results of jobs that were replaced by later ones while the jobs ran, as text: they outnumber the last
/// ones by far.
#[derive(Debug, Clone, Default)]
pub struct EarlierJobs(Vec<String>);

impl EarlierJobs {
    /// Keeps the results of a job.
    pub fn push(&mut self, job: &HostJob, style: &Style) {
        /// Elements of `client_stats` are below the document and its member.
        const DEPTH: usize = 2;
        let mut text = String::new();
        JsonWriter::fragment(&mut text, DEPTH, |json| write_host_job(json, job, style))
            .expect("a string takes it");
        self.0.push(text);
    }
}

/// Writes the document of a run on one or several servers: every job with its host and, if there
/// is more than one, the sum "All clients".
///
/// # Errors
/// Only those of `out`.
pub fn write_client_report(
    out: &mut dyn Write,
    report: &ClientReport,
    style: &Style,
) -> fmt::Result {
    write_client_report_behind(out, &EarlierJobs::default(), report, style)
}

/// Writes the document of a run on one or several servers as fio does where they told their results at
/// an interval: in `client_stats` all earlier ones stand in front of the last.
///
/// # Errors
/// Only those of `out`.
pub fn write_client_report_behind(
    out: &mut dyn Write,
    earlier: &EarlierJobs,
    report: &ClientReport,
    style: &Style,
) -> fmt::Result {
    JsonWriter::document(out, |json| {
        json.string("fio version", &style.version)?;
        json.integer("timestamp", unix_milliseconds(report.finished) / 1000)?;
        json.string("time", &LocalTime(report.finished).to_string())?;
        write_host_options(json, &report.hosts)?;
        json.array("client_stats", |json| {
            for text in &earlier.0 {
                json.written_element(text)?;
            }
            for job in report.hosts.iter().flat_map(|host| &host.jobs) {
                json.element(|json| write_host_job(json, job, style))?;
            }
            match report.all_clients() {
                Some(sum) => json.element(|json| {
                    job::write(json, &sum, None, job::Kind::AllClients, style.bins)
                }),
                None => Ok(()),
            }
        })?;
        write_host_disks(json, &report.hosts)
    })
}

fn write_host_job(json: &mut JsonWriter<'_>, job: &HostJob, style: &Style) -> fmt::Result {
    let (group, kind) = (Some(&job.group), job::Kind::Client);
    job::write(json, &job.report, group, kind, style.bins)
}

/// CPUs one by one only where they were asked for.
fn write_idleness(json: &mut JsonWriter<'_>, idleness: &CpuIdleness) -> fmt::Result {
    json.object("cpu_idleness", |json| {
        json.float("system", idleness.system)?;
        for (cpu, idle) in &idleness.per_cpu {
            json.float(format_args!("cpu-{cpu}"), *idle)?;
        }
        json.float("unit_mean", idleness.unit.mean)?;
        json.float("unit_stddev", idleness.unit.deviation)
    })
}

/// One object for one server, an array of objects that begin with the host for several.
fn write_host_options(json: &mut JsonWriter<'_>, hosts: &[HostReport]) -> fmt::Result {
    match hosts {
        [] => write_options(json, "global options", &[]),
        [only] => write_options(json, "global options", &only.global_options),
        several => json.array("global options", |json| {
            several.iter().try_for_each(|host| {
                json.element(|json| {
                    write_host(json, &host.host)?;
                    host.global_options
                        .iter()
                        .try_for_each(|(name, value)| json.string(name, value))
                })
            })
        }),
    }
}

fn write_options(
    json: &mut JsonWriter<'_>,
    key: &str,
    options: &[(String, String)],
) -> fmt::Result {
    json.object(key, |json| {
        options
            .iter()
            .try_for_each(|(name, value)| json.string(name, value))
    })
}

fn write_host(json: &mut JsonWriter<'_>, host: &Host) -> fmt::Result {
    json.string("hostname", &host.name)?;
    json.integer("port", host.port)
}

/// The disks of all servers, each with its server.
fn write_host_disks(json: &mut JsonWriter<'_>, hosts: &[HostReport]) -> fmt::Result {
    json.array("disk_util", |json| {
        hosts.iter().try_for_each(|host| {
            host.disks.iter().try_for_each(|disk| {
                json.element(|json| {
                    write_disk(json, disk)?;
                    write_host(json, &host.host)
                })
            })
        })
    })
}

fn write_disks(json: &mut JsonWriter<'_>, disks: &[DiskReport]) -> fmt::Result {
    json.array("disk_util", |json| {
        disks
            .iter()
            .try_for_each(|disk| json.element(|json| write_disk(json, disk)))
    })
}

fn write_disk(json: &mut JsonWriter<'_>, disk: &DiskReport) -> fmt::Result {
    json.string("name", &disk.name)?;
    for (values, names) in [
        (disk.ios, ["read_ios", "write_ios"]),
        (disk.sectors, ["read_sectors", "write_sectors"]),
        (disk.merges, ["read_merges", "write_merges"]),
        (disk.ticks_ms, ["read_ticks", "write_ticks"]),
    ] {
        for (value, name) in values.into_iter().zip(names) {
            json.integer(name, value)?;
        }
    }
    json.integer("in_queue", disk.in_queue_ms)?;
    json.float("util", disk.utilisation_percent)
}
