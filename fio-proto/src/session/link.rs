//! What both sides of a conversation share: bytes in, bytes out, and patience.

use alloc::vec::Vec;
use core::time::Duration;

use super::time::Instant;
use crate::error::{CommandError, ProtocolError, Waiting};
use crate::fragment::{Fragments, Joiner};
use crate::frame::Tag;
use crate::layout::Dropped;
use crate::limits::Limits;
use crate::message::Message;
use crate::opcode::Opcode;
use crate::version::{Revision, ServerVersion};

/// Memory kept while nothing is to be sent.
const KEPT: usize = 16 << 10;

/// A message ready to be cut into frames.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) opcode: Opcode,
    pub(super) payload: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Link {
    joiner: Joiner,
    limits: Limits,
    /// The version messages are sent in until the peer's is known.
    own: ServerVersion,
    /// The layouts of the conversation, where more is known of them than the version.
    identified: Option<Revision>,
    /// The first bytes of the stream, which name the peer's version even if nothing else is sound.
    head: [u8; 2],
    head_length: usize,
    /// Set to speak in another version than the conversation's: that of a peer without layouts here.
    foreign: Option<ServerVersion>,
    outgoing: Vec<u8>,
    /// Bytes of `outgoing` that are written.
    sent: usize,
    /// Since when nothing was written although something waits.
    unread_since: Option<Instant>,
    /// When the message being received began.
    message_since: Option<Instant>,
    dropped: Vec<Dropped>,
}

impl Link {
    /// `expected` is the version the peer must have, if that is settled.
    pub(super) const fn new(
        own: ServerVersion,
        expected: Option<ServerVersion>,
        limits: Limits,
    ) -> Self {
        Self {
            joiner: Joiner::new(expected, limits.max_message),
            limits,
            own,
            identified: None,
            head: [0; 2],
            head_length: 0,
            foreign: None,
            outgoing: Vec::new(),
            sent: 0,
            unread_since: None,
            message_since: None,
            dropped: Vec::new(),
        }
    }

    pub(super) fn version(&self) -> ServerVersion {
        self.foreign
            .or_else(|| self.joiner.version())
            .unwrap_or(self.own)
    }

    /// The layouts of the conversation, those nearest to it where the peer's are not known.
    pub(super) fn revision(&self) -> Revision {
        let version = self.version();
        self.identified
            .or_else(|| Revision::of(version))
            .unwrap_or_else(|| nearest(version))
    }

    /// The peer told which of its version's layouts it uses.
    pub(super) const fn set_revision(&mut self, revision: Revision) {
        self.identified = Some(revision);
    }

    /// Answers from now on in the version the peer claims in its first frame, though that frame was
    /// refused: because of this version if `sound`, or because it was broken.
    pub(super) fn answer_as_claimed(&mut self, sound: bool) {
        let claimed = ServerVersion::new(u16::from_le_bytes(self.head));
        let known = self.head_length == self.head.len() && (sound || claimed.is_supported());
        if self.joiner.version().is_none() && known {
            self.foreign = Some(claimed);
        }
    }

    fn note_head(&mut self, input: &[u8]) {
        for byte in input {
            let Some(slot) = self.head.get_mut(self.head_length) else {
                break;
            };
            *slot = *byte;
            self.head_length = self.head_length.saturating_add(1);
        }
    }

    /// Takes the next message off the input; `None` when the input is used up.
    pub(super) fn next<M: Message>(
        &mut self,
        now: Instant,
        input: &mut &[u8],
    ) -> Result<Option<(Tag, M)>, ProtocolError> {
        if input.is_empty() {
            return Ok(None);
        }
        self.message_since.get_or_insert(now);
        self.note_head(input);
        let (identified, fallback) = (self.identified, self.own);
        let step = self.joiner.push(input)?;
        *input = input.get(step.consumed..).unwrap_or_default();
        let Some(raw) = step.message else {
            return Ok(None);
        };
        self.message_since = None;
        let revision = identified
            .or_else(|| Revision::of(raw.version))
            .or_else(|| Revision::of(fallback))
            .unwrap_or(Revision::V1);
        let message = M::decode(revision, raw.opcode, raw.payload)?;
        Ok(Some((raw.tag, message)))
    }

    /// Encodes a message in the version of the conversation.
    pub(super) fn encode<M: Message>(&mut self, message: &M) -> Result<Encoded, CommandError> {
        let revision = self.revision();
        let opcode = message.opcode(revision)?;
        let (mut payload, mut dropped) = (Vec::new(), Vec::new());
        message.encode_payload(revision, &mut payload, &mut dropped)?;
        dropped.retain(|new| !self.dropped.contains(new));
        self.dropped.append(&mut dropped);
        Ok(Encoded { opcode, payload })
    }

    /// Puts a message into the queue if there is room.
    pub(super) fn enqueue(
        &mut self,
        now: Instant,
        tag: Tag,
        message: &Encoded,
    ) -> Result<(), CommandError> {
        self.enqueue_payload(now, tag, message.opcode, &message.payload)
    }

    /// Puts a payload into the queue if there is room.
    pub(super) fn enqueue_payload(
        &mut self,
        now: Instant,
        tag: Tag,
        opcode: Opcode,
        payload: &[u8],
    ) -> Result<(), CommandError> {
        let frames = Fragments::new(self.version(), opcode, tag, payload);
        let queued = self.queued();
        if queued > 0 && queued.saturating_add(frames.wire_len()) > self.limits.max_queued {
            return Err(CommandError::QueueFull {
                queued,
                limit: self.limits.max_queued,
            });
        }
        frames.append_to(&mut self.outgoing);
        self.unread_since.get_or_insert(now);
        Ok(())
    }

    pub(super) fn send<M: Message>(
        &mut self,
        now: Instant,
        tag: Tag,
        message: &M,
    ) -> Result<(), CommandError> {
        let encoded = self.encode(message)?;
        self.enqueue(now, tag, &encoded)
    }

    /// Bytes waiting to be written.
    pub(super) const fn queued(&self) -> usize {
        self.outgoing.len().saturating_sub(self.sent)
    }

    pub(super) fn waiting(&self) -> &[u8] {
        self.outgoing.get(self.sent..).unwrap_or_default()
    }

    pub(super) fn transmitted(&mut self, now: Instant, count: usize) {
        self.sent = self.sent.saturating_add(count).min(self.outgoing.len());
        if self.sent == self.outgoing.len() {
            self.discard();
            return;
        }
        if count > 0 {
            self.unread_since = Some(now);
        }
        if self.sent >= self.queued() {
            self.outgoing.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// No more input is wanted, so none is waited for.
    pub(super) fn stop_receiving(&mut self) {
        self.message_since = None;
    }

    /// Forgets what waits to be written.
    pub(super) fn discard(&mut self) {
        self.outgoing.clear();
        self.outgoing.shrink_to(KEPT);
        self.sent = 0;
        self.unread_since = None;
    }

    /// Bytes of an unfinished message, `None` between messages.
    pub(super) fn unfinished(&self) -> Option<u64> {
        self.joiner
            .is_inside_message()
            .then(|| self.joiner.received())
    }

    /// Both deadlines: of the message being received, and of the bytes waiting to be written.
    fn deadlines(&self) -> [Option<(Instant, Duration, Waiting)>; 2] {
        let received = self
            .joiner
            .received()
            .checked_div(self.limits.min_rate.into())
            .unwrap_or(0);
        let patience = self
            .limits
            .message_timeout
            .saturating_add(Duration::from_secs(received));
        let unread = self.limits.transmit_timeout;
        [
            self.message_since
                .map(|since| (since.after(patience), patience, Waiting::RestOfMessage)),
            self.unread_since
                .map(|since| (since.after(unread), unread, Waiting::Reader)),
        ]
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines()
            .into_iter()
            .flatten()
            .map(|(deadline, ..)| deadline)
            .min()
    }

    /// What was waited for in vain.
    pub(super) fn expired(&self, now: Instant) -> Option<ProtocolError> {
        let mut expired = self
            .deadlines()
            .into_iter()
            .flatten()
            .filter(|(deadline, ..)| *deadline <= now);
        expired
            .next()
            .map(|(_, after, waiting)| ProtocolError::TimedOut { waiting, after })
    }

    pub(super) fn take_dropped(&mut self) -> Vec<Dropped> {
        core::mem::take(&mut self.dropped)
    }
}

/// The layouts of the supported version whose number is nearest.
fn nearest(version: ServerVersion) -> Revision {
    let distance = |revision: &Revision| {
        let number = revision.version().number();
        number.abs_diff(version.number())
    };
    let all = ServerVersion::supported().filter_map(Revision::of);
    all.min_by_key(distance).unwrap_or(Revision::V1)
}
