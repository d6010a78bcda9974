//! What is printed before the first I/O.

use std::fmt;

use crate::direction::Direction;
use crate::job::JobSpec;
use crate::report::units::{Prefix, ScaledNumber, Unit};

/// The line (two with clones) that announces a job:
/// `reader: (g=0): rw=randread, bs=(R) 4096B-4096B, …, ioengine=null, iodepth=1`.
///
/// Displayed without a newline at the end.
#[derive(Debug, Clone, Copy)]
pub struct JobLine<'a> {
    spec: &'a JobSpec,
    group_id: u32,
}

impl<'a> JobLine<'a> {
    /// The line of a job in this reporting group; `None` for one without I/O, which has a
    /// [`CpuLine`] instead.
    #[must_use]
    pub fn new(spec: &'a JobSpec, group_id: u32) -> Option<Self> {
        (spec.engine != CPU_ENGINE).then_some(Self { spec, group_id })
    }
}

impl fmt::Display for JobLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { spec, group_id } = self;
        write!(
            f,
            "{}: (g={group_id}): rw={}, bs=",
            spec.name,
            spec.pattern.name()
        )?;
        for (direction, letter) in Direction::ALL.into_iter().zip(["R", "W", "T"]) {
            let size = |value| ScaledNumber {
                value,
                digits: 4,
                prefix: Prefix::of_base(spec.kb_base),
                unit: Unit::Bytes,
            };
            let sizes = &spec.block_sizes[direction];
            write!(
                f,
                "({letter}) {}-{}, ",
                size(sizes.min()),
                size(sizes.max())
            )?;
        }
        write!(f, "ioengine={}, iodepth={}", spec.engine, spec.io_depth)?;
        if spec.clones > 1 {
            f.write_str("\n...")
        } else {
            Ok(())
        }
    }
}

/// The engine whose jobs do no I/O.
const CPU_ENGINE: &str = "cpuio";

/// The line of a job without I/O, when it begins: `c (noop): ioengine=cpuio, cpuload=10, cpucycle=50000`.
///
/// Displayed without a newline at the end.
#[derive(Debug, Clone, Copy)]
pub struct CpuLine<'a>(&'a JobSpec);

impl<'a> CpuLine<'a> {
    /// The line of a job; `None` if it does I/O.
    #[must_use]
    pub fn new(spec: &'a JobSpec) -> Option<Self> {
        (spec.engine == CPU_ENGINE).then_some(Self(spec))
    }
}

impl fmt::Display for CpuLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = &self.0.engine_options.cpu;
        write!(
            f,
            "{} ({}): ioengine={CPU_ENGINE}, cpuload={}, cpucycle={}",
            self.0.name,
            cpu.work.name(),
            cpu.load,
            cpu.chunk_microseconds
        )
    }
}

/// `Starting 1 thread and 3 processes`, without a newline at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartingLine {
    /// Jobs with the option `thread`.
    pub threads: u32,
    /// All other jobs.
    pub processes: u32,
}

impl StartingLine {
    /// Counts the clones of all jobs.
    pub fn of<'a>(specs: impl IntoIterator<Item = &'a JobSpec>) -> Self {
        let mut line = Self {
            threads: 0,
            processes: 0,
        };
        for spec in specs {
            let kind = if spec.thread {
                &mut line.threads
            } else {
                &mut line.processes
            };
            *kind = kind.saturating_add(spec.clones);
        }
        line
    }
}

impl fmt::Display for StartingLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Starting ")?;
        if self.threads > 0 {
            write!(
                f,
                "{} thread{}",
                self.threads,
                if self.threads > 1 { "s" } else { "" }
            )?;
        }
        if self.threads > 0 && self.processes > 0 {
            f.write_str(" and ")?;
        }
        if self.processes > 0 || self.threads == 0 {
            let plural = if self.processes == 1 { "" } else { "es" };
            write!(f, "{} process{plural}", self.processes)?;
        }
        Ok(())
    }
}
