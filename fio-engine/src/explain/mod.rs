//! What jobs will do, found out without doing it.
//!
//! Job files say less than they mean: sizes follow from files, defaults fill the gaps, and some
//! options do nothing beside others. [`explain`] follows the path of a run up to its first I/O: it
//! names the files, looks at those that exist, and draws the very sequence of I/Os the jobs would
//! issue, but creates, opens and changes nothing.
//!
//! ```
//! use fio_engine::explain::explain;
//! use fio_engine::job::{ParseOptions, parse_words};
//! use fio_engine::run::RunOptions;
//!
//! let words = ["--name=a", "--ioengine=null", "--size=1m", "--rwmixread=70"];
//! let parsed = parse_words(&words, &ParseOptions::default())?;
//! let explanation = explain(parsed.jobs, &RunOptions::default())?;
//! let job = &explanation.jobs[0];
//! assert_eq!(job.ios.count.0, [256, 0, 0]);
//! assert_eq!(job.without_effect[0].option, "rwmixread");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod defaults;
mod effects;
mod files;
mod ios;
mod model;
mod remarks;
mod time;

#[cfg(test)]
mod tests;

use std::sync::atomic::AtomicBool;

pub use model::{
    ExplainedFile, ExplainedJob, Explanation, FileAction, NoEffect, PlannedIos, TimeBound,
};

use crate::direction::Direction;
use crate::files::FileSet;
use crate::job::JobSpec;
use crate::replay::ReplayPlan;
use crate::run::{BlockMap, JobClone, Plan, RunError, RunOptions};
use effects::Facts;
use files::FileList;
use ios::Counter;

/// Says what a run of these jobs would do.
///
/// Jobs that the run would refuse as they begin, for instance because a device is too small, are
/// explained as far as possible, with the reason in [`ExplainedJob::problem`].
///
/// # Errors
/// As [`Run::start`](crate::run::Run::start): jobs that make no sense.
pub fn explain(jobs: Vec<JobSpec>, options: &RunOptions) -> Result<Explanation, RunError> {
    let plan = Plan::new(jobs, options)?;
    let mut counter = Counter::new(options.random_rule);
    let first_of_job = |clone: &&JobClone| clone.clone_index == 0;
    let jobs: Vec<_> = plan
        .clones
        .iter()
        .filter(first_of_job)
        .map(|first| {
            let own = &plan.clones[first.index as usize..][..first.spec.clones as usize];
            explain_job(own, &plan, options, &mut counter)
        })
        .collect();
    let longest = time::longest(&jobs);
    Ok(Explanation { jobs, longest })
}

fn explain_job(
    clones: &[JobClone],
    plan: &Plan,
    options: &RunOptions,
    counter: &mut Counter,
) -> ExplainedJob {
    let first = &clones[0];
    let spec = &first.spec;
    let needs_files = options.engines.needs_files(&spec.engine).unwrap_or(false);
    let mut list = FileList::new(spec);
    let mut ios = PlannedIos::default();
    let mut problem = None;
    let mut blocks = None;
    let cancel = AtomicBool::new(false);
    for clone in clones {
        if clone.spec.replay.replays() {
            match replayed(clone, needs_files, &mut list, &cancel) {
                Ok(counted) => ios.add(counted),
                Err(reason) => {
                    problem.get_or_insert(reason);
                }
            }
            continue;
        }
        let rule = options.random_rule;
        let planned = FileSet::plan(
            &clone.spec,
            clone.clone_index,
            clone.number(),
            rule,
            needs_files,
            &cancel,
        );
        let counted = planned.map_err(|error| error.to_string()).and_then(|set| {
            if needs_files {
                list.add(&set);
            }
            if blocks.is_none() {
                blocks = BlockMap::new(&clone.spec, &set.regions());
            }
            if clone.spec.files.create_only {
                return Ok(PlannedIos::default());
            }
            counter.count(clone, &set.regions())
        });
        match counted {
            Ok(counted) => ios.add(counted),
            Err(reason) => {
                problem.get_or_insert(reason);
            }
        }
    }
    let facts = Facts::new(first, plan, options, needs_files);
    ExplainedJob {
        spec: (**spec).clone(),
        group: first.group,
        wave: first.wave,
        time: time::bound(spec, &ios),
        defaults: defaults::taken(spec, &facts),
        remarks: remarks::of(spec, &facts, blocks.as_ref()),
        without_effect: effects::without_effect(&facts, &ios),
        files: list.files,
        more_files: list.more,
        ios,
        problem,
    }
}

/// What a clone that replays a log does.
fn replayed(
    clone: &JobClone,
    needs_files: bool,
    list: &mut FileList<'_>,
    cancel: &AtomicBool,
) -> Result<PlannedIos, String> {
    let plan = ReplayPlan::new(&clone.spec.replay, clone.clone_index, cancel);
    let plan = plan.map_err(|error| error.to_string())?;
    let set = FileSet::of_log(plan.files(), needs_files).map_err(|error| error.to_string())?;
    let (count, bytes, synchronisations) = plan.counts();
    let changes = plan.has(Direction::Write) || plan.has(Direction::Trim);
    if needs_files {
        list.add_those_of_a_log(&set, changes);
    }
    Ok(PlannedIos {
        count,
        bytes,
        synchronisations,
        ..PlannedIos::default()
    })
}
