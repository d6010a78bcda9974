//! The words of a fio command line, taken apart.

mod split;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::flags::{CommandLineFlag, GivenFlag};
use super::parse_options::ParseOptions;
use super::section::{GivenOption, Section};
use crate::job::category::Category;
use crate::job::error::{JobFileError, Position, Problem};
use crate::job::options::absent::INSTEAD_OF_PROFILE;
use crate::job::options::info::OptionInfo;
use crate::job::shown::shown;

pub use split::{CommandWord, CommandWordKind, split_words};
use split::{SOURCE, split, word_fault};

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
    let mut command = Command::default();
    for CommandWord { number, kind } in split(words, &options.limits)? {
        match kind {
            CommandWordKind::File(file) if options.read_files => command.files.push(file.into()),
            CommandWordKind::File(file) => {
                let problem = Problem::FilesForbidden(shown(file.as_bytes()));
                return Err(word_fault(number, problem));
            }
            CommandWordKind::Flag { flag, value } => {
                command.add_flag(number, flag, value, options)?;
            }
            CommandWordKind::Option {
                option,
                name,
                value,
            } => command.add_option(number, option, name, value)?,
        }
    }
    Ok(command)
}

impl<'w> Command<'w> {
    fn add_option(
        &mut self,
        number: usize,
        option: &'static OptionInfo,
        name: &'w [u8],
        value: Option<&'w [u8]>,
    ) -> Result<(), JobFileError> {
        if option.name == "profile" {
            return Err(word_fault(number, PROFILE));
        }
        if option.name == "name" {
            self.open(number, value.unwrap_or_default())?;
        } else if self.jobs.is_empty() {
            self.open(number, b"global")?;
        }
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
        value: Option<&OsStr>,
        options: &ParseOptions<'_>,
    ) -> Result<(), JobFileError> {
        let value = value.map(|value| value.to_string_lossy().into_owned());
        match (flag.name, value) {
            ("section", Some(section)) => self.sections.push(section),
            (_, value) if options.allow_flags => self.flags.push(GivenFlag {
                name: flag.name,
                value,
                word: number,
            }),
            _ => {
                let flag = format!("--{}", flag.name);
                return Err(word_fault(number, Problem::CommandLineFlag { flag }));
            }
        }
        Ok(())
    }
}

/// On the command line, fio would run the profile's jobs.
const PROFILE: Problem = Problem::UnsupportedOption {
    category: Category::Profile,
    reason: INSTEAD_OF_PROFILE,
};
