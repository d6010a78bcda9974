//! `run`: jobs in this process, without a network.

use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use fio_engine::job::{JobSource, ParseOptions, ParsedJobs, parse_jobs, parse_words};
use fio_engine::logs::{IoLog, LogFiles, SampleLayout, check_folders};
use fio_engine::report::Report;
use fio_engine::run::{Run, RunEvent, RunOptions};
use fio_engine::workload::RandomRule;
use tokio::sync::mpsc;

use super::{job_failure, runtime};
use crate::cli::{JobArgs, LatencyFrom, RunArgs};
use crate::exit::{ExitStatus, Failure};
use crate::interrupt::Interrupts;
use crate::job_text::{JobTextError, names_standard_input_twice};
use crate::output::{LinePrefixer, Results, complain};

/// Runs the jobs and prints what they measured.
pub(crate) fn run(args: &RunArgs) -> Result<ExitStatus, Failure> {
    if names_standard_input_twice(&args.jobs.files) {
        return Err(Failure::setup(JobTextError::StandardInputTwice));
    }
    let parsed = parse(&args.jobs).map_err(Failure::setup)?;
    for notice in &parsed.notices {
        complain(format_args!("warning: {notice}"));
    }
    let mut results = Results::open(&args.output).map_err(Failure::setup)?;
    let (events, received) = mpsc::unbounded_channel();
    let mut options = RunOptions::default();
    options.global_options = parsed.global_options;
    options.random_rule = args.random_rule.into();
    options.logs_in_report = false;
    check_folders(&parsed.jobs).map_err(Failure::setup)?;
    let logs = Arc::new(LogWriter::new(args.random_rule.into()));
    let log_writer = logs.clone();
    options.observer = Some(Arc::new(move |event| match event {
        // Written by the thread of the job, which has nothing else to do.
        RunEvent::JobLogs { logs, .. } => log_writer.write(&logs),
        // Without a receiver the run is being dropped.
        event => drop(events.send(event)),
    }));
    let (mut report, interrupted) = runtime()?.block_on(async {
        let mut interrupts = Interrupts::new().context("cannot watch for signals")?;
        let run = Run::start(parsed.jobs, options).map_err(Failure::setup)?;
        let interrupted = follow(&run, received, &mut interrupts, &mut results).await?;
        Ok::<_, Failure>((run.wait(), interrupted))
    })?;
    for job in report.jobs.iter().filter(|job| job.failed) {
        results.complain(job_failure("", job));
    }
    let logs_failed = logs.failures();
    for failure in &logs_failed {
        results.complain(failure);
    }
    if args.latency_from == LatencyFrom::Intended {
        report.count_from_intended_start();
    }
    let sunk = results.finish_local(&report).map_err(Failure::setup)?;
    if interrupted {
        return Ok(ExitStatus::Interrupted);
    }
    Ok(match (sunk.read_to_the_end, logs_failed.is_empty()) {
        (true, true) => status_of(&report),
        (true, false) => ExitStatus::JobFailed,
        (false, _) => ExitStatus::Success,
    })
}

/// Writes the logs of the jobs where fio would: relative to the current folder.
struct LogWriter {
    files: LogFiles,
    failures: Mutex<Vec<String>>,
}

impl LogWriter {
    /// The random rule says which releases of fio the user compares with.
    fn new(rule: RandomRule) -> Self {
        let layout = match rule {
            RandomRule::Before335 => SampleLayout::Before337,
            RandomRule::Newest => SampleLayout::Newest,
        };
        Self {
            files: LogFiles::new("", layout),
            failures: Mutex::default(),
        }
    }

    fn write(&self, logs: &[IoLog]) {
        for log in logs {
            if let Err(error) = self.files.write(log) {
                self.fail(error.to_string());
            }
            if log.lost > 0 {
                self.fail(format!(
                    "{} lacks its last {} entries",
                    log.file_name, log.lost
                ));
            }
        }
    }

    fn fail(&self, failure: String) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.push(failure);
    }

    /// What went wrong.
    fn failures(&self) -> Vec<String> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut failures)
    }
}

/// Reads the job files and words into jobs of one run.
pub(crate) fn parse(args: &JobArgs) -> Result<ParsedJobs, fio_engine::job::JobFileError> {
    let options = parse_options(&args.section);
    if args.words.is_empty() {
        let sources: Vec<_> = args.files.iter().map(JobSource::file).collect();
        return parse_jobs(&sources, &options);
    }
    let mut words: Vec<OsString> = args.words.iter().map(OsString::from).collect();
    words.push("--".into());
    words.extend(args.files.iter().map(|file| file.clone().into_os_string()));
    parse_words(&words, &options)
}

/// The user's own job files may include others and use the environment.
pub(crate) fn parse_options(sections: &[String]) -> ParseOptions<'static> {
    let mut options = ParseOptions::default();
    options.read_files = true;
    options.sections = sections.to_vec();
    options
}

/// How often the state of the run is looked at.
const TICK: Duration = Duration::from_millis(100);

/// Prints what the run tells until it is over; returns whether the user interrupted it.
async fn follow(
    run: &Run,
    mut events: mpsc::UnboundedReceiver<RunEvent>,
    interrupts: &mut Interrupts,
    results: &mut Results,
) -> Result<bool, Failure> {
    let mut lines = LinePrefixer::plain();
    let mut interrupted = false;
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Some(RunEvent::Text { text, .. }) => {
                    results.text(&lines.push(text.as_bytes())).map_err(Failure::setup)?;
                }
                Some(RunEvent::Finished) | None => break,
                Some(_) => {}
            },
            () = interrupts.next() => {
                if interrupted {
                    let status = ExitStatus::Interrupted;
                    let error = anyhow::anyhow!("interrupted twice; nothing is reported");
                    return Err(Failure { status, error });
                }
                interrupted = true;
                results.complain("interrupted: stopping the jobs; once more to give up");
                run.stop();
            }
            _ = tick.tick() => {
                results.status(|| run.status().to_string());
                if results.is_broken() {
                    run.stop();
                }
                if run.is_finished() && events.is_empty() {
                    break;
                }
            }
        }
    }
    results.text(&lines.finish()).map_err(Failure::setup)?;
    Ok(interrupted)
}

/// A job with an error is a failed run.
fn status_of(report: &Report) -> ExitStatus {
    if report.jobs.iter().any(|job| job.failed) {
        ExitStatus::JobFailed
    } else {
        ExitStatus::Success
    }
}
