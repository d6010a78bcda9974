//! Neutral values, and reading them in place whatever their width on the wire.

use alloc::vec::Vec;
use core::marker::PhantomData;

use zerocopy::FromBytes;
use zerocopy::little_endian::{U32, U64};

use super::shape::Shape;
use crate::byte_string::{ByteString, until_nul};
use crate::float;

/// A type that fields of neutral structures may have.
pub trait Neutral: Sized + 'static {
    /// What reading it in place gives.
    type View<'a>;

    /// The value of a field a revision does not carry.
    fn zero() -> Self;
    /// Sets it to [`zero`](Self::zero), keeping allocations.
    fn reset(&mut self);
    /// Whether it is [`zero`](Self::zero).
    fn is_zero(&self) -> bool;
    /// Reads it from where it lies.
    fn view(cell: Cell<'_>) -> Self::View<'_>;
}

/// A field where it lies: its bytes and how to read them.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    bytes: &'a [u8],
    shape: &'static Shape,
}

impl<'a> Cell<'a> {
    /// Pairs bytes with their shape. Accessors read missing bytes as zero.
    pub const fn new(bytes: &'a [u8], shape: &'static Shape) -> Self {
        Self { bytes, shape }
    }

    /// The field's bytes.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The field's shape.
    pub const fn shape(&self) -> &'static Shape {
        self.shape
    }

    /// An unsigned integer of whatever width; 0 for other shapes.
    pub fn unsigned(&self) -> u64 {
        let integer = matches!(self.shape, Shape::U8 | Shape::U16 | Shape::U32 | Shape::U64);
        let bytes = if integer { self.bytes } else { &[] };
        bytes
            .iter()
            .take(8)
            .rev()
            .fold(0, |value, &byte| value << 8 | u64::from(byte))
    }

    /// A signed integer; 0 for other shapes.
    pub fn signed(&self) -> i32 {
        match (self.shape, self.bytes.first_chunk()) {
            (Shape::I32, Some(bytes)) => i32::from_le_bytes(*bytes),
            _ => 0,
        }
    }

    /// A double; 0 for other shapes.
    pub fn float(&self) -> f64 {
        match (self.shape, self.bytes.first_chunk()) {
            (Shape::Float, Some(bytes)) => float::from_wire(bytes),
            _ => 0.0,
        }
    }

    /// The text in front of the first NUL; empty for other shapes.
    pub fn text(&self) -> &'a [u8] {
        if let Shape::Chars(_) = self.shape {
            until_nul(self.bytes)
        } else {
            &[]
        }
    }

    /// The elements; a single value is an array of one.
    pub fn elements(&self) -> impl ExactSizeIterator<Item = Self> + Clone + use<'a> {
        let shape = match *self.shape {
            Shape::Array(_, element) => element,
            _ => self.shape,
        };
        self.bytes
            .chunks_exact(shape.size().max(1))
            .map(move |bytes| Self { bytes, shape })
    }

    /// The counters of an innermost array, without copying.
    pub fn counters(&self) -> Counters<'a> {
        let narrow = matches!(self.shape, Shape::Array(_, Shape::U32));
        match (
            narrow,
            <[U32]>::ref_from_bytes(self.bytes),
            <[U64]>::ref_from_bytes(self.bytes),
        ) {
            (true, Ok(counters), _) => Counters::U32(counters),
            (false, _, Ok(counters)) => Counters::U64(counters),
            _ => Counters::U64(&[]),
        }
    }
}

/// An array read in place.
#[derive(Clone, Copy, Debug)]
pub struct ArrayView<'a, N> {
    cell: Cell<'a>,
    element: PhantomData<N>,
}

impl<'a, N: Neutral> ArrayView<'a, N> {
    /// Elements the revision sends.
    pub fn len(&self) -> usize {
        self.cell.elements().len()
    }

    /// Whether the revision sends none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One element, `None` behind the end.
    pub fn get(&self, index: usize) -> Option<N::View<'a>> {
        self.cell.elements().nth(index).map(N::view)
    }

    /// All elements.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = N::View<'a>> + use<'a, N> {
        self.cell.elements().map(N::view)
    }
}

/// Counters where they lie, in the width of the revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counters<'a> {
    /// 32 bits each.
    U32(&'a [U32]),
    /// 64 bits each.
    U64(&'a [U64]),
}

impl Counters<'_> {
    /// How many there are.
    pub const fn len(&self) -> usize {
        match self {
            Self::U32(counters) => counters.len(),
            Self::U64(counters) => counters.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One counter, `None` behind the end.
    pub fn get(&self, index: usize) -> Option<u64> {
        match self {
            Self::U32(counters) => counters.get(index).map(|counter| counter.get().into()),
            Self::U64(counters) => counters.get(index).map(|counter| counter.get()),
        }
    }

    /// All of them together.
    pub fn total(&self) -> u64 {
        match self {
            Self::U32(counters) => counters
                .iter()
                .map(|counter| u64::from(counter.get()))
                .sum(),
            Self::U64(counters) => counters
                .iter()
                .fold(0, |sum, counter| sum.saturating_add(counter.get())),
        }
    }
}

macro_rules! unsigned {
    ($($type:ident)*) => { $(
        impl Neutral for $type {
            type View<'a> = Self;

            fn zero() -> Self {
                0
            }

            fn reset(&mut self) {
                *self = 0;
            }

            fn is_zero(&self) -> bool {
                *self == 0
            }

            fn view(cell: Cell<'_>) -> Self {
                Self::try_from(cell.unsigned()).unwrap_or(Self::MAX)
            }
        }
    )* };
}

unsigned!(u8 u16 u32 u64);

impl Neutral for bool {
    type View<'a> = Self;

    fn zero() -> Self {
        false
    }

    fn reset(&mut self) {
        *self = false;
    }

    fn is_zero(&self) -> bool {
        !*self
    }

    fn view(cell: Cell<'_>) -> Self {
        cell.unsigned() != 0
    }
}

impl Neutral for i32 {
    type View<'a> = Self;

    fn zero() -> Self {
        0
    }

    fn reset(&mut self) {
        *self = 0;
    }

    fn is_zero(&self) -> bool {
        *self == 0
    }

    fn view(cell: Cell<'_>) -> Self {
        cell.signed()
    }
}

impl Neutral for f64 {
    type View<'a> = Self;

    fn zero() -> Self {
        0.0
    }

    fn reset(&mut self) {
        *self = 0.0;
    }

    fn is_zero(&self) -> bool {
        *self == 0.0
    }

    fn view(cell: Cell<'_>) -> Self {
        cell.float()
    }
}

impl Neutral for ByteString {
    type View<'a> = &'a [u8];

    fn zero() -> Self {
        Self::default()
    }

    fn reset(&mut self) {
        self.assign(&[]);
    }

    fn is_zero(&self) -> bool {
        self.is_empty()
    }

    fn view(cell: Cell<'_>) -> &[u8] {
        cell.text()
    }
}

impl<N: Neutral, const B: usize> Neutral for [N; B] {
    type View<'a> = ArrayView<'a, N>;

    fn zero() -> Self {
        core::array::from_fn(|_| N::zero())
    }

    fn reset(&mut self) {
        self.iter_mut().for_each(N::reset);
    }

    fn is_zero(&self) -> bool {
        self.iter().all(N::is_zero)
    }

    fn view(cell: Cell<'_>) -> ArrayView<'_, N> {
        ArrayView {
            cell,
            element: PhantomData,
        }
    }
}

/// A list in an array on the wire: what is behind its last element is zero there and left out here.
impl<N: Neutral> Neutral for Vec<N> {
    type View<'a> = ArrayView<'a, N>;

    fn zero() -> Self {
        Self::new()
    }

    fn reset(&mut self) {
        self.clear();
    }

    fn is_zero(&self) -> bool {
        self.iter().all(N::is_zero)
    }

    fn view(cell: Cell<'_>) -> ArrayView<'_, N> {
        ArrayView {
            cell,
            element: PhantomData,
        }
    }
}
