//! `run`: jobs in this process, without a network.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use fio_engine::idle::{IdleDetail, IdleMonitor};
use fio_engine::job::{JobSource, ParseOptions, ParsedJobs, parse_jobs, parse_words};
use fio_engine::logs::check_folders;
use fio_engine::report::{Report, normal};
use fio_engine::run::{DebugOptions, Run, RunEvent, RunOptions};
use tokio::sync::mpsc;

use super::log_files::{LogFailures, write_log_files};
use super::pursuit::Pursuit;
use super::{job_failure, runtime};
use crate::cli::{IdleProfile, JobArgs, OutputArgs, RunArgs};
use crate::exit::{ExitStatus, Failure};
use crate::interrupt::Interrupts;
use crate::job_text::{JobTextError, names_standard_input_twice};
use crate::output::{BandwidthLog, BandwidthLogError, Results, Sink, composed};

/// Runs the jobs and prints what they measured.
pub(crate) fn run(args: &RunArgs) -> Result<ExitStatus, Failure> {
    if args.idle_prof == Some(IdleProfile::Calibrate) {
        return calibrate(args);
    }
    if args.jobs.files.is_empty() && args.jobs.words.is_empty() {
        return Err(Failure::setup(anyhow!(
            "nothing to run: name job files, or give job options behind --"
        )));
    }
    if names_standard_input_twice(&args.jobs.files) {
        return Err(Failure::setup(JobTextError::StandardInputTwice));
    }
    let parsed = parse(&args.jobs).map_err(Failure::setup)?;
    execute(parsed, args, RunWishes::default()).map(|ended| ended.status)
}

/// What fio's command line may ask of a run beyond what `run` has flags for.
#[derive(Default)]
pub(crate) struct RunWishes {
    /// The most clones of all jobs, where more than usual are wanted.
    pub(crate) most_jobs: Option<usize>,
    /// Lines to begin with.
    pub(crate) first_lines: String,
    /// What the run tells in detail.
    pub(crate) debug: DebugOptions,
}

/// Events that wait to be printed. Threads of the run that are faster wait, so that what they tell in detail
/// does not pile up.
const EVENTS_IN_FLIGHT: usize = 4096;

/// How a run has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// How many clones an error ended.
    pub(crate) failed_jobs: u32,
}

/// Runs jobs and prints what they measured; what `args` say of which jobs to run has been done.
pub(crate) fn execute(
    parsed: ParsedJobs,
    args: &RunArgs,
    wishes: RunWishes,
) -> Result<Ended, Failure> {
    let mut results = Results::open(&args.output)
        .map_err(Failure::setup)?
        .counting_from(args.latency_from);
    for notice in &parsed.notices {
        results.remark(notice).map_err(Failure::setup)?;
    }
    results.note(&wishes.first_lines).map_err(Failure::setup)?;
    let bandwidth = bandwidth_log(&args.output).map_err(Failure::setup)?;
    let (events, received) = mpsc::channel(EVENTS_IN_FLIGHT);
    let mut options = RunOptions::default();
    options.global_options = parsed.global_options;
    options.random_rule = args.random_rule.into();
    options.notices = parsed.notices.iter().map(ToString::to_string).collect();
    options.explains = results.is_native();
    options.interim_reports = args.output.status_interval.is_some();
    options.runs_commands = true;
    options.max_jobs = options.max_jobs.max(wishes.most_jobs.unwrap_or_default());
    options.idleness = args.idle_prof.and_then(IdleProfile::detail);
    check_folders(&parsed.jobs).map_err(Failure::setup)?;
    write_log_files(&mut options);
    let logs = Arc::new(LogFailures::default());
    let log_failures = logs.clone();
    options.debug = wishes.debug;
    options.observer = Some(Arc::new(move |event| match event {
        RunEvent::LogsWritten { logs, .. } => log_failures.note(&logs),
        // Without a receiver the run is being dropped.
        event => drop(events.blocking_send(event)),
    }));
    let (report, interrupted) = runtime()?.block_on(async {
        let mut interrupts = Interrupts::new().context("cannot watch for signals")?;
        let run = Run::start(parsed.jobs, options).map_err(Failure::setup)?;
        let mut pursuit = Pursuit::new(&run, args, bandwidth, &mut results);
        let interrupted = pursuit.follow(received, &mut interrupts).await?;
        if let Err(error) = pursuit.finish() {
            logs.fail(format!("{:#}", anyhow::Error::new(error)));
        }
        Ok::<_, Failure>((run.wait(), interrupted))
    })?;
    for job in report.jobs.iter().filter(|job| job.has_failed()) {
        results.job_failure(job_failure("", job));
    }
    let logs_failed = logs.take();
    for failure in &logs_failed {
        results.complain(failure);
    }
    let sunk = results.finish_local(&report).map_err(Failure::setup)?;
    let status = match (sunk.read_to_the_end, logs_failed.is_empty()) {
        _ if interrupted => ExitStatus::Interrupted,
        (true, true) => status_of(&report),
        (true, false) => ExitStatus::JobFailed,
        (false, _) => ExitStatus::Success,
    };
    let failed_jobs = report.jobs.iter().map(|job| job.failed_members).sum();
    Ok(Ended {
        status,
        failed_jobs,
    })
}

/// Times the units of work that idleness is measured with.
pub(crate) fn calibrate(args: &RunArgs) -> Result<ExitStatus, Failure> {
    let mut sink = Sink::open(args.output.output.as_deref()).map_err(Failure::setup)?;
    let unit = IdleMonitor::calibrate().map_err(Failure::setup)?;
    let text = composed(|out| normal::write_calibration(out, unit));
    let printed = sink.write(&text).and_then(|()| sink.finish());
    printed.map_err(Failure::setup)?;
    Ok(ExitStatus::Success)
}

impl IdleProfile {
    /// What a run measures for it.
    const fn detail(self) -> Option<IdleDetail> {
        match self {
            Self::System => Some(IdleDetail::System),
            Self::Percpu => Some(IdleDetail::PerCpu),
            Self::Calibrate => None,
        }
    }
}

/// Creates the files of `--bandwidth-log`, if it is there.
pub(super) fn bandwidth_log(args: &OutputArgs) -> Result<Option<BandwidthLog>, BandwidthLogError> {
    let wanted = args.bandwidth_log;
    wanted
        .then(|| BandwidthLog::create(Path::new("")))
        .transpose()
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

/// A job with an error is a failed run.
fn status_of(report: &Report) -> ExitStatus {
    if report.jobs.iter().any(|job| job.has_failed()) {
        ExitStatus::JobFailed
    } else {
        ExitStatus::Success
    }
}
