//! Errors after which a job goes on: `continue_on_error`, `ignore_error`, `error_dump`,
//! `block_error_percentiles`.

use crate::job::value_error::ValueError;

/// The most errors one list of `ignore_error` may have: what fits fio's messages.
pub const MAX_IGNORED_ERRORS: usize = 128;

/// After which errors a job goes on. After none by default.
///
/// ```
/// use fio_engine::job::{ContinueOn, JobSpec};
///
/// let mut job = JobSpec::new("on a failing disk");
/// job.errors.continue_on = ContinueOn::Read;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorOptions {
    /// Kinds of I/O that may fail with `EIO` or `EILSEQ` (`continue_on_error`).
    pub continue_on: ContinueOn,
    /// Errors after which the job goes on, as `errno` values, in place of these two
    /// (`ignore_error`). At most [`MAX_IGNORED_ERRORS`] of each kind.
    pub ignored: IgnoredErrors,
    /// Each such error is told of when it happens (`error_dump`), the first thousand of a job.
    pub dump: bool,
    /// Blocks of the size of trims are told of: how many trims they took until one failed
    /// (`block_error_percentiles`). For jobs that trim.
    pub by_block: bool,
}

/// Kinds of I/O whose errors do not end the job: `continue_on_error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContinueOn {
    /// None.
    #[default]
    None,
    /// Reads.
    Read,
    /// Writes, trims and syncs.
    Write,
    /// All of these.
    Io,
    /// Verification of what was read.
    Verify,
    /// Everything.
    All,
}

/// Errors that do not end a job, by kind of I/O; an empty list stands for the usual ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IgnoredErrors {
    /// Of reads.
    pub read: Vec<i32>,
    /// Of writes, trims and syncs.
    pub write: Vec<i32>,
    /// Of verification.
    pub verify: Vec<i32>,
}

/// What failed, as far as these options tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    Read,
    /// A write, a trim or a sync.
    Write,
}

impl ContinueOn {
    /// All values.
    pub(in crate::job) const ALL: [Self; 6] = [
        Self::None,
        Self::Read,
        Self::Write,
        Self::Io,
        Self::Verify,
        Self::All,
    ];

    /// fio's word, as in `continue_on_error=io`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
            Self::Io => "io",
            Self::Verify => "verify",
            Self::All => "all",
        }
    }
}

impl ErrorOptions {
    /// Whether the job goes on after any error, and so counts them.
    #[must_use]
    pub fn continues(&self) -> bool {
        self.kinds() != [false; 3]
    }

    /// Whether errors of reads, of writes and of verification may be survived. A list of errors
    /// is reason enough, as in fio.
    #[must_use]
    pub fn kinds(&self) -> [bool; 3] {
        use ContinueOn::{All, Io, Read, Verify, Write};
        let of = |kinds: &[ContinueOn], list: &[i32]| {
            kinds.contains(&self.continue_on) || !list.is_empty()
        };
        [
            of(&[Read, Io, All], &self.ignored.read),
            of(&[Write, Io, All], &self.ignored.write),
            of(&[Verify, All], &self.ignored.verify),
        ]
    }

    /// Whether errors of this kind are counted.
    pub(crate) fn counts(&self, kind: ErrorKind) -> bool {
        let [read, write, _] = self.kinds();
        match kind {
            ErrorKind::Read => read,
            ErrorKind::Write => write,
        }
    }

    /// Whether the job goes on after this error.
    pub(crate) fn tolerates(&self, kind: ErrorKind, errno: i32) -> bool {
        /// What fio calls non-fatal.
        const USUAL: [i32; 2] = [libc::EIO, libc::EILSEQ];
        let list = match kind {
            ErrorKind::Read => &self.ignored.read,
            ErrorKind::Write => &self.ignored.write,
        };
        let ignored = if list.is_empty() { &USUAL[..] } else { list };
        self.counts(kind) && ignored.contains(&errno)
    }

    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let lists = [
            &self.ignored.read,
            &self.ignored.write,
            &self.ignored.verify,
        ];
        let fits = |list: &&Vec<i32>| {
            list.len() <= MAX_IGNORED_ERRORS && list.iter().all(|errno| *errno >= 0)
        };
        if lists.iter().all(fits) {
            return Ok(());
        }
        Err(ValueError::Conflict(format!(
            "ignored errors (ignore_error) must be errno values, at most {MAX_IGNORED_ERRORS} of a kind"
        )))
    }
}
