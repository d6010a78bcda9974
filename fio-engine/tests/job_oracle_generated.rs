//! Debian's fio as an oracle for jobs nobody has thought of: 2,000 jobs drawn from the option table
//! must be accepted or refused by both, but for choices that are listed with their reasons.
//!
//! Every option that works is drawn, with the engine it belongs to, from the values in `values`. The
//! seed is fixed, so that a failure stays one. Values that fio silently misreads are not drawn;
//! `job_oracle.rs` lists those.

mod oracle;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use fio_engine::job::{JobSource, OptionInfo, ParseOptions, engine_options, options, parse_jobs};
use oracle::values::{odd_values, values};
use oracle::{Draw, Fio, in_parallel};

const JOBS: usize = 2_000;

/// Jobs that fio is asked about at once where it is expected to accept them all.
const BATCH: usize = 40;

/// What stands in front of the jobs.
const FIRST: &str = "[first]\nioengine=null\nsize=1m\n";

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
    let compared = jobs.iter().filter(|job| job.choice().is_none());
    let (good, bad): (Vec<_>, Vec<_>) = compared.partition(|job| job.verdict().is_ok());
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
        let complaint = job.verdict().err().unwrap_or_default();
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
        let (here, theirs) = (job.verdict(), fio.accepts(&job.file()));
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
    let good = jobs.iter().filter(|job| job.verdict().is_ok());
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

/// Options that work here and that Debian's fio has, those of engines included.
fn known_to_debian() -> Vec<&'static OptionInfo> {
    let mut names = help("--cmdhelp=all");
    names.extend(ENGINES.iter().flat_map(|engine| {
        let engine_help = help(&format!("--enghelp={engine}"));
        engine_help.into_iter()
    }));
    let drawn = |option: &&OptionInfo| {
        option.is_supported() && names.contains(option.name) && !LEFT_OUT.contains(&option.name)
    };
    options()
        .iter()
        .chain(engine_options())
        .filter(drawn)
        .collect()
}

/// Names in the first column of what fio says.
fn help(flag: &str) -> BTreeSet<String> {
    let output = Command::new("fio").arg(flag).output().expect("fio starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().filter_map(|line| line.split(':').next());
    first.map(|name| name.trim().to_owned()).collect()
}

/// Engines that Debian's fio and this program have.
const ENGINES: &[&str] = &[
    "null",
    "psync",
    "sync",
    "vsync",
    "pvsync",
    "pvsync2",
    "mmap",
    "splice",
    "libaio",
    "io_uring",
    "cpuio",
    "falloc",
    "ftruncate",
    "filecreate",
    "filestat",
    "filedelete",
];

/// Options whose verdict depends on more than their value.
const LEFT_OUT: [&str; 5] = [
    // Reads a folder when it is parsed.
    "opendir",  // Decides what the other options mean; each job has one.
    "ioengine", // The section has a name.
    "name",
    // Of use with zonemode=strided only, without which fio refuses them when it starts the job.
    "zonesize",
    "zonecapacity",
];

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
    exclusive(
        &[("rate", "1m"), ("rate_iops", "100")],
        "fio refuses it when it starts the job",
    ),
    exclusive(&[("rate_min", "1k"), ("rate_iops_min", "1")], "as above"),
    exclusive(&[("rate", "1k"), ("rate_min", "1m")], "as above"),
    exclusive(&[("rate_iops", "1"), ("rate_iops_min", "2")], "as above"),
];

/// A job with one engine and some options.
struct Job {
    engine: &'static str,
    options: Vec<(&'static str, String)>,
}

impl Job {
    fn section(&self, number: usize) -> String {
        let engine = self.engine;
        format!(
            "[job{number}]\nioengine={engine}\nsize=1m\n{}\n",
            self.lines()
        )
    }

    /// The job alone, behind the one it may wait for.
    fn file(&self) -> String {
        format!("{FIRST}{}", self.section(0))
    }

    fn lines(&self) -> String {
        let line = |(name, value): &(&str, String)| match value.as_str() {
            "" => (*name).to_owned(),
            value => format!("{name}={value}"),
        };
        self.options.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn verdict(&self) -> Result<(), String> {
        let file = self.file();
        let source = JobSource::text("generated", &file);
        let parsed = parse_jobs(&[source], &ParseOptions::default());
        parsed.map(drop).map_err(|error| error.to_string())
    }

    fn choice(&self) -> Option<&'static Choice> {
        let given = |choice: &&Choice| {
            choice.options.iter().all(|(name, value)| {
                let same = |(own, given): &(&str, String)| {
                    own == name && (choice.any_value || given == value)
                };
                self.options.iter().any(same)
            })
        };
        CHOICES.iter().find(given)
    }
}

/// Each option in turn with none to seven others; in one job of five, one of those has an odd value.
fn draw_job(number: usize, draw: &mut Draw, known: &[&'static OptionInfo]) -> Job {
    let first = known[number % known.len()];
    let engines: Vec<_> = ENGINES
        .iter()
        .filter(|engine| first.engines.is_empty() || first.engines.contains(engine))
        .copied()
        .collect();
    let engine = draw.one_of(&engines);
    let mut list = vec![(first, values(first))];
    if draw.below(5) == 0 {
        let odd = draw_option(draw, known, engine);
        list.push((odd, odd_values(odd)));
    }
    for _ in 0..draw.below(7) {
        let option = draw_option(draw, known, engine);
        list.push((option, values(option)));
    }
    let mut chosen = BTreeMap::new();
    for (option, values) in list {
        if let Some(value) = values.get(draw.below(values.len().max(1))) {
            chosen.insert(option.name, value.clone());
        }
    }
    Job {
        engine,
        options: chosen.into_iter().collect(),
    }
}

/// An option of the engine, one time in four where it has any, or of all engines.
fn draw_option(
    draw: &mut Draw,
    known: &[&'static OptionInfo],
    engine: &str,
) -> &'static OptionInfo {
    let (own, general): (Vec<_>, Vec<_>) = known
        .iter()
        .filter(|option| option.engines.is_empty() || option.engines.contains(&engine))
        .partition(|option| !option.engines.is_empty());
    let list = if !own.is_empty() && draw.below(4) == 0 {
        own
    } else {
        general
    };
    list[draw.below(list.len())]
}
