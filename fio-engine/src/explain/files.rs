//! What happens to the files of a job.

use std::collections::HashSet;
use std::path::PathBuf;

use super::model::{ExplainedFile, ExplainedJob, FileAction};
use crate::files::{FileSet, PlannedFile, Target};
use crate::job::JobSpec;

/// The files of a job's clones, each once.
pub(super) struct FileList<'a> {
    spec: &'a JobSpec,
    pub(super) files: Vec<ExplainedFile>,
    pub(super) more: u64,
    seen: HashSet<PathBuf>,
}

impl<'a> FileList<'a> {
    pub(super) fn new(spec: &'a JobSpec) -> Self {
        Self {
            spec,
            files: Vec::new(),
            more: 0,
            seen: HashSet::new(),
        }
    }

    pub(super) fn add(&mut self, set: &FileSet) {
        let pattern = self.spec.pattern;
        let changes = (pattern.write || pattern.trim) && !self.spec.files.create_only;
        self.add_those_of_a_log(set, changes);
    }

    /// The files of a log, which alone says whether they are changed.
    pub(super) fn add_those_of_a_log(&mut self, set: &FileSet, changes: bool) {
        for file in set.files() {
            if self.files.len() >= ExplainedJob::MOST_FILES {
                self.more += 1;
            } else if self.seen.insert(file.path.clone()) {
                self.files.push(explain(self.spec, file, changes));
            }
        }
    }
}

fn explain(spec: &JobSpec, file: &PlannedFile, changes: bool) -> ExplainedFile {
    let existing = match file.target {
        Target::Regular(size) | Target::BlockDevice(size) => size,
        Target::Missing | Target::CharacterDevice | Target::Unused => 0,
    };
    let region = file.region;
    ExplainedFile {
        path: file.path.clone(),
        action: action(file),
        start: region.start,
        length: region.length,
        overwritten: if changes {
            existing.saturating_sub(region.start).min(region.length)
        } else {
            0
        },
        removed: spec.unlink && !matches!(file.target, Target::BlockDevice(_)),
    }
}

fn action(file: &PlannedFile) -> FileAction {
    let laid_out = file.is_incomplete();
    match file.target {
        Target::BlockDevice(_) => FileAction::BlockDevice,
        Target::CharacterDevice | Target::Unused => FileAction::CharacterDevice,
        Target::Missing => FileAction::Create(file.size),
        Target::Regular(size) if laid_out => FileAction::Extend(size, file.size),
        Target::Regular(_) => FileAction::Use,
    }
}
