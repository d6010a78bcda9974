//! Last words, and making sure that they arrive.

use std::io;
use std::time::Duration;

use fio_proto::frame::Tag;
use fio_proto::message::{Message, ServerMessage, Text};
use fio_proto::{Revision, ServerVersion};

use super::stream::Stream;

/// Tells a client that there is no room for it, in the version of the first frame it sends, as far as
/// that can be done without waiting long.
pub(super) async fn refuse(stream: Stream, limit: usize) {
    let heard = first_version(&stream);
    let version = tokio::time::timeout(LINGER_TIME, heard).await;
    let revision = version.ok().flatten().and_then(Revision::of);
    let text = format!("fio: this server has {limit} clients already, try again later\n");
    let text = ServerMessage::Text(Text::error(text));
    let revision = revision.unwrap_or(Revision::V1);
    say(&stream, revision, &[text, ServerMessage::Quit]);
    linger(&stream).await;
}

/// The version in the first frame of a client.
async fn first_version(stream: &Stream) -> Option<ServerVersion> {
    let mut head = [0; 2];
    let mut length = 0;
    while length < head.len() {
        stream.ready(true, false).await.ok()?;
        match stream.try_read(&mut head[length..]).ok()? {
            Some(0) => return None,
            Some(count) => length += count,
            None => {}
        }
    }
    Some(ServerVersion::new(u16::from_le_bytes(head)))
}

/// Says QUIT outside of a session. fio's client of 2011 takes a close without it for silence and
/// waits for ever.
pub(super) fn say_quit(stream: &Stream) {
    say(stream, Revision::V1, &[ServerMessage::Quit]);
}

/// Sends messages that are few enough for an empty send buffer; a peer that has let it fill up
/// will not hear them.
fn say(stream: &Stream, revision: Revision, messages: &[ServerMessage]) {
    let mut bytes = Vec::new();
    for message in messages {
        // All versions have TEXT and QUIT.
        let _ = message.append_to(revision, Tag(0), &mut bytes);
    }
    let _ = stream.try_write(&bytes);
}

/// How long and how much is read after the last word.
const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1 << 20;

/// Closes the sending side and reads away what the peer still sends: closing with unread input
/// makes TCP reset the connection, and the peer may lose the last messages.
pub(super) async fn linger(stream: &Stream) {
    if stream.shutdown_write().is_err() {
        return;
    }
    let drain = async {
        let mut left = LINGER_BYTES;
        while left > 0 && stream.ready(true, false).await.is_ok() {
            match read_away(stream) {
                Ok(0) | Err(_) => break,
                Ok(count) => left = left.saturating_sub(count),
            }
        }
    };
    // Past this time the peer has had its chance.
    let _ = tokio::time::timeout(LINGER_TIME, drain).await;
}

/// Reads once; at least 1 unless the stream has ended. Apart, so that the buffer is not part of
/// every connection's state.
fn read_away(stream: &Stream) -> io::Result<usize> {
    let mut buffer = [0; 4096];
    Ok(stream.try_read(&mut buffer)?.unwrap_or(1))
}
