//! Debian's fio as an oracle for jobs nobody has thought of: 2,000 jobs drawn from the option table
//! must be accepted or refused by both, but for choices that are listed with their reasons.
//!
//! Every option that works is drawn, with the engine it belongs to, from the values in `values`. The
//! seed is fixed, so that a failure stays one. Values that fio silently misreads are not drawn;
//! `job_oracle.rs` lists those.

mod oracle;

use std::collections::BTreeSet;

use fio_engine::job::{JobSource, OptionInfo, ParseOptions, parse_jobs};
use oracle::jobs::{FIRST, Job, draw_job, known_to_debian};
use oracle::{Draw, Fio, in_parallel};

const JOBS: usize = 2_000;

/// Jobs that fio is asked about at once where it is expected to accept them all.
const BATCH: usize = 40;

#[test]
fn generated_jobs_are_judged_alike() {
    let Some(fio) = Fio::find() else { return };
    let known = known_to_debian();
    let mut draw = Draw(0x89);
    let jobs: Vec<_> = (0..JOBS)
        .map(|number| draw_job(number, &mut draw, &known))
        .collect();
    assert_covered(&jobs, &known);
    // What the list of choices says of a job is shown where that list is tested.
    let compared = jobs.iter().filter(|job| choice(job).is_none());
    let (good, bad): (Vec<_>, Vec<_>) = compared.partition(|job| verdict(job).is_ok());
    assert!(
        good.len() > JOBS / 2 && bad.len() > JOBS / 20,
        "a good mixture, not {} and {}",
        good.len(),
        bad.len()
    );
    let batches: Vec<_> = good.chunks(BATCH).collect();
    let mut failures = in_parallel(&batches, |batch| {
        let all: String = batch
            .iter()
            .enumerate()
            .map(|(index, job)| job.section(index))
            .collect();
        if fio.accepts(&format!("{FIRST}{all}")) {
            return None;
        }
        let refused = batch.iter().filter(|job| !fio.accepts(&job.file()));
        let lines: Vec<_> = refused
            .map(|job| format!("only fio refuses: {:?}", job.lines()))
            .collect();
        Some(lines.join("\n"))
    });
    failures.extend(in_parallel(&bad, |job| {
        let complaint = verdict(job).err().unwrap_or_default();
        fio.accepts(&job.file())
            .then(|| format!("only refused here: {:?}: {complaint}", job.lines()))
    }));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A choice that no longer is one has to leave the list.
#[test]
fn choices_are_differences() {
    let Some(fio) = Fio::find() else { return };
    let failures = in_parallel(CHOICES, |choice| {
        let job = Job {
            engine: choice.engine,
            options: choice
                .options
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        };
        let (here, theirs) = (verdict(&job), fio.accepts(&job.file()));
        let lines = job.lines();
        (here.is_ok() != choice.accepted_here || theirs == choice.accepted_here).then(|| {
            let reason = choice.reason;
            format!("{lines:?} ({reason}): fio accepts: {theirs}, here: {here:?}")
        })
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Each option that works must stand in a job that both accept.
fn assert_covered(jobs: &[Job], known: &[&'static OptionInfo]) {
    let good = jobs.iter().filter(|job| verdict(job).is_ok());
    let drawn: BTreeSet<_> = good
        .flat_map(|job| &job.options)
        .map(|(name, _)| *name)
        .collect();
    let missing: Vec<_> = known
        .iter()
        .map(|option| option.name)
        .filter(|name| !drawn.contains(name))
        .collect();
    assert_eq!(missing, [""; 0], "options without a job");
}

/// A job that one of the two refuses.
struct Choice {
    engine: &'static str,
    options: &'static [(&'static str, &'static str)],
    /// The same is true of other values.
    any_value: bool,
    accepted_here: bool,
    reason: &'static str,
}

const fn refused(options: &'static [(&'static str, &'static str)], reason: &'static str) -> Choice {
    Choice {
        engine: "null",
        options,
        any_value: false,
        accepted_here: false,
        reason,
    }
}

const fn accepted(
    options: &'static [(&'static str, &'static str)],
    reason: &'static str,
) -> Choice {
    Choice {
        accepted_here: true,
        ..refused(options, reason)
    }
}

const fn exclusive(
    options: &'static [(&'static str, &'static str)],
    reason: &'static str,
) -> Choice {
    Choice {
        any_value: true,
        ..refused(options, reason)
    }
}

/// A job that has all options of a choice is not compared.
const CHOICES: &[Choice] = &[
    accepted(&[("fadvise_hint", "noreuse")], "newer than Debian's fio"),
    refused(&[("atomic", "1")], "no engine here asks for atomic writes"),
    refused(&[("verify_state_load", "1")], "no verify states are kept"),
    refused(&[("numjobs", "0")], "no job at all"),
    refused(&[("loops", "0")], "no loop at all"),
    refused(&[("nrfiles", "0")], "no file at all"),
    refused(&[("size", "0%")], "nothing to do"),
    refused(&[("io_size", "0%")], "nothing to do"),
    refused(&[("cpumask", "0")], "no CPU at all"),
    refused(&[("cpus_allowed", "")], "no CPU at all"),
    refused(&[("log_compression_cpus", "")], "no CPU at all"),
    refused(&[("numa_cpu_nodes", "")], "no node at all"),
    refused(&[("numa_mem_policy", "")], "no policy at all"),
    refused(&[("replay_skip", "")], "fio overlooks it"),
    refused(&[("zoneskip", "100%")], "fio does not say of what"),
    refused(
        &[("log_hist_coarseness", "7")],
        "fio's manual allows 6 at most",
    ),
    refused(
        &[("percentage_random", "50,200")],
        "fio checks the first value only",
    ),
    refused(&[("bs", "512,abc")], "fio reads 0 as the second value"),
    refused(
        &[("rate_cycle", "0")],
        "nothing can be measured over no time",
    ),
    Choice {
        engine: "io_uring",
        ..accepted(
            &[("cmdprio", "0"), ("io_submit_mode", "offload")],
            "fio's io_uring is used by its own thread only",
        )
    },
    Choice {
        engine: "io_uring",
        ..accepted(
            &[
                ("cmdprio_bssplit", "4k/30:8k/60"),
                ("io_submit_mode", "offload"),
            ],
            "fio's io_uring is used by its own thread only",
        )
    },
    refused(
        &[("merge_blktrace_scalars", "-1")],
        "time does not go backwards",
    ),
    refused(&[("merge_blktrace_iters", "-1")], "fewer than none"),
    exclusive(
        &[("rate", "1m"), ("rate_iops", "100")],
        "fio refuses it when it starts the job",
    ),
    exclusive(&[("rate_min", "1k"), ("rate_iops_min", "1")], "as above"),
    exclusive(&[("rate", "1k"), ("rate_min", "1m")], "as above"),
    exclusive(&[("rate_iops", "1"), ("rate_iops_min", "2")], "as above"),
];

/// What the parser says of it.
fn verdict(job: &Job) -> Result<(), String> {
    let file = job.file();
    let source = JobSource::text("generated", &file);
    let parsed = parse_jobs(&[source], &ParseOptions::default());
    parsed.map(drop).map_err(|error| error.to_string())
}

fn choice(job: &Job) -> Option<&'static Choice> {
    let given = |choice: &&Choice| {
        choice.options.iter().all(|(name, value)| {
            let same =
                |(own, given): &(&str, String)| own == name && (choice.any_value || given == value);
            job.options.iter().any(same)
        })
    };
    CHOICES.iter().find(given)
}
