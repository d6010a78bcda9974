//! Creating files and giving them contents before a job begins.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use crate::job::{Fallocate, JobSpec};

use super::error::{Cleanup, FileError};
use super::open::drop_cache;
use super::plan::{FileSet, PlannedFile, Target, system};

/// Bytes written between two looks at the cancel flag.
const CHUNK: usize = 1 << 20;

/// Bytes reserved between two looks: file systems that clear what they reserve take a while.
const RESERVED: u64 = 1 << 30;

impl FileSet {
    /// Creates files that are missing and extends those that are too small.
    ///
    /// Jobs that read, or that ask for `overwrite`, get files full of data; others get space
    /// reserved as `fallocate` says. `report` is given the line fio prints, once, if anything is
    /// to be done. Setting `cancel` ends the work within a mebibyte. Jobs that share files must
    /// be prepared one after the other.
    ///
    /// # Errors
    /// The directory is missing, or the system refuses; a new file is then removed again, an
    /// existing one cut back to its former size, and the error says so.
    pub fn prepare(
        &mut self,
        spec: &JobSpec,
        cancel: &AtomicBool,
        report: &mut dyn FnMut(&str),
    ) -> Result<(), FileError> {
        if spec.files.create_on_open {
            let mut missing = self.files.iter().filter(|file| file.is_incomplete());
            return missing.try_for_each(|file| make_folders(&file.path, spec));
        }
        let mut incomplete: Vec<_> = self
            .files
            .iter_mut()
            .filter(|file| file.is_incomplete())
            .collect();
        if incomplete.is_empty() {
            return Ok(());
        }
        report(&layout_line(spec, &incomplete));
        incomplete
            .iter_mut()
            .try_for_each(|file| lay_out(file, spec, cancel))
    }
}

impl PlannedFile {
    /// Whether it is made or laid out before the job.
    pub(crate) const fn is_incomplete(&self) -> bool {
        match self.target {
            Target::Missing => true,
            Target::Regular(size) => size < self.size,
            Target::BlockDevice(_) | Target::CharacterDevice | Target::Unused => false,
        }
    }
}

/// The line fio announces the work with.
fn layout_line(spec: &JobSpec, files: &[&mut PlannedFile]) -> String {
    let mebibytes = files.iter().map(|file| file.size).sum::<u64>() >> 20;
    let name = &spec.name;
    match files.len() {
        1 => format!("{name}: Laying out IO file (1 file / {mebibytes}MiB)"),
        count => format!("{name}: Laying out IO files ({count} files / total {mebibytes}MiB)"),
    }
}

fn lay_out(
    planned: &mut PlannedFile,
    spec: &JobSpec,
    cancel: &AtomicBool,
) -> Result<(), FileError> {
    let path = &planned.path;
    if !spec.files.allow_creation {
        return Err(FileError::CreationForbidden { path: path.clone() });
    }
    make_folders(path, spec)?;
    // Another clone may have made the file since it was planned.
    let (file, former) = match create_new(path) {
        Ok(file) => (file, None),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let file = OpenOptions::new().write(true).open(path);
            let file = file.map_err(|error| system("extend", path, error))?;
            let length = file
                .metadata()
                .map_err(|error| system("look at", path, error))?
                .len();
            (file, Some(length))
        }
        Err(error) => return Err(create_error(path, error)),
    };
    let begin = former.unwrap_or(0);
    if begin >= planned.size {
        return Ok(());
    }
    let end = fill(&file, planned, spec, begin, cancel).map_err(|stop| {
        let cleanup = take_back(&file, path, former);
        let path = path.clone();
        match stop {
            Stop::Cancelled => FileError::Cancelled { path, cleanup },
            Stop::Failed(action, source) => FileError::System {
                action,
                path,
                source,
                cleanup,
            },
        }
    })?;
    // As fio does, whatever `invalidate` says.
    drop_cache(&file, planned.region)
        .map_err(|error| system("drop the cache of", &planned.path, error))?;
    planned.end_at(end)
}

impl PlannedFile {
    /// The storage was full before the file had its size.
    fn end_at(&mut self, end: u64) -> Result<(), FileError> {
        if end < self.size {
            let start = self.region.start;
            self.size = end;
            self.region.length = end.saturating_sub(start);
            if self.region.length == 0 {
                return Err(FileError::NoSpace {
                    path: self.path.clone(),
                });
            }
        }
        Ok(())
    }
}

/// Why a file was not completed.
enum Stop {
    Cancelled,
    Failed(&'static str, io::Error),
}

/// Gives the file its space and, if the job needs them, its contents. Returns where it ends: at its
/// size, or where the storage is full and the job wants it so (`fill_device`).
fn fill(
    file: &File,
    planned: &PlannedFile,
    spec: &JobSpec,
    begin: u64,
    cancel: &AtomicBool,
) -> Result<u64, Stop> {
    // Files that get no data are many and small at times; those, too, must end when asked.
    if cancel.load(Ordering::Relaxed) {
        return Err(Stop::Cancelled);
    }
    if !spec.files.fill {
        reserve(file, spec.fallocate, begin, planned.size, cancel)?;
    }
    if !spec.pattern.read && !spec.overwrite {
        return Ok(planned.size);
    }
    let mut contents = Contents::new(planned.size ^ begin);
    let mut position = begin;
    while position < planned.size {
        if cancel.load(Ordering::Relaxed) {
            return Err(Stop::Cancelled);
        }
        let length = (planned.size - position).min(CHUNK as u64);
        match file.write_all_at(contents.next(length as usize), position) {
            Err(error) if spec.files.fill && is_full(&error) => {
                // Part of the last piece may have found room.
                let metadata = file.metadata();
                position = metadata
                    .map_err(|error| Stop::Failed("look at", error))?
                    .len();
                break;
            }
            written => written.map_err(|error| Stop::Failed("write", error))?,
        }
        position += length;
    }
    if !spec.files.sync_after_creation {
        return Ok(position);
    }
    // Blocks the kernel has yet to write would be in the way of the measurement.
    file.sync_all()
        .map_err(|error| Stop::Failed("sync", error))?;
    Ok(position)
}

/// Whether the storage, or what of it the user may have, is full.
fn is_full(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT))
}

/// Reserves space for the bytes from `begin` to `end`.
fn reserve(
    file: &File,
    how: Fallocate,
    begin: u64,
    end: u64,
    cancel: &AtomicBool,
) -> Result<(), Stop> {
    let flags = match how {
        Fallocate::None => return Ok(()),
        Fallocate::Truncate => return file.set_len(end).map_err(not_reserved),
        Fallocate::Native | Fallocate::Posix => FallocateFlags::empty(),
        Fallocate::KeepSize => FallocateFlags::KEEP_SIZE,
    };
    let mut position = begin;
    while position < end {
        if cancel.load(Ordering::Relaxed) {
            return Err(Stop::Cancelled);
        }
        let length = (end - position).min(RESERVED);
        match (rustix::fs::fallocate(file, flags, position, length), how) {
            (Ok(()), _) => {}
            // Where the file system has no reservation, blocks come with the first write.
            (Err(Errno::OPNOTSUPP | Errno::NOSYS), Fallocate::Native) => return Ok(()),
            // The C library writes to every block in that case.
            (Err(Errno::OPNOTSUPP | Errno::NOSYS), Fallocate::Posix) => {
                return write_zeroes(file, position, end, cancel);
            }
            (Err(error), _) => return Err(not_reserved(error.into())),
        }
        position += length;
    }
    Ok(())
}

fn write_zeroes(file: &File, begin: u64, end: u64, cancel: &AtomicBool) -> Result<(), Stop> {
    let zeroes = vec![0; CHUNK];
    let mut position = begin;
    while position < end {
        if cancel.load(Ordering::Relaxed) {
            return Err(Stop::Cancelled);
        }
        let length = (end - position).min(CHUNK as u64);
        file.write_all_at(&zeroes[..length as usize], position)
            .map_err(not_reserved)?;
        position += length;
    }
    Ok(())
}

const fn not_reserved(error: io::Error) -> Stop {
    Stop::Failed("reserve space for", error)
}

/// Undoes what laying out did to a file.
fn take_back(file: &File, path: &Path, former: Option<u64>) -> Cleanup {
    let (result, done) = match former {
        None => (std::fs::remove_file(path), Cleanup::Removed),
        Some(length) => (file.set_len(length), Cleanup::Restored),
    };
    if result.is_ok() {
        done
    } else {
        Cleanup::LeftIncomplete
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o644).open(path)
}

/// Folders inside a name format are made; folders the user named must exist.
fn make_folders(path: &Path, spec: &JobSpec) -> Result<(), FileError> {
    let nested = spec.file_names.is_empty()
        && spec
            .file_name_format
            .as_ref()
            .is_some_and(|format| format.contains('/'));
    let Some(folder) = path.parent().filter(|_| nested) else {
        return Ok(());
    };
    if spec
        .directories
        .iter()
        .any(|base| folder.starts_with(base) && !base.exists())
    {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(|error| system("create the directory of", path, error))
}

fn create_error(path: &Path, error: io::Error) -> FileError {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.exists() => FileError::MissingDirectory {
            path: path.to_path_buf(),
            directory: folder.to_path_buf(),
        },
        _ => system("create", path, error),
    }
}

/// Contents no storage can compress or find twice (an xorshift sequence).
struct Contents {
    state: u64,
    buffer: Vec<u8>,
}

impl Contents {
    fn new(seed: u64) -> Self {
        Self {
            state: seed | 1,
            buffer: vec![0; CHUNK],
        }
    }

    fn next(&mut self, length: usize) -> &[u8] {
        for chunk in self.buffer[..length.next_multiple_of(8)].chunks_exact_mut(8) {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            chunk.copy_from_slice(&self.state.to_le_bytes());
        }
        &self.buffer[..length]
    }
}
