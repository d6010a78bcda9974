//! How fio groups its options.

use std::fmt;

/// The part of fio an option belongs to, as `--cmdhelp` groups them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Category {
    /// The job as a whole.
    General,
    /// The files.
    File,
    /// What I/O is done and how.
    Io,
    /// Log files.
    Logging,
    /// Statistics and reports.
    Statistics,
    /// One I/O engine.
    Engine,
    /// Ready-made workloads.
    Profile,
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::General => "general",
            Self::File => "file",
            Self::Io => "I/O",
            Self::Logging => "logging",
            Self::Statistics => "statistics",
            Self::Engine => "engine",
            Self::Profile => "profile",
        })
    }
}
