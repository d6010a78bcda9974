//! `explain`: what jobs would do.

mod document;
mod text;

use std::fmt::Write as _;

use fio_engine::explain::{Explanation, explain as explain_jobs};
use fio_engine::run::RunOptions;

use super::run::parse;
use crate::cli::ExplainArgs;
use crate::exit::{ExitStatus, Failure};
use crate::job_text::{JobTextError, names_standard_input_twice};
use crate::output::{Sink, complain};

/// Prints what the jobs would do; a job that would fail makes the command fail.
pub(crate) fn explain(args: &ExplainArgs) -> Result<ExitStatus, Failure> {
    if names_standard_input_twice(&args.jobs.files) {
        return Err(Failure::setup(JobTextError::StandardInputTwice));
    }
    let parsed = parse(&args.jobs).map_err(Failure::setup)?;
    for notice in &parsed.notices {
        complain(format_args!("warning: {notice}"));
    }
    let mut options = RunOptions::default();
    options.global_options = parsed.global_options;
    options.random_rule = args.random_rule.into();
    options.runs_commands = true;
    let explanation = explain_jobs(parsed.jobs, &options).map_err(Failure::setup)?;
    let mut sink = Sink::open(None).map_err(Failure::setup)?;
    let text = if args.json {
        format!("{:#}\n", document::of(&explanation))
    } else {
        text::of(&explanation)
    };
    sink.write(&text).map_err(Failure::setup)?;
    Ok(complain_of_problems(&explanation))
}

fn complain_of_problems(explanation: &Explanation) -> ExitStatus {
    let mut message = String::new();
    for job in &explanation.jobs {
        if let Some(problem) = &job.problem {
            let _ = writeln!(message, "error: job {}: {problem}", job.spec.name);
        }
    }
    if message.is_empty() {
        return ExitStatus::Success;
    }
    complain(message.trim_end());
    ExitStatus::JobFailed
}
