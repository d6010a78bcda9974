//! fio's terse output: a line of values between semicolons for each job (fio's `--minimal`).
//!
//! Programs find a value by its number, so order and count are the format. Latencies are microseconds,
//! bandwidths KiB/s, times milliseconds (manual, "TERSE OUTPUT").

use std::fmt::{self, Write};

use super::client::{ClientReport, HostJob};
use super::milliseconds;
use super::model::{DirectionReport, DiskReport, GroupReport, JobReport, Report};
use super::normal::share;
use crate::direction::Direction;
use crate::stats::Moments;

/// Percentiles there is room for in a line.
const PERCENTILES: usize = 20;

/// Which values a line has (fio's `--terse-version`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TerseVersion {
    /// No release, no disks; a description in a line of its own.
    V2,
    /// Reads and writes; what fio prints unless told otherwise.
    #[default]
    V3,
    /// Trims as well.
    V4,
    /// Also the number of bandwidth samples, and samples of IOPS.
    V5,
}

impl TerseVersion {
    /// The version of this number, 2 to 5.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            2 => Self::V2,
            3 => Self::V3,
            4 => Self::V4,
            5 => Self::V5,
            _ => return None,
        })
    }

    /// The number, which begins every line.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
            Self::V4 => 4,
            Self::V5 => 5,
        }
    }

    fn directions(self) -> &'static [Direction] {
        match self {
            Self::V3 => &[Direction::Read, Direction::Write],
            _ => &[Direction::Read, Direction::Write, Direction::Trim],
        }
    }
}

/// What distinguishes the lines of one program from those of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// The second value, as `fio-3.42`; version 2 has none.
    pub version: String,
    /// Which values there are.
    pub terse_version: TerseVersion,
}

/// Writes the lines of a run in this process.
///
/// # Errors
/// Only those of `out`.
pub fn write_report(out: &mut dyn Write, report: &Report, style: &Style) -> fmt::Result {
    report.jobs.iter().try_for_each(|job| {
        let mut groups = report.groups.iter();
        let group = groups.find(|group| group.group_id == job.group_id);
        write_job(out, job, group, &report.disks, style)
    })
}

/// Writes the lines of a run on one or several servers: those of each server's jobs, then those of its
/// disks, and at the end "All clients" if there is more than one job. As from fio's client, they do not
/// tell the host.
///
/// # Errors
/// Only those of `out`.
pub fn write_client_report(
    out: &mut dyn Write,
    report: &ClientReport,
    style: &Style,
) -> fmt::Result {
    for host in &report.hosts {
        for HostJob { report, group } in &host.jobs {
            write_job(out, report, Some(group), &[], style)?;
        }
        write_disks(out, &host.disks, style)?;
    }
    write_all_clients(out, report, style)
}

/// Writes the line that closes those of a client; nothing if there are fewer than two jobs to merge.
///
/// # Errors
/// Only those of `out`.
pub fn write_all_clients(out: &mut dyn Write, report: &ClientReport, style: &Style) -> fmt::Result {
    match report.all_clients() {
        Some(sum) => write_job(out, &sum, None, &[], style),
        None => Ok(()),
    }
}

/// Writes the lines of a server's disks, one for each. Version 2 has none.
///
/// # Errors
/// Only those of `out`.
pub fn write_disks(out: &mut dyn Write, disks: &[DiskReport], style: &Style) -> fmt::Result {
    if style.terse_version == TerseVersion::V2 {
        return Ok(());
    }
    disks.iter().try_for_each(|disk| {
        write_disk(out, disk)?;
        out.write_char('\n')
    })
}

/// Writes the line of one job. `group` is the group it belongs to, for the share of bandwidth; without
/// one the job itself is taken as the whole. `disks` end the line.
///
/// # Errors
/// Only those of `out`.
pub fn write_job(
    out: &mut dyn Write,
    job: &JobReport,
    group: Option<&GroupReport>,
    disks: &[DiskReport],
    style: &Style,
) -> fmt::Result {
    let version = style.terse_version;
    write!(out, "{};", version.number())?;
    if version != TerseVersion::V2 {
        write!(out, "{};", style.version)?;
    }
    write!(out, "{};{};{}", job.name, job.group_id, job.error)?;
    for direction in job.shown(version.directions()) {
        let share = direction.share(group);
        write_direction(out, job, &direction.report, share, version)?;
    }
    write_resources(out, job)?;
    write_distributions(out, job)?;
    if version != TerseVersion::V2 {
        disks.iter().try_for_each(|disk| write_disk(out, disk))?;
    }
    if job.continues_on_error {
        write!(out, ";{};{}", job.errors.total, job.errors.first)?;
    }
    if let Some(description) = &job.description {
        if version == TerseVersion::V2 {
            out.write_char('\n')?;
        }
        write!(out, ";{description}")?;
    }
    out.write_char('\n')
}

fn write_direction(
    out: &mut dyn Write,
    job: &JobReport,
    report: &DirectionReport,
    share: f64,
    version: TerseVersion,
) -> fmt::Result {
    let kib = report.bytes / 1024;
    let bandwidth = report.bytes_per_second() / 1024;
    let (ios, runtime) = (report.ios_per_second(), milliseconds(report.runtime));
    write!(out, ";{kib};{bandwidth};{:.0};{runtime}", ios.trunc())?;
    write_latency(out, &report.submission.moments)?;
    write_latency(out, &report.completion.moments)?;
    write_percentiles(out, job, report)?;
    write_latency(out, &report.total.moments)?;
    let samples = &report.bandwidth;
    write!(out, ";{};{};{share:.6}%", samples.min, samples.max)?;
    write!(
        out,
        ";{:.6};{:.6}",
        samples.mean,
        samples.standard_deviation()
    )?;
    if version == TerseVersion::V5 {
        let iops = &report.iops;
        write!(out, ";{};{};{}", samples.samples, iops.min, iops.max)?;
        let deviation = iops.standard_deviation();
        write!(out, ";{:.6};{deviation:.6};{}", iops.mean, iops.samples)?;
    }
    Ok(())
}

fn write_latency(out: &mut dyn Write, moments: &Moments) -> fmt::Result {
    let (min, max) = (moments.min / 1000, moments.max / 1000);
    let (mean, deviation) = (moments.mean / 1e3, moments.standard_deviation() / 1e3);
    write!(out, ";{min};{max};{mean:.6};{deviation:.6}")
}

/// Always as many as there is room for; those nobody asked for are `0%=0`. They are of the total latency if
/// percentiles of that are on, otherwise of the completion latency.
fn write_percentiles(
    out: &mut dyn Write,
    job: &JobReport,
    report: &DirectionReport,
) -> fmt::Result {
    let list = job.percentile_list.as_slice();
    let (latency, asked) = match (job.percentiles.total, job.percentiles.completion) {
        (true, _) => (&report.total, list),
        (false, true) => (&report.completion, list),
        (false, false) => (&report.completion, &[][..]),
    };
    let asked = &asked[..asked.len().min(PERCENTILES)];
    let values = match &latency.histogram {
        Some(histogram) if !histogram.is_empty() => histogram.percentiles(asked),
        _ => vec![0; asked.len()],
    };
    for (percent, value) in asked.iter().zip(values) {
        write!(out, ";{percent:.6}%={}", value / 1000)?;
    }
    (asked.len()..PERCENTILES).try_for_each(|_| out.write_str(";0%=0"))
}

fn write_resources(out: &mut dyn Write, job: &JobReport) -> fmt::Result {
    let (user, system) = job.cpu_percent();
    write!(out, ";{user:.6}%;{system:.6}%;{}", job.context_switches)?;
    write!(out, ";{};{}", job.major_faults, job.minor_faults)
}

/// I/Os by depth, and by latency: those below a microsecond are among those below 2.
fn write_distributions(out: &mut dyn Write, job: &JobReport) -> fmt::Result {
    let total = job.total_ios();
    for count in job.depth_map {
        write!(out, ";{:.1}%", share(count, total, 0.1))?;
    }
    let shares = |counts: &[u64]| -> Vec<f64> {
        let shares = counts.iter().map(|count| share(*count, total, 0.01));
        shares.collect()
    };
    let mut microseconds = shares(&job.latency_us);
    if let Some(first) = microseconds.first_mut() {
        *first += shares(&job.latency_ns).iter().sum::<f64>();
    }
    for share in microseconds.iter().chain(&shares(&job.latency_ms)) {
        write!(out, ";{share:.2}%")?;
    }
    Ok(())
}

fn write_disk(out: &mut dyn Write, disk: &DiskReport) -> fmt::Result {
    write!(out, ";{}", disk.name)?;
    for [reads, writes] in [disk.ios, disk.merges, disk.ticks_ms] {
        write!(out, ";{reads};{writes}")?;
    }
    let utilisation = disk.utilisation_percent;
    write!(out, ";{};{utilisation:.2}%", disk.in_queue_ms)
}
