//! Log files: their names, and writing them.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::LogFileError;
use super::io_log::IoLog;
use super::model::{LogCompression, LogKind};
use super::stored::SampleLayout;
use crate::job::JobSpec;

/// Name of a log file: `PREFIX_KIND.NUMBER.log`, without the number where clones share a file, and
/// with `.fz` behind it if it is compressed (manual, `write_bw_log`).
#[must_use]
pub fn file_name(prefix: &str, kind: LogKind, number: Option<u32>, compressed: bool) -> String {
    let number = number.map_or(String::new(), |number| format!(".{number}"));
    let ending = if compressed { ".fz" } else { "" };
    format!("{prefix}_{kind}{number}.log{ending}")
}

/// Checks that the log files of these jobs have folders to be in.
///
/// # Errors
/// [`LogFileError::NoFolder`] for the first that has none. fio would find out after the run.
pub fn check_folders<'a>(jobs: impl IntoIterator<Item = &'a JobSpec>) -> Result<(), LogFileError> {
    for job in jobs {
        for (option, name) in job.logs.names() {
            let prefix = if name.is_empty() { &job.name } else { name };
            // What follows the last slash is part of the file's name, also if it is nothing.
            let folder = prefix.rfind('/').map_or("", |slash| &prefix[..=slash]);
            if !folder.is_empty() && !Path::new(folder).is_dir() {
                return Err(LogFileError::NoFolder {
                    job: job.name.clone(),
                    option,
                    folder: folder.into(),
                });
            }
        }
    }
    Ok(())
}

/// Log files below one folder: for a run to write while it goes
/// ([`RunOptions::log_files`](crate::run::RunOptions::log_files)), or to write a log to that is in
/// memory.
///
/// Jobs run at the same time, and those that share a file append to it one after the other; clones of
/// this value know of each other.
#[derive(Debug, Clone)]
pub struct LogFiles {
    folder: PathBuf,
    layout: SampleLayout,
    shared: Arc<Mutex<()>>,
}

/// A log file that a run has written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrittenLog {
    /// What the log is about.
    pub kind: LogKind,
    /// The file.
    pub path: PathBuf,
    /// Entries that are in it.
    pub entries: u64,
    /// Entries that are not, because of `failure`, or because nothing could be written for a minute.
    pub lost: u64,
    /// Why it could not be written; what was written before is there.
    pub failure: Option<String>,
}

impl LogFiles {
    /// Names are relative to `folder`; compressed files have entries of this layout.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, layout: SampleLayout) -> Self {
        Self {
            folder: folder.into(),
            layout,
            shared: Arc::default(),
        }
    }

    /// Writes a log: over what the file held before, or behind it where clones share the file, as
    /// fio does.
    ///
    /// # Errors
    /// [`LogFileError::Write`].
    pub fn write(&self, log: &IoLog) -> Result<(), LogFileError> {
        let path = self.path_of(log);
        let own = (!log.per_job).then(|| self.alone());
        let result = self.write_to(&path, log);
        drop(own);
        result.map_err(|source| LogFileError::Write { path, source })
    }

    pub(super) fn path_of(&self, log: &IoLog) -> PathBuf {
        self.folder.join(&log.file_name)
    }

    pub(super) const fn layout(&self) -> SampleLayout {
        self.layout
    }

    /// Nobody else appends to a shared file meanwhile.
    pub(super) fn alone(&self) -> MutexGuard<'_, ()> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, path: &Path, log: &IoLog) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.create(true);
        if log.per_job {
            options.write(true).truncate(true);
        } else {
            options.append(true);
        }
        let mut out = BufWriter::with_capacity(1 << 18, options.open(path)?);
        if log.compression == LogCompression::Stored {
            log.write_stored(self.layout, &mut out)?;
        } else {
            log.write_text(&mut out)?;
        }
        out.flush()
    }
}
