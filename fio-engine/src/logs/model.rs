//! A log as programs see it.

use std::fmt;
use std::sync::Arc;

use super::records::{Completed, Submitted};
use super::stock::Stock;
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
    /// In memory (`log_compression`), the file is text. Entries have no offset then, unless the log has
    /// that column.
    Memory,
    /// In the file, too (`log_store_compressed`).
    Stored,
}

/// One log of one job. Two are equal when their entries are, wherever these are kept.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct IoLog {
    /// What it is about.
    pub kind: LogKind,
    /// Name of its file, as fio's [`file_name`](super::file_name); may hold folders.
    pub file_name: String,
    /// Number of the clone that wrote it, from 1 over all jobs (`thread_number`).
    pub thread_number: u32,
    /// The columns it has.
    pub columns: LogColumns,
    /// How often the bins of its histograms are halved, 0..=6.
    pub histogram_coarseness: u8,
    /// The file is this clone's own (`per_job_logs`); otherwise entries are appended to it.
    pub per_job: bool,
    /// How it is kept.
    pub compression: LogCompression,
    /// Entries that were made and not kept, because the memory for logs was used up.
    pub lost: u64,
    pub(super) entries: Entries,
}

/// Where the entries are.
#[derive(Debug, Clone)]
pub(super) enum Entries {
    Completed(Arc<Stock<Completed>>, Epoch),
    Submitted(Arc<Stock<Submitted>>, Epoch),
    Samples(Arc<Stock<LogSample>>),
    Given(Vec<LogSample>),
    Histograms(Arc<Stock<HistogramSample>>),
    GivenHistograms(Vec<HistogramSample>),
}

/// What is added to the time of records, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Epoch(pub(super) u64);

impl IoLog {
    /// A log of these entries, with no columns but those that are always there.
    #[must_use]
    pub fn from_samples(kind: LogKind, file_name: String, samples: Vec<LogSample>) -> Self {
        Self::new(kind, file_name, Entries::Given(samples))
    }

    /// A log of histograms.
    #[must_use]
    pub fn from_histograms(file_name: String, histograms: Vec<HistogramSample>) -> Self {
        let entries = Entries::GivenHistograms(histograms);
        Self::new(LogKind::Histogram, file_name, entries)
    }

    pub(super) fn new(kind: LogKind, file_name: String, entries: Entries) -> Self {
        Self {
            kind,
            file_name,
            thread_number: 1,
            columns: LogColumns::default(),
            histogram_coarseness: 0,
            per_job: true,
            compression: LogCompression::None,
            lost: 0,
            entries,
        }
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.entries {
            Entries::Completed(records, _) => records.len(),
            Entries::Submitted(records, _) => records.len(),
            Entries::Samples(samples) => samples.len(),
            Entries::Given(samples) => samples.len(),
            Entries::Histograms(samples) => samples.len(),
            Entries::GivenHistograms(samples) => samples.len(),
        }
    }

    /// Whether it has no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries in the order they were made; none of a log of histograms.
    pub fn samples(&self) -> impl Iterator<Item = LogSample> {
        let completed = match &self.entries {
            Entries::Completed(records, epoch) => Some((records, *epoch)),
            _ => None,
        };
        let submitted = match &self.entries {
            Entries::Submitted(records, epoch) => Some((records, *epoch)),
            _ => None,
        };
        let kept = match &self.entries {
            Entries::Samples(samples) => Some(samples),
            _ => None,
        };
        let given = match &self.entries {
            Entries::Given(samples) => samples.as_slice(),
            _ => &[],
        };
        let kind = self.kind;
        let completed = completed.into_iter().flat_map(move |(records, epoch)| {
            let sample = move |record: Completed| record.sample(kind, epoch.0);
            records.values().map(sample)
        });
        let submitted = submitted.into_iter().flat_map(|(records, epoch)| {
            let sample = move |record: Submitted| record.sample(epoch.0);
            records.values().map(sample)
        });
        let kept = kept.into_iter().flat_map(|samples| samples.values());
        let given = given.iter().copied();
        completed.chain(submitted).chain(kept).chain(given)
    }

    /// The entries of a log of histograms in the order they were made; none of any other.
    pub fn histograms(&self) -> impl Iterator<Item = &HistogramSample> {
        let kept = match &self.entries {
            Entries::Histograms(samples) => Some(samples),
            _ => None,
        };
        let given = match &self.entries {
            Entries::GivenHistograms(samples) => samples.as_slice(),
            _ => &[],
        };
        kept.into_iter()
            .flat_map(|samples| samples.unpacked())
            .chain(given)
    }
}

impl PartialEq for IoLog {
    fn eq(&self, other: &Self) -> bool {
        let head = |log: &Self| {
            let entries = (log.histogram_coarseness, log.compression, log.lost);
            (
                log.kind,
                log.thread_number,
                log.columns,
                log.per_job,
                entries,
            )
        };
        head(self) == head(other)
            && self.file_name == other.file_name
            && self.samples().eq(other.samples())
            && self.histograms().eq(other.histograms())
    }
}

impl Eq for IoLog {}
