//! Log files: their names, and writing them.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::LogFileError;
use super::model::{IoLog, LogCompression, LogKind};
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

/// Writes log files below one folder.
///
/// Jobs end at the same time, and those that share a file append to it one after the other.
#[derive(Debug)]
pub struct LogFiles {
    folder: PathBuf,
    layout: SampleLayout,
    shared: Mutex<()>,
}

impl LogFiles {
    /// Names are relative to `folder`; compressed files have entries of this layout.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, layout: SampleLayout) -> Self {
        Self {
            folder: folder.into(),
            layout,
            shared: Mutex::new(()),
        }
    }

    /// Writes a log: over what the file held before, or behind it where clones share the file, as
    /// fio does.
    ///
    /// # Errors
    /// [`LogFileError::Write`].
    pub fn write(&self, log: &IoLog) -> Result<(), LogFileError> {
        let path = self.folder.join(&log.file_name);
        let own =
            (!log.per_job).then(|| self.shared.lock().unwrap_or_else(PoisonError::into_inner));
        let result = self.write_to(&path, log);
        drop(own);
        result.map_err(|source| LogFileError::Write { path, source })
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
