//! From what a client sent to jobs that are ready to run.
//!
//! Parsing a large job file and looking at the places of many files take time and must not hold up
//! the thread that serves the clients, so they are done in a thread of their own.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fio_engine::job::JobSpec;
use fio_engine::report::status::{JobState, Status, run_string};
use fio_engine::run;
use tokio::sync::Notify;

use super::job_request::JobRequest;
use super::policy::{JobSlots, Usage};
use super::runner::RunnerContext;

/// Jobs that were understood and admitted, of all messages since the last run.
#[derive(Debug, Default)]
pub(super) struct PreparedJobs {
    pub(super) specs: Vec<JobSpec>,
    pub(super) global_options: Vec<(String, String)>,
    /// What the jobs count for against the server's total.
    pub(super) slots: Vec<JobSlots>,
    usage: Usage,
    /// Bytes of the requests they were read from.
    pub(super) bytes: usize,
}

impl PreparedJobs {
    /// Clones of all jobs before the one with this index.
    pub(super) fn clones_before(&self, index: usize) -> u32 {
        let specs = self.specs.iter().take(index);
        specs.fold(0, |sum, spec| sum.saturating_add(spec.clones))
    }

    pub(super) fn clones(&self) -> u32 {
        self.clones_before(self.specs.len())
    }

    /// How many results the run will report.
    pub(super) fn reports(&self) -> u32 {
        run::result_count(&self.specs)
    }

    /// The reporting group of each job.
    pub(super) fn groups(&self) -> Vec<u32> {
        run::group_numbers(&self.specs)
    }

    /// How far the jobs are before they run.
    pub(super) fn pending_status(&self) -> Status {
        let clones = self.clones();
        let waiting = std::iter::repeat_n(JobState::NotStarted, clones as usize);
        let format = self.specs.first();
        Status {
            pending: clones,
            run_string: run_string(waiting),
            kb_base: format.map_or(1024, |spec| spec.kb_base),
            unit_base: format.map_or(0, |spec| spec.unit_base),
            significant_figures: format.map_or(4, |spec| spec.significant_figures),
            ..Status::default()
        }
    }

    /// Reads, checks and adds the jobs of a request.
    fn add(
        &mut self,
        request: &JobRequest,
        context: &RunnerContext,
        cancelled: &AtomicBool,
    ) -> Result<Added, Refused> {
        let policy = &context.policy;
        let mut parsed = request
            .parse(policy.limits(), &context.job_folders)
            .map_err(|error| Refused::new(&error))?;
        for job in &mut parsed.jobs {
            job.files.client.clone_from(&context.client);
        }
        let (slots, usage) = policy
            .admit(&parsed.jobs, self.usage, cancelled)
            .map_err(|error| Refused::new(&error))?;
        if !parsed.jobs.is_empty() {
            run::check(&parsed.jobs, &context.run_options).map_err(|error| Refused::new(&error))?;
        }
        let first = self.specs.len();
        self.specs.extend(parsed.jobs);
        self.global_options.extend(parsed.global_options);
        self.slots.push(slots);
        self.usage = usage;
        self.bytes = self.bytes.saturating_add(request.len());
        let notices = parsed.notices.iter().map(ToString::to_string);
        // The session with a client of 2011 has no other word on it.
        let ignored = request.ignored().filter(|_| request.is_run_at_once());
        Ok(Added {
            jobs: first..self.specs.len(),
            notices: ignored.into_iter().chain(notices).collect(),
        })
    }
}

/// What a request added to the jobs.
#[derive(Debug)]
pub(super) struct Added {
    /// Their place among all.
    pub(super) jobs: Range<usize>,
    /// Remarks for the user.
    pub(super) notices: Vec<String>,
}

/// Why a request was not understood or not admitted: lines for the user.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Vec<String>);

impl Refused {
    fn new(error: &dyn fmt::Display) -> Self {
        let text = error.to_string();
        Self(text.lines().map(|line| format!("fio: {line}\n")).collect())
    }
}

/// What became of a request: the jobs with its own added, or why not.
pub(super) type Prepared = Result<(PreparedJobs, Added), Refused>;

/// A request being read in a thread of its own. Dropping it gives it up.
#[derive(Debug)]
pub(super) struct Preparation {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    result: Mutex<Option<Prepared>>,
    done: Notify,
    cancelled: AtomicBool,
}

impl Preparation {
    /// Adds the jobs of `request` to `jobs` in a thread.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn start(
        mut jobs: PreparedJobs,
        request: JobRequest,
        context: RunnerContext,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let guard = DoneGuard(shared.clone());
        std::thread::Builder::new()
            .name("fio-prepare".to_owned())
            .spawn(move || {
                let added = jobs.add(&request, &context, &guard.0.cancelled);
                guard.0.put(added.map(|added| (jobs, added)));
            })?;
        Ok(Self { shared })
    }

    /// What became of it, once.
    pub(super) fn take(&self) -> Option<Prepared> {
        self.shared.lock().take()
    }

    /// Waits until there is something to take. Safe to cancel.
    pub(super) async fn done(&self) {
        self.shared.done.notified().await;
    }
}

impl Drop for Preparation {
    fn drop(&mut self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn put(&self, result: Prepared) {
        if !self.cancelled.load(Ordering::Relaxed) {
            *self.lock() = Some(result);
        }
        self.done.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Prepared>> {
        // Replacing a value cannot leave it half done.
        self.result.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers for a thread that panics, so that no client waits for ever.
struct DoneGuard(Arc<Shared>);

impl Drop for DoneGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.put(Err(Refused::new(
                &"the jobs could not be read because of a defect of the server",
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(specs: &[(u32, bool, bool)]) -> PreparedJobs {
        let specs = specs.iter().map(|&(clones, stonewall, group_reporting)| {
            let mut spec = JobSpec::new("a");
            (spec.clones, spec.stonewall) = (clones, stonewall);
            spec.group_reporting = group_reporting;
            spec
        });
        PreparedJobs {
            specs: specs.collect(),
            ..PreparedJobs::default()
        }
    }

    #[test]
    fn results_are_counted_as_they_will_be_reported() {
        for (specs, reports) in [
            (&[][..], 0),
            (&[(1, false, false), (3, true, false)], 4),
            (&[(2, false, true)], 1),
            (&[(2, false, true), (2, false, true), (2, true, true)], 2),
            (&[(2, false, true), (2, false, false)], 3),
        ] {
            assert_eq!(jobs(specs).reports(), reports, "{specs:?}");
        }
    }

    #[test]
    fn jobs_that_have_not_begun_are_pending() {
        let status = jobs(&[(1, false, false), (3, true, false)]).pending_status();
        assert_eq!((status.pending, status.run_string.as_str()), (4, "P(4)"));
        assert_eq!(status.eta, None);
    }
}
