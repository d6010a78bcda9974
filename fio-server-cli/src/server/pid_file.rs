//! The PID file of a server in the background.
//!
//! Whether the server that wrote a PID file still lives is told by a lock on the file, not by the
//! number in it: numbers are reused, locks end with their process.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::error::ServerError;

/// A PID file this process owns; dropping it removes the file.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    /// Holds the lock.
    file: File,
}

impl PidFile {
    /// Writes this process's number to `path`, replacing the file of a server that is gone.
    ///
    /// The file appears whole: it is written under another name in the same folder and renamed.
    ///
    /// # Errors
    /// If the file belongs to a running server, holds something else than a number, or cannot be
    /// written.
    pub fn create(path: &Path) -> Result<Self, ServerError> {
        refuse_foreign_file(path)?;
        let failed = |source| ServerError::PidFile {
            path: path.to_owned(),
            source,
        };
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(format!(".{}", std::process::id()));
        let temporary = PathBuf::from(temporary);
        let written = write_locked(&temporary)
            .and_then(|file| std::fs::rename(&temporary, path).map(|()| file));
        match written {
            Ok(file) => Ok(Self {
                path: path.to_owned(),
                file,
            }),
            Err(source) => {
                let _ = std::fs::remove_file(&temporary);
                Err(failed(source))
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let own = self.file.metadata().map(identity);
        let current = std::fs::symlink_metadata(&self.path).map(identity);
        if let (Ok(own), Ok(current)) = (own, current)
            && own == current
        {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The longest text a PID file holds: a number and the end of the line, with room.
const MAX_BYTES: u64 = 32;

fn refuse_foreign_file(path: &Path) -> Result<(), ServerError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(ServerError::PidFile {
                path: path.to_owned(),
                source,
            });
        }
    };
    let mut text = String::new();
    let regular = file.metadata().is_ok_and(|file| file.is_file());
    let readable = regular
        && io::Read::read_to_string(&mut io::Read::take(&file, MAX_BYTES), &mut text).is_ok();
    let number = text.trim().parse::<u32>();
    if !readable || (number.is_err() && !text.trim().is_empty()) {
        return Err(ServerError::NotAPidFile {
            path: path.to_owned(),
        });
    }
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Err(ServerError::AlreadyRunning {
            path: path.to_owned(),
            pid: number.unwrap_or(0),
        });
    }
    Ok(())
}

fn write_locked(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_this_process_and_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        let file = PidFile::create(&path).unwrap();
        let wanted = format!("{}\n", std::process::id());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn a_running_servers_file_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        let _first = PidFile::create(&path).unwrap();
        let error = PidFile::create(&path).unwrap_err();
        let this = std::process::id();
        assert!(matches!(error, ServerError::AlreadyRunning { pid, .. } if pid == this));
        assert!(path.exists());
    }

    #[test]
    fn a_stale_file_is_replaced_even_if_its_number_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        std::fs::write(&path, "1\n").unwrap();
        let _file = PidFile::create(&path).unwrap();
        assert_ne!(std::fs::read_to_string(&path).unwrap(), "1\n");
    }

    #[test]
    fn other_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        std::fs::write(&path, "12 monkeys").unwrap();
        let error = PidFile::create(&path).unwrap_err();
        assert!(matches!(error, ServerError::NotAPidFile { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"12 monkeys");
    }
}
