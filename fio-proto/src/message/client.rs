//! What a client says.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zerocopy::little_endian::U16;

use super::job::counted;
use super::{
    JobDefinition, JobLine, JobText, LoadFile, Message, ProbeRequest, SendFileReply, known,
};
use crate::byte_string::ByteString;
use crate::error::{DecodeError, EncodeError, MessageError};
use crate::layout::{DropReason, Dropped};
use crate::opcode::{Command, Opcode};
use crate::reader::Reader;
use crate::version::Revision;

/// A message from a client to a server.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum ClientMessage {
    /// PROBE: who are you?
    Probe(ProbeRequest),
    /// JOBLINE: words of a command line. Answered as JOB is.
    JobLine(JobLine),
    /// JOB: the text of a job file. In version 1 it is run at once, later when RUN says so.
    Job(JobText),
    /// LOAD_FILE: a job file of the server's, to be treated as JOB is. Since version 65.
    LoadFile(LoadFile),
    /// RUN: run what was sent. Since version 65.
    Run,
    /// SEND_ETA: how far are the jobs? Since version 65.
    SendEta,
    /// UPDATE_JOB: other options for a job. Since version 65.
    UpdateJob(Box<JobDefinition>),
    /// VTRIGGER: tell where verification is, stop the jobs and run the command given. Since version 65.
    VerifyTrigger(ByteString),
    /// SENDFILE: the file the server asked for, or why there is none. Since version 65.
    SendFileReply(SendFileReply),
    /// QUIT: stop the jobs; their statistics still follow. Without jobs, a server of version 1 closes.
    Quit,
    /// EXIT: end the server; since version 65 only the connection's part of it.
    Exit,
}

impl ClientMessage {
    /// The text of a job file.
    pub fn job(text: impl Into<ByteString>) -> Self {
        Self::Job(JobText::new(text))
    }
}

impl Message for ClientMessage {
    fn command(&self) -> Command {
        match self {
            Self::Probe(_) => Command::Probe,
            Self::JobLine(_) => Command::JobLine,
            Self::Job(_) => Command::Job,
            Self::LoadFile(_) => Command::LoadFile,
            Self::Run => Command::Run,
            Self::SendEta => Command::SendEta,
            Self::UpdateJob(_) => Command::UpdateJob,
            Self::VerifyTrigger(_) => Command::VerifyTrigger,
            Self::SendFileReply(_) => Command::SendFile,
            Self::Quit => Command::Quit,
            Self::Exit => Command::Exit,
        }
    }

    /// Payloads of commands that have none are ignored, as fio does.
    fn decode(revision: Revision, opcode: Opcode, payload: &[u8]) -> Result<Self, MessageError> {
        Ok(match known(revision, opcode)? {
            Command::Probe if revision == Revision::V1 => Self::Probe(ProbeRequest::default()),
            Command::Probe => Self::Probe(ProbeRequest::decode(revision, payload)?),
            Command::JobLine => Self::JobLine(JobLine::decode(revision, payload)?),
            Command::Job => Self::Job(JobText::decode(revision, payload)?),
            Command::LoadFile => Self::LoadFile(LoadFile::decode(payload)?),
            Command::Run => Self::Run,
            Command::SendEta => Self::SendEta,
            Command::UpdateJob => {
                Self::UpdateJob(Box::new(JobDefinition::decode(revision, payload)?))
            }
            Command::VerifyTrigger => Self::VerifyTrigger(decode_trigger(payload)?),
            Command::SendFile => Self::SendFileReply(SendFileReply::decode(payload)?),
            Command::Quit => Self::Quit,
            Command::Exit => Self::Exit,
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
            Self::Probe(request) => request.encode(revision, out, dropped),
            Self::JobLine(line) => line.encode(revision, out, dropped)?,
            Self::Job(job) => job.encode(revision, out, dropped),
            Self::LoadFile(file) => file.encode(out, dropped),
            Self::UpdateJob(job) => job.encode(revision, out, dropped),
            Self::VerifyTrigger(command) => encode_trigger(command, out, dropped),
            Self::SendFileReply(reply) => reply.encode(out),
            Self::Run | Self::SendEta | Self::Quit | Self::Exit => {}
        }
        Ok(())
    }
}

const TRIGGER: &str = "cmd_vtrigger_pdu";

/// VTRIGGER: two bytes of length, then the command.
fn decode_trigger(payload: &[u8]) -> Result<ByteString, DecodeError> {
    let mut reader = Reader::new(TRIGGER, payload);
    let length = reader.view::<U16>("len")?.get().into();
    counted(&mut reader, TRIGGER, "len", 0, length).map(Into::into)
}

fn encode_trigger(command: &ByteString, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
    let sent = command.get(..usize::from(u16::MAX)).unwrap_or(command);
    if sent.len() < command.len() {
        dropped.push(Dropped::new(TRIGGER, "command", DropReason::CutOff));
    }
    out.extend_from_slice(&u16::try_from(sent.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(sent);
}
