//! What is wrong with a number, size or time.

use crate::job::shown::shown;

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
    /// A number with a fraction, which fio would drop with the unit behind it.
    #[error("`{0}` makes the number a fraction; write a whole one, in a smaller unit")]
    Fraction(String),
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
    pub(super) fn not_a_number(text: &[u8]) -> Self {
        if text.is_empty() {
            Self::Empty
        } else {
            Self::NotANumber(shown(text))
        }
    }
}
