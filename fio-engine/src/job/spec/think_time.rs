//! Pauses between I/Os: fio's `thinktime` family.

use std::time::Duration;

/// When and how long a job pauses, as a program that works with its data would.
///
/// ```
/// use std::time::Duration;
/// use fio_engine::job::JobSpec;
///
/// let mut job = JobSpec::new("thoughtful");
/// job.think_time.time = Duration::from_millis(2);
/// job.think_time.blocks = Some(16);
/// # job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThinkTimeOptions {
    /// How long each pause is (`thinktime`); zero means that there are none unless `cycles` are given.
    pub time: Duration,
    /// The first part of a pause, spent busy (`thinktime_spin`).
    pub spin: Duration,
    /// Turns of an empty loop before each pause, about one cycle of the processor each, which are not
    /// part of `time` (`thinkcycles`). They also come where `time` is zero.
    pub cycles: u32,
    /// I/Os between two pauses (`thinktime_blocks`), 0 counting as 1; `None` means 1, or, where
    /// `io_time` is given, that they do not count.
    pub blocks: Option<u32>,
    /// What counts them (`thinktime_blocks_type`).
    pub trigger: ThinkTrigger,
    /// A pause also begins after this time of I/O (`thinktime_iotime`); zero means that time does not
    /// count.
    pub io_time: Duration,
}

/// What begins a pause: `thinktime_blocks_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThinkTrigger {
    /// I/Os that are over: nothing is in flight during a pause.
    Complete,
    /// I/Os that are issued: those in flight go on during a pause.
    Issue,
}

impl Default for ThinkTimeOptions {
    fn default() -> Self {
        Self {
            time: Duration::ZERO,
            spin: Duration::ZERO,
            cycles: 0,
            blocks: None,
            trigger: ThinkTrigger::Complete,
            io_time: Duration::ZERO,
        }
    }
}
