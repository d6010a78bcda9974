//! Words told apart as `getopt_long_only` does, which fio's command uses.
//!
//! - Long names follow two dashes or one, and may be cut short as long as they stay unambiguous.
//! - Single letters follow one dash and may be joined; their values are the rest of the word, or the
//!   next word.
//! - A value follows `=` or is the next word, even one with dashes; a value that may be left out only
//!   follows `=`.
//! - Words without dashes, and all words behind `--`, are files.
//!
//! Beyond that, `-` in the name of a job option stands for `_`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::job::error::{JobFileError, Position, Problem};
use crate::job::limits::{Limit, ParseLimits};
use crate::job::options;
use crate::job::options::info::{OptionInfo, OptionType};
use crate::job::options::nearest::nearest;
use crate::job::parse::flags::{CommandLineFlag, FlagArgument, command_line_flags};
use crate::job::shown::shown;

pub(super) const SOURCE: &str = "command line";

/// Something said on fio's command line.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CommandWord<'w> {
    /// The number of its word, from 1.
    pub number: usize,
    /// What it is.
    pub kind: CommandWordKind<'w>,
}

/// What a word of fio's command line is.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum CommandWordKind<'w> {
    /// A job file.
    File(&'w OsStr),
    /// A flag of the command.
    Flag {
        /// Which.
        flag: &'static CommandLineFlag,
        /// Its argument; never missing where it needs one, but perhaps empty.
        value: Option<&'w OsStr>,
    },
    /// An option of a job.
    Option {
        /// Which.
        option: &'static OptionInfo,
        /// Its name or alias, written out.
        name: &'static [u8],
        /// Its value, not yet looked at.
        value: Option<&'w [u8]>,
    },
}

/// Tells flags, job options and job files among the words of fio's command line, without the program's
/// name. Values of job options are not looked at.
///
/// ```
/// use fio_engine::job::{CommandWordKind, ParseLimits, split_words};
///
/// let words = ["--output-f=json", "a.fio", "--name=x"];
/// let split = split_words(&words, &ParseLimits::default())?;
/// assert!(matches!(split[0].kind, CommandWordKind::Flag { flag, .. } if flag.name == "output-format"));
/// assert!(matches!(split[1].kind, CommandWordKind::File(_)));
/// assert!(matches!(split[2].kind, CommandWordKind::Option { option, .. } if option.name == "name"));
/// # Ok::<(), fio_engine::job::JobFileError>(())
/// ```
///
/// # Errors
/// For the first word that is unknown, ambiguous or lacks a value, and for words over the limits.
pub fn split_words<'w, W: AsRef<OsStr>>(
    words: &'w [W],
    limits: &ParseLimits,
) -> Result<Vec<CommandWord<'w>>, JobFileError> {
    let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
    split(&words, limits)
}

pub(super) fn split<'w>(
    words: &[&'w OsStr],
    limits: &ParseLimits,
) -> Result<Vec<CommandWord<'w>>, JobFileError> {
    check_limits(words, limits)?;
    let mut splitter = Splitter {
        rest: words,
        number: 0,
        said: Vec::with_capacity(words.len()),
    };
    while let Some(word) = splitter.next_word() {
        let number = splitter.number;
        if word == b"--" {
            while let Some(file) = splitter.next_word() {
                splitter.file(file);
            }
            break;
        }
        let fault = |problem| word_fault(number, problem);
        splitter.word(word).map_err(fault)?;
    }
    Ok(splitter.said)
}

struct Splitter<'r, 'w> {
    rest: &'r [&'w OsStr],
    /// That of the word last taken.
    number: usize,
    said: Vec<CommandWord<'w>>,
}

impl<'w> Splitter<'_, 'w> {
    fn next_word(&mut self) -> Option<&'w [u8]> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.number += 1;
        Some(first.as_bytes())
    }

    fn word(&mut self, word: &'w [u8]) -> Result<(), Problem> {
        if let Some(switch) = word.strip_prefix(b"--") {
            let known = lookup(switch)?.ok_or_else(|| unknown(switch))?;
            return self.long(switch, known);
        }
        // A dash alone is the standard input.
        let Some(switch) = word.strip_prefix(b"-").filter(|rest| !rest.is_empty()) else {
            self.file(word);
            return Ok(());
        };
        let letter = flag_with_letter(switch[0]).is_some();
        if letter && switch.len() == 1 {
            return self.letters(switch);
        }
        match lookup(switch)? {
            Some(known) => self.long(switch, known),
            None if letter => self.letters(switch),
            None => Err(unknown(switch)),
        }
    }

    fn file(&mut self, word: &'w [u8]) {
        let number = self.number;
        let kind = CommandWordKind::File(OsStr::from_bytes(word));
        self.said.push(CommandWord { number, kind });
    }

    /// A long name, with or without a value.
    fn long(&mut self, switch: &'w [u8], known: Known) -> Result<(), Problem> {
        let number = self.number;
        let (_, attached) = split_value(switch);
        let value = match (attached, known.argument()) {
            // fio would take a switch that follows for the value.
            (None, FlagArgument::Required) if known.may_stand_alone() => {
                let is_value = |word: &&OsStr| !word.as_bytes().starts_with(b"-");
                match self.rest.first().filter(|word| is_value(word)) {
                    Some(_) => self.next_word(),
                    None => None,
                }
            }
            (None, FlagArgument::Required) => self.next_word(),
            (attached, _) => attached,
        };
        let kind = match known {
            Known::Flag(flag) => flag_word(flag, value)?,
            Known::Option(option, name) => CommandWordKind::Option {
                option,
                name: name.as_bytes(),
                value,
            },
        };
        self.said.push(CommandWord { number, kind });
        Ok(())
    }

    /// Single letters behind one dash.
    fn letters(&mut self, switch: &'w [u8]) -> Result<(), Problem> {
        let number = self.number;
        let mut rest = switch;
        while let Some((letter, behind)) = rest.split_first() {
            let flag = flag_with_letter(*letter).ok_or_else(|| unknown(switch))?;
            rest = behind;
            let value = match flag.argument {
                FlagArgument::None => None,
                FlagArgument::Required if rest.is_empty() => self.next_word(),
                FlagArgument::Optional if rest.is_empty() => None,
                FlagArgument::Required | FlagArgument::Optional => Some(std::mem::take(&mut rest)),
            };
            let kind = flag_word(flag, value)?;
            self.said.push(CommandWord { number, kind });
        }
        Ok(())
    }
}

fn flag_word<'w>(
    flag: &'static CommandLineFlag,
    value: Option<&'w [u8]>,
) -> Result<CommandWordKind<'w>, Problem> {
    let problem = match (flag.argument, value) {
        (FlagArgument::Required, None) => Problem::MissingValue {
            example: format!("--{}={}", flag.name, flag.value_name),
        },
        (FlagArgument::None, Some(value)) => Problem::NeedlessValue {
            flag: flag.name,
            value: shown(value),
        },
        _ => {
            let value = value.map(OsStr::from_bytes);
            return Ok(CommandWordKind::Flag { flag, value });
        }
    };
    Err(problem)
}

#[derive(Clone, Copy)]
enum Known {
    /// With the name or alias that was written.
    Option(&'static OptionInfo, &'static str),
    Flag(&'static CommandLineFlag),
}

impl Known {
    /// Whether it takes the next word as its value, but only if that is none of the switches.
    fn may_stand_alone(self) -> bool {
        matches!(self, Self::Option(option, _) if option.value_type == OptionType::OptionalText)
    }

    fn argument(self) -> FlagArgument {
        match self {
            Self::Flag(flag) => flag.argument,
            Self::Option(..) if self.may_stand_alone() => FlagArgument::Required,
            Self::Option(option, _) if option.value_is_optional() => FlagArgument::Optional,
            Self::Option(..) => FlagArgument::Required,
        }
    }
}

fn flag_with_letter(letter: u8) -> Option<&'static CommandLineFlag> {
    let mut flags = command_line_flags().iter();
    flags.find(|flag| flag.letter == Some(letter))
}

fn split_value(switch: &[u8]) -> (&[u8], Option<&[u8]>) {
    match switch.iter().position(|byte| *byte == b'=') {
        Some(equals) => (&switch[..equals], Some(&switch[equals + 1..])),
        None => (switch, None),
    }
}

/// What a switch names, exactly or by the beginning of one name only.
fn lookup(switch: &[u8]) -> Result<Option<Known>, Problem> {
    let (name, _) = split_value(switch);
    let exact = |written: &[u8]| all().find(|(known, _)| known.as_bytes() == written);
    let found = exact(name).or_else(|| exact(&underscores(name)));
    if let Some((_, known)) = found {
        return Ok(Some(known));
    }
    let mut beginning = all().filter(|(known, _)| known.as_bytes().starts_with(name));
    match (beginning.next(), beginning.next()) {
        (Some(_), Some(_)) if !name.is_empty() => {
            let candidates = all().filter(|(known, _)| known.as_bytes().starts_with(name));
            let candidates: Vec<_> = candidates.map(|(known, _)| known).collect();
            Err(Problem::AmbiguousOption {
                name: shown(name),
                candidates: candidates.join(", "),
            })
        }
        (Some((_, known)), None) => Ok(Some(known)),
        _ => Ok(None),
    }
}

/// Every flag, option and alias.
fn all() -> impl Iterator<Item = (&'static str, Known)> {
    let flags = command_line_flags().iter();
    let flags = flags.map(|flag| (flag.name, Known::Flag(flag)));
    let options = options::names();
    flags.chain(options.map(|(name, option)| (name, Known::Option(option, name))))
}

fn unknown(switch: &[u8]) -> Problem {
    let (name, _) = split_value(switch);
    match options::unknown(&underscores(name), "") {
        Problem::UnknownOption { nearest, .. } => Problem::UnknownOption {
            name: shown(name),
            nearest: nearest.or_else(|| nearest_flag(name)),
        },
        known => known,
    }
}

fn nearest_flag(name: &[u8]) -> Option<String> {
    let names = command_line_flags().iter().map(|flag| flag.name);
    nearest(name, names).map(str::to_owned)
}

fn underscores(name: &[u8]) -> Vec<u8> {
    let replaced = name
        .iter()
        .map(|byte| if *byte == b'-' { b'_' } else { *byte });
    replaced.collect()
}

fn check_limits(words: &[&OsStr], limits: &ParseLimits) -> Result<(), JobFileError> {
    let mut total = 0_u64;
    for (index, word) in words.iter().enumerate() {
        let fault = |problem| Err(word_fault(index + 1, problem));
        let length = word.as_bytes().len();
        total = total.saturating_add(length as u64);
        if length > limits.line_bytes {
            return fault(Problem::Limit {
                limit: Limit::LineBytes,
                maximum: limits.line_bytes as u64,
            });
        }
        if total > limits.bytes {
            return fault(Problem::Limit {
                limit: Limit::Bytes,
                maximum: limits.bytes,
            });
        }
        if word.as_bytes().contains(&0) {
            return fault(Problem::NulByte);
        }
    }
    Ok(())
}

pub(super) fn word_fault(word: usize, problem: Problem) -> JobFileError {
    JobFileError::new(SOURCE, Position::Word(word), problem)
}

#[cfg(test)]
mod tests;
