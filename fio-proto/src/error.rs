//! What can go wrong, one type per layer, and who is at fault.
//!
//! [`FrameError`] and [`JoinError`] concern bytes, [`DecodeError`] one structure, [`MessageError`] one
//! message, [`ProtocolError`] a conversation. [`EncodeError`] and [`CommandError`] are the caller's.

use core::time::Duration;

use crate::opcode::{Command, Opcode};
use crate::version::{Revision, ServerVersion};

/// One frame is not as the protocol has it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The header's own checksum is wrong.
    #[error("bad checksum of a frame header (got {got:x}, wanted {wanted:x})")]
    HeaderCrc {
        /// What the header says.
        got: u16,
        /// What its first 20 bytes give.
        wanted: u16,
    },
    /// The payload's checksum is wrong.
    #[error("bad checksum of a frame payload (got {got:x}, wanted {wanted:x})")]
    PayloadCrc {
        /// What the header says.
        got: u16,
        /// What the payload gives.
        wanted: u16,
    },
    /// The frame is of another version than the conversation, or of one without tables here.
    #[error("frame of protocol version {got}, expected {expected}")]
    Version {
        /// The version in the frame.
        got: ServerVersion,
        /// The version it should have, or the newest one spoken here.
        expected: ServerVersion,
    },
    /// The frame announces more payload than its version allows.
    #[error("frame payload of {length} bytes, at most {limit} allowed")]
    PayloadTooLarge {
        /// Bytes announced.
        length: u32,
        /// Bytes allowed in one frame.
        limit: usize,
    },
}

/// The frames of a message do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// One of the frames is broken.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A later frame of a message has another opcode than the first.
    #[error("fragment of opcode {got} inside a message of opcode {first}")]
    OpcodeChanged {
        /// Opcode of the message.
        first: Opcode,
        /// Opcode of the frame.
        got: Opcode,
    },
    /// The message is longer than the receiver allows.
    #[error("message of more than {limit} bytes")]
    MessageTooLong {
        /// Bytes allowed in one message.
        limit: usize,
    },
}

/// A structure's bytes do not make sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end before the field does.
    #[error("{structure}.{field} at offset {offset} needs {needed} bytes, got {got}")]
    Truncated {
        /// The structure, by fio's name.
        structure: &'static str,
        /// The field, by fio's name.
        field: &'static str,
        /// Where the field starts in the structure.
        offset: usize,
        /// Bytes the field takes.
        needed: usize,
        /// Bytes that were left.
        got: usize,
    },
    /// A count or length is larger than it can be.
    #[error("{structure}.{field} at offset {offset} is {value}, at most {limit} allowed")]
    OutOfRange {
        /// The structure, by fio's name.
        structure: &'static str,
        /// The field, by fio's name.
        field: &'static str,
        /// Where the field starts in the structure.
        offset: usize,
        /// What was received.
        value: u64,
        /// The largest possible value.
        limit: u64,
    },
    /// A part of a message begins inside another.
    #[error("{structure}.{field} at offset {offset} is {value}, inside what ends at offset {end}")]
    Overlap {
        /// The structure, by fio's name.
        structure: &'static str,
        /// The field that says where the part begins, by fio's name.
        field: &'static str,
        /// Where the field starts in the structure.
        offset: usize,
        /// Where the part would begin.
        value: u64,
        /// Where the parts before it end.
        end: usize,
    },
    /// A string in a fixed array has no terminating NUL.
    #[error("{structure}.{field} at offset {offset} is not terminated within {size} bytes")]
    Unterminated {
        /// The structure, by fio's name.
        structure: &'static str,
        /// The field, by fio's name.
        field: &'static str,
        /// Where the array starts in the structure.
        offset: usize,
        /// Bytes in the array.
        size: usize,
    },
    /// Bytes follow the end of the structure.
    #[error("{got} bytes follow the end of {structure} at offset {offset}")]
    TrailingBytes {
        /// The structure, by fio's name.
        structure: &'static str,
        /// Where it ends.
        offset: usize,
        /// Bytes behind that.
        got: usize,
    },
}

/// A whole message does not make sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The version has no such command.
    #[error("unknown opcode {opcode} in protocol version {version}")]
    UnknownOpcode {
        /// The number received.
        opcode: Opcode,
        /// The version it was received in.
        version: ServerVersion,
    },
    /// The command exists, but this side never receives it.
    #[error("{command} (opcode {opcode}) travels in the other direction")]
    WrongDirection {
        /// The command.
        command: Command,
        /// Its number.
        opcode: Opcode,
    },
    /// The payload is broken.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// A message cannot be sent. The caller's doing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The peer's version has no such command.
    #[error("protocol {revision} has no {command}")]
    NoSuchCommand {
        /// The command.
        command: Command,
        /// The layouts in use.
        revision: Revision,
    },
    /// A command line has too many words.
    #[error("command line of {words} words, at most {limit} allowed")]
    TooManyWords {
        /// Words given.
        words: usize,
        /// Words that fit.
        limit: usize,
    },
    /// A word of a command line is too long or contains a NUL.
    #[error(
        "word {index} of the command line is {length} bytes long, at most {limit} without NUL allowed"
    )]
    BadWord {
        /// Which word, counted from 0.
        index: usize,
        /// Its bytes, without a NUL.
        length: usize,
        /// The most that fits.
        limit: usize,
    },
}

/// A session cannot do what its user asks. The caller's doing; the session is unharmed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The session is over or closing.
    #[error("the session is over")]
    SessionOver,
    /// The peer reads too slowly: write what waits, then try again.
    #[error("{queued} bytes wait for the peer, at most {limit} allowed")]
    QueueFull {
        /// Bytes waiting.
        queued: usize,
        /// The bound, `Limits::max_queued`.
        limit: usize,
    },
    /// The message does not exist in the peer's version.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// The conversation cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// Frames are broken or do not fit together.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// A message is not understood.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The server speaks another version than this client opened with.
    #[error("the server speaks protocol version {server}, this client {client}")]
    VersionMismatch {
        /// What the server's header says.
        server: ServerVersion,
        /// What this client opened with.
        client: ServerVersion,
    },
    /// The peer closed the connection in mid-message.
    #[error("connection closed inside a message, {received} bytes after its start")]
    ClosedInsideMessage {
        /// Bytes of the message that had arrived.
        received: u64,
    },
    /// The peer closed the connection before the conversation was finished.
    #[error("connection closed while waiting for {waiting}")]
    ClosedEarly {
        /// What had not happened yet.
        waiting: Waiting,
    },
    /// The peer took too long.
    #[error("no {waiting} within {after:?}")]
    TimedOut {
        /// What did not happen.
        waiting: Waiting,
        /// How long it was waited for.
        after: Duration,
    },
    /// The client sent more jobs than it may have outstanding.
    #[error("more than {limit} jobs sent without waiting for their end")]
    TooManyJobs {
        /// The bound, `Limits::max_outstanding`.
        limit: usize,
    },
    /// The peer asks but does not read the answers.
    #[error("the peer does not read its answers, {queued} bytes wait")]
    AnswersUnread {
        /// Bytes waiting.
        queued: usize,
    },
}

impl ProtocolError {
    /// Who is to blame.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::VersionMismatch { .. }
            | Self::Join(JoinError::Frame(FrameError::Version { .. })) => Fault::Incompatible,
            Self::Join(_) | Self::Message(_) => Fault::Malformed,
            Self::ClosedInsideMessage { .. } | Self::ClosedEarly { .. } => Fault::Vanished,
            Self::TimedOut { .. } => Fault::Vanished,
            Self::TooManyJobs { .. } | Self::AnswersUnread { .. } => Fault::Misbehaving,
        }
    }

    /// The version the peer turned out to speak, where that is the trouble: try again with it.
    pub const fn peer_version(&self) -> Option<ServerVersion> {
        match *self {
            Self::VersionMismatch { server, .. } => Some(server),
            Self::Join(JoinError::Frame(FrameError::Version { got, .. })) => Some(got),
            _ => None,
        }
    }
}

impl From<FrameError> for ProtocolError {
    fn from(error: FrameError) -> Self {
        Self::Join(error.into())
    }
}

impl From<DecodeError> for ProtocolError {
    fn from(error: DecodeError) -> Self {
        Self::Message(error.into())
    }
}

/// Why a conversation ended badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The peer's bytes break the protocol, or were damaged on the way.
    Malformed,
    /// The peer is sound but speaks another version.
    Incompatible,
    /// The peer's messages are sound but ask too much.
    Misbehaving,
    /// The peer, or the network, stopped.
    Vanished,
}

/// What a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// The answer to PROBE.
    ProbeReply,
    /// The rest of a message that has begun.
    RestOfMessage,
    /// The end of a run: the server's QUIT.
    EndOfRun,
    /// The peer to read what is written to it.
    Reader,
    /// The answer to SEND_ETA.
    Eta,
}

impl core::fmt::Display for Waiting {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::ProbeReply => "answer to PROBE",
            Self::RestOfMessage => "rest of a message",
            Self::EndOfRun => "end of the run",
            Self::Reader => "progress in writing to the peer",
            Self::Eta => "answer to SEND_ETA",
        })
    }
}
