//! Numbers as fio writes them: sizes, counts, times, percentages, ranges and arithmetic.
//!
//! The grammar is that of fio's manual ("Parameter types" and "Job file parameters"), with the
//! readings of the fio binary where the two differ (see [`parse_size`]). Unlike fio, nothing is
//! guessed: text that is left over after a number (`1.5g`, `4kq`, `0x10k`) is an error instead of
//! being dropped, and a result that does not fit is an error instead of wrapping around.
//!
//! All functions take bytes, since job files need not be UTF-8.

mod arithmetic;
mod error;
pub(super) mod number;
mod time;
mod token;

pub use arithmetic::MAX_EXPRESSION_DEPTH;
pub(super) use arithmetic::{Unit, evaluate};
pub use error::UnitError;
pub use number::{parse_decimal, parse_size, parse_size_or_percent, parse_size_range};
pub use time::{parse_time, parse_time_range};
pub use token::KbBase;
pub(super) use token::split_outside_parentheses;

#[cfg(test)]
mod tests;
