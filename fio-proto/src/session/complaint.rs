//! What a server tells a client that broke the protocol: fio's own words, where fio has some.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{FrameError, JoinError, MessageError, ProtocolError, Waiting};
use crate::message::Text;
use crate::version::ServerVersion;

/// The TEXT messages that tell a client what was wrong, in order. None where nobody would listen.
pub(super) fn complaints(error: &ProtocolError, version: ServerVersion) -> Vec<Text> {
    wording(error, version)
        .into_iter()
        .map(Text::error)
        .collect()
}

fn wording(error: &ProtocolError, version: ServerVersion) -> Vec<String> {
    match error {
        ProtocolError::Join(error) => of_join(error),
        ProtocolError::Message(error) => Vec::from([of_message(error, version)]),
        ProtocolError::TooManyJobs { .. }
        | ProtocolError::TimedOut {
            waiting: Waiting::RestOfMessage,
            ..
        } => Vec::from([format!("fio: {error}\n")]),
        _ => Vec::new(),
    }
}

fn of_join(error: &JoinError) -> Vec<String> {
    match error {
        JoinError::Frame(FrameError::HeaderCrc { got, wanted }) => Vec::from([format!(
            "fio: server bad crc on command (got {got:x}, wanted {wanted:x})\n"
        )]),
        // fio logs this one in two steps, and every step is a message.
        JoinError::Frame(FrameError::PayloadCrc { got, wanted }) => Vec::from([
            "fio: server bad crc on payload ".into(),
            format!("(got {got:x}, wanted {wanted:x})\n"),
        ]),
        JoinError::Frame(FrameError::Version { got, .. }) if got.is_supported() => {
            Vec::from([format!("fio: bad server cmd version {got}\n")])
        }
        // Short enough for one frame in any version.
        JoinError::Frame(FrameError::Version { got, .. }) => Vec::from([format!(
            "fio: bad server cmd version {got}, known are {}, 65-{}\n",
            ServerVersion::OLDEST,
            ServerVersion::NEWEST
        )]),
        JoinError::Frame(FrameError::PayloadTooLarge { length, .. }) => {
            Vec::from([format!("fio: command payload too large: {length}\n")])
        }
        JoinError::OpcodeChanged { first, got } => Vec::from([format!(
            "fio: fragment opcode mismatch ({first} != {got})\n"
        )]),
        JoinError::MessageTooLong { limit } => {
            Vec::from([format!("fio: message too large: more than {limit} bytes\n")])
        }
    }
}

/// Since fio names opcodes, unknown ones are called so.
fn of_message(error: &MessageError, version: ServerVersion) -> String {
    match error {
        MessageError::UnknownOpcode { opcode, .. } if version == ServerVersion::V1 => {
            format!("fio: unknown opcode: {opcode}\n")
        }
        MessageError::UnknownOpcode { opcode, .. } => {
            format!("fio: unknown opcode: UNKNOWN/{opcode}\n")
        }
        MessageError::WrongDirection { opcode, .. } if version == ServerVersion::V1 => {
            format!("fio: unknown opcode: {opcode}\n")
        }
        MessageError::WrongDirection { command, .. } => format!("fio: unknown opcode: {command}\n"),
        MessageError::Decode(error) => format!("fio: bad message: {error}\n"),
    }
}
