//! Rows: the facts of a layout table as data.

use core::fmt;

use super::shape::Shape;
use crate::version::Revision;

/// One field of a structure, in the revisions from `since` to `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The field of the neutral structure, `pad` for padding.
    pub field: &'static str,
    /// fio's name of the field, empty for padding.
    pub c_name: &'static str,
    /// First revision the row holds for.
    pub since: Revision,
    /// Last revision the row holds for.
    pub until: Revision,
    /// How the field lies on the wire.
    pub shape: Shape,
    /// What the field counts.
    pub unit: Unit,
}

impl Row {
    pub(crate) const fn new(
        field: &'static str,
        (since, until): (Revision, Revision),
        c_name: &'static str,
        shape: Shape,
        unit: Unit,
    ) -> Self {
        Self {
            field,
            c_name,
            since,
            until,
            shape,
            unit,
        }
    }

    /// Padding has no name of fio's.
    pub(crate) const fn padding(
        field: &'static str,
        (since, until): (Revision, Revision),
        size: usize,
    ) -> Self {
        Self {
            field,
            c_name: "",
            since,
            until,
            shape: Shape::Padding(size),
            unit: Unit::None,
        }
    }
}

/// What a field counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Nothing, or a plain number of things.
    #[default]
    None,
    /// Nanoseconds.
    Nanoseconds,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// KiB, or kB where the group's base is 1000.
    Kilobytes,
    /// KiB/s, or kB/s where the group's base is 1000.
    KilobytesPerSecond,
    /// Bytes per second.
    BytesPerSecond,
    /// 1000 bytes per second.
    ThousandBytesPerSecond,
    /// I/Os per second.
    PerSecond,
    /// Parts of a hundred.
    Percent,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "",
            Self::Nanoseconds => "ns",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Bytes => "B",
            Self::Kilobytes => "KiB",
            Self::KilobytesPerSecond => "KiB/s",
            Self::BytesPerSecond => "B/s",
            Self::ThousandBytesPerSecond => "kB/s",
            Self::PerSecond => "1/s",
            Self::Percent => "%",
        })
    }
}

/// The rows of a table that hold in `revision`, in wire order, each with its offset in bytes.
pub fn fields(
    rows: &'static [Row],
    revision: Revision,
) -> impl Iterator<Item = (usize, &'static Row)> + Clone {
    let held = rows
        .iter()
        .filter(move |row| revision.is_within(row.since, row.until));
    held.scan(0_usize, |end, row| {
        let offset = *end;
        *end = offset.saturating_add(row.shape.size());
        Some((offset, row))
    })
}

/// Bytes a table's structure takes in `revision`.
pub fn size(rows: &'static [Row], revision: Revision) -> usize {
    fields(rows, revision)
        .last()
        .map_or(0, |(offset, row)| offset.saturating_add(row.shape.size()))
}

/// A value that did not fully survive encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{structure}.{field} {reason}")]
#[non_exhaustive]
pub struct Dropped {
    /// The structure, by fio's name.
    pub structure: &'static str,
    /// The field of the neutral structure.
    pub field: &'static str,
    /// What happened to it.
    pub reason: DropReason,
}

impl Dropped {
    pub(crate) const fn new(
        structure: &'static str,
        field: &'static str,
        reason: DropReason,
    ) -> Self {
        Self {
            structure,
            field,
            reason,
        }
    }
}

/// Why a value did not survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropReason {
    /// The revision has no such field; nothing was sent.
    Absent,
    /// The number is too large for the revision's field; its largest number was sent.
    OutOfRange,
    /// The text or list is too long for the revision's field; its start was sent.
    CutOff,
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "does not exist in the peer's version",
            Self::OutOfRange => "is too large for the peer's version",
            Self::CutOff => "is too long for the peer's version",
        })
    }
}

/// Hands out the pieces of a buffer that was made exactly as long as its rows.
pub(crate) struct Writer<'a>(&'a mut [u8]);

impl<'a> Writer<'a> {
    pub(crate) const fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    /// The next `length` bytes; empty at the end, which the tables' sizes rule out.
    pub(crate) fn take(&mut self, length: usize) -> &'a mut [u8] {
        let rest = core::mem::take(&mut self.0);
        debug_assert!(length <= rest.len(), "rows outgrow the size made from them");
        match rest.split_at_mut_checked(length) {
            Some((taken, rest)) => {
                self.0 = rest;
                taken
            }
            None => &mut [],
        }
    }
}
