//! IOLOG: a log file of a job, sent when the job has ended.
//!
//! A header ([`IoLogHeader`]) and then the rows, in one of four forms:
//!
//! | form | on the wire |
//! |---|---|
//! | plain | rows, see the table below |
//! | deflated (`XMIT_COMPRESSED`) | the same bytes as one zlib stream, when both sides have zlib |
//! | stored (`STORE_COMPRESSED`) | the server's own chunks, each a zlib stream, back to back; fio's client writes them to a `.fz` file as they are |
//! | histograms | deflated, and behind each row 1856 counters; sent plain, they are only dangling pointers of the server's |
//!
//! | row | 65–73 | 74–101 | 103 | 107–121 |
//! |---|---|---|---|---|
//! | bytes | 24 | 32 | 40 | 40 |
//! | with offset | 32 | 40 | 48 | 48 |
//! | with issue time | – | – | – | 48, with both 56 |
//! | values | 1 | 1 | 2 | 2 |
//! | block size | u32 | u64 | u64 | u64 |
//! | priority | – | since 82 | yes | yes |
//!
//! # What the header does not tell
//!
//! Whether rows have an offset, an issue time and so on stands in bits of the rows, never in the
//! header, whatever its fields are called. fio's own client still multiplies the header's count by the
//! size of the shortest row and so leaves out the tail of logs with more columns. This crate reads all
//! rows there are; and logs made here announce as many of the shortest rows as the log is long, which
//! makes fio's client (observed: 3.33) read all of them, too.
//!
//! # Rows are kept as received
//!
//! [`IoLog`] keeps the bytes and their layout. Sent in the same layout they are the same bytes; only
//! for a version with another layout are they taken apart and put together anew.

mod contents;
mod inflate;
mod row;
mod sample;
#[cfg(test)]
mod tests;
mod writer;

use alloc::borrow::Cow;
use alloc::vec::Vec;

pub use contents::{LogContents, LogLoss, LossCause};
pub use row::{DataDirection, HistogramRow, LogColumns, LogRow, LogType};

pub use writer::LogWriter;

use sample::{LostColumns, SampleFormat};

use crate::byte_string::ByteString;
use crate::error::DecodeError;
use crate::layout::{DropReason, Dropped, Histogram, IoLogHeader};
use crate::limits::Limits;
use crate::reader::Reader;
use crate::version::Revision;

/// A log file of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct IoLog {
    /// Name of the file at the server. **A peer's word**: make it safe before opening anything by it.
    pub name: ByteString,
    /// What the log is about.
    pub log_type: LogType,
    /// The job it belongs to, counted from 1.
    pub thread_number: u32,
    /// How many times a log of histograms halves the number of buckets in its file
    /// (`log_hist_coarseness`).
    pub histogram_coarseness: u32,
    /// Whether each job has a file of its own (`per_job_logs`), so that the file is begun anew; where
    /// several share one it is appended to. Only said since version 103; sent as yes where not known.
    pub per_job: Option<bool>,
    samples: Samples,
}

/// Rows as they travel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
struct Samples {
    format: SampleFormat,
    transport: Transport,
    /// `nr_samples` of the header.
    announced: u64,
    bytes: Vec<u8>,
    /// Whether a peer sent them, so that nobody knows what they inflate to.
    #[cfg_attr(feature = "serde", serde(default = "from_a_peer"))]
    received: bool,
}

#[cfg(feature = "serde")]
const fn from_a_peer() -> bool {
    true
}

/// How the rows of a log travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Transport {
    /// As they are.
    Plain,
    /// As one zlib stream, only for the journey.
    Deflated,
    /// As zlib streams that go into the file as they are (fio's `.fz` files, which `fio
    /// --inflate-log` reads).
    Stored,
}

impl Transport {
    const fn number(self) -> u32 {
        match self {
            Self::Plain => 0,
            Self::Deflated => 1,
            Self::Stored => 2,
        }
    }
}

/// fio's own default, a good trade between size and time.
const LEVEL: u8 = 6;

impl IoLog {
    /// A log of rows, to be sent plain. Rows lack what `columns` does not name, and have zeros for what
    /// it names and they lack.
    pub fn from_rows(
        name: impl Into<ByteString>,
        log_type: LogType,
        thread_number: u32,
        columns: LogColumns,
        rows: impl IntoIterator<Item = LogRow>,
    ) -> Self {
        let format = SampleFormat::NEWEST;
        let (mut bytes, mut lost) = (Vec::new(), LostColumns::default());
        for row in rows {
            format.append(columns, &row, &mut bytes, &mut lost);
        }
        let samples = Samples::pack(format, Transport::Plain, false, bytes);
        Self::new(name.into(), log_type, thread_number, samples)
    }

    /// A log of histograms, counts by bucket since the row before. It can only travel deflated.
    pub fn from_histograms<'a>(
        name: impl Into<ByteString>,
        thread_number: u32,
        coarseness: u32,
        rows: impl IntoIterator<Item = (LogRow, &'a Histogram)>,
    ) -> Self {
        let format = SampleFormat::NEWEST;
        let (mut bytes, mut lost) = (Vec::new(), LostColumns::default());
        for (row, histogram) in rows {
            format.append(LogColumns::default(), &row, &mut bytes, &mut lost);
            let counts = histogram.counts().iter().copied();
            format.append_histogram(counts, &mut bytes, &mut lost);
        }
        let samples = Samples::pack(format, Transport::Deflated, true, bytes);
        let log = Self::new(name.into(), LogType::HISTOGRAM, thread_number, samples);
        Self {
            histogram_coarseness: coarseness,
            ..log
        }
    }

    const fn new(
        name: ByteString,
        log_type: LogType,
        thread_number: u32,
        samples: Samples,
    ) -> Self {
        Self {
            name,
            log_type,
            thread_number,
            histogram_coarseness: 0,
            per_job: Some(true),
            samples,
        }
    }

    /// Reads the payload of IOLOG. The rows are only looked at by [`contents`](Self::contents).
    ///
    /// # Errors
    /// When it is shorter than its header, or the rows travel in a form unknown here.
    pub fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(IoLogHeader::C_NAME, payload);
        let mut header = IoLogHeader::default();
        header.read(revision, &mut reader)?;
        let transport = match header.compressed {
            0 => Transport::Plain,
            1 => Transport::Deflated,
            2 => Transport::Stored,
            unknown => {
                return Err(DecodeError::OutOfRange {
                    structure: IoLogHeader::C_NAME,
                    field: "compressed",
                    offset: 16,
                    value: unknown.into(),
                    limit: 2,
                });
            }
        };
        let tells = revision >= crate::version::revisions::V103;
        Ok(Self {
            name: header.name,
            log_type: LogType(header.log_type),
            thread_number: header.thread_number,
            histogram_coarseness: header.log_hist_coarseness,
            per_job: tells.then_some(header.per_job_logs != 0),
            samples: Samples {
                format: SampleFormat::of(revision),
                transport,
                announced: header.announced,
                bytes: reader.rest().to_vec(),
                received: true,
            },
        })
    }

    /// Appends the payload of IOLOG. Rows of another layout are converted, which may cost columns; what
    /// was already missing of them is reported as cut off. Of a log that a peer sent compressed no more
    /// is converted than inflates to the default of [`Limits::max_inflated`].
    pub fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        let format = SampleFormat::of(revision);
        let samples = if self.samples.format == format {
            Cow::Borrowed(&self.samples)
        } else {
            Cow::Owned(self.converted(format, dropped))
        };
        self.header(&samples, revision, dropped)
            .encode(revision, out, dropped);
        out.extend_from_slice(&samples.bytes);
    }

    /// What stands in front of these rows.
    fn header(
        &self,
        samples: &Samples,
        revision: Revision,
        dropped: &mut Vec<Dropped>,
    ) -> IoLogHeader {
        let tells = revision >= crate::version::revisions::V103;
        if !tells && self.per_job == Some(false) {
            dropped.push(Dropped::new(
                IoLogHeader::C_NAME,
                "per_job",
                DropReason::Absent,
            ));
        }
        IoLogHeader {
            announced: samples.announced,
            thread_number: self.thread_number,
            log_type: self.log_type.0,
            compressed: samples.transport.number(),
            log_hist_coarseness: self.histogram_coarseness,
            per_job_logs: (tells && self.per_job != Some(false)).into(),
            name: self.name.clone(),
            ..IoLogHeader::default()
        }
    }

    /// The rows, inflated to `max_inflated` bytes at most; [`Limits::max_inflated`] is a good choice.
    /// Nothing is copied of a log that travelled plain.
    pub fn contents(&self, max_inflated: usize) -> LogContents<'_> {
        LogContents::new(&self.samples, self.is_of_histograms(), max_inflated)
    }

    /// How the rows travel.
    pub const fn transport(&self) -> Transport {
        self.samples.transport
    }

    /// How many rows the server says there are, by its way of counting; 0 for logs that are stored
    /// compressed.
    pub const fn announced(&self) -> u64 {
        self.samples.announced
    }

    /// The rows as they travel: what goes into a file where the log is [`Transport::Stored`].
    pub fn raw(&self) -> &[u8] {
        &self.samples.bytes
    }

    /// Whether the log is one of histograms.
    pub fn is_of_histograms(&self) -> bool {
        self.log_type == LogType::HISTOGRAM
    }

    /// The same log in another form, for a peer with or without zlib, or with
    /// [`Transport::Stored`] for one that keeps it compressed. A log of histograms stays as it is: no
    /// other form carries them. What is longer than `max_inflated` bytes is cut off there.
    #[must_use]
    pub fn travelling(mut self, transport: Transport, max_inflated: usize) -> Self {
        if self.is_of_histograms() || self.samples.transport == transport {
            return self;
        }
        let bytes = self.contents(max_inflated).bytes_of_whole_rows();
        let received = self.samples.received;
        self.samples = Samples {
            received,
            ..Samples::pack(self.samples.format, transport, false, bytes)
        };
        self
    }

    /// Announces the rows so that fio's client reads all of them, which it does not with a log from a
    /// stock server that has offsets or issue times. Changes nothing where all is well or rows are
    /// missing.
    #[must_use]
    pub fn announcing_all_rows(self, max_inflated: usize) -> Self {
        let contents = self.contents(max_inflated);
        let (rows, intact) = (contents.rows().len(), contents.loss().is_none());
        let understated = self.samples.announced < contents.announcement(rows);
        let transport = self.transport();
        if !intact || !understated || transport == Transport::Stored || self.is_of_histograms() {
            return self;
        }
        let bytes = contents.bytes_of_whole_rows();
        let samples = Samples {
            received: self.samples.received,
            ..Samples::pack(self.samples.format, transport, false, bytes)
        };
        Self { samples, ..self }
    }

    /// What a peer's log may inflate to when it is converted; this side's own may be of any size.
    fn conversion_limit(&self) -> usize {
        if self.samples.received {
            Limits::default().max_inflated
        } else {
            usize::MAX
        }
    }

    fn converted(&self, format: SampleFormat, dropped: &mut Vec<Dropped>) -> Samples {
        let contents = self.contents(self.conversion_limit());
        let (mut bytes, mut lost) = (Vec::new(), LostColumns::default());
        let columns = contents.columns();
        match contents.histograms() {
            Some(rows) => rows.for_each(|HistogramRow { row, counts }| {
                format.append(columns, &row, &mut bytes, &mut lost);
                let counts = (0..counts.len()).filter_map(|bucket| counts.get(bucket));
                format.append_histogram(counts, &mut bytes, &mut lost);
            }),
            None => {
                contents
                    .rows()
                    .for_each(|row| format.append(columns, &row, &mut bytes, &mut lost));
            }
        }
        lost.rows = contents.loss().is_some();
        lost.report(dropped);
        let has_histograms = contents.histograms().is_some();
        Samples::pack(format, self.transport(), has_histograms, bytes)
    }
}

impl Samples {
    /// Makes plain rows ready to travel. Where they are announced, in base rows, the last of those is
    /// filled up.
    fn pack(
        format: SampleFormat,
        transport: Transport,
        histograms: bool,
        mut bytes: Vec<u8>,
    ) -> Self {
        let mut announced = 0;
        if transport != Transport::Stored {
            let contents = LogContents::of_plain_rows(&bytes, format, histograms);
            announced = contents.announcement(contents.rows().len());
            let filled = bytes.len().saturating_add(contents.filler());
            bytes.resize(filled, 0);
        }
        if transport != Transport::Plain {
            bytes = miniz_oxide::deflate::compress_to_vec_zlib(&bytes, LEVEL);
        }
        Self {
            format,
            transport,
            announced,
            bytes,
            received: false,
        }
    }
}

impl LostColumns {
    fn report(self, dropped: &mut Vec<Dropped>) {
        let fields = [
            (self.maximum, "maximum", DropReason::Absent),
            (self.priority, "priority", DropReason::OutOfRange),
            (self.issue_time, "issue_time", DropReason::Absent),
            (self.block_size, "block_size", DropReason::OutOfRange),
            (self.histogram, "histogram", DropReason::OutOfRange),
            (self.rows, "rows", DropReason::CutOff),
        ];
        let lost = fields.into_iter().filter(|(lost, _, _)| *lost);
        dropped.extend(lost.map(|(_, field, reason)| Dropped::new("io_sample", field, reason)));
    }
}
