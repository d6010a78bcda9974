//! Which jobs wait for which (`wait_for`), and which end together (`exitall`).

use std::collections::HashMap;

use super::plan::{JobClone, Plan};
use crate::job::{ExitScope, JobSpec};

/// The job each job waits for, by its place in the list.
///
/// # Errors
/// The name of the job that cannot wait, and why. These are fio's own rules: a job waits for exactly
/// one earlier job.
pub(super) fn waits(jobs: &[JobSpec]) -> Result<Vec<Option<usize>>, (String, String)> {
    let waits_for = |(index, job): (usize, &JobSpec)| {
        let Some(name) = &job.lifecycle.wait_for else {
            return Ok(None);
        };
        let fault = |reason: &str| Err((job.name.clone(), format!("wait_for={name}: {reason}")));
        if *name == job.name {
            return fault("a job cannot wait for itself");
        }
        let named = |(_, earlier): &(usize, &JobSpec)| earlier.name == *name;
        let mut found = jobs[..index].iter().enumerate().filter(named);
        match (found.next(), found.next()) {
            (Some((earlier, _)), None) => Ok(Some(earlier)),
            (Some(_), Some(_)) => fault("several jobs have this name; give each its own"),
            (None, _) => fault("no earlier job has this name"),
        }
    };
    jobs.iter().enumerate().map(waits_for).collect()
}

/// The clones that end because this one did, itself among them.
pub(super) fn ended_with<'p>(
    plan: &'p Plan,
    clone: &'p JobClone,
) -> impl Iterator<Item = &'p JobClone> {
    let ends = move |other: &&JobClone| match clone.spec.lifecycle.exit_scope {
        ExitScope::Group => other.group == clone.group,
        ExitScope::Stonewall => other.wave == clone.wave,
        ExitScope::All => true,
    };
    plan.clones.iter().filter(ends)
}

/// Which clones of a wave may begin.
#[derive(Debug)]
pub(super) struct Succession {
    /// Clones that have not begun: place in the wave, and the job they wait for.
    waiting: Vec<(usize, Option<u32>)>,
    /// The job of each clone.
    jobs: Vec<u32>,
    /// Clones that have not ended, by job.
    left: HashMap<u32, usize>,
    running: usize,
}

impl Succession {
    pub(super) fn new(wave: &[JobClone]) -> Self {
        let mut left = HashMap::new();
        for clone in wave {
            *left.entry(clone.job).or_default() += 1;
        }
        let waiting = wave.iter().map(|clone| clone.waits_for).enumerate();
        Self {
            waiting: waiting.collect(),
            jobs: wave.iter().map(|clone| clone.job).collect(),
            left,
            running: 0,
        }
    }

    /// The clones that may begin now; they count as running from now on.
    pub(super) fn next(&mut self) -> Vec<usize> {
        let left = &self.left;
        // A job of an earlier wave has ended.
        let waits =
            |job: Option<u32>| job.is_some_and(|job| left.get(&job).is_some_and(|n| *n > 0));
        let mut ready = Vec::new();
        self.waiting.retain(|(index, job)| {
            let waits = waits(*job);
            if !waits {
                ready.push(*index);
            }
            waits
        });
        self.running += ready.len();
        ready
    }

    /// Takes note that a clone has ended.
    pub(super) fn ended(&mut self, index: usize) {
        self.running = self.running.saturating_sub(1);
        if let Some(left) = self.jobs.get(index).and_then(|job| self.left.get_mut(job)) {
            *left = left.saturating_sub(1);
        }
    }

    /// Whether clones are running.
    pub(super) const fn is_running(&self) -> bool {
        self.running > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::RunOptions;

    fn job(name: &str, waits_for: &str) -> JobSpec {
        let mut job = JobSpec::new(name).engine("null");
        job.lifecycle.wait_for = Some(waits_for.to_owned()).filter(|name| !name.is_empty());
        job
    }

    /// The three complaints of fio 3.33, and a name that only a later job has.
    #[test]
    fn a_job_waits_for_exactly_one_earlier_job() {
        let check = |jobs: &[(&str, &str)]| {
            let jobs: Vec<_> = jobs.iter().map(|(name, waits)| job(name, waits)).collect();
            waits(&jobs)
        };
        assert_eq!(
            check(&[("a", ""), ("b", "a"), ("c", "a")]),
            Ok(vec![None, Some(0), Some(0)])
        );
        for (jobs, reason) in [
            (vec![("a", "a")], "itself"),
            (vec![("a", ""), ("a", ""), ("b", "a")], "several"),
            (vec![("a", ""), ("b", "c"), ("c", "")], "no earlier"),
        ] {
            let (_, message) = check(&jobs).unwrap_err();
            assert!(message.contains(reason), "{message}");
        }
    }

    #[test]
    fn clones_begin_when_all_clones_they_wait_for_have_ended() {
        let mut first = job("a", "");
        first.clones = 2;
        let jobs = vec![first, job("b", "a"), job("c", "b"), job("d", "")];
        let plan = Plan::new(jobs, &RunOptions::default()).unwrap();
        let mut succession = Succession::new(&plan.clones);
        assert_eq!(succession.next(), [0, 1, 4]);
        succession.ended(0);
        assert!(succession.next().is_empty());
        succession.ended(1);
        assert_eq!(succession.next(), [2]);
        succession.ended(4);
        succession.ended(2);
        assert_eq!(succession.next(), [3]);
        assert!(succession.is_running());
        succession.ended(3);
        assert!(succession.next().is_empty() && !succession.is_running());
    }
}
