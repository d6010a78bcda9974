//! What a server is told before it starts: where it listens, whom it serves and within what limits.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::log::Log;
use crate::address::DEFAULT_PORT;

/// A place a server listens at, names already resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// TCP over IPv4 or IPv6. Port 0 takes any free port. An IPv6 address takes IPv6 peers only.
    Tcp(SocketAddr),
    /// A Unix socket with this path, made with mode 0600.
    Unix(PathBuf),
}

impl Default for ListenAddress {
    /// The loopback interface at fio's port: a server that nobody asked to open is not open.
    fn default() -> Self {
        Self::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)))
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(formatter, "{address}"),
            Self::Unix(path) => write!(formatter, "sock:{}", path.display()),
        }
    }
}

/// Everything a [`Server`](super::Server) is told. `Default` listens on 127.0.0.1:8765.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where to listen; may be empty for a server that only serves streams it is handed.
    pub listen: Vec<ListenAddress>,
    /// Bounds on what peers may use.
    pub limits: Limits,
    /// EXIT of a client of version 1 ends the server also when it comes over a network. From a
    /// loopback or Unix peer it always does, as with fio 1.99. Later clients end their connection.
    pub allow_exit: bool,
    /// Folders a peer's jobs may use files in; empty means anywhere this process may.
    pub allowed_paths: Vec<PathBuf>,
    /// Folders with job files that clients may name in LOAD_FILE; empty refuses them all.
    pub job_folders: Vec<PathBuf>,
    /// Where the server's own log lines go.
    pub log: Log,
    /// I/O engines jobs may use.
    pub engines: fio_engine::io::Engines,
    /// Which release's random sequences jobs draw.
    pub random_rule: fio_engine::workload::RandomRule,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: vec![ListenAddress::default()],
            limits: Limits::default(),
            allow_exit: false,
            allowed_paths: Vec::new(),
            job_folders: Vec::new(),
            log: Log::stderr(),
            engines: fio_engine::io::Engines::standard(),
            random_rule: fio_engine::workload::RandomRule::default(),
        }
    }
}

/// Bounds on what peers may use of a server. Every combination is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Clients served at once; the next one is told so and closed.
    pub clients: usize,
    /// Bytes of one message after joining its frames, and so of a job file; also of all job files
    /// of one client that wait to be read or run.
    pub message_bytes: usize,
    /// Job files and command lines of one client waiting for the running one.
    pub queued_jobs: usize,
    /// Jobs of one run, after `numjobs`.
    pub jobs_per_run: usize,
    /// Jobs of all clients together, after `numjobs`.
    pub jobs_in_total: usize,
    /// Files of one run, those of all clones together.
    pub files_per_run: u64,
    /// Bytes of I/O buffers and random maps one run may ask for.
    pub memory_per_run: u64,
    /// Bytes the logs of the jobs of all clients may take; entries beyond them are counted and lost.
    pub log_memory: u64,
    /// Bytes of log lines held for a client that does not read; more are counted and dropped.
    pub pending_text_bytes: usize,
    /// Whether jobs may use the real-time class of I/O, which goes before all other I/O of the machine
    /// (`prioclass=1`, `cmdprio_percentage` without `cmdprio_class`).
    pub real_time_io: bool,
    /// Time from the first byte of a message to its last, besides one second for each 16 KiB.
    pub message_time: Duration,
    /// Time a client may be connected without sending anything and without a running job.
    pub idle_time: Option<Duration>,
    /// Time a client may leave pending output unread without taking a single byte.
    pub write_time: Duration,
    /// Time between two unsolicited status messages of a running job.
    pub status_interval: Duration,
    /// Time running jobs get to end and to report when the server is told to stop.
    pub shutdown_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 64,
            message_bytes: 16 << 20,
            queued_jobs: 128,
            jobs_per_run: 2048,
            jobs_in_total: 4096,
            files_per_run: 256 << 10,
            memory_per_run: 4 << 30,
            log_memory: 256 << 20,
            pending_text_bytes: 256 << 10,
            real_time_io: true,
            message_time: Duration::from_secs(30),
            idle_time: Some(Duration::from_secs(3600)),
            write_time: Duration::from_secs(30),
            status_interval: Duration::from_secs(1),
            shutdown_time: Duration::from_secs(10),
        }
    }
}
