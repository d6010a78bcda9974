//! A conversation over one connection: what the server's messages mean for its user.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fio_engine::report::HostJob;
use fio_proto::ServerVersion;
use fio_proto::error::ProtocolError;
use fio_proto::frame::Tag;
use fio_proto::message::{IoLog, JobOption, ProbeReply, SendFileReply, Stop, Text, ThreadReport};
use fio_proto::session::ClientEvent;
use tokio::time::Instant as Clock;

use super::driver::{Driver, Step, printable};
use super::error::{ClientError, Phase};
use super::event::HostEvent;
use super::first_line::FirstLine;
use super::fleet::Work;
use super::session::Task;
use super::wish::Wish;
use crate::convert::wire_to_engine;

/// How a conversation ended.
pub(super) enum Outcome {
    /// Everything was said.
    Done,
    /// The server speaks another version.
    OtherVersion(ServerVersion),
    /// The server closed without having sent a byte.
    Silent,
}

/// A conversation and what it has told so far.
pub(super) struct Talk<'a> {
    driver: Driver,
    task: &'a mut Task,
    /// Runs that have ended; in version 1, pieces of work done.
    runs: usize,
    /// A job has begun.
    began: bool,
    /// Added to group numbers, which every run counts from 0.
    group_offset: u32,
    highest_group: Option<u32>,
    /// Reports of this run so far.
    reports: u32,
    /// Groups of this run were told, so its reports are complete, if only for a moment.
    complete: bool,
    /// When they are told to be those of a moment, unless the run ends first.
    moment_due: Option<Clock>,
    /// They were told to be.
    moment_told: bool,
    /// The jobs of this run have ended, as servers since version 65 say.
    stopped: bool,
    /// Options of reports to come.
    options: BTreeMap<u32, Vec<(String, String)>>,
    /// Options kept.
    option_count: usize,
    /// The first line the server sent after PROBE or a job: why it refuses, if it does.
    first_line: FirstLine,
    /// The first job the server refused, if it went on with the next.
    refused: Option<ClientError>,
}

/// Whether a conversation goes on.
enum Next {
    GoOn,
    End(Outcome),
}

/// Options kept of one server: more than any has, few enough to keep.
const MOST_OPTIONS: usize = 1 << 16;

/// A file of the state of a verification is no longer than this, in bytes.
const LONGEST_STATE: u64 = 16 << 20;

/// How long the end of a run may take behind its results. Servers of fio look at their jobs ten times a second.
const END_OF_RUN: Duration = Duration::from_millis(300);

/// `ENOENT`, what a server is told of a file it cannot have.
const NO_SUCH_FILE: u32 = 2;

impl<'a> Talk<'a> {
    pub(super) fn new(driver: Driver, task: &'a mut Task) -> Self {
        Self {
            driver,
            task,
            runs: 0,
            began: false,
            group_offset: 0,
            highest_group: None,
            reports: 0,
            complete: false,
            moment_due: None,
            moment_told: false,
            stopped: false,
            options: BTreeMap::new(),
            option_count: 0,
            first_line: FirstLine::default(),
            refused: None,
        }
    }

    pub(super) async fn hold(mut self) -> Result<Outcome, ClientError> {
        loop {
            let step = self.driver.step(Some(&mut self.task.wishes));
            let step = match self.moment_due {
                Some(due) => match tokio::time::timeout_at(due, step).await {
                    Ok(step) => step,
                    Err(_) => {
                        self.tell_moment().await;
                        continue;
                    }
                },
                None => step.await,
            };
            let next = match step? {
                Step::Event(event) => self.handle(*event).await?,
                Step::Wish(wish) => self.follow(wish).await?,
                Step::Closed => Next::End(Outcome::Done),
            };
            if let Next::End(outcome) = next {
                return Ok(outcome);
            }
        }
    }

    async fn follow(&mut self, wish: Wish) -> Result<Next, ClientError> {
        match wish {
            Wish::Prepare => {}
            Wish::Run => self.run().await?,
            // Nothing runs yet, so there is nothing to stop.
            Wish::Stop if matches!(self.driver.phase, Phase::Probe | Phase::Ready) => {
                return Ok(Next::End(Outcome::Done));
            }
            Wish::Stop if self.driver.phase == Phase::Job && !self.began && self.runs == 0 => {
                return Ok(Next::End(Outcome::Done));
            }
            Wish::Stop => self.driver.stop()?,
            Wish::Abandon => {
                let server = self.driver.server.clone();
                return Err(ClientError::Abandoned { server });
            }
        }
        Ok(Next::GoOn)
    }

    /// Lets the jobs run.
    async fn run(&mut self) -> Result<(), ClientError> {
        self.driver.run()?;
        let told = Instant::now();
        // In version 1 the jobs were sent only now and may still be refused.
        let phase = if self.driver.runs_at_once() {
            Phase::Job
        } else {
            Phase::Run
        };
        self.driver.enter(phase);
        self.tell(HostEvent::Told(told)).await;
        Ok(())
    }

    /// Passes an event on.
    async fn handle(&mut self, event: ClientEvent) -> Result<Next, ClientError> {
        if self.begins_anew(&event) {
            if !self.moment_told {
                self.tell_moment().await;
            }
            self.moment_told = false;
            (self.reports, self.complete) = (0, false);
            (self.options, self.option_count) = (BTreeMap::new(), 0);
            self.tell(HostEvent::Anew).await;
        }
        let event = match event {
            ClientEvent::Probed(reply) => self.probed(&reply),
            ClientEvent::OtherVersion(version) => {
                return Ok(Next::End(Outcome::OtherVersion(version)));
            }
            ClientEvent::Text(text) => {
                self.note_line(&text.text.to_string_lossy());
                if self.ends_results(&text) {
                    self.moment_due = Some(Clock::now() + END_OF_RUN);
                }
                HostEvent::Text(text.text.into_bytes())
            }
            ClientEvent::Started(_) if !self.driver.runs_at_once() => return Ok(Next::GoOn),
            ClientEvent::Started(_) | ClientEvent::JobBegan => return self.job_began().await,
            ClientEvent::Ready => return self.ready().await,
            ClientEvent::Eta(eta) => {
                let elapsed = self.driver.phase_began.elapsed();
                HostEvent::Status(wire_to_engine::status(&eta, self.driver.version(), elapsed))
            }
            ClientEvent::JobOption(option) => match self.option(&option) {
                Some(event) => event,
                None => return Ok(Next::GoOn),
            },
            ClientEvent::ThreadReport(report) => self.job(&report),
            ClientEvent::GroupStats(stats) => {
                let group_id = self.group(stats.group_id);
                self.complete = true;
                HostEvent::Group(wire_to_engine::group_report(&stats, group_id))
            }
            ClientEvent::DiskUtilization(disk) => {
                HostEvent::Disk(Box::new(wire_to_engine::disk_report(&disk)))
            }
            ClientEvent::IoLog(log) => return self.log(log).await,
            ClientEvent::FileWanted { tag, path } => return self.file(tag, &path).await,
            ClientEvent::Stopped(stop) => {
                self.stopped = true;
                self.moment_due = None;
                match failure_of(stop) {
                    Some(event) => event,
                    None => return Ok(Next::GoOn),
                }
            }
            ClientEvent::RunEnded { remaining } => return self.end_run(remaining),
            ClientEvent::Failed(error) => return self.fail(error),
            _ => return Ok(Next::GoOn),
        };
        self.tell(event).await;
        Ok(Next::GoOn)
    }

    /// Whether reports follow that repeat those of the same run: a server of fio tells all of them again
    /// at the interval of `--status-interval`, or when somebody there asks for its status.
    fn begins_anew(&self, event: &ClientEvent) -> bool {
        let reports = matches!(
            event,
            ClientEvent::JobOption(_) | ClientEvent::ThreadReport(_)
        );
        reports && self.complete && !self.driver.runs_at_once()
    }

    /// Whether all results were told: every release ends them with an empty line.
    fn ends_results(&self, text: &Text) -> bool {
        let results = self.complete && !self.stopped && !self.driver.runs_at_once();
        results && text.text.as_bytes() == b"\n"
    }

    async fn tell_moment(&mut self) {
        (self.moment_due, self.moment_told) = (None, true);
        self.tell(HostEvent::Moment).await;
    }

    /// Without a receiver the fleet is gone, and this task is about to be, too.
    async fn tell(&self, event: HostEvent) {
        let _ = self.task.events.send((self.task.index, event)).await;
    }

    fn probed(&mut self, reply: &ProbeReply) -> HostEvent {
        self.task.learn_version(self.driver.version());
        let probe = self.driver.probe(reply);
        self.first_line.clear();
        self.driver.enter(Phase::Job);
        HostEvent::Probe(probe)
    }

    async fn ready(&mut self) -> Result<Next, ClientError> {
        self.driver.enter(Phase::Ready);
        self.tell(HostEvent::Ready).await;
        Ok(Next::GoOn)
    }

    async fn job_began(&mut self) -> Result<Next, ClientError> {
        self.driver.enter(Phase::Run);
        if !std::mem::replace(&mut self.began, true) && self.runs == 0 {
            self.tell(HostEvent::Started(Instant::now())).await;
        }
        Ok(Next::GoOn)
    }

    fn option(&mut self, option: &JobOption) -> Option<HostEvent> {
        self.option_count += 1;
        if self.option_count > MOST_OPTIONS {
            return None;
        }
        let (name, value) = (printable(&option.name), printable(&option.value));
        if name == "name" && self.driver.version().dies_of_job_files() {
            // It is not in the job file: see `JobLine::of_job_file`.
            return None;
        }
        if option.global {
            return Some(HostEvent::GlobalOption(name, value));
        }
        let of_report = self.options.entry(option.group_id).or_default();
        of_report.push((name, value));
        None
    }

    fn job(&mut self, report: &ThreadReport) -> HostEvent {
        let mut job = wire_to_engine::job_report(report, self.driver.version(), &self.task.host);
        job.group_id = self.group(job.group_id);
        job.options = self.options.remove(&self.reports).unwrap_or_default();
        self.reports = self.reports.saturating_add(1);
        let group = wire_to_engine::group_report(&report.group, job.group_id);
        HostEvent::Job(Arc::new(HostJob { report: job, group }))
    }

    fn group(&mut self, number: u32) -> u32 {
        let number = number.saturating_add(self.group_offset);
        self.highest_group = self.highest_group.max(Some(number));
        number
    }

    /// Writes a log, off this thread because disks are slow.
    async fn log(&self, log: Box<IoLog>) -> Result<Next, ClientError> {
        let shared = self.task.shared.clone();
        let label = self.task.label.clone();
        let (server, name) = (self.driver.server.clone(), printable(&log.name));
        let write = move || {
            let limit = shared.options.limits.max_message;
            shared.logs.write(&label, &log, limit)
        };
        let written = match tokio::task::spawn_blocking(write).await {
            Ok(written) => written,
            Err(error) => Err(std::io::Error::other(error)),
        };
        match written {
            Ok((written, loss)) => {
                self.tell(HostEvent::Log(written)).await;
                if let Some(loss) = loss {
                    let reason = loss.to_string();
                    let lost = ClientError::LogIncomplete {
                        server,
                        name,
                        reason,
                    };
                    self.tell(HostEvent::LogLost(Arc::new(lost))).await;
                }
            }
            Err(source) => {
                let lost = ClientError::LogUnwritable {
                    server,
                    name,
                    source,
                };
                self.tell(HostEvent::LogLost(Arc::new(lost))).await;
            }
        }
        Ok(Next::GoOn)
    }

    /// Answers a server that wants the state of a verification: with a file the user named, and with
    /// nothing else.
    async fn file(&mut self, tag: Tag, path: &[u8]) -> Result<Next, ClientError> {
        use std::os::unix::ffi::OsStrExt as _;
        let named = self
            .task
            .shared
            .options
            .state_files
            .iter()
            .find(|file| file.file_name().is_some_and(|name| name.as_bytes() == path));
        let contents = named.and_then(|file| read_state(file).ok());
        let reply = match contents {
            Some(contents) => SendFileReply::file(contents),
            None => {
                self.tell(HostEvent::FileRefused(printable(path))).await;
                SendFileReply::error(NO_SUCH_FILE)
            }
        };
        self.driver.answer_file(tag, reply)?;
        Ok(Next::GoOn)
    }

    fn end_run(&mut self, remaining: usize) -> Result<Next, ClientError> {
        let has_run = self.stopped || self.reports > 0;
        if matches!(self.driver.phase, Phase::Job | Phase::Ready) && !has_run {
            // A run that ends before it has begun.
            let refused = self.refusal();
            self.refused.get_or_insert(refused);
        }
        self.runs += 1;
        self.group_offset = self
            .highest_group
            .map_or(0, |highest| highest.saturating_add(1));
        self.first_line.clear();
        (self.reports, self.complete) = (0, false);
        (self.moment_due, self.moment_told) = (None, false);
        (self.stopped, self.options) = (false, BTreeMap::new());
        if remaining > 0 {
            if self.driver.phase == Phase::Run {
                self.driver.enter(Phase::Job);
            }
            return Ok(Next::GoOn);
        }
        match self.refused.take() {
            Some(refused) => Err(refused),
            None => Ok(Next::End(Outcome::Done)),
        }
    }

    fn note_line(&mut self, text: &str) {
        if matches!(self.driver.phase, Phase::Probe | Phase::Job) {
            self.first_line.push(text);
        }
    }

    /// Since version 65 all work is sent at once, and which piece was refused only the text tells.
    fn refusal(&self) -> ClientError {
        let work = &self.task.work;
        let (from, to) = if self.driver.runs_at_once() {
            (self.runs, self.runs + 1)
        } else {
            (0, work.len())
        };
        let names: Vec<_> = work
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .map(|work| match work {
                Work::Text(job) => job.name.clone(),
                Work::Remote(path) => path.display().to_string(),
            })
            .collect();
        ClientError::Refused {
            server: self.driver.server.clone(),
            job: names.join(", "),
            reason: self.first_line.printable(),
        }
    }

    fn fail(&self, error: ProtocolError) -> Result<Next, ClientError> {
        if matches!(error, ProtocolError::ClosedEarly { .. }) {
            match self.driver.phase {
                Phase::Probe if self.driver.is_unheard() => {
                    return Ok(Next::End(Outcome::Silent));
                }
                Phase::Job => return Err(self.refusal()),
                // A server that was told to stop before its job had begun has nothing to report.
                Phase::Stop if !self.began => return Ok(Next::End(Outcome::Done)),
                _ => {}
            }
        }
        let of_probe = self.driver.phase == Phase::Probe;
        let none = FirstLine::default();
        // Later texts are output of jobs, and explain nothing.
        let said = if of_probe { &self.first_line } else { &none };
        Err(self.driver.failure(error, said))
    }
}

/// Only a run that went wrong is an event.
fn failure_of(stop: Stop) -> Option<HostEvent> {
    (stop.error != 0 || stop.signal != 0).then_some(HostEvent::JobsFailed {
        status: stop.error,
        signal: stop.signal,
    })
}

fn read_state(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(LONGEST_STATE).read_to_end(&mut contents)?;
    Ok(contents)
}
