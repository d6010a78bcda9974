//! What the buffers of writes hold: `buffer_*`, `dedupe_*`, `refill_buffers`, `scramble_buffers`, `zero_buffers`.

use super::pattern::BufferPattern;
use crate::job::value_error::ValueError;

/// Contents of the buffers of writes.
///
/// As in fio, a compression or a share of duplicates goes before `zero`, and a pattern before
/// random bytes; together with a compression, the pattern takes the place of the zeroes.
///
/// ```
/// use fio_engine::job::{JobSpec, Pattern};
///
/// let mut job = JobSpec::new("backup").pattern(Pattern::WRITE);
/// job.buffers.compress_percent = Some(60);
/// job.buffers.dedupe.percent = Some(30);
/// assert!(job.buffers.refills());
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BufferOptions {
    /// New contents for every write (`refill_buffers`). `None` means as the other options need it,
    /// see [`refills`](Self::refills).
    pub refill: Option<bool>,
    /// Small changes to the contents of every write (`scramble_buffers`); only random contents of
    /// which no compression and no duplicates are asked for are changed.
    pub scramble: bool,
    /// Buffers hold zeroes (`zero_buffers`).
    pub zero: bool,
    /// Buffers hold these bytes again and again (`buffer_pattern`).
    pub pattern: Option<BufferPattern>,
    /// Share of each chunk that compresses to nearly nothing, percent 0..=100
    /// (`buffer_compress_percentage`); `None` means not given, which is not the same as 0.
    pub compress_percent: Option<u8>,
    /// Bytes over which random and compressible bytes alternate (`buffer_compress_chunk`); 0 means
    /// the whole block.
    pub compress_chunk: u32,
    /// How many writes repeat the contents of others.
    pub dedupe: DedupeOptions,
}

/// How many writes repeat the contents of others, and which: `dedupe_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DedupeOptions {
    /// Share of writes that repeat another one, percent 0..=100 (`dedupe_percentage`).
    pub percent: Option<u8>,
    /// Which contents are repeated (`dedupe_mode`).
    pub mode: DedupeMode,
    /// Size of the working set in percent of `size`, 0..=100 (`dedupe_working_set_percentage`).
    pub working_set_percent: u8,
    /// Duplicates come from the working sets of all jobs that say so (`dedupe_global`).
    pub global: bool,
}

/// Which contents are repeated: `dedupe_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DedupeMode {
    /// Those of the write before.
    Repeat,
    /// Those of a random one of a set that is settled beforehand.
    WorkingSet,
}

impl Default for BufferOptions {
    fn default() -> Self {
        Self {
            refill: None,
            scramble: true,
            zero: false,
            pattern: None,
            compress_percent: None,
            compress_chunk: 512,
            dedupe: DedupeOptions {
                percent: None,
                mode: DedupeMode::Repeat,
                working_set_percent: 5,
                global: false,
            },
        }
    }
}

impl BufferOptions {
    /// Whether every write gets new contents: as [`refill`](Self::refill) says, else if a
    /// compression other than 0 and 100 percent or a share of duplicates is given.
    #[must_use]
    pub fn refills(&self) -> bool {
        self.refill.unwrap_or_else(|| {
            let partly = self
                .compress_percent
                .is_some_and(|share| (1..100).contains(&share));
            partly || self.dedupe.percent.is_some()
        })
    }

    /// Whether writes draw from a working set.
    pub(crate) fn has_working_set(&self) -> bool {
        self.dedupe.percent.is_some_and(|percent| percent > 0)
            && self.dedupe.mode == DedupeMode::WorkingSet
    }

    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let shares = [
            (
                "compress_percent (buffer_compress_percentage)",
                self.compress_percent,
            ),
            ("dedupe.percent (dedupe_percentage)", self.dedupe.percent),
            (
                "dedupe.working_set_percent (dedupe_working_set_percentage)",
                Some(self.dedupe.working_set_percent),
            ),
        ];
        for (name, share) in shares {
            if let Some(share) = share.filter(|share| *share > 100) {
                let problem = format!("buffers.{name} must be between 0 and 100, not {share}");
                return Err(ValueError::Conflict(problem));
            }
        }
        match &self.pattern {
            Some(pattern) => pattern.validate(),
            None => Ok(()),
        }
    }
}
