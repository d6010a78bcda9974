//! I/O written down, and done again.
//!
//! A job with `write_iolog` writes a line for each I/O it issues; one with `read_iolog` takes its I/Os
//! from such a log instead of making them up. The format is that of fio (HOWTO, "Trace file
//! format"): version 3 is written, versions 2 and 3 and the binary files of `blkparse -d` are read.
//!
//! | part | does |
//! |---|---|
//! | `text` | lines of versions 2 and 3 |
//! | `blktrace` | records of the kernel's block layer |
//! | `merge` | several traces as one |
//! | `reader` | any of them, whichever a file turns out to be |
//! | `plan` | a first pass over a log: its files, its largest I/O, what it moves |
//! | `source` | the I/Os, one by one |
//! | `record` | writing a log |
//!
//! A log is gone through twice, so that all files are open and all buffers are made before the first
//! I/O. A short one is kept in memory in the first pass, others are read again while they are
//! replayed, a piece at a time, so that memory does not grow with the log.
//!
//! Where fio 3.33 differs from its manual: it takes the number of `wait` (version 2 only) as
//! milliseconds after the beginning of the job, and so do we, as logs were made to work with it. It
//! passes over trims in logs and heeds `replay_skip` for blktrace files only; we do as the manual
//! says.

mod blktrace;
mod merge;
mod plan;
mod reader;
mod record;
mod source;
#[cfg(test)]
mod tests;
mod text;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::job::ReplayOptions;

pub(crate) use merge::write_merged;
pub(crate) use plan::ReplayPlan;
pub(crate) use record::{Recording, begin_log};
pub(crate) use source::ReplaySource;

/// What the replay of a log needs, for those who decide whether it may be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplayNeeds<'a> {
    /// Name of the job.
    pub job: &'a str,
    /// Files that are opened, after `replay_redirect`.
    pub files: &'a [PathBuf],
    /// Bytes of the buffers.
    pub buffer_bytes: u64,
}

/// Says why a replay may not be had, once its log has been looked through and before a file of it is
/// touched.
pub type ReplayGuard = Arc<dyn Fn(&ReplayNeeds<'_>) -> Result<(), String> + Send + Sync>;

/// Why a log cannot be replayed or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error("cannot {action} the I/O log {path:?}: {source}")]
    System {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error(
        "{path:?} is neither an I/O log of version 2 or 3 (its first line would be `fio version 3 \
         iolog`) nor a binary file of blkparse -d{hint}"
    )]
    UnknownFormat { path: PathBuf, hint: &'static str },
    #[error(
        "{path:?} is no binary file of blkparse -d, which is what merge_blktrace_file merges; name traces \
         in read_iolog"
    )]
    NoTrace { path: PathBuf },
    #[error(
        "{path:?}, {place}: an I/O of {length} bytes is larger than the {limit} a job can do; \
         remove it from the log"
    )]
    TooLarge {
        path: PathBuf,
        place: String,
        length: u64,
        limit: u64,
    },
    #[error("{path:?} names more than {limit} files; split the log")]
    TooManyFiles { path: PathBuf, limit: u32 },
    #[error("{path:?} is no plain file and has more than {limit} I/Os; save it to a file first")]
    TooLong { path: PathBuf, limit: usize },
    #[error("{path:?} changed while it was replayed: {what}")]
    Changed { path: PathBuf, what: String },
    #[error("looking through {path:?} was interrupted")]
    Cancelled { path: PathBuf },
    #[error("{path:?}: {reason}")]
    Refused { path: PathBuf, reason: String },
}

/// Why traces could not be merged: which one, or the file they were to be written to, and what is wrong
/// with it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct MergeError(#[from] ReplayError);

/// Merges the traces of a job into its file, whole or not at all, as a run of the job does before it
/// begins. Nothing is done for a job that merges none ([`ReplayOptions::merged`]).
///
/// # Errors
/// A trace cannot be read or is none, or the file cannot be written.
pub fn merge_traces(options: &ReplayOptions) -> Result<(), MergeError> {
    Ok(write_merged(options)?)
}

impl ReplayError {
    /// The system's error number, or the nearest one.
    pub(crate) fn error_number(&self) -> i32 {
        match self {
            Self::System { source, .. } => source.raw_os_error().unwrap_or(libc::EIO),
            Self::TooManyFiles { .. } => libc::EMFILE,
            Self::Refused { .. } => libc::EPERM,
            Self::Cancelled { .. } => libc::EINTR,
            Self::UnknownFormat { .. }
            | Self::NoTrace { .. }
            | Self::TooLarge { .. }
            | Self::TooLong { .. }
            | Self::Changed { .. } => libc::EINVAL,
        }
    }
}
