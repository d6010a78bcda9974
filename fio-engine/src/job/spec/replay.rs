//! Recording and replaying I/O: `write_iolog`, `read_iolog`, `replay_*`.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::job::value_error::ValueError;

/// Which I/O log a job writes or replays, and how.
///
/// A job that replays a log takes files, directions, offsets, lengths and times from it; `rw`, `bs`,
/// `size`, `io_size`, `offset`, `filename`, `loops` and `time_based` have no effect.
///
/// ```
/// use fio_engine::job::JobSpec;
///
/// let mut job = JobSpec::new("again");
/// job.replay.read_logs = vec!["recorded.log".into()];
/// job.replay.no_stall = true;
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayOptions {
    /// File the issued I/O is written down in (`write_iolog`), version 3 of the format. What it held
    /// is lost; clones of a job share it.
    pub write_log: Option<PathBuf>,
    /// Logs to replay, one for each clone in turn (`read_iolog`); empty means the job makes its own
    /// I/O. `-` is standard input.
    pub read_logs: Vec<PathBuf>,
    /// Whether the logs are traces that are merged, and how (`merge_blktrace_*`).
    pub merge: TraceMerge,
    /// Logs are read while they are replayed, whatever their length (`read_iolog_chunked`). Long
    /// ones are in any case.
    pub chunked: bool,
    /// I/Os are issued as fast as they complete, not at the times of the log (`replay_no_stall`).
    pub no_stall: bool,
    /// File or device that takes the place of all those of the log (`replay_redirect`).
    pub redirect: Option<PathBuf>,
    /// What offsets are divided by (`replay_scale`); 0 counts as 1.
    pub scale: u32,
    /// Offsets are rounded down to multiples of this, a power of two (`replay_align`); 0 leaves them
    /// alone.
    pub align: u32,
    /// Speed in percent of that of the log (`replay_time_scale`), at least 1.
    pub time_scale: u32,
    /// What is left out (`replay_skip`).
    pub skip: SkippedActions,
}

/// What a replay leaves out: `replay_skip`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SkippedActions {
    /// Reads.
    pub read: bool,
    /// Writes.
    pub write: bool,
    /// Trims.
    pub trim: bool,
    /// Synchronisations of both kinds.
    pub sync: bool,
}

impl SkippedActions {
    /// fio's words, each with whether it is left out.
    #[must_use]
    pub const fn words(self) -> [(&'static str, bool); 4] {
        [
            ("read", self.read),
            ("write", self.write),
            ("trim", self.trim),
            ("sync", self.sync),
        ]
    }
}

/// How traces of the block layer are merged: the `merge_blktrace_*` options.
///
/// The I/Os of all traces come in the order of their times, for every clone, and are written to a file
/// that can be replayed by itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TraceMerge {
    /// Where the merged trace is written (`merge_blktrace_file`); `None` merges nothing. What it held is
    /// lost.
    pub file: Option<PathBuf>,
    /// What the times of each trace are scaled to, percent, in the order of
    /// [`read_logs`](ReplayOptions::read_logs); 100 where there is none (`merge_blktrace_scalars`).
    pub time_percents: Vec<f64>,
    /// How often each trace is gone over; once where there is none, and if it is 0
    /// (`merge_blktrace_iters`).
    pub iterations: Vec<u32>,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self {
            write_log: None,
            read_logs: Vec::new(),
            merge: TraceMerge::default(),
            chunked: false,
            no_stall: false,
            redirect: None,
            scale: 1,
            align: 0,
            time_scale: 100,
            skip: SkippedActions::default(),
        }
    }
}

impl ReplayOptions {
    /// Whether the job replays a log.
    #[must_use]
    pub fn replays(&self) -> bool {
        !self.read_logs.is_empty()
    }

    /// The file the merged traces are written to, if the job replays any.
    #[must_use]
    pub fn merged(&self) -> Option<&Path> {
        self.merge.file.as_deref().filter(|_| self.replays())
    }

    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let fault = |problem: &str| Err(ValueError::Conflict(problem.to_owned()));
        if self.replays() && self.write_log.is_some() {
            return fault("a job that replays a log (read_iolog) writes none (write_iolog)");
        }
        if self.align != 0 && !self.align.is_power_of_two() {
            return fault("replay.align (replay_align) must be a power of two");
        }
        let is_time = |percent: &f64| percent.is_finite() && *percent >= 0.0;
        if !self.merge.time_percents.iter().all(is_time) {
            return fault("replay.merge.time_percents (merge_blktrace_scalars) must be 0 or more");
        }
        if self.time_scale == 0 {
            return fault("replay.time_scale (replay_time_scale) must be at least 1");
        }
        let paths = self
            .read_logs
            .iter()
            .chain(&self.write_log)
            .chain(&self.merge.file)
            .chain(&self.redirect);
        for path in paths {
            let name = path.as_os_str().as_bytes();
            if name.is_empty() || name.contains(&0) {
                return fault("logs and replay_redirect need names without NUL characters");
            }
        }
        Ok(())
    }
}
