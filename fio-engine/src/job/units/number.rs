//! Sizes and plain numbers.

use super::arithmetic::{Unit, evaluate};
use super::error::UnitError;
use super::token::{KbBase, digits, hexadecimal_prefix, size_factor, size_suffix, split_range};
use crate::job::shown::shown;

/// A number of bytes, or a share of the file's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeOrPercent {
    /// Bytes.
    Bytes(u64),
    /// Percent of the file or device, 0..=100.
    Percent(u8),
}

/// A size in bytes: `4096`, `4k`, `4kB`, `4KiB`, `0x1000`, `(4k*2)`.
///
/// Suffixes are not case sensitive: `b`; `k`, `m`, `g`, `t`, `p`, each alone or followed by `i`,
/// `b` or `ib`. With [`KbBase::Binary`] `4k`, `4kb` and `4ki` are 4096 and `4kib` is 4000; with
/// [`KbBase::Decimal`] `4k`, `4kb` and `4ki` are 4000 and `4kib` is 4096. (fio's manual says the
/// opposite of `4ki`; this is what the fio binary does with existing files.)
///
/// # Errors
/// Text that is no number, has an unknown suffix, or does not fit in 64 bits.
pub fn parse_size(text: &[u8], kb_base: KbBase) -> Result<u64, UnitError> {
    let text = text.trim_ascii();
    if text.starts_with(b"(") {
        return evaluate(text, Unit::Bytes(kb_base));
    }
    let (suffix, value) = digits(text)?;
    if suffix.is_empty() {
        return Ok(value);
    }
    if suffix == b"%" {
        return Err(UnitError::Percent(shown(text)));
    }
    if suffix.eq_ignore_ascii_case(b"z") {
        return Err(UnitError::Zones(shown(text)));
    }
    if hexadecimal_prefix(text) {
        return Err(size_suffix(suffix));
    }
    let factor = size_factor(suffix, kb_base).ok_or_else(|| size_suffix(suffix))?;
    value
        .checked_mul(factor)
        .ok_or_else(|| UnitError::Overflow(shown(text)))
}

/// A size as [`parse_size`] reads it, or `N%`.
///
/// # Errors
/// As [`parse_size`]; also a percentage over 100 and a number of zones (`4z`).
pub fn parse_size_or_percent(text: &[u8], kb_base: KbBase) -> Result<SizeOrPercent, UnitError> {
    let text = text.trim_ascii();
    if let Some(number) = text.strip_suffix(b"%") {
        return match parse_size(number, kb_base)? {
            percent @ 0..=100 => Ok(SizeOrPercent::Percent(percent as u8)),
            _ => Err(UnitError::Percent(shown(text))),
        };
    }
    if let [_, _] = split_range(text)?.as_slice() {
        return Err(UnitError::UnexpectedRange(shown(text)));
    }
    parse_size(text, kb_base).map(SizeOrPercent::Bytes)
}

/// A range of sizes `low-high` or `low:high`; bounds in the wrong order are swapped, as fio does.
///
/// # Errors
/// As [`parse_size`], and a text without a separator.
pub fn parse_size_range(text: &[u8], kb_base: KbBase) -> Result<(u64, u64), UnitError> {
    match split_range(text.trim_ascii())?.as_slice() {
        [low, high] => {
            let (low, high) = (parse_size(low, kb_base)?, parse_size(high, kb_base)?);
            Ok((low.min(high), low.max(high)))
        }
        _ => Err(UnitError::NotARange(shown(text))),
    }
}

/// A decimal number such as a percentile: `99.95`.
///
/// # Errors
/// Anything but digits with at most one point.
pub fn parse_decimal(text: &[u8]) -> Result<f64, UnitError> {
    let text = text.trim_ascii();
    let plain = text
        .iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'.');
    std::str::from_utf8(text)
        .ok()
        .filter(|_| plain)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| UnitError::not_a_number(text))
}
