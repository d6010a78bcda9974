//! Typed messages, neutral over versions.
//!
//! | message | client to server | server to client |
//! |---|---|---|
//! | PROBE | [`ProbeRequest`]: address, zlib | [`ProbeReply`]: host name, byte order, release … |
//! | JOBLINE | [`JobLine`]: words of a command line | – |
//! | JOB | [`JobText`]: the text of a job file | – |
//! | LOAD_FILE | [`LoadFile`]: a job file of the server's | – |
//! | RUN | run what was sent | – |
//! | SEND_ETA | how far are the jobs? | – |
//! | QUIT | stop the jobs | this run is over |
//! | EXIT | end the server | – |
//! | TEXT | – | [`Text`]: something to print |
//! | ADD_JOB | – | [`JobDefinition`]: a job section was understood |
//! | START | – | [`Start`]: the jobs were understood |
//! | SERVER_START | – | a job thread has begun |
//! | ETA | – | [`Eta`]: how far the jobs are |
//! | IOLOG | – | [`IoLog`]: a log file of a job |
//! | JOB_OPT | – | [`JobOption`]: one option of a job, for reports |
//! | TS | – | [`ThreadReport`]: statistics of a thread or group |
//! | GS | – | [`GroupRunStats`](crate::layout::GroupRunStats): totals of a group |
//! | DU | – | [`DiskUtilization`]: what one disk did |
//! | UPDATE_JOB | [`JobDefinition`]: other options for a job | an errno |
//! | VTRIGGER | a command | [`VerifyState`]: where verification is |
//! | SENDFILE | [`SendFileReply`]: a file, or an errno | the name of a file |
//! | STOP | – | [`Stop`]: the jobs have ended; never sent in version 1 |
//!
//! Version 1 has PROBE, JOBLINE, JOB, QUIT, EXIT, TEXT, START, ETA, TS, GS and STOP; versions 65 and later
//! have all.
//!
//! A message is decoded from the payload of a [`RawMessage`](crate::fragment::RawMessage) and the
//! [`Revision`] of the conversation, and encoded to frames by [`Message::append_to`].

mod client;
mod control;
mod disk;
mod eta;
mod io_log;
mod job;
mod job_definition;
mod job_line;
mod job_option;
mod probe;
mod report;
mod send_file;
mod server;
mod text;
mod verify_file;
mod verify_state;

use alloc::vec::Vec;

pub use client::ClientMessage;
pub use control::{Start, StartView, Stop, StopView};
pub use disk::DiskUtilization;
pub use eta::Eta;
pub(crate) use eta::states_offset;
pub use io_log::{
    DataDirection, HistogramRow, IoLog, LogColumns, LogContents, LogLoss, LogRow, LogType,
    LogWriter, LossCause, Transport,
};
pub use job::{ClientType, JobText, LoadFile};
pub use job_definition::JobDefinition;
pub(crate) use job_definition::variant_of_length;
pub use job_line::{JobLine, MAX_WORDS, WORD_SIZE};
pub use job_option::{JobOption, JobOptionView};
pub use probe::{ProbeReply, ProbeReplyView, ProbeRequest, ProbeRequestView, ReleaseNumbers};
pub use report::ThreadReport;
pub(crate) use report::{Part, report_parts};
pub use send_file::{PATH_SIZE, SendFileReply};
pub use server::ServerMessage;
pub use text::{Text, TextLevel};
pub use verify_file::VerifyFileError;
pub use verify_state::{CompletedWrite, VerifyProgress, VerifyState};

use crate::error::{EncodeError, MessageError};
use crate::fragment::Fragments;
use crate::frame::Tag;
use crate::layout::Dropped;
use crate::opcode::{Command, Opcode};
use crate::version::Revision;

/// What [`ClientMessage`] and [`ServerMessage`] have in common.
pub trait Message: Sized {
    /// What the message says.
    fn command(&self) -> Command;

    /// Reads a message from its payload.
    ///
    /// # Errors
    /// When the revision has no such command, this direction does not, or the payload is broken.
    fn decode(revision: Revision, opcode: Opcode, payload: &[u8]) -> Result<Self, MessageError>;

    /// Appends the payload to `out`, and to `dropped` what the revision cannot carry.
    ///
    /// # Errors
    /// When the message cannot be sent at all; `out` then ends in an unspecified way.
    fn encode_payload(
        &self,
        revision: Revision,
        out: &mut Vec<u8>,
        dropped: &mut Vec<Dropped>,
    ) -> Result<(), EncodeError>;

    /// The message's number in the revision.
    ///
    /// # Errors
    /// When it has none.
    fn opcode(&self, revision: Revision) -> Result<Opcode, EncodeError> {
        let command = self.command();
        command
            .opcode(revision.version())
            .ok_or(EncodeError::NoSuchCommand { command, revision })
    }

    /// Appends the message to `out` as whole frames and returns what the revision could not carry.
    ///
    /// # Errors
    /// When the message cannot be sent; `out` is as before then.
    fn append_to(
        &self,
        revision: Revision,
        tag: Tag,
        out: &mut Vec<u8>,
    ) -> Result<Vec<Dropped>, EncodeError> {
        let opcode = self.opcode(revision)?;
        let (mut payload, mut dropped) = (Vec::new(), Vec::new());
        self.encode_payload(revision, &mut payload, &mut dropped)?;
        Fragments::new(revision.version(), opcode, tag, &payload).append_to(out);
        Ok(dropped)
    }
}

/// The command of an opcode, an error where there is none.
fn known(revision: Revision, opcode: Opcode) -> Result<Command, MessageError> {
    let version = revision.version();
    opcode
        .command(version)
        .ok_or(MessageError::UnknownOpcode { opcode, version })
}
