//! What is in a log: its rows, and what of them is missing.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::inflate::{Ending, inflate};
use super::row::{HistogramRow, LogColumns, LogRow};
use super::sample::{SampleFormat, Strides, to_u64};
use super::{Samples, Transport};
use crate::layout::Shape;

/// The rows of a log, inflated where they travelled compressed. See
/// [`IoLog::contents`](super::IoLog::contents).
#[derive(Clone, Debug)]
pub struct LogContents<'a> {
    format: SampleFormat,
    columns: LogColumns,
    /// Whether a histogram follows each row.
    histograms: bool,
    bytes: Cow<'a, [u8]>,
    loss: Option<LogLoss>,
}

/// Rows that did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLoss {
    /// Why.
    pub cause: LossCause,
    /// How many are missing or, the last one, incomplete; `None` where the server did not say how many
    /// there are, as with logs stored compressed.
    pub rows: Option<u64>,
}

/// Why rows did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossCause {
    /// The compressed stream ends early. Stock servers do that.
    CutOff,
    /// The compressed stream is broken.
    Corrupt,
    /// The compressed stream inflates to more than this side's limit.
    TooLong,
    /// The server announced more than it sent.
    Missing,
}

impl fmt::Display for LogLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.cause {
            LossCause::CutOff => "the compressed log is cut off",
            LossCause::Corrupt => "the compressed log is corrupt",
            LossCause::TooLong => "the compressed log inflates to more than the limit",
            LossCause::Missing => "the log is shorter than announced",
        })?;
        match self.rows {
            Some(rows) => write!(f, ", rows missing: {rows}"),
            None => f.write_str(", rows are missing"),
        }
    }
}

impl<'a> LogContents<'a> {
    pub(super) fn new(samples: &'a Samples, is_histogram: bool, limit: usize) -> Self {
        let (bytes, ending) = match samples.transport {
            Transport::Plain => (Cow::Borrowed(&samples.bytes[..]), Ending::Complete),
            transport => {
                let several = transport == Transport::Stored;
                let (bytes, ending) = inflate(&samples.bytes, limit, several);
                (Cow::Owned(bytes), ending)
            }
        };
        let format = samples.format;
        let mut contents = Self {
            format,
            columns: format.columns(&bytes),
            histograms: is_histogram && samples.transport == Transport::Deflated,
            bytes,
            loss: None,
        };
        contents.loss = contents.count_missing(samples, ending);
        contents.complete_last_histogram();
        contents
    }

    /// Rows that did not travel yet.
    pub(super) fn of_plain_rows(bytes: &'a [u8], format: SampleFormat, histograms: bool) -> Self {
        let (columns, bytes) = (format.columns(bytes), Cow::Borrowed(bytes));
        Self {
            format,
            columns,
            histograms,
            bytes,
            loss: None,
        }
    }

    /// The columns, by the first row's own word.
    pub const fn columns(&self) -> LogColumns {
        self.columns
    }

    /// The rows, read where they lie.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = LogRow> + '_ {
        let (format, columns) = (self.format, self.columns);
        let rows = self.bytes.chunks_exact(self.stride());
        rows.map(move |bytes| format.row(columns, bytes))
    }

    /// The histograms of a log of such; `None` where there are none. A log of histograms that did not
    /// travel deflated has only rows: what a stock server sends then are pointers into its own memory.
    pub fn histograms(&self) -> Option<impl ExactSizeIterator<Item = HistogramRow<'_>>> {
        let (format, columns) = (self.format, self.columns);
        let row_size = format.row_size(columns);
        let rows = self.bytes.chunks_exact(self.stride());
        self.histograms.then(|| {
            rows.map(move |bytes| HistogramRow {
                row: format.row(columns, bytes),
                counts: format.counters(bytes, row_size),
            })
        })
    }

    /// What is missing, `None` if nothing is.
    pub const fn loss(&self) -> Option<LogLoss> {
        self.loss
    }

    /// A row as data, bytes from one to the next, and the histogram behind it as data.
    pub(crate) fn shapes(&self) -> (Shape, usize, Option<Shape>) {
        let histogram = self.histograms.then(|| self.format.histogram_shape());
        (self.format.shape(self.columns), self.stride(), histogram)
    }

    /// Bytes of the rows, inflated.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The rows' bytes without what does not make one.
    pub(super) fn bytes_of_whole_rows(&self) -> Vec<u8> {
        let whole = self.rows().len().saturating_mul(self.stride());
        self.bytes.get(..whole).unwrap_or_default().to_vec()
    }

    fn strides(&self) -> Strides {
        self.format.strides(self.columns, self.histograms)
    }

    /// Bytes from one row to the next.
    fn stride(&self) -> usize {
        self.strides().row
    }

    fn count_missing(&self, samples: &Samples, ending: Ending) -> Option<LogLoss> {
        let stride = self.stride();
        let found = to_u64(self.bytes.len().checked_div(stride)?);
        let left_over = self.bytes.len().checked_rem(stride)?;
        let cause = match ending {
            Ending::Complete => LossCause::Missing,
            Ending::CutOff => LossCause::CutOff,
            Ending::Corrupt => LossCause::Corrupt,
            Ending::TooLong => LossCause::TooLong,
        };
        if samples.transport == Transport::Stored {
            let incomplete = ending != Ending::Complete || left_over > 0;
            return incomplete.then_some(LogLoss { cause, rows: None });
        }
        let announced_in_base_rows =
            ending == Ending::Complete && samples.announced == self.announcement(self.rows().len());
        let missing = samples.announced.saturating_sub(found);
        let missing = missing.max(u64::from(left_over > 0 || ending == Ending::TooLong));
        let lost = missing > 0 && !announced_in_base_rows;
        lost.then_some(LogLoss {
            cause,
            rows: Some(missing),
        })
    }

    /// What to announce so that fio's client reads `rows` rows.
    pub(super) fn announcement(&self, rows: usize) -> u64 {
        self.strides().announcement(rows)
    }

    /// The bytes that fill the last row up to what [`announcement`](Self::announcement) promises.
    pub(super) fn filler(&self) -> usize {
        self.strides().filler(self.bytes.len())
    }

    /// Where a cut-off stream ends inside a histogram the rest of it counts as zero, as it does for
    /// fio's client. [`loss`](Self::loss) tells.
    fn complete_last_histogram(&mut self) {
        let left_over = self.bytes.len().checked_rem(self.stride()).unwrap_or(0);
        let inside = self.histograms && left_over > self.format.row_size(self.columns);
        if inside {
            let complete = self.bytes.len().next_multiple_of(self.stride());
            self.bytes.to_mut().resize(complete, 0);
        }
    }
}
