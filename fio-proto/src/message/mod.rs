//! Typed messages, neutral over versions.
//!
//! | message | client to server | server to client |
//! |---|---|---|
//! | PROBE | request, empty | [`ProbeReply`]: host name, byte order, release |
//! | JOBLINE | [`JobLine`]: words of a command line | – |
//! | JOB | the text of a job file | – |
//! | QUIT | stop the jobs | this run is over |
//! | EXIT | end the server | – |
//! | TEXT | – | [`Text`]: something to print |
//! | START | – | [`Start`]: the jobs were understood |
//! | ETA | – | [`Eta`]: how far the jobs are |
//! | TS | – | [`ThreadReport`]: statistics of a thread or group |
//! | GS | – | [`GroupRunStats`](crate::layout::GroupRunStats) |
//! | STOP | – | [`Stop`]: the jobs have ended; never sent in version 1 |
//!
//! A message is decoded from the payload of a [`RawMessage`](crate::fragment::RawMessage) and the
//! [`Revision`] of the conversation, and encoded to frames by [`Message::append_to`].

mod client;
mod eta;
mod job_line;
mod probe;
mod server;
mod text;

use alloc::vec::Vec;

pub use client::ClientMessage;
pub use eta::Eta;
pub(crate) use eta::states_offset;
pub use job_line::{JobLine, MAX_WORDS, WORD_SIZE};
pub use probe::{ProbeReply, ProbeReplyWire, Release};
pub use server::{ServerMessage, Start, Stop, ThreadReport};
pub use text::{Text, TextLevel};

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
