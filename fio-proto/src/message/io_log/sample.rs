//! One row of a log as it lies on the wire (`io_sample`).
//!
//! | versions | bytes | value | direction | priority | block size | behind |
//! |---|---|---|---|---|---|---|
//! | 65–73 | 24 | u64 @8 | u32 @16 | – | u32 @20 | offset |
//! | 74–80 | 32 | u64 @8 | u32 @16 | – | u64 @24 | offset |
//! | 82–89 | 32 | u64 @8 | u32 @16 | one bit, u8 @20 | u64 @24 | offset |
//! | 94–101 | 32 | u64 @8 | u32 @16 | u16 @20 | u64 @24 | offset |
//! | 103 | 40 | 2 × u64 @8 | u32 @24 | u16 @28 | u64 @32 | offset |
//! | 107–121 | 40 | 2 × u64 @8 | u32 @24 | u16 @28 | u64 @32 | offset, issue time |
//!
//! The time is a u64 at 0 everywhere. Offset and issue time are 8 bytes each and only there when the
//! top bits of the direction say so; the log's header does not. In logs of histograms each row is
//! followed by an `io_u_plat_entry`: 16 bytes of list pointers and 1856 counters, of 32 bits up to
//! version 70 and 64 since.

use alloc::vec::Vec;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::row::{DataDirection, LogColumns, LogRow};
use crate::layout::{BUCKETS, Counters, Shape};
use crate::version::{Revision, revisions};

/// The layouts rows have had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub(super) enum SampleFormat {
    V65,
    V72,
    V74,
    V82,
    V94,
    V103,
    V107,
}

const OFFSET: u32 = 1 << 31;
const PRIORITY: u32 = 1 << 30;
const MAXIMUM: u32 = 1 << 29;
const ISSUE_TIME: u32 = 1 << 28;

/// The class of a priority is in its top three bits; this is the real-time class, which versions 82
/// to 89 call high.
const REAL_TIME: u16 = 1 << CLASS_SHIFT;
const CLASS_SHIFT: u32 = 13;

/// List pointers in front of a histogram's counters.
const LIST: usize = 16;

impl SampleFormat {
    /// The newest, which carries everything.
    pub(super) const NEWEST: Self = Self::V107;

    pub(super) fn of(revision: Revision) -> Self {
        let since = [
            (revisions::V107_FIO_3_38, Self::V107),
            (revisions::V103, Self::V103),
            (revisions::V94, Self::V94),
            (revisions::V82, Self::V82),
            (revisions::V74, Self::V74),
            (revisions::V72, Self::V72),
        ];
        since
            .into_iter()
            .find(|(since, _)| revision >= *since)
            .map_or(Self::V65, |(_, format)| format)
    }

    /// Bytes of a row without offset and issue time: what fio's client multiplies by.
    pub(super) const fn base_size(self) -> usize {
        match self {
            Self::V65 | Self::V72 => size_of::<Narrow>(),
            Self::V74 | Self::V82 | Self::V94 => size_of::<Wide>(),
            Self::V103 | Self::V107 => size_of::<Paired>(),
        }
    }

    /// Bytes of a row with its columns.
    pub(super) fn row_size(self, columns: LogColumns) -> usize {
        let behind = 8_usize
            .saturating_mul(usize::from(columns.offset))
            .saturating_add(8_usize.saturating_mul(usize::from(columns.issue_time)));
        self.base_size().saturating_add(behind)
    }

    /// Bytes of the histogram behind a row.
    pub(super) const fn histogram_size(self) -> usize {
        LIST.saturating_add(BUCKETS.saturating_mul(if self.has_narrow_counters() { 4 } else { 8 }))
    }

    /// Bytes from one row to the next.
    pub(super) fn strides(self, columns: LogColumns, histograms: bool) -> Strides {
        let row_size = self.row_size(columns);
        if histograms {
            // None was ever seen with offset or issue time, so that they count as they are.
            let row = row_size.saturating_add(self.histogram_size());
            return Strides { row, base: row };
        }
        Strides {
            row: row_size,
            base: self.base_size(),
        }
    }

    /// The row as data, for those who explain it.
    pub(super) const fn shape(self, columns: LogColumns) -> Shape {
        let fields = match (self.base_size(), columns.offset, columns.issue_time) {
            (24, false, _) => NARROW.split_at(4).0,
            (24, true, _) => NARROW,
            (32, false, _) => WIDE.split_at(6).0,
            (32, true, _) => WIDE,
            (_, false, false) => PAIRED.split_at(7).0,
            (_, true, false) => PAIRED.split_at(8).0,
            (_, false, true) => PAIRED_ISSUE_TIME,
            (_, true, true) => PAIRED,
        };
        Shape::Record("io_sample", fields)
    }

    /// The histogram behind it likewise.
    pub(super) const fn histogram_shape(self) -> Shape {
        let counter = if self.has_narrow_counters() {
            &Shape::U32
        } else {
            &Shape::U64
        };
        Shape::Array(BUCKETS, counter)
    }

    const fn has_narrow_counters(self) -> bool {
        matches!(self, Self::V65)
    }

    /// The bits of the direction that name columns.
    const fn column_bits(self) -> u32 {
        match self {
            Self::V65 | Self::V72 | Self::V74 | Self::V82 => OFFSET,
            Self::V94 => OFFSET | PRIORITY,
            Self::V103 => OFFSET | PRIORITY | MAXIMUM,
            Self::V107 => OFFSET | PRIORITY | MAXIMUM | ISSUE_TIME,
        }
    }

    /// The columns of a log by its first row; none where there is no row.
    pub(super) fn columns(self, samples: &[u8]) -> LogColumns {
        let bits = self.sample(samples).map_or(0, |sample| sample.direction) & self.column_bits();
        LogColumns {
            offset: bits & OFFSET != 0,
            priority: bits & PRIORITY != 0,
            maximum: bits & MAXIMUM != 0,
            issue_time: bits & ISSUE_TIME != 0,
        }
    }

    /// Reads the row at the start of `bytes`, which the caller made as long as one.
    pub(super) fn row(self, columns: LogColumns, bytes: &[u8]) -> LogRow {
        let sample = self.sample(bytes).unwrap_or_default();
        let behind = bytes.get(self.base_size()..).unwrap_or_default();
        let (offset, behind) = extra(columns.offset, behind);
        let (issue_time, _) = extra(columns.issue_time, behind);
        LogRow {
            time_ms: sample.time,
            direction: DataDirection(sample.direction & !self.column_bits()),
            value: sample.value,
            maximum: columns.maximum.then_some(sample.second_value),
            block_size: sample.block_size,
            priority: sample.priority,
            offset,
            issue_time,
        }
    }

    /// The counters of the histogram behind a row of `row_size` bytes.
    pub(super) fn counters(self, bytes: &[u8], row_size: usize) -> Counters<'_> {
        let counters = bytes
            .get(row_size.saturating_add(LIST)..)
            .unwrap_or_default();
        if self.has_narrow_counters() {
            Counters::U32(<[U32]>::ref_from_bytes(counters).unwrap_or_default())
        } else {
            Counters::U64(<[U64]>::ref_from_bytes(counters).unwrap_or_default())
        }
    }

    /// Appends a row, and notes what this format cannot carry.
    pub(super) fn append(
        self,
        columns: LogColumns,
        row: &LogRow,
        out: &mut Vec<u8>,
        lost: &mut LostColumns,
    ) {
        let columns = columns.within(self);
        let time = row.time_ms.into();
        let value = row.value.into();
        let direction = (row.direction.0 & !self.column_bits() | bits_of(columns)).into();
        let priority = self.priority(row.priority, lost).into();
        lost.maximum |= self < Self::V103 && row.maximum.is_some();
        lost.issue_time |= self < Self::V107 && row.issue_time.is_some();
        match self {
            Self::V65 | Self::V72 => {
                let block_size = u32::try_from(row.block_size).unwrap_or(u32::MAX);
                lost.block_size |= u64::from(block_size) != row.block_size;
                let block_size = block_size.into();
                let narrow = Narrow {
                    time,
                    value,
                    direction,
                    block_size,
                };
                out.extend_from_slice(narrow.as_bytes());
            }
            Self::V74 | Self::V82 | Self::V94 => {
                let block_size = row.block_size.into();
                let wide = Wide {
                    time,
                    value,
                    direction,
                    priority,
                    pad: [0; 2],
                    block_size,
                };
                out.extend_from_slice(wide.as_bytes());
            }
            Self::V103 | Self::V107 => {
                let second_value = row.maximum.filter(|_| columns.maximum).unwrap_or(0).into();
                let block_size = row.block_size.into();
                let pad = [0; 2];
                let paired = Paired {
                    time,
                    value,
                    second_value,
                    direction,
                    priority,
                    pad,
                    block_size,
                };
                out.extend_from_slice(paired.as_bytes());
            }
        }
        let offset = columns.offset.then_some(row.offset.unwrap_or(0));
        let issue_time = columns.issue_time.then_some(row.issue_time.unwrap_or(0));
        for extra in offset.into_iter().chain(issue_time) {
            out.extend_from_slice(&extra.to_le_bytes());
        }
    }

    /// Appends the histogram that belongs behind a row.
    pub(super) fn append_histogram(
        self,
        counts: impl Iterator<Item = u64>,
        out: &mut Vec<u8>,
        lost: &mut LostColumns,
    ) {
        out.extend_from_slice(&[0; LIST]);
        let counts = counts.chain(core::iter::repeat(0)).take(BUCKETS);
        if self.has_narrow_counters() {
            for count in counts {
                let narrow = u32::try_from(count).unwrap_or(u32::MAX);
                lost.histogram |= u64::from(narrow) != count;
                out.extend_from_slice(&narrow.to_le_bytes());
            }
        } else {
            counts.for_each(|count| out.extend_from_slice(&count.to_le_bytes()));
        }
    }

    /// The priority as this format has it.
    fn priority(self, priority: u16, lost: &mut LostColumns) -> u16 {
        let carried = match self {
            Self::V65 | Self::V72 | Self::V74 => 0,
            Self::V82 => u16::from(priority >> CLASS_SHIFT == 1),
            Self::V94 | Self::V103 | Self::V107 => return priority,
        };
        let returns_as = if carried == 0 { 0 } else { REAL_TIME };
        lost.priority |= returns_as != priority;
        carried
    }

    fn sample(self, bytes: &[u8]) -> Option<Sample> {
        Some(match self {
            Self::V65 | Self::V72 => Narrow::ref_from_prefix(bytes).ok()?.0.into(),
            Self::V74 => Sample {
                priority: 0,
                ..Wide::ref_from_prefix(bytes).ok()?.0.into()
            },
            Self::V82 => {
                let sample = Sample::from(Wide::ref_from_prefix(bytes).ok()?.0);
                let high = sample.priority.to_le_bytes()[0] != 0;
                Sample {
                    priority: if high { REAL_TIME } else { 0 },
                    ..sample
                }
            }
            Self::V94 => Wide::ref_from_prefix(bytes).ok()?.0.into(),
            Self::V103 | Self::V107 => Paired::ref_from_prefix(bytes).ok()?.0.into(),
        })
    }
}

/// Bytes from one row to the next, as rows are and as fio's client counts them: it multiplies what is
/// announced by the size of a row without offset and issue time, and divides by that of one with them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strides {
    pub(super) row: usize,
    base: usize,
}

impl Strides {
    /// What to announce so that fio's client reads `rows` rows.
    pub(super) fn announcement(self, rows: usize) -> u64 {
        to_u64(rows.saturating_mul(self.row).div_ceil(self.base.max(1)))
    }

    /// The bytes that fill the last of the rows in `bytes` up to what is announced.
    pub(super) fn filler(self, bytes: usize) -> usize {
        bytes
            .next_multiple_of(self.base.max(1))
            .saturating_sub(bytes)
    }
}

pub(super) fn to_u64(count: usize) -> u64 {
    count.try_into().unwrap_or(u64::MAX)
}

type Fields = &'static [(&'static str, Shape)];

const NARROW: Fields = &[
    ("time", Shape::U64),
    ("data.val", Shape::U64),
    ("__ddir", Shape::U32),
    ("bs", Shape::U32),
    ("offset", Shape::U64),
];

const WIDE: Fields = &[
    ("time", Shape::U64),
    ("data.val", Shape::U64),
    ("__ddir", Shape::U32),
    ("priority", Shape::U16),
    ("pad", Shape::Padding(2)),
    ("bs", Shape::U64),
    ("offset", Shape::U64),
];

const PAIRED: Fields = &[
    ("time", Shape::U64),
    ("data.val.val0", Shape::U64),
    ("data.val.val1", Shape::U64),
    ("__ddir", Shape::U32),
    ("priority", Shape::U16),
    ("pad", Shape::Padding(2)),
    ("bs", Shape::U64),
    ("offset", Shape::U64),
    ("issue_time", Shape::U64),
];

const PAIRED_ISSUE_TIME: Fields = &[
    ("time", Shape::U64),
    ("data.val.val0", Shape::U64),
    ("data.val.val1", Shape::U64),
    ("__ddir", Shape::U32),
    ("priority", Shape::U16),
    ("pad", Shape::Padding(2)),
    ("bs", Shape::U64),
    ("issue_time", Shape::U64),
];

impl LogColumns {
    /// Those of them a format has.
    pub(super) fn within(self, format: SampleFormat) -> Self {
        Self {
            offset: self.offset,
            priority: self.priority && format >= SampleFormat::V94,
            maximum: self.maximum && format >= SampleFormat::V103,
            issue_time: self.issue_time && format >= SampleFormat::V107,
        }
    }
}

/// What a format could not carry of the rows written in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LostColumns {
    pub(super) maximum: bool,
    pub(super) priority: bool,
    pub(super) issue_time: bool,
    pub(super) block_size: bool,
    pub(super) histogram: bool,
    pub(super) rows: bool,
}

const fn bits_of(columns: LogColumns) -> u32 {
    (if columns.offset { OFFSET } else { 0 })
        | (if columns.priority { PRIORITY } else { 0 })
        | (if columns.maximum { MAXIMUM } else { 0 })
        | (if columns.issue_time { ISSUE_TIME } else { 0 })
}

/// The next 8 bytes if they are there to be read, and what follows.
fn extra(present: bool, bytes: &[u8]) -> (Option<u64>, &[u8]) {
    match bytes.split_first_chunk() {
        Some((value, rest)) if present => (Some(u64::from_le_bytes(*value)), rest),
        _ => (None, bytes),
    }
}

/// What all formats have in common.
#[derive(Clone, Copy, Default)]
struct Sample {
    time: u64,
    value: u64,
    second_value: u64,
    direction: u32,
    priority: u16,
    block_size: u64,
}

/// Versions 65 to 73.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Narrow {
    time: U64,
    value: U64,
    direction: U32,
    block_size: U32,
}

impl From<&Narrow> for Sample {
    fn from(narrow: &Narrow) -> Self {
        Self {
            time: narrow.time.get(),
            value: narrow.value.get(),
            direction: narrow.direction.get(),
            block_size: narrow.block_size.get().into(),
            ..Self::default()
        }
    }
}

/// Versions 74 to 101.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Wide {
    time: U64,
    value: U64,
    direction: U32,
    priority: U16,
    pad: [u8; 2],
    block_size: U64,
}

impl From<&Wide> for Sample {
    fn from(wide: &Wide) -> Self {
        Self {
            time: wide.time.get(),
            value: wide.value.get(),
            second_value: 0,
            direction: wide.direction.get(),
            priority: wide.priority.get(),
            block_size: wide.block_size.get(),
        }
    }
}

/// Version 103 and later.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Paired {
    time: U64,
    value: U64,
    second_value: U64,
    direction: U32,
    priority: U16,
    pad: [u8; 2],
    block_size: U64,
}

impl From<&Paired> for Sample {
    fn from(paired: &Paired) -> Self {
        Self {
            time: paired.time.get(),
            value: paired.value.get(),
            second_value: paired.second_value.get(),
            direction: paired.direction.get(),
            priority: paired.priority.get(),
            block_size: paired.block_size.get(),
        }
    }
}

const _: () = assert!(size_of::<Narrow>() == 24);
const _: () = assert!(size_of::<Wide>() == 32);
const _: () = assert!(size_of::<Paired>() == 40);
