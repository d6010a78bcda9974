//! Shares: how often a block size or a part of a file is used.

use crate::layout::neutral::{Cell, Neutral};
use crate::layout::row::DropReason;
use crate::layout::shape::Shape;
use crate::layout::wire_type::{Fit, WireField, WireType};

/// A block size and how often it is used (`bssplit`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct BlockSizeShare {
    /// Bytes of the block.
    pub size: u64,
    /// Percent of the I/Os that have it.
    pub percent: u32,
}

/// A part of a file and how often it is used (`zone_split`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ZoneShare {
    /// Percent of the I/Os that go there.
    pub access_percent: u8,
    /// Percent of the file it takes.
    pub size_percent: u8,
    /// Its size in bytes. No sender fills it; versions up to 66 have no room for it.
    pub size: u64,
}

/// A [`BlockSizeShare`] of versions up to 73: a size in 32 bits.
#[derive(Clone, Copy, Debug)]
pub struct NarrowBlockSizeShare;

/// A [`BlockSizeShare`] since version 74: a size in 64 bits, and padding behind the share.
#[derive(Clone, Copy, Debug)]
pub struct WideBlockSizeShare;

/// A [`ZoneShare`] of versions up to 66: two percentages.
#[derive(Clone, Copy, Debug)]
pub struct NarrowZoneShare;

/// A [`ZoneShare`] since version 69: two percentages, padding and a size.
#[derive(Clone, Copy, Debug)]
pub struct WideZoneShare;

impl WireType for NarrowBlockSizeShare {
    const SHAPE: Shape = Shape::Record("bssplit", &[("bs", Shape::U32), ("perc", Shape::U32)]);
}

impl WireType for WideBlockSizeShare {
    const SHAPE: Shape = Shape::Record(
        "bssplit",
        &[
            ("bs", Shape::U64),
            ("perc", Shape::U32),
            ("pad", Shape::Padding(4)),
        ],
    );
}

impl WireType for NarrowZoneShare {
    const SHAPE: Shape = Shape::Record(
        "zone_split",
        &[("access_perc", Shape::U8), ("size_perc", Shape::U8)],
    );
}

impl WireType for WideZoneShare {
    const SHAPE: Shape = Shape::Record(
        "zone_split",
        &[
            ("access_perc", Shape::U8),
            ("size_perc", Shape::U8),
            ("pad", Shape::Padding(6)),
            ("size", Shape::U64),
        ],
    );
}

impl WireField<BlockSizeShare> for NarrowBlockSizeShare {
    fn decode(bytes: &[u8], into: &mut BlockSizeShare) {
        let (size, percent) = bytes.split_at_checked(4).unwrap_or_default();
        <u32 as WireField<u64>>::decode(size, &mut into.size);
        <u32 as WireField<u32>>::decode(percent, &mut into.percent);
    }

    fn encode(from: &BlockSizeShare, into: &mut [u8]) -> Fit {
        let (size, percent) = into.split_at_mut_checked(4).unwrap_or_default();
        let fit = <u32 as WireField<u64>>::encode(&from.size, size);
        let percent_fit = <u32 as WireField<u32>>::encode(&from.percent, percent);
        fit.or(percent_fit)
    }
}

impl WireField<BlockSizeShare> for WideBlockSizeShare {
    fn decode(bytes: &[u8], into: &mut BlockSizeShare) {
        let (size, percent) = bytes.split_at_checked(8).unwrap_or_default();
        <u64 as WireField<u64>>::decode(size, &mut into.size);
        <u32 as WireField<u32>>::decode(percent, &mut into.percent);
    }

    fn encode(from: &BlockSizeShare, into: &mut [u8]) -> Fit {
        let (size, percent) = into.split_at_mut_checked(8).unwrap_or_default();
        let fit = <u64 as WireField<u64>>::encode(&from.size, size);
        let percent_fit = <u32 as WireField<u32>>::encode(&from.percent, percent);
        fit.or(percent_fit)
    }
}

impl WireField<ZoneShare> for NarrowZoneShare {
    fn decode(bytes: &[u8], into: &mut ZoneShare) {
        if let [access_percent, size_percent, ..] = *bytes {
            *into = ZoneShare {
                access_percent,
                size_percent,
                size: 0,
            };
        }
    }

    fn encode(from: &ZoneShare, into: &mut [u8]) -> Fit {
        if let [access_percent, size_percent, ..] = into {
            (*access_percent, *size_percent) = (from.access_percent, from.size_percent);
        }
        (from.size != 0).then_some(DropReason::Absent)
    }
}

impl WireField<ZoneShare> for WideZoneShare {
    fn decode(bytes: &[u8], into: &mut ZoneShare) {
        let (percents, size) = bytes.split_at_checked(8).unwrap_or_default();
        NarrowZoneShare::decode(percents, into);
        <u64 as WireField<u64>>::decode(size, &mut into.size);
    }

    fn encode(from: &ZoneShare, into: &mut [u8]) -> Fit {
        let (percents, size) = into.split_at_mut_checked(8).unwrap_or_default();
        // What the narrow form cannot carry follows here.
        let _ = NarrowZoneShare::encode(from, percents);
        <u64 as WireField<u64>>::encode(&from.size, size)
    }
}

/// Shares are read in place as what the revision's shape says they are.
macro_rules! neutral {
    ($type:ident, $wide:ident, $narrow:ident) => {
        impl Neutral for $type {
            type View<'a> = Self;

            fn zero() -> Self {
                Self::default()
            }

            fn reset(&mut self) {
                *self = Self::default();
            }

            fn is_zero(&self) -> bool {
                *self == Self::default()
            }

            fn view(cell: Cell<'_>) -> Self {
                let mut share = Self::default();
                if cell.bytes().len() == $wide::SIZE {
                    $wide::decode(cell.bytes(), &mut share);
                } else {
                    $narrow::decode(cell.bytes(), &mut share);
                }
                share
            }
        }
    };
}

neutral!(BlockSizeShare, WideBlockSizeShare, NarrowBlockSizeShare);
neutral!(ZoneShare, WideZoneShare, NarrowZoneShare);
