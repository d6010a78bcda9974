//! The words of a fio command line, taken apart.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::error::{JobFileError, Position, Problem, shown};
use super::flags::{CommandLineFlag, FlagArgument, GivenFlag, command_line_flags};
use super::limits::Limit;
use super::options::{self, Category, OptionInfo, OptionType};
use super::parse::{GivenOption, ParseOptions, Section};

const SOURCE: &str = "command line";

/// What a command line holds.
#[derive(Default)]
pub(super) struct Command<'w> {
    /// The options before the first `--name`, then one section for each `--name`.
    pub(super) jobs: Vec<Section<'w>>,
    pub(super) files: Vec<PathBuf>,
    pub(super) sections: Vec<String>,
    pub(super) flags: Vec<GivenFlag>,
}

/// Sorts the words into options, flags and files; values are looked at later.
pub(super) fn read<'w>(
    words: &[&'w OsStr],
    options: &ParseOptions<'_>,
) -> Result<Command<'w>, JobFileError> {
    check_limits(words, options)?;
    let mut command = Command::default();
    let mut words = words
        .iter()
        .enumerate()
        .map(|(index, word)| (index + 1, word.as_bytes()))
        .peekable();
    let mut only_files = false;
    while let Some((number, word)) = words.next() {
        let fault = |problem| word_fault(number, problem);
        let switch = if only_files { None } else { switch(word) };
        match switch {
            Some(b"") => only_files = true,
            None => {
                if !options.read_files {
                    return Err(fault(Problem::FilesForbidden(shown(word))));
                }
                command.files.push(OsStr::from_bytes(word).into());
            }
            Some(switch) => {
                let (name, attached) = split_value(switch);
                let known = lookup(name).map_err(fault)?;
                let value = match (attached, known.argument()) {
                    // fio would take a switch that follows for the value.
                    (None, FlagArgument::Required) if known.may_stand_alone() => {
                        let next = words.next_if(|(_, word)| !word.starts_with(b"-"));
                        next.map(|(_, word)| word)
                    }
                    (None, FlagArgument::Required) => words.next().map(|(_, word)| word),
                    (attached, _) => attached,
                };
                command.add(number, name, value, known, options)?;
            }
        }
    }
    Ok(command)
}

impl<'w> Command<'w> {
    fn add(
        &mut self,
        number: usize,
        name: &'w [u8],
        value: Option<&'w [u8]>,
        known: Known,
        options: &ParseOptions<'_>,
    ) -> Result<(), JobFileError> {
        let option = match known {
            Known::Flag(flag) => return self.add_flag(number, flag, value, options),
            Known::Option(option) => option,
        };
        if option.name == "profile" {
            return Err(word_fault(number, PROFILE));
        }
        if option.name == "name" {
            self.open(number, value.unwrap_or_default())?;
        } else if self.jobs.is_empty() {
            self.open(number, b"global")?;
        }
        // The table's spelling, where a word has `-` for `_`.
        let name = if options::find(name).is_some() {
            name
        } else {
            option.name.as_bytes()
        };
        if let Some(section) = self.jobs.last_mut() {
            section.options.push(GivenOption {
                source_name: SOURCE,
                position: Position::Word(number),
                name,
                value,
            });
        }
        Ok(())
    }

    /// Begins a job, or the options for all of them.
    fn open(&mut self, number: usize, name: &'w [u8]) -> Result<(), JobFileError> {
        if name.is_empty() {
            let example = "--name=job1".to_owned();
            return Err(word_fault(number, Problem::MissingValue { example }));
        }
        self.jobs.push(Section {
            source_name: SOURCE,
            position: Position::Word(number),
            name,
            of_words: true,
            options: Vec::new(),
        });
        Ok(())
    }

    fn add_flag(
        &mut self,
        number: usize,
        flag: &'static CommandLineFlag,
        value: Option<&[u8]>,
        options: &ParseOptions<'_>,
    ) -> Result<(), JobFileError> {
        let value = value.map(|value| String::from_utf8_lossy(value).into_owned());
        let needs_value = flag.argument == FlagArgument::Required;
        if needs_value && value.as_ref().is_none_or(String::is_empty) {
            let example = format!("--{}=VALUE", flag.name);
            return Err(word_fault(number, Problem::MissingValue { example }));
        }
        match (flag.name, value) {
            ("section", Some(section)) => self.sections.push(section),
            (_, value) if options.allow_flags => self.flags.push(GivenFlag {
                name: flag.name,
                value,
            }),
            _ => {
                return Err(word_fault(
                    number,
                    Problem::CommandLineFlag {
                        flag: format!("--{}", flag.name),
                    },
                ));
            }
        }
        Ok(())
    }
}

/// On the command line, fio would run the profile's jobs.
const PROFILE: Problem = Problem::UnsupportedOption {
    category: Category::Profile,
    reason: options::INSTEAD_OF_PROFILE,
};

#[derive(Clone, Copy)]
enum Known {
    Option(&'static OptionInfo),
    Flag(&'static CommandLineFlag),
}

impl Known {
    /// Whether it takes the next word as its value, but only if that is none of the switches.
    fn may_stand_alone(self) -> bool {
        matches!(self, Self::Option(option) if option.value_type == OptionType::OptionalText)
    }

    fn argument(self) -> FlagArgument {
        match self {
            Self::Flag(flag) => flag.argument,
            Self::Option(_) if self.may_stand_alone() => FlagArgument::Required,
            Self::Option(option) if option.value_is_optional() => FlagArgument::Optional,
            Self::Option(_) => FlagArgument::Required,
        }
    }
}

/// What follows the dashes of a switch; `None` for a file, of which `-` is one.
fn switch(word: &[u8]) -> Option<&[u8]> {
    let switch = word.strip_prefix(b"-").filter(|rest| !rest.is_empty())?;
    Some(switch.strip_prefix(b"-").unwrap_or(switch))
}

fn split_value(switch: &[u8]) -> (&[u8], Option<&[u8]>) {
    match switch.iter().position(|byte| *byte == b'=') {
        Some(equals) => (&switch[..equals], Some(&switch[equals + 1..])),
        None => (switch, None),
    }
}

fn lookup(name: &[u8]) -> Result<Known, Problem> {
    if let Some(option) = options::find(name) {
        return Ok(Known::Option(option));
    }
    let flags = command_line_flags();
    if let Some(flag) = flags.iter().find(|flag| flag.name.as_bytes() == name) {
        return Ok(Known::Flag(flag));
    }
    let spelled = underscores(name);
    options::find(&spelled)
        .map(Known::Option)
        .ok_or_else(|| match options::unknown(&spelled, "") {
            Problem::UnknownOption { nearest, .. } => Problem::UnknownOption {
                name: shown(name),
                nearest: nearest.or_else(|| nearest_flag(name)),
            },
            known => known,
        })
}

fn nearest_flag(name: &[u8]) -> Option<String> {
    let names = command_line_flags().iter().map(|flag| flag.name);
    options::nearest(name, names).map(str::to_owned)
}

fn underscores(name: &[u8]) -> Cow<'_, [u8]> {
    if name.contains(&b'-') {
        let replaced = name
            .iter()
            .map(|byte| if *byte == b'-' { b'_' } else { *byte });
        Cow::Owned(replaced.collect())
    } else {
        Cow::Borrowed(name)
    }
}

fn check_limits(words: &[&OsStr], options: &ParseOptions<'_>) -> Result<(), JobFileError> {
    let limits = &options.limits;
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

fn word_fault(word: usize, problem: Problem) -> JobFileError {
    JobFileError::new(SOURCE, Position::Word(word), problem)
}
