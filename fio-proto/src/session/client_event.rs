//! What a client is told, and what it must be told.

use alloc::boxed::Box;
use core::time::Duration;

use crate::byte_string::ByteString;
use crate::error::ProtocolError;
use crate::frame::Tag;
use crate::layout::GroupRunStats;
use crate::limits::Limits;
use crate::message::{
    DiskUtilization, Eta, IoLog, JobDefinition, JobOption, ProbeReply, Start, Stop, Text,
    ThreadReport, VerifyState,
};
use crate::version::ServerVersion;

/// What a client session needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientConfig {
    /// The version to speak; see [`VersionFinder`](super::VersionFinder) for how to find it.
    pub version: ServerVersion,
    /// The address the server is reached by: a numeric one, or `sock`. Servers since version 65 name
    /// verify state files after it.
    pub address: ByteString,
    /// Whether logs may come compressed. They are understood in any case.
    pub zlib: bool,
    /// Bounds the server is held to; [`Limits::reply_timeout`] is for its answer to PROBE.
    pub limits: Limits,
    /// How long the answer to SEND_ETA may take. Default 2 minutes: a host that is busy measuring may
    /// be slow to say how far it is.
    pub eta_timeout: Duration,
    /// How long to listen after a QUIT that may have overtaken other messages, as those of versions 69
    /// and 70 do; each message starts it anew. Default 500 ms.
    pub overtaken_time: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            version: ServerVersion::NEWEST,
            address: ByteString::default(),
            zlib: true,
            limits: Limits::default(),
            eta_timeout: Duration::from_secs(120),
            overtaken_time: Duration::from_millis(500),
        }
    }
}

impl ClientConfig {
    /// Another version to speak.
    #[must_use]
    pub const fn version(mut self, version: ServerVersion) -> Self {
        self.version = version;
        self
    }

    /// The address the server is reached by.
    #[must_use]
    pub fn address(mut self, address: impl Into<ByteString>) -> Self {
        self.address = address.into();
        self
    }

    /// Whether logs may come compressed.
    #[must_use]
    pub const fn zlib(mut self, zlib: bool) -> Self {
        self.zlib = zlib;
        self
    }

    /// Other limits.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Another bound on the answer to SEND_ETA.
    #[must_use]
    pub const fn eta_timeout(mut self, timeout: Duration) -> Self {
        self.eta_timeout = timeout;
        self
    }
}

/// What a server says, or what became of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server said who it is. What waits to be sent is sent now.
    Probed(ProbeReply),
    /// The server speaks this version and not the one it was addressed in. The session is over: connect
    /// again and open with that version.
    OtherVersion(ServerVersion),
    /// Something to print. Not always whole lines: see [`Text`].
    Text(Text),
    /// A job section was understood. Since version 65.
    JobAdded(Box<JobDefinition>),
    /// A job text, job file or command line was understood. In version 1 its jobs begin now.
    Started(Start),
    /// Everything sent was understood: [`run`](super::ClientSession::run) may be called. In version 1
    /// this only means that the server has answered, because there a job runs when it is sent.
    Ready,
    /// A job thread has begun. Since version 65.
    JobBegan,
    /// How far the jobs are. In version 1 unsolicited, and only from servers told to send it.
    Eta(Eta),
    /// Statistics of a thread, or of several that report as one.
    ThreadReport(Box<ThreadReport>),
    /// Totals of a group of jobs.
    GroupStats(GroupRunStats),
    /// What a disk did. Since version 65.
    DiskUtilization(Box<DiskUtilization>),
    /// One option of a job. Since version 65.
    JobOption(JobOption),
    /// A log of a job. Since version 65. May come before text that was sent earlier.
    IoLog(Box<IoLog>),
    /// What became of an UPDATE_JOB: an errno, or 0.
    JobUpdated(u32),
    /// Where verification is, after a VTRIGGER.
    VerifyState(VerifyState),
    /// The server wants the file of this name. Answer with
    /// [`answer_file`](super::ClientSession::answer_file); a stock server waits 10 s.
    FileWanted {
        /// To be given back with the answer.
        tag: Tag,
        /// The name, as the server has it.
        path: ByteString,
    },
    /// The jobs have ended; the end of the run follows. Not in version 1.
    Stopped(Stop),
    /// A run is over (QUIT). With none remaining, the connection may be closed; messages that come late
    /// all the same are reported as ever.
    RunEnded {
        /// Runs waiting to be sent.
        remaining: usize,
    },
    /// The server broke the protocol, took too long or vanished.
    Failed(ProtocolError),
    /// The server closed the connection, with nothing left to do.
    Closed,
}
