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
use crate::job::EngineOptions;

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
    /// Units queued, or started and not taken.
    in_flight: Box<[bool]>,
    options: EngineOptions,
    /// I/Os that came back when the ring refused them; empty but for a moment.
    returned: Vec<Completion>,
}

impl IoEngine for IoUring {
    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        let depth = setup.io_depth;
        // Buffers that cannot be had are told of after a ring that cannot be had.
        let ring = Ring::new(depth, &setup.options)?;
        let mut buffers = AlignedBuffers::of(setup)?;
        let registers = register(&ring, &setup.options, &mut buffers, &setup.files)?;
        Ok(Self {
            ring,
            entries: Entries::new(&setup.options, registers, depth),
            buffers,
            files: Arc::clone(&setup.files),
            in_flight: vec![false; depth].into(),
            options: setup.options.clone(),
            returned: Vec::with_capacity(depth),
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
        match self.ring.submit() {
            Err(error) => self.take_back(error),
            started => started,
        }
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
            // What came back refused is not waited for.
            if reaped >= minimum || self.ring.started() == 0 {
                return Ok(());
            }
            self.ring
                .wait((minimum - reaped).min(self.ring.started()))?;
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
        let wanted = 1_usize.saturating_sub(reaped);
        let started = match self.ring.submit_and_wait(wanted) {
            Err(error) => self.take_back(error)?,
            Ok(started) => started,
        };
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

/// Tells the kernel of buffers and files, as far as the options ask for that; whether it was told of
/// files.
fn register(
    ring: &Ring,
    options: &EngineOptions,
    buffers: &mut AlignedBuffers,
    files: &[File],
) -> Result<bool, EngineError> {
    let asked = &options.io_uring;
    if asked.fixed_buffers {
        ring.register_buffers(buffers)?;
    }
    // A kernel thread could not look files up before Linux 5.11.
    let registers =
        asked.registered_files || (asked.kernel_thread && !ring.kernel_thread_finds_files());
    if registers {
        let files: Vec<i32> = files.iter().map(AsRawFd::as_raw_fd).collect();
        ring.register_files(&files)?;
    }
    Ok(registers)
}

impl IoUring {
    /// Takes back what is queued, as I/Os that failed with the error of the call that should have
    /// started them. The kernel would find them on the ring with the next call, so what is in flight
    /// is waited for and a new ring takes the place of this one.
    #[cold]
    fn take_back(&mut self, error: io::Error) -> io::Result<usize> {
        if !self.ring.can_take_back() {
            return Err(error);
        }
        let mut landed = Vec::with_capacity(self.in_flight.len());
        while self.ring.started() > 0 {
            self.ring.wait(self.ring.started())?;
            self.take_ready(usize::MAX, &mut landed);
        }
        let depth = self.in_flight.len();
        let again = Ring::new(depth, &self.options).and_then(|ring| {
            register(&ring, &self.options, &mut self.buffers, &self.files).map(|_| ring)
        });
        self.ring = again.map_err(|failed| io::Error::new(error.kind(), failed.to_string()))?;
        self.returned.append(&mut landed);
        for (unit, in_flight) in self.in_flight.iter_mut().enumerate() {
            if std::mem::take(in_flight) {
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                let result = Err(io::Error::from_raw_os_error(errno));
                self.returned.push(Completion { unit, result });
            }
        }
        Ok(0)
    }

    #[inline]
    fn take_ready(&mut self, maximum: usize, completions: &mut Vec<Completion>) {
        if !self.returned.is_empty() {
            let count = self.returned.len().min(maximum);
            completions.extend(self.returned.drain(..count));
            return;
        }
        let in_flight = &mut self.in_flight;
        self.ring.take_ready(maximum, |unit, result| {
            in_flight[unit] = false;
            completions.push(Completion { unit, result });
        });
    }
}

#[cfg(test)]
mod tests;
