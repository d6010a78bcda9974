//! A client of a later version and a server of version 1.
//!
//! | the client | means for the server |
//! |---|---|
//! | JOB: answered by START | nothing yet |
//! | JOBLINE with jobs | the same as a JOB |
//! | JOBLINE without: answered by START | nothing: what a client sends there concerns its own release, and a stock server of 2011 crashes on short ones. Where it asks for results for programs only, the server's lines for people are left out |
//! | RUN: SERVER_START for each job | the first of them; the next ones when its run has ended |
//! | SEND_ETA | nothing: it tells how far it is when it likes, if at all; the last such news is the answer |
//! | QUIT | QUIT, if something runs |
//! | STOP, QUIT | QUIT of the last run |
//! | EXIT: ends the connection | nothing: its EXIT ends the server |
//!
//! An old server runs what it gets at once and has the jobs parsed only then. So START comes from the bridge,
//! which counts the jobs itself, and mistakes in a job file are told after RUN.

use std::collections::VecDeque;

use fio_engine::job::{JobSource, ParseOptions, Position, parse_jobs};
use fio_engine::run::result_count;
use fio_proto::frame::Tag;
use fio_proto::message::{
    ClientMessage, Eta, JobLine, JobText, ServerMessage, Start, Stop, VerifyState,
};
use fio_proto::opcode::Command;

use super::Translator;

/// `EOPNOTSUPP`: the server cannot do that.
const NOT_SUPPORTED: u32 = 95;

/// Most job files that may wait for RUN.
const MOST_WAITING: usize = 64;

/// The state of such a conversation.
#[derive(Default)]
pub(super) struct OldServer {
    /// What is to be run and was not sent.
    waiting: VecDeque<ClientMessage>,
    /// RUN was said and the last run has not ended.
    running: bool,
    /// Jobs and results counted so far.
    expected: Start,
    /// Results told of them.
    reported: u32,
    /// The client prints results for programs only, so lines for people would be in their way.
    quiet: bool,
    /// Lines that are for nobody then, unless the jobs turn out not to be understood.
    held: Vec<ServerMessage>,
    last_eta: Option<Eta>,
    /// START has come for what was sent last.
    understood: bool,
    /// A job has failed, or a job file was not understood.
    failed: bool,
}

impl OldServer {
    /// Whether the server has something to do.
    pub(super) const fn is_running(&self) -> bool {
        self.running
    }

    pub(super) fn client_says(
        &mut self,
        bridge: &mut Translator,
        tag: Tag,
        message: ClientMessage,
    ) {
        match message {
            ClientMessage::Probe(_) => {}
            ClientMessage::Job(job) => self.accept(bridge, job),
            ClientMessage::JobLine(line) => match job_file_of(&line) {
                Some(job) => self.accept(bridge, job),
                None => {
                    self.read_line(bridge, &line);
                    self.tell_start(bridge);
                }
            },
            ClientMessage::LoadFile(_) => {
                lost(
                    bridge,
                    Command::LoadFile,
                    "the server cannot load job files",
                );
                bridge.tell(Tag(0), &ServerMessage::Quit);
            }
            ClientMessage::Run => self.run(bridge),
            ClientMessage::SendEta => {
                let eta = self.last_eta.clone().unwrap_or_default();
                bridge.tell(tag, &ServerMessage::Eta(eta));
            }
            ClientMessage::UpdateJob(_) => {
                bridge.tell(tag, &ServerMessage::UpdateJobReply(NOT_SUPPORTED));
            }
            ClientMessage::VerifyTrigger(_) => {
                lost(bridge, Command::VerifyTrigger, "the jobs are only stopped");
                bridge.tell(tag, &ServerMessage::VerifyState(VerifyState::default()));
                self.stop(bridge);
            }
            ClientMessage::Quit => self.stop(bridge),
            // Its SENDFILE would answer a question no old server asks, its EXIT would end the server.
            _ => {}
        }
    }

    pub(super) fn server_says(&mut self, bridge: &mut Translator, message: ServerMessage) {
        match message {
            ServerMessage::Eta(mut eta) => {
                // It sends the number of threads in place of the time.
                eta.status.elapsed_sec = eta.status.elapsed().unwrap_or_default();
                self.last_eta = Some(eta);
            }
            // It has understood the jobs, and they begin.
            ServerMessage::Start(_) => {
                self.understood = true;
                self.held.clear();
                for _ in 0..self.expected.jobs.clamp(1, MOST_BEGINNINGS) {
                    bridge.tell(Tag(0), &ServerMessage::ServerStart);
                }
            }
            ServerMessage::ThreadReport(mut report) => {
                self.failed |= report.thread.error != 0;
                // Its threads have no number. Later clients look up the options of a result by that, among
                // as many as START told of.
                self.reported = self.reported.saturating_add(1);
                report.thread.thread_number = self.reported.min(self.expected.jobs.max(1));
                bridge.tell(Tag(0), &ServerMessage::ThreadReport(report));
            }
            ServerMessage::Text(_) if self.quiet => {
                if !self.understood && self.held.len() < MOST_HELD {
                    self.held.push(message);
                }
            }
            ServerMessage::Quit => {
                self.tell_held(bridge);
                self.failed |= !self.understood;
                if self.waiting.is_empty() {
                    self.end(bridge);
                } else {
                    self.send_next(bridge);
                }
            }
            other => bridge.tell(Tag(0), &other),
        }
    }

    /// It closes where it did not understand a job file.
    pub(super) fn server_closed(&mut self, bridge: &mut Translator) {
        self.tell_held(bridge);
        if self.running {
            self.failed = true;
            self.end(bridge);
        }
    }

    /// Lines that say why jobs were not understood.
    fn tell_held(&mut self, bridge: &mut Translator) {
        for line in self.held.drain(..) {
            bridge.tell(Tag(0), &line);
        }
    }

    /// What a client says of its output it does itself; the rest is lost.
    fn read_line(&mut self, bridge: &mut Translator, line: &JobLine) {
        let words = line.words.iter().skip(1);
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        for word in &words {
            match word.trim_start_matches('-').split_once('=') {
                Some(("output-format", formats)) => {
                    self.quiet = !formats.split(',').any(|format| format == "normal");
                }
                None if word == "--minimal" => self.quiet = true,
                _ => {}
            }
        }
        let of_output = |word: &str| {
            let name = word.trim_start_matches('-').split('=').next();
            OF_OUTPUT.contains(&name.unwrap_or_default())
        };
        if !words.iter().all(|word| of_output(word)) {
            let line = "bridge: options of the command line do not reach a server of version 1\n";
            let note = bridge.notes.once(line);
            bridge.remark(note);
        }
    }

    fn accept(&mut self, bridge: &mut Translator, job: JobText) {
        if self.waiting.len() >= MOST_WAITING {
            let line = format!("bridge: more than {MOST_WAITING} job files are left out\n");
            let note = bridge.notes.once(&line);
            return bridge.remark(note);
        }
        let added = expected(&job);
        self.expected = Start::new(
            self.expected.jobs.saturating_add(added.jobs),
            self.expected
                .stat_outputs
                .saturating_add(added.stat_outputs),
        );
        self.waiting.push_back(ClientMessage::Job(job));
        self.tell_start(bridge);
    }

    fn tell_start(&self, bridge: &mut Translator) {
        bridge.tell(Tag(0), &ServerMessage::Start(self.expected));
    }

    fn run(&mut self, bridge: &mut Translator) {
        if self.running {
            return;
        }
        if self.waiting.is_empty() {
            // As a server without jobs says it.
            bridge.tell(Tag(0), &ServerMessage::Stop(Stop::new(0, 0)));
            return bridge.tell(Tag(0), &ServerMessage::Quit);
        }
        (self.running, self.failed) = (true, false);
        self.send_next(bridge);
    }

    /// Runs the next job file.
    fn send_next(&mut self, bridge: &mut Translator) {
        if let Some(next) = self.waiting.pop_front() {
            self.understood = false;
            bridge.ask(Tag(0), &next);
        }
    }

    fn stop(&mut self, bridge: &mut Translator) {
        self.waiting.clear();
        if self.running {
            bridge.ask(Tag(0), &ClientMessage::Quit);
        }
    }

    fn end(&mut self, bridge: &mut Translator) {
        self.running = false;
        self.expected = Start::default();
        self.reported = 0;
        self.last_eta = None;
        let stop = Stop::new(self.failed.into(), 0);
        bridge.tell(Tag(0), &ServerMessage::Stop(stop));
        bridge.tell(Tag(0), &ServerMessage::Quit);
    }
}

/// The job file that says the same as words with jobs among them: see [`JobLine::of_job_file`].
fn job_file_of(line: &JobLine) -> Option<JobText> {
    let mut text = b"[global]\n".to_vec();
    let mut has_jobs = false;
    for word in line.words.iter().skip(1) {
        let said = word.strip_prefix(b"--")?;
        match said.strip_prefix(b"name=") {
            Some(name) => {
                has_jobs = true;
                text.extend([b"[", name, b"]"].concat());
            }
            None => text.extend_from_slice(said),
        }
        text.push(b'\n');
    }
    has_jobs.then(|| JobText::new(text))
}

/// Flags by which a client of fio says how it prints results.
const OF_OUTPUT: [&str; 8] = [
    "append-terse",
    "eta",
    "eta-interval",
    "eta-newline",
    "minimal",
    "output",
    "output-format",
    "terse-version",
];

/// Most lines kept until it is known whether the jobs were understood.
const MOST_HELD: usize = 64;

/// More beginnings are not told: the first makes a client ask how far the jobs are.
const MOST_BEGINNINGS: u32 = 64;

/// What a job file will run and report, clones included, as far as its options are known here; else its
/// sections.
fn expected(job: &JobText) -> Start {
    let text = String::from_utf8_lossy(&job.text);
    let mut lines: Vec<&str> = text.lines().collect();
    for _ in 0..MOST_UNKNOWN {
        let known = lines.join("\n");
        let source = JobSource::text("job file", &known);
        let error = match parse_jobs(&[source], &ParseOptions::for_peer()) {
            Ok(parsed) => {
                let clones = parsed.jobs.iter().map(|job| job.clones);
                let jobs = clones.fold(0, u32::saturating_add);
                return Start::new(jobs, result_count(&parsed.jobs));
            }
            Err(error) => error,
        };
        let Position::Line { line, .. } = error.position else {
            break;
        };
        // What is not known here does not change how many jobs there are.
        match lines.get_mut(line.saturating_sub(1)) {
            Some(unknown) if !unknown.is_empty() => *unknown = "",
            _ => break,
        }
    }
    let sections = sections(&text);
    Start::new(sections, sections)
}

/// Most lines left out of a job file to count its jobs.
const MOST_UNKNOWN: usize = 64;

fn sections(text: &str) -> u32 {
    let lines = text.lines().map(str::trim);
    let names = lines.filter_map(|line| line.strip_prefix('['));
    let jobs = names.filter(|name| !name.starts_with("global]"));
    u32::try_from(jobs.count()).unwrap_or(u32::MAX)
}

fn lost(bridge: &mut Translator, command: Command, consequence: &str) {
    let version = bridge.server.revision().version();
    let note = bridge.notes.of_command(version, command, consequence);
    bridge.remark(note);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_and_groups_are_counted_where_the_file_is_understood() {
        let count = |text: &str| {
            let start = expected(&JobText::new(text));
            (start.jobs, start.stat_outputs)
        };
        assert_eq!(count("[a]\nnumjobs=3\n[b]\n"), (4, 4));
        assert_eq!(
            count("[global]\ngroup_reporting\n[a]\nnumjobs=3\n[b]\nnew_group\n"),
            (4, 2)
        );
        assert_eq!(count("[global]\nrw=read\n[a]\nof=2011\n[b]\n"), (2, 2));
        assert_eq!(count("[a]\nof=2011\nnumjobs=3\nverify=md5\n[b]\n"), (4, 4));
    }
}
