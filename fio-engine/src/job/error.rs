//! What is wrong with a job file or a list of words, where, and what to do about it.

use std::fmt;

use super::category::Category;
use super::limits::Limit;
use super::shown::{shown, suggestion};
use super::value_error::ValueError;

/// The first fault found in a job file, in command line words or in a [`JobSpec`].
///
/// It displays as one line: place, section, option, fault, advice. Offending text is cut to 60
/// characters and never contains control characters, so the line is fit for a terminal or a log.
///
/// [`JobSpec`]: super::JobSpec
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobFileError {
    /// The file, "command line" or the name a caller gave to a text.
    pub source_name: String,
    /// Where in the source.
    pub position: Position,
    /// The section (job) the fault lies in.
    pub section: Option<String>,
    /// The option the fault lies in, as written.
    pub option: Option<String>,
    /// What is wrong. Boxed, so that results stay small.
    pub problem: Box<Problem>,
}

impl JobFileError {
    pub(super) fn new(source_name: &str, position: Position, problem: Problem) -> Self {
        Self {
            source_name: source_name.to_owned(),
            position,
            section: None,
            option: None,
            problem: Box::new(problem),
        }
    }

    pub(super) fn in_section(mut self, name: &[u8]) -> Self {
        self.section = Some(shown(name));
        self
    }

    pub(super) fn in_option(mut self, name: &[u8]) -> Self {
        self.option = Some(shown(name));
        self
    }
}

impl std::error::Error for JobFileError {}

impl fmt::Display for JobFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source_name)?;
        match self.position {
            Position::Line { line, column } => write!(f, ":{line}:{column}: ")?,
            Position::Word(word) => write!(f, ", word {word}: ")?,
            Position::Whole => f.write_str(": ")?,
        }
        if let Some(section) = &self.section {
            write!(f, "section [{section}]: ")?;
        }
        if let Some(option) = &self.option {
            write!(f, "option `{option}`: ")?;
        }
        write!(f, "{}", self.problem)
    }
}

/// A place in a source. Lines, columns and words count from 1; columns count bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A line of a file.
    Line {
        /// The line.
        line: usize,
        /// The column in bytes.
        column: usize,
    },
    /// A word of a command line.
    Word(usize),
    /// The source as a whole.
    Whole,
}

/// What can be wrong with jobs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file cannot be read.
    #[error("cannot read the file: {0}")]
    Read(String),
    /// A limit of [`ParseLimits`](super::ParseLimits) is exceeded.
    #[error("{limit} is over the limit of {maximum}{}", advice_for(*.limit))]
    Limit {
        /// Which.
        limit: Limit,
        /// Its value.
        maximum: u64,
    },
    /// A NUL byte: the file is not a text.
    #[error("the line has a NUL byte; this is not a job file")]
    NulByte,
    /// A section header without its bracket.
    #[error(
        "`{0}` begins a section but has no closing `]` at its end; write [name] on a line alone"
    )]
    UnclosedSection(String),
    /// `[]`.
    #[error("the section has no name; write [name]")]
    EmptySectionName,
    /// An option before any section.
    #[error(
        "`{0}` stands outside of a section; begin with [global] or with the name of a job in brackets"
    )]
    OutsideSection(String),
    /// A section inside an included file.
    #[error("`{0}` begins a section, but an included file can hold options only")]
    SectionInInclude(String),
    /// Files may not be read for this source.
    #[error("`{0}` names a file, and files are not read for this source")]
    FilesForbidden(String),
    /// A file includes itself.
    #[error("`{0}` is included by itself, directly or in a circle")]
    IncludeCycle(String),
    /// An environment variable where the environment is closed.
    #[error(
        "`{0}` is an environment variable, and those are not expanded for this source; write its value"
    )]
    EnvironmentForbidden(String),
    /// No option of fio has this name.
    #[error("unknown option `{name}`{}", suggestion(.nearest.as_deref()))]
    UnknownOption {
        /// The name as written.
        name: String,
        /// The nearest name that is known.
        nearest: Option<String>,
    },
    /// A job that writes or trims where only reading is allowed.
    #[error("the job writes or trims, which --readonly forbids")]
    ReadOnly,
    /// The beginning of several names.
    #[error("`{name}` may mean any of {candidates}; write it out")]
    AmbiguousOption {
        /// The name as written.
        name: String,
        /// The names it is the beginning of, separated by commas.
        candidates: String,
    },
    /// A flag of the command that takes none has a value.
    #[error("the flag --{flag} takes no value, and `{value}` is given")]
    NeedlessValue {
        /// The flag's name.
        flag: &'static str,
        /// The value as written.
        value: String,
    },
    /// fio has this option, this engine does not.
    #[error(
        "known to fio ({category}) but not supported here: {reason}; remove it to run the job without it"
    )]
    UnsupportedOption {
        /// fio's category of the option.
        category: Category,
        /// Why.
        reason: &'static str,
    },
    /// An option that belongs to an engine.
    #[error(
        "known to fio for ioengine={engines} but not supported here: {reason}; remove it to run the job without it"
    )]
    UnsupportedEngineOption {
        /// The engines that have it in fio.
        engines: String,
        /// Why.
        reason: &'static str,
    },
    /// An option of the job's engine, or one that only it may know, and the engine is not here.
    #[error("it goes with ioengine={engine}, which is not here: {reason}")]
    AbsentEngine {
        /// The job's engine.
        engine: String,
        /// What it would need, and what to use instead.
        reason: &'static str,
    },
    /// An option that the job's engine does not have.
    #[error(
        "an option of ioengine={engines}, but the job's is {engine}; remove it, or choose the engine first"
    )]
    EngineWithoutOption {
        /// The job's engine.
        engine: String,
        /// The engines that have it.
        engines: String,
    },
    /// `--output` and its like in a list of words that may only describe jobs.
    #[error("`{flag}` is a flag of the fio command, which cannot be used in a list of job options")]
    CommandLineFlag {
        /// The flag as written.
        flag: String,
    },
    /// An option that needs a value stands alone.
    #[error("a value is missing; write {example}")]
    MissingValue {
        /// How it should look.
        example: String,
    },
    /// The value is wrong.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The section asked for by name is not there.
    #[error("no section is called `{0}`")]
    NoSuchSection(String),
    /// There is nothing to run.
    #[error("no job is described; add a section such as [job1], or --name=job1")]
    NoJobs,
    /// The text of an option cannot be written in a job file.
    #[error(
        "the value `{0}` cannot be written in a job file: it has a line break, `#`, `;` or blanks at an end"
    )]
    Unprintable(String),
}

impl Problem {
    /// Whether fio has what is asked for, and it is only not to be had here.
    pub(super) const fn is_of_absent(&self) -> bool {
        matches!(
            self,
            Self::UnsupportedOption { .. }
                | Self::UnsupportedEngineOption { .. }
                | Self::AbsentEngine { .. }
                | Self::Value(ValueError::Unsupported { .. })
        )
    }
}

fn advice_for(limit: Limit) -> &'static str {
    match limit {
        Limit::Bytes | Limit::Sections | Limit::Jobs => "; split the file, or raise the limit",
        Limit::LineBytes => "; this may not be a job file",
        Limit::IncludeDepth => "; join the included files",
    }
}
