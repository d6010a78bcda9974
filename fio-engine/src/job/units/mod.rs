//! Numbers as fio writes them: sizes, counts, times, percentages, ranges and arithmetic.
//!
//! The grammar is that of fio's manual ("Parameter types" and "Job file parameters"), with the
//! readings of the fio binary where the two differ (see [`parse_size`]). Unlike fio, nothing is
//! guessed: text that is left over after a number (`1.5g`, `4kq`, `0x10k`) is an error instead of
//! being dropped, and a result that does not fit is an error instead of wrapping around.
//!
//! All functions take bytes, since job files need not be UTF-8.

mod arithmetic;
mod number;
mod time;

pub use arithmetic::MAX_EXPRESSION_DEPTH;
pub(crate) use arithmetic::{Unit, evaluate};
pub(crate) use number::split_outside_parentheses;
pub use number::{KbBase, parse_decimal, parse_size, parse_size_or_percent, parse_size_range};
pub use time::{parse_time, parse_time_range};

use crate::job::shown;

/// Why a text is not the number, size or time it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// Nothing there.
    #[error("the value is empty")]
    Empty,
    /// The text does not begin with a digit.
    #[error("`{0}` is not a number")]
    NotANumber(String),
    /// A number is followed by something that is no unit.
    #[error("`{suffix}` is not a unit of {quantity}; use {accepted}")]
    Suffix {
        /// What follows the number.
        suffix: String,
        /// "size" or "time".
        quantity: &'static str,
        /// The units that may be used.
        accepted: &'static str,
    },
    /// The value does not fit in 64 bits.
    #[error("`{0}` is too large")]
    Overflow(String),
    /// A percentage outside 0 to 100.
    #[error("`{0}` is not a percentage between 0% and 100%")]
    Percent(String),
    /// A number of zones where there are none, or where zones make no size.
    #[error(
        "`{0}` is given in zones, which only size, io_size, offset, offset_increment and zoneskip \
         can be, with zonemode=strided and a zonesize; give bytes"
    )]
    Zones(String),
    /// One value was expected and a list or range found.
    #[error("`{0}` is a range where one value is expected")]
    UnexpectedRange(String),
    /// A range was expected and one value found.
    #[error("`{0}` is not a range of the form low-high")]
    NotARange(String),
    /// An expression in parentheses is wrong.
    #[error("in the expression `{text}`: {problem}")]
    Expression {
        /// The whole expression.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl UnitError {
    fn not_a_number(text: &[u8]) -> Self {
        if text.is_empty() {
            Self::Empty
        } else {
            Self::NotANumber(shown(text))
        }
    }
}

#[cfg(test)]
mod tests;
