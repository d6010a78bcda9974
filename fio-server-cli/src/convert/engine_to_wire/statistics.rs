//! Statistics of jobs and groups, as TS and GS have them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::convert::unified_report;
use fio_engine::job::SteadyMeasure;
use fio_engine::report::{
    DirectionReport, GroupDirectionReport, GroupReport, JobReport, LatencyReport, PriorityReport,
};
use fio_engine::stats::{MICROSECOND_BUCKETS, Moments};
use fio_proto::ServerVersion;
use fio_proto::layout::{GroupRunStats, Histogram, IoStat, PriorityStat, SteadyState, ThreadStat};

/// The results of one job, or of several that report as one, for a client of this version.
///
/// `index` is the place of the report among those of the run, from 0. It also gives the thread's number:
/// fio's client looks a job's options up by that, though they are numbered by report.
#[must_use]
pub fn thread_stat(job: &JobReport, index: usize, version: ServerVersion) -> ThreadStat {
    let mut stat = ThreadStat::default();
    stat.name = job.name.as_str().into();
    stat.error_text = job.error_message.as_str().into();
    stat.error = job.error.unsigned_abs();
    stat.thread_number = u32::try_from(index + 1).unwrap_or(u32::MAX);
    stat.group_id = job.group_id;
    stat.process_id = job.process_id;
    stat.job_start_ms = job.started.map_or(0, milliseconds_since_1970);
    stat.description = job.description.as_deref().unwrap_or_default().into();
    stat.members = job.members;
    let by_priority = job
        .directions
        .iter()
        .any(|(_, of)| !of.priorities.is_empty());
    stat.priorities_disabled = (!by_priority).into();
    stat.unified_report = unified_report(job.unified);
    stat.continue_on_error = u16::from(job.continues_on_error);
    stat.total_errors = job.errors.total;
    stat.first_error = job.errors.first.unsigned_abs();
    stat.block_count = job.blocks.len() as u64;
    stat.block_infos = job.blocks.iter().map(|block| block.bits()).collect();
    stat.kb_base = job.kb_base;
    stat.unit_base = unit_base(job.unit_base, version);
    stat.significant_figures = job.significant_figures;
    set_counters(&mut stat, job);
    set_latencies(&mut stat, job, version);
    set_percentiles(&mut stat, job, version);
    set_latency_target(&mut stat, job);
    set_steady_state(&mut stat, job);
    set_two_priorities(&mut stat, job, version);
    stat
}

fn set_counters(stat: &mut ThreadStat, job: &JobReport) {
    let by_direction = |of: fn(&DirectionReport) -> u64| job.directions.0.each_ref().map(of);
    let io_stats = |of: fn(&DirectionReport) -> &Moments| {
        let io_stat = |direction| scaled(of(direction), 1);
        job.directions.0.each_ref().map(io_stat)
    };
    stat.bandwidth = io_stats(|direction| &direction.bandwidth);
    stat.iops = io_stats(|direction| &direction.iops);
    stat.user_time_ms = milliseconds(job.user_time);
    stat.system_time_ms = milliseconds(job.system_time);
    stat.context_switches = job.context_switches;
    stat.minor_faults = job.minor_faults;
    stat.major_faults = job.major_faults;
    stat.depth_map = job.depth_map;
    stat.submit_map = job.submit_map;
    stat.complete_map = job.complete_map;
    stat.total_ios = by_direction(|direction| direction.total_ios);
    stat.total_syncs = job.total_syncs;
    stat.short_ios = by_direction(|direction| direction.short_ios);
    stat.dropped_ios = by_direction(|direction| direction.dropped_ios);
    stat.submitted = job.total_submit;
    stat.completed = job.total_complete;
    stat.io_bytes = by_direction(|direction| direction.bytes);
    stat.runtime_ms = by_direction(|direction| milliseconds(direction.runtime));
    stat.total_runtime_ms = milliseconds(job.total_runtime);
}

fn set_latencies(stat: &mut ThreadStat, job: &JobReport, version: ServerVersion) {
    // Version 1 counts in microseconds, later ones in nanoseconds.
    let nanosecond = if counts_microseconds(version) {
        1000
    } else {
        1
    };
    let moments = |of: fn(&DirectionReport) -> &LatencyReport| {
        let moments = |direction| scaled(&of(direction).moments, nanosecond);
        job.directions.0.each_ref().map(moments)
    };
    let histograms = |of: fn(&DirectionReport) -> &LatencyReport| {
        let counts = |direction| histogram(of(direction), version);
        job.directions.0.each_ref().map(counts)
    };
    stat.submission_latency = moments(|direction| &direction.submission);
    stat.completion_latency = moments(|direction| &direction.completion);
    stat.total_latency = moments(|direction| &direction.total);
    stat.sync_latency = scaled(&job.sync.moments, nanosecond);
    if sends_total_percentiles(job, version) {
        stat.completion_histogram = histograms(|direction| &direction.total);
    } else {
        stat.completion_histogram = histograms(|direction| &direction.completion);
    }
    if !counts_microseconds(version) {
        stat.submission_histogram = histograms(|direction| &direction.submission);
        stat.total_histogram = histograms(|direction| &direction.total);
        stat.sync_histogram = histogram(&job.sync, version);
        stat.latency_ns = job.latency_ns;
    }
    stat.latency_us = latencies_in_microseconds(job, version);
    stat.latency_ms = job.latency_ms;
}

fn set_percentiles(stat: &mut ThreadStat, job: &JobReport, version: ServerVersion) {
    let total_only = sends_total_percentiles(job, version);
    let has_one_histogram = version < FIRST_WITH_ALL_HISTOGRAMS;
    stat.submission_percentiles = (job.percentiles.submission && !has_one_histogram).into();
    stat.completion_percentiles = (job.percentiles.completion && !total_only).into();
    let total = job.percentiles.total && (total_only || !has_one_histogram);
    stat.total_percentiles = total.into();
    stat.percentile_precision = 2;
    stat.percentile_list = percentile_list(job);
}

/// The first version with a histogram for each kind of latency.
const FIRST_WITH_ALL_HISTOGRAMS: ServerVersion = ServerVersion::new(82);

/// The first version whose one histogram may be of total latency.
const FIRST_WITH_TOTAL_PERCENTILES: ServerVersion = ServerVersion::new(66);

/// Whether the one histogram of the version has to be that of total latency.
fn sends_total_percentiles(job: &JobReport, version: ServerVersion) -> bool {
    let one_of_either = FIRST_WITH_TOTAL_PERCENTILES..FIRST_WITH_ALL_HISTOGRAMS;
    let wanted = job.percentiles.total && !job.percentiles.completion;
    wanted && one_of_either.contains(&version)
}

fn set_latency_target(stat: &mut ThreadStat, job: &JobReport) {
    let Some(target) = &job.latency_target else {
        return;
    };
    stat.latency_depth = target.depth;
    stat.latency_target = u64::try_from(target.target.as_nanos()).unwrap_or(u64::MAX);
    stat.latency_window = u64::try_from(target.window.as_micros()).unwrap_or(u64::MAX);
    stat.latency_percentile = target.percentile;
}

/// The latencies by priority, as versions since 96 have them.
#[must_use]
pub fn priority_stats(job: &JobReport) -> [Vec<PriorityStat>; 3] {
    job.directions.0.each_ref().map(|direction| {
        let stat = |of_one: &PriorityReport| {
            let mut stat = PriorityStat::default();
            stat.priority = of_one.priority;
            stat.latency = scaled(&of_one.latency.moments, 1);
            stat.histogram = histogram(&of_one.latency, ServerVersion::NEWEST);
            stat
        };
        direction.priorities.iter().map(stat).collect()
    })
}

/// Versions 82 to 95 know two priorities: real-time, which is high, and everything else, also where jobs set
/// none.
fn set_two_priorities(stat: &mut ThreadStat, job: &JobReport, version: ServerVersion) {
    const REAL_TIME_CLASS: u32 = 1;
    for (index, direction) in job.directions.0.iter().enumerate() {
        let all_of = |high: bool| {
            let mut all = LatencyReport::default();
            let wanted = |of_one: &&PriorityReport| (of_one.parts().0 == REAL_TIME_CLASS) == high;
            direction
                .priorities
                .iter()
                .filter(wanted)
                .for_each(|of_one| all.merge(&of_one.latency));
            all
        };
        let (high, mut low) = (all_of(true), all_of(false));
        if direction.priorities.is_empty() {
            low = direction.completion.clone();
        }
        stat.high_priority_latency[index] = scaled(&high.moments, 1);
        stat.high_priority_histogram[index] = histogram(&high, version);
        stat.low_priority_latency[index] = scaled(&low.moments, 1);
        stat.low_priority_histogram[index] = histogram(&low, version);
    }
}

/// The flags tell that the measurements follow: see [`steady_state`]. No flag for latencies has been
/// observed; without one for the others they are what was watched.
fn set_steady_state(stat: &mut ThreadStat, job: &JobReport) {
    let Some(state) = &job.steady_state else {
        return;
    };
    let flag = |set: bool, flag: u32| if set { flag } else { 0 };
    stat.steady_state_flags = SteadyState::DATA
        | flag(state.watched == SteadyMeasure::Iops, SteadyState::IOPS)
        | flag(
            state.watched == SteadyMeasure::Bandwidth,
            SteadyState::BANDWIDTH,
        )
        | flag(state.by_slope, SteadyState::SLOPE)
        | flag(state.in_percent, SteadyState::PERCENT)
        | flag(state.attained, SteadyState::ATTAINED)
        | flag(!state.iops.is_empty(), SteadyState::RAMP_OVER)
        | flag(is_full(state), SteadyState::BUFFER_FULL);
    stat.steady_state_length = state.length;
    stat.steady_state_limit = state.limit;
    stat.steady_state_criterion = state.criterion;
    stat.steady_state_deviation = state.deviation;
    stat.steady_state_slope = state.slope;
}

/// Whether as many measurements were made as the state has to last. Those not made are zeroes at the end.
fn is_full(state: &fio_engine::report::SteadyState) -> bool {
    let last = state.latency.last().zip(state.iops.last());
    last.is_some_and(|(latency, iops)| (*latency, *iops) != (0, 0))
}

/// The measurements by which a steady state was looked for; the ring begins with the oldest.
pub(super) fn steady_state(job: &JobReport) -> Option<SteadyState> {
    let state = job.steady_state.as_ref()?;
    let (iops, bandwidth) = (state.iops.clone(), state.bandwidth.clone());
    Some(SteadyState::new(iops, bandwidth, state.latency.clone()))
}

const fn counts_microseconds(version: ServerVersion) -> bool {
    version.number() == ServerVersion::V1.number()
}

/// The unit of rates: 8 for bytes and 1 for bits in job files and up to version 72, later 4 and 5
/// (observed). Stock servers never send 0, "as usual".
pub(in crate::convert) const fn unit_base(of_job: u32, version: ServerVersion) -> u32 {
    match (of_job, version.number() < 73) {
        (1, true) => 1,
        (_, true) => 8,
        (1, false) => 5,
        (_, false) => 4,
    }
}

/// The totals of one group.
#[must_use]
pub fn group_run_stats(group: &GroupReport, version: ServerVersion) -> GroupRunStats {
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
    stats.unit_base = unit_base(group.unit_base, version);
    stats.significant_figures = group.significant_figures;
    stats.unified_report = unified_report(group.unified);
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

fn milliseconds_since_1970(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
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
fn latencies_in_microseconds(job: &JobReport, version: ServerVersion) -> [u64; 10] {
    let mut counts = job.latency_us;
    if counts_microseconds(version) {
        counts[0] += job.latency_ns.iter().sum::<u64>();
    }
    counts
}

fn histogram(latency: &LatencyReport, version: ServerVersion) -> Histogram {
    let Some(histogram) = &latency.histogram else {
        return Histogram::default();
    };
    if counts_microseconds(version) {
        let counts = histogram.to_microsecond_counts::<MICROSECOND_BUCKETS>();
        Histogram::from_counts(counts.iter().copied())
    } else {
        Histogram::from_counts(histogram.counts().iter().copied())
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
