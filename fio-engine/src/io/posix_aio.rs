//! POSIX asynchronous I/O, as the C library has it: `aio_read(3)`, `aio_write(3)`, `aio_suspend(3)`.
//!
//! The kernel has no part in it: glibc keeps a pool of threads that call `pread(2)` and `pwrite(2)`, and
//! I/Os to one open file wait for each other (`aio(7)`). That is what this engine measures, and why the
//! other asynchronous engines are faster.

use std::cell::UnsafeCell;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Once};
use std::time::Duration;

use super::transfer::trim;
use super::{AlignedBuffers, Completion, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;

/// `ioengine=posixaio`.
pub struct PosixAio {
    buffers: AlignedBuffers,
    files: Arc<[File]>,
    /// By unit; those of started I/Os are the C library's until they are over. Never grows.
    blocks: Vec<UnsafeCell<libc::aiocb>>,
    directions: Box<[Direction]>,
    /// Units queued and not yet started, in order.
    queue: Vec<usize>,
    /// Units that were started and not yet reaped.
    started: Vec<usize>,
    /// I/Os that could not be started; they are reported by the next reap.
    refused: Vec<Completion>,
    /// Room for what `aio_suspend` waits for.
    awaited: Vec<*const libc::aiocb>,
}

impl IoEngine for PosixAio {
    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        allow_threads();
        let depth = setup.io_depth;
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            files: Arc::clone(&setup.files),
            blocks: (0..depth).map(|_| UnsafeCell::new(empty())).collect(),
            directions: vec![Direction::Read; depth].into(),
            queue: Vec::with_capacity(depth),
            started: Vec::with_capacity(depth),
            refused: Vec::with_capacity(depth),
            awaited: Vec::with_capacity(depth),
        })
    }

    fn is_synchronous(&self) -> bool {
        false
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        assert!(!self.started.contains(&unit), "unit {unit} is in flight");
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        assert!(
            !self.started.contains(&io.unit),
            "unit {} is in flight",
            io.unit
        );
        let file = &self.files[io.file];
        if io.direction == Direction::Trim {
            return Queued::Completed(trim(file, io.offset, io.length));
        }
        let Ok(offset) = io.offset.try_into() else {
            return Queued::Completed(Err(io::Error::from_raw_os_error(libc::EOVERFLOW)));
        };
        let buffer = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..io.length];
        let block = self.blocks[io.unit].get_mut();
        block.aio_fildes = file.as_raw_fd();
        block.aio_buf = buffer.as_mut_ptr().cast();
        block.aio_nbytes = buffer.len();
        block.aio_offset = offset;
        self.directions[io.unit] = io.direction;
        self.queue.push(io.unit);
        Queued::Pending
    }

    fn submit(&mut self) -> io::Result<usize> {
        let mut count = 0;
        while let Some(&unit) = self.queue.get(count) {
            match self.start(unit) {
                Ok(()) => {
                    self.started.push(unit);
                    count += 1;
                }
                // There is room when others are over, if there are others.
                Err(error)
                    if error.raw_os_error() == Some(libc::EAGAIN) && !self.started.is_empty() =>
                {
                    break;
                }
                Err(error) => {
                    self.queue.remove(count);
                    let result = Err(error);
                    self.refused.push(Completion { unit, result });
                }
            }
        }
        self.queue.drain(..count);
        Ok(count)
    }

    fn reap(
        &mut self,
        minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        let mut reaped = self.take_over(maximum, completions);
        while reaped < minimum {
            self.wait(None)?;
            reaped += self.take_over(maximum - reaped, completions);
        }
        Ok(())
    }

    fn reap_within(
        &mut self,
        patience: Duration,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        if self.take_over(maximum, completions) == 0 {
            self.wait(Some(patience))?;
            self.take_over(maximum, completions);
        }
        Ok(())
    }
}

impl PosixAio {
    fn start(&self, unit: usize) -> io::Result<()> {
        let block = self.blocks[unit].get();
        // The block and the buffer it names stay where they are, and are left alone, until `take_over` or
        // `drop` has seen the end of the I/O. The file is open as long as `self` is there.
        let result = match self.directions[unit] {
            // SAFETY: see above.
            Direction::Write => unsafe { libc::aio_write(block) },
            // SAFETY: see above.
            _ => unsafe { libc::aio_read(block) },
        };
        match result {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Moves I/Os that are over to `completions`, at most `maximum`, and says how many.
    fn take_over(&mut self, maximum: usize, completions: &mut Vec<Completion>) -> usize {
        let before = completions.len();
        let refused = self.refused.len().min(maximum);
        completions.extend(self.refused.drain(..refused));
        let blocks = &self.blocks;
        self.started.retain(|&unit| {
            if completions.len() - before == maximum {
                return true;
            }
            let Some(result) = result_of(blocks[unit].get()) else {
                return true;
            };
            completions.push(Completion { unit, result });
            false
        });
        completions.len() - before
    }

    /// Waits for one of the started I/Os, or until the time is over.
    fn wait(&mut self, patience: Option<Duration>) -> io::Result<()> {
        let blocks = &self.blocks;
        let pointers = self
            .started
            .iter()
            .map(|&unit| blocks[unit].get().cast_const());
        self.awaited.clear();
        self.awaited.extend(pointers);
        let time = patience.map(|patience| libc::timespec {
            tv_sec: patience.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        });
        let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let count = self.awaited.len().try_into().unwrap_or(libc::c_int::MAX);
        // SAFETY: the list has so many pointers, all to blocks of I/Os that were started; it and the
        // time outlive the call.
        let result = unsafe { libc::aio_suspend(self.awaited.as_ptr(), count, time) };
        if result == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            // The time is over, or a signal came.
            Some(libc::EAGAIN | libc::EINTR) => Ok(()),
            _ => Err(error),
        }
    }
}

/// The result of an I/O that was started; `None` while it goes on.
fn result_of(block: *mut libc::aiocb) -> Option<io::Result<usize>> {
    // SAFETY: the block is one that `aio_read` or `aio_write` took, and nobody has asked for its result.
    let error = unsafe { libc::aio_error(block) };
    if error == libc::EINPROGRESS {
        return None;
    }
    // SAFETY: as above, and the I/O is over.
    let bytes = unsafe { libc::aio_return(block) };
    Some(match error {
        0 => Ok(bytes.try_into().unwrap_or(0)),
        _ => Err(io::Error::from_raw_os_error(error)),
    })
}

impl Drop for PosixAio {
    fn drop(&mut self) {
        let mut over = Vec::with_capacity(self.started.len());
        while !self.started.is_empty() {
            if self.wait(None).is_err() {
                std::thread::sleep(Duration::from_millis(1));
            }
            self.take_over(usize::MAX, &mut over);
        }
    }
}

impl fmt::Debug for PosixAio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PosixAio")
            .field("queue", &self.queue)
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

/// A block of no I/O, whose end nobody is told of.
fn empty() -> libc::aiocb {
    // SAFETY: all fields are numbers and pointers, for which zeros are values.
    let mut block: libc::aiocb = unsafe { std::mem::zeroed() };
    block.aio_sigevent.sigev_notify = libc::SIGEV_NONE;
    block
}

/// Lets all jobs of this process have the threads that each would have in a process of its own, as
/// fio's jobs are: glibc has at most 20 for a process unless it is told otherwise before the first I/O.
fn allow_threads() {
    /// `struct aioinit` of glibc's `aio.h`.
    #[cfg(target_env = "gnu")]
    #[repr(C)]
    #[derive(Default)]
    struct Limits {
        threads: libc::c_int,
        requests: libc::c_int,
        unused: [libc::c_int; 4],
        idle_seconds: libc::c_int,
        reserved: libc::c_int,
    }

    #[cfg(target_env = "gnu")]
    unsafe extern "C" {
        fn aio_init(limits: *const Limits);
    }

    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(target_env = "gnu")]
        {
            let limits = Limits {
                threads: 1024,
                requests: 1024,
                ..Limits::default()
            };
            // SAFETY: the structure is glibc's, and is read during the call.
            unsafe { aio_init(&raw const limits) };
        }
    });
}
