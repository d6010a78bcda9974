//! Opening files as a job needs them, and leaving them behind.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::Advice;

use crate::io::{FileUse, ioctl};
use crate::job::{AccessHint, JobSpec, LifetimeHint, SyncMode};
use crate::workload::FileRegion;

use super::error::FileError;
use super::plan::{FileSet, PlannedFile, Target, system};

/// Bytes read at once by `pre_read`.
const PIECE: usize = 1 << 20;

impl FileSet {
    /// Opens all files and, with `invalidate`, drops their regions from the page cache.
    ///
    /// Sets planned for engines without files give no handles. `wanted` says what the
    /// engine needs beside what the job does.
    ///
    /// # Errors
    /// The system refuses; `O_DIRECT` is not supported; a block device to be written is in use.
    pub fn open(&self, spec: &JobSpec, wanted: FileUse) -> Result<Vec<File>, FileError> {
        let used = self
            .files
            .iter()
            .filter(|file| file.target != Target::Unused);
        let create = spec.files.create_on_open;
        used.map(|planned| open_one(planned, spec, wanted, create))
            .collect()
    }

    /// Opens one file as [`open`](Self::open) does. With `create`, one that is missing is made if
    /// the job writes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn open_one(
        &self,
        index: usize,
        spec: &JobSpec,
        wanted: FileUse,
        create: bool,
    ) -> Result<File, FileError> {
        let create = create && spec.pattern.write || spec.files.create_on_open;
        open_one(&self.files[index], spec, wanted, create)
    }

    /// Drops the region of an open file from the page cache, if the job wants that.
    pub(crate) fn drop_cache(
        &self,
        index: usize,
        file: &File,
        spec: &JobSpec,
    ) -> Result<(), FileError> {
        let planned = &self.files[index];
        if !spec.drops_cache() || planned.target == Target::CharacterDevice {
            return Ok(());
        }
        drop_cache(file, planned.region)
            .map_err(|error| system("drop the cache of", &planned.path, error))
    }

    /// Reads the regions of all files into the page cache (`pre_read`). Setting `cancel` ends the
    /// work within a mebibyte.
    ///
    /// # Errors
    /// The system refuses.
    pub fn pre_read(&self, cancel: &AtomicBool) -> Result<(), FileError> {
        let mut buffer = vec![0; PIECE];
        for planned in &self.files {
            if matches!(planned.target, Target::Unused | Target::CharacterDevice) {
                continue;
            }
            let path = &planned.path;
            let file = File::open(path).map_err(|error| system("open", path, error))?;
            let FileRegion {
                mut start, length, ..
            } = planned.region;
            let end = start + length;
            while start < end && !cancel.load(Ordering::Relaxed) {
                let most = buffer.len().min((end - start) as usize);
                match file.read_at(&mut buffer[..most], start) {
                    Ok(0) => break,
                    Ok(moved) => start += moved as u64,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(system("read", path, error)),
                }
            }
        }
        Ok(())
    }

    /// Removes the regular files (`unlink`).
    ///
    /// # Errors
    /// The system refuses to remove one; the others are removed all the same. A file that is gone
    /// already is no error.
    pub fn remove(&self) -> Result<(), FileError> {
        let mut outcome = Ok(());
        for index in 0..self.files.len() {
            let removed = self.remove_one(index);
            outcome = outcome.and(removed);
        }
        outcome
    }

    /// Removes one file as [`remove`](Self::remove) does.
    pub(crate) fn remove_one(&self, index: usize) -> Result<(), FileError> {
        let file = &self.files[index];
        if !matches!(file.target, Target::Missing | Target::Regular(_)) {
            return Ok(());
        }
        match std::fs::remove_file(&file.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(system("remove", &file.path, error))
            }
            _ => Ok(()),
        }
    }
}

fn open_one(
    planned: &PlannedFile,
    spec: &JobSpec,
    wanted: FileUse,
    create: bool,
) -> Result<File, FileError> {
    let path = &planned.path;
    let both = wanted == FileUse::OpenForBoth;
    let reads = spec.pattern.read || both || wanted == FileUse::OpenReadable;
    let writes = spec.pattern.write || spec.pattern.trim || both;
    let is_device = matches!(planned.target, Target::BlockDevice(_));
    if writes && is_device && !spec.files.allow_mounted_write {
        refuse_device_in_use(path)?;
    }
    let open = |flags: i32| {
        OpenOptions::new()
            .read(reads || !writes)
            .write(writes)
            .custom_flags(flags)
            .mode(0o600)
            .open(path)
    };
    let sync = match spec.sync_mode {
        SyncMode::None => 0,
        SyncMode::Sync => libc::O_SYNC,
        SyncMode::DataSync => libc::O_DSYNC,
    };
    let creates = create && spec.files.allow_creation && !is_device;
    let flags = sync | if creates { libc::O_CREAT } else { 0 };
    let direct = if spec.direct { libc::O_DIRECT } else { 0 };
    let file = open(flags | direct).map_err(|error| {
        let refused = spec.direct && error.raw_os_error() == Some(libc::EINVAL);
        if refused && open(flags).is_ok() {
            FileError::DirectRefused { path: path.clone() }
        } else {
            system("open", path, error)
        }
    })?;
    if planned.target != Target::CharacterDevice {
        advise(&file, planned, spec)?;
    }
    Ok(file)
}

/// Tells the kernel what is known of the accesses to come.
fn advise(file: &File, planned: &PlannedFile, spec: &JobSpec) -> Result<(), FileError> {
    let FileRegion { start, length, .. } = planned.region;
    let path = &planned.path;
    if spec.drops_cache() {
        drop_cache(file, planned.region)
            .map_err(|error| system("drop the cache of", path, error))?;
    }
    let hint = match spec.files.access_hint {
        AccessHint::None => None,
        AccessHint::Workload if spec.pattern.random => Some(Advice::Random),
        AccessHint::Workload | AccessHint::Sequential => Some(Advice::Sequential),
        AccessHint::Random => Some(Advice::Random),
        AccessHint::NoReuse => Some(Advice::NoReuse),
    };
    if let Some(hint) = hint {
        rustix::fs::fadvise(file, start, length.try_into().ok(), hint)
            .map_err(|error| system("give advice on", path, error.into()))?;
    }
    if let Some(hint) = spec.files.lifetime_hint {
        // The numbers of `RWH_WRITE_LIFE_NONE` and those after it in `linux/fcntl.h`.
        let hint = match hint {
            LifetimeHint::None => 1,
            LifetimeHint::Short => 2,
            LifetimeHint::Medium => 3,
            LifetimeHint::Long => 4,
            LifetimeHint::Extreme => 5,
        };
        ioctl::set_lifetime_hint(file.as_fd(), hint)
            .map_err(|error| system("tell the life time of data in", path, error))?;
    }
    Ok(())
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
pub(super) fn drop_cache(file: &File, region: FileRegion) -> io::Result<()> {
    let length = region.length.try_into().ok();
    Ok(rustix::fs::fadvise(
        file.as_fd(),
        region.start,
        length,
        Advice::DontNeed,
    )?)
}
