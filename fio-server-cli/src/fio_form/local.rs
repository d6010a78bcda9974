//! Jobs in this process.

use std::ffi::OsString;
use std::fmt::Write as _;

use anyhow::anyhow;
use fio_engine::job::{Notice, ParsedJobs, parse_words, show_command_lines};
use fio_engine::replay::merge_traces;
use fio_engine::report::normal::JobLine;
use fio_engine::run::group_numbers;

use super::at_once::print;
use super::code;
use super::request::{Request, default_run_args, is_of_no_jobs};
use super::usage::usage;
use crate::commands::{self, Ended, RunWishes};
use crate::exit::{ExitStatus, Failure};
use crate::job_text::{JobTextError, names_standard_input_twice};
use crate::output::{Sink, complain};

/// Does with the jobs what is asked for, and gives the exit code.
pub(super) fn run(request: &Request) -> Result<u8, Failure> {
    let files: Vec<_> = request.files.iter().map(|(_, path)| path.clone()).collect();
    if names_standard_input_twice(&files) {
        return Err(Failure::setup(JobTextError::StandardInputTwice));
    }
    if request.show_commands {
        return show(request).map(code);
    }
    let parsed = match parse(request)? {
        Some(parsed) => parsed,
        // As with fio, nothing to read is nothing wrong.
        None if request.parse_only || request.merge_only => return Ok(code(ExitStatus::Success)),
        None => {
            print(&usage())?;
            return Err(Failure::setup(anyhow!("No job(s) defined")));
        }
    };
    if request.warnings_fatal {
        refuse_notices(&parsed.notices)?;
    }
    let told = request.topics.before_the_run(&parsed.jobs);
    if request.parse_only {
        return print(&told).map(code);
    }
    if request.merge_only {
        for job in &parsed.jobs {
            merge_traces(&job.replay).map_err(Failure::setup)?;
        }
        return print(&(told + &announcement(&parsed))).map(code);
    }
    let mut args = default_run_args();
    args.output = request.output.clone();
    args.idle_prof = request.idle_prof;
    let wishes = RunWishes {
        most_jobs: request.most_jobs,
        first_lines: told,
        debug: request.topics.of_run.clone(),
    };
    commands::execute(parsed, &args, wishes).map(code_of_run)
}

/// As with fio, the number of jobs that failed, of which a process hands on eight bits; but a run that failed
/// never looks as if it had not.
fn code_of_run(ended: Ended) -> u8 {
    match (ended.status, ended.failed_jobs % 256) {
        (ExitStatus::JobFailed, failed) => u8::try_from(failed).map_or(1, |failed| failed.max(1)),
        (status, _) => code(status),
    }
}

/// Fails where there is something remarkable about jobs.
pub(super) fn refuse_notices(notices: &[Notice]) -> Result<(), Failure> {
    for notice in notices {
        complain(format_args!("fio: {notice}"));
    }
    match notices {
        [] => Ok(()),
        _ => Err(Failure::setup(anyhow!(
            "these warnings are fatal (--warnings-fatal)"
        ))),
    }
}

/// The lines that announce the jobs, which fio prints also where it does not run them then.
fn announcement(parsed: &ParsedJobs) -> String {
    let groups = group_numbers(&parsed.jobs);
    let lines = parsed.jobs.iter().zip(groups);
    let lines = lines.filter_map(|(job, group)| JobLine::new(job, group));
    lines.fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").expect("a string takes it");
        text
    })
}

/// The jobs; `None` if there are none.
fn parse(request: &Request) -> Result<Option<ParsedJobs>, Failure> {
    match parse_words(&request.words, &request.parse_options()) {
        Ok(parsed) if parsed.jobs.is_empty() => Ok(None),
        Ok(parsed) => Ok(Some(parsed)),
        Err(error) if is_of_no_jobs(&error) => {
            if !request.sections.is_empty() && !request.parse_only {
                complain(format_args!("fio: {error}"));
            }
            Ok(None)
        }
        Err(error) => Err(Failure::setup(error)),
    }
}

/// Prints job files as command lines.
fn show(request: &Request) -> Result<ExitStatus, Failure> {
    let lines = shown(&request.words, request)?;
    let mut sink = Sink::open(request.output.output.as_deref()).map_err(Failure::setup)?;
    let printed = sink.write(&lines).and_then(|()| sink.finish());
    printed.map_err(Failure::setup)?;
    Ok(ExitStatus::Success)
}

/// The job files among the words, as command lines.
fn shown(words: &[OsString], request: &Request) -> Result<String, Failure> {
    show_command_lines(words, &request.parse_options()).map_err(Failure::setup)
}
