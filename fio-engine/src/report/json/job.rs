//! One job as an object.

use std::fmt;
use std::time::Duration;

use super::writer::JsonWriter;
use super::{write_host, write_options};
use crate::clock::unix_milliseconds;
use crate::direction::Direction;
use crate::job::{SteadyMeasure, UnifiedReporting};
use crate::report::milliseconds;
use crate::report::model::{
    DirectionReport, GroupReport, JobReport, LatencyReport, LatencyTarget, PriorityReport,
    SteadyState,
};
use crate::report::normal::{RANGE_LABELS, share};
use crate::report::unified::ShownDirection;
use crate::stats::{BATCH_LABELS, BlockSummary, DEPTH_LABELS, Histogram, Moments};

/// `eta` of a job that has ended, or of which nobody knows when it will.
const NO_ETA: u64 = 2_147_483_647;

/// Where a job ran, which decides on some of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// In this process, in a run that has taken so many seconds.
    Local {
        /// Seconds since the run began.
        elapsed: u64,
        /// Time to its end, if it goes on and that is known.
        remaining: Option<Duration>,
    },
    /// On a server.
    Client,
    /// On all servers: a sum.
    AllClients,
}

pub(super) fn write(
    json: &mut JsonWriter<'_>,
    job: &JobReport,
    group: Option<&GroupReport>,
    kind: Kind,
    bins: bool,
) -> fmt::Result {
    write_head(json, job, kind)?;
    let mut shown = job.shown(&Direction::ALL).into_iter().peekable();
    while let Some(direction) = shown.next_if(|direction| direction.name != "mixed") {
        write_direction(json, job, &direction, group, bins)?;
    }
    if job.unified != UnifiedReporting::Mixed {
        write_sync(json, job, bins)?;
    }
    for mixed in shown {
        write_direction(json, job, &mixed, group, bins)?;
    }
    write_resources(json, job)?;
    write_maps(json, job)?;
    if job.continues_on_error {
        json.integer("total_err", job.errors.total)?;
        json.integer("first_error", job.errors.first)?;
    }
    if let Some(blocks) = job.block_summary() {
        json.object("block", |json| write_blocks(json, job, &blocks, bins))?;
    }
    if let Some(target) = &job.latency_target {
        write_target(json, target)?;
    }
    if let Some(description) = &job.description {
        json.string("desc", description)?;
    }
    if let Some(steady_state) = &job.steady_state {
        json.object("steadystate", |json| write_steady_state(json, steady_state))?;
    }
    match &job.host {
        Some(host) => write_host(json, host),
        None => Ok(()),
    }
}

fn write_sync(json: &mut JsonWriter<'_>, job: &JobReport, bins: bool) -> fmt::Result {
    json.object("sync", |json| {
        json.integer("total_ios", job.total_syncs)?;
        let shown = job
            .percentiles
            .completion
            .then_some(job.percentile_list.as_slice());
        write_latency(json, "lat_ns", &job.sync, shown, bins)
    })
}

fn write_head(json: &mut JsonWriter<'_>, job: &JobReport, kind: Kind) -> fmt::Result {
    json.string("jobname", &job.name)?;
    json.integer("groupid", job.group_id)?;
    json.integer("job_start", job.started.map_or(0, unix_milliseconds))?;
    json.integer("error", job.error)?;
    if let Kind::Local { elapsed, remaining } = kind {
        let eta = remaining.map_or(NO_ETA, |remaining| remaining.as_secs().min(NO_ETA));
        json.integer("eta", eta)?;
        json.integer("elapsed", elapsed)?;
    }
    if kind != Kind::AllClients && !job.options.is_empty() {
        write_options(json, "job options", &job.options)?;
    }
    Ok(())
}

fn write_direction(
    json: &mut JsonWriter<'_>,
    job: &JobReport,
    direction: &ShownDirection<'_>,
    group: Option<&GroupReport>,
    bins: bool,
) -> fmt::Result {
    json.object(direction.name, |json| {
        write_results(json, job, &direction.report, direction.share(group), bins)
    })
}

fn write_results(
    json: &mut JsonWriter<'_>,
    job: &JobReport,
    report: &DirectionReport,
    share: f64,
    bins: bool,
) -> fmt::Result {
    let bandwidth = report.bytes_per_second();
    json.integer("io_bytes", report.bytes)?;
    json.integer("io_kbytes", report.bytes / 1024)?;
    json.integer("bw_bytes", bandwidth)?;
    json.integer("bw", bandwidth / 1024)?;
    json.float("iops", report.ios_per_second())?;
    json.integer("runtime", milliseconds(report.runtime))?;
    json.integer("total_ios", report.total_ios)?;
    json.integer("short_ios", report.short_ios)?;
    json.integer("drop_ios", report.dropped_ios)?;
    let kinds = &job.percentiles;
    for (name, latency, shown) in [
        ("slat_ns", &report.submission, kinds.submission),
        ("clat_ns", &report.completion, kinds.completion),
        ("lat_ns", &report.total, kinds.total),
    ] {
        let percents = shown.then_some(job.percentile_list.as_slice());
        write_latency(json, name, latency, percents, bins)?;
    }
    if report.priorities.len() > 1 {
        let shown = kinds.completion || kinds.total;
        let percents = shown.then_some(job.percentile_list.as_slice());
        let name = if kinds.total { "lat_ns" } else { "clat_ns" };
        write_priorities(json, name, &report.priorities, percents, bins)?;
    }
    write_samples(json, report, share)
}

fn write_priorities(
    json: &mut JsonWriter<'_>,
    latency: &str,
    priorities: &[PriorityReport],
    percents: Option<&[f64]>,
    bins: bool,
) -> fmt::Result {
    json.array("prios", |json| {
        priorities.iter().try_for_each(|of_one| {
            let (class, level, hint) = of_one.parts();
            json.element(|json| {
                json.integer("prioclass", class)?;
                json.integer("prio", level)?;
                json.integer("priohint", hint)?;
                write_latency(json, latency, &of_one.latency, percents, bins)
            })
        })
    })
}

fn write_steady_state(json: &mut JsonWriter<'_>, state: &SteadyState) -> fmt::Result {
    let percent = if state.in_percent { "%" } else { "" };
    let what = state.watched.name();
    let how = if state.by_slope { "_slope" } else { "" };
    json.string("ss", &format!("{what}{how}:{:.6}{percent}", state.limit))?;
    json.integer("duration", state.length)?;
    json.integer("attained", u8::from(state.attained))?;
    json.string("criterion", &format!("{:.6}{percent}", state.criterion))?;
    json.float("max_deviation", state.deviation)?;
    json.float("slope", state.slope)?;
    json.object("data", |json| {
        json.integer("bw_mean", state.mean_bandwidth())?;
        json.integer("iops_mean", state.mean_iops())?;
        let watches_latency = state.watched == SteadyMeasure::Latency;
        if watches_latency {
            json.integer("lat_mean", state.mean_latency())?;
        }
        let rates = [("iops", &state.iops), ("bw", &state.bandwidth)];
        let latency = watches_latency.then_some(("lat", &state.latency));
        for (name, values) in rates.into_iter().chain(latency) {
            json.array(name, |json| {
                let mut values = values.iter();
                values.try_for_each(|value| json.integer_element(*value))
            })?;
        }
        Ok(())
    })
}

fn write_samples(json: &mut JsonWriter<'_>, report: &DirectionReport, share: f64) -> fmt::Result {
    let bandwidth = &report.bandwidth;
    json.integer("bw_min", bandwidth.min)?;
    json.integer("bw_max", bandwidth.max)?;
    json.float("bw_agg", share)?;
    json.float("bw_mean", bandwidth.mean)?;
    json.float("bw_dev", bandwidth.standard_deviation())?;
    json.integer("bw_samples", bandwidth.samples)?;
    let iops = &report.iops;
    json.integer("iops_min", iops.min)?;
    json.integer("iops_max", iops.max)?;
    json.float("iops_mean", iops.mean)?;
    json.float("iops_stddev", iops.standard_deviation())?;
    json.integer("iops_samples", iops.samples)
}

/// The moments, and percentiles and bins if `percents` says they are on and there are values.
fn write_latency(
    json: &mut JsonWriter<'_>,
    key: &str,
    report: &LatencyReport,
    percents: Option<&[f64]>,
    bins: bool,
) -> fmt::Result {
    let moments = &report.moments;
    json.object(key, |json| {
        write_moments(json, moments)?;
        let histogram = report
            .histogram
            .as_deref()
            .filter(|histogram| !histogram.is_empty());
        let (Some(percents), Some(histogram)) = (percents, histogram) else {
            return Ok(());
        };
        write_percentiles(json, percents, histogram.percentiles(percents))?;
        if bins {
            write_bins(json, histogram)
        } else {
            Ok(())
        }
    })
}

fn write_moments(json: &mut JsonWriter<'_>, moments: &Moments) -> fmt::Result {
    json.integer("min", moments.min)?;
    json.integer("max", moments.max)?;
    json.float("mean", moments.mean)?;
    json.float("stddev", moments.standard_deviation())?;
    json.integer("N", moments.samples)
}

fn write_percentiles(json: &mut JsonWriter<'_>, percents: &[f64], values: Vec<u64>) -> fmt::Result {
    json.object("percentile", |json| {
        percents
            .iter()
            .zip(values)
            .try_for_each(|(percent, value)| json.integer(format_args!("{percent:.6}"), value))
    })
}

fn write_bins(json: &mut JsonWriter<'_>, histogram: &Histogram) -> fmt::Result {
    json.object("bins", |json| {
        histogram
            .nonzero()
            .try_for_each(|(index, count)| json.integer(Histogram::bucket_value(index), count))
    })
}

fn write_resources(json: &mut JsonWriter<'_>, job: &JobReport) -> fmt::Result {
    let (user, system) = job.cpu_percent();
    json.integer("job_runtime", milliseconds(job.total_runtime))?;
    json.float("usr_cpu", user)?;
    json.float("sys_cpu", system)?;
    json.integer("ctx", job.context_switches)?;
    json.integer("majf", job.major_faults)?;
    json.integer("minf", job.minor_faults)
}

fn write_maps(json: &mut JsonWriter<'_>, job: &JobReport) -> fmt::Result {
    let total = job.total_ios();
    write_shares(
        json,
        "iodepth_level",
        &DEPTH_LABELS,
        &job.depth_map,
        total,
        0.1,
    )?;
    write_shares(
        json,
        "iodepth_submit",
        &BATCH_LABELS,
        &job.submit_map,
        job.total_submit,
        0.1,
    )?;
    let completes = job.total_complete;
    write_shares(
        json,
        "iodepth_complete",
        &BATCH_LABELS,
        &job.complete_map,
        completes,
        0.1,
    )?;
    write_shares(
        json,
        "latency_ns",
        &RANGE_LABELS,
        &job.latency_ns,
        total,
        0.01,
    )?;
    write_shares(
        json,
        "latency_us",
        &RANGE_LABELS,
        &job.latency_us,
        total,
        0.01,
    )?;
    write_shares(
        json,
        "latency_ms",
        &RANGE_LABELS,
        &job.latency_ms,
        total,
        0.01,
    )
}

fn write_shares(
    json: &mut JsonWriter<'_>,
    key: &str,
    labels: &[&str],
    counts: &[u64],
    total: u64,
    floor: f64,
) -> fmt::Result {
    json.object(key, |json| {
        labels
            .iter()
            .zip(counts)
            .try_for_each(|(label, count)| json.float(label, share(*count, total, floor)))
    })
}

/// Blocks by state, and the trims that those had taken that failed. No release of fio prints them:
/// 3.33 aborts.
fn write_blocks(
    json: &mut JsonWriter<'_>,
    job: &JobReport,
    blocks: &BlockSummary,
    bins: bool,
) -> fmt::Result {
    json.integer("total", blocks.blocks())?;
    json.object("states", |json| {
        json.integer("untouched", blocks.untouched)?;
        json.integer("trimmed", blocks.trimmed)?;
        json.integer("written", blocks.written)?;
        json.integer("trim_failed", blocks.trim_failed)?;
        json.integer("write_failed", blocks.write_failed)
    })?;
    json.object("trims_to_failure", |json| {
        let moments = blocks.trims_to_failure();
        write_moments(json, &moments)?;
        if moments.samples == 0 {
            return Ok(());
        }
        let percents = &job.percentile_list;
        write_percentiles(json, percents, blocks.percentiles(percents))?;
        if !bins {
            return Ok(());
        }
        json.object("bins", |json| {
            let mut bins = blocks.histogram();
            bins.try_for_each(|(trims, count)| json.integer(trims, count))
        })
    })
}

fn write_target(json: &mut JsonWriter<'_>, target: &LatencyTarget) -> fmt::Result {
    let nanoseconds = i128::try_from(target.target.as_nanos()).unwrap_or(i128::MAX);
    let window = i128::try_from(target.window.as_nanos()).unwrap_or(i128::MAX);
    json.integer("latency_depth", target.depth)?;
    json.integer("latency_target", nanoseconds)?;
    json.integer("latency_target_ns", nanoseconds)?;
    json.float("latency_percentile", target.percentile)?;
    json.integer("latency_window", window / 1000)?;
    json.integer("latency_window_us", window / 1000)
}
