//! From jobs to clones: numbers, groups, waves.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::commands::JobCommand;
use super::content::check_pattern;
use super::descriptors;
use super::error::RunError;
use super::event::debug_sink;
use super::options::RunOptions;
use super::progress::JobProgress;
use super::steady_state::{Watches, check_groups};
use super::succession;
use crate::clock::clock_milliseconds;
use crate::debug::DebugTeller;
use crate::files;
use crate::io::Engines;
use crate::job::{JobSpec, SizeOrPercent, absent_engine};
use crate::workload::{RandomRule, Seeds};

/// The reporting group of each job, from 0, in a run of these jobs.
#[must_use]
pub fn group_numbers<'a>(jobs: impl IntoIterator<Item = &'a JobSpec>) -> Vec<u32> {
    let mut group = 0;
    let number = |(index, job): (usize, &JobSpec)| {
        group += u32::from(index > 0 && (job.stonewall || job.new_group));
        group
    };
    jobs.into_iter().enumerate().map(number).collect()
}

/// How many results a run of these jobs reports: one for each clone, but one for all those of a group that
/// ask to be reported together (`group_reporting`), and none for those with `stats=0`, unless they fail.
#[must_use]
pub fn result_count(jobs: &[JobSpec]) -> u32 {
    let mut together: Vec<u32> = Vec::new();
    let mut alone = 0_u32;
    let numbered = jobs.iter().zip(group_numbers(jobs));
    for (job, group) in numbered.filter(|(job, _)| job.reporting.included) {
        if !job.group_reporting {
            alone = alone.saturating_add(job.clones);
        } else if together.last() != Some(&group) {
            together.push(group);
        }
    }
    alone.saturating_add(u32::try_from(together.len()).unwrap_or(u32::MAX))
}

/// All clones of a run, in order.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) clones: Vec<JobClone>,
    /// A clone that ends ends others as well (`exitall` of any job).
    pub(crate) exit_all: bool,
}

/// One clone of a job.
#[derive(Debug, Clone)]
pub(crate) struct JobClone {
    pub(crate) spec: Arc<JobSpec>,
    /// From 0 over all jobs.
    pub(crate) index: u32,
    /// Number of its job, from 0.
    pub(crate) job: u32,
    /// The job all clones of which must have ended before it begins (`wait_for`).
    pub(crate) waits_for: Option<u32>,
    /// From 0 among the clones of its job: what its files, its offset and its log to replay go by.
    pub(crate) clone_index: u32,
    /// Reporting group, from 0.
    pub(crate) group: u32,
    /// Clones of one wave run at the same time; a wave begins when the one before is over.
    pub(crate) wave: u32,
    /// Seeds of all that it draws.
    pub(crate) seeds: Seeds,
    pub(crate) progress: Arc<JobProgress>,
    /// Set when the clone is to end because another has.
    pub(crate) ended: Arc<AtomicBool>,
}

/// The numbers of a job's clones in the order in which they start and are reported: the first, then, as fio
/// makes them, from the last down.
fn clone_numbers(clones: u32) -> impl Iterator<Item = u32> {
    (0..clones.min(1)).chain((1..clones).rev())
}

impl JobClone {
    /// fio's number of the clone: part of its random seeds, from 1.
    pub(crate) fn number(&self) -> u32 {
        self.index + 1
    }
}

impl Plan {
    pub(crate) fn new(jobs: Vec<JobSpec>, options: &RunOptions) -> Result<Self, RunError> {
        let count = jobs
            .iter()
            .map(|job| job.clones as usize)
            .fold(0, usize::saturating_add);
        if count == 0 {
            return Err(RunError::NoJobs);
        }
        if count > options.max_jobs {
            return Err(RunError::TooManyJobs {
                count,
                limit: options.max_jobs,
            });
        }
        if !options.runs_commands {
            JobCommand::refuse(&jobs)?;
        }
        let exit_all = jobs.iter().any(|job| job.lifecycle.exit_all);
        let sink = options.observer.as_ref().map(debug_sink);
        let mut watches = Watches::default();
        let mut clones = Vec::with_capacity(count);
        let groups = group_numbers(&jobs);
        check_groups(&jobs, &groups)
            .map_err(|(job, reason)| RunError::InvalidJob { job, reason })?;
        let waits = succession::waits(&jobs)
            .map_err(|(job, reason)| RunError::InvalidJob { job, reason })?;
        let mut wave = 0;
        for (number, (mut job, group)) in jobs.into_iter().zip(groups).enumerate() {
            check(&job, &options.engines)?;
            if let Some(expanded) =
                files::with_folder(&job).map_err(|error| invalid(&job, &error))?
            {
                job = expanded;
            }
            if uses_cpu_only(&job, &options.engines) && job.size.is_none() {
                // It has no use for a size, but offsets are planned for every job.
                let largest = job.block_sizes.iter().map(|(_, sizes)| sizes.max()).max();
                job.size = largest.map(SizeOrPercent::Bytes);
            }
            wave += u32::from(job.stonewall && !clones.is_empty());
            let spec = Arc::new(job);
            for clone_index in clone_numbers(spec.clones) {
                let ended = Arc::default();
                let mut progress = watches.progress_of(&spec, group, &ended);
                if options.interim_reports {
                    progress = progress.with_interim();
                }
                let index = clones.len() as u32;
                progress.debug = (sink.as_ref())
                    .and_then(|sink| DebugTeller::new(&options.debug, sink, index, group));
                let spec = spec_of_clone(&spec, clone_index, options.random_rule);
                clones.push(JobClone {
                    seeds: Seeds::new(&spec, index + 1, options.random_rule),
                    spec,
                    index,
                    job: number as u32,
                    waits_for: waits[number].map(|earlier| earlier as u32),
                    clone_index,
                    group,
                    wave,
                    progress: Arc::new(progress),
                    ended,
                });
            }
        }
        descriptors::check(descriptors::needed(&clones, options))?;
        Ok(Self { clones, exit_all })
    }

    /// The clones of a wave that end because no other clone of it does I/O any more
    /// (`exit_on_io_done`).
    pub(crate) fn without_io<'p>(
        wave: &'p [JobClone],
        engines: &'p Engines,
    ) -> impl Iterator<Item = &'p JobClone> {
        let only_cpu = |clone: &&JobClone| uses_cpu_only(&clone.spec, engines);
        let mut others = wave.iter().filter(move |clone| !only_cpu(clone)).peekable();
        let done = others.peek().is_some() && others.all(|clone| clone.progress.state().is_over());
        wave.iter()
            .filter(move |clone| done && only_cpu(clone))
            .filter(|clone| clone.spec.engine_options.cpu.exit_with_io)
    }

    /// The clones wave by wave.
    pub(crate) fn waves(&self) -> impl Iterator<Item = &[JobClone]> {
        self.clones.chunk_by(|one, other| one.wave == other.wave)
    }
}

/// The job's own description, unless the rule has this clone differ from it.
fn spec_of_clone(spec: &Arc<JobSpec>, clone_index: u32, rule: RandomRule) -> Arc<JobSpec> {
    let mut adapted = JobSpec::clone(spec);
    rule.adapt_clone(&mut adapted, clone_index);
    if adapted == **spec {
        Arc::clone(spec)
    } else {
        Arc::new(adapted)
    }
}

fn uses_cpu_only(job: &JobSpec, engines: &Engines) -> bool {
    let engine = engines.find(&job.engine);
    engine.is_some_and(|engine| engine.uses_cpu_only)
}

fn invalid(job: &JobSpec, reason: &impl ToString) -> RunError {
    RunError::InvalidJob {
        job: job.name.clone(),
        reason: reason.to_string(),
    }
}

fn check(job: &JobSpec, engines: &Engines) -> Result<(), RunError> {
    if engines.find(&job.engine).is_none() {
        if let Some(reason) = absent_engine(&job.engine) {
            let (job, engine) = (job.name.clone(), job.engine.clone());
            return Err(RunError::AbsentEngine {
                job,
                engine,
                reason,
            });
        }
        return Err(RunError::UnknownEngine {
            job: job.name.clone(),
            engine: job.engine.clone(),
            known: engines.names().collect::<Vec<_>>().join(", "),
        });
    }
    let invalid = |reason| RunError::InvalidJob {
        job: job.name.clone(),
        reason,
    };
    job.validate().map_err(|error| invalid(error.to_string()))?;
    check_cpu(job.process.clock_cpu).map_err(invalid)?;
    if job.logs.any() && job.logs.alternate_epoch {
        check_clock("log_alternate_epoch_clock_id", job.logs.epoch_clock).map_err(invalid)?;
    }
    check_clock("job_start_clock_id", job.process.start_clock).map_err(invalid)?;
    check_pattern(job).map_err(invalid)?;
    check_working_set(job).map_err(invalid)?;
    job.directories
        .iter()
        .try_for_each(|directory| check_directory(directory))
        .map_err(invalid)
}

/// `gtod_cpu`: setting aside a CPU that does not exist would do nothing.
fn check_cpu(cpu: Option<u32>) -> Result<(), String> {
    let Some(cpu) = cpu else { return Ok(()) };
    let place = format!("/sys/devices/system/cpu/cpu{cpu}");
    // Where the kernel tells of no CPU at all, it cannot be known.
    let is_told = Path::new("/sys/devices/system/cpu/cpu0").exists();
    if is_told && !Path::new(&place).exists() {
        return Err(format!("gtod_cpu={cpu}: this machine has no such CPU"));
    }
    Ok(())
}

fn check_clock(option: &str, clock: u32) -> Result<(), String> {
    match clock_milliseconds(clock) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "{option}={clock}: this clock cannot be read ({error}); 0 is the time of day"
        )),
    }
}

/// The rules fio has for `dedupe_mode=working_set`.
fn check_working_set(job: &JobSpec) -> Result<(), String> {
    let dedupe = &job.buffers.dedupe;
    if !job.buffers.has_working_set() {
        return Ok(());
    }
    let (percent, set) = (dedupe.percent.unwrap_or(0), dedupe.working_set_percent);
    if files::count(job) != 1 {
        return Err(
            "dedupe_mode=working_set works with one file; give the job a single one".to_owned(),
        );
    }
    if job.size.is_none() {
        return Err(
            "dedupe_mode=working_set needs a size to take its share of; set size".to_owned(),
        );
    }
    if u32::from(percent) + u32::from(set) > 100 {
        return Err(format!(
            "dedupe_percentage={percent} cannot be reached when a working set of {set}% of the size \
             is unique; lower dedupe_working_set_percentage to {} or less",
            100 - percent
        ));
    }
    Ok(())
}

/// As fio, a job with a wrong `directory` is refused before anything runs, whatever its engine.
fn check_directory(directory: &Path) -> Result<(), String> {
    let shown = directory.display();
    match std::fs::metadata(directory) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(format!(
            "directory={shown}: it is not a directory; correct the option"
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(format!(
            "directory={shown}: it does not exist; create it or correct the option"
        )),
        Err(error) => Err(format!("directory={shown}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(change: impl Fn(&mut [JobSpec])) -> Vec<(u32, u32, u32)> {
        let mut jobs = ["a", "b", "c"].map(JobSpec::new);
        jobs.iter_mut()
            .for_each(|job| job.engine = "null".to_owned());
        change(&mut jobs);
        let plan = Plan::new(jobs.to_vec(), &RunOptions::default()).unwrap();
        plan.clones
            .iter()
            .map(|clone| (clone.number(), clone.group, clone.wave))
            .collect()
    }

    #[test]
    fn jobs_share_a_group_and_a_wave_by_default() {
        assert_eq!(plan(|_| {}), [(1, 0, 0), (2, 0, 0), (3, 0, 0)]);
    }

    #[test]
    fn a_stonewall_begins_a_wave_and_a_group_but_not_between_clones() {
        let clones = plan(|jobs| {
            jobs[0].stonewall = true;
            jobs[1].stonewall = true;
            jobs[1].clones = 2;
        });
        assert_eq!(clones, [(1, 0, 0), (2, 1, 1), (3, 1, 1), (4, 1, 1)]);
    }

    #[test]
    fn a_new_group_runs_beside_the_others() {
        assert_eq!(
            plan(|jobs| jobs[2].new_group = true),
            [(1, 0, 0), (2, 0, 0), (3, 1, 0)]
        );
    }

    #[test]
    fn clones_follow_the_random_rule() {
        let mut job = JobSpec::new("seeded");
        job.random_seed = Some(7);
        job.clones = 2;
        let repeatable = |random_rule| {
            let options = RunOptions {
                random_rule,
                ..RunOptions::default()
            };
            let plan = Plan::new(vec![job.clone()], &options).unwrap();
            [0, 1].map(|index: usize| plan.clones[index].spec.repeatable)
        };
        assert_eq!(repeatable(RandomRule::Newest), [true, true]);
        assert_eq!(repeatable(RandomRule::Before335), [true, false]);
    }

    #[test]
    fn wrong_lists_of_jobs_are_refused() {
        let start = |jobs, max_jobs| {
            let options = RunOptions {
                max_jobs,
                ..RunOptions::default()
            };
            Plan::new(jobs, &options).unwrap_err().to_string()
        };
        assert!(start(vec![], 1).contains("no jobs"));
        let mut lost = JobSpec::new("lost");
        lost.directories = vec!["/dev/null".into()];
        assert!(start(vec![lost.clone()], 1).contains("directory=/dev/null: it is not"));
        lost.directories = vec!["/no/such/place".into()];
        assert!(start(vec![lost], 1).contains("/no/such/place: it does not exist"));
        let mut job = JobSpec::new("many");
        job.clones = u32::MAX;
        assert!(start(vec![job.clone(), job.clone()], 10).contains("limit of 10"));
        job.clones = 1;
        job.engine = "rbd".to_owned();
        let message = start(vec![job.clone()], 1);
        assert!(
            message.contains("ioengine=rbd") && message.contains("Ceph"),
            "{message}"
        );
        job.engine = "warp".to_owned();
        let message = start(vec![job], 1);
        assert!(
            message.contains("`warp`") && message.contains("libaio, mmap, null, posixaio, psync"),
            "{message}"
        );
    }
}
