//! The jobs of one client: those being read, those that wait for RUN, the running ones and their
//! results.
//!
//! Clients of version 65 and later send job files and then RUN, which runs them all. Those of version
//! 1 know no RUN: every job file is a run of its own, one after the other.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use fio_engine::report::Report;
use fio_engine::report::status::Status;
use fio_engine::run::{CloneProgress, Level};
use fio_proto::message::{ServerMessage, Stop};
use fio_proto::opcode::Command;
use fio_proto::{Revision, ServerVersion};
use tokio::time::Instant;

use super::announcement::Announcement;
use super::job_request::{JobLine, JobRequest};
use super::log_payload::LogForm;
use super::mailbox::RunOutput;
use super::options::Limits;
use super::preparation::{Preparation, Prepared, PreparedJobs};
use super::runner::{RunHandle, RunnerContext};
use crate::convert::engine_to_wire::{self, ReportMessages};

/// Does what a client asks for, one thing after the other.
///
/// In version 1 it owes the client one QUIT when nothing is left: fio's client of 2011 sends its
/// command line and each job file as messages of their own but leaves at the first QUIT, so a QUIT
/// after each would lose the results of all but the first. Later versions get STOP and QUIT after
/// each RUN.
#[derive(Debug)]
pub(super) struct Work {
    version: ServerVersion,
    /// The form logs are wanted in.
    form: LogForm,
    orders: VecDeque<Order>,
    preparation: Option<Preparation>,
    /// Jobs that wait for RUN.
    jobs: PreparedJobs,
    announcement: Option<Announcement>,
    run: Option<RunHandle>,
    /// What the last run measured and has not been told yet.
    results: Option<ReportMessages>,
    /// How the last run ended, to be told behind its results.
    stop: Option<Stop>,
    /// How far the jobs were when it was last known and no run can be asked.
    last_status: Option<Status>,
    /// The client wants no text for people, as it prints JSON or terse lines only.
    quiet: bool,
    /// How often it wants to know what was measured while its jobs run.
    report_interval: Option<Duration>,
    /// The command line that holds for job files to come.
    line: JobLine,
    /// In version 1: until when a command line without a job waits for its file.
    line_deadline: Option<Instant>,
    /// In version 1: when the next status is due.
    status_due: Option<Instant>,
    owes_quit: bool,
    /// Logs of the run lack entries.
    logs_lost: bool,
}

/// What is to be done in turn.
#[derive(Debug)]
enum Order {
    /// Read jobs.
    Prepare(JobRequest),
    /// Run what was read.
    Run,
}

/// The next thing that happens in the work of a client.
pub(super) enum Progress {
    /// To be sent.
    Message(ServerMessage),
    /// To be sent, and too long to be encoded here.
    Payload(Command, Vec<u8>),
    /// To be sent in the form of the client's version.
    Text(Level, String),
    /// For the log.
    Note(String),
    /// For the log, where something went wrong.
    Warning(String),
    /// The jobs cannot be run, as the texts before it say.
    Refused,
    /// A run is over, and everything is told but QUIT.
    Over,
}

/// How long a command line without a job waits for its job file.
const JOB_FILE_GRACE: Duration = Duration::from_secs(2);

impl Work {
    pub(super) fn new() -> Self {
        Self {
            version: ServerVersion::NEWEST,
            form: LogForm {
                revision: Revision::V1,
                zlib: false,
            },
            orders: VecDeque::new(),
            preparation: None,
            jobs: PreparedJobs::default(),
            announcement: None,
            run: None,
            results: None,
            stop: None,
            last_status: None,
            quiet: false,
            report_interval: None,
            line: JobLine::default(),
            line_deadline: None,
            status_due: None,
            owes_quit: false,
            logs_lost: false,
        }
    }

    /// The client's version, as soon as it is known.
    pub(super) fn speak(&mut self, revision: Revision) {
        self.version = revision.version();
        self.form.revision = revision;
    }

    /// Whether the client can inflate logs.
    pub(super) fn offer_zlib(&mut self, zlib: bool) {
        self.form.zlib = zlib;
    }

    /// Whether there is nothing to do until the client asks for something.
    pub(super) fn is_idle(&self) -> bool {
        let busy = self.preparation.is_some()
            || self.announcement.is_some()
            || self.run.is_some()
            || self.results.is_some()
            || self.stop.is_some();
        !busy && self.orders.is_empty() && !self.owes_quit
    }

    fn runs_at_once(&self) -> bool {
        self.version == ServerVersion::V1
    }

    /// A JOB message: runs with the options of the command line before it.
    pub(super) fn add_file(&mut self, text: Vec<u8>, limits: &Limits) -> Result<(), String> {
        let line = self.line_of_file();
        self.add(JobRequest::file(text, line), limits)
    }

    /// A LOAD_FILE message.
    pub(super) fn add_path(&mut self, path: PathBuf, limits: &Limits) -> Result<(), String> {
        let line = self.line_of_file();
        self.add(JobRequest::path(path, line), limits)
    }

    /// The command line of a job file: in version 1 it belongs to the first, later to all.
    fn line_of_file(&mut self) -> JobLine {
        if self.runs_at_once() {
            self.line_deadline = None;
            std::mem::take(&mut self.line)
        } else {
            self.line.clone()
        }
    }

    /// A JOBLINE message. In version 1 it runs if it defines jobs, and options alone wait for their
    /// job file; later it is answered at once and its options hold for the files behind it.
    ///
    /// Returns what of it is of no use here, for the log.
    pub(super) fn add_line(
        &mut self,
        words: Vec<String>,
        limits: &Limits,
    ) -> Result<Option<String>, String> {
        let line = JobLine::new(words);
        let ignored = line.ignored();
        if let Some(for_people) = line.is_for_people() {
            self.quiet = !for_people;
        }
        self.report_interval = line.status_interval().or(self.report_interval);
        if !self.runs_at_once() {
            self.line = line.for_later_files();
        } else if !line.defines_jobs() {
            self.line = line;
            self.line_deadline = Some(Instant::now() + JOB_FILE_GRACE);
            self.owes_quit = true;
            return Ok(ignored);
        }
        self.add(JobRequest::line(line), limits)?;
        Ok(ignored)
    }

    fn add(&mut self, request: JobRequest, limits: &Limits) -> Result<(), String> {
        let (files, bytes) = (limits.queued_jobs, limits.message_bytes);
        let waiting = self.orders.iter().filter_map(|order| match order {
            Order::Prepare(request) => Some(request.len()),
            Order::Run => None,
        });
        let (count, held) = waiting.fold((0, self.jobs.bytes), |(count, held), length| {
            (count + 1, length.saturating_add(held))
        });
        if count >= files || held.saturating_add(request.len()) > bytes {
            return Err(format!(
                "at most {files} job files of {bytes} bytes together may wait"
            ));
        }
        let request = request.run_at_once(self.runs_at_once());
        self.orders.push_back(Order::Prepare(request));
        if self.runs_at_once() {
            self.orders.push_back(Order::Run);
            self.owes_quit = true;
        }
        Ok(())
    }

    /// A RUN message.
    pub(super) fn add_run(&mut self, limits: &Limits) -> Result<(), String> {
        let waiting = |order: &&Order| matches!(order, Order::Run);
        if self.orders.iter().filter(waiting).count() >= limits.queued_jobs {
            return Err(format!("at most {} runs may wait", limits.queued_jobs));
        }
        self.orders.push_back(Order::Run);
        Ok(())
    }

    /// Ends the running jobs, whose results still come, and forgets those that wait. A RUN that was
    /// asked for is still answered.
    pub(super) fn stop(&mut self) {
        self.orders.retain(|order| matches!(order, Order::Run));
        if self.runs_at_once() {
            self.orders.clear();
        }
        self.line_deadline = None;
        self.preparation = None;
        self.announcement = None;
        self.jobs = PreparedJobs::default();
        if let Some(run) = &self.run {
            run.stop();
        }
    }

    /// How far the jobs are, if there are any.
    pub(super) fn status(&self) -> Option<Status> {
        match &self.run {
            Some(run) => Some(run.status()),
            None => self.last_status.clone(),
        }
    }

    /// What each of the running jobs has done.
    pub(super) fn running_jobs(&self) -> Vec<CloneProgress> {
        self.run.as_ref().map_or_else(Vec::new, RunHandle::jobs)
    }

    /// Whether a thread of this number was announced and not run yet.
    pub(super) fn has_thread(&self, number: u32) -> bool {
        (1..=self.jobs.clones()).contains(&number)
    }

    /// When something is due without any message.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.line_deadline, self.status_due];
        deadlines.into_iter().flatten().min()
    }

    /// What a command line without a job file is worth shows when it is read.
    pub(super) fn expire(&mut self, now: Instant) {
        if self.line_deadline.take_if(|due| *due <= now).is_some() {
            let line = std::mem::take(&mut self.line);
            let request = JobRequest::line(line).run_at_once(true);
            self.orders.push_back(Order::Prepare(request));
            self.orders.push_back(Order::Run);
        }
    }

    /// The next thing to send or note; `None` if there is nothing for now.
    pub(super) fn advance(&mut self, context: &RunnerContext) -> Option<Progress> {
        loop {
            let progress = self.next_progress(context)?;
            let for_people = matches!(progress, Progress::Text(Level::Info, _));
            if !(self.quiet && for_people) {
                return Some(progress);
            }
        }
    }

    fn next_progress(&mut self, context: &RunnerContext) -> Option<Progress> {
        if let Some(progress) = self.tell() {
            return Some(progress);
        }
        if let Some(preparation) = &self.preparation {
            let prepared = preparation.take()?;
            self.preparation = None;
            return Some(self.prepared(prepared));
        }
        if let Some(run) = &self.run {
            let Some(output) = run.mailbox().take() else {
                return self.due_status(context.policy.limits().status_interval);
            };
            return Some(self.pass_on(output));
        }
        match self.orders.pop_front() {
            Some(Order::Prepare(request)) => Some(self.prepare(request, context)),
            Some(Order::Run) => Some(self.start(context)),
            None => (self.owes_quit && self.line_deadline.is_none()).then(|| {
                self.owes_quit = false;
                Progress::Over
            }),
        }
    }

    /// What is ready to be told.
    fn tell(&mut self) -> Option<Progress> {
        if let Some(results) = &mut self.results {
            match results.next() {
                Some(ServerMessage::Text(text)) => {
                    let text = text.text.to_string_lossy().into_owned();
                    return Some(Progress::Text(Level::Info, text));
                }
                Some(message) => return Some(Progress::Message(message)),
                None => {}
            }
            self.results = None;
        }
        if let Some(stop) = self.stop.take() {
            if self.runs_at_once() {
                return None;
            }
            self.owes_quit = true;
            return Some(Progress::Message(ServerMessage::Stop(stop)));
        }
        if self.owes_quit && !self.runs_at_once() {
            self.owes_quit = false;
            return Some(Progress::Over);
        }
        if let Some(announcement) = &mut self.announcement {
            if let Some(progress) = announcement.next(&self.jobs, self.version) {
                return Some(progress);
            }
            self.announcement = None;
        }
        None
    }

    /// Waits until a thread has something to tell; for ever without one. Safe to cancel.
    pub(super) async fn changed(&self) {
        match (&self.preparation, &self.run) {
            (Some(preparation), _) => preparation.done().await,
            (None, Some(run)) => run.mailbox().filled().await,
            (None, None) => std::future::pending().await,
        }
    }

    fn prepare(&mut self, request: JobRequest, context: &RunnerContext) -> Progress {
        let note = format!("reads {request}");
        let jobs = std::mem::take(&mut self.jobs);
        match Preparation::start(jobs, request, context.clone()) {
            Ok(preparation) => {
                self.preparation = Some(preparation);
                Progress::Note(note)
            }
            Err(error) => self.without_thread(&error),
        }
    }

    fn prepared(&mut self, prepared: Prepared) -> Progress {
        match prepared {
            Ok((jobs, added)) => {
                let note = format!("jobs that wait for RUN: {}", jobs.clones());
                if !jobs.specs.is_empty() {
                    self.last_status = Some(jobs.pending_status());
                }
                self.announcement = Some(Announcement::new(&jobs, added));
                self.jobs = jobs;
                Progress::Note(note)
            }
            Err(refused) => self.refuse(refused.0),
        }
    }

    /// Tells why jobs are not run. In version 1 the next job file may be better.
    fn refuse(&mut self, lines: Vec<String>) -> Progress {
        if self.runs_at_once() {
            // Its run, if that was not what failed.
            let run = matches!(self.orders.front(), Some(Order::Run));
            drop(self.orders.drain(..usize::from(run)));
        } else {
            self.orders.clear();
        }
        self.announcement = Some(Announcement::of_refusal(lines));
        Progress::Note("jobs refused".to_owned())
    }

    fn without_thread(&mut self, error: &io::Error) -> Progress {
        self.refuse(vec![format!(
            "fio: cannot start a thread for the jobs: {error}\n"
        )])
    }

    fn start(&mut self, context: &RunnerContext) -> Progress {
        let jobs = std::mem::take(&mut self.jobs);
        if jobs.specs.is_empty() {
            // As fio does: nothing was run, and nothing went wrong.
            self.stop = Some(Stop::new(0, 0));
            return Progress::Note("has nothing to run".to_owned());
        }
        let note = format!("run begins, jobs: {}", jobs.clones());
        match RunHandle::start(jobs, context.clone(), self.form, self.report_interval) {
            Ok(run) => {
                self.run = Some(run);
                if self.runs_at_once() {
                    let interval = context.policy.limits().status_interval;
                    self.status_due = Some(Instant::now() + interval);
                }
                Progress::Note(note)
            }
            Err(error) => self.without_thread(&error),
        }
    }

    fn pass_on(&mut self, output: RunOutput) -> Progress {
        match output {
            RunOutput::Text(level, text) => Progress::Text(level, text),
            RunOutput::Log(payload) => Progress::Payload(Command::IoLog, payload),
            RunOutput::LogsLost(warning) => {
                self.logs_lost = true;
                Progress::Warning(warning)
            }
            RunOutput::Interim(report) => {
                let note = format!("{} interim results", report.jobs.len());
                self.results = Some(ReportMessages::new(*report, self.version));
                Progress::Note(note)
            }
            RunOutput::JobStarted => Progress::Message(ServerMessage::ServerStart),
            RunOutput::Ended(report) => self.end(report),
        }
    }

    /// The unasked status of version 1, if it is time for it.
    fn due_status(&mut self, interval: Duration) -> Option<Progress> {
        let now = Instant::now();
        let run = self.run.as_ref()?;
        self.status_due.take_if(|due| *due <= now)?;
        self.status_due = Some(now + interval);
        let eta = engine_to_wire::eta(&run.status(), self.version);
        Some(Progress::Message(eta))
    }

    fn end(&mut self, report: Option<Box<Report>>) -> Progress {
        self.last_status = self.status();
        self.run = None;
        self.status_due = None;
        let Some(report) = report else {
            self.stop = Some(Stop::new(1, 0));
            return Progress::Note("jobs not run".to_owned());
        };
        let failed = report.jobs.iter().filter(|job| job.has_failed()).count();
        let note = format!(
            "run ended, results: {}, failed: {failed}",
            report.jobs.len()
        );
        let incomplete = std::mem::take(&mut self.logs_lost);
        self.stop = Some(Stop::new(u32::from(failed > 0 || incomplete), 0));
        self.results = Some(ReportMessages::new(*report, self.version));
        Progress::Note(note)
    }
}
