//! A client of version 1 and a server of a later one.
//!
//! | the client | means for the server |
//! |---|---|
//! | PROBE, then waits | PROBE |
//! | JOBLINE, JOB: runs it | JOBLINE, JOB; when all have their START, and no more come for a moment, RUN |
//! | is told how far the jobs are | SEND_ETA, once a second |
//! | QUIT | QUIT |
//! | leaves at the first QUIT | QUIT |
//!
//! SERVER_START, ADD_JOB, JOB_OPT and STOP tell an old client nothing; disks become lines of text, as they
//! were then; logs, verify states and files have no place in its version.

use std::time::{Duration, Instant};

use fio_engine::report::{DiskReport, normal};
use fio_proto::frame::Tag;
use fio_proto::message::{ClientMessage, SendFileReply, ServerMessage, Start};
use fio_proto::opcode::Command;

use super::Translator;
use crate::convert::wire_to_engine::disk_report;

/// How long after the last START another job file may come before the run begins. A client sends all
/// it has without a pause.
const GRACE: Duration = Duration::from_millis(200);

/// How often old servers tell how far they are, and fio's clients ask.
const ETA_INTERVAL: Duration = Duration::from_secs(1);

/// `ENOENT`: there is no such file.
const NO_SUCH_FILE: u32 = 2;

/// The state of such a conversation.
#[derive(Default)]
pub(super) struct OldClient {
    /// Whether what was sent and not answered by START is a job file rather than a command line.
    unanswered: std::collections::VecDeque<bool>,
    /// When to say RUN.
    run_at: Option<Instant>,
    /// When to ask how far the jobs are, once one has begun.
    ask_at: Option<Instant>,
    /// The last question has no answer yet.
    asked: bool,
    disks: Vec<DiskReport>,
    /// QUIT was sent to the client, or nothing is owed to it.
    quit: bool,
}

impl OldClient {
    pub(super) fn client_says(
        &mut self,
        bridge: &mut Translator,
        now: Instant,
        message: ClientMessage,
    ) {
        match &message {
            // Answered when the connection began; fio asks once.
            ClientMessage::Probe(_) => return,
            ClientMessage::Job(_) | ClientMessage::JobLine(_) => {
                self.unanswered
                    .push_back(matches!(message, ClientMessage::Job(_)));
                self.run_at = None;
                self.quit = false;
            }
            // In version 1 it ends the server, later the connection.
            ClientMessage::Exit => {}
            _ => {}
        }
        bridge.ask(Tag(0), &message);
        self.tick(bridge, now);
    }

    pub(super) fn server_says(
        &mut self,
        bridge: &mut Translator,
        now: Instant,
        _: Tag,
        message: ServerMessage,
    ) {
        if !matches!(message, ServerMessage::DiskUtilization(_)) {
            self.tell_disks(bridge);
        }
        match message {
            ServerMessage::Start(_) => self.started(bridge, now),
            ServerMessage::ServerStart => self.ask_at = self.ask_at.or(Some(now)),
            ServerMessage::Eta(_) => {
                self.asked = false;
                bridge.tell(Tag(0), &message);
            }
            ServerMessage::DiskUtilization(disk) => self.disks.push(disk_report(&disk)),
            ServerMessage::AddJob(_) | ServerMessage::JobOption(_) => {}
            ServerMessage::Stop(_) => self.ask_at = None,
            ServerMessage::IoLog(_) => {
                leave_out(bridge, Command::IoLog, "the logs of the jobs are lost")
            }
            ServerMessage::VerifyState(_) => {
                leave_out(
                    bridge,
                    Command::VerifyTrigger,
                    "the state of verification is lost",
                );
            }
            ServerMessage::SendFile(_) => {
                leave_out(
                    bridge,
                    Command::SendFile,
                    "the server does not get its verify state",
                );
                let none = SendFileReply::error(NO_SUCH_FILE);
                bridge.ask(Tag(0), &ClientMessage::SendFileReply(none));
            }
            ServerMessage::Quit => self.tell_quit(bridge),
            other => bridge.tell(Tag(0), &other),
        }
    }

    /// A client that was given nothing to leave at would wait for ever.
    pub(super) fn server_closed(&mut self, bridge: &mut Translator) {
        self.tell_disks(bridge);
        if !self.quit {
            self.tell_quit(bridge);
        }
    }

    pub(super) fn tick(&mut self, bridge: &mut Translator, now: Instant) {
        if self.run_at.is_some_and(|at| at <= now) {
            self.run_at = None;
            bridge.ask(Tag(0), &ClientMessage::Run);
        }
        if self.ask_at.is_some_and(|at| at <= now) {
            self.ask_at = Some(now + ETA_INTERVAL);
            if !self.asked {
                self.asked = true;
                bridge.ask(Tag(1), &ClientMessage::SendEta);
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.run_at, self.ask_at].into_iter().flatten().min()
    }

    fn started(&mut self, bridge: &mut Translator, now: Instant) {
        // A command line in front of a job file is no run of its own here.
        let is_job = self.unanswered.pop_front().unwrap_or(true);
        if is_job || self.unanswered.is_empty() {
            bridge.tell(Tag(0), &ServerMessage::Start(Start::default()));
        }
        if self.unanswered.is_empty() {
            self.run_at = Some(now + GRACE);
        }
    }

    fn tell_quit(&mut self, bridge: &mut Translator) {
        (self.run_at, self.ask_at) = (None, None);
        self.unanswered.clear();
        self.quit = true;
        bridge.tell(Tag(0), &ServerMessage::Quit);
    }

    /// One line for each message: a client of 2011 puts the host before each message.
    fn tell_disks(&mut self, bridge: &mut Translator) {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = normal::write_disks(&mut text, &self.disks);
        self.disks.clear();
        for line in text.split_inclusive('\n') {
            bridge.tell(Tag(0), &ServerMessage::text(line));
        }
    }
}

fn leave_out(bridge: &mut Translator, command: Command, consequence: &str) {
    let version = bridge.client.revision().version();
    let note = bridge.notes.of_command(version, command, consequence);
    bridge.remark(note);
}
