//! Logs of jobs as payloads of IOLOG.
//!
//! Taking millions of entries apart and compressing them takes seconds, so it is done in the thread of
//! the job that made them, never in the one that serves the clients.

use fio_engine::logs::IoLog;
use fio_proto::Revision;

use crate::convert::logs;

/// What the logs of a run must suit.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogForm {
    /// The layouts of the client.
    pub(super) revision: Revision,
    /// Whether the client can inflate.
    pub(super) zlib: bool,
}

impl LogForm {
    /// The payload of a log; `None` where the client has no form for it.
    pub(super) fn payload(self, log: &IoLog) -> Option<Vec<u8>> {
        logs::payload(log, self.revision, self.zlib)
    }
}

#[cfg(test)]
mod tests {
    use fio_engine::Direction;
    use fio_engine::logs::{LogKind, LogSample};
    use fio_proto::ServerVersion;
    use fio_proto::message::{self, Transport};

    use super::*;

    fn log(entries: u64) -> IoLog {
        let samples = (0..entries).map(|number| LogSample {
            time_ms: number,
            value: number * 3,
            maximum: 0,
            direction: Direction::Write,
            block_size: 4096,
            offset: 0,
            priority: 0,
            issue_time: 0,
        });
        IoLog::from_samples(
            LogKind::TotalLatency,
            "a_lat.1.log".into(),
            samples.collect(),
        )
    }

    #[test]
    fn all_entries_reach_clients_of_every_version() {
        let versions = ServerVersion::supported().filter(|version| *version != ServerVersion::V1);
        for revision in versions.filter_map(Revision::of) {
            for zlib in [false, true] {
                let form = LogForm { revision, zlib };
                let payload = form.payload(&log(3)).unwrap();
                let log = message::IoLog::decode(revision, &payload).unwrap();
                let contents = log.contents(1 << 20);
                let values: Vec<u64> = contents.rows().map(|row| row.value).collect();
                assert_eq!(values, [0, 3, 6], "{revision} {zlib}");
                assert_eq!(log.transport() == Transport::Deflated, zlib);
            }
        }
    }
}
