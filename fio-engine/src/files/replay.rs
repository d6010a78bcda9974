//! The files of an I/O log.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::FileError;
use super::plan::{FileSet, PlannedFile, Target, look, system};
use crate::workload::FileRegion;

impl FileSet {
    /// The files of a log that is replayed, in its order, as they are. Nothing is changed.
    ///
    /// # Errors
    /// A name stands for something that is no file or device, or the system refuses to tell.
    pub(crate) fn of_log(paths: &[PathBuf], needs_files: bool) -> Result<Self, FileError> {
        let plan = |path: &PathBuf| {
            let target = if needs_files {
                look(path, None)?
            } else {
                Target::Unused
            };
            let size = match target {
                Target::Regular(size) | Target::BlockDevice(size) => size,
                _ => 0,
            };
            Ok(PlannedFile {
                path: path.clone(),
                target,
                size,
                region: FileRegion {
                    start: 0,
                    length: size,
                    name_hash: 0,
                },
            })
        };
        let files = paths.iter().map(plan).collect::<Result<_, _>>()?;
        Ok(Self { files })
    }

    /// Makes those files of a log that are missing, empty, as fio does for a job that changes data;
    /// another job has to do without.
    ///
    /// # Errors
    /// A file is missing, or the system refuses.
    pub(crate) fn complete_log(&self, changes: bool) -> Result<(), FileError> {
        let missing = |file: &&PlannedFile| file.target == Target::Missing;
        for file in self.files.iter().filter(missing) {
            if !changes {
                return Err(system("open", &file.path, io::ErrorKind::NotFound.into()));
            }
            make(&file.path).map_err(|error| system("create", &file.path, error))?;
        }
        Ok(())
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    Ok(())
}
