//! What an explanation consists of.

use std::path::PathBuf;
use std::time::Duration;

use crate::direction::PerDirection;
use crate::job::JobSpec;

/// What a run would do; see [`explain`](super::explain).
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The jobs in order, each with all its clones.
    pub jobs: Vec<ExplainedJob>,
    /// How long the run takes at most; `None` if a job is bounded by its bytes alone.
    pub longest: Option<Duration>,
}

/// What one job would do.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedJob {
    /// The job, every option resolved.
    pub spec: JobSpec,
    /// Reporting group, from 0.
    pub group: u32,
    /// Jobs of one wave run side by side; each wave waits for the one before.
    pub wave: u32,
    /// The files of all clones, each once; the first [`MOST_FILES`](Self::MOST_FILES) of them.
    pub files: Vec<ExplainedFile>,
    /// Files beyond those.
    pub more_files: u64,
    /// The I/Os of all clones.
    pub ios: PlannedIos,
    /// When the job ends.
    pub time: TimeBound,
    /// What else the job does: when it begins, how fast it goes, what may end it, how its offsets fall.
    pub remarks: Vec<String>,
    /// Options of interest that were not given, and what they are then.
    pub defaults: Vec<(&'static str, String)>,
    /// Options that were given and do nothing.
    pub without_effect: Vec<NoEffect>,
    /// Why the job would fail before its first I/O.
    pub problem: Option<String>,
}

impl ExplainedJob {
    /// Files explained one by one, at most.
    pub const MOST_FILES: usize = 10_000;

    /// Existing bytes that the job may overwrite or discard, in the files that are listed.
    #[must_use]
    pub fn overwritten_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.overwritten).sum()
    }
}

/// One file of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedFile {
    /// Where it is.
    pub path: PathBuf,
    /// What happens to it before the first I/O.
    pub action: FileAction,
    /// First byte the job uses.
    pub start: u64,
    /// Bytes the job uses from there on.
    pub length: u64,
    /// Existing bytes in that part that the job may overwrite or discard.
    pub overwritten: u64,
    /// The file is removed after the job.
    pub removed: bool,
}

/// What happens to a file before the first I/O.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileAction {
    /// It is made, this many bytes long.
    Create(u64),
    /// It has the first number of bytes and gets the second.
    Extend(u64, u64),
    /// It is used as it is.
    Use,
    /// It is a block device.
    BlockDevice,
    /// It is a character device.
    CharacterDevice,
}

/// I/Os a job issues if nothing ends it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedIos {
    /// I/Os of each direction. In a trimwrite job each trimmed block is written, too.
    pub count: PerDirection<u64>,
    /// Bytes of each direction.
    pub bytes: PerDirection<u64>,
    /// `fsync` and `fdatasync` calls between I/Os.
    pub synchronisations: u64,
    /// Whether the numbers are exact; otherwise they are extrapolated from the first of many.
    pub exact: bool,
    /// The job goes on until its time is over; the numbers are those of its first I/Os and tell
    /// shares only.
    pub endless: bool,
}

impl Default for PlannedIos {
    fn default() -> Self {
        Self {
            count: PerDirection::default(),
            bytes: PerDirection::default(),
            synchronisations: 0,
            exact: true,
            endless: false,
        }
    }
}

impl PlannedIos {
    /// Adds those of another clone.
    pub(super) fn add(&mut self, other: Self) {
        let sum = |one: PerDirection<u64>, other: PerDirection<u64>| {
            PerDirection([0, 1, 2].map(|index: usize| one.0[index].saturating_add(other.0[index])))
        };
        self.count = sum(self.count, other.count);
        self.bytes = sum(self.bytes, other.bytes);
        self.synchronisations += other.synchronisations;
        self.exact &= other.exact;
        self.endless |= other.endless;
    }
}

/// When a job ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBound {
    /// The job ends when its I/Os are done, if its time is not over before.
    pub by_ios: bool,
    /// The time it takes at least for all its I/Os, by its rates and pauses; zero if it has neither.
    pub at_least: Duration,
    /// The longest time it takes, start delay and ramp time included, if that is known.
    pub at_most: Option<Duration>,
}

/// An option that was given and does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoEffect {
    /// Its main name.
    pub option: &'static str,
    /// Why.
    pub reason: String,
}
