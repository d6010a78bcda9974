//! From statistics to reports, and from several reports to one.

use std::time::{Duration, SystemTime};

use super::model::{
    DirectionReport, ErrorCount, GroupDirectionReport, GroupReport, JobReport, LatencyReport,
    LatencyTarget, PriorityReport,
};
use crate::direction::{Direction, PerDirection};
use crate::job::{JobSpec, PercentileKinds, UnifiedReporting};
use crate::stats::{DirectionLatencies, JobStatistics, LatencyRecorder, PriorityLatency, blocks};

/// Name of the report that sums up all hosts of a client.
pub const ALL_CLIENTS: &str = "All clients";

impl JobReport {
    /// The report of a job that has done nothing yet.
    #[must_use]
    pub fn new(spec: &JobSpec, group_id: u32) -> Self {
        Self {
            name: spec.name.clone(),
            host: None,
            description: spec.description.clone(),
            group_id,
            thread_number: 0,
            members: 1,
            process_id: 0,
            started: None,
            error: 0,
            failed_members: 0,
            error_message: String::new(),
            continues_on_error: false,
            errors: ErrorCount::default(),
            blocks: Vec::new(),
            options: spec.given_options.clone(),
            unified: UnifiedReporting::Separate,
            directions: PerDirection::default(),
            total_syncs: 0,
            sync: LatencyReport::default(),
            total_runtime: Duration::ZERO,
            user_time: Duration::ZERO,
            system_time: Duration::ZERO,
            context_switches: 0,
            minor_faults: 0,
            major_faults: 0,
            depth_map: [0; 7],
            submit_map: [0; 7],
            complete_map: [0; 7],
            total_submit: 0,
            total_complete: 0,
            latency_ns: [0; 10],
            latency_us: [0; 10],
            latency_ms: [0; 12],
            latency_target: None,
            steady_state: None,
            series: Vec::new(),
            percentiles: PercentileKinds {
                submission: spec.percentiles.submission && spec.measure.submission_latency,
                completion: spec.percentiles.completion && spec.measure.completion_latency,
                total: spec.percentiles.total && spec.measure.total_latency,
            },
            percentile_list: spec.percentile_list.clone(),
            kb_base: spec.kb_base,
            unit_base: spec.unit_base,
            significant_figures: spec.significant_figures,
        }
    }

    /// The report of one job from what its thread recorded.
    ///
    /// `runtimes` is the time each direction was busy; the longest becomes the run time of the
    /// job. Who ran it, when, what it cost the CPU and how it ended are left for the caller to
    /// fill in.
    #[must_use]
    pub fn from_statistics(
        spec: &JobSpec,
        group_id: u32,
        statistics: &JobStatistics,
        runtimes: PerDirection<Duration>,
    ) -> Self {
        let mut report = Self::new(spec, group_id);
        report.set_statistics(statistics, runtimes);
        let idle = report.total_ios() == 0;
        report.latency_target = (!idle).then_some(LatencyTarget {
            depth: spec.io_depth,
            target: spec.latency_target.target,
            window: spec.latency_target.window,
            percentile: spec.latency_target.percentile,
        });
        report
    }

    /// Replaces everything that comes from a job's statistics.
    pub fn set_statistics(&mut self, statistics: &JobStatistics, runtimes: PerDirection<Duration>) {
        for (direction, runtime) in runtimes.iter() {
            self.directions[direction] = DirectionReport::of(statistics, direction, *runtime);
        }
        self.total_runtime = runtimes.0.into_iter().max().unwrap_or_default();
        self.total_syncs = statistics.syncs();
        self.sync = LatencyReport::of(statistics.sync_latency());
        self.depth_map = *statistics.depth_map();
        self.submit_map = *statistics.submit_map();
        self.complete_map = *statistics.complete_map();
        self.total_submit = statistics.total_submit();
        self.total_complete = statistics.total_complete();
        let distribution = statistics.distribution();
        self.latency_ns = distribution.nanoseconds();
        self.latency_us = distribution.microseconds();
        self.latency_ms = distribution.milliseconds();
        self.blocks = statistics.blocks().to_vec();
    }

    /// I/Os of all directions.
    #[must_use]
    pub fn total_ios(&self) -> u64 {
        self.directions
            .0
            .iter()
            .map(|direction| direction.total_ios)
            .sum()
    }

    /// Adds another job to this one, as `group_reporting` does: I/Os, times and rates add up,
    /// latencies merge exactly, the run time of a direction is the longest, and blocks come behind one
    /// another as far as there is room.
    ///
    /// Name, format and identity stay those of `self`, options become those of the other, as fio has it; the
    /// first error is kept.
    pub fn merge(&mut self, other: &Self) {
        let is_mixed = |job: &Self| job.unified == UnifiedReporting::Mixed;
        if is_mixed(self) && !is_mixed(other) {
            let mut unified = other.clone();
            unified.unify();
            return self.merge(&unified);
        }
        self.members += other.members;
        self.options.clone_from(&other.options);
        if self.error == 0 {
            self.error = other.error;
            self.error_message.clone_from(&other.error_message);
        }
        self.continues_on_error |= other.continues_on_error;
        self.failed_members += other.failed_members;
        self.errors.merge(other.errors);
        blocks::append(&mut self.blocks, &other.blocks);
        self.latency_target = self.latency_target.or(other.latency_target);
        self.series.extend_from_slice(&other.series);
        for (direction, theirs) in other.directions.iter() {
            self.directions[direction].merge(theirs);
        }
        self.total_syncs += other.total_syncs;
        self.sync.merge(&other.sync);
        self.merge_resources(other);
        add(&mut self.depth_map, &other.depth_map);
        add(&mut self.submit_map, &other.submit_map);
        add(&mut self.complete_map, &other.complete_map);
        self.total_submit += other.total_submit;
        self.total_complete += other.total_complete;
        add(&mut self.latency_ns, &other.latency_ns);
        add(&mut self.latency_us, &other.latency_us);
        add(&mut self.latency_ms, &other.latency_ms);
    }

    fn merge_resources(&mut self, other: &Self) {
        self.total_runtime += other.total_runtime;
        self.user_time += other.user_time;
        self.system_time += other.system_time;
        self.context_switches += other.context_switches;
        self.minor_faults += other.minor_faults;
        self.major_faults += other.major_faults;
    }

    /// The sum of the jobs of all hosts of a client, with merged percentiles: "All clients".
    ///
    /// Formats are those of the first job, the host and the group those of the last, as fio has it. `None`
    /// without jobs.
    #[must_use]
    pub fn all_clients<'a>(jobs: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut jobs = jobs.into_iter();
        let mut sum = jobs.next()?.clone();
        for job in jobs {
            sum.merge(job);
            sum.host.clone_from(&job.host);
            sum.group_id = job.group_id;
        }
        ALL_CLIENTS.clone_into(&mut sum.name);
        sum.description = None;
        sum.process_id = 0;
        sum.started = None;
        sum.options = Vec::new();
        sum.latency_target = None;
        sum.steady_state = None;
        // fio's client tells how many errors jobs went on after for each job alone.
        sum.continues_on_error = false;
        Some(sum)
    }

    /// One report for each job, or for each group where `group_reporting` is on.
    ///
    /// Jobs come with that option's value; all jobs of a group that have it set are summed up in
    /// the place of the first of them.
    #[must_use]
    pub fn group(jobs: impl IntoIterator<Item = (Self, bool)>) -> Vec<Self> {
        let mut reports: Vec<(Self, bool)> = Vec::new();
        for (job, grouped) in jobs {
            let same = |(report, merged): &&mut (Self, bool)| {
                grouped && *merged && report.group_id == job.group_id
            };
            match reports.iter_mut().find(same) {
                Some((report, _)) => report.merge(&job),
                None => reports.push((job, grouped)),
            }
        }
        reports.into_iter().map(|(report, _)| report).collect()
    }
}

impl DirectionReport {
    fn of(statistics: &JobStatistics, direction: Direction, runtime: Duration) -> Self {
        let counters = statistics.counters(direction);
        let DirectionLatencies {
            submission,
            completion,
            total,
        } = statistics.latencies(direction);
        Self {
            bytes: counters.bytes,
            total_ios: counters.ios,
            short_ios: counters.short_ios,
            dropped_ios: counters.dropped_ios,
            // As with fio, what moved nothing took no time.
            runtime: if counters.bytes == 0 {
                Duration::ZERO
            } else {
                runtime
            },
            submission: LatencyReport::of(submission),
            completion: LatencyReport::of(completion),
            total: LatencyReport::of(total),
            intended: statistics
                .intended_latency(direction)
                .map(LatencyReport::of),
            priorities: priorities_of(statistics, direction),
            bandwidth: counters.bandwidth,
            iops: counters.iops,
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.total_ios += other.total_ios;
        self.short_ios += other.short_ios;
        self.dropped_ios += other.dropped_ios;
        self.runtime = self.runtime.max(other.runtime);
        self.merge_intended(other);
        self.submission.merge(&other.submission);
        self.completion.merge(&other.completion);
        self.total.merge(&other.total);
        self.merge_priorities(&other.priorities);
        self.bandwidth.add_concurrent(&other.bandwidth);
        self.iops.add_concurrent(&other.iops);
    }

    fn merge_priorities(&mut self, others: &[PriorityReport]) {
        for other in others {
            let same = |mine: &&mut PriorityReport| mine.priority == other.priority;
            match self.priorities.iter_mut().find(same) {
                Some(mine) => mine.latency.merge(&other.latency),
                None => self.priorities.push(other.clone()),
            }
        }
    }

    /// Bytes per second over the run time; 0 without one.
    #[must_use]
    pub fn bytes_per_second(&self) -> u64 {
        per_second(self.bytes, self.runtime)
    }

    /// I/Os per second over the run time; 0 without one.
    #[must_use]
    pub fn ios_per_second(&self) -> f64 {
        if self.runtime.is_zero() {
            return 0.0;
        }
        self.total_ios as f64 / self.runtime.as_secs_f64()
    }
}

/// The priorities that I/Os had.
fn priorities_of(statistics: &JobStatistics, direction: Direction) -> Vec<PriorityReport> {
    let report = |of_one: &PriorityLatency| PriorityReport {
        priority: of_one.priority.into(),
        latency: LatencyReport::of(&of_one.latency),
    };
    let known = statistics.priorities(direction).iter();
    known
        .map(report)
        .filter(|of_one| of_one.latency.moments.samples > 0)
        .collect()
}

impl LatencyReport {
    /// The report of a recorder; without a histogram if nothing was recorded.
    #[must_use]
    pub fn of(recorder: &LatencyRecorder) -> Self {
        let moments = recorder.moments();
        let histogram = (moments.samples > 0).then(|| Box::new(recorder.histogram().clone()));
        Self { moments, histogram }
    }

    /// Adds the latencies of another report.
    pub fn merge(&mut self, other: &Self) {
        self.moments.merge(&other.moments);
        match (&mut self.histogram, &other.histogram) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
            (_, None) => {}
        }
    }
}

impl GroupReport {
    /// The groups the jobs belong to, in order of their number.
    #[must_use]
    pub fn collect(jobs: &[JobReport]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for job in jobs {
            let index = match groups.binary_search_by_key(&job.group_id, |group| group.group_id) {
                Ok(index) => index,
                Err(index) => {
                    groups.insert(index, Self::empty(job));
                    index
                }
            };
            groups[index].add(job);
        }
        for group in &mut groups {
            let jobs = jobs.iter().filter(|job| job.group_id == group.group_id);
            group.unified = unified_of(jobs.map(|job| job.unified));
        }
        groups
    }

    fn empty(job: &JobReport) -> Self {
        Self {
            group_id: job.group_id,
            ..Self::default()
        }
    }

    /// Adds a job, whose units the group has then, as with fio.
    fn add(&mut self, job: &JobReport) {
        self.kb_base = job.kb_base;
        self.unit_base = job.unit_base;
        self.significant_figures = job.significant_figures;
        for (direction, theirs) in job.directions.iter() {
            if theirs.bytes > 0 {
                self.directions[direction].add(theirs);
            }
        }
    }
}

impl GroupDirectionReport {
    /// Adds another direction of the same jobs.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.max_runtime.is_zero() {
            *self = *other;
            return;
        }
        self.min_bandwidth = self.min_bandwidth.min(other.min_bandwidth);
        self.max_bandwidth = self.max_bandwidth.max(other.max_bandwidth);
        self.min_runtime = self.min_runtime.min(other.min_runtime);
        self.max_runtime = self.max_runtime.max(other.max_runtime);
        self.bytes += other.bytes;
        self.aggregate_bandwidth = per_second(self.bytes, self.max_runtime);
    }

    fn add(&mut self, job: &DirectionReport) {
        let bandwidth = job.bytes_per_second();
        let first = self.max_runtime.is_zero();
        self.min_runtime = if first {
            job.runtime
        } else {
            self.min_runtime.min(job.runtime)
        };
        self.max_runtime = self.max_runtime.max(job.runtime);
        self.min_bandwidth = if first {
            bandwidth
        } else {
            self.min_bandwidth.min(bandwidth)
        };
        self.max_bandwidth = self.max_bandwidth.max(bandwidth);
        self.bytes += job.bytes;
        self.aggregate_bandwidth = per_second(self.bytes, self.max_runtime);
    }
}

/// How a group reports its directions if its jobs do so in these ways. As with fio, they stay apart where some are
/// reported as one and some both ways.
fn unified_of(jobs: impl Iterator<Item = UnifiedReporting> + Clone) -> UnifiedReporting {
    let is_any = |wanted| jobs.clone().any(|unified| unified == wanted);
    match (
        is_any(UnifiedReporting::Mixed),
        is_any(UnifiedReporting::Both),
    ) {
        (true, false) => UnifiedReporting::Mixed,
        (false, true) => UnifiedReporting::Both,
        _ => UnifiedReporting::Separate,
    }
}

/// When the report's run ended, in whole seconds since it began, as fio counts: begun seconds.
pub(super) fn elapsed_seconds(started: SystemTime, finished: SystemTime) -> u64 {
    finished
        .duration_since(started)
        .unwrap_or_default()
        .as_secs()
        + 1
}

fn per_second(count: u64, time: Duration) -> u64 {
    if time.is_zero() {
        return 0;
    }
    let rate = u128::from(count) * 1_000_000_000 / time.as_nanos();
    u64::try_from(rate).unwrap_or(u64::MAX)
}

fn add<const N: usize>(mine: &mut [u64; N], theirs: &[u64; N]) {
    for (count, other) in mine.iter_mut().zip(theirs) {
        *count += other;
    }
}

#[cfg(test)]
mod tests;
