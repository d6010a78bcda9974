//! I/O engines: how a job's I/Os reach the storage.
//!
//! An engine is a type that implements [`IoEngine`]. The loop of a job is compiled once for each
//! engine, so that an I/O costs no dynamic dispatch. The engines here are
//!
//! | name | calls | completes |
//! |---|---|---|
//! | `null` | nothing at all; shows the cost of everything else | at once, or when reaped if the I/O depth is above 1 |
//! | `sync` | `lseek(2)` and `read(2)`/`write(2)` | at once |
//! | `psync` | `pread(2)`/`pwrite(2)` | at once |
//! | `vsync` | `lseek(2)` and `readv(2)`/`writev(2)`, one for I/Os that follow each other | when reaped |
//! | `pvsync` | `preadv(2)`/`pwritev(2)` | at once |
//! | `pvsync2` | `preadv2(2)`/`pwritev2(2)` | at once |
//! | `mmap` | copies from and to a mapping of the file | at once |
//! | `splice` | `splice(2)` and `vmsplice(2)`, through a pipe | at once |
//! | `falloc` | `fallocate(2)`; trims punch holes | at once |
//! | `ftruncate` | `ftruncate(2)` to the offset of each write | at once |
//! | `filecreate`, `filestat`, `filedelete` | `open(2)`, `stat(2)` and `unlink(2)` of whole files | at once |
//! | `libaio` | `io_submit(2)`, `io_getevents(2)`; asynchronous only with `direct=1` | when reaped |
//! | `io_uring` | `io_uring_enter(2)` | when reaped |
//! | `posixaio` | `aio_read(3)`/`aio_write(3)` of the C library, by its threads | when reaped |
//! | `cpuio` | none; uses the CPU | never: its jobs end with their time |
//!
//! A program adds its own with [`Engines::register`].
//!
//! An engine owns the buffers of its I/Os ([`AlignedBuffers`] does the work), because the kernel
//! may use them until the I/O is reaped.

mod buffers;
mod cpu;
mod engines;
mod error;
mod file_lock;
mod file_names;
mod file_space;
pub(crate) mod idle_policy;
mod io_uring;
pub(crate) mod ioctl;
mod libaio;
mod locked;
mod mmap;
mod null;
mod offload;
mod posix_aio;
pub(crate) mod priority;
mod psync;
mod replace;
mod splice;
mod sync;
pub(crate) mod thread_memory;
mod thread_usage;
mod transfer;
mod vectored;
mod vsync;

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use buffers::AlignedBuffers;
pub use cpu::CpuLoad;
pub(crate) use engines::Engine;
pub use engines::Engines;
pub use error::EngineError;
pub use file_names::{FileCreate, FileDelete, FileStat};
pub use file_space::{Falloc, Ftruncate};
pub use io_uring::IoUring;
pub use libaio::LibAio;
pub use mmap::Mmap;
pub use null::Null;
pub(crate) use offload::{Offload, WorkerLife};
pub use posix_aio::PosixAio;
pub use psync::Psync;
pub(crate) use replace::replace;
pub use splice::Splice;
pub use sync::Sync;
pub use thread_usage::ThreadUsage;
pub use vectored::{Pvsync, Pvsync2};
pub use vsync::Vsync;

use crate::direction::Direction;
use crate::job::{EngineOptions, LockMode, MemoryOptions};

/// What an engine is given when a job opens it.
#[derive(Debug, Clone)]
pub struct EngineSetup {
    /// Most I/Os that will be in flight at once; units are numbered from 0 to this.
    pub io_depth: usize,
    /// Size of the largest I/O in bytes.
    pub max_block_size: usize,
    /// Whether the files are opened with `O_DIRECT`.
    pub direct: bool,
    /// Where the job wants its buffers; [`AlignedBuffers::of`] does as it says.
    pub memory: MemoryOptions,
    /// The job's files, open in the mode the job needs. Empty unless the engine wants them open.
    pub files: Arc<[File]>,
    /// Whom the job's I/Os exclude from their file. [`Engines`] sees to that; an engine need not look.
    pub lock: LockMode,
    /// The job's options of engines; each engine looks at its own.
    pub options: EngineOptions,
    /// Paths of the job's files. Empty unless the engine wants names only.
    pub paths: Arc<[PathBuf]>,
}

/// What an engine wants with a job's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileUse {
    /// Nothing (`null`): none are made or opened.
    None,
    /// Their names, to make them itself (`filecreate`).
    Create,
    /// Their names; they are laid out before the job (`filestat`).
    Names,
    /// They are laid out and opened for what the job does.
    Open,
    /// They are laid out and opened for what the job does, and for reading in any case (`mmap`).
    OpenReadable,
    /// They are laid out and opened for reading and writing whatever the job does (`falloc`).
    OpenForBoth,
}

impl FileUse {
    /// The files are there, in their size, before the job begins.
    pub(crate) const fn lays_out(self) -> bool {
        self.opens() || matches!(self, Self::Names)
    }

    pub(crate) const fn opens(self) -> bool {
        matches!(self, Self::Open | Self::OpenReadable | Self::OpenForBoth)
    }

    /// Only the names matter.
    pub(crate) const fn names_only(self) -> bool {
        matches!(self, Self::Names | Self::Create)
    }
}

/// One I/O handed to an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Io {
    /// Which of the engine's buffers it uses, and the name it is reaped by: below the I/O depth.
    pub unit: usize,
    /// Index into [`EngineSetup::files`].
    pub file: usize,
    /// Read, write or trim.
    pub direction: Direction,
    /// First byte, from the beginning of the file.
    pub offset: u64,
    /// Priority as `ioprio_set(2)` packs it; 0 is that of the thread.
    pub priority: u16,
    /// Length in bytes, at least 1 and at most [`EngineSetup::max_block_size`].
    pub length: usize,
    /// Where in the unit's buffer the data begin. Not 0 only for the rest of an I/O that moved less
    /// than asked; `buffer_offset + length` never exceeds the largest block size.
    pub buffer_offset: usize,
}

/// What became of an I/O that was queued.
#[derive(Debug)]
pub enum Queued {
    /// It is over: bytes moved, or the error.
    Completed(io::Result<usize>),
    /// It will come back from [`IoEngine::reap`] after the next [`IoEngine::submit`].
    Pending,
}

/// An I/O that came back from [`IoEngine::reap`].
#[derive(Debug)]
pub struct Completion {
    /// [`Io::unit`] of the I/O.
    pub unit: usize,
    /// Bytes moved, or the error.
    pub result: io::Result<usize>,
}

/// How far a file's data must reach before a synchronisation returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncKind {
    /// Data and all metadata: `fsync(2)`.
    Full,
    /// Data and the metadata needed to read it: `fdatasync(2)`.
    Data,
}

/// A way to perform I/O. See the module documentation.
///
/// The job calls [`queue`](Self::queue) for each I/O, [`submit`](Self::submit) after a batch of
/// them, and [`reap`](Self::reap) for those that were [`Queued::Pending`]. **A unit is not queued
/// again, nor its buffer touched, between being pending and being reaped.** Dropping an engine must
/// wait for, or cancel, whatever is in flight.
pub trait IoEngine: Sized + 'static {
    /// What the engine wants with the job's files.
    const FILES: FileUse = FileUse::Open;

    /// The engine can have several I/Os in flight; an I/O depth above 1 does nothing otherwise.
    const KEEPS_IN_FLIGHT: bool = true;

    /// The engine does no I/O. Each [`queue`](Self::queue) uses the CPU for a moment, moves nothing and
    /// never leaves an I/O pending; the job needs no size, and paces these by its
    /// [`CpuOptions`](crate::job::CpuOptions) until its time is over.
    const USES_CPU_ONLY: bool = false;

    /// The engine reads and writes where the position of the open file is, which all who have it open
    /// share, and finds that anew after [`file_replaced`](Self::file_replaced).
    const USES_FILE_POSITION: bool = false;

    /// Prepares an engine for one job.
    ///
    /// # Errors
    /// When memory or kernel resources are missing; the message says what to do.
    fn open(setup: &EngineSetup) -> Result<Self, EngineError>;

    /// Whether every I/O completes inside [`queue`](Self::queue). Submission latency is then not
    /// measured, as there is nothing between submission and completion.
    fn is_synchronous(&self) -> bool;

    /// The buffer of a unit, for the job to fill before a write: at least
    /// [`EngineSetup::max_block_size`] bytes.
    ///
    /// # Panics
    /// May panic when the unit is in flight or not below the I/O depth.
    fn buffer(&mut self, unit: usize) -> &mut [u8];

    /// Another file is behind the descriptor of [`EngineSetup::files`] with this number. No I/O to
    /// it is in flight. Engines that know more of a file than its descriptor find that out anew.
    ///
    /// # Errors
    /// When the file cannot be used; the job then ends.
    fn file_replaced(&mut self, file: usize) -> io::Result<()> {
        let _ = file;
        Ok(())
    }

    /// Performs or prepares one I/O.
    fn queue(&mut self, io: &Io) -> Queued;

    /// Starts all I/Os that are pending and not yet started, and returns how many it started.
    /// Fewer than all means that the kernel has no room: the job reaps, then calls again.
    ///
    /// # Errors
    /// When the kernel refuses the first I/O of the batch for another reason than room; that I/O
    /// is then taken back and reported by the next [`reap`](Self::reap).
    fn submit(&mut self) -> io::Result<usize> {
        Ok(0)
    }

    /// Waits until at least `minimum` of the started I/Os are over and appends them, and others
    /// that are over too up to `maximum`, to `completions`. With a minimum of 0 it does not wait.
    ///
    /// # Errors
    /// When waiting itself fails; errors of I/Os are in their [`Completion`].
    fn reap(
        &mut self,
        minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        let _ = (minimum, maximum, completions);
        Ok(())
    }

    /// [`submit`](Self::submit), then [`reap`](Self::reap) of at least one I/O if any is started; with
    /// fewer system calls where the engine knows how. Returns how many I/Os it started.
    ///
    /// # Errors
    /// As the two.
    fn submit_and_reap(
        &mut self,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<usize> {
        let started = self.submit()?;
        self.reap(started.min(1), maximum, completions)?;
        Ok(started)
    }

    /// Waits for one of the started I/Os to be over, but no longer than `patience`, and appends
    /// those that are over up to `maximum`. It may come back early and with nothing. Jobs with a
    /// rate wait here for their next I/O.
    ///
    /// An engine that cannot wait for a limited time has this default: it looks, and if nothing is
    /// over it sleeps for at most 50 µs and looks again.
    ///
    /// # Errors
    /// As [`reap`](Self::reap).
    fn reap_within(
        &mut self,
        patience: Duration,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        self.reap(0, maximum, completions)?;
        if completions.is_empty() {
            std::thread::sleep(patience.min(Duration::from_micros(50)));
            self.reap(0, maximum, completions)?;
        }
        Ok(())
    }

    /// Ends what works for the engine besides the job's thread, and tells what it has used of the CPU.
    /// The job is over: nothing is in flight, and nothing will be queued.
    fn end_helpers(&mut self) -> ThreadUsage {
        ThreadUsage::default()
    }
}
