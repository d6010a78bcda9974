//! What a run measured, neutral over output formats and over where it ran.
//!
//! Every number is kept in the finest unit any part of the system has (nanoseconds, bytes), so
//! that formats only divide and never guess.

use std::time::{Duration, SystemTime};

use super::background::Background;
use crate::direction::PerDirection;
use crate::idle::CpuIdleness;
use crate::job::{PercentileKinds, SteadyMeasure, UnifiedReporting};
use crate::logs::IoLog;
use crate::stats::{BlockInfo, BlockSummary, Histogram, IntervalSeries, Moments};

/// The results of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// When the run began.
    pub started: SystemTime,
    /// When the run ended.
    pub finished: SystemTime,
    /// The options of the `[global]` section as written, in order.
    pub global_options: Vec<(String, String)>,
    /// What is known beside measurements.
    pub background: Background,
    /// One entry per reported job: each clone, or each group where `group_reporting` is on.
    pub jobs: Vec<JobReport>,
    /// One entry per reporting group, in order of their number.
    pub groups: Vec<GroupReport>,
    /// One entry per block device the jobs touched.
    pub disks: Vec<DiskReport>,
    /// How idle the CPUs were, if that was asked for; see [`RunOptions::idleness`].
    ///
    /// [`RunOptions::idleness`]: crate::run::RunOptions::idleness
    pub cpu_idleness: Option<CpuIdleness>,
    /// How long the run will still take, in a report made before its end; `None` at the end, and while
    /// that is unknown.
    pub remaining: Option<Duration>,
    /// The logs of all jobs, in order; see [`RunOptions::logs_in_report`].
    ///
    /// [`RunOptions::logs_in_report`]: crate::run::RunOptions::logs_in_report
    pub logs: Vec<IoLog>,
}

/// The results of one reported job: fio's `thread_stat`.
#[derive(Debug, Clone, PartialEq)]
pub struct JobReport {
    /// Name of the job.
    pub name: String,
    /// The server that ran it, in the results of a client.
    pub host: Option<Host>,
    /// `description`, if given.
    pub description: Option<String>,
    /// Number of the reporting group, from 0.
    pub group_id: u32,
    /// Number of the (first) clone, from 1 over all jobs; 0 if that is unknown.
    pub thread_number: u32,
    /// How many clones are summed up here.
    pub members: u32,
    /// Thread or process identifier of the (first) clone.
    pub process_id: u32,
    /// When the (first) clone began.
    pub started: Option<SystemTime>,
    /// The first error as an `errno` value; 0 if there was none.
    pub error: i32,
    /// How many of its clones an error ended; there may be errors they went on after, too.
    pub failed_members: u32,
    /// Where and why, if `error` is not 0.
    pub error_message: String,
    /// The job was to go on after errors (`continue_on_error`), so results tell how many it met.
    pub continues_on_error: bool,
    /// The errors it met.
    pub errors: ErrorCount,
    /// What became of each block of a job that trims and is to tell (`block_error_percentiles`), and
    /// then of those of other members, up to [`MAX_BLOCKS`](crate::stats::MAX_BLOCKS); empty otherwise.
    pub blocks: Vec<BlockInfo>,
    /// The job's options as written, in order.
    pub options: Vec<(String, String)>,
    /// How directions are reported (`unified_rw_reporting`). With [`UnifiedReporting::Mixed`], the
    /// results of all are those of reads.
    pub unified: UnifiedReporting,

    /// Results of each direction.
    pub directions: PerDirection<DirectionReport>,
    /// Number of `fsync`, `fdatasync` and their like.
    pub total_syncs: u64,
    /// Latency of these, nanoseconds.
    pub sync: LatencyReport,

    /// Time the statistics cover, of the job as a whole; summed over the members of a group, so
    /// that CPU time can be put in relation to it (`job_runtime`).
    pub total_runtime: Duration,
    /// CPU time in user mode.
    pub user_time: Duration,
    /// CPU time in the kernel.
    pub system_time: Duration,
    /// Voluntary and involuntary context switches.
    pub context_switches: u64,
    /// Page faults without I/O.
    pub minor_faults: u64,
    /// Page faults with I/O.
    pub major_faults: u64,

    /// I/Os by depth at submission: 1, 2, 4, 8, 16, 32, >=64 (`io_u_map`).
    pub depth_map: [u64; 7],
    /// I/Os by size of the submitted batch: 0, 4, 8, 16, 32, 64, >=64 (`io_u_submit`).
    pub submit_map: [u64; 7],
    /// I/Os by size of the reaped batch, as above (`io_u_complete`).
    pub complete_map: [u64; 7],
    /// Calls that submitted (`total_submit`).
    pub total_submit: u64,
    /// Calls that reaped (`total_complete`).
    pub total_complete: u64,
    /// I/Os by completion latency, nanoseconds: below 2, 4, 10, 20, 50, 100, 250, 500, 750, 1000.
    pub latency_ns: [u64; 10],
    /// The same in microseconds: below 2 … 1000.
    pub latency_us: [u64; 10],
    /// The same in milliseconds: below 2 … 1000, 2000, >=2000.
    pub latency_ms: [u64; 12],

    /// What the job was asked to keep its latency under; `None` where it did nothing, and for
    /// the sum over several hosts.
    pub latency_target: Option<LatencyTarget>,

    /// How a steady state was looked for and what came of it, in the results of servers whose jobs
    /// asked for one (`steadystate`); `None` for the sum over several hosts.
    pub steady_state: Option<SteadyState>,

    /// What each clone did in each interval of its time; empty in the results of servers, which the
    /// protocol carries no intervals for.
    pub series: Vec<CloneSeries>,
    /// Which latencies show percentiles.
    pub percentiles: PercentileKinds,
    /// The percentiles shown, ascending, 0.0..=100.0.
    pub percentile_list: Vec<f64>,
    /// 1024 or 1000.
    pub kb_base: u32,
    /// 0, 8 (bytes) or 1 (bits).
    pub unit_base: u32,
    /// Digits of printed numbers.
    pub significant_figures: u32,
}

impl JobReport {
    /// The sum of its blocks; `None` if it tells of none.
    #[must_use]
    pub fn block_summary(&self) -> Option<BlockSummary> {
        (!self.blocks.is_empty()).then(|| BlockSummary::new(&self.blocks))
    }
}

/// What one clone of a job did in each interval of its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloneSeries {
    /// Number of the clone, from 1 over all jobs.
    pub thread_number: u32,
    /// When it began; its first interval begins then, or when its ramp time was over.
    pub started: Option<SystemTime>,
    /// Its intervals.
    pub series: IntervalSeries,
}

/// The errors a job met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ErrorCount {
    /// How many, those after which the job went on included (`total_err`).
    pub total: u64,
    /// The first, as an `errno` value; 0 if there was none (`first_error`).
    pub first: i32,
}

impl ErrorCount {
    pub(crate) fn merge(&mut self, other: Self) {
        self.total = self.total.saturating_add(other.total);
        if self.first == 0 {
            self.first = other.first;
        }
    }
}

/// A server as its client addresses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Name or address, as given by the user.
    pub name: String,
    /// TCP port.
    pub port: u16,
}

/// The `latency_target` family of options, and the depth it led to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyTarget {
    /// I/O depth that keeps the target; the job's I/O depth if there is none (`latency_depth`).
    pub depth: u32,
    /// The latency not to be exceeded; zero if there is none (`latency_target`).
    pub target: Duration,
    /// Time over which it is judged (`latency_window`).
    pub window: Duration,
    /// Share of I/Os that must keep it, percent (`latency_percentile`).
    pub percentile: f64,
}

/// Results of one direction of one job.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DirectionReport {
    /// Bytes moved.
    pub bytes: u64,
    /// I/Os issued (`total_io_u`).
    pub total_ios: u64,
    /// I/Os that moved less than asked (`short_io_u`).
    pub short_ios: u64,
    /// I/Os not issued because of a verify or rate decision (`drop_io_u`).
    pub dropped_ios: u64,
    /// Time from the first to the last I/O that counts.
    pub runtime: Duration,
    /// Submission latency, nanoseconds (`slat`).
    pub submission: LatencyReport,
    /// Completion latency, nanoseconds (`clat`).
    pub completion: LatencyReport,
    /// Total latency, nanoseconds (`lat`).
    pub total: LatencyReport,
    /// From when each I/O should have been issued to its completion, nanoseconds: what a user who
    /// comes at the job's rate would see. `None` for jobs without a rate.
    pub intended: Option<LatencyReport>,
    /// Latency by priority, of jobs whose I/Os have priorities of their own; shown where there is more
    /// than one. It is completion latency, or total latency if the job reports percentiles of that.
    pub priorities: Vec<PriorityReport>,
    /// Bandwidth samples, KiB/s.
    pub bandwidth: Moments,
    /// IOPS samples.
    pub iops: Moments,
}

/// Latency of the I/Os of one priority.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriorityReport {
    /// The priority as Linux packs it: class in the bits from 13 on, hint in the ten below, level in the
    /// lowest three.
    pub priority: u32,
    /// The latency, nanoseconds.
    pub latency: LatencyReport,
}

impl PriorityReport {
    /// Class, level and hint.
    #[must_use]
    pub const fn parts(&self) -> (u32, u32, u32) {
        (
            self.priority >> 13,
            self.priority & 7,
            (self.priority >> 3) & 0x3ff,
        )
    }
}

/// How a steady state was looked for and what came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SteadyState {
    /// What was watched.
    pub watched: SteadyMeasure,
    /// The slope of the measurements was watched; without, their largest deviation from the mean.
    pub by_slope: bool,
    /// Limit and criterion are percentages of the mean.
    pub in_percent: bool,
    /// The steady state was reached.
    pub attained: bool,
    /// The limit asked for.
    pub limit: f64,
    /// What was compared with it.
    pub criterion: f64,
    /// Largest deviation of a measurement from the mean.
    pub deviation: f64,
    /// Slope of the measurements.
    pub slope: f64,
    /// How many measurements were looked at together.
    pub length: u64,
    /// The last measurements of IOPS, oldest first; empty where there were not enough.
    pub iops: Vec<u64>,
    /// The last measurements of bandwidth, bytes/s, oldest first.
    pub bandwidth: Vec<u64>,
    /// The last measurements of the mean total latency, ns, oldest first.
    pub latency: Vec<u64>,
}

impl SteadyState {
    /// Mean of the measurements of IOPS, rounded down.
    #[must_use]
    pub fn mean_iops(&self) -> u64 {
        mean(&self.iops)
    }

    /// Mean of the measurements of bandwidth, bytes/s, rounded down.
    #[must_use]
    pub fn mean_bandwidth(&self) -> u64 {
        mean(&self.bandwidth)
    }

    /// Mean of the measurements of latency, ns, rounded down.
    #[must_use]
    pub fn mean_latency(&self) -> u64 {
        mean(&self.latency)
    }
}

fn mean(values: &[u64]) -> u64 {
    let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
    let mean = sum / (values.len().max(1) as u128);
    u64::try_from(mean).unwrap_or(u64::MAX)
}

/// One kind of latency: moments and histogram, nanoseconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LatencyReport {
    /// Count, extremes, mean, deviation.
    pub moments: Moments,
    /// Distribution; `None` where the source did not measure or send one.
    pub histogram: Option<Box<Histogram>>,
}

/// The results of one reporting group: fio's `group_run_stats`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupReport {
    /// Number of the group, from 0.
    pub group_id: u32,
    /// How directions are reported, as in [`JobReport::unified`].
    pub unified: UnifiedReporting,
    /// 1024 or 1000.
    pub kb_base: u32,
    /// 0, 8 (bytes) or 1 (bits).
    pub unit_base: u32,
    /// Digits of printed numbers.
    pub significant_figures: u32,
    /// Sums and extremes of each direction.
    pub directions: PerDirection<GroupDirectionReport>,
}

/// One direction of a reporting group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupDirectionReport {
    /// Bytes moved by all jobs (`iobytes`; older releases: `io_kb`).
    pub bytes: u64,
    /// Bandwidth of all jobs together, bytes/s (`agg`).
    pub aggregate_bandwidth: u64,
    /// Slowest job, bytes/s (`min_bw`).
    pub min_bandwidth: u64,
    /// Fastest job, bytes/s (`max_bw`).
    pub max_bandwidth: u64,
    /// Shortest run time of a job (`min_run`).
    pub min_runtime: Duration,
    /// Longest run time of a job (`max_run`).
    pub max_runtime: Duration,
}

/// What the kernel counted at one block device during the run: fio's `disk_util_stat`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DiskReport {
    /// Kernel name, as in `/sys/block`.
    pub name: String,
    /// I/Os done: reads, writes.
    pub ios: [u64; 2],
    /// I/Os merged: reads, writes.
    pub merges: [u64; 2],
    /// Sectors of 512 bytes: reads, writes.
    pub sectors: [u64; 2],
    /// Time I/Os spent in the device, ms: reads, writes.
    pub ticks_ms: [u64; 2],
    /// Time weighted by queue length, ms.
    pub in_queue_ms: u64,
    /// Time the device was busy, ms (`io_ticks`).
    pub busy_ms: u64,
    /// Share of the time the device was busy, percent.
    pub utilisation_percent: f64,
}
