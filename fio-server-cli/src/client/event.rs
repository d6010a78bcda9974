//! What a client hears from a server, in the words of the engine's reports.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fio_engine::report::status::Status;
use fio_engine::report::{DiskReport, GroupReport, HostJob};

use super::error::ClientError;

/// Something one server said or did.
#[derive(Debug)]
#[non_exhaustive]
pub enum HostEvent {
    /// It said who it is.
    Probe(Probe),
    /// A piece of text for people; not always whole lines.
    Text(Vec<u8>),
    /// It has understood all its jobs and waits for the word to run them.
    Ready,
    /// It was told to run them.
    Told(Instant),
    /// Its first job has begun.
    Started(Instant),
    /// How far it is.
    Status(Status),
    /// An option of the `[global]` section its jobs have: name and value.
    GlobalOption(String, String),
    /// The results told so far are complete, as of a moment ago; the jobs go on.
    Moment,
    /// The results told so far were those of a moment, and are told anew from here on: a server may
    /// repeat them while its jobs run.
    Anew,
    /// The results of one job, with the group it belongs to as far as the server told.
    Job(Arc<HostJob>),
    /// The results of a group.
    Group(GroupReport),
    /// What a disk did.
    Disk(Box<DiskReport>),
    /// A log has arrived and was written.
    Log(WrittenLog),
    /// A log, or a part of one, is lost.
    LogLost(Arc<ClientError>),
    /// It wanted the file of this name and was told that there is none, because the user did not name
    /// it.
    FileRefused(String),
    /// The server's jobs ended with this exit status and signal, not both zero.
    JobsFailed {
        /// The exit status.
        status: u32,
        /// The signal that ended them, 0 for none.
        signal: u32,
    },
    /// Its session is over; nothing follows.
    Ended(Result<(), Arc<ClientError>>),
}

/// A log that came from a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenLog {
    /// Where it is now.
    pub path: PathBuf,
    /// Rows written; 0 for a log kept compressed.
    pub rows: usize,
}

/// Who a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The name the host has for itself.
    pub host_name: String,
    /// The release, as in `fio-3.33`; `1.99.0` in version 1.
    pub release: String,
    /// Version of the protocol it speaks.
    pub protocol: u16,
    /// Whether its processor is big-endian.
    pub big_endian: bool,
    /// What it said about its machine; `None` in version 1, which does not say.
    pub machine: Option<Machine>,
    /// Time from the question to the answer.
    pub latency: Duration,
}

/// What servers since version 65 say about their machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// The operating system by fio's numbering; 1 is Linux.
    pub operating_system: u8,
    /// The processor architecture by fio's numbering; 1 is x86-64.
    pub architecture: u8,
    /// Bits in a pointer.
    pub bits: u32,
    /// Processors.
    pub processors: u32,
    /// Whether logs come compressed.
    pub zlib: bool,
}

impl Machine {
    /// The operating system's name, or its number where that is not known here.
    #[must_use]
    pub fn operating_system_name(&self) -> String {
        named(self.operating_system, "Linux")
    }

    /// The architecture's name, or its number where that is not known here.
    #[must_use]
    pub fn architecture_name(&self) -> String {
        named(self.architecture, "x86-64")
    }
}

fn named(number: u8, first: &str) -> String {
    if number == 1 {
        first.to_owned()
    } else {
        format!("#{number}")
    }
}
