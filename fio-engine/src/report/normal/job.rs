//! The block of one job.

use std::fmt::{self, Write};
use std::io;
use std::time::{Duration, SystemTime};

use super::latency::{write_distribution, write_latency, write_percentiles, write_table};
use super::share;
use crate::clock::LocalTime;
use crate::direction::Direction;
use crate::job::PercentileKinds;
use crate::report::milliseconds;
use crate::report::model::{
    DirectionReport, ErrorCount, GroupReport, JobReport, LatencyTarget, PriorityReport, SteadyState,
};
use crate::report::unified::ShownDirection;
use crate::report::units::{BothBases, Prefix, ScaledNumber, Unit};
use crate::stats::{BATCH_LABELS, DEPTH_LABELS, Moments};

pub(super) fn write(
    out: &mut dyn Write,
    job: &JobReport,
    group: Option<&GroupReport>,
    finished: SystemTime,
) -> fmt::Result {
    if job.total_ios() == 0 && job.error == 0 {
        return Ok(());
    }
    write_head(out, job, finished)?;
    for direction in job.shown(&Direction::ALL) {
        // Without a run time, nothing was moved.
        if !direction.report.runtime.is_zero() {
            write_direction(out, job, &direction, group)?;
        }
    }
    write_distribution(out, job)?;
    write_syncs(out, job)?;
    write_cpu(out, job)?;
    write_depths(out, job)?;
    write_issued(out, job)?;
    write_errors(out, job)?;
    write_blocks(out, job)?;
    if let Some(target) = &job.latency_target {
        write_target(out, target)?;
    }
    match &job.steady_state {
        Some(state) => write_steady_state(out, job, state),
        None => Ok(()),
    }
}

fn write_steady_state(out: &mut dyn Write, job: &JobReport, state: &SteadyState) -> fmt::Result {
    let prefix = Prefix::of_base(job.kb_base);
    let rate = Unit::of_rate(job.unit_base);
    writeln!(
        out,
        "  steadystate  : attained={}, bw={}, iops={}, {} {}={:.3}{}",
        if state.attained { "yes" } else { "no" },
        BothBases(number(job, state.mean_bandwidth(), prefix, rate)),
        number(job, state.mean_iops(), Prefix::Decimal, Unit::None),
        state.watched.name(),
        if state.by_slope { "slope" } else { "mean dev" },
        state.criterion,
        if state.in_percent { "%" } else { "" },
    )
}

fn write_errors(out: &mut dyn Write, job: &JobReport) -> fmt::Result {
    if !job.continues_on_error {
        return Ok(());
    }
    let ErrorCount { total, first } = job.errors;
    let text = system_error(first);
    writeln!(
        out,
        "     errors    : total={total}, first_error={first}/<{text}>"
    )
}

/// Blocks by state, and the trims that those had taken that failed. No release of fio prints them:
/// 3.33 aborts.
fn write_blocks(out: &mut dyn Write, job: &JobReport) -> fmt::Result {
    let Some(blocks) = job.block_summary() else {
        return Ok(());
    };
    writeln!(
        out,
        "     blocks    : total={}, untouched={}, trimmed={}, written={}, trim_failed={}, \
         write_failed={}",
        blocks.blocks(),
        blocks.untouched,
        blocks.trimmed,
        blocks.written,
        blocks.trim_failed,
        blocks.write_failed,
    )?;
    if blocks.trims_to_failure().samples == 0 || job.percentile_list.is_empty() {
        return Ok(());
    }
    let percents = &job.percentile_list;
    out.write_str("    block failure percentiles (trims):\n")?;
    write_table(out, percents, &blocks.percentiles(percents))
}

/// The system's text of an error number, without the number.
fn system_error(number: i32) -> String {
    if number == 0 {
        return "Success".to_owned();
    }
    let text = io::Error::from_raw_os_error(number).to_string();
    match text.rsplit_once(" (os error") {
        Some((text, _)) => text.to_owned(),
        None => text,
    }
}

/// The name of a priority's lines: kind of latency, class, level and hint.
fn priority_name(of_one: &PriorityReport, kinds: &PercentileKinds) -> String {
    let (class, level, hint) = of_one.parts();
    let latency = if kinds.total { "lat" } else { "clat" };
    format!("{latency} prio {class}/{level}/{hint}")
}

fn write_head(out: &mut dyn Write, job: &JobReport, finished: SystemTime) -> fmt::Result {
    let JobReport {
        name,
        group_id,
        members,
        error,
        process_id,
        ..
    } = job;
    write!(
        out,
        "{name}: (groupid={group_id}, jobs={members}): err={error:2}"
    )?;
    if *error != 0 {
        write!(out, " ({})", job.error_message)?;
    }
    writeln!(out, ": pid={process_id}: {}", LocalTime(finished))?;
    match &job.description {
        Some(description) => writeln!(out, "  Description  : [{description}]"),
        None => Ok(()),
    }
}

fn write_direction(
    out: &mut dyn Write,
    job: &JobReport,
    direction: &ShownDirection<'_>,
    group: Option<&GroupReport>,
) -> fmt::Result {
    let ShownDirection { name, report, .. } = direction;
    let iops = number(
        job,
        report.ios_per_second() as u64,
        Prefix::Decimal,
        Unit::None,
    );
    let prefix = Prefix::of_base(job.kb_base);
    let rate = Unit::of_rate(job.unit_base);
    let bandwidth = BothBases(number(job, report.bytes_per_second(), prefix, rate));
    let bytes = number(job, report.bytes, prefix, Unit::Bytes);
    let runtime = milliseconds(report.runtime);
    writeln!(
        out,
        "  {name}: IOPS={iops}, BW={bandwidth}({bytes}/{runtime}msec)"
    )?;

    write_latency(out, "slat", &report.submission)?;
    write_latency(out, "clat", &report.completion)?;
    write_latency(out, "lat", &report.total)?;
    let priorities = Some(&report.priorities[..]).filter(|priorities| priorities.len() > 1);
    for of_one in priorities.unwrap_or_default() {
        let name = format!("    {}", priority_name(of_one, &job.percentiles));
        write_latency(out, &name, &of_one.latency)?;
    }
    let shown = &job.percentiles;
    for (name, latency, shown) in [
        ("slat", &report.submission, shown.submission),
        ("clat", &report.completion, shown.completion),
        ("lat", &report.total, shown.total),
    ] {
        let histogram = latency.histogram.as_deref().filter(|_| shown);
        write_percentiles(out, name, histogram, &job.percentile_list)?;
    }
    let priorities = priorities.filter(|_| shown.completion || shown.total);
    let all = priorities.unwrap_or_default().iter();
    let all = all.map(|of_one| of_one.latency.moments.samples).sum();
    for of_one in priorities.unwrap_or_default() {
        let share = share(of_one.latency.moments.samples, all, 0.0);
        let name = format!("{} ({share:.2}% of IOs)", priority_name(of_one, shown));
        let histogram = of_one.latency.histogram.as_deref();
        write_percentiles(out, &name, histogram, &job.percentile_list)?;
    }
    write_bandwidth_samples(out, report, direction.share(group))?;
    write_iops_samples(out, &report.iops)
}

fn number(job: &JobReport, value: u64, prefix: Prefix, unit: Unit) -> ScaledNumber {
    ScaledNumber {
        value,
        digits: job.significant_figures,
        prefix,
        unit,
    }
}

fn write_bandwidth_samples(
    out: &mut dyn Write,
    report: &DirectionReport,
    share: f64,
) -> fmt::Result {
    let samples = &report.bandwidth;
    if samples.samples == 0 {
        return Ok(());
    }
    let mebi = samples.mean > 1024.0 * 1024.0;
    let (unit, divisor) = if mebi { ("MiB", 1024) } else { ("KiB", 1) };
    writeln!(
        out,
        "   bw ({unit:>5}/s): min={:5}, max={:5}, per={share:3.2}%, avg={:5.2}, stdev={:5.2}, \
         samples={}",
        samples.min / divisor,
        samples.max / divisor,
        samples.mean / divisor as f64,
        samples.standard_deviation() / divisor as f64,
        samples.samples,
    )
}

fn write_iops_samples(out: &mut dyn Write, samples: &Moments) -> fmt::Result {
    if samples.samples == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "   iops        : min={:5}, max={:5}, avg={:5.2}, stdev={:5.2}, samples={}",
        samples.min,
        samples.max,
        samples.mean,
        samples.standard_deviation(),
        samples.samples,
    )
}

fn write_syncs(out: &mut dyn Write, job: &JobReport) -> fmt::Result {
    if job.sync.moments.samples == 0 {
        return Ok(());
    }
    out.write_str("  fsync/fdatasync/sync_file_range/syncfs:\n")?;
    write_latency(out, "sync", &job.sync)?;
    write_percentiles(
        out,
        "sync",
        job.sync.histogram.as_deref(),
        &job.percentile_list,
    )
}

fn write_cpu(out: &mut dyn Write, job: &JobReport) -> fmt::Result {
    let (user, system) = job.cpu_percent();
    let JobReport {
        context_switches,
        major_faults,
        minor_faults,
        ..
    } = job;
    writeln!(
        out,
        "  cpu          : usr={user:3.2}%, sys={system:3.2}%, ctx={context_switches}, \
         majf={major_faults}, minf={minor_faults}"
    )
}

fn write_depths(out: &mut dyn Write, job: &JobReport) -> fmt::Result {
    write_map(
        out,
        "  IO depths    : ",
        DEPTH_LABELS,
        &job.depth_map,
        job.total_ios(),
    )?;
    write_map(
        out,
        "     submit    : ",
        BATCH_LABELS,
        &job.submit_map,
        job.total_submit,
    )?;
    write_map(
        out,
        "     complete  : ",
        BATCH_LABELS,
        &job.complete_map,
        job.total_complete,
    )
}

fn write_map(
    out: &mut dyn Write,
    title: &str,
    labels: [&str; 7],
    counts: &[u64; 7],
    total: u64,
) -> fmt::Result {
    out.write_str(title)?;
    for (index, (label, count)) in labels.iter().zip(counts).enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(out, "{comma}{label}={:3.1}%", share(*count, total, 0.1))?;
    }
    out.write_char('\n')
}

fn write_issued(out: &mut dyn Write, job: &JobReport) -> fmt::Result {
    let [read, write, trim] = &job.directions.0;
    writeln!(
        out,
        "     issued rwts: total={},{},{},{} short={},{},{},0 dropped={},{},{},0",
        read.total_ios,
        write.total_ios,
        trim.total_ios,
        job.total_syncs,
        read.short_ios,
        write.short_ios,
        trim.short_ios,
        read.dropped_ios,
        write.dropped_ios,
        trim.dropped_ios,
    )
}

fn write_target(out: &mut dyn Write, target: &LatencyTarget) -> fmt::Result {
    writeln!(
        out,
        "     latency   : target={}, window={}, percentile={:.2}%, depth={}",
        ShortTime(target.target),
        ShortTime(target.window),
        target.percentile,
        target.depth
    )
}

/// A duration in the largest unit it fills: `500.00us`, `0.00ns`.
struct ShortTime(Duration);

impl fmt::Display for ShortTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.as_nanos() as f64;
        let (divisor, unit) = match nanoseconds {
            n if n >= 1e9 => (1e9, "s"),
            n if n >= 1e6 => (1e6, "ms"),
            n if n >= 1e3 => (1e3, "us"),
            _ => (1.0, "ns"),
        };
        write!(f, "{:.2}{unit}", nanoseconds / divisor)
    }
}
