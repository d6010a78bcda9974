//! The files of one clone, from their layout to their removal.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::job_loop::JobFailure;
use super::plan::JobClone;
use crate::files::{FileError, FileSet};
use crate::workload::{FileRegion, RandomRule};

/// Files that are laid out and can be opened.
#[derive(Debug)]
pub(super) struct Storage {
    set: FileSet,
    regions: Vec<FileRegion>,
    names: Vec<String>,
    uses_files: bool,
}

impl Storage {
    /// Creates and lays out what is missing.
    pub(super) fn prepare(
        clone: &JobClone,
        rule: RandomRule,
        needs_files: bool,
        stop: &AtomicBool,
        report: &mut dyn FnMut(&str),
    ) -> Result<Self, JobFailure> {
        let mut set = FileSet::plan(
            &clone.spec,
            clone.clone_index,
            clone.number(),
            rule,
            needs_files,
            stop,
        )
        .map_err(|error| failure(&error))?;
        if needs_files {
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
            uses_files: needs_files,
        })
    }

    /// Where the files are, if the engine uses any.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let files = if self.uses_files {
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

    /// Opens the files in the mode the job needs.
    pub(super) fn open(
        &self,
        clone: &JobClone,
        stop: &AtomicBool,
    ) -> Result<Arc<[File]>, JobFailure> {
        if clone.spec.files.pre_read && self.uses_files {
            self.set.pre_read(stop).map_err(|error| failure(&error))?;
        }
        let files = self
            .set
            .open(&clone.spec)
            .map_err(|error| failure(&error))?;
        Ok(files.into())
    }

    /// Removes the files if the job wants that.
    pub(super) fn clean_up(&self, clone: &JobClone) -> Result<(), JobFailure> {
        if !(clone.spec.unlink && self.uses_files) {
            return Ok(());
        }
        self.set.remove().map_err(|error| failure(&error))
    }
}

fn failure(error: &FileError) -> JobFailure {
    JobFailure::new(error.error_number(), error.to_string())
}
