//! How long servers are waited for, and how much one may send.

use std::time::Duration;

/// How long servers are waited for, and how much one may send. The defaults suit hosts that are busy
/// with their jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For a connection. Default 15 s.
    pub connect: Duration,
    /// For the answer to a question, and for a job that was sent to be accepted. Default 30 s.
    pub reply: Duration,
    /// For the answer of a running server that was asked how far it is. Default 2 min.
    pub status: Duration,
    /// For the rest of a message that has begun, beside what its length grants. Default 30 s.
    pub message: Duration,
    /// For the results after a stop. Default 1 min.
    pub stop: Duration,
    /// Most bytes of one message, such as a log. Default 1 GiB; memory is used for what has arrived.
    pub max_message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            reply: Duration::from_secs(30),
            status: Duration::from_secs(120),
            message: Duration::from_secs(30),
            stop: Duration::from_secs(60),
            max_message: 1 << 30,
        }
    }
}
