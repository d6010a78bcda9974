//! The job files of one client: the running one, its results, and those that wait.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use fio_engine::report::Report;
use fio_proto::message::{ServerMessage, Start};
use tokio::time::Instant;

use super::job_request::{JobLine, JobRequest};
use super::mailbox::RunOutput;
use super::options::Limits;
use super::runner::{RunHandle, RunnerContext};
use crate::convert::engine_to_wire::{self, ReportMessages};

/// Runs one job file at a time and owes the client one QUIT when none is left.
///
/// fio's client of 2011 sends its command line and each job file as messages of their own but
/// leaves at the first QUIT, so a QUIT after each would lose the results of all but the first.
#[derive(Default)]
pub(super) struct Work {
    run: Option<RunHandle>,
    /// What the last run measured and has not been told yet.
    results: Option<ReportMessages>,
    queue: VecDeque<JobRequest>,
    /// Options of a command line without a job, for the job file that normally follows at once.
    job_line: Option<(JobLine, Instant)>,
    owes_quit: bool,
}

/// The next thing that happens in the work of a client.
pub(super) enum Progress {
    /// To be sent.
    Message(ServerMessage),
    /// For the log.
    Note(String),
    /// A run could not even be begun.
    NoThread(io::Error),
    /// All is done: QUIT is due.
    Over,
}

/// How long a command line without a job waits for its job file.
const JOB_FILE_GRACE: Duration = Duration::from_secs(2);

impl Work {
    pub(super) fn is_idle(&self) -> bool {
        !self.owes_quit
    }

    /// A JOB message: runs with the options of the command line before it.
    pub(super) fn add_file(&mut self, text: Vec<u8>, limits: &Limits) -> Result<(), String> {
        let line = self.job_line.take().map(|(line, _)| line);
        self.add(JobRequest::file(text, line.unwrap_or_default()), limits)
    }

    /// A JOBLINE message: runs if it defines jobs; options alone wait for their job file.
    pub(super) fn add_line(&mut self, words: Vec<String>, limits: &Limits) -> Result<(), String> {
        let line = JobLine::new(words);
        if line.defines_jobs() {
            return self.add(JobRequest::line(line), limits);
        }
        self.job_line = Some((line, Instant::now() + JOB_FILE_GRACE));
        self.owes_quit = true;
        Ok(())
    }

    fn add(&mut self, request: JobRequest, limits: &Limits) -> Result<(), String> {
        let (files, bytes) = (limits.queued_jobs, limits.message_bytes);
        let waiting: usize = self.queue.iter().map(JobRequest::len).sum();
        if self.queue.len() >= files || waiting.saturating_add(request.len()) > bytes {
            return Err(format!(
                "at most {files} job files of {bytes} bytes together may wait"
            ));
        }
        self.queue.push_back(request);
        self.owes_quit = true;
        Ok(())
    }

    /// Ends the running job, whose results still come, and forgets those that wait.
    pub(super) fn stop(&mut self) {
        self.queue.clear();
        self.job_line = None;
        if let Some(run) = &self.run {
            run.stop();
        }
    }

    /// When a command line has waited long enough for its job file.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.job_line.as_ref().map(|(_, deadline)| *deadline)
    }

    /// What a command line without a job file is worth shows when it is read.
    pub(super) fn expire(&mut self, now: Instant) {
        if let Some((line, _)) = self.job_line.take_if(|(_, deadline)| *deadline <= now) {
            self.queue.push_back(JobRequest::line(line));
        }
    }

    /// The next thing to send or note; `None` if there is nothing for now.
    pub(super) fn advance(&mut self, context: &RunnerContext) -> Option<Progress> {
        if let Some(results) = &mut self.results {
            if let Some(message) = results.next() {
                return Some(Progress::Message(message));
            }
            self.results = None;
        }
        if let Some(run) = &self.run {
            let output = run.mailbox().take()?;
            return Some(self.pass_on(output));
        }
        if let Some(request) = self.queue.pop_front() {
            return Some(self.start(request, context));
        }
        (self.owes_quit && self.job_line.is_none()).then(|| {
            self.owes_quit = false;
            Progress::Over
        })
    }

    /// Waits until the run has something to tell; for ever without a run. Safe to cancel.
    pub(super) async fn changed(&self) {
        match &self.run {
            Some(run) => run.mailbox().filled().await,
            None => std::future::pending().await,
        }
    }

    fn start(&mut self, request: JobRequest, context: &RunnerContext) -> Progress {
        let note = format!("runs {request}");
        match RunHandle::start(request, context.clone()) {
            Ok(run) => {
                self.run = Some(run);
                Progress::Note(note)
            }
            Err(error) => Progress::NoThread(error),
        }
    }

    fn pass_on(&mut self, output: RunOutput) -> Progress {
        match output {
            RunOutput::Text(text) => Progress::Message(ServerMessage::text(text)),
            RunOutput::Started => Progress::Message(ServerMessage::Start(Start::default())),
            RunOutput::Status(status) => Progress::Message(engine_to_wire::eta(&status)),
            RunOutput::Ended(report) => self.end(report),
        }
    }

    fn end(&mut self, report: Option<Box<Report>>) -> Progress {
        self.run = None;
        let Some(report) = report else {
            return Progress::Note("jobs not run".to_owned());
        };
        let failed = report.jobs.iter().filter(|job| job.error != 0).count();
        let note = format!("run ended, {} results, {failed} failed", report.jobs.len());
        self.results = Some(ReportMessages::new(*report));
        Progress::Note(note)
    }
}
