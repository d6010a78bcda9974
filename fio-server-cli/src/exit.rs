//! Exit codes: what the program tells whoever started it.

use std::process::ExitCode;

/// How a command ended, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ExitStatus {
    /// Everything was done: 0.
    #[default]
    Success,
    /// A job failed, for instance with an I/O error: 1.
    JobFailed,
    /// The command line, a job file or the set-up was wrong: 2.
    Setup,
    /// A server could not be reached or broke the protocol: 3.
    Peer,
    /// The user interrupted the command: 130, as shells say for SIGINT.
    Interrupted,
}

impl ExitStatus {
    /// The number the process exits with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::JobFailed => 1,
            Self::Setup => 2,
            Self::Peer => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

/// An error that ends a command, with the code it ends with.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub status: ExitStatus,
    /// What went wrong; printed in one line with its causes.
    pub error: anyhow::Error,
}

impl Failure {
    /// A usage, job file or set-up error.
    pub fn setup(error: impl Into<anyhow::Error>) -> Self {
        Self {
            status: ExitStatus::Setup,
            error: error.into(),
        }
    }

    /// A server that could not be reached or broke the protocol.
    pub fn peer(error: impl Into<anyhow::Error>) -> Self {
        Self {
            status: ExitStatus::Peer,
            error: error.into(),
        }
    }
}

impl From<anyhow::Error> for Failure {
    /// Whatever is not said to be something else is a set-up error.
    fn from(error: anyhow::Error) -> Self {
        Self::setup(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_hosts_counts() {
        let statuses = [ExitStatus::Success, ExitStatus::Peer, ExitStatus::JobFailed];
        assert_eq!(statuses.into_iter().max(), Some(ExitStatus::Peer));
        assert_eq!(ExitStatus::Interrupted.max(ExitStatus::Peer).code(), 130);
    }
}
