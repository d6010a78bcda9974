//! Versions that have the same conversation: message for message, tags kept.

use fio_proto::Revision;
use fio_proto::frame::Tag;
use fio_proto::message::{ClientMessage, SendFileReply, VerifyProgress};

use super::Translator;

/// Passes on what the client says.
pub(super) fn client_says(bridge: &mut Translator, tag: Tag, mut message: ClientMessage) {
    if let ClientMessage::SendFileReply(reply) = &mut message {
        let note = rewrite_state_file(reply, bridge.server.revision())
            .and_then(|line| bridge.notes.once(&line));
        bridge.remark(note);
    }
    bridge.ask(tag, &message);
}

/// A verify state file is of the client's version, like everything it has; the server wants its own.
/// Returns what to tell the client.
fn rewrite_state_file(reply: &mut SendFileReply, server: Revision) -> Option<String> {
    if reply.error != 0 {
        return None;
    }
    match VerifyProgress::decode_file(&reply.data) {
        Ok(progress) => {
            let mut dropped = Vec::new();
            reply.data = progress.encode_file(server, &mut dropped);
            let lost = dropped.first()?;
            Some(format!(
                "bridge: verify state files of the server's version: {lost}\n"
            ))
        }
        // The server will say what it thinks of it.
        Err(error) => Some(format!(
            "bridge: a verify state file is passed on as it is: {error}\n"
        )),
    }
}
