//! Flags that print something and end the command.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::anyhow;
use fio_engine::job::help::{
    EngineInfo, engine_help, engine_list, find_engine, find_option, nearest_option, option_help,
    option_list, options_of_engine,
};

use super::usage::usage;
use super::{checksums, clock_test, topics};
use crate::cli::{InflateLogArgs, LogLayout, RunArgs};
use crate::commands;
use crate::exit::{ExitStatus, Failure};
use crate::output::{FIO_VERSION, Sink, complain};

/// What is to be printed.
pub(super) enum AtOnce {
    /// `--version`.
    Version,
    /// `--help`.
    Help,
    /// `--cmdhelp`, with its option.
    CommandHelp(String),
    /// `--enghelp`, with its engine.
    EngineHelp(String),
    /// `--crctest`, with its names.
    Checksums(String),
    /// `--cpuclock-test`.
    ClockTest,
    /// `--debug=help`.
    Topics,
    /// `--inflate-log`.
    Inflate(PathBuf),
    /// `--idle-prof=calibrate`.
    Calibrate(Box<RunArgs>),
}

impl AtOnce {
    /// What a flag with this value asks for, if it is one of those that end the command.
    pub(super) fn of_flag(name: &str, value: &OsStr) -> Option<Self> {
        let text = || value.to_string_lossy().into_owned();
        Some(match name {
            "version" => Self::Version,
            "help" => Self::Help,
            "cmdhelp" => Self::CommandHelp(text()),
            "enghelp" => Self::EngineHelp(text()),
            "crctest" => Self::Checksums(text()),
            "cpuclock-test" => Self::ClockTest,
            "inflate-log" => Self::Inflate(value.into()),
            _ => return None,
        })
    }

    /// The exit code of a failure where fio's is not 1: it hands on the one of its library for files that are
    /// no logs.
    pub(super) fn failure_code(&self) -> Option<u8> {
        const DATA_ERROR: i8 = -3;
        let is_file = matches!(self, Self::Inflate(path) if path.is_file());
        is_file.then_some(DATA_ERROR.cast_unsigned())
    }

    /// Prints it.
    pub(super) fn answer(self) -> Result<ExitStatus, Failure> {
        match self {
            Self::Version => print(&format!("{FIO_VERSION}\n")),
            Self::Help => print(&usage()),
            Self::CommandHelp(name) => command_help(&name),
            Self::EngineHelp(name) => about_engine(&name),
            Self::Checksums(names) => checksums::measure(&names),
            Self::ClockTest => clock_test::run(),
            Self::Topics => print(&topics::list()),
            Self::Inflate(path) => commands::inflate_logs(&InflateLogArgs {
                files: vec![path],
                layout: LogLayout::Auto,
            }),
            Self::Calibrate(args) => commands::calibrate(&args),
        }
    }
}

/// Prints text to the standard output.
pub(super) fn print(text: &str) -> Result<ExitStatus, Failure> {
    let mut sink = Sink::open(None).map_err(Failure::setup)?;
    sink.write(text).map_err(Failure::setup)?;
    Ok(ExitStatus::Success)
}

/// As in fio, a name that is not known is no failure, and the nearest is told of.
fn command_help(name: &str) -> Result<ExitStatus, Failure> {
    if matches!(name, "" | "all") {
        return print(&option_list());
    }
    if let Some(option) = find_option(name) {
        return print(&option_help(option));
    }
    complain(format_args!("No such command: {name}"));
    match nearest_option(name).and_then(find_option) {
        Some(option) => print(&format!(
            " - showing closest match\n{}",
            option_help(option)
        )),
        None => print("\n"),
    }
}

fn about_engine(text: &str) -> Result<ExitStatus, Failure> {
    let (name, option) = match text.split_once(',') {
        Some((name, option)) => (name, Some(option)),
        None => (text, None),
    };
    if name.is_empty() {
        return print(&engine_list());
    }
    match (find_engine(name), option) {
        (None, _) => {
            print(&format!("IO engine {name} not found\n"))?;
            Err(Failure::setup(anyhow!(
                "engine {name} not loadable; --enghelp lists those there are"
            )))
        }
        (
            Some(EngineInfo {
                is_here: false,
                help,
                ..
            }),
            _,
        ) => {
            print(&format!("IO engine {name} not found\n"))?;
            Err(Failure::setup(anyhow!("engine {name} is not here: {help}")))
        }
        (Some(_), None) => {
            print(&engine_help(name))?;
            let has_options = options_of_engine(name).any(|option| option.is_supported());
            Ok(if has_options {
                ExitStatus::Success
            } else {
                ExitStatus::Setup
            })
        }
        (Some(_), Some(option)) => {
            let named = |one: &&fio_engine::job::OptionInfo| {
                one.name == option || one.alias == Some(option)
            };
            match options_of_engine(name).find(named) {
                Some(option) => print(&option_help(option)),
                None => {
                    print("\n")?;
                    Err(Failure::setup(anyhow!("No such command: {option}")))
                }
            }
        }
    }
}
