//! What a server says.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zerocopy::little_endian::U32;

use super::send_file::{decode_path, encode_path};
use super::{
    DiskUtilization, Eta, IoLog, JobDefinition, JobOption, Message, ProbeReply, Start, Stop, Text,
    ThreadReport, VerifyState, known,
};
use crate::byte_string::ByteString;
use crate::error::{EncodeError, MessageError};
use crate::layout::{Dropped, GroupRunStats};
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
    /// START: jobs were understood; in version 1 they are about to run.
    Start(Start),
    /// SERVER_START: a job thread has begun. Since version 65.
    ServerStart,
    /// ADD_JOB: a job section was understood. Since version 65.
    AddJob(Box<JobDefinition>),
    /// ETA: how far the jobs are.
    Eta(Eta),
    /// TS: statistics of a thread, or of several that report as one.
    ThreadReport(Box<ThreadReport>),
    /// GS: totals of a group of jobs.
    GroupStats(GroupRunStats),
    /// DU: what one disk did. Since version 65.
    DiskUtilization(Box<DiskUtilization>),
    /// JOB_OPT: one option of a job, for reports. Since version 65.
    JobOption(JobOption),
    /// IOLOG: a log file of a job. Since version 65.
    IoLog(Box<IoLog>),
    /// UPDATE_JOB: what became of it, an errno or 0. Since version 65.
    UpdateJobReply(u32),
    /// VTRIGGER: where verification is. Since version 65.
    VerifyState(VerifyState),
    /// SENDFILE: send me the file of this name. Since version 65.
    SendFile(ByteString),
    /// STOP: the jobs have ended. Servers of version 1 never send it.
    Stop(Stop),
    /// QUIT: this run is over.
    Quit,
}

impl ServerMessage {
    /// Something to print.
    pub fn text(text: impl Into<ByteString>) -> Self {
        Self::Text(Text::info(text))
    }
}

impl Message for ServerMessage {
    fn command(&self) -> Command {
        match self {
            Self::Probe(_) => Command::Probe,
            Self::Text(_) => Command::Text,
            Self::Start(_) => Command::Start,
            Self::ServerStart => Command::ServerStart,
            Self::AddJob(_) => Command::AddJob,
            Self::Eta(_) => Command::Eta,
            Self::ThreadReport(_) => Command::ThreadStats,
            Self::GroupStats(_) => Command::GroupStats,
            Self::DiskUtilization(_) => Command::DiskUtilization,
            Self::JobOption(_) => Command::JobOption,
            Self::IoLog(_) => Command::IoLog,
            Self::UpdateJobReply(_) => Command::UpdateJob,
            Self::VerifyState(_) => Command::VerifyTrigger,
            Self::SendFile(_) => Command::SendFile,
            Self::Stop(_) => Command::Stop,
            Self::Quit => Command::Quit,
        }
    }

    /// Payloads of commands that have none are ignored, as fio does.
    fn decode(revision: Revision, opcode: Opcode, payload: &[u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new("payload", payload);
        Ok(match known(revision, opcode)? {
            Command::Probe => Self::Probe(ProbeReply::decode(revision, payload)?),
            Command::Text => Self::Text(Text::decode(revision, payload)?),
            Command::Start if revision == Revision::V1 => Self::Start(Start::default()),
            Command::Start => Self::Start(Start::decode(revision, payload)?),
            Command::ServerStart => Self::ServerStart,
            Command::AddJob => Self::AddJob(Box::new(JobDefinition::decode(revision, payload)?)),
            Command::Eta => Self::Eta(Eta::decode(revision, payload)?),
            Command::ThreadStats => {
                Self::ThreadReport(Box::new(ThreadReport::decode(revision, payload)?))
            }
            Command::GroupStats => Self::GroupStats(GroupRunStats::decode(revision, payload)?),
            Command::DiskUtilization => {
                Self::DiskUtilization(Box::new(DiskUtilization::decode(revision, payload)?))
            }
            Command::JobOption => Self::JobOption(JobOption::decode(revision, payload)?),
            Command::IoLog => Self::IoLog(Box::new(IoLog::decode(revision, payload)?)),
            Command::UpdateJob => Self::UpdateJobReply(reader.view::<U32>("error")?.get()),
            Command::VerifyTrigger => Self::VerifyState(VerifyState::decode(revision, payload)?),
            Command::SendFile => Self::SendFile(decode_path(payload)?),
            Command::Stop if revision == Revision::V1 => Self::Stop(Stop::default()),
            Command::Stop => Self::Stop(Stop::decode(revision, payload)?),
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
            Self::Probe(reply) => reply.encode(revision, out, dropped),
            Self::Text(text) => text.encode(revision, out, dropped),
            Self::Start(start) => start.encode(revision, out, dropped),
            Self::AddJob(job) => job.encode(revision, out, dropped),
            Self::Eta(eta) => eta.encode(revision, out, dropped),
            Self::ThreadReport(report) => report.encode(revision, out, dropped),
            Self::GroupStats(group) => group.encode(revision, out, dropped),
            Self::DiskUtilization(disk) => disk.encode(revision, out, dropped),
            Self::JobOption(option) => option.encode(revision, out, dropped),
            Self::IoLog(log) => log.encode(revision, out, dropped),
            Self::UpdateJobReply(error) => out.extend_from_slice(&error.to_le_bytes()),
            Self::VerifyState(state) => state.encode(revision, out, dropped),
            Self::SendFile(path) => encode_path(path, out, dropped),
            Self::Stop(stop) => stop.encode(revision, out, dropped),
            Self::ServerStart | Self::Quit => {}
        }
        Ok(())
    }
}
