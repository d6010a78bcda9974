//! The files of one clone, from their layout to their removal.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::job_loop::JobFailure;
use super::plan::JobClone;
use crate::files::{FileError, FileSet};
use crate::io::FileUse;
use crate::workload::{FileRegion, RandomRule};

/// Files that are laid out and can be opened.
#[derive(Debug)]
pub(super) struct Storage {
    set: FileSet,
    regions: Vec<FileRegion>,
    names: Vec<String>,
    files: FileUse,
}

impl Storage {
    /// Creates and lays out what is missing.
    pub(super) fn prepare(
        clone: &JobClone,
        rule: RandomRule,
        files: FileUse,
        stop: &AtomicBool,
        report: &mut dyn FnMut(&str),
    ) -> Result<Self, JobFailure> {
        let mut set = FileSet::plan(
            &clone.spec,
            clone.clone_index,
            clone.number(),
            rule,
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
        })
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
        let files = self.set.open(&clone.spec, self.files);
        let files = files.map_err(|error| failure(&error))?;
        Ok(files.into())
    }

    /// Removes the files if the job wants that.
    pub(super) fn clean_up(&self, clone: &JobClone) -> Result<(), JobFailure> {
        if !clone.spec.unlink || self.files == FileUse::None {
            return Ok(());
        }
        self.set.remove().map_err(|error| failure(&error))
    }
}

fn failure(error: &FileError) -> JobFailure {
    JobFailure::new(error.error_number(), error.to_string())
}
