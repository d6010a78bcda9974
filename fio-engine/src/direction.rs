//! The three data directions every job, statistic and report distinguishes.

use core::fmt;
use core::ops::{Index, IndexMut};

/// What an I/O does to the data: fio's `ddir`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Direction {
    /// Data moves from the file to memory.
    Read = 0,
    /// Data moves from memory to the file.
    Write = 1,
    /// The range is discarded.
    Trim = 2,
}

impl Direction {
    /// All directions, in the order of every table, report and wire structure.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Trim];

    /// The position in [`Direction::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// `read`, `write` or `trim`, as fio's JSON names them.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Trim => "trim",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One value for each [`Direction`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerDirection<T>(pub [T; 3]);

impl<T> PerDirection<T> {
    /// The same value for every direction.
    pub fn splat(value: T) -> Self
    where
        T: Clone,
    {
        Self([value.clone(), value.clone(), value])
    }

    /// Pairs of direction and value, in the order of [`Direction::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Direction, &T)> {
        Direction::ALL.into_iter().zip(&self.0)
    }

    /// Applies `f` to each direction's value.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> PerDirection<U> {
        PerDirection(self.0.map(f))
    }
}

impl<T> Index<Direction> for PerDirection<T> {
    type Output = T;

    #[inline]
    fn index(&self, direction: Direction) -> &T {
        &self.0[direction.index()]
    }
}

impl<T> IndexMut<Direction> for PerDirection<T> {
    #[inline]
    fn index_mut(&mut self, direction: Direction) -> &mut T {
        &mut self.0[direction.index()]
    }
}
