//! Sizes and plain numbers.

use nom::Parser;
use nom::bytes::complete::{tag_no_case, take_while1};
use nom::sequence::preceded;

use super::arithmetic::{Unit, evaluate};
use super::{UnitError, shown};
use crate::job::SizeOrPercent;

/// What a `k` means: fio's `kb_base`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KbBase {
    /// `k` is 1024 bytes and `kiB` 1000, as fio has always had it. The default.
    #[default]
    Binary,
    /// `k` is 1000 bytes and `KiB` 1024, as the standards have it.
    Decimal,
}

impl KbBase {
    /// The number `kb_base` gives, 1024 or 1000.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Binary => 1024,
            Self::Decimal => 1000,
        }
    }
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

/// Splits at each of `separators` that stands outside parentheses.
pub(crate) fn split_outside_parentheses<'a>(
    text: &'a [u8],
    separators: &'a [u8],
) -> impl Iterator<Item = &'a [u8]> {
    let mut depth = 0_usize;
    text.split(move |byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && separators.contains(byte)
    })
}

/// The one or two parts of a value that may be a range.
pub(super) fn split_range(text: &[u8]) -> Result<Vec<&[u8]>, UnitError> {
    let parts: Vec<&[u8]> = split_outside_parentheses(text, b"-:").take(3).collect();
    if parts.len() > 2 {
        return Err(UnitError::NotARange(shown(text)));
    }
    Ok(parts)
}

/// The number at the start of `text`, decimal or `0x` hexadecimal, and what follows it.
pub(super) fn digits(text: &[u8]) -> Result<(&[u8], u64), UnitError> {
    let hexadecimal = preceded(
        tag_no_case::<_, _, ()>(&b"0x"[..]),
        take_while1(|byte: u8| byte.is_ascii_hexdigit()),
    )
    .parse(text);
    if let Ok((rest, digits)) = hexadecimal {
        return Ok((rest, in_base(digits, 16, text)?));
    }
    let (rest, digits) = take_while1::<_, _, ()>(|byte: u8| byte.is_ascii_digit())
        .parse(text)
        .map_err(|_| UnitError::not_a_number(text))?;
    Ok((rest, in_base(digits, 10, text)?))
}

pub(super) fn hexadecimal_prefix(text: &[u8]) -> bool {
    matches!(text, [b'0', b'x' | b'X', ..])
}

fn in_base(digits: &[u8], base: u32, text: &[u8]) -> Result<u64, UnitError> {
    digits
        .iter()
        .try_fold(0_u64, |value, digit| {
            let digit = (*digit as char).to_digit(base)?;
            value.checked_mul(base.into())?.checked_add(digit.into())
        })
        .ok_or_else(|| UnitError::Overflow(shown(text)))
}

/// The factor a size suffix stands for.
pub(super) fn size_factor(suffix: &[u8], kb_base: KbBase) -> Option<u64> {
    let (first, rest) = suffix.split_first()?;
    let power = match first.to_ascii_lowercase() {
        b'b' => return rest.is_empty().then_some(1),
        b'k' => 1,
        b'm' => 2,
        b'g' => 3,
        b't' => 4,
        b'p' => 5,
        _ => return None,
    };
    let opposite = match rest.to_ascii_lowercase().as_slice() {
        b"" | b"b" | b"i" => false,
        b"ib" => true,
        _ => return None,
    };
    let binary = (kb_base == KbBase::Binary) != opposite;
    let base: u64 = if binary { 1024 } else { 1000 };
    Some(base.pow(power))
}

pub(super) fn size_suffix(suffix: &[u8]) -> UnitError {
    UnitError::Suffix {
        suffix: shown(suffix),
        quantity: "size",
        accepted: "k, m, g, t or p, with i, b or ib after it, on a decimal number",
    }
}
