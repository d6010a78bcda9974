//! The lines after the jobs: reporting groups and disks.

use std::fmt::{self, Write};

use crate::report::milliseconds;
use crate::report::model::{DiskReport, GroupDirectionReport, GroupReport};
use crate::report::units::{BothBases, Prefix, ScaledNumber, Unit};

pub(super) fn write(out: &mut dyn Write, group: &GroupReport) -> fmt::Result {
    writeln!(out, "\nRun status group {} (all jobs):", group.group_id)?;
    for (name, report) in group.shown() {
        write_direction(out, group, name, &report)?;
    }
    Ok(())
}

fn write_direction(
    out: &mut dyn Write,
    group: &GroupReport,
    name: &str,
    report: &GroupDirectionReport,
) -> fmt::Result {
    let prefix = Prefix::of_base(group.kb_base);
    let number = |value, prefix, unit| ScaledNumber {
        value,
        digits: group.significant_figures,
        prefix,
        unit,
    };
    let unit = Unit::of_rate(group.unit_base);
    writeln!(
        out,
        "{name:>7}: bw={}, {}-{} ({}-{}), io={}, run={}-{}msec",
        BothBases(number(report.aggregate_bandwidth, prefix, unit)),
        number(report.min_bandwidth, prefix, unit),
        number(report.max_bandwidth, prefix, unit),
        number(report.min_bandwidth, prefix.other(), unit),
        number(report.max_bandwidth, prefix.other(), unit),
        BothBases(number(report.bytes, prefix, Unit::Bytes)),
        milliseconds(report.min_runtime),
        milliseconds(report.max_runtime),
    )
}

pub(super) fn write_disks(out: &mut dyn Write, disks: &[DiskReport]) -> fmt::Result {
    if disks.is_empty() {
        return Ok(());
    }
    out.write_str("\nDisk stats (read/write):\n")?;
    for disk in disks {
        writeln!(
            out,
            "  {}: ios={}/{}, sectors={}/{}, merge={}/{}, ticks={}/{}, in_queue={}, util={:3.2}%",
            disk.name,
            disk.ios[0],
            disk.ios[1],
            disk.sectors[0],
            disk.sectors[1],
            disk.merges[0],
            disk.merges[1],
            disk.ticks_ms[0],
            disk.ticks_ms[1],
            disk.in_queue_ms,
            disk.utilisation_percent,
        )?;
    }
    Ok(())
}
