//! What logs consist of.

use std::fmt;

use crate::direction::Direction;
use crate::job::Measure;

/// What a log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogKind {
    /// Total latency, nanoseconds (`lat`).
    TotalLatency,
    /// Completion latency, nanoseconds (`clat`).
    CompletionLatency,
    /// Submission latency, nanoseconds (`slat`).
    SubmissionLatency,
    /// Bandwidth: KiB/s over an interval, units of 1000 bytes/s of a single I/O (`bw`).
    Bandwidth,
    /// I/Os per second over an interval, 1 for a single I/O (`iops`).
    Iops,
    /// Histograms of completion latency (`clat_hist`).
    Histogram,
}

impl LogKind {
    /// The word in the name of its file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TotalLatency => "lat",
            Self::CompletionLatency => "clat",
            Self::SubmissionLatency => "slat",
            Self::Bandwidth => "bw",
            Self::Iops => "iops",
            Self::Histogram => "clat_hist",
        }
    }

    /// Whether, without an interval, it is made of completed I/Os.
    pub(super) const fn is_of_completions(self) -> bool {
        !matches!(self, Self::SubmissionLatency | Self::Histogram)
    }

    /// Whether it has an entry for each of them, if that is measured. The log of IOPS needs a time that
    /// was taken for something else than total latency, as fio's does.
    pub(super) const fn has_completions(self, measure: Measure) -> bool {
        match self {
            Self::Bandwidth => measure.bandwidth,
            Self::Iops => {
                measure.bandwidth || measure.completion_latency || measure.submission_latency
            }
            Self::CompletionLatency | Self::TotalLatency => true,
            Self::SubmissionLatency | Self::Histogram => false,
        }
    }
}

impl fmt::Display for LogKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The columns of a log that are not always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogColumns {
    /// The largest value of the interval beside the mean (`log_window_value=both`).
    pub maximum: bool,
    /// The offset (`log_offset`).
    pub offset: bool,
    /// The whole priority (`log_prio`); otherwise whether it is of the highest class.
    pub priority: bool,
    /// The time of issue (`log_issue_time`).
    pub issue_time: bool,
}

/// One entry of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSample {
    /// Milliseconds since the job's statistics count, or since the epoch the job chose.
    pub time_ms: u64,
    /// See [`LogKind`] for the unit.
    pub value: u64,
    /// The largest value; shown with [`LogColumns::maximum`] only.
    pub maximum: u64,
    /// What the I/O did.
    pub direction: Direction,
    /// Bytes of the I/O; 0 in a log with an interval.
    pub block_size: u64,
    /// Where the I/O began in its file, bytes; 0 in a log with an interval.
    pub offset: u64,
    /// Priority of the I/O as `ioprio_set(2)` takes it: the class in the three highest bits.
    pub priority: u16,
    /// Nanoseconds since the job's start at which the I/O was issued; 0 where fio has none.
    pub issue_time: u64,
}

/// One entry of a log of histograms: the I/Os of one direction since the entry before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistogramSample {
    /// Milliseconds, as in [`LogSample`].
    pub time_ms: u64,
    /// What the I/Os did.
    pub direction: Direction,
    /// Bytes of the last I/O.
    pub block_size: u64,
    /// Where the last I/O began in its file, bytes.
    pub offset: u64,
    /// Buckets of a [`Histogram`](crate::stats::Histogram) that are not empty, ascending, and how
    /// many latencies are in them.
    pub counts: Vec<(u16, u64)>,
}

impl HistogramSample {
    /// Bytes of its counts.
    pub(super) const fn bytes(&self) -> u64 {
        (self.counts.len() * size_of::<(u16, u64)>()) as u64
    }
}

/// Whether and how a log is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogCompression {
    /// Not at all.
    #[default]
    None,
    /// In memory (`log_compression`), the file is text.
    Memory,
    /// In the file, too (`log_store_compressed`).
    Stored,
}
