//! A cursor over received bytes that knows what it is reading.

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::error::DecodeError;

/// Reads fields one after another; every failure names the structure, the field and the offset.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    structure: &'static str,
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `structure`.
    pub const fn new(structure: &'static str, bytes: &'a [u8]) -> Self {
        Self {
            structure,
            rest: bytes,
            offset: 0,
        }
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn take(&mut self, field: &'static str, length: usize) -> Result<&'a [u8], DecodeError> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return Err(DecodeError::Truncated {
                structure: self.structure,
                field,
                offset: self.offset,
                needed: length,
                got: self.rest.len(),
            });
        };
        self.rest = rest;
        self.offset = self.offset.saturating_add(length);
        Ok(taken)
    }

    /// The next bytes as a structure of fixed layout, in place.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn view<T>(&mut self, field: &'static str) -> Result<&'a T, DecodeError>
    where
        T: FromBytes + KnownLayout + Immutable + Unaligned,
    {
        let (offset, got) = (self.offset, self.rest.len());
        let bytes = self.take(field, size_of::<T>())?;
        T::ref_from_bytes(bytes).map_err(|_| DecodeError::Truncated {
            structure: self.structure,
            field,
            offset,
            needed: size_of::<T>(),
            got,
        })
    }

    /// Everything that is left; the reader is at the end afterwards.
    pub fn rest(&mut self) -> &'a [u8] {
        self.offset = self.offset.saturating_add(self.rest.len());
        core::mem::take(&mut self.rest)
    }

    /// Bytes read so far.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Bytes not yet read.
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBytes`] when something is left.
    pub const fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        let (structure, offset, got) = (self.structure, self.offset, self.rest.len());
        Err(DecodeError::TrailingBytes {
            structure,
            offset,
            got,
        })
    }
}

#[cfg(test)]
mod tests {
    use zerocopy::little_endian::U32;

    use super::*;

    #[test]
    fn failures_say_where() {
        let mut reader = Reader::new("probe", &[1, 0, 0, 0, 9, 9]);
        assert_eq!(reader.view::<U32>("first").unwrap().get(), 1);
        let truncated = DecodeError::Truncated {
            structure: "probe",
            field: "second",
            offset: 4,
            needed: 4,
            got: 2,
        };
        assert_eq!(reader.view::<U32>("second"), Err(truncated));
        let trailing = DecodeError::TrailingBytes {
            structure: "probe",
            offset: 4,
            got: 2,
        };
        assert_eq!(reader.clone().finish(), Err(trailing));
        assert_eq!(reader.rest(), [9, 9]);
        assert_eq!((reader.offset(), reader.remaining()), (6, 0));
        assert_eq!(reader.finish(), Ok(()));
    }
}
