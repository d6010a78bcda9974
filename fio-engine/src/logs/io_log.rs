//! A log as programs see it.

use std::sync::Arc;

use super::model::{HistogramSample, LogColumns, LogCompression, LogKind, LogSample};
use super::records::{Completed, Submitted};
use super::stock::Stock;

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

    /// The entries in the order they were made; none of a log of histograms. Those that were packed have
    /// an offset only where the log has that column. One piece of them at a time is unpacked.
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
    pub fn histograms(&self) -> impl Iterator<Item = HistogramSample> {
        let kept = match &self.entries {
            Entries::Histograms(samples) => Some(samples),
            _ => None,
        };
        let given = match &self.entries {
            Entries::GivenHistograms(samples) => samples.as_slice(),
            _ => &[],
        };
        kept.into_iter()
            .flat_map(|samples| samples.values())
            .chain(given.iter().cloned())
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
