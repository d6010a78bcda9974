//! What a client says.

use alloc::vec::Vec;

use super::{JobLine, Message, known};
use crate::byte_string::ByteString;
use crate::error::{EncodeError, MessageError};
use crate::layout::Dropped;
use crate::opcode::{Command, Opcode};
use crate::version::Revision;

/// A message from a client to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum ClientMessage {
    /// PROBE: who are you?
    Probe,
    /// JOBLINE: words of a command line. Followed by a run of its own.
    JobLine(JobLine),
    /// JOB: the text of a job file, as it is in the file. Followed by a run.
    Job(ByteString),
    /// QUIT: stop the jobs; their statistics still follow. Without jobs, a server of version 1 closes.
    Quit,
    /// EXIT: end the server.
    Exit,
}

impl Message for ClientMessage {
    fn command(&self) -> Command {
        match self {
            Self::Probe => Command::Probe,
            Self::JobLine(_) => Command::JobLine,
            Self::Job(_) => Command::Job,
            Self::Quit => Command::Quit,
            Self::Exit => Command::Exit,
        }
    }

    /// Payloads of commands that have none are ignored, as fio does.
    fn decode(revision: Revision, opcode: Opcode, payload: &[u8]) -> Result<Self, MessageError> {
        Ok(match known(revision, opcode)? {
            Command::Probe => Self::Probe,
            Command::JobLine => Self::JobLine(JobLine::decode(payload)?),
            Command::Job => Self::Job(payload.into()),
            Command::Quit => Self::Quit,
            Command::Exit => Self::Exit,
            command => return Err(MessageError::WrongDirection { command, opcode }),
        })
    }

    fn encode_payload(
        &self,
        _: Revision,
        out: &mut Vec<u8>,
        _: &mut Vec<Dropped>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Probe | Self::Quit | Self::Exit => Ok(()),
            Self::JobLine(line) => line.encode(out),
            Self::Job(text) => {
                out.extend_from_slice(text);
                Ok(())
            }
        }
    }
}
