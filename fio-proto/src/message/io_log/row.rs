//! A row of a log, neutral over versions, and how fio writes it to a file.

use core::fmt;

use crate::layout::Counters;

/// What a log is about (fio's `IO_LOG_TYPE_*`). Open: unknown numbers survive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct LogType(pub u32);

impl LogType {
    /// Total latency, ns. fio sends submission and completion latency under this number, too; the
    /// log's name tells them apart.
    pub const LATENCY: Self = Self(1);
    /// Completion latency, ns.
    pub const COMPLETION_LATENCY: Self = Self(2);
    /// Submission latency, ns.
    pub const SUBMISSION_LATENCY: Self = Self(3);
    /// Bandwidth, KiB/s.
    pub const BANDWIDTH: Self = Self(4);
    /// I/Os per second.
    pub const IOPS: Self = Self(5);
    /// Histograms of completion latency, counts by bucket.
    pub const HISTOGRAM: Self = Self(6);
}

impl fmt::Display for LogType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LATENCY => f.pad("latency"),
            Self::COMPLETION_LATENCY => f.pad("completion latency"),
            Self::SUBMISSION_LATENCY => f.pad("submission latency"),
            Self::BANDWIDTH => f.pad("bandwidth"),
            Self::IOPS => f.pad("iops"),
            Self::HISTOGRAM => f.pad("histogram"),
            Self(number) => write!(f, "log type {number}"),
        }
    }
}

/// Which way an I/O went (fio's `fio_ddir`). Open: unknown numbers survive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct DataDirection(pub u32);

impl DataDirection {
    /// From the file.
    pub const READ: Self = Self(0);
    /// To the file.
    pub const WRITE: Self = Self(1);
    /// Discarding a part of the file.
    pub const TRIM: Self = Self(2);
}

/// Columns a log may have besides time, value, direction, block size and priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct LogColumns {
    /// Where in the file (`log_offset`).
    pub offset: bool,
    /// The priority in full (`log_prio`). Without it, a log says whether it was a real-time one.
    pub priority: bool,
    /// The largest value of the window besides the mean (`log_window_value=both`), version 103 and
    /// later.
    pub maximum: bool,
    /// When the I/O was issued (`log_issue_time`), version 107 and later.
    pub issue_time: bool,
}

/// One row of a log: one I/O, or the mean of a window of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct LogRow {
    /// Time since the job's start, ms.
    pub time_ms: u64,
    /// Which way the I/O went.
    pub direction: DataDirection,
    /// What the log is about, see [`LogType`]. Meaningless in a log of histograms, where fio sends a
    /// pointer of the server's.
    pub value: u64,
    /// The window's largest value, where the log has it.
    pub maximum: Option<u64>,
    /// Bytes of the I/O; in means over several, 0 or 1.
    pub block_size: u64,
    /// The I/O's priority as Linux packs it, class in the top three bits. Versions 82 to 89 say no
    /// more than whether it was of the real-time class (`0x2000`), earlier ones nothing.
    pub priority: u16,
    /// Bytes from the start of the file, where the log has it.
    pub offset: Option<u64>,
    /// When the I/O was issued, ns since the job's start, where the log has it.
    pub issue_time: Option<u64>,
}

impl LogRow {
    /// The row as current releases of fio write it to a log file, without a line end:
    /// time, value, maximum, direction, block size, offset, priority, issue time, those that the log
    /// has. Releases before 3.18 leave the priority out.
    pub const fn text(self, columns: LogColumns) -> impl fmt::Display {
        RowText { row: self, columns }
    }
}

/// A row of a log of histograms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistogramRow<'a> {
    /// Time, direction and block size.
    pub row: LogRow,
    /// Completion latencies since the row before, by bucket.
    pub counts: Counters<'a>,
}

impl<'a> HistogramRow<'a> {
    /// The row as fio writes it to a log file, without a line end: time, direction, block size, and
    /// the counts, `2^coarseness` buckets together.
    pub const fn text(self, coarseness: u32) -> impl fmt::Display + use<'a> {
        HistogramText {
            row: self,
            coarseness,
        }
    }
}

struct RowText {
    row: LogRow,
    columns: LogColumns,
}

impl fmt::Display for RowText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = &self.row;
        write!(f, "{}, {}", row.time_ms, row.value)?;
        if let Some(maximum) = row.maximum {
            write!(f, ", {maximum}")?;
        }
        write!(f, ", {}, {}", row.direction.0, row.block_size)?;
        if let Some(offset) = row.offset {
            write!(f, ", {offset}")?;
        }
        if self.columns.priority {
            write!(f, ", 0x{:04x}", row.priority)?;
        } else {
            write!(f, ", {}", u8::from(row.priority >> 13 == 1))?;
        }
        match row.issue_time {
            Some(issue_time) => write!(f, ", {issue_time}"),
            None => Ok(()),
        }
    }
}

struct HistogramText<'a> {
    row: HistogramRow<'a>,
    coarseness: u32,
}

impl fmt::Display for HistogramText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HistogramRow { row, counts } = self.row;
        write!(
            f,
            "{}, {}, {}",
            row.time_ms, row.direction.0, row.block_size
        )?;
        let together = 1_usize.checked_shl(self.coarseness).unwrap_or(usize::MAX);
        let mut bucket = 0;
        while bucket < counts.len() {
            let end = bucket.saturating_add(together).min(counts.len());
            // Wrapping, as in fio: some releases send differences of what they never initialised.
            let sum = (bucket..end)
                .filter_map(|bucket| counts.get(bucket))
                .fold(0, u64::wrapping_add);
            write!(f, ", {sum}")?;
            bucket = end;
        }
        Ok(())
    }
}
