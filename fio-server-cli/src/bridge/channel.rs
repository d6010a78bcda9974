//! One side of a bridge: messages of one version in, messages of that version out.

use fio_proto::Revision;
use fio_proto::error::{JoinError, MessageError};
use fio_proto::fragment::{Fragments, Joiner};
use fio_proto::frame::Tag;
use fio_proto::layout::Dropped;
use fio_proto::message::Message;
use fio_proto::opcode::Command;

/// Messages received from and to be sent to one peer.
pub(super) struct Channel {
    joiner: Joiner,
    revision: Revision,
    /// Bytes to be sent.
    pub(super) outgoing: Vec<u8>,
}

/// A peer broke the protocol.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChannelError {
    /// Frames are broken or do not fit together.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// A message is not understood.
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// What became of a message that was to be sent.
pub(super) enum Sent {
    /// It was, but for this.
    All(Vec<Dropped>),
    /// The peer's version has no such command.
    NoSuchCommand(Command),
    /// It cannot be sent, for the reason given.
    Refused(String),
}

impl Channel {
    /// Messages of the revision's version, of at most so many bytes.
    pub(super) const fn new(revision: Revision, max_message: usize) -> Self {
        Self {
            joiner: Joiner::new(Some(revision.version()), max_message),
            revision,
            outgoing: Vec::new(),
        }
    }

    /// The peer's layouts.
    pub(super) const fn revision(&self) -> Revision {
        self.revision
    }

    /// Takes the next message off the input; `None` when the input is used up.
    pub(super) fn receive<M: Message>(
        &mut self,
        input: &mut &[u8],
    ) -> Result<Option<(Tag, M)>, ChannelError> {
        let step = self.joiner.push(input)?;
        *input = &input[step.consumed..];
        let Some(raw) = step.message else {
            return Ok(None);
        };
        let message = M::decode(self.revision, raw.opcode, raw.payload)?;
        Ok(Some((raw.tag, message)))
    }

    /// Appends a message to what is to be sent.
    pub(super) fn send<M: Message>(&mut self, tag: Tag, message: &M) -> Sent {
        let Ok(opcode) = message.opcode(self.revision) else {
            return Sent::NoSuchCommand(message.command());
        };
        let (mut payload, mut dropped) = (Vec::new(), Vec::new());
        if let Err(error) = message.encode_payload(self.revision, &mut payload, &mut dropped) {
            return Sent::Refused(error.to_string());
        }
        let frames = Fragments::new(self.revision.version(), opcode, tag, &payload);
        frames.append_to(&mut self.outgoing);
        Sent::All(dropped)
    }
}
