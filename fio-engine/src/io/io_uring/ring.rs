//! The rings and their system calls.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::os::fd::AsRawFd;
use std::time::Duration;

use io_uring::{EnterFlags, squeue, types};

use super::availability;
use crate::io::{AlignedBuffers, EngineError};
use crate::job::EngineOptions;

/// `IORING_REGISTER_RING_FDS` of `linux/io_uring.h`, since Linux 5.18.
const REGISTER_RING_FDS: libc::c_uint = 20;

/// `struct io_uring_rsrc_update`.
#[derive(Debug)]
#[repr(C)]
struct ResourceUpdate {
    offset: u32,
    reserved: u32,
    data: u64,
}

/// An `io_uring`, used by the thread that made it.
pub(super) struct Ring {
    ring: io_uring::IoUring,
    /// What names the ring in `io_uring_enter`: an index if it could be registered, which saves the
    /// kernel looking up the file, else its file descriptor.
    name: i32,
    /// The flag that says which of the two it is.
    name_flag: EnterFlags,
    /// Completions wait until a call asks for them.
    deferred: bool,
    /// Completions are found only by calls that look for them.
    polled: bool,
    /// A thread of the kernel takes what is pushed.
    kernel_thread: bool,
    /// I/Os pushed and not started.
    queued: usize,
    /// I/Os started and not taken.
    started: usize,
    /// The kernel lets only one thread use a ring with deferred completions, and knows its index
    /// only there.
    not_send: PhantomData<*const ()>,
}

impl Ring {
    /// A ring for `depth` I/Os in flight.
    pub(super) fn new(depth: usize, options: &EngineOptions) -> Result<Self, EngineError> {
        let refused = |source| availability::explain(depth, options, source);
        let entries = u32::try_from(depth)
            .map_err(|_| refused(io::Error::from_raw_os_error(libc::EINVAL)))?;
        let (ring, deferred) = build(entries, options).map_err(refused)?;
        let registered = register(&ring);
        Ok(Self {
            name: registered.unwrap_or_else(|| ring.as_raw_fd()),
            name_flag: match registered {
                Some(_) => EnterFlags::from_bits_retain(1 << 4),
                None => EnterFlags::empty(),
            },
            polled: ring.params().is_setup_iopoll(),
            kernel_thread: ring.params().is_setup_sqpoll(),
            ring,
            deferred,
            queued: 0,
            started: 0,
            not_send: PhantomData,
        })
    }

    /// Whether the kernel's thread can use files that are not registered.
    pub(super) fn kernel_thread_finds_files(&self) -> bool {
        self.ring.params().is_feature_sqpoll_nonfixed()
    }

    /// Maps the buffer of every unit into the kernel, under the unit's number.
    pub(super) fn register_buffers(&self, buffers: &mut AlignedBuffers) -> Result<(), EngineError> {
        let list: Vec<libc::iovec> = (0..buffers.count())
            .map(|unit| {
                let buffer = buffers.get_mut(unit);
                libc::iovec {
                    iov_base: buffer.as_mut_ptr().cast(),
                    iov_len: buffer.len(),
                }
            })
            .collect();
        // SAFETY: the engine keeps the buffers mapped until the ring is gone.
        let registered = unsafe { self.ring.submitter().register_buffers(&list) };
        registered.map_err(|source| EngineError::IoUring {
            what: format!("cannot register {} buffers (fixedbufs)", list.len()),
            source,
            advice: "raise the limit of locked memory (ulimit -l), or lower iodepth (at most 16384 \
                     buffers) or the block size",
        })
    }

    /// Lets the kernel look these files up, each under its place in the list.
    pub(super) fn register_files(&self, files: &[i32]) -> Result<(), EngineError> {
        let registered = self.ring.submitter().register_files(files);
        registered.map_err(|source| EngineError::IoUring {
            what: format!("cannot register {} files (registerfiles)", files.len()),
            source,
            advice: "raise the limit of open files (ulimit -n), or lower nrfiles",
        })
    }

    /// Lets the kernel look up another file under this place in the list.
    pub(super) fn replace_registered(&self, place: usize, file: i32) -> io::Result<()> {
        let place = u32::try_from(place).map_err(io::Error::other)?;
        let submitter = self.ring.submitter();
        submitter.register_files_update(place, &[file])?;
        Ok(())
    }

    /// Queues an I/O for the next [`submit`](Self::submit).
    ///
    /// # Safety
    /// The file and the memory that the entry names must stay as they are until the I/O is taken,
    /// or the ring is dropped.
    #[inline]
    pub(super) unsafe fn push(&mut self, entry: &squeue::Entry) {
        // SAFETY: as promised by the caller.
        let pushed = unsafe { self.ring.submission().push(entry) };
        assert!(
            pushed.is_ok(),
            "more I/Os queued than the ring has room for"
        );
        self.queued += 1;
    }

    /// Starts what is queued and returns how much of it was started.
    #[inline]
    pub(super) fn submit(&mut self) -> io::Result<usize> {
        self.submit_and_wait(0)
    }

    /// Starts what is queued, returns how much of it was started, and waits in the same call for so
    /// many I/Os to be over.
    #[inline]
    pub(super) fn submit_and_wait(&mut self, wanted: usize) -> io::Result<usize> {
        if self.kernel_thread {
            let started = self.leave_to_kernel_thread()?;
            if wanted > 0 {
                self.wait(wanted)?;
            }
            return Ok(started);
        }
        let mut total = 0;
        while self.queued > 0 {
            let flags = self.getting(wanted);
            match self.enter(self.queued, wanted, flags) {
                Ok(0) => break,
                Ok(count) => {
                    self.queued -= count;
                    self.started += count;
                    total += count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // No memory for more, or the ring of completions is full: take some first.
                Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EBUSY)) => {
                    break;
                }
                // What was started before counts; the error comes again with the next call.
                Err(_) if total > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(total)
    }

    /// What is pushed is seen by the kernel's thread already, if that is awake. It counts as started
    /// even where waking that fails: it may wake by itself.
    fn leave_to_kernel_thread(&mut self) -> io::Result<usize> {
        let count = std::mem::take(&mut self.queued);
        self.started += count;
        if count > 0 && self.ring.submission().need_wakeup() {
            self.enter(count, 0, EnterFlags::SQ_WAKEUP)?;
        }
        Ok(count)
    }

    /// Whether the kernel starts nothing of what is pushed before it is told to.
    pub(super) const fn can_take_back(&self) -> bool {
        !self.kernel_thread
    }

    /// I/Os started and not taken.
    pub(super) const fn started(&self) -> usize {
        self.started
    }

    /// Makes the kernel put on the ring what is over but not there yet.
    pub(super) fn look(&mut self) {
        if self.started == 0 {
            return;
        }
        if self.polled || (self.deferred && self.ring.submission().taskrun()) {
            // The next wait reports what may be wrong.
            let _ = self.enter(0, 0, EnterFlags::GETEVENTS);
        }
    }

    /// Waits for this many I/Os to be over; all must have been started.
    pub(super) fn wait(&self, wanted: usize) -> io::Result<()> {
        loop {
            match self.enter(0, wanted, EnterFlags::GETEVENTS) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other.map(drop),
            }
        }
    }

    /// Waits for an I/O to be over, but no longer than `patience`; it may come back early.
    pub(super) fn wait_within(&mut self, patience: Duration) -> io::Result<()> {
        if !self.ring.params().is_feature_ext_arg() {
            std::thread::sleep(patience.min(Duration::from_micros(50)));
            self.look();
            return Ok(());
        }
        let time = types::Timespec::from(patience);
        let arguments = types::SubmitArgs::new().timespec(&time);
        let flags = EnterFlags::GETEVENTS | EnterFlags::EXT_ARG;
        // SAFETY: `arguments` is what the flag announces, and it and the time outlive the call.
        let result = unsafe {
            self.ring
                .submitter()
                .enter(0, 1, flags.bits(), Some(&arguments))
        };
        match result {
            Err(error) if matches!(error.raw_os_error(), Some(libc::ETIME | libc::EINTR)) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Takes up to `maximum` I/Os that are over.
    #[inline]
    pub(super) fn take_ready(
        &mut self,
        maximum: usize,
        mut take: impl FnMut(usize, io::Result<usize>),
    ) {
        let mut taken = 0;
        for entry in self.ring.completion().take(maximum) {
            let result = match entry.result() {
                moved @ 0.. => Ok(moved as usize),
                error => Err(io::Error::from_raw_os_error(-error)),
            };
            take(entry.user_data() as usize, result);
            taken += 1;
        }
        self.started -= taken;
    }

    /// A call that starts I/Os also puts on the ring what is over but deferred, if anything is:
    /// that saves the call to look for it.
    #[inline]
    fn getting(&mut self, wanted: usize) -> EnterFlags {
        if wanted > 0 || (self.deferred && self.ring.submission().taskrun()) {
            EnterFlags::GETEVENTS
        } else {
            EnterFlags::empty()
        }
    }

    #[inline]
    fn enter(&self, to_submit: usize, wanted: usize, flags: EnterFlags) -> io::Result<usize> {
        // SAFETY: without `EXT_ARG` the call takes no pointer; the entries it reads were promised
        // to be sound when they were pushed.
        let result = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                self.name,
                to_submit as libc::c_uint,
                wanted as libc::c_uint,
                (flags | self.name_flag).bits(),
                std::ptr::null::<libc::sigset_t>(),
                0_usize,
            )
        };
        if result < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(result as usize)
        }
    }
}

impl Drop for Ring {
    /// Cancels what can be cancelled and waits for the rest: closing the ring alone would leave the
    /// kernel using buffers and files.
    fn drop(&mut self) {
        if self.started == 0 {
            return;
        }
        // Since Linux 6.0; I/O to files can mostly not be cancelled, and then it is waited for.
        let any = types::CancelBuilder::any();
        let _ = self.ring.submitter().register_sync_cancel(None, any);
        // A thread that was not woken for what is pushed sleeps on it, and ends with the ring.
        if self.kernel_thread && self.enter(0, 0, EnterFlags::SQ_WAKEUP).is_err() {
            return;
        }
        while self.started > 0 {
            self.take_ready(usize::MAX, |_, _| {});
            if self.started > 0 && self.wait(self.started).is_err() {
                return;
            }
        }
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("deferred", &self.deferred)
            .field("queued", &self.queued)
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

/// Milliseconds after which a kernel thread without work sleeps. The kernel's own choice.
const KERNEL_THREAD_IDLE: u32 = 1000;

/// The ring with the newest features the kernel has, and whether completions are deferred.
fn build(entries: u32, options: &EngineOptions) -> io::Result<(io_uring::IoUring, bool)> {
    let builder = || {
        let mut builder = io_uring::IoUring::builder();
        if options.polled {
            builder.setup_iopoll();
        }
        builder
    };
    if options.io_uring.kernel_thread {
        let mut builder = builder();
        builder.setup_sqpoll(KERNEL_THREAD_IDLE);
        if let Some(cpu) = options.io_uring.kernel_thread_cpu {
            builder.setup_sqpoll_cpu(cpu);
        }
        return builder.build(entries).map(|ring| (ring, false));
    }
    let newest = builder()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_taskrun_flag()
        .build(entries);
    match newest {
        // Before Linux 6.1.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
        other => return other.map(|ring| (ring, true)),
    }
    let cooperative = builder().setup_coop_taskrun().build(entries);
    match cooperative {
        // Before Linux 5.19.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
        other => return other.map(|ring| (ring, false)),
    }
    builder().build(entries).map(|ring| (ring, false))
}

/// The index under which this thread may name the ring.
fn register(ring: &io_uring::IoUring) -> Option<i32> {
    let mut update = ResourceUpdate {
        offset: u32::MAX,
        reserved: 0,
        data: ring.as_raw_fd() as u64,
    };
    // SAFETY: the call reads and writes the one structure it is given.
    let result = unsafe {
        libc::syscall(
            libc::SYS_io_uring_register,
            ring.as_raw_fd(),
            REGISTER_RING_FDS,
            &raw mut update,
            1 as libc::c_uint,
        )
    };
    (result == 1).then_some(update.offset as i32)
}
