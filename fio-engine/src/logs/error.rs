//! What can go wrong with log files.

use std::io;
use std::path::PathBuf;

/// A log file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogFileError {
    /// The folder of a log file is not there; known before anything runs.
    #[error(
        "job `{job}`: {option}: {} is no folder; create it or choose another name", folder.display()
    )]
    NoFolder {
        /// Name of the job.
        job: String,
        /// The option that names the log.
        option: &'static str,
        /// The folder.
        folder: PathBuf,
    },
    /// A log file could not be written.
    #[error("cannot write the log file {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The thread that writes or compresses the logs of a job could not be started.
    #[error("cannot start the thread that takes the logs: {source}; lower numjobs")]
    Thread {
        /// Why not.
        source: io::Error,
    },
    /// That thread cannot run on the CPUs of `log_compression_cpus`.
    #[error("log_compression_cpus: cannot run on CPUs {cpus:?}: {source}")]
    Cpus {
        /// The CPUs.
        cpus: Vec<usize>,
        /// Why not.
        source: io::Error,
    },
}

impl LogFileError {
    /// What the kernel calls it.
    pub(crate) fn error_number(&self) -> i32 {
        match self {
            Self::NoFolder { .. } => libc::ENOENT,
            Self::Write { source, .. } | Self::Thread { source } | Self::Cpus { source, .. } => {
                source.raw_os_error().unwrap_or(libc::EIO)
            }
        }
    }
}
