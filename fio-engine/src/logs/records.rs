//! What a job notes of an I/O: one record from which the entries of several logs are made.

use super::model::{LogKind, LogSample};
use crate::direction::Direction;

/// A completed I/O. Times in nanoseconds since the job's statistics count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Completed {
    pub(super) completed: u64,
    /// From submission to completion.
    pub(super) completion_latency: u64,
    /// From creation to completion.
    pub(super) total_latency: u64,
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) priority: u16,
    pub(super) direction: Direction,
}

/// A submitted I/O. Times in nanoseconds since the job's statistics count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Submitted {
    pub(super) submitted: u64,
    /// From creation to submission.
    pub(super) submission_latency: u64,
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) priority: u16,
    pub(super) direction: Direction,
}

const NANOS_PER_MILLISECOND: u64 = 1_000_000;

impl Completed {
    /// The entry of one log. As in fio the bandwidth is in units of 1000 bytes per second here, and
    /// only the log of completion latency has the time of issue.
    pub(super) fn sample(&self, kind: LogKind, epoch_ms: u64) -> LogSample {
        let (value, issue_time) = match kind {
            LogKind::Bandwidth => (self.bandwidth(), 0),
            LogKind::Iops => (1, 0),
            LogKind::TotalLatency => (self.total_latency, 0),
            _ => (
                self.completion_latency,
                self.completed.saturating_sub(self.completion_latency),
            ),
        };
        LogSample {
            time_ms: epoch_ms + self.completed / NANOS_PER_MILLISECOND,
            value,
            maximum: 0,
            direction: self.direction,
            block_size: self.length.into(),
            offset: self.offset,
            priority: self.priority,
            issue_time,
        }
    }

    fn bandwidth(&self) -> u64 {
        u64::from(self.length) * 1_000_000 / self.completion_latency.max(1)
    }
}

impl Submitted {
    /// The entry of the log of submission latency.
    pub(super) fn sample(&self, epoch_ms: u64) -> LogSample {
        LogSample {
            time_ms: epoch_ms + self.submitted / NANOS_PER_MILLISECOND,
            value: self.submission_latency,
            maximum: 0,
            direction: self.direction,
            block_size: self.length.into(),
            offset: self.offset,
            priority: self.priority,
            issue_time: self.submitted,
        }
    }
}

impl Default for Completed {
    fn default() -> Self {
        Self {
            completed: 0,
            completion_latency: 0,
            total_latency: 0,
            offset: 0,
            length: 0,
            priority: 0,
            direction: Direction::Read,
        }
    }
}

impl Default for Submitted {
    fn default() -> Self {
        Self {
            submitted: 0,
            submission_latency: 0,
            offset: 0,
            length: 0,
            priority: 0,
            direction: Direction::Read,
        }
    }
}
