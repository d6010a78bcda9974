//! What a run has measured so far, told while it goes on.
//!
//! A job's statistics belong to its thread, which shares nothing per I/O. So whoever wants to see them
//! asks, and the thread leaves a copy the next time it publishes its counters.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::job_loop::JobOutcome;
use super::plan::JobClone;
use super::progress::JobState;

/// How long a job is waited for that is in the middle of an I/O; then its last answer counts.
const PATIENCE: Duration = Duration::from_millis(300);

/// How often answers are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Where a clone leaves what it has measured.
#[derive(Debug, Default)]
pub(crate) struct Interim {
    /// How often somebody has asked, and which question was answered last.
    asked: AtomicU32,
    answered: AtomicU32,
    answer: Mutex<Option<JobOutcome>>,
}

impl Interim {
    /// The question that waits for an answer, if there is one.
    pub(crate) fn question(&self) -> Option<u32> {
        let asked = self.asked.load(Ordering::Relaxed);
        (asked != self.answered.load(Ordering::Relaxed)).then_some(asked)
    }

    /// Answers a question.
    pub(crate) fn answer(&self, question: u32, outcome: JobOutcome) {
        *self.last() = Some(outcome);
        self.answered.store(question, Ordering::Release);
    }

    /// Leaves the last word of a clone that has ended.
    pub(crate) fn end(&self, outcome: &JobOutcome) {
        *self.last() = Some(outcome.clone());
    }

    fn last(&self) -> MutexGuard<'_, Option<JobOutcome>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks all clones and waits for those that can answer; `None` if the run does not keep interims.
pub(super) fn ask(clones: &[JobClone]) -> Option<Vec<JobOutcome>> {
    let interims: Option<Vec<_>> = clones
        .iter()
        .map(|clone| clone.progress.interim())
        .collect();
    let interims = interims?;
    for interim in &interims {
        interim.asked.fetch_add(1, Ordering::Relaxed);
    }
    let given_up = Instant::now() + PATIENCE;
    let answers = |(clone, interim): (&JobClone, &&Interim)| {
        let state = clone.progress.state();
        let can_answer = matches!(state, JobState::Ramping | JobState::Running);
        !can_answer || interim.question().is_none()
    };
    while !clones.iter().zip(&interims).all(answers) && Instant::now() < given_up {
        std::thread::sleep(LOOK_EVERY);
    }
    let outcome = |interim: &Interim| interim.last().clone().unwrap_or_else(JobOutcome::empty);
    Some(interims.into_iter().map(outcome).collect())
}
