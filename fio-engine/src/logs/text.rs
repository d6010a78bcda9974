//! Logs as text.
//!
//! ```text
//! time (ms), value, [maximum,] direction, block size, [offset,] priority[, issue time]
//! time (ms), direction, block size, count of bin 0, count of bin 1, …
//! ```

use std::io::{self, Write};

use super::model::{HistogramSample, IoLog, LogColumns, LogSample};
use crate::stats::BUCKETS;

/// The class of real-time I/O in the three highest bits of a priority (`ioprio_set(2)`).
const REAL_TIME_CLASS: u16 = 1;

impl IoLog {
    /// Writes the entries, one a line, as fio's text files have them.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        for sample in self.samples() {
            write_sample(out, &sample, self.columns)?;
        }
        for histogram in self.histograms() {
            write_histogram(out, histogram, self.histogram_coarseness)?;
        }
        Ok(())
    }
}

fn write_sample(out: &mut impl Write, sample: &LogSample, columns: LogColumns) -> io::Result<()> {
    write!(out, "{}, {}", sample.time_ms, sample.value)?;
    if columns.maximum {
        write!(out, ", {}", sample.maximum)?;
    }
    write!(out, ", {}, {}", sample.direction.index(), sample.block_size)?;
    if columns.offset {
        write!(out, ", {}", sample.offset)?;
    }
    if columns.priority {
        write!(out, ", 0x{:04x}", sample.priority)?;
    } else {
        let highest = sample.priority >> 13 == REAL_TIME_CLASS;
        write!(out, ", {}", u8::from(highest))?;
    }
    if columns.issue_time {
        write!(out, ", {}", sample.issue_time)?;
    }
    out.write_all(b"\n")
}

/// Neighbouring bins are added up, two at a time for each step of coarseness.
fn write_histogram(
    out: &mut impl Write,
    sample: &HistogramSample,
    coarseness: u8,
) -> io::Result<()> {
    write!(
        out,
        "{}, {}, {}",
        sample.time_ms,
        sample.direction.index(),
        sample.block_size
    )?;
    let mut counts = sample.counts.iter().peekable();
    for bin in 0..BUCKETS >> coarseness {
        let mut sum = 0_u64;
        while let Some((_, count)) =
            counts.next_if(|(bucket, _)| usize::from(*bucket) >> coarseness <= bin)
        {
            sum = sum.saturating_add(*count);
        }
        write!(out, ", {sum}")?;
    }
    out.write_all(b"\n")
}
