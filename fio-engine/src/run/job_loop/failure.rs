//! Why a clone ended early.

use std::io;

use super::recorder::TooLate;
use crate::direction::Direction;
use crate::io::{EngineError, Io};
use crate::job::ErrorKind;
use crate::job::IoPriority;
use crate::logs::LogFileError;
use crate::replay::ReplayError;

/// An error that ended a clone: the `errno` value and the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobFailure {
    pub(crate) errno: i32,
    pub(crate) message: String,
    /// The I/O that failed, or what was left of it, if one did: it counts as issued.
    pub(super) failed_io: Option<Io>,
    /// What failed, if the job may go on after that.
    pub(super) kind: Option<ErrorKind>,
}

impl JobFailure {
    pub(crate) fn new(errno: i32, message: impl Into<String>) -> Self {
        Self {
            errno,
            message: message.into(),
            failed_io: None,
            kind: None,
        }
    }

    /// A write found the storage full, or what of it the user may have.
    pub(super) fn is_full_storage(&self) -> bool {
        let full = matches!(self.errno, libc::ENOSPC | libc::EDQUOT);
        full && self
            .failed_io
            .is_some_and(|io| io.direction == Direction::Write)
    }

    fn of_io(self, io: &Io) -> Self {
        Self {
            failed_io: Some(*io),
            kind: Some(match io.direction {
                Direction::Read => ErrorKind::Read,
                _ => ErrorKind::Write,
            }),
            ..self
        }
    }

    /// The run was stopped before the clone could begin.
    pub(crate) fn stopped() -> Self {
        Self::new(libc::ECANCELED, "the run was stopped before this job began")
    }

    /// An I/O took longer than `max_latency` allows.
    #[cold]
    pub(super) fn too_late(file: &str, io: &Io, late: TooLate) -> Self {
        let TooLate { nanos, allowed } = late;
        let Io {
            direction,
            offset,
            length,
            ..
        } = io;
        let message = format!(
            "{direction} of {length} bytes at offset {offset} of {file} took {nanos} ns, more than \
             max_latency allows ({allowed} ns)"
        );
        Self::new(libc::ETIMEDOUT, message)
    }

    /// The thread may not have the job's priority.
    pub(super) fn priority(priority: IoPriority, error: &io::Error) -> Self {
        let errno = error.raw_os_error().unwrap_or(libc::EPERM);
        let hint = if errno == libc::EPERM {
            "; the real-time class needs the capability CAP_SYS_NICE"
        } else {
            ""
        };
        let bits = priority.bits();
        Self::new(
            errno,
            format!("prio, prioclass: cannot set the I/O priority {bits:#06x}: {error}{hint}"),
        )
    }

    /// A log that cannot be replayed or written.
    pub(crate) fn replay(error: &ReplayError) -> Self {
        Self::new(error.error_number(), error.to_string())
    }

    /// Logs that cannot be written.
    pub(crate) fn logs(error: &LogFileError) -> Self {
        Self::new(error.error_number(), error.to_string())
    }

    pub(super) fn engine(name: &str, error: &EngineError) -> Self {
        Self::new(error.errno(), format!("I/O engine {name}: {error}"))
    }

    pub(super) fn io(file: &str, io: &Io, error: &io::Error) -> Self {
        let hint = match error.raw_os_error() {
            Some(libc::EINVAL) => {
                "; with direct=1, block size and offset must be multiples of the device's sector"
            }
            Some(libc::EOPNOTSUPP) => "; this file system or device does not support it",
            _ => "",
        };
        Self::new(
            error.raw_os_error().unwrap_or(libc::EIO),
            format!(
                "{} of {} bytes at offset {} of {file}: {error}{hint}",
                io.direction, io.length, io.offset
            ),
        )
        .of_io(io)
    }

    /// An I/O that moved nothing: the end of the file, or of the space.
    pub(super) fn nothing_moved(file: &str, io: &Io) -> Self {
        let (errno, why) = match io.direction {
            Direction::Read => (libc::EIO, "the file ends there"),
            _ => (libc::ENOSPC, "nothing was written"),
        };
        Self::new(
            errno,
            format!(
                "{} of {} bytes at offset {} of {file}: {why}",
                io.direction, io.length, io.offset
            ),
        )
        .of_io(io)
    }

    pub(super) fn sync(file: &str, call: &str, error: io::Error) -> Self {
        let errno = error.raw_os_error().unwrap_or(libc::EIO);
        Self {
            kind: Some(ErrorKind::Write),
            ..Self::new(errno, format!("{call} of {file}: {error}"))
        }
    }
}
