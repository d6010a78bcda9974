//! Text for clients, cut as servers of their version cut it.
//!
//! A client prints each TEXT as it comes, with its host before the first of a line, so that pieces
//! and lines look the same; only those who look at the wire see the difference.

use std::time::{SystemTime, UNIX_EPOCH};

use fio_engine::run::Level;
use fio_proto::ServerVersion;
use fio_proto::message::{ServerMessage, Text};

/// The last version whose servers send a line in the pieces they make it of.
const LAST_IN_PIECES: ServerVersion = ServerVersion::new(74);

/// The pieces of a line that a server of this version sends, in order.
pub(super) fn pieces(line: &str, version: ServerVersion) -> Vec<&str> {
    if version > LAST_IN_PIECES {
        return vec![line];
    }
    let is_job = version > ServerVersion::V1 && line.contains(": (g=") && line.contains("bs=(R)");
    let cuts: Vec<usize> = if is_job {
        let ends = ["bs=(R)", "ioengine="].into_iter();
        ends.filter_map(|start| line.find(start)).collect()
    } else if line.starts_with("Starting ") && line.ends_with('\n') {
        vec!["Starting ".len(), line.len() - 1]
    } else {
        Vec::new()
    };
    let mut rest = line;
    let mut pieces = Vec::new();
    for cut in cuts.iter().rev() {
        let (before, piece) = rest.split_at(*cut);
        pieces.push(piece);
        rest = before;
    }
    pieces.push(rest);
    pieces.reverse();
    pieces
}

/// The message for a piece, said now. fio knows errors and everything else.
pub(super) fn message(level: Level, text: &str) -> ServerMessage {
    let text = match level {
        Level::Info => Text::info(text),
        Level::Warning | Level::Error => Text::error(text),
    };
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    ServerMessage::Text(text.at(since_1970.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Captured lines of stock servers.
    #[test]
    fn old_servers_send_what_they_print_at_once() {
        let job = "seq: (g=0): rw=read, bs=(R) 4096B-4096B, (W) 4096B-4096B, (T) 4096B-4096B, \
                   ioengine=null, iodepth=1\n";
        let in_pieces = [
            "seq: (g=0): rw=read, ",
            "bs=(R) 4096B-4096B, (W) 4096B-4096B, (T) 4096B-4096B, ",
            "ioengine=null, iodepth=1\n",
        ];
        let starting = "Starting 4 processes\n";
        for (version, wanted_job, wanted_starting) in [
            (1, &[job][..], &["Starting ", "4 processes", "\n"][..]),
            (65, &in_pieces[..], &["Starting ", "4 processes", "\n"]),
            (74, &in_pieces[..], &["Starting ", "4 processes", "\n"]),
            (77, &[job], &[starting]),
            (121, &[job], &[starting]),
        ] {
            let version = ServerVersion::new(version);
            assert_eq!(pieces(job, version), wanted_job, "{version}");
            assert_eq!(pieces(starting, version), wanted_starting, "{version}");
            assert_eq!(pieces("...\n", version), ["...\n"]);
        }
    }
}
