//! Opening files as a job needs them, and leaving them behind.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::Advice;

use crate::job::{JobSpec, SyncMode};

use super::error::FileError;
use super::plan::{FileSet, PlannedFile, Target, system};

impl FileSet {
    /// Opens all files and, with `invalidate`, drops their regions from the page cache.
    ///
    /// Sets planned for engines without files give no handles.
    ///
    /// # Errors
    /// The system refuses; `O_DIRECT` is not supported; a block device to be written is in use.
    pub fn open(&self, spec: &JobSpec) -> Result<Vec<File>, FileError> {
        let used = self
            .files
            .iter()
            .filter(|file| file.target != Target::Unused);
        used.map(|planned| open_one(planned, spec)).collect()
    }

    /// Removes the regular files (`unlink`).
    ///
    /// # Errors
    /// The system refuses to remove one; the others are removed all the same. A file that is gone
    /// already is no error.
    pub fn remove(&self) -> Result<(), FileError> {
        let mut outcome = Ok(());
        for file in &self.files {
            if !matches!(file.target, Target::Missing | Target::Regular(_)) {
                continue;
            }
            match std::fs::remove_file(&file.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    outcome = outcome.and_then(|()| Err(system("remove", &file.path, error)));
                }
                _ => {}
            }
        }
        outcome
    }
}

fn open_one(planned: &PlannedFile, spec: &JobSpec) -> Result<File, FileError> {
    let path = &planned.path;
    let writes = spec.pattern.write || spec.pattern.trim;
    if writes && matches!(planned.target, Target::BlockDevice(_)) {
        refuse_device_in_use(path)?;
    }
    let open = |flags: i32| {
        OpenOptions::new()
            .read(spec.pattern.read || !writes)
            .write(writes)
            .custom_flags(flags)
            .open(path)
    };
    let flags = match spec.sync_mode {
        SyncMode::None => 0,
        SyncMode::Sync => libc::O_SYNC,
        SyncMode::DataSync => libc::O_DSYNC,
    };
    let direct = if spec.direct { libc::O_DIRECT } else { 0 };
    let file = open(flags | direct).map_err(|error| {
        let refused = spec.direct && error.raw_os_error() == Some(libc::EINVAL);
        if refused && open(flags).is_ok() {
            FileError::DirectRefused { path: path.clone() }
        } else {
            system("open", path, error)
        }
    })?;
    if spec.invalidate {
        invalidate(&file, planned).map_err(|error| system("drop the cache of", path, error))?;
    }
    Ok(file)
}

/// A device opened exclusively is nobody else's: the kernel refuses mounted ones and parts of others.
fn refuse_device_in_use(path: &Path) -> Result<(), FileError> {
    let mut options = OpenOptions::new();
    match options.read(true).custom_flags(libc::O_EXCL).open(path) {
        Err(error) if error.raw_os_error() == Some(libc::EBUSY) => Err(FileError::DeviceInUse {
            path: path.to_path_buf(),
        }),
        _ => Ok(()),
    }
}

/// Drops the region from the page cache, so that the job reads from the storage.
fn invalidate(file: &File, planned: &PlannedFile) -> io::Result<()> {
    if planned.target == Target::CharacterDevice {
        return Ok(());
    }
    let region = planned.region;
    let length = region.length.try_into().ok();
    Ok(rustix::fs::fadvise(
        file.as_fd(),
        region.start,
        length,
        Advice::DontNeed,
    )?)
}
