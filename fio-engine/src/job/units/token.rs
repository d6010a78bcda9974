//! What numbers consist of: digits, suffixes, separators.

use nom::Parser;
use nom::bytes::complete::{tag_no_case, take_while1};
use nom::sequence::preceded;

use super::error::UnitError;
use crate::job::shown::shown;

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
    let accepted = "k, m, g, t or p, with i, b or ib after it, on a decimal number";
    wrong_suffix(suffix, "size", accepted)
}

fn wrong_suffix(suffix: &[u8], quantity: &'static str, accepted: &'static str) -> UnitError {
    let shown = shown(suffix);
    if suffix.starts_with(b".") {
        return UnitError::Fraction(shown);
    }
    UnitError::Suffix {
        suffix: shown,
        quantity,
        accepted,
    }
}

/// How many microseconds a unit of time has.
pub(super) fn microseconds(suffix: &[u8]) -> Option<u64> {
    Some(match suffix.to_ascii_lowercase().as_slice() {
        b"d" => 86_400_000_000,
        b"h" => 3_600_000_000,
        b"m" => 60_000_000,
        b"s" | b"sec" => 1_000_000,
        b"ms" | b"msec" => 1_000,
        b"us" | b"usec" => 1,
        _ => return None,
    })
}

pub(super) fn time_suffix(suffix: &[u8]) -> UnitError {
    wrong_suffix(suffix, "time", "d, h, m, s, ms or us on a decimal number")
}
