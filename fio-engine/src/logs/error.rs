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
}
