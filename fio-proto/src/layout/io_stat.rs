//! `io_stat`: extremes, mean and spread of a series. 56 bytes, the same in every version.
//!
//! | offset | size | field | meaning |
//! |---|---|---|---|
//! | 0 | 8 | `max_val` | largest value |
//! | 8 | 8 | `min_val` | smallest value; all ones or 0 when there are no samples |
//! | 16 | 8 | `samples` | number of values |
//! | 24 | 16 | `mean` | mean, a double |
//! | 40 | 16 | `S` | sum of the squared differences from the mean, a double |

use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::neutral::{Cell, Neutral};
use super::shape::Shape;
use super::wire_type::{Fit, WireField, WireType};
use crate::float;

/// Extremes, mean and spread of a series (`io_stat`), in the unit of the field it is in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct IoStat {
    /// Largest value.
    pub max: u64,
    /// Smallest value. Meaningless without samples, where fio sends all ones.
    pub min: u64,
    /// Number of values.
    pub samples: u64,
    /// Mean.
    pub mean: f64,
    /// Sum of the squared differences from the mean (`S`).
    pub squares: f64,
}

impl IoStat {
    /// The variance of the sample, whose square root fio reports; 0 for fewer than two values.
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "a count, rounded as fio rounds it"
    )]
    pub const fn variance(&self) -> f64 {
        if self.samples > 1 {
            self.squares / (self.samples.saturating_sub(1) as f64)
        } else {
            0.0
        }
    }
}

/// An `io_stat` as it lies on the wire, to be viewed in place.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct IoStatWire {
    /// Largest value.
    pub max: U64,
    /// Smallest value.
    pub min: U64,
    /// Number of values.
    pub samples: U64,
    /// Mean, see [`crate::float`].
    pub mean: [u8; float::WIRE_SIZE],
    /// Sum of squared differences, see [`crate::float`].
    pub squares: [u8; float::WIRE_SIZE],
}

const _: () = assert!(size_of::<IoStatWire>() == 56);

impl From<&IoStatWire> for IoStat {
    fn from(wire: &IoStatWire) -> Self {
        Self {
            max: wire.max.get(),
            min: wire.min.get(),
            samples: wire.samples.get(),
            mean: float::from_wire(&wire.mean),
            squares: float::from_wire(&wire.squares),
        }
    }
}

impl From<&IoStat> for IoStatWire {
    fn from(stat: &IoStat) -> Self {
        Self {
            max: stat.max.into(),
            min: stat.min.into(),
            samples: stat.samples.into(),
            mean: float::to_wire(stat.mean),
            squares: float::to_wire(stat.squares),
        }
    }
}

impl WireType for IoStatWire {
    const SHAPE: Shape = Shape::Record(
        "io_stat",
        &[
            ("max_val", Shape::U64),
            ("min_val", Shape::U64),
            ("samples", Shape::U64),
            ("mean", Shape::Float),
            ("S", Shape::Float),
        ],
    );
}

impl WireField<IoStat> for IoStatWire {
    fn decode(bytes: &[u8], into: &mut IoStat) {
        if let Ok(wire) = Self::ref_from_bytes(bytes) {
            *into = wire.into();
        }
    }

    fn encode(from: &IoStat, into: &mut [u8]) -> Fit {
        let wire = Self::from(from);
        let written = wire.write_to(into);
        debug_assert!(written.is_ok(), "a row's buffer has the row's size");
        None
    }
}

impl Neutral for IoStat {
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
        IoStatWire::ref_from_bytes(cell.bytes())
            .map(Self::from)
            .unwrap_or_default()
    }
}
