//! Times.

use std::time::Duration;

use super::arithmetic::{Unit, evaluate};
use super::error::UnitError;
use super::token::{digits, hexadecimal_prefix, microseconds, split_range, time_suffix};
use crate::job::shown::shown;

/// A time: `30`, `30s`, `5m`, `2h`, `1d`, `500ms`, `250us`; without a unit it is in seconds.
///
/// Units are not case sensitive; `sec`, `msec` and `usec` are understood, too. An expression in
/// parentheses is in microseconds unless its numbers have units, as fio's manual has it.
///
/// # Errors
/// Text that is no number, an unknown unit, a hexadecimal number (fio reads those in microseconds,
/// its manual says seconds: neither is guessed here), or more than 2⁶⁴ microseconds.
pub fn parse_time(text: &[u8]) -> Result<Duration, UnitError> {
    let text = text.trim_ascii();
    if text.starts_with(b"(") {
        return evaluate(text, Unit::Microseconds).map(Duration::from_micros);
    }
    let (suffix, value) = digits(text)?;
    if hexadecimal_prefix(text) {
        return Err(time_suffix(&text[1..]));
    }
    let factor = match suffix {
        b"" => 1_000_000,
        _ => microseconds(suffix).ok_or_else(|| time_suffix(suffix))?,
    };
    value
        .checked_mul(factor)
        .map(Duration::from_micros)
        .ok_or_else(|| UnitError::Overflow(shown(text)))
}

/// A time or a range of times `low-high` or `low:high`, each with its own unit; bounds in the wrong
/// order are swapped. One time gives a range of that time alone.
///
/// # Errors
/// As [`parse_time`].
pub fn parse_time_range(text: &[u8]) -> Result<(Duration, Duration), UnitError> {
    let parts = split_range(text.trim_ascii())?;
    let low = parse_time(parts[0])?;
    let high = parts.get(1).map_or(Ok(low), |high| parse_time(high))?;
    Ok((low.min(high), low.max(high)))
}
