//! From frames to a payload.

use alloc::vec::Vec;
use core::ops::Range;

use zerocopy::{FromBytes, IntoBytes};

use crate::error::{FrameError, JoinError};
use crate::frame::{HEADER_SIZE, Header, RawHeader, Tag};
use crate::opcode::Opcode;
use crate::version::ServerVersion;

/// Memory kept between messages; what a longer one needed is given back after the next short one.
const KEPT: usize = 64 << 10;

/// A message without its frames. The payload is borrowed, from the input where that is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawMessage<'a> {
    /// Protocol version of the sender.
    pub version: ServerVersion,
    /// Command, numbered by version.
    pub opcode: Opcode,
    /// Tag of the first frame.
    pub tag: Tag,
    /// The payloads of all frames, one behind the other.
    pub payload: &'a [u8],
    /// Frames the message came in.
    pub frames: usize,
}

impl<'a> RawMessage<'a> {
    /// A message that began with the given header.
    pub(crate) const fn new(head: &Header, payload: &'a [u8], frames: usize) -> Self {
        Self {
            version: head.version,
            opcode: head.opcode,
            tag: head.tag,
            payload,
            frames,
        }
    }
}

/// What [`Joiner::push`] made of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Step<'a> {
    /// Bytes of the input that were used. Pass the rest again.
    pub consumed: usize,
    /// A complete message; `None` means that the whole input was used and more is needed.
    pub message: Option<RawMessage<'a>>,
}

/// Puts messages together from a stream of bytes cut anywhere.
///
/// Memory stays within the longest allowed message plus one frame; nothing is reserved on a peer's
/// word. **After an error the stream has lost its place: drop the joiner and the connection.**
#[derive(Clone, Debug)]
pub struct Joiner {
    /// The version the stream is held to, once known.
    version: Option<ServerVersion>,
    max_message: usize,
    /// The start of a frame whose end has not arrived.
    partial: Vec<u8>,
    /// Payloads of the frames before the current one.
    pub(super) joined: Vec<u8>,
    /// Header of the message being joined, and its frames so far.
    first: Option<(Header, usize)>,
    /// Bytes of the message being joined, headers included.
    received: u64,
    /// The last header found right: a train's headers differ in their last two bytes only.
    verified: [u8; 22],
}

/// Where the payload of a finished message is.
enum Finished {
    In(Range<usize>),
    Joined,
}

impl Joiner {
    /// Joins messages of at most `max_message` payload bytes. With a `version`, every frame must have
    /// it; without, the first frame decides among the supported ones.
    pub const fn new(version: Option<ServerVersion>, max_message: usize) -> Self {
        Self {
            version,
            max_message,
            partial: Vec::new(),
            joined: Vec::new(),
            first: None,
            received: 0,
            verified: [0; 22],
        }
    }

    /// The version the stream is held to; `None` before its first frame.
    pub const fn version(&self) -> Option<ServerVersion> {
        self.version
    }

    /// Whether a message has begun and not ended.
    pub const fn is_inside_message(&self) -> bool {
        self.first.is_some() || !self.partial.is_empty()
    }

    /// Bytes of the begun message that have arrived, headers included.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Uses the front of `input` up to the end of a message or of the input.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub fn push<'a>(&'a mut self, input: &'a [u8]) -> Result<Step<'a>, JoinError> {
        if self.first.is_none() {
            // Long messages come in rows; memory goes when a short one has followed.
            if self.joined.is_empty() {
                self.joined.shrink_to(KEPT);
            }
            self.joined.clear();
        }
        let mut consumed = 0;
        while let Some(rest) = input.get(consumed..).filter(|rest| !rest.is_empty()) {
            let (used, frame) = self.next_frame(rest)?;
            consumed = consumed.saturating_add(used);
            self.count(used);
            let Some((header, borrowed)) = frame else {
                continue;
            };
            if let Some((head, frames, place)) = self.add(header, borrowed, rest)? {
                let payload = match place {
                    Finished::In(range) => rest.get(range).unwrap_or_default(),
                    Finished::Joined => &self.joined,
                };
                let message = Some(RawMessage::new(&head, payload, frames));
                return Ok(Step { consumed, message });
            }
            let rest = input.get(consumed..).unwrap_or_default();
            consumed = consumed.saturating_add(self.add_alike(rest)?);
        }
        let message = None;
        Ok(Step { consumed, message })
    }

    /// Takes one frame off the input, or as much of it as there is. The range is the payload's place
    /// in the input, `None` when the frame was put together in `partial`.
    #[expect(
        clippy::type_complexity,
        reason = "a private pair of pairs, taken apart at once"
    )]
    fn next_frame(
        &mut self,
        input: &[u8],
    ) -> Result<(usize, Option<(Header, Option<Range<usize>>)>), JoinError> {
        if self.partial.is_empty() {
            let Ok((raw, behind)) = RawHeader::ref_from_prefix(input) else {
                return Ok((self.keep(input, HEADER_SIZE), None));
            };
            let header = self.check(raw)?;
            let length = header.checked_len()?;
            let end = HEADER_SIZE.saturating_add(length);
            let Some(payload) = behind.get(..length) else {
                return Ok((self.keep(input, end), None));
            };
            header.check_payload(payload)?;
            return Ok((end, Some((header, Some(HEADER_SIZE..end)))));
        }
        let mut used = self.keep(input, HEADER_SIZE);
        let Ok((raw, _)) = RawHeader::read_from_prefix(&self.partial) else {
            return Ok((used, None));
        };
        let header = self.check(&raw)?;
        let end = HEADER_SIZE.saturating_add(header.checked_len()?);
        used = used.saturating_add(self.keep(input.get(used..).unwrap_or_default(), end));
        match self.partial.get(HEADER_SIZE..end) {
            Some(payload) => header.check_payload(payload)?,
            None => return Ok((used, None)),
        }
        Ok((used, Some((header, None))))
    }

    /// Adds whole frames whose header is that of the frame just added, which is most of a long
    /// message; returns the bytes used. Any other frame is left for the long way.
    fn add_alike(&mut self, input: &[u8]) -> Result<usize, JoinError> {
        let mut rest = input;
        let Some((_, frames)) = &mut self.first else {
            return Ok(0);
        };
        while let Ok((raw, behind)) = RawHeader::ref_from_prefix(rest) {
            if !raw.as_bytes().starts_with(&self.verified) {
                break;
            }
            let header = Header::trust(raw);
            let Some((payload, next)) = behind.split_at_checked(header.checked_len()?) else {
                break;
            };
            if self.joined.len().saturating_add(payload.len()) > self.max_message {
                break;
            }
            header.check_payload(payload)?;
            self.joined.extend_from_slice(payload);
            *frames = frames.saturating_add(1);
            rest = next;
        }
        let used = input.len().saturating_sub(rest.len());
        self.count(used);
        Ok(used)
    }

    /// Counts bytes of the begun message.
    fn count(&mut self, used: usize) {
        let used = u64::try_from(used).unwrap_or(u64::MAX);
        self.received = self.received.saturating_add(used);
    }

    /// Moves input into `partial` until that holds `target` bytes; returns how many moved.
    fn keep(&mut self, input: &[u8], target: usize) -> usize {
        let missing = target.saturating_sub(self.partial.len()).min(input.len());
        self.partial
            .extend_from_slice(input.get(..missing).unwrap_or_default());
        missing
    }

    /// Checks a header's checksum and version.
    fn check(&mut self, raw: &RawHeader) -> Result<Header, JoinError> {
        let checked = raw.as_bytes().first_chunk::<22>().unwrap_or(&[0; 22]);
        if *checked == self.verified {
            return Ok(Header::trust(raw));
        }
        let header = Header::check(raw)?;
        self.check_version(header.version)?;
        self.verified = *checked;
        Ok(header)
    }

    fn check_version(&mut self, got: ServerVersion) -> Result<(), FrameError> {
        match self.version {
            Some(expected) if got != expected => Err(FrameError::Version { got, expected }),
            Some(_) => Ok(()),
            None if got.is_supported() => {
                self.version = Some(got);
                Ok(())
            }
            None => Err(FrameError::Version {
                got,
                expected: ServerVersion::NEWEST,
            }),
        }
    }

    /// Adds a frame to the message; tells its header, frames and place when that ends it.
    fn add(
        &mut self,
        header: Header,
        borrowed: Option<Range<usize>>,
        input: &[u8],
    ) -> Result<Option<(Header, usize, Finished)>, JoinError> {
        let (head, before) = self.first.unwrap_or((header, 0));
        if header.opcode != head.opcode {
            return Err(JoinError::OpcodeChanged {
                first: head.opcode,
                got: header.opcode,
            });
        }
        let payload = match &borrowed {
            Some(range) => input.get(range.clone()),
            None => self.partial.get(HEADER_SIZE..),
        };
        let payload = payload.unwrap_or_default();
        if self.joined.len().saturating_add(payload.len()) > self.max_message {
            return Err(JoinError::MessageTooLong {
                limit: self.max_message,
            });
        }
        let frames = before.saturating_add(1);
        let place = match borrowed {
            Some(range) if before == 0 && !header.continues() => Finished::In(range),
            _ => {
                self.joined.extend_from_slice(payload);
                Finished::Joined
            }
        };
        self.partial.clear();
        if header.continues() {
            self.first = Some((head, frames));
            return Ok(None);
        }
        self.first = None;
        self.received = 0;
        Ok(Some((head, frames, place)))
    }
}
