//! How much a peer may make this side keep, and how long it may keep this side waiting.

use core::time::Duration;

/// Bounds a session holds a peer to. The defaults suit a server open to strangers.
///
/// All combinations are valid; `Limits { max_message: 1 << 20, ..Limits::default() }` changes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most payload bytes of one message after joining its frames. Default 4 MiB.
    pub max_message: usize,
    /// Most bytes a compressed log may inflate to. Default 64 MiB, about two million rows.
    pub max_inflated: usize,
    /// Most bytes waiting to be written to the peer. Default 4 MiB; a message that alone is longer is
    /// taken when nothing else waits.
    pub max_queued: usize,
    /// Most jobs a client may have sent whose end the server has not announced. Default 64.
    pub max_outstanding: usize,
    /// How long a begun message may take, besides what [`min_rate`](Self::min_rate) grants for its
    /// length. Default 10 s.
    pub message_timeout: Duration,
    /// Bytes a second a peer must manage within a message. Default 16 KiB/s; 0 grants nothing for
    /// length.
    pub min_rate: u32,
    /// How long written bytes may find no taker. Default 30 s.
    pub transmit_timeout: Duration,
    /// How long a client waits for the answer to its PROBE. Default 5 s, as fio's
    /// `FIO_NET_CLIENT_TIMEOUT`; a stock server may need one second.
    pub reply_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message: 4 << 20,
            max_inflated: 64 << 20,
            max_queued: 4 << 20,
            max_outstanding: 64,
            message_timeout: Duration::from_secs(10),
            min_rate: 16 << 10,
            transmit_timeout: Duration::from_secs(30),
            reply_timeout: Duration::from_secs(5),
        }
    }
}
