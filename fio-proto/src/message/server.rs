//! What a server says.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Eta, Message, ProbeReply, Text, known};
use crate::error::{DecodeError, EncodeError, MessageError};
use crate::layout::{DropReason, Dropped, GroupRunStats, ThreadStat};
use crate::opcode::{Command, Opcode};
use crate::reader::Reader;
use crate::version::Revision;

/// A message from a server to a client.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum ServerMessage {
    /// PROBE: who the server is.
    Probe(ProbeReply),
    /// TEXT: something to print.
    Text(Text),
    /// START: the jobs were understood and are about to run.
    Start(Start),
    /// ETA: how far the jobs are.
    Eta(Eta),
    /// TS: statistics of a thread, or of several that report as one.
    ThreadStats(Box<ThreadReport>),
    /// GS: totals of a group of jobs.
    GroupStats(GroupRunStats),
    /// STOP: the jobs have ended. Servers of version 1 never send it.
    Stop(Stop),
    /// QUIT: this run is over.
    Quit,
}

impl ServerMessage {
    /// Something to print.
    pub fn text(text: impl Into<crate::ByteString>) -> Self {
        Self::Text(Text::info(text))
    }
}

/// The payload of TS: a `thread_stat` and the totals of its group so far.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct ThreadReport {
    /// Statistics of the thread.
    pub thread: ThreadStat,
    /// Totals of its group. The group number in it is meaningless; the thread's counts.
    pub group: GroupRunStats,
}

impl ThreadReport {
    /// Statistics of a thread, and the totals of its group.
    pub const fn new(thread: ThreadStat, group: GroupRunStats) -> Self {
        Self { thread, group }
    }

    /// Decodes the payload of TS over this report, which saves allocating anew.
    ///
    /// # Errors
    /// When it is shorter or longer than the two structures; the report is a mixture then.
    pub fn read(&mut self, revision: Revision, payload: &[u8]) -> Result<(), DecodeError> {
        let mut reader = Reader::new("cmd_ts_pdu", payload);
        self.thread.read(revision, &mut reader)?;
        self.group.read(revision, &mut reader)?;
        reader.finish()
    }

    /// Appends the payload of TS.
    pub fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        self.thread.encode(revision, out, dropped);
        self.group.encode(revision, out, dropped);
    }
}

/// The jobs were understood. Version 1 sends no figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Start {
    /// Jobs understood so far, where the version says.
    pub jobs: Option<u32>,
    /// TS messages to expect, where the version says.
    pub reports: Option<u32>,
}

impl Start {
    /// Jobs understood so far and TS messages to expect.
    pub const fn new(jobs: u32, reports: u32) -> Self {
        Self {
            jobs: Some(jobs),
            reports: Some(reports),
        }
    }

    fn encode(self, dropped: &mut Vec<Dropped>) {
        drop_absent(
            "cmd_start_pdu",
            &[("jobs", self.jobs), ("reports", self.reports)],
            dropped,
        );
    }
}

/// The jobs have ended. Version 1 sends no figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Stop {
    /// Exit status of the run, where the version says.
    pub error: Option<u32>,
    /// The signal that ended the run, where the version says.
    pub signal: Option<u32>,
}

impl Stop {
    /// Exit status of the run and the signal that ended it, 0 for none.
    pub const fn new(error: u32, signal: u32) -> Self {
        Self {
            error: Some(error),
            signal: Some(signal),
        }
    }

    fn encode(self, dropped: &mut Vec<Dropped>) {
        drop_absent(
            "cmd_end_pdu",
            &[("error", self.error), ("signal", self.signal)],
            dropped,
        );
    }
}

fn drop_absent(
    structure: &'static str,
    fields: &[(&'static str, Option<u32>)],
    dropped: &mut Vec<Dropped>,
) {
    let given = fields.iter().filter(|(_, value)| value.is_some());
    dropped.extend(given.map(|(field, _)| Dropped::new(structure, field, DropReason::Absent)));
}

impl Message for ServerMessage {
    fn command(&self) -> Command {
        match self {
            Self::Probe(_) => Command::Probe,
            Self::Text(_) => Command::Text,
            Self::Start(_) => Command::Start,
            Self::Eta(_) => Command::Eta,
            Self::ThreadStats(_) => Command::ThreadStats,
            Self::GroupStats(_) => Command::GroupStats,
            Self::Stop(_) => Command::Stop,
            Self::Quit => Command::Quit,
        }
    }

    /// Payloads of commands that have none are ignored, as fio does.
    fn decode(revision: Revision, opcode: Opcode, payload: &[u8]) -> Result<Self, MessageError> {
        Ok(match known(revision, opcode)? {
            Command::Probe => Self::Probe(ProbeReply::decode(payload)?),
            Command::Text => Self::Text(Text::decode(payload)),
            Command::Start => Self::Start(Start::default()),
            Command::Eta => Self::Eta(Eta::decode(revision, payload)?),
            Command::ThreadStats => {
                let mut report = Box::<ThreadReport>::default();
                report.read(revision, payload)?;
                Self::ThreadStats(report)
            }
            Command::GroupStats => Self::GroupStats(GroupRunStats::decode(revision, payload)?),
            Command::Stop => Self::Stop(Stop::default()),
            Command::Quit => Self::Quit,
            command => return Err(MessageError::WrongDirection { command, opcode }),
        })
    }

    fn encode_payload(
        &self,
        revision: Revision,
        out: &mut Vec<u8>,
        dropped: &mut Vec<Dropped>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Probe(reply) => reply.encode(out, dropped),
            Self::Text(text) => text.encode(out, dropped),
            Self::Start(start) => start.encode(dropped),
            Self::Eta(eta) => eta.encode(revision, out, dropped),
            Self::ThreadStats(report) => report.encode(revision, out, dropped),
            Self::GroupStats(group) => group.encode(revision, out, dropped),
            Self::Stop(stop) => stop.encode(dropped),
            Self::Quit => {}
        }
        Ok(())
    }
}
