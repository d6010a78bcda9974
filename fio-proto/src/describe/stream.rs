//! From a stream to its messages.

use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::Direction;
use super::fields::{Closed, Field, describe_as, describe_payload};
use crate::error::FrameError;
use crate::fragment::RawMessage;
use crate::frame::{Frame, HEADER_SIZE, Header, Tag};
use crate::message::ProbeReply;
use crate::opcode::{Command, Opcode};
use crate::version::{Revision, ServerVersion};

/// Takes a stream apart, message by message. The whole stream is in memory, so messages have no cap
/// of their own. After an error there is nothing more to be had.
pub const fn describe_stream(stream: &[u8], direction: Direction) -> Stream<'_> {
    Stream {
        stream,
        offset: 0,
        direction,
        sender: None,
        over: false,
    }
}

/// The messages of a stream, see [`describe_stream`].
#[derive(Clone, Debug)]
pub struct Stream<'a> {
    stream: &'a [u8],
    offset: usize,
    direction: Direction,
    /// The layouts of the sender, as its answer to PROBE names them.
    sender: Option<Revision>,
    over: bool,
}

/// One message, explained.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Described {
    /// Bytes in front of its first frame in the stream.
    pub offset: usize,
    /// Bytes of all its frames.
    pub wire_len: usize,
    /// Protocol version of the sender.
    pub version: ServerVersion,
    /// Command, numbered by version.
    pub opcode: Opcode,
    /// The command, where the version has one of that number.
    pub command: Option<Command>,
    /// Opaque number.
    pub tag: Tag,
    /// Its frames.
    pub fragments: Vec<Fragment>,
    /// Bytes of the payload, all frames together.
    pub payload_len: usize,
    /// Its fields, or why they cannot be shown.
    pub fields: Result<Vec<Field>, Closed>,
}

impl Described {
    /// fio's name of the command, or its number where it has none.
    pub fn name(&self) -> String {
        self.command
            .map_or_else(|| self.opcode.to_string(), |command| command.name().into())
    }

    /// Where a byte of the payload is in the stream; `None` behind its end.
    pub fn stream_offset(&self, payload_offset: usize) -> Option<usize> {
        let mut before = 0_usize;
        for fragment in &self.fragments {
            let inside = payload_offset.saturating_sub(before);
            if inside < fragment.payload_len {
                return Some(
                    fragment
                        .offset
                        .saturating_add(HEADER_SIZE)
                        .saturating_add(inside),
                );
            }
            before = before.saturating_add(fragment.payload_len);
        }
        None
    }
}

/// One frame of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fragment {
    /// Bytes in front of its header in the stream.
    pub offset: usize,
    /// Bytes of its payload.
    pub payload_len: usize,
}

/// Where and why a stream cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at offset {offset}: {problem}")]
#[non_exhaustive]
pub struct StreamError {
    /// Bytes in front of the frame at fault.
    pub offset: usize,
    /// What is wrong with it.
    #[source]
    pub problem: StreamProblem,
}

/// What is wrong with a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamProblem {
    /// A frame is broken.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A later frame of a message has another version or opcode than the first.
    #[error(
        "frame of version {version}, opcode {opcode} inside a message of version {first_version}, opcode {first}"
    )]
    Foreign {
        /// Version of the frame.
        version: ServerVersion,
        /// Opcode of the frame.
        opcode: Opcode,
        /// Version of the message.
        first_version: ServerVersion,
        /// Opcode of the message.
        first: Opcode,
    },
    /// The stream ends inside a frame.
    #[error("the stream ends {got} bytes into a frame of {needed} bytes or more")]
    CutOff {
        /// Bytes the frame needs, as far as known.
        needed: usize,
        /// Bytes that are there.
        got: usize,
    },
    /// The stream ends between the frames of a message.
    #[error("the stream ends in mid-message, {frames} frames in")]
    Unfinished {
        /// Frames of the message that are there.
        frames: usize,
    },
}

impl Iterator for Stream<'_> {
    type Item = Result<Described, StreamError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over || self.offset >= self.stream.len() {
            return None;
        }
        let message = self.message();
        self.over = message.is_err();
        Some(message)
    }
}

impl<'a> Stream<'a> {
    fn message(&mut self) -> Result<Described, StreamError> {
        let start = self.offset;
        let (mut payload, mut fragments) = (Vec::new(), Vec::new());
        let mut first: Option<Header> = None;
        loop {
            let offset = self.offset;
            let at = |problem: StreamProblem| StreamError { offset, problem };
            let frame = self.frame(fragments.len()).map_err(at)?;
            let head = *first.get_or_insert(frame.header);
            same_message(&head, &frame.header).map_err(at)?;
            let payload_len = frame.payload.len();
            payload.extend_from_slice(frame.payload);
            fragments.push(Fragment {
                offset,
                payload_len,
            });
            self.offset = offset
                .saturating_add(HEADER_SIZE)
                .saturating_add(payload_len);
            if !frame.header.continues() {
                return Ok(self.describe(start, &head, &payload, fragments));
            }
        }
    }

    fn frame(&self, frames: usize) -> Result<Frame<'a>, StreamProblem> {
        let rest = self.stream.get(self.offset..).unwrap_or_default();
        if rest.is_empty() {
            return Err(StreamProblem::Unfinished { frames });
        }
        match Frame::parse(rest)? {
            // Zeroes have a correct checksum, which is zero; no release has that version.
            Some((frame, _)) if frame.header.version.number() == 0 => {
                Err(StreamProblem::Frame(FrameError::Version {
                    got: frame.header.version,
                    expected: ServerVersion::NEWEST,
                }))
            }
            Some((frame, _)) => Ok(frame),
            None => {
                let announced = rest.get(16..20).and_then(|bytes| bytes.first_chunk());
                let length = announced.map_or(0, |bytes| u32::from_le_bytes(*bytes));
                let needed = usize::try_from(length)
                    .unwrap_or(usize::MAX)
                    .saturating_add(HEADER_SIZE);
                Err(StreamProblem::CutOff {
                    needed,
                    got: rest.len(),
                })
            }
        }
    }

    fn describe(
        &mut self,
        offset: usize,
        head: &Header,
        payload: &[u8],
        fragments: Vec<Fragment>,
    ) -> Described {
        let Header {
            version,
            opcode,
            tag,
            ..
        } = *head;
        let raw = RawMessage::new(head, payload, fragments.len());
        Described {
            offset,
            wire_len: self.offset.saturating_sub(offset),
            version,
            opcode,
            command: opcode.command(version),
            tag,
            fragments,
            payload_len: payload.len(),
            fields: self.fields(&raw),
        }
    }

    /// The fields of a message, read by the layouts its sender has named if those are of its version.
    fn fields(&mut self, raw: &RawMessage<'_>) -> Result<Vec<Field>, Closed> {
        if raw.opcode.command(raw.version) == Some(Command::Probe) {
            self.sender = Revision::of(raw.version)
                .and_then(|revision| ProbeReply::decode(revision, raw.payload).ok())
                .and_then(|reply| Revision::identify(raw.version, &reply.release))
                .or(self.sender);
        }
        match self.sender {
            Some(sender) if sender.version() == raw.version => {
                describe_as(raw, self.direction, sender)
            }
            _ => describe_payload(raw, self.direction),
        }
    }
}

fn same_message(head: &Header, frame: &Header) -> Result<(), StreamProblem> {
    if (head.version, head.opcode) == (frame.version, frame.opcode) {
        return Ok(());
    }
    Err(StreamProblem::Foreign {
        version: frame.version,
        opcode: frame.opcode,
        first_version: head.version,
        first: head.opcode,
    })
}
