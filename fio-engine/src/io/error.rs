//! Why an engine could not be opened.

use std::io;
use std::path::PathBuf;

/// Why an engine could not be made ready for a job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Memory for the I/O buffers could not be had.
    #[error(
        "cannot allocate {bytes} bytes of I/O buffers: {source}; lower iodepth or the block size"
    )]
    Buffers {
        /// Size asked for.
        bytes: usize,
        /// What the kernel said.
        source: io::Error,
    },
    /// There are not enough huge pages.
    #[error(
        "cannot allocate {bytes} bytes of huge pages for I/O buffers: {source}; reserve some in \
         /proc/sys/vm/nr_hugepages, lower iodepth or the block size, or give mem another value"
    )]
    HugePages {
        /// Size asked for.
        bytes: usize,
        /// What the kernel said.
        source: io::Error,
    },
    /// The file of `mem=mmap:FILE` cannot be used.
    #[error("cannot map {path:?} for I/O buffers: {source}; give mem another file, or none")]
    MemoryFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The kernel refused an asynchronous I/O context.
    #[error(
        "cannot set up {io_depth} asynchronous I/Os: {source}; \
         lower iodepth, or raise /proc/sys/fs/aio-max-nr"
    )]
    AsyncContext {
        /// Depth asked for.
        io_depth: usize,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel does not do what is asked of `io_uring`.
    #[error("io_uring: {what}: {source}; {advice}")]
    IoUring {
        /// What was asked.
        what: String,
        /// What the kernel said.
        source: io::Error,
        /// What may help.
        advice: &'static str,
    },
    /// Anything else an engine wants to say.
    #[error("{0}")]
    Other(String),
}

impl EngineError {
    /// The `errno` value closest to the cause, for reports.
    #[must_use]
    pub fn errno(&self) -> i32 {
        match self {
            Self::Buffers { source, .. }
            | Self::HugePages { source, .. }
            | Self::MemoryFile { source, .. }
            | Self::AsyncContext { source, .. }
            | Self::IoUring { source, .. } => source.raw_os_error().unwrap_or(libc::EIO),
            Self::Other(_) => libc::EINVAL,
        }
    }
}
