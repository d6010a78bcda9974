//! What a run measured, as messages of the protocol.
//!
//! The layouts are neutral over versions; the units here are those of version 1, the only one
//! spoken so far. It says less than a run knows:
//!
//! | in the report | in version 1 |
//! |---|---|
//! | latencies in nanoseconds | whole microseconds, truncated |
//! | histograms of submission, completion and total latency | of completion latency only |
//! | reads, writes and trims | reads and writes |
//! | bytes and bytes/s of groups | KiB and KiB/s, truncated |
//! | disks as figures | lines of text |
//! | names of any length, any number of percentiles | 127 bytes, 20 |

use std::time::Duration;

use fio_engine::report::status::Status;
use fio_engine::report::{
    DirectionReport, GroupDirectionReport, GroupReport, JobReport, LatencyReport, Report, normal,
};
use fio_engine::stats::{MICROSECOND_BUCKETS, Moments};
use fio_proto::layout::{GroupRunStats, Histogram, IoStat, JobsEta, ThreadStat};
use fio_proto::message::{Eta, ServerMessage, ThreadReport};

/// The messages that tell the results of a run, in fio's order: an empty line, one TS for each
/// reported job, one GS for each group, and the disks as text. QUIT is not among them.
///
/// They are made one by one, because those of many jobs together are large.
#[derive(Debug)]
pub struct ReportMessages {
    report: Report,
    next: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    EmptyLine,
    Job(usize),
    Group(usize),
    /// A line of the disks' text.
    Disks(usize),
    Done,
}

impl ReportMessages {
    /// The messages of `report`.
    #[must_use]
    pub const fn new(report: Report) -> Self {
        Self {
            report,
            next: Step::EmptyLine,
        }
    }

    fn job(&self, index: usize) -> Option<ServerMessage> {
        let job = self.report.jobs.get(index)?;
        let group = self
            .report
            .groups
            .iter()
            .find(|group| group.group_id == job.group_id);
        let totals = group.map(group_run_stats).unwrap_or_default();
        let report = ThreadReport::new(thread_stat(job), totals);
        Some(ServerMessage::ThreadReport(Box::new(report)))
    }

    fn group(&self, index: usize) -> Option<ServerMessage> {
        let group = self.report.groups.get(index)?;
        Some(ServerMessage::GroupStats(group_run_stats(group)))
    }

    /// One line for each message: a client of 2011 puts the host before each message, not each line.
    fn disks(&self, line: usize) -> Option<ServerMessage> {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = normal::write_disks(&mut text, &self.report.disks);
        text.split_inclusive('\n')
            .nth(line)
            .map(ServerMessage::text)
    }
}

impl Iterator for ReportMessages {
    type Item = ServerMessage;

    fn next(&mut self) -> Option<ServerMessage> {
        loop {
            let (message, next) = match self.next {
                Step::EmptyLine => (Some(ServerMessage::text("\n")), Step::Job(0)),
                Step::Job(index) => match self.job(index) {
                    Some(message) => (Some(message), Step::Job(index + 1)),
                    None => (None, Step::Group(0)),
                },
                Step::Group(index) => match self.group(index) {
                    Some(message) => (Some(message), Step::Group(index + 1)),
                    None => (None, Step::Disks(0)),
                },
                Step::Disks(line) => match self.disks(line) {
                    Some(message) => (Some(message), Step::Disks(line + 1)),
                    None => (None, Step::Done),
                },
                Step::Done => return None,
            };
            self.next = next;
            if message.is_some() {
                return message;
            }
        }
    }
}

/// How far the jobs are.
#[must_use]
pub fn eta(status: &Status) -> ServerMessage {
    let states = states_of(&status.run_string);
    let limits = &status.limits;
    let (least, intended) = limits.bytes_per_second;
    let rates = status.rates.0;
    let mut figures = JobsEta::default();
    figures.running = status.running;
    figures.ramping = status.ramping;
    figures.pending = status.pending;
    figures.files_open = status.open_files;
    figures.minimum_rate[0] = kilobytes(least);
    figures.rate_limit[0] = kilobytes(intended);
    (figures.minimum_iops[0], figures.iops_limit[0]) = limits.ios_per_second;
    figures.rate = rates.map(|rate| kilobytes(rate.bytes_per_second));
    figures.iops = rates.map(|rate| rate.ios_per_second);
    figures.elapsed_sec = status.elapsed.as_secs();
    figures.eta_sec = status.eta.map_or(JobsEta::UNKNOWN_ETA, |eta| eta.as_secs());
    figures.threads = u32::try_from(states.len()).unwrap_or(u32::MAX);
    ServerMessage::Eta(Eta::new(figures, states))
}

/// The results of one job, or of several that report as one.
#[must_use]
pub fn thread_stat(job: &JobReport) -> ThreadStat {
    let by_direction = |of: fn(&DirectionReport) -> u64| job.directions.0.each_ref().map(of);
    let io_stats = |of: fn(&DirectionReport) -> IoStat| job.directions.0.each_ref().map(of);
    let mut stat = ThreadStat::default();
    stat.name = job.name.as_str().into();
    stat.error_text = job.error_message.as_str().into();
    stat.error = job.error.unsigned_abs();
    stat.group_id = job.group_id;
    stat.process_id = job.process_id;
    stat.description = job.description.as_deref().unwrap_or_default().into();
    stat.members = job.members;
    stat.completion_latency = io_stats(|direction| microseconds(&direction.completion.moments));
    stat.submission_latency = io_stats(|direction| microseconds(&direction.submission.moments));
    stat.total_latency = io_stats(|direction| microseconds(&direction.total.moments));
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
    stats.max_bandwidth = by_direction(|direction| direction.max_bandwidth / KIB);
    stats.min_bandwidth = minimum(|direction| direction.min_bandwidth / KIB);
    stats.io_kib = by_direction(|direction| direction.bytes / KIB);
    stats.bandwidth = by_direction(|direction| direction.aggregate_bandwidth / KIB);
    stats.kb_base = group.kb_base;
    stats.group_id = group.group_id;
    stats
}

const KIB: u64 = 1024;

fn idle(direction: &GroupDirectionReport) -> bool {
    direction.bytes == 0
}

/// Rates of a running job travel in units of 1000 bytes/s, as fio 1.99 computes them (bytes per
/// millisecond), unlike those of the results.
const fn kilobytes(bytes: u64) -> u64 {
    bytes / 1000
}

/// Whole milliseconds, at least one for any time at all: receivers divide by them.
fn milliseconds(time: Duration) -> u64 {
    let rounded = u64::try_from((time.as_nanos() + 500_000) / 1_000_000).unwrap_or(u64::MAX);
    rounded.max(u64::from(!time.is_zero()))
}

fn io_stat(moments: &Moments) -> IoStat {
    scaled(moments, 1)
}

fn microseconds(nanoseconds: &Moments) -> IoStat {
    scaled(nanoseconds, 1000)
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

/// `r(3),W(1)` as one letter for each job: `rrrW`.
fn states_of(run_string: &str) -> String {
    let runs = run_string.split(',').filter_map(|run| {
        let (state, count) = run.strip_suffix(')')?.split_once('(')?;
        Some((state.chars().next()?, count.parse::<usize>().ok()?))
    });
    runs.flat_map(|(state, count)| std::iter::repeat_n(state, count))
        .collect()
}

#[cfg(test)]
mod tests;
