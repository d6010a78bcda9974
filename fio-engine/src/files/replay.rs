//! The files of an I/O log.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::FileError;
use super::plan::{FileSet, PlannedFile, Target, look, system};
use crate::workload::FileRegion;

impl FileSet {
    /// The files of a log that is replayed, in its order. They are taken as they are; a job that
    /// changes data makes those that are missing, empty, as fio does.
    ///
    /// # Errors
    /// A name stands for something that is no file or device, a file is missing, or the system
    /// refuses.
    pub(crate) fn of_log(
        paths: &[PathBuf],
        needs_files: bool,
        changes: bool,
    ) -> Result<Self, FileError> {
        let plan = |path: &PathBuf| {
            let target = match needs_files {
                false => Target::Unused,
                true => existing(path, changes)?,
            };
            let size = match target {
                Target::Regular(size) | Target::BlockDevice(size) => size,
                _ => 0,
            };
            let region = FileRegion {
                start: 0,
                length: size,
                name_hash: 0,
            };
            Ok(PlannedFile {
                path: path.clone(),
                target,
                size,
                region,
            })
        };
        let files = paths.iter().map(plan).collect::<Result<_, _>>()?;
        Ok(Self { files })
    }
}

/// What a name stands for, once it stands for something.
fn existing(path: &Path, may_create: bool) -> Result<Target, FileError> {
    match look(path, None)? {
        Target::Missing if may_create => {
            let mut options = OpenOptions::new();
            let made = options.write(true).create_new(true).mode(0o600).open(path);
            made.map_err(|error| system("create", path, error))?;
            Ok(Target::Regular(0))
        }
        Target::Missing => Err(system("open", path, io::ErrorKind::NotFound.into())),
        target => Ok(target),
    }
}
