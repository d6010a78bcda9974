//! Patterns of bytes, as `buffer_pattern` gives them.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::job::shown::shown;
use crate::job::value_error::ValueError;

/// The most bytes of a pattern, as in fio. A file that has more is read as far as they go.
pub const MAX_PATTERN_BYTES: usize = 512;

/// Bytes that fill a buffer again and again.
///
/// ```
/// use fio_engine::job::{BufferPattern, PatternPart};
///
/// let pattern = BufferPattern::parse(br#"0xdeadface"abcd"-12"#)?;
/// let bytes = b"\xde\xad\xfa\xceabcd\xf4\xff\xff\xff".to_vec();
/// assert_eq!(pattern.parts(), [PatternPart::Bytes(bytes)]);
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BufferPattern {
    parts: Vec<PatternPart>,
}

/// A piece of a [`BufferPattern`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternPart {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What this file holds when the job begins, as far as there is room.
    File(PathBuf),
}

impl BufferPattern {
    /// Reads a pattern: texts in double quotes, names of files in single quotes, hexadecimal
    /// numbers (`0x`, most significant byte first) and decimal ones (32 bits with sign, least
    /// significant byte first; without the leading zeroes of positive ones), one after the other.
    ///
    /// # Errors
    /// An unknown piece, a number out of range, nothing at all, or more than
    /// [`MAX_PATTERN_BYTES`].
    pub fn parse(text: &[u8]) -> Result<Self, ValueError> {
        let wrong = |problem| ValueError::Form {
            value: shown(text),
            problem,
        };
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (part, after) = next_part(rest).map_err(wrong)?;
            match (parts.last_mut(), part) {
                (Some(PatternPart::Bytes(bytes)), PatternPart::Bytes(more)) => bytes.extend(more),
                (_, part) => parts.push(part),
            }
            rest = after;
        }
        Self::of(parts).map_err(wrong)
    }

    /// A pattern of one run of bytes.
    ///
    /// # Errors
    /// None, or more than [`MAX_PATTERN_BYTES`].
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Result<Self, ValueError> {
        Self::of(vec![PatternPart::Bytes(bytes.into())])
            .map_err(|problem| ValueError::Conflict(format!("pattern: {problem}")))
    }

    /// The pieces, in order. No two runs of bytes follow each other.
    #[must_use]
    pub fn parts(&self) -> &[PatternPart] {
        &self.parts
    }

    /// The files it reads.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.parts.iter().filter_map(|part| match part {
            PatternPart::File(path) => Some(path),
            PatternPart::Bytes(_) => None,
        })
    }

    fn of(parts: Vec<PatternPart>) -> Result<Self, &'static str> {
        let bytes = |part: &PatternPart| match part {
            PatternPart::Bytes(bytes) => bytes.len(),
            PatternPart::File(_) => 0,
        };
        let known: usize = parts.iter().map(bytes).sum();
        let files = parts
            .iter()
            .any(|part| matches!(part, PatternPart::File(_)));
        if known > MAX_PATTERN_BYTES {
            return Err("a pattern has at most 512 bytes");
        }
        if known == 0 && !files {
            return Err("a pattern needs at least one byte");
        }
        Ok(Self { parts })
    }

    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let nul = |path: &PathBuf| path.as_os_str().as_bytes().contains(&0);
        if self.files().any(nul) {
            let problem = "buffer_pattern: a file name cannot have a NUL character";
            return Err(ValueError::Conflict(problem.to_owned()));
        }
        Ok(())
    }
}

/// As `buffer_pattern` takes it. Bytes are written in hexadecimal.
impl fmt::Display for BufferPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                PatternPart::Bytes(bytes) if bytes.is_empty() => {}
                PatternPart::Bytes(bytes) => {
                    f.write_str("0x")?;
                    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                }
                PatternPart::File(path) => write!(f, "'{}'", path.to_string_lossy())?,
            }
        }
        Ok(())
    }
}

/// The first piece of a text that is not empty, and what follows it.
fn next_part(text: &[u8]) -> Result<(PatternPart, &[u8]), &'static str> {
    match text {
        [b'"', rest @ ..] => {
            let (inside, after) = quoted(rest, b'"').ok_or("a text needs a closing \"")?;
            Ok((PatternPart::Bytes(inside.to_vec()), after))
        }
        [b'\'', rest @ ..] => {
            let (inside, after) = quoted(rest, b'\'').ok_or("a file name needs a closing '")?;
            if inside.is_empty() {
                return Err("a file name is missing between ' and '");
            }
            let path = PathBuf::from(OsStr::from_bytes(inside));
            Ok((PatternPart::File(path), after))
        }
        [b'0', b'x' | b'X', rest @ ..] => {
            let count = rest
                .iter()
                .take_while(|digit| digit.is_ascii_hexdigit())
                .count();
            let (digits, after) = rest.split_at(count);
            let bytes = hexadecimal(digits).ok_or("after 0x come hexadecimal digits")?;
            Ok((PatternPart::Bytes(bytes), after))
        }
        [b'%', ..] => Err("offsets (%o) can be part of verify patterns only"),
        _ => decimal(text),
    }
}

fn quoted(text: &[u8], quote: u8) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == quote)?;
    Some((&text[..end], &text[end + 1..]))
}

/// An odd first digit is a byte of its own, as in fio.
fn hexadecimal(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let (odd, pairs) = digits.split_at(digits.len() % 2);
    let mut bytes = Vec::with_capacity(digits.len().div_ceil(2));
    for digit in odd {
        bytes.push(value(*digit)?);
    }
    for pair in pairs.chunks_exact(2) {
        bytes.push(value(pair[0])? << 4 | value(pair[1])?);
    }
    (!bytes.is_empty()).then_some(bytes)
}

fn decimal(text: &[u8]) -> Result<(PatternPart, &[u8]), &'static str> {
    const WRONG: &str = "write texts as \"text\", files as 'name', numbers as 12 or 0x0c";
    let blanks = text
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    let number = &text[blanks..];
    let sign = usize::from(matches!(number, [b'+' | b'-', ..]));
    let digits = number[sign..]
        .iter()
        .take_while(|digit| digit.is_ascii_digit())
        .count();
    if digits == 0 {
        return Err(WRONG);
    }
    let (written, after) = number.split_at(sign + digits);
    let value: i32 = std::str::from_utf8(written)
        .ok()
        .and_then(|written| written.parse().ok())
        .ok_or("a decimal number must lie between -2147483648 and 2147483647")?;
    let bytes = value.to_le_bytes();
    let used = match value {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    };
    Ok((PatternPart::Bytes(bytes[..used].to_vec()), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What fio 3.33 wrote for each of these patterns.
    #[test]
    fn patterns_are_read_as_fio_reads_them() {
        let table: [(&str, &[u8]); 17] = [
            ("\"abcd\"", b"abcd"),
            ("0xdeadface", &[0xde, 0xad, 0xfa, 0xce]),
            ("0xdeadfac", &[0x0d, 0xea, 0xdf, 0xac]),
            ("-12", &[0xf4, 0xff, 0xff, 0xff]),
            ("12", &[12]),
            ("010", &[10]),
            ("+5", &[5]),
            ("256", &[0, 1]),
            ("65537", &[1, 0, 1]),
            ("2147483647", &[0xff, 0xff, 0xff, 0x7f]),
            ("-2147483648", &[0, 0, 0, 0x80]),
            ("12 34", &[12, 34]),
            (" 12", &[12]),
            ("12-13", &[12, 0xf3, 0xff, 0xff, 0xff]),
            ("0xde\"x\"", &[0xde, b'x']),
            ("\"a\\nb%o\"", b"a\\nb%o"),
            ("0X12", &[0x12]),
        ];
        for (text, bytes) in table {
            let pattern = BufferPattern::parse(text.as_bytes());
            assert_eq!(pattern, BufferPattern::bytes(bytes), "{text}");
        }
    }

    #[test]
    fn what_fio_refuses_is_refused() {
        let wrong = [
            "",
            "%o",
            "abcd",
            "\"abcd",
            "0x",
            "0xgg",
            "4294967296",
            "2147483648",
            "-2147483649",
            "1k",
            "12abc",
            "\"a\" \"b\"",
            "0x12 0x34",
            "-",
            "1.5",
            "''",
            "\"a\",",
            "\"\"",
            "'x",
        ];
        for text in wrong {
            assert!(BufferPattern::parse(text.as_bytes()).is_err(), "{text}");
        }
        let text = |count: usize| format!("\"{}\"", "x".repeat(count));
        assert!(BufferPattern::parse(text(512).as_bytes()).is_ok());
        assert!(BufferPattern::parse(text(513).as_bytes()).is_err());
    }

    #[test]
    fn patterns_are_printed_as_they_are_read() {
        for text in ["0xdeadface'a b'0x10", "'/x'", "\"ab\"'f'-12\"c\""] {
            let pattern = BufferPattern::parse(text.as_bytes()).unwrap();
            let printed = pattern.to_string();
            assert_eq!(
                BufferPattern::parse(printed.as_bytes()).unwrap(),
                pattern,
                "{printed}"
            );
        }
    }
}
