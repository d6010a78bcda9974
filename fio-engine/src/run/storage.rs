//! The files of one clone, from their layout to their removal.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::descriptors;
use super::job_loop::{FileSource, JobFailure};
use super::plan::JobClone;
use crate::direction::{Direction, PerDirection};
use crate::files::{FileError, FileSet};
use crate::io::FileUse;
use crate::job::{BlockSizes, JobSpec, Pattern};
use crate::replay::{ReplayError, ReplayGuard, ReplayNeeds, ReplayPlan, ReplaySource};
use crate::workload::{FileRegion, Generator};

/// Files that are laid out and can be opened.
#[derive(Debug)]
pub(super) struct Storage {
    set: FileSet,
    regions: Vec<FileRegion>,
    names: Vec<String>,
    files: FileUse,
    /// Present if the clone replays a log.
    replay: Option<Replay>,
}

/// What becomes of a clone that replays a log.
#[derive(Debug)]
struct Replay {
    plan: ReplayPlan,
    clone: JobClone,
}

impl Storage {
    /// Creates and lays out what is missing.
    pub(super) fn prepare(
        clone: &JobClone,
        files: FileUse,
        stop: &AtomicBool,
        report: &mut dyn FnMut(&str),
    ) -> Result<Self, JobFailure> {
        let mut set = FileSet::plan_seeded(
            &clone.spec,
            clone.clone_index,
            &clone.seeds,
            files != FileUse::None,
            stop,
        )
        .map_err(|error| failure(&error))?;
        if files.lays_out() {
            set.prepare(&clone.spec, stop, report)
                .map_err(|error| failure(&error))?;
        }
        let names = set
            .files()
            .iter()
            .map(|file| file.path.display().to_string())
            .collect();
        Ok(Self {
            regions: set.regions(),
            names,
            set,
            files,
            replay: None,
        })
    }

    /// Looks through the log that the clone replays, and makes its files ready.
    pub(super) fn replay(
        clone: &JobClone,
        files: FileUse,
        guard: Option<&ReplayGuard>,
        stop: &AtomicBool,
        report: &mut dyn FnMut(&str),
    ) -> Result<Self, JobFailure> {
        let failed = |error: &ReplayError| JobFailure::replay(error);
        let plan = ReplayPlan::new(&clone.spec.replay, clone.clone_index, stop)
            .map_err(|error| failed(&error))?;
        if let Some(remark) = plan.remark() {
            report(&format!("fio: {}: {remark}", clone.spec.name));
        }
        let spec = spec_of_log(&clone.spec, &plan);
        let needs = ReplayNeeds {
            job: &spec.name,
            files: plan.files(),
            buffer_bytes: plan.largest().saturating_mul(spec.io_depth.into()),
        };
        if let Some(guard) = guard {
            guard(&needs).map_err(|reason| {
                let path = plan.path().to_owned();
                failed(&ReplayError::Refused { path, reason })
            })?;
        }
        descriptors::provide(plan.files().len() as u64);
        let changes = spec.pattern.write || spec.pattern.trim;
        let set = FileSet::of_log(plan.files(), files.opens()).map_err(|error| failure(&error))?;
        set.complete_log(changes).map_err(|error| failure(&error))?;
        let names = set
            .files()
            .iter()
            .map(|file| file.path.display().to_string());
        let region = FileRegion {
            start: 0,
            length: plan.largest().max(SOME_BLOCK),
            name_hash: 0,
        };
        let clone = JobClone {
            spec: Arc::new(spec),
            ..clone.clone()
        };
        Ok(Self {
            regions: vec![region],
            names: names.collect(),
            set,
            files,
            replay: Some(Replay { plan, clone }),
        })
    }

    /// The clone as it runs: what a log says of its I/O takes the place of its options.
    pub(super) fn clone_on_it<'a>(&'a self, clone: &'a JobClone) -> &'a JobClone {
        self.replay.as_ref().map_or(clone, |replay| &replay.clone)
    }

    /// The I/Os of the log, if the clone replays one.
    pub(super) fn source(&self) -> Result<Option<ReplaySource>, JobFailure> {
        let source = self.replay.as_ref().map(|replay| replay.plan.source());
        source
            .transpose()
            .map_err(|error| JobFailure::replay(&error))
    }

    /// Where the files are, if the engine uses any.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let files = if self.files != FileUse::None {
            self.set.files()
        } else {
            &[]
        };
        files.iter().map(|file| file.path.as_path())
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn regions(&self) -> &[FileRegion] {
        &self.regions
    }

    /// The paths, for an engine that wants no more.
    pub(super) fn paths_for_engine(&self) -> Arc<[PathBuf]> {
        if self.files.names_only() {
            self.paths().map(Path::to_path_buf).collect()
        } else {
            Arc::default()
        }
    }

    /// Opens the files in the mode the engine needs.
    pub(super) fn open(
        &self,
        clone: &JobClone,
        stop: &AtomicBool,
    ) -> Result<Arc<[File]>, JobFailure> {
        if !self.files.opens() {
            return Ok(Arc::default());
        }
        if clone.spec.files.pre_read {
            self.set.pre_read(stop).map_err(|error| failure(&error))?;
        }
        if let Some(slots) = self.slots(&clone.spec) {
            // Each slot has its descriptor from the beginning; the files come when they are due.
            let open = |_| File::open("/dev/null");
            let slots: Result<Vec<_>, _> = (0..slots).map(open).collect();
            return slots.map(Into::into).map_err(|error| {
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                JobFailure::new(errno, format!("cannot open /dev/null: {error}"))
            });
        }
        let files = self.set.open(&clone.spec, self.files);
        let files = files.map_err(|error| failure(&error))?;
        Ok(files.into())
    }

    /// How many files are open at a time, if not all are (`openfiles`).
    pub(super) fn slots(&self, spec: &JobSpec) -> Option<usize> {
        let limit = spec.files.open_limit? as usize;
        let in_turn = self.replay.is_none() && limit < self.names.len();
        (self.files.opens() && in_turn).then_some(limit)
    }

    /// Tells the generator what the job has to be told of. A log says all of that itself.
    pub(super) fn steer(&self, spec: &JobSpec, generator: &mut Generator) {
        if self.replay.is_some() {
            return;
        }
        if let Some(limit) = spec.files.open_limit {
            generator.open_at_most(limit as usize);
        }
        if self.files != FileUse::None && (spec.drops_cache() || spec.files.unlink_each_loop) {
            generator.announce_passes();
        }
    }

    /// What opens the files of a clone while it runs.
    pub(super) const fn opener<'a>(&'a self, spec: &'a JobSpec) -> Opener<'a> {
        Opener {
            set: &self.set,
            wanted: self.files,
            spec,
        }
    }

    /// Removes the files if the job wants that.
    pub(super) fn clean_up(&self, clone: &JobClone) -> Result<(), JobFailure> {
        if !clone.spec.unlink || self.files == FileUse::None {
            return Ok(());
        }
        self.set.remove().map_err(|error| failure(&error))
    }
}

/// Stands for the block size where a log has no I/O.
const SOME_BLOCK: u64 = 4096;

/// The job with the directions and sizes of a log, and without what makes up I/O.
fn spec_of_log(spec: &JobSpec, plan: &ReplayPlan) -> JobSpec {
    let reads = plan.has(Direction::Read);
    let (writes, trims) = (plan.has(Direction::Write), plan.has(Direction::Trim));
    let new = JobSpec::new(spec.name.clone());
    JobSpec {
        pattern: Pattern {
            read: reads || !(writes || trims),
            write: writes,
            trim: trims,
            ..Pattern::READ
        },
        block_sizes: PerDirection::splat(BlockSizes::Fixed(plan.largest().max(SOME_BLOCK))),
        size: None,
        io_size: None,
        offset: new.offset,
        loops: 1,
        time_based: false,
        fsync_every: 0,
        fdatasync_every: 0,
        ..spec.clone()
    }
}

/// See [`Storage::opener`].
#[derive(Debug)]
pub(super) struct Opener<'a> {
    set: &'a FileSet,
    wanted: FileUse,
    spec: &'a JobSpec,
}

impl FileSource for Opener<'_> {
    fn open(&self, file: usize, create: bool) -> Result<File, JobFailure> {
        let opened = self.set.open_one(file, self.spec, self.wanted, create);
        opened.map_err(|error| failure(&error))
    }

    fn drop_cache(&self, file: usize, handle: &File) -> Result<(), JobFailure> {
        let dropped = self.set.drop_cache(file, handle, self.spec);
        dropped.map_err(|error| failure(&error))
    }

    fn remove(&self, file: usize) -> Result<(), JobFailure> {
        self.set.remove_one(file).map_err(|error| failure(&error))
    }
}

fn failure(error: &FileError) -> JobFailure {
    JobFailure::new(error.error_number(), error.to_string())
}
