//! What servers report, as the engine's reports have it.
//!
//! Everything here comes from a peer. Counters are bounded so that sums over many jobs cannot
//! overflow, figures that are no numbers count as zero, and names lose control characters.
//!
//! Version 1 of the protocol says less than a run in this process knows:
//!
//! | in version 1 | in the report |
//! |---|---|
//! | latencies are whole microseconds, truncated | nanoseconds, a multiple of 1000; up to 1 µs too low |
//! | histogram of completion latency only, 19 groups of microsecond buckets | moved to the nanosecond bucket of the same value; no histogram of submission and total latency |
//! | no counts below 1 µs | counted as 1 µs |
//! | stock servers leave out counts from 1 s on | made up from the histogram |
//! | stock servers leave out the list of percentiles | fio's default list |
//! | reads, writes and syncs, no trims | no trims |
//! | group totals in KiB and KiB/s | bytes, multiples of 1024 |
//! | no start time, options, disks as values, latency of syncs, latency target | absent |

use std::time::Duration;

use fio_engine::PerDirection;
use fio_engine::job::{DEFAULT_PERCENTILES, PercentileKinds};
use fio_engine::report::status::{Rate, RateLimits, Status};
use fio_engine::report::{
    DirectionReport, GroupDirectionReport, GroupReport, Host, JobReport, LatencyReport,
};
use fio_engine::stats::{Histogram, MICROSECOND_BUCKETS, Moments};
use fio_proto::layout::{self, GroupRunStats, IoStat, JobsEta, ThreadStat};

/// The results of one job.
#[must_use]
pub fn job_report(stat: &ThreadStat, host: &Host) -> JobReport {
    let directions = std::array::from_fn(|index| direction_report(stat, index));
    let description = printable(stat.description.as_bytes());
    JobReport {
        name: printable(stat.name.as_bytes()),
        host: Some(host.clone()),
        description: Some(description).filter(|description| !description.is_empty()),
        group_id: stat.group_id,
        thread_number: 0,
        members: stat.members.clamp(1, MOST_MEMBERS),
        process_id: stat.process_id,
        started: None,
        error: i32::try_from(stat.error).unwrap_or(i32::MAX),
        error_message: printable(stat.error_text.as_bytes()),
        total_errors: bounded(stat.total_errors),
        options: Vec::new(),
        directions: PerDirection(directions),
        total_syncs: bounded(stat.total_syncs),
        sync: LatencyReport::default(),
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
        latency_ns: [0; 10],
        latency_us: stat.latency_us.map(bounded),
        latency_ms: slow_latencies(stat),
        latency_target: None,
        percentiles: PercentileKinds {
            submission: false,
            completion: stat.completion_percentiles != 0,
            total: false,
        },
        percentile_list: percentiles(stat),
        kb_base: kb_base(stat.kb_base),
        unit_base: 0,
        significant_figures: 4,
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
        kb_base: kb_base(stats.kb_base),
        unit_base: 0,
        significant_figures: 4,
        directions: PerDirection(std::array::from_fn(direction)),
    }
}

/// How far a server's jobs are. `run_string` has one character per thread; `since_start` is the
/// client's own measurement, for servers that do not tell the time.
#[must_use]
pub fn status(eta: &JobsEta, run_string: &[u8], since_start: Duration) -> Status {
    let rate = |index: usize| Rate {
        bytes_per_second: bounded(eta.rate[index]),
        ios_per_second: bounded(eta.iops[index]),
    };
    let sum = |values: &[u64; 3]| values.iter().copied().map(bounded).sum::<u64>();
    Status {
        running: eta.running,
        ramping: eta.ramping,
        pending: eta.pending,
        done: eta
            .threads
            .saturating_sub(eta.running)
            .saturating_sub(eta.pending),
        open_files: eta.files_open,
        run_string: run_lengths(run_string),
        rates: PerDirection(std::array::from_fn(rate)),
        limits: RateLimits {
            bytes_per_second: (sum(&eta.minimum_rate), sum(&eta.rate_limit)),
            ios_per_second: (sum(&eta.minimum_iops), sum(&eta.iops_limit)),
        },
        elapsed: eta
            .elapsed()
            .map_or(since_start, |seconds| Duration::from_secs(bounded(seconds))),
        eta: eta.remaining().map(Duration::from_secs),
        kb_base: 1024,
        unit_base: 0,
        significant_figures: 4,
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

/// Only two values mean anything.
const fn kb_base(value: u32) -> u32 {
    if value == 1000 { 1000 } else { 1024 }
}

fn direction_report(stat: &ThreadStat, index: usize) -> DirectionReport {
    DirectionReport {
        bytes: bounded(stat.io_bytes[index]),
        total_ios: bounded(stat.total_ios[index]),
        short_ios: bounded(stat.short_ios[index]),
        dropped_ios: 0,
        runtime: milliseconds(stat.runtime_ms[index]),
        submission: latency(&stat.submission_latency[index], None),
        completion: latency(
            &stat.completion_latency[index],
            Some(&stat.completion_histogram[index]),
        ),
        total: latency(&stat.total_latency[index], None),
        bandwidth: moments(&stat.bandwidth[index], 1),
        iops: moments(&stat.iops[index], 1),
    }
}

fn latency(stat: &IoStat, histogram: Option<&layout::Histogram>) -> LatencyReport {
    let histogram = histogram
        .filter(|histogram| histogram.total() > 0)
        .map(|histogram| {
            let counts: Vec<u64> = histogram
                .counts()
                .iter()
                .take(MICROSECOND_BUCKETS)
                .copied()
                .map(bounded)
                .collect();
            Histogram::from_microsecond_counts(&counts)
        });
    LatencyReport {
        moments: moments(stat, 1000),
        histogram,
    }
}

/// `scale` turns the unit of the series into that of the report.
fn moments(stat: &IoStat, scale: u32) -> Moments {
    if stat.samples == 0 {
        return Moments::default();
    }
    let factor = f64::from(scale);
    let max = bounded(stat.max.saturating_mul(scale.into()));
    Moments {
        samples: bounded(stat.samples),
        min: bounded(stat.min.saturating_mul(scale.into())).min(max),
        max,
        mean: figure(stat.mean * factor),
        squared_deviations: figure(stat.squares * factor * factor),
    }
}

/// A figure a report can work with.
fn figure(value: f64) -> f64 {
    if value.is_finite() && value > 0.0 {
        value
    } else {
        0.0
    }
}

/// Counts from 2 ms on. What a stock server left out took a second or more; the histogram tells
/// how much of it took two.
fn slow_latencies(stat: &ThreadStat) -> [u64; 12] {
    let mut counts = stat.latency_ms.map(bounded);
    let [.., second, seconds] = &mut counts;
    if (*second, *seconds) == (0, 0) {
        let missing = bounded(stat.uncounted_latencies());
        let two_seconds = stat
            .completion_histogram
            .iter()
            .map(at_least_two_seconds)
            .sum::<u64>();
        *seconds = two_seconds.min(missing);
        *second = missing - *seconds;
    }
    counts
}

fn at_least_two_seconds(histogram: &layout::Histogram) -> u64 {
    let first = Histogram::bucket_index(2_000_000);
    histogram
        .counts()
        .iter()
        .skip(first)
        .copied()
        .map(bounded)
        .sum::<u64>()
        .min(MOST)
}

fn percentiles(stat: &ThreadStat) -> Vec<f64> {
    let asked = stat.percentiles().unwrap_or(&DEFAULT_PERCENTILES);
    let mut list: Vec<f64> = asked
        .iter()
        .copied()
        .filter(|percentile| (0.0..=100.0).contains(percentile))
        .collect();
    list.sort_by(f64::total_cmp);
    list
}

/// One character per thread as runs of equal ones: `rrrW` is `r(3),W(1)`.
fn run_lengths(states: &[u8]) -> String {
    let states = states.split(|byte| *byte == 0).next().unwrap_or_default();
    let runs: Vec<_> = states
        .chunk_by(|left, right| left == right)
        .map(|run| {
            let state = if run[0].is_ascii_graphic() {
                char::from(run[0])
            } else {
                '?'
            };
            format!("{state}({})", run.len())
        })
        .collect();
    runs.join(",")
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
