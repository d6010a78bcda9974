//! Options that exist only together with an I/O engine.

use crate::job::value_error::ValueError;

/// Options of single engines. Each names the engines that look at it; the others do not care.
///
/// In a job file they count only beside an engine that has them, and are forgotten when a section
/// chooses another engine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EngineOptions {
    /// Completions are polled for, without interrupts (`hipri`): io_uring, pvsync2.
    pub polled: bool,
    /// An I/O that would have to wait fails at once instead (`nowait`): io_uring, libaio,
    /// pvsync2.
    pub no_wait: bool,
    /// Buffered I/O leaves nothing in the page cache (`uncached`): io_uring, pvsync2.
    pub uncached: bool,
    /// Options of io_uring alone.
    pub io_uring: IoUringOptions,
    /// Options of libaio alone.
    pub libaio: LibAioOptions,
    /// Options of pvsync2 alone.
    pub pvsync2: Pvsync2Options,
    /// Options of mmap alone.
    pub mmap: MmapOptions,
    /// Options of filestat alone.
    pub file_stat: FileStatOptions,
    /// Options of cpuio alone.
    pub cpu: CpuOptions,
}

/// Options of `ioengine=pvsync2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pvsync2Options {
    /// How many of 100 I/Os are polled for, drawn for each, where [`EngineOptions::polled`] is set
    /// (`hipri_percentage`); 0 to 100, 100 by default.
    pub polled_percentage: u8,
}

impl Default for Pvsync2Options {
    fn default() -> Self {
        Self {
            polled_percentage: 100,
        }
    }
}

/// Options of `ioengine=mmap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MmapOptions {
    /// The kernel is advised to use transparent huge pages (`thp`).
    pub huge_pages: bool,
}

/// Options of `ioengine=filestat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileStatOptions {
    /// The call that asks for metadata (`stat_type`).
    pub call: StatCall,
}

/// A system call that asks for the metadata of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatCall {
    /// `stat(2)`, which follows symbolic links.
    #[default]
    Stat,
    /// `lstat(2)`, which does not.
    Lstat,
    /// `statx(2)`, for everything `stat(2)` has and the time of birth.
    Statx,
}

impl StatCall {
    /// fio's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stat => "stat",
            Self::Lstat => "lstat",
            Self::Statx => "statx",
        }
    }
}

/// Options of `ioengine=cpuio`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuOptions {
    /// Percentage of one CPU to use (`cpuload`), 1 to 100; 0 means not given, and the engine needs it.
    pub load: u8,
    /// Microseconds of work between two pauses (`cpuchunks`), 50,000 by default.
    pub chunk_microseconds: u32,
    /// What the CPU is busy with (`cpumode`).
    pub work: CpuWork,
    /// The job ends with the last one of its wave that does I/O (`exit_on_io_done`).
    pub exit_with_io: bool,
}

impl Default for CpuOptions {
    fn default() -> Self {
        Self {
            load: 0,
            chunk_microseconds: 50_000,
            work: CpuWork::Idle,
            exit_with_io: false,
        }
    }
}

/// What `ioengine=cpuio` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CpuWork {
    /// A loop that does nothing (`noop`).
    #[default]
    Idle,
    /// Sorting numbers (`qsort`).
    Sort,
}

impl CpuWork {
    /// fio's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "noop",
            Self::Sort => "qsort",
        }
    }
}

/// Options of `ioengine=io_uring`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IoUringOptions {
    /// The buffers are mapped into the kernel once, not for each I/O (`fixedbufs`).
    pub fixed_buffers: bool,
    /// The kernel looks the files up once, not for each I/O (`registerfiles`).
    pub registered_files: bool,
    /// A thread of the kernel takes new I/Os by itself (`sqthread_poll`).
    pub kernel_thread: bool,
    /// The CPU of that thread (`sqthread_poll_cpu`); `None` means any.
    pub kernel_thread_cpu: Option<u32>,
    /// I/Os name a list of one buffer, not the buffer (`nonvectored=0`).
    pub vectored: bool,
    /// Every so manyth I/O is handed to a kernel worker without being tried first (`force_async`);
    /// 0 means none.
    pub force_async: u32,
}

/// Options of `ioengine=libaio`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LibAioOptions {
    /// I/Os name a list of one buffer, not the buffer (`libaio_vectored`).
    pub vectored: bool,
    /// Completions are read from the ring without a system call (`userspace_reap`). The engine does
    /// so whenever it can, whatever this says.
    pub userspace_reap: bool,
}

impl EngineOptions {
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let cpu = self.io_uring.kernel_thread_cpu;
        if cpu.is_some_and(|cpu| i32::try_from(cpu).is_err()) {
            return Err(ValueError::Conflict(
                "engine_options.io_uring.kernel_thread_cpu must fit in 31 bits".to_owned(),
            ));
        }
        let percentages = [self.pvsync2.polled_percentage, self.cpu.load];
        if percentages.iter().any(|percentage| *percentage > 100) {
            return Err(ValueError::Conflict(
                "engine_options.pvsync2.polled_percentage and engine_options.cpu.load must be at most \
                 100"
                .to_owned(),
            ));
        }
        Ok(())
    }
}
