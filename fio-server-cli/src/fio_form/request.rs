//! What the words of fio's command line ask for.
//!
//! As in fio, flags count in the order they stand in, so that the first that ends the command or has a bad
//! value decides: `--version --nosuch` is no mistake. The words of jobs before it must make sense, too.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use clap::Parser as _;
use fio_engine::job::{
    CommandWord, CommandWordKind, JobFileError, ParseLimits, ParseOptions, Position, parse_words,
    split_words,
};

use super::at_once::AtOnce;
use super::topics::Topics;
use super::values;
use crate::address::Address;
use crate::cli::{Cli, Command, IdleProfile, OutputArgs, RunArgs};
use crate::exit::Failure;
use crate::options::hosts_in;
use crate::output::{Sink, complain};

/// What is asked for.
pub(super) enum Asked {
    /// Something that ends the command.
    AtOnce(AtOnce),
    /// Jobs, or a server.
    Request(Box<Request>),
}

/// What is to be run, and how.
pub(super) struct Request {
    /// All words, for the parser of jobs.
    pub(super) words: Vec<OsString>,
    pub(super) output: OutputArgs,
    pub(super) idle_prof: Option<IdleProfile>,
    pub(super) parse_only: bool,
    pub(super) merge_only: bool,
    pub(super) show_commands: bool,
    pub(super) read_only: bool,
    pub(super) warnings_fatal: bool,
    /// `--max-jobs`.
    pub(super) most_jobs: Option<usize>,
    /// `--server`, with its address.
    pub(super) server: Option<Option<OsString>>,
    pub(super) daemonize: Option<PathBuf>,
    /// Servers with the numbers of their words.
    pub(super) clients: Vec<(usize, Address)>,
    /// Job files of servers, likewise.
    pub(super) remote_files: Vec<(usize, PathBuf)>,
    pub(super) sections: Vec<String>,
    /// Job files, likewise.
    pub(super) files: Vec<(usize, PathBuf)>,
    /// Job options in the form `--name=value`, likewise.
    pub(super) options: Vec<(usize, String)>,
    /// What `--debug` wants told.
    pub(super) topics: Topics,
}

impl Request {
    /// Reads the words of fio's command line, without the program's name.
    pub(super) fn read(words: &[OsString]) -> Result<Asked, Failure> {
        let limits = ParseLimits::default();
        let mut request = Self::new(words);
        match split_words(words, &limits) {
            Ok(split) => match request.take_all(split)? {
                Some(what) => Ok(Asked::AtOnce(what)),
                None => Ok(Asked::Request(Box::new(request))),
            },
            Err(error) => {
                let before = match error.position {
                    Position::Word(number) => &words[..number - 1],
                    _ => &[],
                };
                // Words before it may end the command, or be worse.
                let split = split_words(before, &limits).unwrap_or_default();
                match request.take_all(split)? {
                    Some(what) => Ok(Asked::AtOnce(what)),
                    None => Err(Failure::setup(error)),
                }
            }
        }
    }

    fn new(words: &[OsString]) -> Self {
        let mut output = default_run_args().output;
        output.as_fio = true;
        Self {
            words: words.to_vec(),
            output,
            idle_prof: None,
            parse_only: false,
            merge_only: false,
            show_commands: false,
            read_only: false,
            warnings_fatal: false,
            most_jobs: None,
            server: None,
            daemonize: None,
            clients: Vec::new(),
            remote_files: Vec::new(),
            sections: Vec::new(),
            files: Vec::new(),
            options: Vec::new(),
            topics: Topics::default(),
        }
    }

    /// Whether the jobs are run by servers.
    pub(super) const fn is_for_servers(&self) -> bool {
        !self.clients.is_empty()
    }

    /// How job files and words are read.
    pub(super) fn parse_options(&self) -> ParseOptions<'static> {
        let mut options = ParseOptions::default();
        options.allow_flags = true;
        options.read_only = self.read_only;
        options
    }

    fn take_all(&mut self, split: Vec<CommandWord<'_>>) -> Result<Option<AtOnce>, Failure> {
        for CommandWord { number, kind, .. } in split {
            match kind {
                CommandWordKind::File(path) => self.files.push((number, path.into())),
                CommandWordKind::Option { name, value, .. } => {
                    self.options.push((number, spelled(name, value)));
                }
                CommandWordKind::Flag { flag, value } => {
                    let value = value.unwrap_or_default();
                    if let Some(what) = self.flag(flag.name, value, number)? {
                        self.check_options()?;
                        return Ok(Some(what));
                    }
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Whether the job options so far make sense.
    fn check_options(&self) -> Result<(), Failure> {
        let words: Vec<_> = self.options.iter().map(|(_, word)| word).collect();
        match parse_words(&words, &ParseOptions::default()) {
            Err(error) if !is_of_no_jobs(&error) => Err(Failure::setup(error)),
            _ => Ok(()),
        }
    }

    /// Takes a flag, with an empty value if it has none; returns what ends the command.
    fn flag(
        &mut self,
        name: &'static str,
        value: &OsStr,
        number: usize,
    ) -> Result<Option<AtOnce>, Failure> {
        match name {
            "parse-only" => self.parse_only = true,
            "merge-blktrace-only" => self.merge_only = true,
            "showcmd" => self.show_commands = true,
            "readonly" => self.read_only = true,
            "warnings-fatal" => self.warnings_fatal = true,
            "section" => self.sections.push(value.to_string_lossy().into_owned()),
            "max-jobs" => self.most_jobs = values::count(value),
            // Memory is taken when it is needed, and there are no files with state.
            "alloc-size" | "aux-path" => {}
            "debug" if value == "help" => return Ok(Some(AtOnce::Topics)),
            "debug" => self.topics.add(&value.to_string_lossy())?,
            "idle-prof" => match values::idle_profile(value)? {
                IdleProfile::Calibrate => return Ok(Some(self.calibrate())),
                profile => self.idle_prof = Some(profile),
            },
            "server" => self.be_server(value)?,
            "daemonize" => self.daemonize = Some(value.into()),
            "client" => self.add_client(value, number)?,
            "remote-config" => self.remote_files.push((number, value.into())),
            "trigger-file" | "trigger-timeout" | "trigger" | "trigger-remote" => {
                return Err(refusal(
                    name,
                    "no commands are run when something happens; stop jobs with runtime or SIGINT",
                ));
            }
            "latency-log" => return Err(refusal(name, "use the job option write_lat_log")),
            _ => {
                return match AtOnce::of_flag(name, value) {
                    Some(what) => Ok(Some(what)),
                    None => self.output_flag(name, value).map(|()| None),
                };
            }
        }
        Ok(None)
    }

    fn output_flag(&mut self, name: &'static str, value: &OsStr) -> Result<(), Failure> {
        let output = &mut self.output;
        let millisecond = Duration::from_millis(1);
        match name {
            "output" => {
                // fio opens it now, and so finds out before anything else.
                Sink::check(value.as_ref()).map_err(Failure::setup)?;
                output.output = Some(value.into());
            }
            // The last of all three counts.
            "minimal" => output.minimal = true,
            "output-format" => {
                output.output_format = values::formats(value)?;
                (output.minimal, output.append_terse) = (false, false);
            }
            "append-terse" => output.append_terse = true,
            "terse-version" => output.terse_version = values::terse_version(value)?,
            "bandwidth-log" => output.bandwidth_log = true,
            "eta" => output.eta = values::when(value),
            "eta-interval" => {
                let shortest = Duration::from_millis(250);
                output.eta_interval = Some(values::time(name, value, shortest)?);
            }
            "eta-newline" => output.eta_newline = Some(values::time(name, value, millisecond)?),
            "status-interval" => {
                output.status_interval = Some(values::time(name, value, millisecond)?);
            }
            _ => return Err(Failure::setup(anyhow!("--{name} is not known here"))),
        }
        Ok(())
    }

    /// Only times units of work.
    fn calibrate(&self) -> AtOnce {
        let mut args = default_run_args();
        args.output.output = self.output.output.clone();
        args.idle_prof = Some(IdleProfile::Calibrate);
        AtOnce::Calibrate(Box::new(args))
    }

    fn be_server(&mut self, value: &OsStr) -> Result<(), Failure> {
        if self.is_for_servers() {
            return Err(both());
        }
        self.server = Some(Some(value.to_owned()).filter(|value| !value.is_empty()));
        Ok(())
    }

    /// A server, or all that a file lists.
    fn add_client(&mut self, value: &OsStr, number: usize) -> Result<(), Failure> {
        if self.server.is_some() {
            return Err(both());
        }
        let path = std::path::Path::new(value);
        let addresses = if path.is_file() {
            hosts_in(path).map_err(Failure::setup)?
        } else {
            let text = value.to_string_lossy();
            vec![text.parse::<Address>().map_err(Failure::setup)?]
        };
        let placed = addresses.into_iter().map(|address| (number, address));
        self.clients.extend(placed);
        Ok(())
    }
}

fn spelled(name: &[u8], value: Option<&[u8]>) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match value {
        Some(value) => format!("--{}={}", text(name), text(value)),
        None => format!("--{}", text(name)),
    }
}

/// Whether the only fault is that nothing is to be run.
pub(super) fn is_of_no_jobs(error: &JobFileError) -> bool {
    use fio_engine::job::Problem;
    matches!(*error.problem, Problem::NoJobs | Problem::NoSuchSection(_))
}

fn refusal(flag: &str, advice: &str) -> Failure {
    Failure::setup(anyhow!("--{flag} is not supported: {advice}"))
}

fn both() -> Failure {
    Failure::setup(anyhow!("can't be both client and server"))
}

/// The arguments of `run` that hold unless others are given.
pub(super) fn default_run_args() -> RunArgs {
    match Cli::try_parse_from(["fio-server-cli", "run", "-"]) {
        Ok(Cli {
            command: Command::Run(args),
        }) => args,
        // The words are always the same.
        other => unreachable!("{other:?}"),
    }
}

/// Tells of something that has no effect.
pub(super) fn remark(text: std::fmt::Arguments<'_>) {
    complain(format_args!("fio: {text}"));
}
