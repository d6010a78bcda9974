//! Values of any field.

use alloc::vec::Vec;
use core::fmt;

use crate::byte_string::ByteString;
use crate::layout::{Cell, Shape};

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
#[non_exhaustive]
pub enum Value {
    /// An unsigned integer.
    Unsigned(u64),
    /// A signed integer.
    Signed(i64),
    /// A double.
    Float(f64),
    /// Text in front of its NUL.
    Text(ByteString),
    /// Several values of one kind.
    List(Vec<Self>),
    /// A nested structure: names and values.
    Record(Vec<(&'static str, Self)>),
}

impl Value {
    /// Reads a field in place.
    pub(super) fn read(cell: Cell<'_>) -> Self {
        match *cell.shape() {
            Shape::U8 | Shape::U16 | Shape::U32 | Shape::U64 => Self::Unsigned(cell.unsigned()),
            Shape::I32 => Self::Signed(cell.signed().into()),
            Shape::Float => Self::Float(cell.float()),
            Shape::Chars(_) => Self::Text(cell.text().into()),
            Shape::Array(..) => Self::List(cell.elements().map(Self::read).collect()),
            Shape::Record(_, fields) => Self::Record(read_record(cell.bytes(), fields)),
            Shape::Padding(_) => Self::List(
                cell.bytes()
                    .iter()
                    .map(|byte| Self::Unsigned((*byte).into()))
                    .collect(),
            ),
        }
    }

    /// Whether it is zero or empty throughout.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Unsigned(value) => *value == 0,
            Self::Signed(value) => *value == 0,
            Self::Float(value) => *value == 0.0,
            Self::Text(text) => text.is_empty(),
            Self::List(values) => values.iter().all(Self::is_zero),
            Self::Record(fields) => fields.iter().all(|(_, value)| value.is_zero()),
        }
    }
}

fn read_record(
    mut bytes: &[u8],
    fields: &'static [(&'static str, Shape)],
) -> Vec<(&'static str, Value)> {
    let read = fields.iter().map(|(name, shape)| {
        let (field, rest) = bytes.split_at_checked(shape.size()).unwrap_or_default();
        bytes = rest;
        (*name, Value::read(Cell::new(field, shape)))
    });
    read.collect()
}

impl fmt::Display for Value {
    /// Lists show what is not zero as `index:value` when they are long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(u64::MAX) => f.write_str("2^64-1"),
            Self::Unsigned(value) => value.fmt(f),
            Self::Signed(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(text) => fmt::Debug::fmt(text, f),
            Self::List(values) if values.len() > LONG => write_sparse(values, f),
            Self::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Record(fields) => {
                f.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Lists longer than this are histograms, mostly empty.
const LONG: usize = 20;

fn write_sparse(values: &[Value], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let filled = values
        .iter()
        .enumerate()
        .filter(|(_, value)| !value.is_zero());
    write!(f, "[{} values", values.len())?;
    for (count, (index, value)) in filled.enumerate() {
        write!(f, "{}{index}:{value}", if count == 0 { "; " } else { ", " })?;
    }
    f.write_str("]")
}
