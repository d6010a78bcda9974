//! Compressed log files back to text: what `fio --inflate-log` does.
//!
//! A file does not say which release's layout its entries have, nor whether they are histograms, so
//! that is told by what makes sense: directions are 0 to 2, priorities have 16 bits, times do not go
//! back. Both layouts read this crate's own files and those of fio.

use std::io::{self, BufRead, Read, Write};

use flate2::bufread::ZlibDecoder;

use super::model::{HistogramSample, LogColumns, LogSample};
use super::stored::{
    ISSUE_TIME_BIT, LIST_BYTES, MAXIMUM_BIT, OFFSET_BIT, PRIORITY_BIT, SampleLayout,
};
use super::text::Lines;
use crate::direction::Direction;
use crate::stats::BUCKETS;

/// Why a compressed log could not be turned into text, or not whole. The entries in front of the
/// problem have been written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InflateError {
    /// The file could not be read.
    #[error("cannot read the log: {0}")]
    Read(#[source] io::Error),
    /// The file ends before the compressed stream does.
    #[error("the compressed log is cut off behind {entries} entries")]
    CutOff {
        /// Entries before that.
        entries: u64,
    },
    /// It is no zlib stream, or a broken one.
    #[error("the file is no compressed log, or broken behind {entries} entries")]
    Corrupt {
        /// Entries before that.
        entries: u64,
    },
    /// It inflates to something else than a log.
    #[error("what is compressed in the file is no log from its entry {} on", entries + 1)]
    NoLog {
        /// Entries before that.
        entries: u64,
    },
    /// The text could not be written.
    #[error("cannot write the text of the log: {0}")]
    Write(#[source] io::Error),
}

/// Writes the entries of a compressed log file as lines of text, and returns how many there are. Without
/// a layout it is told by what makes sense. Histograms are written with all their bins; a file does not
/// say how coarse they were meant to be. Takes little memory however long the log is.
///
/// ```
/// use fio_engine::logs::{InflateError, inflate_log};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut text = Vec::new();
/// let broken = inflate_log(&b"no log"[..], None, &mut text);
/// assert!(matches!(broken, Err(InflateError::Corrupt { entries: 0 })));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// See [`InflateError`].
pub fn inflate_log(
    mut stored: impl BufRead,
    layout: Option<SampleLayout>,
    out: &mut impl Write,
) -> Result<u64, InflateError> {
    if stored.fill_buf().map_err(InflateError::Read)?.is_empty() {
        // What fio leaves where nothing was logged.
        return Ok(0);
    }
    let mut bytes = Window::new(stored);
    let mut problem = bytes.fill();
    let form = Form::of(bytes.rest(), layout);
    let mut lines = Lines::default();
    let mut entries = 0;
    loop {
        while let Some((entry, length)) = form.entry(bytes.rest()) {
            let Ok(entry) = entry else {
                lines.write(out).map_err(InflateError::Write)?;
                return Err(InflateError::NoLog { entries });
            };
            entry.append_to(&mut lines);
            lines.write_full(out).map_err(InflateError::Write)?;
            bytes.consume(length);
            entries += 1;
        }
        if bytes.is_over || problem.is_err() {
            break;
        }
        problem = bytes.fill();
    }
    lines.write(out).map_err(InflateError::Write)?;
    match problem.map_err(|error| error.kind()) {
        Ok(()) if bytes.rest().is_empty() => Ok(entries),
        Ok(()) => Err(InflateError::NoLog { entries }),
        Err(io::ErrorKind::UnexpectedEof) => Err(InflateError::CutOff { entries }),
        Err(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Err(InflateError::Corrupt { entries })
        }
        Err(kind) => Err(InflateError::Read(kind.into())),
    }
}

/// Inflated bytes looked at at once; more than a histogram.
const WINDOW: usize = 1 << 17;

/// The next part of what zlib streams, one behind the other, inflate to.
struct Window<R> {
    decoder: Option<ZlibDecoder<R>>,
    bytes: Vec<u8>,
    used: usize,
    is_over: bool,
}

impl<R: BufRead> Window<R> {
    fn new(stored: R) -> Self {
        Self {
            decoder: Some(ZlibDecoder::new(stored)),
            bytes: Vec::new(),
            used: 0,
            is_over: false,
        }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.used..]
    }

    fn consume(&mut self, bytes: usize) {
        self.used += bytes;
    }

    /// Reads on; what was read before an error is there.
    fn fill(&mut self) -> io::Result<()> {
        self.bytes.drain(..self.used);
        self.used = 0;
        while self.bytes.len() < WINDOW {
            let Some(decoder) = &mut self.decoder else {
                break;
            };
            let room = (WINDOW - self.bytes.len()) as u64;
            let read = decoder.by_ref().take(room).read_to_end(&mut self.bytes);
            if read? == 0 {
                self.next_stream()?;
            }
        }
        Ok(())
    }

    /// Chunks of fio's are streams of their own.
    fn next_stream(&mut self) -> io::Result<()> {
        let Some(decoder) = self.decoder.take() else {
            return Ok(());
        };
        let mut stored = decoder.into_inner();
        self.is_over = stored.fill_buf()?.is_empty();
        if !self.is_over {
            self.decoder = Some(ZlibDecoder::new(stored));
        }
        Ok(())
    }
}

/// What entries look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    layout: SampleLayout,
    histograms: bool,
}

/// An entry that was read.
enum Entry {
    Sample(LogSample, LogColumns),
    Histogram(HistogramSample),
}

/// Bytes that make no entry.
struct Nonsense;

impl Entry {
    fn append_to(&self, lines: &mut Lines) {
        match self {
            Self::Sample(sample, columns) => lines.sample(sample, *columns),
            Self::Histogram(histogram) => lines.histogram(histogram, 0),
        }
    }
}

impl Form {
    /// The form in which the bytes make most sense; the newest, if that is all the same.
    fn of(bytes: &[u8], layout: Option<SampleLayout>) -> Self {
        let layouts = match layout {
            Some(layout) => vec![layout],
            None => vec![SampleLayout::Newest, SampleLayout::Before337],
        };
        let forms = [false, true].into_iter().flat_map(|histograms| {
            let form = move |layout: &SampleLayout| Self {
                layout: *layout,
                histograms,
            };
            layouts.iter().map(form)
        });
        forms
            .min_by_key(|form| form.oddities(bytes))
            .unwrap_or(Self {
                layout: SampleLayout::Newest,
                histograms: false,
            })
    }

    /// The next entry and its length; `None` if there are not enough bytes for one.
    fn entry(self, bytes: &[u8]) -> Option<(Result<Entry, Nonsense>, usize)> {
        let base = self.base();
        let flags = word(bytes, base - 16)?;
        let (columns, direction) = self.columns(flags);
        let length = base + 8 * (usize::from(columns.offset) + usize::from(columns.issue_time));
        let length = length + if self.histograms { HISTOGRAM } else { 0 };
        let bytes = bytes.get(..length)?;
        let entry = self.read(bytes, columns, direction);
        Some((entry.ok_or(Nonsense), length))
    }

    const fn base(self) -> usize {
        match self.layout {
            SampleLayout::Before337 => 32,
            SampleLayout::Newest => 40,
        }
    }

    fn columns(self, flags: u32) -> (LogColumns, u32) {
        let newest = self.layout == SampleLayout::Newest;
        let columns = LogColumns {
            maximum: newest && flags & MAXIMUM_BIT != 0,
            offset: flags & OFFSET_BIT != 0,
            priority: flags & PRIORITY_BIT != 0,
            issue_time: newest && flags & ISSUE_TIME_BIT != 0,
        };
        let known = OFFSET_BIT | PRIORITY_BIT;
        let known = known
            | if newest {
                MAXIMUM_BIT | ISSUE_TIME_BIT
            } else {
                0
            };
        (columns, flags & !known)
    }

    fn read(self, bytes: &[u8], columns: LogColumns, direction: u32) -> Option<Entry> {
        let base = self.base();
        let direction = *Direction::ALL.get(direction as usize)?;
        let priority = u16::try_from(word(bytes, base - 12)?).ok()?;
        let behind = |index: usize| long(bytes, base + 8 * index);
        let sample = LogSample {
            time_ms: long(bytes, 0)?,
            value: long(bytes, 8)?,
            maximum: if columns.maximum { long(bytes, 16)? } else { 0 },
            direction,
            block_size: long(bytes, base - 8)?,
            offset: if columns.offset { behind(0)? } else { 0 },
            priority,
            issue_time: if columns.issue_time {
                behind(usize::from(columns.offset))?
            } else {
                0
            },
        };
        if !self.histograms {
            return Some(Entry::Sample(sample, columns));
        }
        let histogram = bytes.get(bytes.len().checked_sub(HISTOGRAM)?..)?;
        let (list, counts) = histogram.split_at_checked(LIST_BYTES)?;
        if list.iter().any(|byte| *byte != 0) {
            return None;
        }
        let counts = counts.as_chunks::<8>().0.iter().enumerate();
        let counts = counts.map(|(bucket, count)| (bucket as u16, u64::from_le_bytes(*count)));
        Some(Entry::Histogram(HistogramSample {
            time_ms: sample.time_ms,
            direction,
            block_size: sample.block_size,
            offset: sample.offset,
            counts: counts.filter(|(_, count)| *count > 0).collect(),
        }))
    }

    /// How much makes no sense if the bytes are entries of this form.
    fn oddities(self, bytes: &[u8]) -> u32 {
        let (mut rest, mut odd, mut before) = (bytes, 0, 0);
        while let Some((entry, length)) = self.entry(rest) {
            let time = match entry {
                Ok(Entry::Sample(sample, _)) => sample.time_ms,
                Ok(Entry::Histogram(sample)) => sample.time_ms,
                // From here on everything would be.
                Err(Nonsense) => return u32::MAX - 1,
            };
            // Bits that name columns where the other layout has them.
            let flags = long(rest, 16).unwrap_or(0);
            let displaced = flags & !3 != 0 && flags & !(COLUMN_BITS | 3) == 0;
            odd += u32::from(time < before);
            odd += u32::from(self.layout == SampleLayout::Newest && displaced);
            before = time;
            rest = &rest[length..];
        }
        let whole = bytes.len() < WINDOW && !rest.is_empty();
        odd + u32::from(whole) + u32::from(rest.len() == bytes.len())
    }
}

/// A histogram behind its entry.
const HISTOGRAM: usize = LIST_BYTES + 8 * BUCKETS;

const COLUMN_BITS: u64 = (OFFSET_BIT | PRIORITY_BIT) as u64;

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests;
