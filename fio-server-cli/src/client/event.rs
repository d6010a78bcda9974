//! What a client hears from a server, in the words of the engine's reports.

use std::sync::Arc;
use std::time::Duration;

use fio_engine::report::status::Status;
use fio_engine::report::{GroupReport, JobReport};

use super::error::ClientError;

/// Something one server said or did.
#[derive(Debug)]
#[non_exhaustive]
pub enum HostEvent {
    /// It said who it is.
    Probe(Probe),
    /// A piece of text for people; not always whole lines.
    Text(Vec<u8>),
    /// It has accepted a job and begins.
    Started,
    /// How far it is.
    Status(Status),
    /// The results of one job, with the group it belongs to as far as the server told.
    Job(Box<JobReport>, GroupReport),
    /// The results of a group.
    Group(GroupReport),
    /// Its session is over; nothing follows.
    Ended(Result<(), Arc<ClientError>>),
}

/// Who a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The name the host has for itself.
    pub host_name: String,
    /// The release, as in `1.99.0`.
    pub release: String,
    /// Version of the protocol it speaks.
    pub protocol: u16,
    /// Whether its processor is big-endian.
    pub big_endian: bool,
    /// Time from the question to the answer.
    pub latency: Duration,
}
