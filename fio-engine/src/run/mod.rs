//! The life of a run: from a list of jobs to a [`Report`].
//!
//! ```no_run
//! use fio_engine::job::{JobSpec, SizeOrPercent};
//! use fio_engine::run::{Run, RunOptions};
//!
//! let mut job = JobSpec::new("quick");
//! job.engine = "null".to_owned();
//! job.size = Some(SizeOrPercent::Bytes(1 << 30));
//! let run = Run::start(vec![job], RunOptions::default())?;
//! let report = run.wait();
//! println!("{} bytes", report.groups[0].directions.0[0].bytes);
//! # Ok::<(), fio_engine::run::RunError>(())
//! ```
//!
//! One supervisor thread lays out the files, starts the jobs of each wave together (a `stonewall`
//! job begins a new wave), and collects what they measured. Each clone of a job is one thread
//! with its own statistics; nothing is shared per I/O. What the status line needs is published by
//! the jobs a few times a second with relaxed stores.

mod block_map;
mod commands;
mod content;
mod descriptors;
mod error;
mod estimate;
mod event;
mod interim;
mod job_loop;
mod monitors;
mod options;
mod plan;
mod process;
mod progress;
mod results;
mod start_line;
mod status;
mod steady_state;
mod stop;
mod storage;
mod succession;
mod supervisor;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime};

pub use crate::debug::{DebugOptions, DebugTopic};
pub(crate) use block_map::BlockMap;
pub use error::RunError;
pub use event::{Level, Observer, RunEvent};
pub(crate) use job_loop::{JobContext, JobLoop, job_loop, offloaded_job_loop};

use crate::explain::explain;
use crate::job::JobSpec;
use crate::report::status::Status;
use crate::report::{Background, HostIdentity, Report};
use monitors::Monitors;
pub use options::RunOptions;
pub(crate) use plan::{JobClone, Plan};
pub use plan::{group_numbers, result_count};
use status::StatusSource;
pub use status::{CloneProgress, RateMeter};
pub use stop::StopHandle;
use supervisor::Supervisor;

/// A run in progress. Dropping it stops its jobs and waits for them.
#[derive(Debug)]
pub struct Run {
    began: SystemTime,
    stop: StopHandle,
    status: Arc<StatusSource>,
    monitors: Arc<Monitors>,
    global_options: Vec<(String, String)>,
    background: Background,
    supervisor: Option<JoinHandle<Report>>,
}

impl Run {
    /// Checks all jobs, then starts them in the background.
    ///
    /// # Errors
    /// See [`RunError`]; nothing has been started or touched then.
    pub fn start(jobs: Vec<JobSpec>, options: RunOptions) -> Result<Self, RunError> {
        let background = background(&jobs, &options)?;
        let plan = Plan::new(jobs, &options)?;
        descriptors::provide(descriptors::needed(&plan.clones, &options));
        let stop = StopHandle::default();
        let began = Instant::now();
        let status = Arc::new(StatusSource::new(&plan, began));
        let monitors = Arc::new(Monitors::new(options.idleness)?);
        let global_options = options.global_options.clone();
        let supervisor = Supervisor::new(plan, options, stop.clone(), began, monitors.clone());
        let supervisor = supervisor.with_background(background.clone());
        let supervisor = std::thread::Builder::new()
            .name("fio-run".to_owned())
            .spawn(move || supervisor.run())
            .map_err(|error| RunError::Thread(error.to_string()))?;
        Ok(Self {
            began: SystemTime::now(),
            stop,
            status,
            monitors,
            global_options,
            background,
            supervisor: Some(supervisor),
        })
    }

    /// What the run is doing now, without disturbing its jobs. Rates cover the time since the last
    /// call that was at least a quarter of a second earlier.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.now()
    }

    /// What the run has measured up to now, as [`wait`](Self::wait) would report it: jobs that have not
    /// begun with nothing, those that have ended with all, and no logs. `None` unless
    /// [`RunOptions::interim_reports`] is on.
    ///
    /// Jobs copy their statistics when they next look at the time, within about 20 ms; one that is busy
    /// with a single I/O for longer than 300 ms comes with what it told the last time. Meanwhile the
    /// caller waits.
    #[must_use]
    pub fn interim_report(&self) -> Option<Report> {
        let clones = self.status.clones();
        let (jobs, groups) = results::collect(clones, interim::ask(clones)?);
        Some(Report {
            started: self.began,
            finished: SystemTime::now(),
            global_options: self.global_options.clone(),
            background: self.background.clone(),
            jobs,
            groups,
            disks: self.monitors.disks(),
            cpu_idleness: self.monitors.idleness(),
            remaining: self.status.remaining(),
            logs: Vec::new(),
        })
    }

    /// A handle that tells the status from elsewhere, also after the end of the run.
    #[must_use]
    pub fn status_handle(&self) -> StatusHandle {
        StatusHandle(self.status.clone())
    }

    /// Asks all jobs to end; what they measured is still reported.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// A handle that stops the run from elsewhere.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Whether [`wait`](Self::wait) would return at once.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.supervisor.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the end of all jobs.
    ///
    /// # Panics
    /// If a thread of the run panicked, which is a defect here or in a registered engine.
    #[must_use]
    pub fn wait(mut self) -> Report {
        let supervisor = self.supervisor.take().expect("taken only here and in drop");
        supervisor
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            self.stop.stop();
            // A panic of the run was printed by its thread; dropping must not panic again.
            let _ = supervisor.join();
        }
    }
}

/// Tells from any thread what a run is doing.
#[derive(Debug, Clone)]
pub struct StatusHandle(Arc<StatusSource>);

impl StatusHandle {
    /// As [`Run::status`].
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.now()
    }

    /// What measures rates from now on.
    #[must_use]
    pub fn rate_meter(&self) -> RateMeter {
        RateMeter::new(self.0.clone())
    }

    /// What each clone has done so far, in order.
    #[must_use]
    pub fn jobs(&self) -> Vec<CloneProgress> {
        self.0.jobs()
    }
}

/// What is known before the jobs begin.
fn background(jobs: &[JobSpec], options: &RunOptions) -> Result<Background, RunError> {
    let explanation = options.explains.then(|| explain(jobs.to_vec(), options));
    Ok(Background {
        notices: options.notices.clone(),
        machine: HostIdentity::of_this_host(),
        explanation: explanation.transpose()?,
    })
}

/// Checks jobs as [`Run::start`] does, and starts nothing.
///
/// # Errors
/// See [`RunError`].
pub fn check(jobs: &[JobSpec], options: &RunOptions) -> Result<(), RunError> {
    Plan::new(jobs.to_vec(), options).map(drop)
}
