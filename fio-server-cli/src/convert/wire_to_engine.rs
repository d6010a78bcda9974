//! What servers report, as the engine's reports have it.
//!
//! Everything here comes from a peer. Counters are bounded so that sums over many jobs cannot
//! overflow, figures that are no numbers count as zero, and names lose control characters.
//!
//! # What is lost
//!
//! Since version 65 servers have the nanoseconds and the histograms of the engine's reports, so nothing
//! is. Histograms of all those versions have the same buckets; the counts, 32 bits wide up to version
//! 70 and 64 bits since, only differ in where they overflow on the server. Some say less:
//!
//! | version | what it says | in the report |
//! |---|---|---|
//! | 1 | latencies in whole microseconds, truncated | nanoseconds, a multiple of 1000; up to 1 µs too low |
//! | 1 | histogram of completion latency, 19 groups of microsecond buckets | each count in the nanosecond bucket of the same value, so that merged percentiles are as coarse as the coarsest host |
//! | 1 | no counts below 1 µs; stock servers leave out those from 1 s on | counted as 1 µs; made up from the histogram |
//! | 1 | stock servers leave out the list of percentiles | fio's default list |
//! | 1 | reads, writes and syncs | no trims |
//! | 1 | no start time, options, disks as values, latency of syncs, latency target | absent |
//! | 65 to 80 | one histogram, of completion or of total latency | of that one |
//! | up to 80 | no histogram of submission latency and none of syncs that is filled | absent |
//! | up to 100 | no start time | absent |

mod latency;
mod status;

use std::time::{Duration, SystemTime};

use super::unified_reporting;
use fio_engine::PerDirection;
use fio_engine::job::{DEFAULT_PERCENTILES, PercentileKinds, SteadyMeasure};
use fio_engine::report::{
    DirectionReport, DiskReport, ErrorCount, GroupDirectionReport, GroupReport, Host, JobReport,
    LatencyTarget, SteadyState,
};
use fio_engine::stats::{BlockInfo, MAX_BLOCKS};
use fio_proto::ServerVersion;
use fio_proto::layout::{GroupRunStats, ThreadStat};
use fio_proto::message::{DiskUtilization, ThreadReport};

use latency::Latencies;
pub use status::status;

/// The results of one job, told in the given version.
#[must_use]
pub fn job_report(report: &ThreadReport, version: ServerVersion, host: &Host) -> JobReport {
    let stat = &report.thread;
    let latencies = Latencies::new(stat, version);
    let directions = std::array::from_fn(|index| DirectionReport {
        priorities: latency::priorities(report, index),
        ..direction_report(stat, &latencies, index)
    });
    let description = printable(&stat.description);
    JobReport {
        name: printable(&stat.name),
        host: Some(host.clone()),
        description: Some(description).filter(|description| !description.is_empty()),
        group_id: stat.group_id,
        thread_number: 0,
        members: stat.members.clamp(1, MOST_MEMBERS),
        process_id: stat.process_id,
        started: started(stat.job_start_ms),
        error: i32::try_from(stat.error).unwrap_or(i32::MAX),
        // A server does not say after which error a job went on.
        failed_members: (stat.error != 0 && stat.continue_on_error == 0).into(),
        error_message: printable(&stat.error_text),
        continues_on_error: stat.continue_on_error != 0,
        errors: ErrorCount {
            total: bounded(stat.total_errors),
            first: i32::try_from(stat.first_error).unwrap_or(i32::MAX),
        },
        blocks: blocks(stat),
        options: Vec::new(),
        unified: unified_reporting(stat.unified_report),
        directions: PerDirection(directions),
        total_syncs: bounded(stat.total_syncs),
        sync: latencies.sync(),
        total_runtime: milliseconds(stat.total_runtime_ms),
        user_time: milliseconds(stat.user_time_ms),
        system_time: milliseconds(stat.system_time_ms),
        context_switches: bounded(stat.context_switches),
        minor_faults: bounded(stat.minor_faults),
        major_faults: bounded(stat.major_faults),
        depth_map: stat.depth_map.map(bounded),
        submit_map: stat.submit_map.map(bounded),
        complete_map: stat.complete_map.map(bounded),
        total_submit: bounded(stat.submitted),
        total_complete: bounded(stat.completed),
        latency_ns: stat.latency_ns.map(bounded),
        latency_us: stat.latency_us.map(bounded),
        latency_ms: latencies.slow_counts(),
        latency_target: latency_target(stat, version),
        steady_state: steady_state(report),
        series: Vec::new(),
        percentiles: PercentileKinds {
            submission: stat.submission_percentiles != 0,
            completion: stat.completion_percentiles != 0,
            total: stat.total_percentiles != 0,
        },
        percentile_list: percentiles(stat),
        kb_base: kb_base(stat.kb_base),
        unit_base: unit_base(stat.unit_base),
        significant_figures: significant_figures(stat.significant_figures),
    }
}

/// The results of a group; `group_id` because those inside a TS message do not know theirs.
#[must_use]
pub fn group_report(stats: &GroupRunStats, group_id: u32) -> GroupReport {
    let direction = |index: usize| {
        let bytes = bounded(stats.io_bytes[index]);
        // Minima of a direction without I/O are all ones.
        let minimum = |value: u64| if bytes == 0 { 0 } else { value };
        GroupDirectionReport {
            bytes,
            aggregate_bandwidth: bounded(stats.bandwidth[index]),
            min_bandwidth: bounded(minimum(stats.min_bandwidth[index])),
            max_bandwidth: bounded(stats.max_bandwidth[index]),
            min_runtime: milliseconds(minimum(stats.min_runtime_ms[index])),
            max_runtime: milliseconds(stats.max_runtime_ms[index]),
        }
    };
    GroupReport {
        group_id,
        unified: unified_reporting(stats.unified_report),
        kb_base: kb_base(stats.kb_base),
        unit_base: unit_base(stats.unit_base),
        significant_figures: significant_figures(stats.significant_figures),
        directions: PerDirection(std::array::from_fn(direction)),
    }
}

/// What a disk did.
#[must_use]
pub fn disk_report(disk: &DiskUtilization) -> DiskReport {
    let stats = &disk.disk;
    let utilisation = if stats.elapsed == 0 {
        0.0
    } else {
        100.0 * stats.io_ticks as f64 / stats.elapsed as f64
    };
    DiskReport {
        name: printable(&stats.name),
        ios: stats.ios.map(bounded),
        merges: stats.merges.map(bounded),
        sectors: stats.sectors.map(bounded),
        ticks_ms: stats.ticks.map(bounded),
        in_queue_ms: bounded(stats.time_in_queue),
        busy_ms: bounded(stats.io_ticks),
        utilisation_percent: utilisation.min(100.0),
    }
}

/// A counter no larger than can be summed up a thousand times; 16 PiB for bytes.
const MOST: u64 = 1 << 54;

/// More members than any server runs, few enough to be summed up.
const MOST_MEMBERS: u32 = 1 << 20;

fn bounded(counter: u64) -> u64 {
    counter.min(MOST)
}

fn milliseconds(value: u64) -> Duration {
    Duration::from_millis(bounded(value))
}

/// Servers that do not say send 0.
fn started(milliseconds_since_1970: u64) -> Option<SystemTime> {
    /// Far enough in the future for every clock, near enough for every calendar: the year 5138.
    const LATEST: u64 = 100_000_000_000_000;
    let since = Duration::from_millis(milliseconds_since_1970.min(LATEST));
    (!since.is_zero()).then(|| SystemTime::UNIX_EPOCH + since)
}

/// Only two values mean anything.
const fn kb_base(value: u32) -> u32 {
    if value == 1000 { 1000 } else { 1024 }
}

/// Bits, bytes, or what is usual.
const fn unit_base(value: u32) -> u32 {
    match value {
        1 | 8 => value,
        _ => 0,
    }
}

/// fio's default where the server does not say; fio takes 1 to 10.
fn significant_figures(value: u32) -> u32 {
    if value == 0 { 4 } else { value.min(10) }
}

/// A job without I/O keeps nothing under a target, and version 1 has none.
fn latency_target(stat: &ThreadStat, version: ServerVersion) -> Option<LatencyTarget> {
    let idle = stat.total_ios.iter().all(|ios| *ios == 0);
    (version > ServerVersion::V1 && !idle).then(|| LatencyTarget {
        depth: stat.latency_depth,
        target: Duration::from_nanos(bounded(stat.latency_target)),
        window: Duration::from_micros(bounded(stat.latency_window)),
        percentile: figure(stat.latency_percentile),
    })
}

fn direction_report(stat: &ThreadStat, latencies: &Latencies<'_>, index: usize) -> DirectionReport {
    DirectionReport {
        bytes: bounded(stat.io_bytes[index]),
        total_ios: bounded(stat.total_ios[index]),
        short_ios: bounded(stat.short_ios[index]),
        dropped_ios: bounded(stat.dropped_ios[index]),
        runtime: milliseconds(stat.runtime_ms[index]),
        submission: latencies.submission(index),
        completion: latencies.completion(index),
        total: latencies.total(index),
        // The protocol has no place for it.
        intended: None,
        priorities: Vec::new(),
        bandwidth: latency::moments(&stat.bandwidth[index], 1),
        iops: latency::moments(&stat.iops[index], 1),
    }
}

/// The blocks a server tells of, at most as many as there can be. Those left out at the end are
/// untouched, and so is what no state is known for.
fn blocks(stat: &ThreadStat) -> Vec<BlockInfo> {
    let count = usize::try_from(stat.block_count).unwrap_or(usize::MAX);
    let told = stat.block_infos.iter().copied();
    told.chain(std::iter::repeat(0))
        .take(count.min(MAX_BLOCKS))
        .map(|bits| BlockInfo::from_bits(bits).unwrap_or_default())
        .collect()
}

/// Only of jobs that look for one.
fn steady_state(report: &ThreadReport) -> Option<SteadyState> {
    use fio_proto::layout::SteadyState as Wire;
    let stat = &report.thread;
    let is = |flag| stat.steady_state_flags & flag != 0;
    let measured = report.steady_state.as_ref();
    // The measurements travel in a ring that begins anywhere.
    let in_order = |values: &[u64]| {
        let oldest = usize::try_from(stat.steady_state_head).unwrap_or(0);
        let (behind, before) = values.split_at(oldest.min(values.len()));
        before.iter().chain(behind).copied().map(bounded).collect()
    };
    (stat.steady_state_flags != 0).then(|| SteadyState {
        watched: match (is(Wire::IOPS), is(Wire::BANDWIDTH)) {
            (_, true) => SteadyMeasure::Bandwidth,
            (true, false) => SteadyMeasure::Iops,
            (false, false) => SteadyMeasure::Latency,
        },
        by_slope: is(Wire::SLOPE),
        in_percent: is(Wire::PERCENT),
        attained: is(Wire::ATTAINED),
        limit: finite(stat.steady_state_limit),
        criterion: finite(stat.steady_state_criterion),
        deviation: finite(stat.steady_state_deviation),
        slope: finite(stat.steady_state_slope),
        length: bounded(stat.steady_state_length),
        iops: measured.map(|of| in_order(&of.iops)).unwrap_or_default(),
        bandwidth: measured
            .map(|of| in_order(&of.bandwidth))
            .unwrap_or_default(),
        latency: measured.map(|of| in_order(&of.latency)).unwrap_or_default(),
    })
}

/// A slope may well be negative.
fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// A figure a report can work with.
fn figure(value: f64) -> f64 {
    if value.is_finite() && value > 0.0 {
        value
    } else {
        0.0
    }
}

fn percentiles(stat: &ThreadStat) -> Vec<f64> {
    let asked = stat.percentile_list.iter().copied();
    let mut list: Vec<f64> = asked
        .take_while(|percentile| *percentile != 0.0)
        .filter(|percentile| (0.0..=100.0).contains(percentile))
        .collect();
    if list.is_empty() {
        list = DEFAULT_PERCENTILES.to_vec();
    }
    list.sort_by(f64::total_cmp);
    list
}

/// A peer's name must not be able to move the cursor.
fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
