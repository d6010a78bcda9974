//! Wire types as data, for code that walks a structure without knowing it.

/// How a value lies on the wire. All integers are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// One byte.
    U8,
    /// Two bytes.
    U16,
    /// Four bytes.
    U32,
    /// Eight bytes.
    U64,
    /// Four bytes, two's complement.
    I32,
    /// A double in 16 bytes, see [`crate::float`].
    Float,
    /// A C string in an array of so many bytes.
    Chars(usize),
    /// So many values of one shape.
    Array(usize, &'static Self),
    /// A nested structure: its C name and its fields.
    Record(&'static str, &'static [(&'static str, Self)]),
    /// Bytes without meaning.
    Padding(usize),
}

impl Shape {
    /// Bytes on the wire.
    pub const fn size(&self) -> usize {
        match *self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 | Self::I32 => 4,
            Self::U64 => 8,
            Self::Float => crate::float::WIRE_SIZE,
            Self::Chars(length) | Self::Padding(length) => length,
            Self::Array(length, element) => length.saturating_mul(element.size()),
            Self::Record(_, mut fields) => {
                let mut total = 0_usize;
                while let [(_, shape), rest @ ..] = fields {
                    total = total.saturating_add(shape.size());
                    fields = rest;
                }
                total
            }
        }
    }
}
