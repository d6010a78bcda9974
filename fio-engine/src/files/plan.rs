//! Which files a clone works on, how large they are, and which part of each it uses.

use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::job::{FileKind, JobSpec, RandomGenerator, SizeOrPercent};
use crate::workload::{FileRegion, RandomRule, Seeds, Stream, name_hash};

use super::error::{Cleanup, FileError};
use super::names;

/// The files of one clone of a job. See the [module documentation](super).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSet {
    pub(super) files: Vec<PlannedFile>,
}

/// One file of a [`FileSet`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFile {
    /// Where it is.
    pub path: PathBuf,
    /// What the name stands for before anything was done.
    pub target: Target,
    /// Bytes the file must have for the job.
    pub size: u64,
    /// The part the job works on.
    pub region: FileRegion,
}

/// What a file name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Nothing yet; a regular file will be made.
    Missing,
    /// A regular file of this size in bytes.
    Regular(u64),
    /// A block device of this size in bytes.
    BlockDevice(u64),
    /// A character device such as `/dev/zero`; it has no size.
    CharacterDevice,
    /// A name only: the engine uses no files.
    Unused,
}

impl FileSet {
    /// Decides names, sizes and regions; looks at existing files, but changes nothing.
    ///
    /// `clone` is the clone's number within its job, from 0; `job_number` counts from 1 over all
    /// clones of all jobs and, with the rule, seeds the draw of `filesize` ranges. Engines that
    /// need no files get a plan from the job's sizes alone. Setting `cancel` ends the work: a job may
    /// have a million files.
    ///
    /// # Errors
    /// No size is known, the offset lies behind the end, a name is no file or block device, a
    /// device is too small, or the system refuses to tell.
    pub fn plan(
        spec: &JobSpec,
        clone: u32,
        job_number: u32,
        rule: RandomRule,
        needs_files: bool,
        cancel: &AtomicBool,
    ) -> Result<Self, FileError> {
        let seeds = Seeds::new(spec, job_number, rule);
        Self::plan_seeded(spec, clone, &seeds, needs_files, cancel)
    }

    /// The plan of a clone with these seeds.
    pub(crate) fn plan_seeded(
        spec: &JobSpec,
        clone: u32,
        seeds: &Seeds,
        needs_files: bool,
        cancel: &AtomicBool,
    ) -> Result<Self, FileError> {
        let count = names::count(spec);
        let wide = spec.random_generator == RandomGenerator::Tausworthe64;
        let mut draw = seeds.stream(Stream::FileSize, wide);
        let files = names::one_by_one(spec, clone).map(|path| {
            let path = path?;
            if cancel.load(Ordering::Relaxed) {
                let cleanup = Cleanup::Untouched;
                return Err(FileError::Cancelled { path, cleanup });
            }
            let target = if needs_files {
                look(&path, spec.files.kind)?
            } else {
                Target::Unused
            };
            let wanted = Wanted {
                clone,
                file_size: spec.file_size.map(|(low, high)| {
                    let size = low + draw.below(high.saturating_sub(low) as f64);
                    size - size % smallest_block(spec)
                }),
                share: match spec.size {
                    Some(SizeOrPercent::Bytes(bytes)) => Some(bytes / count),
                    None if spec.files.fill && !matches!(target, Target::BlockDevice(_)) => {
                        Some(ENDLESS / count)
                    }
                    _ => None,
                },
            };
            wanted.plan(spec, path, target)
        });
        Ok(Self {
            files: files.collect::<Result<_, _>>()?,
        })
    }

    /// The files, in the order requests number them.
    #[must_use]
    pub fn files(&self) -> &[PlannedFile] {
        &self.files
    }

    /// The regions, as a [`Generator`](crate::workload::Generator) takes them.
    #[must_use]
    pub fn regions(&self) -> Vec<FileRegion> {
        self.files.iter().map(|file| file.region).collect()
    }
}

/// What the job says about the size of one file.
struct Wanted {
    file_size: Option<u64>,
    /// The file's share of `size`, if that is in bytes.
    share: Option<u64>,
    /// The clone's number within its job, from 0.
    clone: u32,
}

impl Wanted {
    fn plan(
        &self,
        spec: &JobSpec,
        path: PathBuf,
        target: Target,
    ) -> Result<PlannedFile, FileError> {
        let existing = match target {
            Target::Regular(size) | Target::BlockDevice(size) => size,
            Target::Missing | Target::CharacterDevice | Target::Unused => 0,
        };
        let given = self.file_size.or(self.share).filter(|&size| size > 0);
        // Percentages are of the file where it exists, else of what it is to become.
        let base = if existing > 0 {
            existing
        } else {
            given.unwrap_or(0)
        };
        let start = match spec.offset {
            _ if spec.files.append && matches!(target, Target::Regular(_)) => existing,
            _ if spec.files.append && target == Target::Missing => 0,
            offset => begin(spec, offset, self.clone, base),
        };
        let size = match (self.file_size, given, spec.size) {
            (_, _, Some(SizeOrPercent::Percent(percent))) => {
                let whole = self.file_size.unwrap_or(existing);
                let length = part_of(whole, percent, smallest_block(spec));
                start.saturating_add(length).min(whole)
            }
            (Some(size), ..) => size,
            (None, Some(share), _) => start.saturating_add(share),
            (None, None, _) => existing,
        };
        check(&path, target, start, size)?;
        let length = size - start;
        Ok(PlannedFile {
            region: FileRegion {
                start,
                length,
                name_hash: name_hash(path.as_os_str().as_bytes()),
            },
            path,
            target,
            size,
        })
    }
}

/// Where a clone begins in a file of `base` bytes.
fn begin(spec: &JobSpec, offset: SizeOrPercent, clone: u32, base: u64) -> u64 {
    let increment = spec.order.offset_increment;
    let bytes = |size| match size {
        SizeOrPercent::Bytes(bytes) => bytes,
        SizeOrPercent::Percent(percent) => share_of(base, percent),
    };
    let start = bytes(increment)
        .saturating_mul(clone.into())
        .saturating_add(bytes(offset));
    let in_percent = |size| matches!(size, SizeOrPercent::Percent(_));
    if !in_percent(offset) && !in_percent(increment) {
        return start;
    }
    let alignment = match spec.order.begin_alignment {
        0 => smallest_block(spec),
        alignment => alignment,
    };
    start.checked_next_multiple_of(alignment).unwrap_or(start)
}

fn check(path: &Path, target: Target, start: u64, size: u64) -> Result<(), FileError> {
    let path = || path.to_path_buf();
    if size == 0 {
        return Err(FileError::NoSize { path: path() });
    }
    if start >= size {
        return Err(FileError::OffsetBeyondEnd {
            path: path(),
            offset: start,
            size,
        });
    }
    match target {
        Target::BlockDevice(available) if size > available => Err(FileError::DeviceTooSmall {
            path: path(),
            available,
            needed: size,
        }),
        _ => Ok(()),
    }
}

/// Bytes no storage has: the size of jobs that write until theirs is full (`fill_device`), shared by
/// their files. Sums of sizes and offsets stay within what the system can count.
pub(super) const ENDLESS: u64 = 1 << 62;

fn share_of(size: u64, percent: u8) -> u64 {
    (u128::from(size) * u128::from(percent) / 100) as u64
}

/// The part of a file that `size` in percent takes: whole blocks of it, as in fio.
fn part_of(size: u64, percent: u8, block: u64) -> u64 {
    match percent {
        100.. => size,
        _ => share_of(size, percent) / block * block,
    }
}

/// The smallest block size of all directions, used or not: fio's `min_bs`.
fn smallest_block(spec: &JobSpec) -> u64 {
    let sizes = spec.block_sizes.iter().map(|(_, sizes)| sizes.min());
    sizes.min().unwrap_or(1).max(1)
}

/// What a name stands for.
pub(super) fn look(path: &Path, kind: Option<FileKind>) -> Result<Target, FileError> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                && matches!(kind, None | Some(FileKind::Regular)) =>
        {
            return missing(path);
        }
        Err(error) => return Err(system("look at", path, error)),
    };
    match kind {
        None => {}
        Some(FileKind::Regular) => return Ok(Target::Regular(metadata.len())),
        Some(FileKind::BlockDevice) => return device(path),
        Some(FileKind::CharacterDevice) => return Ok(Target::CharacterDevice),
    }
    if let Some(kind) = wrong_kind(&metadata) {
        return Err(FileError::WrongKind {
            path: path.to_path_buf(),
            kind,
        });
    }
    if metadata.file_type().is_block_device() {
        return device(path);
    }
    if metadata.file_type().is_char_device() {
        return Ok(Target::CharacterDevice);
    }
    Ok(Target::Regular(metadata.len()))
}

fn device(path: &Path) -> Result<Target, FileError> {
    let size = File::open(path).and_then(|mut device| device.seek(SeekFrom::End(0)));
    let size = size.map_err(|error| system("find the size of", path, error))?;
    Ok(Target::BlockDevice(size))
}

/// A name without a file; a link that leads nowhere counts as its target missing.
fn missing(path: &Path) -> Result<Target, FileError> {
    if let Some(name) = path.to_str().filter(|name| name.ends_with('/')) {
        return Err(FileError::WrongKind {
            path: name.into(),
            kind: "directory",
        });
    }
    Ok(Target::Missing)
}

fn wrong_kind(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_dir() {
        Some("directory")
    } else if kind.is_fifo() {
        Some("pipe")
    } else if kind.is_socket() {
        Some("socket")
    } else {
        None
    }
}

pub(super) fn system(action: &'static str, path: &Path, source: io::Error) -> FileError {
    FileError::System {
        action,
        path: path.to_path_buf(),
        source,
        cleanup: Cleanup::Untouched,
    }
}
