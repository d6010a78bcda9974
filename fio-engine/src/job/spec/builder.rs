//! Setters for programs that describe a job without a job file.

use std::path::PathBuf;
use std::time::Duration;

use crate::direction::PerDirection;

use super::{BlockSizes, JobSpec, Pattern};
use crate::job::units::number::SizeOrPercent;

/// Each setter takes the job and gives it back, so that they can be chained; the fields that have no
/// setter are public. [`JobSpec::validate`] says whether the whole makes sense.
///
/// ```
/// use fio_engine::job::{JobSpec, Pattern};
///
/// let job = JobSpec::new("database")
///     .pattern(Pattern::RANDOM_READ_WRITE)
///     .block_size(8192)
///     .file("/var/tmp/database.dat")
///     .size(1 << 30)
///     .engine("libaio")
///     .io_depth(32)
///     .direct(true);
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
impl JobSpec {
    /// Sets directions and order.
    #[must_use]
    pub fn pattern(mut self, pattern: Pattern) -> Self {
        self.pattern = pattern;
        self
    }

    /// Sets one block size in bytes for all directions.
    #[must_use]
    pub fn block_size(mut self, bytes: u64) -> Self {
        self.block_sizes = PerDirection::splat(BlockSizes::Fixed(bytes));
        self
    }

    /// Sets the share of reads in a mixed job, in percent.
    #[must_use]
    pub fn read_mix_percent(mut self, percent: u8) -> Self {
        self.read_mix_percent = percent;
        self
    }

    /// Sets the I/O engine.
    #[must_use]
    pub fn engine(mut self, name: impl Into<String>) -> Self {
        self.engine = name.into();
        self
    }

    /// Sets how many I/Os are kept in flight.
    #[must_use]
    pub fn io_depth(mut self, depth: u32) -> Self {
        self.io_depth = depth;
        self
    }

    /// Bypasses the page cache, or not.
    #[must_use]
    pub fn direct(mut self, direct: bool) -> Self {
        self.direct = direct;
        self
    }

    /// Sets the bytes the job works on.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(SizeOrPercent::Bytes(bytes));
        self
    }

    /// Sets the bytes the job moves before it ends.
    #[must_use]
    pub fn io_size(mut self, bytes: u64) -> Self {
        self.io_size = Some(SizeOrPercent::Bytes(bytes));
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>) -> Self {
        self.file_names.push(name.into());
        self
    }

    /// Adds a folder for the files.
    #[must_use]
    pub fn directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.directories.push(path.into());
        self
    }

    /// Ends the job after this time even if its bytes are not done.
    #[must_use]
    pub fn at_most(mut self, time: Duration) -> Self {
        self.runtime = Some(time);
        self
    }

    /// Runs the job for this time, over its files again and again.
    #[must_use]
    pub fn for_time(mut self, time: Duration) -> Self {
        self.runtime = Some(time);
        self.time_based = true;
        self
    }

    /// Sets the time before statistics count.
    #[must_use]
    pub fn ramp_time(mut self, time: Duration) -> Self {
        self.ramp_time = time;
        self
    }

    /// Sets the number of clones.
    #[must_use]
    pub fn clones(mut self, clones: u32) -> Self {
        self.clones = clones;
        self
    }

    /// Makes the job wait for all jobs before it.
    #[must_use]
    pub fn after_earlier_jobs(mut self) -> Self {
        self.stonewall = true;
        self
    }
}
