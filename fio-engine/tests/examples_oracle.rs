//! The job files that come with Debian's fio: each is accepted or refused as by `fio --parse-only`,
//! but for those that are listed with what they need, and those that can run do as many I/Os of each
//! direction as there, scaled down.

mod oracle;

use std::path::{Path, PathBuf};

use fio_engine::io::Engines;
use fio_engine::job::{JobSource, JobSpec, ParseOptions, parse_jobs};
use fio_engine::run::{Run, RunOptions};
use fio_engine::workload::RandomRule;
use fio_engine::{Direction, PerDirection};
use oracle::{Fio, in_parallel};
use serde_json::Value;

/// Where Debian's package `fio-examples` puts them.
const FOLDER: &str = "/usr/share/doc/fio/examples";

/// Examples that only fio accepts, with a part of the complaint here.
const REFUSED: &[(&str, &str)] = &[
    ("basic-verify", "what is read is not compared"),
    ("cross-stripe-verify", "what is read is not compared"),
    ("enospc-pressure", "what is read is not compared"),
    ("surface-scan", "what is read is not compared"),
    ("libzbc-rand-write", "zoned block devices"),
    ("libzbc-seq-read", "zoned block devices"),
    ("uring-cmd-zoned", "zoned block devices"),
    ("zbd-rand-write", "zoned block devices"),
    ("zbd-seq-read", "zoned block devices"),
    ("e4defrag", "ioengine=e4defrag"),
    ("e4defrag2", "ioengine=e4defrag"),
    ("exec", "ioengine=exec"),
    ("gfapi", "ioengine=gfapi"),
    ("mtd", "ioengine=mtd"),
    ("nbd", "ioengine=nbd"),
    ("netio", "ioengine=net"),
    ("netio_multicast", "ioengine=net"),
    ("rados", "ioengine=rados"),
    ("rbd", "ioengine=rbd"),
    ("sg_verify", "ioengine=sg"),
    ("sg_verify-fail", "ioengine=sg"),
    ("sg_write_same_ndob", "ioengine=sg"),
    ("uring-cmd-ng", "ioengine=io_uring_cmd"),
];

/// Examples that both accept and that have no counts to compare, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("cmdprio-bssplit", "the real-time class needs rights"),
    ("cmdprio-percentage", "the real-time class needs rights"),
    ("cpuio", "it does no I/O"),
    ("exitwhat", "jobs end as others do, which time decides"),
    (
        "fixed-rate-submission",
        "fio 3.33 gets stuck where libaio is offloaded",
    ),
    ("flow", "shares of jobs side by side depend on time"),
    ("numa", "it needs several memory nodes"),
    ("poisson-rate-submission", "as fixed-rate-submission"),
];

/// What becomes of options that make an example long, or tie it to a machine.
const SCALED: &[(&str, Option<&str>)] = &[
    ("size", Some("size=4m")),
    ("nrfiles", Some("nrfiles=20")),
    ("filename", Some("filename=data")),
    ("filesize", Some("filesize=256k")),
    ("directory", None),
    // Not every file system has it.
    ("direct", None),
    ("buffered", None),
    ("loops", None),
    ("time_based", None),
    ("runtime", None),
    ("timeout", None),
    ("startdelay", None),
    ("rate", None),
    ("ratemin", None),
    ("flow", None),
    // Other sequences each time.
    ("randrepeat", None),
];

#[test]
fn examples_are_judged_as_by_fio() {
    let Some((fio, files)) = examples() else {
        return;
    };
    let failures = in_parallel(&files, |file| {
        let ours = parse(&read(file));
        let theirs = fio.accepts_file(file);
        let complaint = ours.err();
        let listed = REFUSED.iter().find(|(name, _)| *name == stem(file));
        match (listed, &complaint) {
            (None, _) if theirs == complaint.is_none() => None,
            (Some((_, part)), Some(text)) if theirs && text.contains(part) => None,
            _ => Some(format!(
                "{}: fio accepts: {theirs}, here: {complaint:?}",
                stem(file)
            )),
        }
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let missing = REFUSED.iter().chain(NOT_RUN).map(|(name, _)| *name);
    let stems: Vec<_> = files.iter().map(|file| stem(file)).collect();
    let missing: Vec<_> = missing
        .filter(|name| !stems.iter().any(|stem| stem == name))
        .collect();
    assert_eq!(missing, [""; 0], "listed, but no examples");
}

#[test]
fn examples_do_as_much_as_in_fio() {
    let Some((fio, files)) = examples() else {
        return;
    };
    let engines = Engines::standard();
    let mut compared = 0;
    let mut failures = Vec::new();
    for file in &files {
        let Ok(jobs) = parse(&read(file)) else {
            continue;
        };
        if let Some(job) = jobs
            .iter()
            .find(|job| engines.needs_files(&job.engine).is_none())
        {
            let engine = job.engine.clone();
            let refusal = Run::start(jobs, RunOptions::default()).err();
            let named = refusal.is_some_and(|error| error.to_string().contains(&engine));
            assert!(named, "{}: {engine} is refused by name", stem(file));
            continue;
        }
        if NOT_RUN.iter().any(|(name, _)| *name == stem(file)) {
            continue;
        }
        compared += 1;
        let (theirs, ours) = (counted_by_fio(&fio, file), counted_here(file));
        if theirs != ours {
            failures.push(format!("{}:\nfio:  {theirs:?}\nhere: {ours:?}", stem(file)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared >= 20, "only {compared} examples");
}

/// Debian's fio and its examples.
fn examples() -> Option<(Fio, Vec<PathBuf>)> {
    let fio = Fio::find()?;
    let Ok(folder) = std::fs::read_dir(FOLDER) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "fio-examples is not installed"
        );
        println!("skipped: fio-examples is not installed");
        return None;
    };
    let paths = folder.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "fio"))
        .collect();
    files.sort();
    Some((fio, files))
}

fn stem(file: &Path) -> &str {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    stem.expect("a name")
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).expect("an example")
}

fn parse(text: &str) -> Result<Vec<JobSpec>, String> {
    let parsed = parse_jobs(
        &[JobSource::text("example", text)],
        &ParseOptions::default(),
    );
    parsed
        .map(|parsed| parsed.jobs)
        .map_err(|error| error.to_string())
}

/// An example that takes a moment, in a folder of its own.
fn scaled(text: &str, folder: &Path) -> String {
    let mut small = format!("[global]\ndirectory={}\nsize=4m\n", folder.display());
    for line in text.lines() {
        let key = line
            .split(['=', ' ', '\t', ';', '#'])
            .next()
            .unwrap_or(line);
        match SCALED.iter().find(|(name, _)| *name == key) {
            Some((_, replacement)) => small += replacement.unwrap_or_default(),
            None => small += line,
        }
        small.push('\n');
    }
    small
}

/// Error number, I/Os and bytes of each direction, of each job or group.
type Counts = Vec<(u64, PerDirection<(u64, u64)>)>;

fn counted_by_fio(fio: &Fio, file: &Path) -> Counts {
    let folder = tempfile::tempdir().expect("a folder");
    let report = fio.run(&scaled(&read(file), folder.path()));
    let jobs = report["jobs"].as_array().expect("a list of jobs");
    let number = |value: &Value| value.as_u64().expect("a number");
    let counts = |job: &Value| {
        let directions = Direction::ALL.map(|direction| {
            let of_direction = &job[direction.name()];
            (
                number(&of_direction["total_ios"]),
                number(&of_direction["io_bytes"]),
            )
        });
        (number(&job["error"]), PerDirection(directions))
    };
    jobs.iter().map(counts).collect()
}

fn counted_here(file: &Path) -> Counts {
    let folder = tempfile::tempdir().expect("a folder");
    let jobs = parse(&scaled(&read(file), folder.path())).expect("a good example");
    let mut options = RunOptions::default();
    options.random_rule = RandomRule::Before335;
    let report = Run::start(jobs, options).expect("jobs that can run").wait();
    let counts = |job: &fio_engine::report::JobReport| {
        let directions = Direction::ALL.map(|direction| {
            let of_direction = &job.directions[direction];
            (of_direction.total_ios, of_direction.bytes)
        });
        (
            u64::from(job.error.unsigned_abs()),
            PerDirection(directions),
        )
    };
    report.jobs.iter().map(counts).collect()
}
