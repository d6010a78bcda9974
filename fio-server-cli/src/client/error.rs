//! What can go wrong between a client and one server.

use std::io;
use std::time::Duration;

use crate::exit::ExitStatus;

/// Why the session with one server failed. Each message names the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The host name does not resolve.
    #[error("{server}: cannot resolve the host name")]
    Resolve {
        /// The server, as the user named it.
        server: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },
    /// Nobody accepts connections there.
    #[error("{server}: cannot connect{}", connect_advice(source))]
    Connect {
        /// The server, as the user named it.
        server: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No connection within the time allowed.
    #[error("{server}: no connection within {}; is the host up, or --connect-timeout too short?", seconds(*limit))]
    ConnectTimeout {
        /// The server, as the user named it.
        server: String,
        /// The time allowed.
        limit: Duration,
    },
    /// The connection broke.
    #[error("{server}: the connection broke {phase}")]
    Lost {
        /// The server, as the user named it.
        server: String,
        /// What was going on.
        phase: Phase,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The server closed the connection before the end of the session.
    #[error(
        "{server}: the server closed the connection {phase}{}",
        because(reason)
    )]
    Closed {
        /// The server, as the user named it.
        server: String,
        /// What was going on.
        phase: Phase,
        /// The first line of text the server sent in place of its answer to PROBE, if any.
        reason: String,
    },
    /// The server did not accept a job; what it had to say was printed as text.
    #[error("{server}: the server refused {job}{}", because(reason))]
    Refused {
        /// The server, as the user named it.
        server: String,
        /// The job file.
        job: String,
        /// The last line of text the server sent, if any.
        reason: String,
    },
    /// There is no version of the protocol that both sides speak.
    #[error("{server}: no common version of the protocol")]
    Version {
        /// The server, as the user named it.
        server: String,
        /// Why not.
        #[source]
        source: fio_proto::session::NoVersion,
    },
    /// The server did not answer.
    #[error("{server}: {} within {}", missed(*phase), seconds(*limit))]
    Timeout {
        /// The server, as the user named it.
        server: String,
        /// What was asked.
        phase: Phase,
        /// The time allowed.
        limit: Duration,
    },
    /// A server whose jobs run does not say how far they are.
    #[error("{server}: asked how far it is, the server has not answered for {}", seconds(*limit))]
    Unresponsive {
        /// The server, as the user named it.
        server: String,
        /// The time allowed.
        limit: Duration,
    },
    /// A log cannot be written.
    #[error("{server}: cannot write log {name}")]
    LogUnwritable {
        /// The server, as the user named it.
        server: String,
        /// The log, as the server names it.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A log did not arrive whole.
    #[error("{server}: log {name} is incomplete: {reason}")]
    LogIncomplete {
        /// The server, as the user named it.
        server: String,
        /// The log, as the server names it.
        name: String,
        /// What is missing and why.
        reason: String,
    },
    /// The server sent something that is not the protocol.
    #[error("{server}: the server broke the protocol")]
    Protocol {
        /// The server, as the user named it.
        server: String,
        /// What is wrong with it.
        #[source]
        source: fio_proto::error::ProtocolError,
    },
    /// A message cannot be sent.
    #[error("{server}: cannot send a message")]
    Unsendable {
        /// The server, as the user named it.
        server: String,
        /// Why not.
        #[source]
        source: fio_proto::error::CommandError,
    },
    /// The user stopped waiting.
    #[error("{server}: abandoned before the server reported")]
    Abandoned {
        /// The server, as the user named it.
        server: String,
    },
}

impl ClientError {
    /// What it means for the exit code: a job the server does not take is a wrong job file,
    /// everything else a wrong server.
    #[must_use]
    pub const fn status(&self) -> ExitStatus {
        match self {
            Self::Refused { .. } | Self::LogUnwritable { .. } => ExitStatus::Setup,
            Self::Abandoned { .. } => ExitStatus::Interrupted,
            _ => ExitStatus::Peer,
        }
    }
}

/// What a session was doing when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The server was asked who it is.
    Probe,
    /// A job was sent and not yet accepted.
    Job,
    /// Its jobs were accepted; other servers were not as far.
    Ready,
    /// A job was running.
    Run,
    /// The server was told to stop.
    Stop,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Probe => "before it said who it is",
            Self::Job => "after a job was sent",
            Self::Ready => "before its jobs were started",
            Self::Run => "while the job was running",
            Self::Stop => "after it was told to stop",
        })
    }
}

fn connect_advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::ConnectionRefused => "; is a server running there?",
        io::ErrorKind::NotFound => "; there is no such socket",
        _ => "",
    }
}

fn missed(phase: Phase) -> &'static str {
    match phase {
        Phase::Probe => "no answer, perhaps because it serves another client,",
        Phase::Job | Phase::Ready | Phase::Run => "nothing heard of the job that was sent",
        Phase::Stop => "no results after it was told to stop",
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(": {reason}")
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
