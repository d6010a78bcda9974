//! What a run is doing at one moment.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::estimate;
use super::plan::{JobClone, Plan};
use super::progress::JobState;
use crate::direction::{Direction, PerDirection};
use crate::job::{JobSpec, UnifiedReporting};
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

impl Rates {
    const fn from(began: Instant) -> Self {
        Self {
            since: began,
            bytes: PerDirection([0; 3]),
            ios: PerDirection([0; 3]),
            last: PerDirection(
                [Rate {
                    bytes_per_second: 0,
                    ios_per_second: 0,
                }; 3],
            ),
        }
    }

    /// The rates since this was asked the last time, if that was at least `shortest` ago; those told
    /// then otherwise.
    fn over(&mut self, shortest: Duration, clones: &[JobClone]) -> PerDirection<Rate> {
        let now = Instant::now();
        let interval = now.saturating_duration_since(self.since);
        if interval < shortest {
            return self.last;
        }
        let (mut bytes, mut ios) = (PerDirection::default(), PerDirection::default());
        for clone in clones {
            add(&mut bytes, shown_in(clone, clone.progress.bytes()));
            add(&mut ios, shown_in(clone, clone.progress.ios()));
        }
        let per_second =
            |now: u64, then: u64| (now.saturating_sub(then) as f64 / interval.as_secs_f64()) as u64;
        for direction in Direction::ALL {
            self.last[direction] = Rate {
                bytes_per_second: per_second(bytes[direction], self.bytes[direction]),
                ios_per_second: per_second(ios[direction], self.ios[direction]),
            };
        }
        (self.since, self.bytes, self.ios) = (now, bytes, ios);
        self.last
    }
}

/// Tells the rates of a run since it was last asked, for one who asks at intervals of its own.
#[derive(Debug)]
pub struct RateMeter {
    source: Arc<StatusSource>,
    rates: Rates,
}

impl RateMeter {
    pub(super) fn new(source: Arc<StatusSource>) -> Self {
        let rates = Rates::from(source.began);
        Self { source, rates }
    }

    /// The time since the run began, and the rates over the time since the last call, the first time since
    /// the run began. `None` if that is not at least `shortest`, which must not be zero.
    pub fn measure(&mut self, shortest: Duration) -> Option<(Duration, PerDirection<Rate>)> {
        let before = self.rates.since;
        let rates = self.rates.over(shortest, &self.source.clones);
        let elapsed = self
            .rates
            .since
            .saturating_duration_since(self.source.began);
        (self.rates.since > before).then_some((elapsed, rates))
    }
}

impl StatusSource {
    pub(super) fn new(plan: &Plan, began: Instant) -> Self {
        Self {
            clones: plan.clones.clone(),
            began,
            rates: Mutex::new(Rates::from(began)),
        }
    }

    /// The clones themselves.
    pub(super) fn clones(&self) -> &[JobClone] {
        &self.clones
    }

    /// How long the run will still take.
    pub(super) fn remaining(&self) -> Option<Duration> {
        estimate::remaining(&self.clones, self.began.elapsed())
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
        rates.over(SHORTEST_INTERVAL, &self.clones)
    }
}

/// Jobs with mixed reporting have all they do among their reads.
fn shown_in(clone: &JobClone, values: PerDirection<u64>) -> PerDirection<u64> {
    match clone.spec.reporting.unified {
        UnifiedReporting::Mixed => PerDirection([values.0.iter().sum(), 0, 0]),
        _ => values,
    }
}

fn add(sum: &mut PerDirection<u64>, values: PerDirection<u64>) {
    for (sum, value) in sum.0.iter_mut().zip(values.0) {
        *sum += value;
    }
}

/// Of the directions the job has, as fio shows them.
fn limits_of(spec: &JobSpec) -> RateLimits {
    let limits = |list: &PerDirection<Option<u64>>| {
        let mut limits = PerDirection::default();
        for (direction, value) in list.iter() {
            if spec.pattern.has(direction) {
                limits[direction] = value.unwrap_or_default();
            }
        }
        limits
    };
    let rate = &spec.rate;
    RateLimits {
        bytes_per_second: (limits(&rate.minimum_bandwidth), limits(&rate.bandwidth)),
        ios_per_second: (limits(&rate.minimum_iops), limits(&rate.iops)),
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

    /// As fio 3.33 shows such jobs: "Jobs: 1 (f=1), 110-300 IOPS", "50.0KiB/s-100KiB/s", and as its
    /// servers send them: each direction for itself.
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
        let by_ios = (PerDirection([50, 60, 0]), PerDirection([100, 200, 0]));
        assert_eq!(source.now().limits.ios_per_second, by_ios);
        assert_eq!(source.now().limits.bytes_per_second, Default::default());
        plan.clones[1].progress.set_state(JobState::Ramping);
        assert_eq!(source.now().limits.ios_per_second, by_ios);
        let by_bytes = (PerDirection([51_200, 0, 0]), PerDirection([102_400, 0, 0]));
        assert_eq!(source.now().limits.bytes_per_second, by_bytes);
        plan.clones[0].progress.set_state(JobState::Finished);
        assert_eq!(source.now().limits.ios_per_second, Default::default());
    }
}
