//! Logs written row by row.

use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};

use super::sample::LostColumns;
use super::{IoLog, LEVEL, LogColumns, LogRow, LogType, SampleFormat, Samples, Transport};
use crate::byte_string::ByteString;
use crate::layout::Dropped;
use crate::version::Revision;

/// Rows that are compressed at once.
const PIECE_BYTES: usize = 64 << 10;

/// Writes the payload of IOLOG row by row, compressed on the way, so that a log of any length needs
/// no more memory than its payload.
///
/// The payload is to the byte what [`IoLog::from_rows`] or [`IoLog::from_histograms`] encode to for
/// the same revision and [`Transport`].
///
/// ```
/// use fio_proto::Revision;
/// use fio_proto::message::{IoLog, LogColumns, LogRow, LogType, LogWriter, Transport};
///
/// let revision = Revision::all().next_back().expect("there are revisions");
/// let columns = LogColumns::default();
/// let mut writer = LogWriter::new(revision, "a_iops.1.log", LogType::IOPS, 1, columns)
///     .travelling(Transport::Deflated);
/// for value in 0..1000 {
///     writer.row(&LogRow { value, ..LogRow::default() });
/// }
/// let payload = writer.finish(&mut Vec::new());
/// let log = IoLog::decode(revision, &payload)?;
/// assert_eq!(log.contents(1 << 20).rows().len(), 1000);
/// # Ok::<(), fio_proto::error::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct LogWriter {
    /// The log, its bytes those that are ready.
    log: IoLog,
    revision: Revision,
    columns: LogColumns,
    rows: usize,
    /// Rows that are not compressed yet.
    plain: Vec<u8>,
    deflater: Option<Deflater>,
    /// Bytes in front of the rows.
    header_size: usize,
    lost: LostColumns,
}

impl LogWriter {
    /// A log without rows, to travel plain; a log of [histograms](LogType::HISTOGRAM) deflated, which
    /// is its only form. Rows lack what `columns` does not name, and have zeros for what it names and
    /// they lack.
    pub fn new(
        revision: Revision,
        name: impl Into<ByteString>,
        log_type: LogType,
        thread_number: u32,
        columns: LogColumns,
    ) -> Self {
        let format = SampleFormat::of(revision);
        let samples = Samples {
            format,
            transport: Transport::Plain,
            announced: 0,
            bytes: Vec::new(),
            received: false,
        };
        let mut log = IoLog::new(name.into(), log_type, thread_number, samples);
        // Its size is all that counts until the end.
        let header_size = header_of(&log, revision, &mut Vec::new()).len();
        log.samples.bytes.resize(header_size, 0);
        let writer = Self {
            log,
            revision,
            columns,
            rows: 0,
            plain: Vec::new(),
            deflater: None,
            header_size,
            lost: LostColumns::default(),
        };
        writer.deflated_if_of_histograms()
    }

    /// How the rows travel; to be said before the first of them. Without effect on histograms.
    #[must_use]
    pub fn travelling(mut self, transport: Transport) -> Self {
        if !self.log.is_of_histograms() {
            self.log.samples.transport = transport;
            self.deflater = (transport != Transport::Plain).then(Deflater::new);
        }
        self
    }

    /// Whether each job has a file of its own; see [`IoLog::per_job`].
    #[must_use]
    pub const fn per_job(mut self, per_job: bool) -> Self {
        self.log.per_job = Some(per_job);
        self
    }

    /// See [`IoLog::histogram_coarseness`].
    #[must_use]
    pub const fn histogram_coarseness(mut self, coarseness: u32) -> Self {
        self.log.histogram_coarseness = coarseness;
        self
    }

    /// Appends a row; in a log of histograms one without counts.
    pub fn row(&mut self, row: &LogRow) {
        self.histogram(row, []);
    }

    /// Appends a row and its counts by bucket, which only a log of histograms has. Buckets that are
    /// left out at the end are empty.
    pub fn histogram(&mut self, row: &LogRow, counts: impl IntoIterator<Item = u64>) {
        let format = self.log.samples.format;
        let of_histograms = self.log.is_of_histograms();
        let out = if self.deflater.is_some() {
            &mut self.plain
        } else {
            &mut self.log.samples.bytes
        };
        let columns = self.columns;
        let row = LogRow {
            maximum: columns.maximum.then_some(row.maximum.unwrap_or(0)),
            issue_time: columns.issue_time.then_some(row.issue_time.unwrap_or(0)),
            ..*row
        };
        format.append(columns, &row, out, &mut self.lost);
        if of_histograms {
            format.append_histogram(counts.into_iter(), out, &mut self.lost);
        }
        self.rows = self.rows.saturating_add(1);
        if self.plain.len() >= PIECE_BYTES {
            self.deflate(TDEFLFlush::None);
        }
    }

    /// The payload. What the revision cannot carry of the rows is reported.
    #[must_use]
    pub fn finish(mut self, dropped: &mut Vec<Dropped>) -> Vec<u8> {
        if self.log.samples.transport != Transport::Stored {
            self.announce();
        }
        self.deflate(TDEFLFlush::Finish);
        self.lost.report(dropped);
        let header = header_of(&self.log, self.revision, dropped);
        let mut payload = self.log.samples.bytes;
        let place = payload.iter_mut().take(self.header_size);
        place.zip(header).for_each(|(byte, said)| *byte = said);
        payload
    }

    /// Says how many rows there are, in base rows, and fills up the last of those.
    fn announce(&mut self) {
        let format = self.log.samples.format;
        let columns = self.columns.within(format);
        let strides = format.strides(columns, self.log.is_of_histograms());
        self.log.samples.announced = strides.announcement(self.rows);
        let filler = strides.filler(self.rows.saturating_mul(strides.row));
        let out = if self.deflater.is_some() {
            &mut self.plain
        } else {
            &mut self.log.samples.bytes
        };
        out.resize(out.len().saturating_add(filler), 0);
    }

    fn deflate(&mut self, flush: TDEFLFlush) {
        if let Some(deflater) = &mut self.deflater {
            deflater.put(&self.plain, flush, &mut self.log.samples.bytes);
            self.plain.clear();
        }
    }

    fn deflated_if_of_histograms(mut self) -> Self {
        if self.log.is_of_histograms() {
            self.columns = LogColumns::default();
            self.log.samples.transport = Transport::Deflated;
            self.deflater = Some(Deflater::new());
        }
        self
    }
}

fn header_of(log: &IoLog, revision: Revision, dropped: &mut Vec<Dropped>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = log.header(&log.samples, revision, dropped);
    header.encode(revision, &mut bytes, dropped);
    bytes
}

/// One zlib stream in the making.
struct Deflater(Box<CompressorOxide>);

impl Deflater {
    fn new() -> Self {
        /// With zlib's header and checksum.
        const ZLIB: i32 = 1;
        const STRATEGY: i32 = 0;
        let flags = create_comp_flags_from_zip_params(LEVEL.into(), ZLIB, STRATEGY);
        Self(Box::new(CompressorOxide::new(flags)))
    }

    /// Appends what can be said of the stream so far.
    fn put(&mut self, bytes: &[u8], flush: TDEFLFlush, out: &mut Vec<u8>) {
        compress_to_output(&mut self.0, bytes, flush, |piece| {
            out.extend_from_slice(piece);
            true
        });
    }
}

impl core::fmt::Debug for Deflater {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Deflater")
    }
}
