//! `io_uring(7)`: two rings shared with the kernel, one of I/Os to do and one of I/Os done.
//!
//! One system call, `io_uring_enter(2)`, starts any number of I/Os or waits for any number. What is over is read from the ring without a call.
//! Where the kernel can, completions are left to the moment the job looks for them
//! (`IORING_SETUP_DEFER_TASKRUN`), so that they interrupt nothing.

mod availability;
mod ring;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use io_uring::{opcode, squeue, types};
use ring::Ring;

use super::transfer::trim;
use super::{AlignedBuffers, Completion, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;

/// `ioengine=io_uring`.
#[derive(Debug)]
pub struct IoUring {
    // Dropped first: it waits for what is in flight, which uses the buffers and the files.
    ring: Ring,
    buffers: AlignedBuffers,
    files: Arc<[File]>,
    in_flight: Box<[bool]>,
}

impl IoEngine for IoUring {
    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        let depth = setup.io_depth;
        Ok(Self {
            ring: Ring::new(depth)?,
            buffers: AlignedBuffers::of(setup)?,
            files: Arc::clone(&setup.files),
            in_flight: vec![false; depth].into(),
        })
    }

    fn is_synchronous(&self) -> bool {
        false
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
        if io.direction == Direction::Trim {
            return Queued::Completed(trim(&self.files[io.file], io.offset, io.length));
        }
        let entry = self.entry(io).user_data(io.unit as u64);
        self.in_flight[io.unit] = true;
        // SAFETY: the entry's file and its part of the unit's buffer are this engine's, which keeps
        // both until the ring is dropped, and that waits for everything in flight. The buffer is
        // not lent out meanwhile: `in_flight` is checked in `buffer` and above.
        unsafe { self.ring.push(&entry) };
        Queued::Pending
    }

    #[inline]
    fn submit(&mut self) -> io::Result<usize> {
        self.ring.submit(0)
    }

    #[inline]
    fn reap(
        &mut self,
        minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        let before = completions.len();
        self.ring.look();
        loop {
            self.take_ready(before + maximum - completions.len(), completions);
            let reaped = completions.len() - before;
            if reaped >= minimum {
                return Ok(());
            }
            self.ring.wait(minimum - reaped)?;
        }
    }

    fn reap_within(
        &mut self,
        patience: Duration,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        self.reap(0, maximum, completions)?;
        if completions.is_empty() {
            self.ring.wait_within(patience)?;
            self.take_ready(maximum, completions);
        }
        Ok(())
    }
}

impl IoUring {
    #[inline]
    fn entry(&mut self, io: &Io) -> squeue::Entry {
        let file = types::Fd(self.files[io.file].as_raw_fd());
        let buffer = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..io.length];
        let length = io.length as u32;
        if io.direction == Direction::Write {
            opcode::Write::new(file, buffer.as_ptr(), length)
                .offset(io.offset)
                .ioprio(io.priority)
                .build()
        } else {
            opcode::Read::new(file, buffer.as_mut_ptr(), length)
                .offset(io.offset)
                .ioprio(io.priority)
                .build()
        }
    }

    #[inline]
    fn take_ready(&mut self, maximum: usize, completions: &mut Vec<Completion>) {
        let in_flight = &mut self.in_flight;
        self.ring.take_ready(maximum, |unit, result| {
            in_flight[unit] = false;
            completions.push(Completion { unit, result });
        });
    }
}
