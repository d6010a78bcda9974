//! Jobs: the typed description of one, and the job files and command lines it is read from.
//!
//! [`parse_jobs`] and [`parse_words`] make [`JobSpec`]s of text; [`JobSpec::new`] and its setters
//! make one in a program. [`options()`] is the table of everything a job file may say.
//!
//! The text may come from a stranger: size, nesting and numbers are bounded ([`ParseLimits`]), and
//! neither environment nor files are touched unless [`ParseOptions`] says so. The source of truth
//! for the language is fio's manual page and the behaviour of its binary; where this parser chooses
//! otherwise it refuses what fio silently misreads (`size=1.5g` is one byte to fio).

mod buffers;
mod builder;
mod draft;
mod engine_options;
mod error;
mod errors;
mod expand;
mod file_options;
mod flags;
mod flow;
mod grammar;
pub mod help;
mod latency;
mod lifecycle;
mod limits;
mod log_options;
mod memory;
mod options;
mod order;
mod parse;
mod pattern;
mod print;
mod priority;
mod process;
mod rate;
mod replay;
mod reporting;
mod show;
mod source;
mod spec;
mod steady_state;
mod think_time;
pub mod units;
mod validate;
mod words;
mod zones;

pub use buffers::{BufferOptions, DedupeMode, DedupeOptions};
pub use engine_options::{
    CpuOptions, CpuWork, EngineOptions, FileStatOptions, IoUringOptions, LibAioOptions,
    MmapOptions, Pvsync2Options, StatCall,
};
pub use error::{JobFileError, Position, Problem, ValueError};
pub(crate) use errors::ErrorKind;
pub use errors::{ContinueOn, ErrorOptions, IgnoredErrors, MAX_IGNORED_ERRORS};
pub use expand::{Environment, Machine};
pub use file_options::{AccessHint, FileKind, FileOptions, LifetimeHint, LockMode, RangeSync};
pub use flags::{CommandLineFlag, FlagArgument, GivenFlag, command_line_flags};
pub use flow::FlowOptions;
pub use latency::LatencyTargetOptions;
pub use lifecycle::{ExitScope, LifecycleOptions};
pub use limits::{
    Limit, MAX_BLOCK_SIZE, MAX_FILES, MAX_IO_DEPTH, MAX_PERCENTILES, MAX_SPLIT_ENTRIES, ParseLimits,
};
pub use log_options::{LogOptions, MAX_HISTOGRAM_COARSENESS, WindowValue};
pub use memory::{MemoryKind, MemoryOptions};
pub use options::{
    Category, OptionInfo, OptionType, absent_engine, absent_engines, engine_options, options,
    profile_options,
};
pub use order::{Distribution, FileService, OrderOptions, Sequencer, Zone, ZoneList};
pub use parse::{Notice, ParseOptions, ParsedJobs, parse_jobs, parse_words, show_command_lines};
pub use pattern::{BufferPattern, MAX_PATTERN_BYTES, PatternPart};
pub use priority::{CommandPriority, IoPriority, PriorityOptions, SizedPriority};
pub use process::{
    ClockSource, ControlGroupOptions, MAX_NUMA_NODE, MemoryPolicy, NodeSet, ProcessOptions,
};
pub use rate::{RateOptions, RateProcess};
pub use replay::{ReplayOptions, SkippedActions, TraceMerge};
pub use reporting::{ReportingOptions, UnifiedReporting};
pub use source::JobSource;
pub use spec::{
    BlockSizes, DEFAULT_PERCENTILES, Fallocate, JobSpec, Measure, Pattern, PercentileKinds,
    RandomGenerator, SizeOrPercent, SubmitMode, SyncMode,
};

pub use steady_state::{MAX_STEADY_STATE_LENGTH, SteadyMeasure, SteadyStateOptions};
pub use think_time::{ThinkTimeOptions, ThinkTrigger};
pub use words::{CommandWord, CommandWordKind, split_words};
pub use zones::StridedZones;

pub(crate) use error::shown;
