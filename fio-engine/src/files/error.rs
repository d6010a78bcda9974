//! What can be wrong with a job's files.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a job's files cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The folder a file should live in does not exist.
    #[error(
        "{path:?}: the directory {directory:?} does not exist; create it or correct directory or filename"
    )]
    MissingDirectory {
        /// The file.
        path: PathBuf,
        /// Its folder.
        directory: PathBuf,
    },
    /// A name that stands for a folder, or for something else that holds no data.
    #[error("{path:?} is a {kind}, not a file or block device; give the job another filename")]
    WrongKind {
        /// The name.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// Neither the job nor an existing file says how large the file is.
    #[error("{path:?} does not exist or is empty, and the job gives no size; set size or filesize")]
    NoSize {
        /// The file.
        path: PathBuf,
    },
    /// The job begins where the file has ended.
    #[error(
        "{path:?}: the offset of {offset} bytes leaves nothing of its {size} bytes; lower offset or raise the size"
    )]
    OffsetBeyondEnd {
        /// The file.
        path: PathBuf,
        /// Where the job would begin.
        offset: u64,
        /// Size of the file.
        size: u64,
    },
    /// A block device is smaller than the job wants it.
    #[error(
        "{path:?}: the device has {available} bytes, the job needs {needed}; lower size or offset"
    )]
    DeviceTooSmall {
        /// The device.
        path: PathBuf,
        /// Its size.
        available: u64,
        /// The end of the job's region.
        needed: u64,
    },
    /// The job writes to a block device that is in use.
    #[error(
        "{path:?} is in use (mounted, or part of another device); writing to it would destroy data, so the job is refused"
    )]
    DeviceInUse {
        /// The device.
        path: PathBuf,
    },
    /// The file system has no `O_DIRECT`.
    #[error(
        "{path:?}: the file system does not support O_DIRECT; use direct=0 or another file system"
    )]
    DirectRefused {
        /// The file.
        path: PathBuf,
    },
    /// The job may neither make nor extend files.
    #[error(
        "{path:?} is missing or too small, and the job may neither make nor extend files (allow_file_create=0, or \
         --readonly); make it beforehand, or leave that out"
    )]
    CreationForbidden {
        /// The file.
        path: PathBuf,
    },
    /// A file that was to fill the storage got nothing.
    #[error("{path:?}: the storage is full, nothing is left for the job; free space there")]
    NoSpace {
        /// The file.
        path: PathBuf,
    },
    /// A folder to be opened has more files than jobs may have, or none.
    #[error("opendir={folder:?}: {problem}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it and what to do.
        problem: &'static str,
    },
    /// A form for names that leaves nothing.
    #[error(
        "job {job:?}: filename_format {format:?} gives an empty name; add $jobname or other text"
    )]
    EmptyName {
        /// The job.
        job: String,
        /// The form.
        format: String,
    },
    /// The system refused something.
    #[error("cannot {action} {path:?}: {source}{cleanup}{}", advice(source))]
    System {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
        /// What became of the file.
        cleanup: Cleanup,
    },
    /// The caller asked to stop before all files were laid out.
    #[error("laying out {path:?} was interrupted{cleanup}")]
    Cancelled {
        /// The file being laid out.
        path: PathBuf,
        /// What became of it.
        cleanup: Cleanup,
    },
}

impl FileError {
    /// The system's error number, or the nearest one, as fio reports it for a failed job.
    #[must_use]
    pub fn error_number(&self) -> i32 {
        match self {
            Self::MissingDirectory { .. } | Self::CreationForbidden { .. } => libc::ENOENT,
            Self::WrongKind { .. } => libc::EISDIR,
            Self::DeviceTooSmall { .. } | Self::NoSpace { .. } => libc::ENOSPC,
            Self::DeviceInUse { .. } => libc::EBUSY,
            Self::System { source, .. } => source.raw_os_error().unwrap_or(libc::EIO),
            Self::Cancelled { .. } => libc::EINTR,
            Self::NoSize { .. }
            | Self::OffsetBeyondEnd { .. }
            | Self::DirectRefused { .. }
            | Self::Folder { .. }
            | Self::EmptyName { .. } => libc::EINVAL,
        }
    }
}

/// What was done about a file that could not be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleanup {
    /// Nothing had been changed.
    Untouched,
    /// The file was new and is removed again.
    Removed,
    /// The file was there before and has its former size again.
    Restored,
    /// Taking it back failed too: the file is left incomplete.
    LeftIncomplete,
}

impl fmt::Display for Cleanup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Untouched => "",
            Self::Removed => "; the incomplete file was removed again",
            Self::Restored => "; the file was cut back to its former size",
            Self::LeftIncomplete => "; the incomplete file could not be removed",
        })
    }
}

/// What the user can do about a system error.
fn advice(source: &io::Error) -> &'static str {
    match source.raw_os_error() {
        Some(libc::ENOSPC) => "; free space there or lower size",
        Some(libc::EDQUOT) => "; the quota is used up: free space there or lower size",
        Some(libc::EFBIG) => "; the size is beyond the limit of the file system or process",
        Some(libc::EACCES | libc::EPERM) => "; check owner and permissions of file and directory",
        Some(libc::EROFS) => "; the file system is mounted read-only",
        Some(libc::EMFILE | libc::ENFILE) => {
            "; lower nrfiles or numjobs, or raise the limit of open files"
        }
        Some(libc::ETXTBSY) => "; the file is a program that is running",
        _ => "",
    }
}
