//! The types of rows: how a field lies on the wire, and how that becomes a neutral value.

use alloc::vec::Vec;

use super::row::DropReason;
use super::shape::Shape;
use crate::byte_string::{ByteString, until_nul};
use crate::float;
use crate::layout::neutral::Neutral;

/// How a field lies on the wire.
pub trait WireType {
    /// The layout as data.
    const SHAPE: Shape;
    /// Bytes on the wire.
    const SIZE: usize = Self::SHAPE.size();
}

/// What became of a value that was encoded: `None` when all of it is there.
pub type Fit = Option<DropReason>;

/// Converts between a field on the wire and a neutral value.
///
/// Both functions are handed exactly [`WireType::SIZE`] bytes.
pub trait WireField<N>: WireType {
    /// Reads the field, overwriting `into`.
    fn decode(bytes: &[u8], into: &mut N);
    /// Writes the field over `into`, which is zero before, as far as it fits.
    fn encode(from: &N, into: &mut [u8]) -> Fit;
}

macro_rules! integers {
    ($($wire:ident as $($neutral:ident),+ is $shape:ident;)*) => { $(
        impl WireType for $wire {
            const SHAPE: Shape = Shape::$shape;
        }
        $(impl WireField<$neutral> for $wire {
            #[inline]
            fn decode(bytes: &[u8], into: &mut $neutral) {
                if let Some(bytes) = bytes.first_chunk() {
                    *into = Self::from_le_bytes(*bytes).into();
                }
            }

            #[inline]
            fn encode(from: &$neutral, into: &mut [u8]) -> Fit {
                // Without a branch, so that arrays are converted several elements at a time.
                let fitting = Self::try_from(*from).unwrap_or(Self::MAX);
                if let Some(into) = into.first_chunk_mut() {
                    *into = fitting.to_le_bytes();
                }
                (*from != <$neutral>::from(fitting)).then_some(DropReason::OutOfRange)
            }
        })+
    )* };
}

integers! {
    u8 as u8, u16, u32, u64 is U8;
    u16 as u16, u32, u64 is U16;
    u32 as u32, u64 is U32;
    u64 as u64 is U64;
}

impl WireType for i32 {
    const SHAPE: Shape = Shape::I32;
}

impl WireField<Self> for i32 {
    fn decode(bytes: &[u8], into: &mut Self) {
        if let Some(bytes) = bytes.first_chunk() {
            *into = Self::from_le_bytes(*bytes);
        }
    }

    fn encode(from: &Self, into: &mut [u8]) -> Fit {
        if let Some(into) = into.first_chunk_mut() {
            *into = from.to_le_bytes();
        }
        None
    }
}

impl WireType for f64 {
    const SHAPE: Shape = Shape::Float;
}

impl WireField<Self> for f64 {
    fn decode(bytes: &[u8], into: &mut Self) {
        if let Some(bytes) = bytes.first_chunk() {
            *into = float::from_wire(bytes);
        }
    }

    fn encode(from: &Self, into: &mut [u8]) -> Fit {
        if let Some(into) = into.first_chunk_mut() {
            *into = float::to_wire(*from);
        }
        None
    }
}

/// An integer that says yes or no: 0 is no, anything else yes, and yes is sent as 1.
#[derive(Clone, Copy, Debug)]
pub struct Bool<T>(core::marker::PhantomData<T>);

impl<T: WireType> WireType for Bool<T> {
    const SHAPE: Shape = T::SHAPE;
}

impl<T: WireField<u64>> WireField<bool> for Bool<T> {
    fn decode(bytes: &[u8], into: &mut bool) {
        let mut number = 0;
        T::decode(bytes, &mut number);
        *into = number != 0;
    }

    fn encode(from: &bool, into: &mut [u8]) -> Fit {
        T::encode(&(*from).into(), into)
    }
}

/// A C string in an array of `N` bytes, padded with NULs. At least one NUL is sent, none is needed to
/// read.
#[derive(Clone, Copy, Debug)]
pub struct Chars<const N: usize>;

impl<const N: usize> WireType for Chars<N> {
    const SHAPE: Shape = Shape::Chars(N);
}

impl<const N: usize> WireField<ByteString> for Chars<N> {
    fn decode(bytes: &[u8], into: &mut ByteString) {
        into.assign(until_nul(bytes));
    }

    fn encode(from: &ByteString, into: &mut [u8]) -> Fit {
        let text = until_nul(from);
        let room = N.saturating_sub(1);
        for (slot, byte) in into.iter_mut().zip(text.iter().take(room)) {
            *slot = *byte;
        }
        (text.len() < from.len() || text.len() > room).then_some(DropReason::CutOff)
    }
}

impl<T: WireType, const A: usize> WireType for [T; A] {
    const SHAPE: Shape = Shape::Array(A, &T::SHAPE);
}

/// Arrays of different lengths meet at their start; what is missing is zero.
impl<T: WireField<N>, N: Neutral, const A: usize, const B: usize> WireField<[N; B]> for [T; A] {
    fn decode(bytes: &[u8], into: &mut [N; B]) {
        decode_all::<T, N>(bytes, into);
    }

    fn encode(from: &[N; B], into: &mut [u8]) -> Fit {
        encode_all::<T, N>(from, into)
    }
}

/// A list in an array: zeros behind its last element are not part of it.
impl<T: WireField<N>, N: Neutral, const A: usize> WireField<Vec<N>> for [T; A] {
    fn decode(bytes: &[u8], into: &mut Vec<N>) {
        into.clear();
        let used = bytes.len().saturating_sub(trailing_zeros(bytes));
        into.resize_with(used.div_ceil(T::SIZE.max(1)), N::zero);
        decode_all::<T, N>(bytes, into);
        // Bytes without meaning may have been all there was.
        while into.pop_if(|last| last.is_zero()).is_some() {}
    }

    fn encode(from: &Vec<N>, into: &mut [u8]) -> Fit {
        encode_all::<T, N>(from, into)
    }
}

/// Bytes at the end that are zero. Whole blocks are looked at first: arrays are mostly empty.
fn trailing_zeros(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((front, block)) = rest.split_last_chunk::<64>() {
        if *block != [0; 64] {
            break;
        }
        rest = front;
    }
    let used = rest.iter().rposition(|byte| *byte != 0);
    bytes
        .len()
        .saturating_sub(used.map_or(0, |last| last.saturating_add(1)))
}

/// Decodes as many elements as there are bytes and resets the others.
pub(super) fn decode_all<T: WireField<N>, N: Neutral>(bytes: &[u8], into: &mut [N]) {
    let mut slots = into.iter_mut();
    for (chunk, slot) in bytes.chunks_exact(T::SIZE.max(1)).zip(&mut slots) {
        T::decode(chunk, slot);
    }
    slots.for_each(Neutral::reset);
}

/// Encodes as many elements as there is room for and looks whether the others mattered.
pub(super) fn encode_all<T: WireField<N>, N: Neutral>(from: &[N], into: &mut [u8]) -> Fit {
    let mut fit = None;
    let mut values = from.iter();
    for (chunk, value) in into.chunks_exact_mut(T::SIZE.max(1)).zip(&mut values) {
        fit = T::encode(value, chunk).or(fit);
    }
    let cut = !values.as_slice().iter().all(Neutral::is_zero);
    fit.or_else(|| cut.then_some(DropReason::CutOff))
}

/// A figure that travels in units of `N`. Encoding rounds down, except that all ones, which stand for
/// "none", stay all ones both ways.
#[derive(Clone, Copy, Debug)]
pub struct Scaled<T, const N: u64>(core::marker::PhantomData<T>);

impl<T: WireType, const N: u64> WireType for Scaled<T, N> {
    const SHAPE: Shape = T::SHAPE;
}

impl<T: WireField<u64>, const N: u64> WireField<u64> for Scaled<T, N> {
    fn decode(bytes: &[u8], into: &mut u64) {
        T::decode(bytes, into);
        *into = into.saturating_mul(N);
    }

    fn encode(from: &u64, into: &mut [u8]) -> Fit {
        let units = match *from {
            u64::MAX => u64::MAX,
            value => value.checked_div(N).unwrap_or(0),
        };
        T::encode(&units, into)
    }
}

/// One figure for all directions where others send one each: encoded as their sum, decoded into the
/// first.
#[derive(Clone, Copy, Debug)]
pub struct SumOf<T>(core::marker::PhantomData<T>);

impl<T: WireType> WireType for SumOf<T> {
    const SHAPE: Shape = T::SHAPE;
}

impl<T: WireField<u64>, const B: usize> WireField<[u64; B]> for SumOf<T> {
    fn decode(bytes: &[u8], into: &mut [u64; B]) {
        into.fill(0);
        if let Some(first) = into.first_mut() {
            T::decode(bytes, first);
        }
    }

    fn encode(from: &[u64; B], into: &mut [u8]) -> Fit {
        T::encode(
            &from.iter().fold(0, |sum, value| sum.saturating_add(*value)),
            into,
        )
    }
}

/// One bound for all directions where others have one each: the largest is encoded, and decoded into
/// every direction.
#[derive(Clone, Copy, Debug)]
pub struct Shared<T>(core::marker::PhantomData<T>);

impl<T: WireType> WireType for Shared<T> {
    const SHAPE: Shape = T::SHAPE;
}

impl<T: WireField<u64>, const B: usize> WireField<[u64; B]> for Shared<T> {
    fn decode(bytes: &[u8], into: &mut [u64; B]) {
        let mut value = 0;
        T::decode(bytes, &mut value);
        into.fill(value);
    }

    fn encode(from: &[u64; B], into: &mut [u8]) -> Fit {
        let largest = from.iter().copied().max().unwrap_or_default();
        let differ = from.iter().any(|value| *value != largest);
        T::encode(&largest, into).or_else(|| differ.then_some(DropReason::CutOff))
    }
}
