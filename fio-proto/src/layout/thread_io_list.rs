//! `thread_io_list`: how far a verifying job has come. What follows it is not in the table.

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::neutral::{Cell, Neutral};
use super::shape::Shape;
use super::wire_struct;
use super::wire_type::{Chars, Fit, WireField, WireType};
use crate::byte_string::ByteString;
use crate::version::revisions::*;

wire_struct! {
    /// How far a verifying job has come (fio's `thread_io_list`). A list follows it: slots of completed
    /// writes up to version 111, the numbers of writes in flight since 113.
    pub struct ThreadIoList, view ThreadIoListView, "thread_io_list" {
        /// Slots of the list that are filled (`no_comps`).
        pub filled: u64,
        /// The job's I/O depth.
        pub depth: u32,
        /// Slots for each file (`max_no_comps_per_file`).
        pub slots_per_file: u32,
        /// Files of the job.
        pub files: u32,
        /// Writes begun (`numberio`).
        pub writes: u64,
        /// Which of several jobs of the same name.
        pub index: u64,
        /// The state of the generator of offsets.
        pub random: RandomState,
        /// The job's name, at most 63 bytes.
        pub name: ByteString,
    }
    rows {
        V65_FIO_2_99..=V111 => filled: u64, "no_comps", None;
        V65_FIO_2_99..=NOW => depth: u32, "depth", None;
        V107..=V111 => slots_per_file: u32, "max_no_comps_per_file", None;
        V65_FIO_2_99..=V111 => files: u32, "nofiles", None;
        V107..=NOW => pad(4);
        V65_FIO_2_99..=NOW => writes: u64, "numberio", None;
        V65_FIO_2_99..=NOW => index: u64, "index", None;
        V65_FIO_2_99..=NOW => random: RandomStateWire, "rand", None;
        V65_FIO_2_99..=NOW => name: Chars<64>, "name", None;
    }
}

/// The state of one of fio's generators of random numbers. The last word of either is unused, 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum RandomState {
    /// Of `random_generator=tausworthe`.
    Tausworthe32([u32; 4]),
    /// Of `random_generator=tausworthe64`.
    Tausworthe64([u64; 6]),
}

impl Default for RandomState {
    fn default() -> Self {
        Self::Tausworthe32([0; 4])
    }
}

/// A [`RandomState`] as it lies on the wire (`thread_rand_state`): which of the two it is, then both in
/// the same place.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RandomStateWire {
    /// 0 for four words of 32 bits, otherwise six of 64.
    pub use64: U64,
    /// The words. Four of 32 bits lie in the first two.
    pub words: [U64; 6],
}

const _: () = assert!(size_of::<RandomStateWire>() == 56);

impl From<&RandomStateWire> for RandomState {
    fn from(wire: &RandomStateWire) -> Self {
        if wire.use64.get() != 0 {
            return Self::Tausworthe64(wire.words.map(U64::get));
        }
        let mut words = [U32::ZERO; 4];
        for (word, bytes) in words.iter_mut().zip(wire.words.as_bytes().chunks_exact(4)) {
            *word = U32::read_from_bytes(bytes).unwrap_or_default();
        }
        Self::Tausworthe32(words.map(U32::get))
    }
}

impl From<&RandomState> for RandomStateWire {
    fn from(state: &RandomState) -> Self {
        let mut wire = Self {
            use64: U64::ZERO,
            words: [U64::ZERO; 6],
        };
        match state {
            RandomState::Tausworthe32(words) => {
                let slots = wire.words.as_mut_bytes().chunks_exact_mut(4);
                for (slot, word) in slots.zip(words) {
                    slot.copy_from_slice(&word.to_le_bytes());
                }
            }
            RandomState::Tausworthe64(words) => {
                wire.use64 = U64::new(1);
                wire.words = words.map(U64::new);
            }
        }
        wire
    }
}

impl WireType for RandomStateWire {
    const SHAPE: Shape = Shape::Record(
        "thread_rand_state",
        &[
            ("use64", Shape::U64),
            ("state64.s", Shape::Array(6, &Shape::U64)),
        ],
    );
}

impl WireField<RandomState> for RandomStateWire {
    fn decode(bytes: &[u8], into: &mut RandomState) {
        if let Ok(wire) = Self::ref_from_bytes(bytes) {
            *into = wire.into();
        }
    }

    fn encode(from: &RandomState, into: &mut [u8]) -> Fit {
        let wire = Self::from(from);
        let written = wire.write_to(into);
        debug_assert!(written.is_ok(), "a row's buffer has the row's size");
        None
    }
}

impl Neutral for RandomState {
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
        RandomStateWire::ref_from_bytes(cell.bytes())
            .map(Self::from)
            .unwrap_or_default()
    }
}
