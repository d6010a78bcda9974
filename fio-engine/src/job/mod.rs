//! Jobs: the typed description of one, and the job files and command lines it is read from.
//!
//! [`parse_jobs`] and [`parse_words`] make [`JobSpec`]s of text; [`JobSpec::new`] and its setters
//! make one in a program. [`options()`] is the table of everything a job file may say.
//!
//! Each room rests on those below it alone:
//!
//! | room | holds |
//! |---|---|
//! | `help`, `print` | the table as help, jobs as job files |
//! | `parse` | job files and command lines, read section by section |
//! | `options` | the table, and what each option changes in a job |
//! | `spec` | [`JobSpec`]: a job, resolved and checked |
//! | `error`, `value_error`, `limits`, `units` | faults and bounds, numbers as fio writes them |
//!
//! The text may come from a stranger: size, nesting and numbers are bounded ([`ParseLimits`]), and
//! neither environment nor files are touched unless [`ParseOptions`] says so. The source of truth
//! for the language is fio's manual page and the behaviour of its binary; where this parser chooses
//! otherwise it refuses what fio silently misreads (`size=1.5g` is one byte to fio).

mod category;
mod error;
pub mod help;
mod limits;
mod options;
mod parse;
mod print;
mod shown;
mod spec;
pub mod units;
mod value_error;

pub use category::Category;
pub use error::{JobFileError, Position, Problem};
pub use limits::{
    Limit, MAX_BLOCK_SIZE, MAX_FILES, MAX_IO_DEPTH, MAX_PERCENTILES, MAX_SPLIT_ENTRIES, ParseLimits,
};
pub use options::absent::{absent_engine, absent_engines};
pub use options::info::{OptionInfo, OptionType};
pub use options::{engine_options, options, profile_options};
pub use parse::expand::{Environment, Machine};
pub use parse::flags::{CommandLineFlag, FlagArgument, GivenFlag, command_line_flags};
pub use parse::parse_options::ParseOptions;
pub use parse::source::JobSource;
pub use parse::words::{CommandWord, CommandWordKind, split_words};
pub use parse::{Notice, ParsedJobs, parse_jobs, parse_words, show_command_lines};
pub(crate) use shown::shown;
pub use spec::buffers::{BufferOptions, DedupeMode, DedupeOptions};
pub use spec::engine_options::{
    CpuOptions, CpuWork, EngineOptions, FileStatOptions, IoUringOptions, LibAioOptions,
    MmapOptions, Pvsync2Options, StatCall,
};
pub(crate) use spec::errors::ErrorKind;
pub use spec::errors::{ContinueOn, ErrorOptions, IgnoredErrors, MAX_IGNORED_ERRORS};
pub use spec::file_options::{
    AccessHint, FileKind, FileOptions, LifetimeHint, LockMode, RangeSync,
};
pub use spec::flow::FlowOptions;
pub use spec::latency::LatencyTargetOptions;
pub use spec::lifecycle::{ExitScope, LifecycleOptions};
pub use spec::log_options::{LogOptions, MAX_HISTOGRAM_COARSENESS, WindowValue};
pub use spec::memory::{MemoryKind, MemoryOptions};
pub use spec::order::{Distribution, FileService, OrderOptions, Sequencer, Zone, ZoneList};
pub use spec::pattern::{BufferPattern, MAX_PATTERN_BYTES, PatternPart};
pub use spec::preconditioning::Preconditioning;
pub use spec::priority::{CommandPriority, IoPriority, PriorityOptions, SizedPriority};
pub use spec::process::{
    ClockSource, ControlGroupOptions, MAX_NUMA_NODE, MemoryPolicy, NodeSet, ProcessOptions,
};
pub use spec::rate::{RateOptions, RateProcess};
pub use spec::replay::{ReplayOptions, SkippedActions, TraceMerge};
pub use spec::reporting::{ReportingOptions, UnifiedReporting};
pub use spec::steady_state::{MAX_STEADY_STATE_LENGTH, SteadyMeasure, SteadyStateOptions};
pub use spec::think_time::{ThinkTimeOptions, ThinkTrigger};
pub use spec::zones::StridedZones;
pub use spec::{
    BlockSizes, DEFAULT_PERCENTILES, Fallocate, JobSpec, Measure, Pattern, PercentileKinds,
    RandomGenerator, SubmitMode, SyncMode,
};
pub use units::number::SizeOrPercent;
pub use value_error::ValueError;
