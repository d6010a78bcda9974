//! What whoever has jobs read allows.

use super::expand::{Environment, Machine};
use crate::job::limits::ParseLimits;

/// How job descriptions are read: bounds, permissions, and what variables mean.
///
/// The default is meant for the user's own files. [`ParseOptions::for_peer`] is meant for what
/// comes over a socket.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ParseOptions<'a> {
    /// Bounds.
    pub limits: ParseLimits,
    /// Where `${NAME}` gets its value.
    pub environment: Environment<'a>,
    /// Whether `include` lines, and job files named in words, may be read.
    pub read_files: bool,
    /// Only these sections of job files become jobs; empty means all (fio's `--section`).
    pub sections: Vec<String>,
    /// Whether words may have flags of the fio command, which are then found in
    /// [`ParsedJobs::flags`](super::ParsedJobs::flags); otherwise they are refused, but for `--section`.
    pub allow_flags: bool,
    /// Whether jobs that write or trim are refused, and the others may neither make nor extend files
    /// (fio's `--readonly`).
    pub read_only: bool,
    /// What keywords stand for, and which CPUs there are.
    pub machine: Machine,
}

impl Default for ParseOptions<'_> {
    fn default() -> Self {
        Self {
            environment: Environment::Process,
            read_files: true,
            ..Self::for_peer()
        }
    }
}

impl ParseOptions<'_> {
    /// For jobs from a peer: no environment, no files.
    #[must_use]
    pub fn for_peer() -> Self {
        Self::for_peer_on(Machine::detect())
    }

    /// As [`ParseOptions::for_peer`], on a machine that is already known.
    #[must_use]
    pub fn for_peer_on(machine: Machine) -> Self {
        Self {
            limits: ParseLimits::default(),
            environment: Environment::Closed,
            read_files: false,
            sections: Vec::new(),
            allow_flags: false,
            read_only: false,
            machine,
        }
    }
}
