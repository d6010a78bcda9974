//! `--debug`: what may be told of a run.
//!
//! fio's categories are its source files. Those that have a counterpart here tell something of it; the others
//! are known and say nothing.

use std::fmt::Write as _;

use anyhow::anyhow;
use fio_engine::explain::{Explanation, explain};
use fio_engine::job::JobSpec;
use fio_engine::run::{RunEvent, RunOptions};

use super::request::remark;

/// Something that is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// The options each job ends up with.
    Parse,
    /// What becomes of the files of each job.
    File,
    /// When jobs begin and end.
    Process,
    /// Their numbers, groups and waves.
    Job,
    /// How long they take at most.
    Time,
}

impl Topic {
    const fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::File => "file",
            Self::Process => "process",
            Self::Job => "job",
            Self::Time => "time",
        }
    }
}

const TOPICS: [Topic; 5] = [
    Topic::Process,
    Topic::File,
    Topic::Job,
    Topic::Parse,
    Topic::Time,
];

/// All categories of fio 3.33.
const CATEGORIES: [&str; 18] = [
    "process",
    "file",
    "io",
    "mem",
    "blktrace",
    "verify",
    "random",
    "parse",
    "diskutil",
    "job",
    "mutex",
    "profile",
    "time",
    "net",
    "rate",
    "compress",
    "steadystate",
    "helperthread",
];

/// The one that was added to them for zoned devices.
const ZONED: &str = "zbd";

/// The text of `--debug=help`.
pub(super) fn list() -> String {
    let all = CATEGORIES.join(",");
    format!("fio: dumping debug options:{all},{ZONED},all\n")
}

/// The topics named, separated by commas; `None` for help. As with fio, unknown names are complained of
/// and do no harm.
pub(super) fn read(value: &str) -> Option<Vec<Topic>> {
    if value == "help" {
        return None;
    }
    if value == "all" {
        return Some(TOPICS.to_vec());
    }
    let mut topics = Vec::new();
    for name in value.split(',') {
        match TOPICS.iter().find(|topic| topic.name() == name) {
            Some(topic) => topics.push(*topic),
            None if name == ZONED || CATEGORIES.contains(&name) => {
                remark(format_args!("debug option {name}: nothing to tell of here"));
            }
            None => remark(format_args!(
                "debug mask {name} not found; --debug=help lists those there are"
            )),
        }
    }
    Some(topics)
}

/// What is told of jobs before they run.
pub(super) fn before_the_run(topics: &[Topic], jobs: &[JobSpec]) -> String {
    let mut text = String::new();
    let wants = |topic| topics.contains(&topic);
    if wants(Topic::Parse) {
        for job in jobs {
            for (name, value) in job.to_options() {
                line(
                    &mut text,
                    Topic::Parse,
                    &format!("{}: {name}={value}", job.name),
                );
            }
        }
    }
    if wants(Topic::File) || wants(Topic::Job) || wants(Topic::Time) {
        match explain(jobs.to_vec(), &RunOptions::default()) {
            Ok(explanation) => explained(&mut text, topics, &explanation),
            // The run will say so, too.
            Err(error) => line(&mut text, Topic::Job, &anyhow!(error).to_string()),
        }
    }
    text
}

fn explained(text: &mut String, topics: &[Topic], explanation: &Explanation) {
    let wants = |topic| topics.contains(&topic);
    for job in &explanation.jobs {
        let name = &job.spec.name;
        if wants(Topic::Job) {
            let of_job = format!("{name}: group {}, wave {}", job.group, job.wave);
            line(text, Topic::Job, &of_job);
        }
        if wants(Topic::File) {
            for file in &job.files {
                line(
                    text,
                    Topic::File,
                    &format!("{name}: {}", file.path.display()),
                );
            }
        }
    }
    if let (true, Some(longest)) = (wants(Topic::Time), explanation.longest) {
        let seconds = longest.as_secs_f64();
        line(text, Topic::Time, &format!("all jobs: at most {seconds} s"));
    }
}

/// What is told of an event of the run.
pub(super) fn of_event(event: &RunEvent) -> Option<String> {
    let what = match event {
        RunEvent::JobStarted { job } => format!("job {job} begins"),
        RunEvent::JobFinished { job } => format!("job {job} has ended"),
        RunEvent::Finished => "all jobs have ended".to_owned(),
        _ => return None,
    };
    let mut text = String::new();
    line(&mut text, Topic::Process, &what);
    Some(text)
}

/// In the layout of fio's lines.
fn line(text: &mut String, topic: Topic, what: &str) {
    let process = std::process::id();
    writeln!(text, "{:<8} {process} {what}", topic.name()).expect("a string takes it");
}
