//! How long a run will still take.

use std::time::Duration;

use super::plan::JobClone;
use super::progress::JobState;

/// What the rest of a run takes, if that can be told.
///
/// The clones of a wave run side by side, so a wave takes as long as its slowest clone; waves run
/// one after the other.
pub(super) fn remaining(clones: &[JobClone], since_start: Duration) -> Option<Duration> {
    clones
        .chunk_by(|one, other| one.wave == other.wave)
        .map(|wave| {
            wave.iter()
                .map(|clone| clone_remaining(clone, since_start))
                .try_fold(Duration::ZERO, |longest, rest| Some(longest.max(rest?)))
        })
        .try_fold(Duration::ZERO, |sum, rest| Some(sum + rest?))
}

fn clone_remaining(clone: &JobClone, since_start: Duration) -> Option<Duration> {
    let spec = &clone.spec;
    let limit = spec
        .runtime
        .map(|runtime| runtime.saturating_add(spec.ramp_time));
    match clone.progress.state() {
        JobState::Finished | JobState::Failed => Some(Duration::ZERO),
        JobState::Waiting | JobState::SettingUp | JobState::Initialised => {
            limit.map(|limit| limit + spec.start_delay.0)
        }
        JobState::Ramping | JobState::Running | JobState::Syncing => {
            let began = Duration::from_nanos(clone.progress.began());
            let elapsed = since_start.saturating_sub(began);
            let by_time = limit.map(|limit| limit.saturating_sub(elapsed));
            let by_bytes = clone.progress.target().and_then(|target| {
                let done = clone.progress.bytes().0.iter().sum();
                extrapolate(done, target, elapsed)
            });
            match (by_time, by_bytes) {
                (Some(time), Some(bytes)) => Some(time.min(bytes)),
                (time, bytes) => time.or(bytes),
            }
        }
    }
}

/// The time for the rest of `target` at the speed so far; `None` before anything is done.
fn extrapolate(done: u64, target: u64, elapsed: Duration) -> Option<Duration> {
    if done == 0 || elapsed.is_zero() {
        return None;
    }
    let left = target.saturating_sub(done);
    Duration::try_from_secs_f64(elapsed.as_secs_f64() * left as f64 / done as f64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::direction::PerDirection;
    use crate::job::JobSpec;
    use crate::run::RunOptions;
    use crate::run::plan::Plan;

    fn plan(jobs: &[(Option<u64>, bool)]) -> Plan {
        let jobs = jobs.iter().map(|(runtime, stonewall)| JobSpec {
            runtime: runtime.map(Duration::from_secs),
            stonewall: *stonewall,
            ..JobSpec::new("job")
        });
        Plan::new(jobs.collect(), &RunOptions::default()).unwrap()
    }

    #[test]
    fn waves_add_up_and_clones_of_a_wave_do_not() {
        let plan = plan(&[(Some(10), false), (Some(20), false), (Some(5), true)]);
        assert_eq!(
            remaining(&plan.clones, Duration::ZERO),
            Some(Duration::from_secs(25))
        );
    }

    #[test]
    fn a_job_without_a_limit_that_has_not_begun_is_unknown() {
        let plan = plan(&[(Some(10), false), (None, true)]);
        assert_eq!(remaining(&plan.clones, Duration::ZERO), None);
    }

    #[test]
    fn bytes_are_extrapolated_and_time_is_the_limit() {
        let plan = plan(&[(Some(30), false)]);
        let progress = &plan.clones[0].progress;
        progress.set_state(JobState::Running);
        progress.set_began(Duration::from_secs(2).as_nanos() as u64);
        let left = || remaining(&plan.clones, Duration::from_secs(12));
        assert_eq!(left(), Some(Duration::from_secs(20)));
        progress.set_target(Some(4000));
        progress.publish(PerDirection([1000, 0, 0]), PerDirection::default());
        assert_eq!(left(), Some(Duration::from_secs(20)));
        progress.publish(PerDirection([2000, 0, 0]), PerDirection::default());
        assert_eq!(left(), Some(Duration::from_secs(10)));
        progress.set_state(JobState::Finished);
        assert_eq!(left(), Some(Duration::ZERO));
    }
}
