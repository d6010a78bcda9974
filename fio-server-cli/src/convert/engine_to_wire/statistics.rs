//! Statistics of jobs and groups, as TS and GS have them.

use std::time::Duration;

use fio_engine::report::{
    DirectionReport, GroupDirectionReport, GroupReport, JobReport, LatencyReport,
};
use fio_engine::stats::{MICROSECOND_BUCKETS, Moments};
use fio_proto::ServerVersion;
use fio_proto::layout::{GroupRunStats, Histogram, IoStat, ThreadStat};

/// The results of one job, or of several that report as one.
#[must_use]
pub fn thread_stat(job: &JobReport, version: ServerVersion) -> ThreadStat {
    let by_direction = |of: fn(&DirectionReport) -> u64| job.directions.0.each_ref().map(of);
    let io_stats = |of: fn(&DirectionReport) -> IoStat| job.directions.0.each_ref().map(of);
    // Version 1 counts in microseconds, later ones in nanoseconds.
    let nanosecond = if version == ServerVersion::V1 {
        1000
    } else {
        1
    };
    let latency = |of: fn(&DirectionReport) -> &LatencyReport| {
        let scaled_of = |direction| scaled(&of(direction).moments, nanosecond);
        job.directions.0.each_ref().map(scaled_of)
    };
    let mut stat = ThreadStat::default();
    stat.name = job.name.as_str().into();
    stat.error_text = job.error_message.as_str().into();
    stat.error = job.error.unsigned_abs();
    stat.group_id = job.group_id;
    stat.process_id = job.process_id;
    stat.description = job.description.as_deref().unwrap_or_default().into();
    stat.members = job.members;
    stat.completion_latency = latency(|direction| &direction.completion);
    stat.submission_latency = latency(|direction| &direction.submission);
    stat.total_latency = latency(|direction| &direction.total);
    stat.bandwidth = io_stats(|direction| io_stat(&direction.bandwidth));
    stat.iops = io_stats(|direction| io_stat(&direction.iops));
    stat.user_time_ms = milliseconds(job.user_time);
    stat.system_time_ms = milliseconds(job.system_time);
    stat.context_switches = job.context_switches;
    stat.minor_faults = job.minor_faults;
    stat.major_faults = job.major_faults;
    stat.completion_percentiles = job.percentiles.completion.into();
    stat.percentile_list = percentile_list(job);
    stat.depth_map = job.depth_map;
    stat.submit_map = job.submit_map;
    stat.complete_map = job.complete_map;
    stat.latency_us = latencies_in_microseconds(job);
    stat.latency_ms = job.latency_ms;
    stat.completion_histogram = job
        .directions
        .0
        .each_ref()
        .map(|direction| histogram(&direction.completion));
    stat.total_ios = by_direction(|direction| direction.total_ios);
    stat.total_syncs = job.total_syncs;
    stat.short_ios = by_direction(|direction| direction.short_ios);
    stat.submitted = job.total_submit;
    stat.completed = job.total_complete;
    stat.io_bytes = by_direction(|direction| direction.bytes);
    stat.runtime_ms = by_direction(|direction| milliseconds(direction.runtime));
    stat.total_runtime_ms = milliseconds(job.total_runtime);
    stat.total_errors = job.total_errors;
    stat.first_error = job.error.unsigned_abs();
    stat.kb_base = job.kb_base;
    stat
}

/// The totals of one group.
#[must_use]
pub fn group_run_stats(group: &GroupReport) -> GroupRunStats {
    let by_direction = |of: fn(&GroupDirectionReport) -> u64| group.directions.0.each_ref().map(of);
    // All ones stand for the minimum of nothing.
    let minimum = |of: fn(&GroupDirectionReport) -> u64| {
        let ones = |direction| {
            if idle(direction) {
                u64::MAX
            } else {
                of(direction)
            }
        };
        group.directions.0.each_ref().map(ones)
    };
    let mut stats = GroupRunStats::default();
    stats.max_runtime_ms = by_direction(|direction| milliseconds(direction.max_runtime));
    stats.min_runtime_ms = minimum(|direction| milliseconds(direction.min_runtime));
    stats.max_bandwidth = by_direction(|direction| direction.max_bandwidth);
    stats.min_bandwidth = minimum(|direction| direction.min_bandwidth);
    stats.io_bytes = by_direction(|direction| direction.bytes);
    stats.bandwidth = by_direction(|direction| direction.aggregate_bandwidth);
    stats.kb_base = group.kb_base;
    stats.group_id = group.group_id;
    stats
}

fn idle(direction: &GroupDirectionReport) -> bool {
    direction.bytes == 0
}

/// Whole milliseconds, at least one for any time at all: receivers divide by them.
fn milliseconds(time: Duration) -> u64 {
    let rounded = u64::try_from((time.as_nanos() + 500_000) / 1_000_000).unwrap_or(u64::MAX);
    rounded.max(u64::from(!time.is_zero()))
}

fn io_stat(moments: &Moments) -> IoStat {
    scaled(moments, 1)
}

fn scaled(moments: &Moments, divisor: u32) -> IoStat {
    let factor = f64::from(divisor);
    IoStat {
        max: moments.max / u64::from(divisor),
        // All ones stand for the minimum of nothing; 0 would win when receivers merge.
        min: match moments.samples {
            0 => u64::MAX,
            _ => moments.min / u64::from(divisor),
        },
        samples: moments.samples,
        mean: moments.mean / factor,
        squares: moments.squared_deviations / (factor * factor),
    }
}

/// Version 1 has no counts below a microsecond; its first one takes them all.
fn latencies_in_microseconds(job: &JobReport) -> [u64; 10] {
    let mut counts = job.latency_us;
    counts[0] += job.latency_ns.iter().sum::<u64>();
    counts
}

fn histogram(latency: &LatencyReport) -> Histogram {
    match &latency.histogram {
        Some(histogram) => {
            let counts = histogram.to_microsecond_counts::<MICROSECOND_BUCKETS>();
            Histogram::from_counts(counts.iter().copied())
        }
        None => Histogram::default(),
    }
}

fn percentile_list(job: &JobReport) -> [f64; 20] {
    let mut list = [0.0; 20];
    // A zero ends the list, so a 0th percentile cannot travel.
    let given = job
        .percentile_list
        .iter()
        .filter(|percentile| **percentile > 0.0);
    list.iter_mut()
        .zip(given)
        .for_each(|(slot, percentile)| *slot = *percentile);
    list
}

#[cfg(test)]
mod tests;
