//! Values of options, understood: what the setters have in common.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use super::info::Value;
use super::nearest::nearest;
use crate::job::shown::shown;
use crate::job::units::number::SizeOrPercent;
use crate::job::units::{self, UnitError};
use crate::job::value_error::ValueError;

impl<'a> Value<'a> {
    /// A part of the value, to be understood on its own.
    pub(super) const fn part(self, text: &'a [u8]) -> Self {
        Self { text, ..self }
    }

    /// A whole number within the option's limits and those of a field of 32 bits.
    pub(super) fn u32(self) -> Result<u32, ValueError> {
        let number = self.number(u32::MAX.into())?;
        // `number` has just been found to be at most u32::MAX.
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// A whole number within the option's limits and at most `largest`.
    pub(super) fn number(self, largest: u64) -> Result<u64, ValueError> {
        self.in_bounds(self.text, largest)
    }

    /// `text`, a part of the value, as a whole number within the option's limits.
    pub(super) fn in_bounds(self, text: &[u8], largest: u64) -> Result<u64, ValueError> {
        // Only options that are refused by name may be negative.
        let minimum = u64::try_from(self.option.minimum).unwrap_or(0);
        let maximum = self.option.maximum.unwrap_or(largest).min(largest);
        let number = units::parse_size(text, self.kb_base)?;
        if !(minimum..=maximum).contains(&number) {
            return Err(ValueError::OutOfRange {
                value: shown(text),
                minimum,
                maximum,
            });
        }
        Ok(number)
    }

    /// 0 or 1; a flag may be any number.
    pub(super) fn boolean(self) -> Result<bool, ValueError> {
        let number = units::parse_size(self.text, self.kb_base)?;
        if number > 1 && !self.option.value_is_optional() {
            return Err(ValueError::OutOfRange {
                value: shown(self.text),
                minimum: 0,
                maximum: 1,
            });
        }
        Ok(number != 0)
    }

    pub(super) fn time(self) -> Result<Duration, ValueError> {
        Ok(units::parse_time(self.text)?)
    }

    pub(super) fn milliseconds(self) -> Result<Duration, ValueError> {
        self.u32()
            .map(|number| Duration::from_millis(number.into()))
    }

    /// Bytes or a percentage; 0 bytes counts as not given.
    pub(super) fn size(self) -> Result<Option<SizeOrPercent>, ValueError> {
        match units::parse_size_or_percent(self.text, self.kb_base)? {
            SizeOrPercent::Bytes(0) => Ok(None),
            SizeOrPercent::Percent(0) => Err(self.wrong("a size of 0% leaves nothing to do")),
            size => Ok(Some(size)),
        }
    }

    /// One of the words the option knows, as the table has it.
    pub(super) fn word(self) -> Result<&'static str, ValueError> {
        let accepted = self.option.values;
        accepted
            .iter()
            .find(|word| word.as_bytes() == self.text)
            .copied()
            .ok_or_else(|| ValueError::NotOneOf {
                value: shown(self.text),
                accepted,
                nearest: nearest(self.text, accepted.iter().copied()),
            })
    }

    /// A text; bytes that are not UTF-8 are replaced.
    pub(super) fn lossy(self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }

    /// The entries of a list of paths separated by `:`, where `\:` is a colon that separates
    /// nothing. Empty entries are left out.
    pub(super) fn paths(self) -> Vec<PathBuf> {
        let mut paths = vec![Vec::new()];
        let mut bytes = self.text.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            match (byte, bytes.peek(), paths.last_mut()) {
                (b':', ..) => paths.push(Vec::new()),
                (b'\\', Some(b':'), Some(path)) => {
                    path.push(b':');
                    bytes.next();
                }
                (byte, _, Some(path)) => path.push(byte),
                (_, _, None) => {}
            }
        }
        paths.retain(|path| !path.is_empty());
        paths
            .iter()
            .map(|path| PathBuf::from(OsStr::from_bytes(path)))
            .collect()
    }

    pub(super) fn wrong(self, problem: &'static str) -> ValueError {
        ValueError::Form {
            value: shown(self.text),
            problem,
        }
    }

    pub(super) fn unsupported(self, advice: &'static str) -> ValueError {
        ValueError::Unsupported {
            value: shown(self.text),
            advice,
        }
    }
}

/// The values of a comma list `read,write,trim`, as fio fills it in: one value stands for all, the
/// second of two for writes and trims, and an empty one changes nothing.
pub(super) fn per_direction<'a, T>(
    value: Value<'a>,
    mut parse: impl FnMut(&'a [u8]) -> Result<T, ValueError>,
) -> Result<[Option<T>; 3], ValueError>
where
    T: Clone,
{
    let mut parsed = Vec::with_capacity(3);
    for part in units::split_outside_parentheses(value.text, b",") {
        if parsed.len() == 3 {
            return Err(ValueError::TooMany {
                value: shown(value.text),
                maximum: 3,
            });
        }
        let part = part.trim_ascii();
        parsed.push(if part.is_empty() {
            None
        } else {
            Some(parse(part)?)
        });
    }
    if parsed.iter().all(Option::is_none) {
        return Err(UnitError::Empty.into());
    }
    Ok(match parsed.as_slice() {
        [all] => [all.clone(), all.clone(), all.clone()],
        [read, others] => [read.clone(), others.clone(), others.clone()],
        [read, write, trim] => [read.clone(), write.clone(), trim.clone()],
        _ => [None, None, None],
    })
}
