//! The message layer as a `tokio_util` codec, for programs that keep their own conversation.
//!
//! `Framed::new(socket, MessageCodec::server(..))` gives a stream of what clients say and a sink for
//! the answers. Unlike a [session](crate::session), a codec neither probes nor watches the time.

use std::io;
use std::marker::PhantomData;
use std::vec::Vec;

use bytes::{Buf, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::error::{EncodeError, JoinError, MessageError};
use crate::fragment::Joiner;
use crate::frame::Tag;
use crate::limits::Limits;
use crate::message::{ClientMessage, Message, ServerMessage};
use crate::version::{Revision, ServerVersion};

/// Reads messages of type `In` and writes messages of type `Out`, each with its tag.
#[derive(Debug)]
pub struct MessageCodec<In, Out> {
    joiner: Joiner,
    own: ServerVersion,
    types: PhantomData<fn(Out) -> In>,
}

impl MessageCodec<ClientMessage, ServerMessage> {
    /// A server's codec: the first frame decides the version, `own` is spoken before that.
    pub const fn server(own: ServerVersion, limits: &Limits) -> Self {
        Self {
            joiner: Joiner::new(None, limits.max_message),
            own,
            types: PhantomData,
        }
    }
}

impl MessageCodec<ServerMessage, ClientMessage> {
    /// A client's codec for a server of the given version.
    pub const fn client(version: ServerVersion, limits: &Limits) -> Self {
        Self {
            joiner: Joiner::new(Some(version), limits.max_message),
            own: version,
            types: PhantomData,
        }
    }
}

impl<In, Out> MessageCodec<In, Out> {
    fn revision(&self) -> Revision {
        Revision::of(self.joiner.version().unwrap_or(self.own)).unwrap_or(Revision::V1)
    }
}

/// What a codec stumbles over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The frames are broken or do not fit together.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// A message is not understood.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A message cannot be sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The socket failed, or the peer closed it in mid-message.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<In: Message, Out> Decoder for MessageCodec<In, Out> {
    type Item = (Tag, In);
    type Error = CodecError;

    fn decode(&mut self, source: &mut BytesMut) -> Result<Option<(Tag, In)>, CodecError> {
        let step = self.joiner.push(source)?;
        let consumed = step.consumed;
        let message = step.message.map(|raw| {
            let revision = Revision::of(raw.version).unwrap_or(Revision::V1);
            In::decode(revision, raw.opcode, raw.payload).map(|message| (raw.tag, message))
        });
        source.advance(consumed);
        Ok(message.transpose()?)
    }

    fn decode_eof(&mut self, source: &mut BytesMut) -> Result<Option<(Tag, In)>, CodecError> {
        match self.decode(source)? {
            None if self.joiner.is_inside_message() => {
                Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
            }
            message => Ok(message),
        }
    }
}

impl<In, Out: Message> Encoder<(Tag, Out)> for MessageCodec<In, Out> {
    type Error = CodecError;

    fn encode(
        &mut self,
        (tag, message): (Tag, Out),
        target: &mut BytesMut,
    ) -> Result<(), CodecError> {
        let mut frames = Vec::new();
        message.append_to(self.revision(), tag, &mut frames)?;
        target.extend_from_slice(&frames);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{JobText, ProbeRequest};

    #[test]
    fn both_sides_understand_each_other() {
        let limits = Limits::default();
        let mut client = MessageCodec::client(ServerVersion::V1, &limits);
        let mut server = MessageCodec::server(ServerVersion::V1, &limits);
        let mut wire = BytesMut::new();
        let probe = ClientMessage::Probe(ProbeRequest::default());
        let job = ClientMessage::Job(JobText {
            trailing: 0,
            ..JobText::new("[a]\nrw=read\n".repeat(20))
        });
        for message in [probe.clone(), job.clone()] {
            client.encode((Tag(3), message), &mut wire).unwrap();
        }
        let tail = wire.split_off(100);
        assert_eq!(server.decode(&mut wire).unwrap(), Some((Tag(3), probe)));
        assert_eq!(server.decode(&mut wire).unwrap(), None);
        assert!(matches!(
            server.decode_eof(&mut wire),
            Err(CodecError::Io(_))
        ));
        wire.unsplit(tail);
        assert_eq!(server.decode(&mut wire).unwrap(), Some((Tag(3), job)));
        assert!(server.decode_eof(&mut wire).unwrap().is_none());
    }
}
