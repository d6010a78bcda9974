//! Bounds on what a job description may ask of the parser.

use std::fmt;

/// The largest block a job may have, in bytes: 1 GiB.
pub const MAX_BLOCK_SIZE: u64 = 1 << 30;

/// The deepest queue a job may have.
pub const MAX_IO_DEPTH: u32 = 65_536;

/// The most files one job may have: all are open at once, and 1,048,576 is the most a Linux process
/// may open unless its administrator says otherwise (`fs.nr_open`).
pub const MAX_FILES: u32 = 1 << 20;

/// The most entries of one `bssplit`, as in fio.
pub const MAX_SPLIT_ENTRIES: usize = 256;

/// The most percentiles one job may ask for, as in fio.
pub const MAX_PERCENTILES: usize = 20;

/// How much a job description may hold. The defaults suit files from strangers; every field may be
/// raised for one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseLimits {
    /// Bytes of all sources and included files together; 16 MiB. A file's size is looked at before
    /// anything of it is read.
    pub bytes: u64,
    /// Bytes of one line, before and after variables are expanded; 8192, as in fio.
    pub line_bytes: usize,
    /// Sections of all sources together; 65,536.
    pub sections: usize,
    /// Jobs of all sources together, counting clones (`numjobs`); 65,536.
    pub jobs: u64,
    /// How deep `include` may nest; 8.
    pub include_depth: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            line_bytes: 8192,
            sections: 65_536,
            jobs: 65_536,
            include_depth: 8,
        }
    }
}

/// One of the [`ParseLimits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// [`ParseLimits::bytes`].
    Bytes,
    /// [`ParseLimits::line_bytes`].
    LineBytes,
    /// [`ParseLimits::sections`].
    Sections,
    /// [`ParseLimits::jobs`].
    Jobs,
    /// [`ParseLimits::include_depth`].
    IncludeDepth,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "the size in bytes",
            Self::LineBytes => "the length of the line in bytes",
            Self::Sections => "the number of sections",
            Self::Jobs => "the number of jobs and clones",
            Self::IncludeDepth => "the depth of included files",
        })
    }
}
