//! Logs as text.
//!
//! ```text
//! time (ms), value, [maximum,] direction, block size, [offset,] priority[, issue time]
//! time (ms), direction, block size, count of bin 0, count of bin 1, …
//! ```
//!
//! A busy job makes millions of lines a second, so the numbers are written by `itoa`, not through
//! formatters.

use std::io::{self, Write};

use itoa::Integer;

use super::io_log::IoLog;
use super::model::{HistogramSample, LogColumns, LogSample};
use crate::stats::BUCKETS;

/// The class of real-time I/O in the three highest bits of a priority (`ioprio_set(2)`).
const REAL_TIME_CLASS: u16 = 1;

/// Bytes of lines that are written at once.
const LINES_BYTES: usize = 1 << 16;

impl IoLog {
    /// Writes the entries, one a line, as fio's text files have them.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        let mut lines = Lines::default();
        for sample in self.samples() {
            lines.sample(&sample, self.columns);
            lines.write_full(out)?;
        }
        for histogram in self.histograms() {
            lines.histogram(&histogram, self.histogram_coarseness);
            lines.write_full(out)?;
        }
        lines.write(out)
    }
}

/// Lines of a log that are not written yet, or what a compressed log has in their place.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<u8>);

impl Lines {
    /// To append something else.
    pub(super) const fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// Appends a line.
    pub(super) fn sample(&mut self, sample: &LogSample, columns: LogColumns) {
        self.number(sample.time_ms);
        self.next(sample.value);
        if columns.maximum {
            self.next(sample.maximum);
        }
        self.next(sample.direction.index() as u64);
        self.next(sample.block_size);
        if columns.offset {
            self.next(sample.offset);
        }
        if columns.priority {
            self.0.extend_from_slice(b", 0x");
            self.0.extend_from_slice(&hexadecimal(sample.priority));
        } else {
            self.next(u64::from(sample.priority >> 13 == REAL_TIME_CLASS));
        }
        if columns.issue_time {
            self.next(sample.issue_time);
        }
        self.0.push(b'\n');
    }

    /// Appends the line of a histogram. Neighbouring bins are added up, two at a time for each step of
    /// coarseness.
    pub(super) fn histogram(&mut self, sample: &HistogramSample, coarseness: u8) {
        self.number(sample.time_ms);
        self.next(sample.direction.index() as u64);
        self.next(sample.block_size);
        let mut counts = sample.counts.iter().peekable();
        for bin in 0..BUCKETS >> coarseness {
            let mut sum = 0_u64;
            while let Some((_, count)) =
                counts.next_if(|(bucket, _)| usize::from(*bucket) >> coarseness <= bin)
            {
                sum = sum.saturating_add(*count);
            }
            self.next(sum);
        }
        self.0.push(b'\n');
    }

    /// Writes the lines if there are many.
    pub(super) fn write_full(&mut self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        if self.0.len() < LINES_BYTES {
            return Ok(());
        }
        self.write(out)
    }

    /// Writes the lines, of which none is left then, written or not.
    pub(super) fn write(&mut self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let result = out.write_all(&self.0);
        self.0.clear();
        result
    }

    fn next(&mut self, number: u64) {
        self.0.extend_from_slice(b", ");
        self.number(number);
    }

    fn number(&mut self, number: impl Integer) {
        let mut digits = itoa::Buffer::new();
        self.0.extend_from_slice(digits.format(number).as_bytes());
    }
}

/// Four hexadecimal digits.
fn hexadecimal(number: u16) -> [u8; 4] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [12, 8, 4, 0].map(|shift| DIGITS[usize::from(number >> shift & 0xf)])
}
