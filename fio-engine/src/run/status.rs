//! What a run is doing at one moment.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::estimate;
use super::plan::{JobClone, Plan};
use super::progress::JobState;
use crate::direction::{Direction, PerDirection};
use crate::job::JobSpec;
use crate::report::status::{self, Rate, RateLimits, Status, run_string};

/// Rates are computed over at least this long.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(250);

/// What one clone of a job has done so far.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloneProgress {
    /// Name of the job.
    pub name: String,
    /// Number of the clone among those of its job, from 0.
    pub clone_index: u32,
    /// The job's I/O depth (`iodepth`).
    pub io_depth: u32,
    /// Its number of files (`nrfiles`, or those named).
    pub files: u32,
    /// I/Os done, as far as published.
    pub ios: PerDirection<u64>,
}

/// Reads the counters the jobs publish.
#[derive(Debug)]
pub(super) struct StatusSource {
    clones: Vec<JobClone>,
    began: Instant,
    rates: Mutex<Rates>,
}

/// The counters at the beginning of the interval that the rates cover.
#[derive(Debug)]
struct Rates {
    since: Instant,
    bytes: PerDirection<u64>,
    ios: PerDirection<u64>,
    last: PerDirection<Rate>,
}

impl StatusSource {
    pub(super) fn new(plan: &Plan, began: Instant) -> Self {
        let rates = Rates {
            since: began,
            bytes: PerDirection::default(),
            ios: PerDirection::default(),
            last: PerDirection::default(),
        };
        Self {
            clones: plan.clones.clone(),
            began,
            rates: Mutex::new(rates),
        }
    }

    /// The clones themselves.
    pub(super) fn clones(&self) -> &[JobClone] {
        &self.clones
    }

    /// Every clone, in order.
    pub(super) fn jobs(&self) -> Vec<CloneProgress> {
        let progress_of = |clone: &JobClone| {
            let spec = &clone.spec;
            let named = u32::try_from(spec.file_names.len()).unwrap_or(u32::MAX);
            CloneProgress {
                name: spec.name.clone(),
                clone_index: clone.clone_index,
                io_depth: spec.io_depth,
                files: spec.file_count.max(named),
                ios: clone.progress.ios(),
            }
        };
        self.clones.iter().map(progress_of).collect()
    }

    pub(super) fn now(&self) -> Status {
        let count = |wanted: fn(JobState) -> bool| {
            self.clones
                .iter()
                .filter(|clone| wanted(clone.progress.state()))
                .count() as u32
        };
        let elapsed = self.began.elapsed();
        let format = self.clones.first().map(|clone| &clone.spec);
        Status {
            running: count(is_running),
            ramping: count(|state| state == JobState::Ramping),
            pending: count(|state| matches!(state, JobState::Waiting | JobState::Initialised)),
            setting_up: count(|state| state == JobState::SettingUp),
            done: count(|state| state >= JobState::Finished),
            open_files: self.open_files(),
            run_string: run_string(self.clones.iter().map(shown)),
            rates: self.rates(),
            limits: self.limits(),
            elapsed,
            eta: estimate::remaining(&self.clones, elapsed),
            kb_base: format.map_or(1024, |spec| spec.kb_base),
            unit_base: format.map_or(0, |spec| spec.unit_base),
            significant_figures: format.map_or(4, |spec| spec.significant_figures),
        }
    }

    /// The rates the running jobs have been told to keep to.
    fn limits(&self) -> RateLimits {
        let mut limits = RateLimits::default();
        for clone in &self.clones {
            if is_running(clone.progress.state()) {
                limits = limits.plus(limits_of(&clone.spec));
            }
        }
        limits
    }

    fn open_files(&self) -> u32 {
        let running = self
            .clones
            .iter()
            .filter(|clone| is_running(clone.progress.state()));
        running.map(|clone| clone.progress.open_files()).sum()
    }

    fn rates(&self) -> PerDirection<Rate> {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let interval = rates.since.elapsed();
        if interval < SHORTEST_INTERVAL {
            return rates.last;
        }
        let (mut bytes, mut ios) = (PerDirection::default(), PerDirection::default());
        for clone in &self.clones {
            add(&mut bytes, clone.progress.bytes());
            add(&mut ios, clone.progress.ios());
        }
        let per_second =
            |now: u64, then: u64| (now.saturating_sub(then) as f64 / interval.as_secs_f64()) as u64;
        for direction in Direction::ALL {
            rates.last[direction] = Rate {
                bytes_per_second: per_second(bytes[direction], rates.bytes[direction]),
                ios_per_second: per_second(ios[direction], rates.ios[direction]),
            };
        }
        (rates.since, rates.bytes, rates.ios) = (Instant::now(), bytes, ios);
        rates.last
    }
}

fn add(sum: &mut PerDirection<u64>, values: PerDirection<u64>) {
    for (sum, value) in sum.0.iter_mut().zip(values.0) {
        *sum += value;
    }
}

/// Over the directions the job has, as fio shows them.
fn limits_of(spec: &JobSpec) -> RateLimits {
    let sum = |list: &PerDirection<Option<u64>>| {
        list.iter()
            .filter(|(direction, _)| spec.pattern.has(*direction))
            .filter_map(|(_, value)| *value)
            .fold(0, u64::saturating_add)
    };
    let rate = &spec.rate;
    RateLimits {
        bytes_per_second: (sum(&rate.minimum_bandwidth), sum(&rate.bandwidth)),
        ios_per_second: (sum(&rate.minimum_iops), sum(&rate.iops)),
    }
}

fn is_running(state: JobState) -> bool {
    matches!(
        state,
        JobState::Ramping | JobState::Running | JobState::Syncing
    )
}

fn shown(clone: &JobClone) -> status::JobState {
    match clone.progress.state() {
        JobState::Waiting => status::JobState::NotStarted,
        JobState::SettingUp | JobState::Initialised => status::JobState::Initialized,
        JobState::Ramping => status::JobState::Ramping,
        JobState::Running => status::JobState::Running(clone.spec.pattern),
        JobState::Syncing => status::JobState::Syncing,
        JobState::Finished => status::JobState::Reaped,
        JobState::Failed => status::JobState::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Pattern;
    use crate::run::RunOptions;

    /// As a server of fio 3.33 tells while it lays out the files of the first of two jobs.
    #[test]
    fn a_job_that_sets_up_its_files_is_not_pending() {
        let jobs = vec![JobSpec::new("a"), JobSpec::new("b")];
        let plan = Plan::new(jobs, &RunOptions::default()).unwrap();
        let source = StatusSource::new(&plan, Instant::now());
        plan.clones[0].progress.set_state(JobState::SettingUp);
        let status = source.now();
        assert_eq!((status.setting_up, status.pending, status.done), (1, 1, 0));
        assert_eq!(status.run_string, "I(1),P(1)");
    }

    /// As fio 3.33 shows such jobs: "Jobs: 1 (f=1), 110-300 IOPS", "50.0KiB/s-100KiB/s".
    #[test]
    fn limits_are_those_of_running_jobs_over_the_directions_they_have() {
        let mut by_iops = JobSpec::new("by_iops").pattern(Pattern::READ_WRITE);
        by_iops.rate.iops = PerDirection([Some(100), Some(200), Some(200)]);
        by_iops.rate.minimum_iops = PerDirection([Some(50), Some(60), Some(60)]);
        let mut by_bytes = JobSpec::new("by_bytes");
        by_bytes.rate.bandwidth = PerDirection([Some(102_400), Some(204_800), None]);
        by_bytes.rate.minimum_bandwidth = PerDirection::splat(Some(51_200));
        let plan = Plan::new(vec![by_iops, by_bytes], &RunOptions::default()).unwrap();
        let source = StatusSource::new(&plan, Instant::now());
        assert_eq!(source.now().limits, RateLimits::default());
        plan.clones[0].progress.set_state(JobState::Running);
        assert_eq!(source.now().limits.ios_per_second, (110, 300));
        assert_eq!(source.now().limits.bytes_per_second, (0, 0));
        plan.clones[1].progress.set_state(JobState::Ramping);
        assert_eq!(source.now().limits.ios_per_second, (110, 300));
        assert_eq!(source.now().limits.bytes_per_second, (51_200, 102_400));
        plan.clones[0].progress.set_state(JobState::Finished);
        assert_eq!(source.now().limits.ios_per_second, (0, 0));
    }
}
