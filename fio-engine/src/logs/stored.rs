//! Compressed log files: a zlib stream of the entries as fio has them in memory.
//!
//! `fio --inflate-log=FILE` reads them. The layout of an entry is that of the release, little
//! endian:
//!
//! | bytes, before 3.37 | from 3.37 | field |
//! |---|---|---|
//! | 0..8 | 0..8 | time, ms |
//! | 8..16 | 8..16 | value |
//! | – | 16..24 | maximum |
//! | 16..20 | 24..28 | direction; bit 31: offset, 30: priority, 29: maximum, 28: issue time |
//! | 20..22 | 28..30 | priority |
//! | 24..32 | 32..40 | block size |
//! | 32..40 | 40..48 | offset, if there |
//! | – | next 8 | issue time, if there |
//!
//! Histograms are stored by fio as pointers into its memory. Here each is followed by 16 empty
//! bytes and its counts, as fio sends them to a client.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::io_log::IoLog;
use super::model::{HistogramSample, LogColumns, LogSample};
use super::text::Lines;
use crate::stats::BUCKETS;

/// The layout of an entry in a compressed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SampleLayout {
    /// Of releases up to 3.36: no second value and no time of issue.
    Before337,
    /// Of the newest release.
    #[default]
    Newest,
}

pub(super) const OFFSET_BIT: u32 = 1 << 31;
pub(super) const PRIORITY_BIT: u32 = 1 << 30;
pub(super) const MAXIMUM_BIT: u32 = 1 << 29;
pub(super) const ISSUE_TIME_BIT: u32 = 1 << 28;

/// Bytes between a histogram's entry and its counts.
pub(super) const LIST_BYTES: usize = 16;

impl IoLog {
    /// Writes the entries as a compressed log file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_stored(&self, layout: SampleLayout, out: &mut impl Write) -> io::Result<()> {
        let mut stream = ZlibEncoder::new(out, Compression::default());
        let mut entries = Lines::default();
        for sample in self.samples() {
            append_sample(entries.bytes(), &sample, self.columns, layout);
            entries.write_full(&mut stream)?;
        }
        for histogram in self.histograms() {
            append_histogram(entries.bytes(), &histogram, self.columns, layout);
            entries.write_full(&mut stream)?;
        }
        entries.write(&mut stream)?;
        stream.finish()?;
        Ok(())
    }
}

/// Appends an entry as it is stored.
pub(super) fn append_sample(
    out: &mut Vec<u8>,
    sample: &LogSample,
    columns: LogColumns,
    layout: SampleLayout,
) {
    let newest = layout == SampleLayout::Newest;
    let bit = |wanted: bool, bit: u32| if wanted { bit } else { 0 };
    let direction = sample.direction as u32
        | bit(columns.offset, OFFSET_BIT)
        | bit(columns.priority, PRIORITY_BIT)
        | bit(newest && columns.maximum, MAXIMUM_BIT)
        | bit(newest && columns.issue_time, ISSUE_TIME_BIT);
    out.extend_from_slice(&sample.time_ms.to_le_bytes());
    out.extend_from_slice(&sample.value.to_le_bytes());
    if newest {
        out.extend_from_slice(&sample.maximum.to_le_bytes());
    }
    out.extend_from_slice(&direction.to_le_bytes());
    out.extend_from_slice(&u32::from(sample.priority).to_le_bytes());
    out.extend_from_slice(&sample.block_size.to_le_bytes());
    if columns.offset {
        out.extend_from_slice(&sample.offset.to_le_bytes());
    }
    if newest && columns.issue_time {
        out.extend_from_slice(&sample.issue_time.to_le_bytes());
    }
}

/// Appends a histogram as it is stored.
pub(super) fn append_histogram(
    out: &mut Vec<u8>,
    sample: &HistogramSample,
    columns: LogColumns,
    layout: SampleLayout,
) {
    let head = LogSample {
        time_ms: sample.time_ms,
        value: 0,
        maximum: 0,
        direction: sample.direction,
        block_size: sample.block_size,
        offset: sample.offset,
        priority: 0,
        issue_time: 0,
    };
    append_sample(out, &head, columns, layout);
    out.extend_from_slice(&[0; LIST_BYTES]);
    let mut counts = sample.counts.iter().peekable();
    for bucket in 0..BUCKETS {
        let count = counts.next_if(|(index, _)| usize::from(*index) == bucket);
        out.extend_from_slice(&count.map_or(0, |(_, count)| *count).to_le_bytes());
    }
}
