//! fio's text for people ("normal" output), as release 3.42 prints it.
//!
//! [`write_report`] prints a whole run; the parts are public because a client prints them as they
//! arrive from its servers. Everything is written into a [`fmt::Write`], so that text can go to a
//! terminal, a file or a protocol message.

mod group;
mod idle;
mod job;
mod latency;
mod start;

use std::fmt::{self, Write};
use std::time::SystemTime;

use super::client::ClientReport;
use super::model::{DiskReport, GroupReport, JobReport, Report};
use crate::idle::{CpuIdleness, UnitWork};

pub use start::{CpuLine, JobLine, StartingLine};

pub(in crate::report) use latency::RANGE_LABELS;

/// Writes the results of a run: every job, every group, the disks and the
/// idleness of the CPUs.
///
/// # Errors
/// Only those of `out`.
pub fn write_report(out: &mut dyn Write, report: &Report) -> fmt::Result {
    out.write_char('\n')?;
    for job in &report.jobs {
        let group = report
            .groups
            .iter()
            .find(|group| group.group_id == job.group_id);
        write_job(out, job, group, report.finished)?;
    }
    for group in &report.groups {
        write_group(out, group)?;
    }
    write_disks(out, &report.disks)?;
    match &report.cpu_idleness {
        Some(idleness) => write_idleness(out, idleness),
        None => Ok(()),
    }
}

/// Writes how idle the CPUs were, a blank line first.
///
/// # Errors
/// Only those of `out`.
pub fn write_idleness(out: &mut dyn Write, idleness: &CpuIdleness) -> fmt::Result {
    idle::write(out, idleness)
}

/// Writes what the units of work took that idleness is measured with.
///
/// # Errors
/// Only those of `out`.
pub fn write_calibration(out: &mut dyn Write, unit: UnitWork) -> fmt::Result {
    idle::write_calibration(out, unit)
}

/// Writes the block of one job, or nothing if it did no I/O and met no error (fio, too, has
/// nothing to say about such a job).
///
/// `group` is the group it belongs to, for the share of bandwidth; without one the job itself is
/// taken as the whole. `finished` is the time shown.
///
/// # Errors
/// Only those of `out`.
pub fn write_job(
    out: &mut dyn Write,
    job: &JobReport,
    group: Option<&GroupReport>,
    finished: SystemTime,
) -> fmt::Result {
    job::write(out, job, group, finished)
}

/// Writes the lines of a reporting group ("Run status group 0 (all jobs)"), a blank line first.
///
/// # Errors
/// Only those of `out`.
pub fn write_group(out: &mut dyn Write, group: &GroupReport) -> fmt::Result {
    group::write(out, group)
}

/// Writes the disk statistics, a blank line first; nothing without disks.
///
/// # Errors
/// Only those of `out`.
pub fn write_disks(out: &mut dyn Write, disks: &[DiskReport]) -> fmt::Result {
    group::write_disks(out, disks)
}

/// Writes the merged block that closes the list of a client's jobs; nothing if there are fewer
/// than two jobs to merge.
///
/// # Errors
/// Only those of `out`.
pub fn write_all_clients(out: &mut dyn Write, report: &ClientReport) -> fmt::Result {
    match report.all_clients() {
        Some(sum) => write_job(out, &sum, None, report.finished),
        None => Ok(()),
    }
}

/// Share in percent; 0 of nothing. Shares that would be rounded away are raised to `floor`, as
/// fio does to show that something was there.
pub(in crate::report) fn share(count: u64, total: u64, floor: f64) -> f64 {
    if total == 0 || count == 0 {
        return 0.0;
    }
    (100.0 * count as f64 / total as f64).max(floor)
}
