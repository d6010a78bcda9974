//! Options that exist only together with an I/O engine.

use super::error::ValueError;

/// Options of single engines. Each names the engines that look at it; the others do not care.
///
/// In a job file they count only beside an engine that has them, and are forgotten when a section
/// chooses another engine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EngineOptions {
    /// Completions are polled for, without interrupts (`hipri`): io_uring.
    pub polled: bool,
    /// An I/O that would have to wait fails at once instead (`nowait`): io_uring, libaio.
    pub no_wait: bool,
    /// Buffered I/O leaves nothing in the page cache (`uncached`): io_uring.
    pub uncached: bool,
    /// Options of io_uring alone.
    pub io_uring: IoUringOptions,
    /// Options of libaio alone.
    pub libaio: LibAioOptions,
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
        Ok(())
    }
}
