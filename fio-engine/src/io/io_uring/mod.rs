//! `io_uring(7)`: two rings shared with the kernel, one of I/Os to do and one of I/Os done.
//!
//! One system call, `io_uring_enter(2)`, starts any number of I/Os, waits for any number, or does
//! both ([`IoEngine::submit_and_reap`]). What is over is read from the ring without a call. Where the kernel can, completions are left to the
//! moment the job looks for them (`IORING_SETUP_DEFER_TASKRUN`), so that they interrupt nothing.

mod availability;
mod entry;
mod ring;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use entry::Entries;
use ring::Ring;

use super::transfer::trim;
use super::{AlignedBuffers, Completion, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;

/// `ioengine=io_uring`.
///
/// It looks at [`EngineOptions::io_uring`](crate::job::EngineOptions::io_uring) and at `hipri`,
/// `nowait` and `uncached`.
#[derive(Debug)]
pub struct IoUring {
    // Dropped first: it waits for what is in flight, which uses everything below.
    ring: Ring,
    entries: Entries,
    buffers: AlignedBuffers,
    files: Arc<[File]>,
    in_flight: Box<[bool]>,
}

impl IoEngine for IoUring {
    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        let depth = setup.io_depth;
        let ring = Ring::new(depth, &setup.options)?;
        let mut buffers = AlignedBuffers::of(setup)?;
        let options = &setup.options.io_uring;
        if options.fixed_buffers {
            ring.register_buffers(&mut buffers)?;
        }
        // A kernel thread could not look files up before Linux 5.11.
        let registers = options.registered_files
            || (options.kernel_thread && !ring.kernel_thread_finds_files());
        if registers {
            let files: Vec<i32> = setup.files.iter().map(AsRawFd::as_raw_fd).collect();
            ring.register_files(&files)?;
        }
        Ok(Self {
            ring,
            entries: Entries::new(&setup.options, registers, depth),
            buffers,
            files: Arc::clone(&setup.files),
            in_flight: vec![false; depth].into(),
        })
    }

    fn is_synchronous(&self) -> bool {
        false
    }

    fn file_replaced(&mut self, file: usize) -> io::Result<()> {
        if self.entries.are_files_registered() {
            self.ring
                .replace_registered(file, self.files[file].as_raw_fd())?;
        }
        Ok(())
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        assert!(
            !self.in_flight[unit],
            "the buffer of unit {unit} is in use by the kernel"
        );
        self.buffers.get_mut(unit)
    }

    #[inline]
    fn queue(&mut self, io: &Io) -> Queued {
        assert!(!self.in_flight[io.unit], "unit {} is in flight", io.unit);
        let file = &self.files[io.file];
        if io.direction == Direction::Trim {
            return Queued::Completed(trim(file, io.offset, io.length));
        }
        let buffer = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..io.length];
        let entry = self.entries.entry(io, file.as_raw_fd(), buffer);
        self.in_flight[io.unit] = true;
        // SAFETY: the entry's file, its part of the unit's buffer and the list that may name that are
        // this engine's, which keeps them until the ring is dropped, and that waits for everything in
        // flight. None is lent out or changed meanwhile: `in_flight` is checked in `buffer` and above.
        unsafe { self.ring.push(&entry) };
        Queued::Pending
    }

    #[inline]
    fn submit(&mut self) -> io::Result<usize> {
        self.ring.submit()
    }

    #[inline]
    fn reap(
        &mut self,
        minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        let before = completions.len();
        self.take_ready(maximum, completions);
        if minimum == 0 && completions.len() == before {
            self.ring.look();
            self.take_ready(maximum, completions);
        }
        loop {
            let reaped = completions.len() - before;
            if reaped >= minimum {
                return Ok(());
            }
            self.ring.wait(minimum - reaped)?;
            self.take_ready(maximum - reaped, completions);
        }
    }

    #[inline]
    fn submit_and_reap(
        &mut self,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<usize> {
        let before = completions.len();
        self.take_ready(maximum, completions);
        let reaped = completions.len() - before;
        let started = self.ring.submit_and_wait(1_usize.saturating_sub(reaped))?;
        self.take_ready(maximum - reaped, completions);
        Ok(started)
    }

    fn reap_within(
        &mut self,
        patience: Duration,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        let before = completions.len();
        self.reap(0, maximum, completions)?;
        if completions.len() == before {
            self.ring.wait_within(patience)?;
            self.take_ready(maximum, completions);
        }
        Ok(())
    }
}

impl IoUring {
    #[inline]
    fn take_ready(&mut self, maximum: usize, completions: &mut Vec<Completion>) {
        let in_flight = &mut self.in_flight;
        self.ring.take_ready(maximum, |unit, result| {
            in_flight[unit] = false;
            completions.push(Completion { unit, result });
        });
    }
}

#[cfg(test)]
mod tests;
