//! A job while its options are still being read.
//!
//! Some options cannot be settled before the whole section is known: block sizes, whose three
//! options override each other whatever their order, and everything that depends on the depth. A
//! [`Draft`] keeps them apart until [`Draft::finish`].

use std::path::{Path, PathBuf};

use crate::direction::{Direction, PerDirection};

use super::zone_draft::ZoneDraft;
use crate::job::spec::preconditioning::Preconditioning;
use crate::job::spec::{BlockSizes, JobSpec, Measure};
use crate::job::units::KbBase;
use crate::job::value_error::ValueError;

/// A job in the making.
#[derive(Debug, Clone)]
pub(in crate::job) struct Draft {
    pub(in crate::job) spec: JobSpec,
    /// The title of the section.
    section: String,
    pub(super) block_size: PerDirection<Option<u64>>,
    pub(super) block_size_range: PerDirection<Option<(u64, u64)>>,
    pub(super) block_size_split: PerDirection<Option<Vec<(u64, u8)>>>,
    pub(super) zones: ZoneDraft,
    /// `sprandom`, which the options below belong to.
    pub(super) preconditions: bool,
    pub(super) preconditioning: Preconditioning,
    /// `gtod_reduce`: all measurements off, whatever the options for single ones say.
    pub(super) reduce_clock_reads: bool,
    /// `nrfiles` was given.
    pub(super) file_count_given: bool,
    /// How many of the files that are named are used, from the first on: what `nrfiles` said last, and those that
    /// were named after it.
    pub(super) named_files_used: usize,
    /// The folder of each file that was named in a section read to its end.
    folders: Vec<PathBuf>,
    /// The number of CPUs that `cpus_allowed` may name.
    pub(super) cpus: usize,
    /// Remarks on the section being read.
    pub(in crate::job) remarks: Vec<String>,
}

impl Draft {
    pub(in crate::job) fn new(cpus: usize) -> Self {
        Self {
            spec: JobSpec::new("job"),
            section: String::new(),
            block_size: PerDirection::splat(None),
            block_size_range: PerDirection::splat(None),
            block_size_split: PerDirection::splat(None),
            zones: ZoneDraft::default(),
            preconditions: false,
            preconditioning: Preconditioning::default(),
            reduce_clock_reads: false,
            file_count_given: false,
            named_files_used: 0,
            folders: Vec::new(),
            cpus,
            remarks: Vec::new(),
        }
    }

    /// The draft of the next job: everything so far is its default.
    pub(in crate::job) fn for_job(&self, name: String) -> Self {
        let mut draft = self.clone();
        draft.spec.name.clone_from(&name);
        draft.section = name;
        draft.spec.given_options.clear();
        draft.remarks.clear();
        draft
    }

    pub(in crate::job) fn kb_base(&self) -> KbBase {
        if self.spec.kb_base == 1000 {
            KbBase::Decimal
        } else {
            KbBase::Binary
        }
    }

    /// Settles what depends on several options, checks the whole, and gives the job and the
    /// remarks on it.
    pub(in crate::job) fn finish(mut self) -> Result<(JobSpec, Vec<String>), ValueError> {
        for direction in Direction::ALL {
            self.spec.block_sizes[direction] = self.block_sizes(direction);
        }
        if self.reduce_clock_reads {
            self.spec.measure = Measure {
                submission_latency: false,
                completion_latency: false,
                total_latency: false,
                bandwidth: false,
            };
        }
        self.zones.settle(&mut self.spec)?;
        self.spec.order.preconditioning = self.preconditions.then_some(self.preconditioning);
        self.settle_files()?;
        self.settle_logs();
        self.settle_time();
        self.settle_depths();
        self.spec.validate()?;
        Ok((self.spec, self.remarks))
    }

    /// `bssplit` goes before `bsrange`, and that before `bs`.
    fn block_sizes(&mut self, direction: Direction) -> BlockSizes {
        let sizes = match (
            self.block_size_split[direction].take(),
            self.block_size_range[direction],
        ) {
            (Some(split), _) => BlockSizes::Split(split),
            (None, Some((low, high))) => BlockSizes::Range(low, high),
            (None, None) => BlockSizes::Fixed(self.block_size[direction].unwrap_or(4096)),
        };
        // Like fio, nothing is drawn where there is nothing to choose from.
        if sizes.min() == sizes.max() {
            BlockSizes::Fixed(sizes.min())
        } else {
            sizes
        }
    }

    /// Adds to the files that are named. An `nrfiles` before the first of them does not count.
    pub(super) fn name_files(&mut self, names: Vec<String>) {
        if self.spec.file_names.is_empty() {
            self.named_files_used = 0;
        }
        self.named_files_used = self.named_files_used.saturating_add(names.len());
        self.spec.file_names.extend(names);
    }

    /// Files named in this section are in the folder it has, whatever the sections after it say: fio looks at
    /// `directory` when it reads `filename`, and at that last.
    pub(in crate::job) fn place_files(&mut self) {
        let folder = self.spec.directories.first().cloned().unwrap_or_default();
        self.folders.resize(self.spec.file_names.len(), folder);
    }

    /// Puts folders into the names where they are not those of the job.
    fn settle_folders(&mut self) -> Result<(), ValueError> {
        let spec = &mut self.spec;
        let own = spec
            .directories
            .first()
            .map_or_else(|| Path::new(""), PathBuf::as_path);
        if self.folders.iter().all(|folder| folder == own) {
            return Ok(());
        }
        for (name, folder) in spec.file_names.iter_mut().zip(&self.folders) {
            let placed = folder.join(&name).into_os_string().into_string();
            *name = placed.map_err(|path| {
                let shown = path.to_string_lossy();
                ValueError::Conflict(format!("the path {shown} must be UTF-8"))
            })?;
        }
        spec.directories.clear();
        Ok(())
    }

    fn settle_files(&mut self) -> Result<(), ValueError> {
        if self.spec.name != self.section {
            self.spec.files.stem = Some(std::mem::take(&mut self.section));
        }
        let given = self.file_count_given.then_some(self.spec.file_count);
        let names = &mut self.spec.file_names;
        if self.spec.files.folder.is_some() {
            self.spec.files.most = given;
            self.spec.file_count = given.unwrap_or(1);
        } else if !names.is_empty() {
            names.truncate(self.named_files_used);
            // No job file is long enough to name more.
            self.spec.file_count = u32::try_from(names.len()).unwrap_or(u32::MAX);
        }
        self.settle_folders()
    }

    /// As in fio, a job that replays a log writes none.
    fn settle_logs(&mut self) {
        let replay = &mut self.spec.replay;
        if replay.replays() && replay.write_log.take().is_some() {
            self.remark("write_iolog is ignored, since read_iolog replays a log");
        }
    }

    fn settle_time(&mut self) {
        if self.spec.time_based && self.spec.runtime.is_none() {
            self.spec.time_based = false;
            self.remark("time_based is ignored, since it needs a runtime");
        }
    }

    /// Brings the batch sizes into the depth, as fio does.
    fn settle_depths(&mut self) {
        let depth = self.spec.io_depth;
        let capped = [
            ("iodepth_batch", &mut self.spec.submit_batch),
            (
                "iodepth_batch_complete_min",
                &mut self.spec.complete_batch_min,
            ),
            ("iodepth_low", &mut self.spec.io_depth_low),
        ];
        for (name, value) in capped {
            if *value > depth {
                *value = depth;
                self.remarks
                    .push(format!("{name} is reduced to the iodepth of {depth}"));
            }
        }
        let minimum = self.spec.complete_batch_min;
        if let Some(maximum) = &mut self.spec.complete_batch_max {
            let settled = (*maximum).clamp(minimum.max(1), depth);
            if settled != *maximum {
                *maximum = settled;
                self.remark(&format!(
                    "iodepth_batch_complete_max is set to {settled}, to lie between \
                     iodepth_batch_complete_min and iodepth"
                ));
            }
        }
    }

    pub(super) fn remark(&mut self, remark: &str) {
        self.remarks.push(remark.to_owned());
    }
}
