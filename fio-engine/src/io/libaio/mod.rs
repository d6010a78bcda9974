//! Linux native asynchronous I/O: `io_submit(2)` and `io_getevents(2)`.
//!
//! The kernel only keeps I/Os in flight for files opened with `O_DIRECT` (`direct=1`); others it
//! performs inside `io_submit`. Events are taken from the ring that the kernel shares with the
//! process, without a system call, and `io_getevents` is called only to wait.

mod context;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

use context::{Context, ControlBlock, Event};

use super::transfer::{flags, trim};
use super::{AlignedBuffers, Completion, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;
use crate::job::EngineOptions;

/// `ioengine=libaio`.
#[derive(Debug)]
pub struct LibAio {
    // Dropped first: it waits for what is in flight, which uses the buffers and the files.
    context: Context,
    buffers: AlignedBuffers,
    files: Arc<[File]>,
    blocks: Box<[ControlBlock]>,
    /// One for each unit if I/Os name lists of buffers, else none.
    lists: Box<[List]>,
    /// `RWF_` flags of every I/O.
    flags: i32,
    in_flight: Box<[bool]>,
    /// Units queued and not yet started, in order.
    queue: Vec<usize>,
    /// I/Os the kernel refused to start; they are reported by the next reap.
    refused: Vec<Completion>,
    events: Vec<Event>,
}

impl IoEngine for LibAio {
    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        let depth = setup.io_depth;
        Ok(Self {
            context: Context::new(depth)?,
            buffers: AlignedBuffers::of(setup)?,
            files: Arc::clone(&setup.files),
            blocks: vec![ControlBlock::default(); depth].into(),
            lists: List::some(&setup.options, depth),
            flags: flags(&setup.options),
            in_flight: vec![false; depth].into(),
            queue: Vec::with_capacity(depth),
            refused: Vec::with_capacity(depth),
            events: Vec::with_capacity(depth),
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
        let file = &self.files[io.file];
        if io.direction == Direction::Trim {
            return Queued::Completed(trim(file, io.offset, io.length));
        }
        let buffer = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..io.length];
        let address = NonNull::from(buffer).cast();
        self.blocks[io.unit] = ControlBlock::transfer(
            io.direction == Direction::Write,
            file.as_raw_fd(),
            address,
            self.flags,
            io,
        );
        if let Some(list) = self.lists.get_mut(io.unit) {
            self.blocks[io.unit].name_by_list(&mut list.0);
        }
        self.in_flight[io.unit] = true;
        self.queue.push(io.unit);
        Queued::Pending
    }

    fn submit(&mut self) -> io::Result<usize> {
        let mut started = 0;
        while started < self.queue.len() {
            match self
                .context
                .submit(&mut self.blocks, &self.queue[started..])
            {
                Ok(0) => break,
                Ok(count) => started += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => break,
                Err(error) => {
                    let unit = self.queue.remove(started);
                    self.refused.push(Completion {
                        unit,
                        result: Err(error),
                    });
                }
            }
        }
        self.queue.drain(..started);
        Ok(started)
    }

    fn reap(
        &mut self,
        minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        self.reap_for(None, minimum, maximum, completions)
    }

    fn reap_within(
        &mut self,
        patience: Duration,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        self.reap_for(Some(patience), 1, maximum, completions)
    }
}

/// `struct iovec`, which the kernel may read until the I/O is over.
#[derive(Debug, Clone, Copy)]
struct List(libc::iovec);

// SAFETY: the pointer is only handed to the kernel, which does not care about threads.
unsafe impl Send for List {}

impl List {
    fn some(options: &EngineOptions, depth: usize) -> Box<[Self]> {
        let count = if options.libaio.vectored { depth } else { 0 };
        let empty = Self(libc::iovec {
            iov_base: std::ptr::null_mut(),
            iov_len: 0,
        });
        vec![empty; count].into()
    }
}

impl LibAio {
    fn reap_for(
        &mut self,
        patience: Option<Duration>,
        minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        let mut reaped = self.refused.len();
        for completion in self.refused.drain(..) {
            self.in_flight[completion.unit] = false;
            completions.push(completion);
        }
        self.events.clear();
        self.context
            .take_ready(maximum.saturating_sub(reaped), &mut self.events);
        reaped += self.events.len();
        if reaped < minimum {
            let (minimum, maximum) = (minimum - reaped, maximum - reaped);
            self.context
                .wait(minimum, maximum, patience, &mut self.events)?;
        }
        for event in &self.events {
            let unit = event.unit();
            self.in_flight[unit] = false;
            completions.push(Completion {
                unit,
                result: event.result(),
            });
        }
        Ok(())
    }
}
