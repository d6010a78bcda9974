//! `readv(2)` and `writev(2)`, one for as many I/Os as follow each other.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use rustix::fs::SeekFrom;

use super::transfer::trim;
use super::{AlignedBuffers, Completion, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;

/// I/Os in one call at most: the kernel's `IOV_MAX`.
const MOST_IN_CALL: usize = 1024;

/// `ioengine=vsync`: the I/Os that are queued are done when they are submitted. Those that follow
/// each other, in the same direction and file, go into one `readv(2)` or `writev(2)`, after an
/// `lseek(2)`.
#[derive(Debug)]
pub struct Vsync {
    calls: Calls,
    /// Queued and not submitted, in order.
    queued: Vec<Io>,
    /// Over and not reaped.
    over: Vec<Completion>,
    synchronous: bool,
}

/// What a call needs.
struct Calls {
    buffers: AlignedBuffers,
    files: Arc<[File]>,
    /// Filled for each call.
    parts: Vec<libc::iovec>,
}

// SAFETY: `parts` points into `buffers`, which moves along, and only during a call.
unsafe impl Send for Calls {}

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").field("files", &self.files).finish()
    }
}

impl IoEngine for Vsync {
    const USES_FILE_POSITION: bool = true;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            calls: Calls {
                buffers: AlignedBuffers::of(setup)?,
                files: Arc::clone(&setup.files),
                parts: Vec::with_capacity(setup.io_depth.min(MOST_IN_CALL)),
            },
            queued: Vec::with_capacity(setup.io_depth),
            over: Vec::with_capacity(setup.io_depth),
            synchronous: setup.io_depth == 1,
        })
    }

    fn is_synchronous(&self) -> bool {
        self.synchronous
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.calls.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        if io.direction == Direction::Trim {
            let file = &self.calls.files[io.file];
            return Queued::Completed(trim(file, io.offset, io.length));
        }
        if self.synchronous {
            return Queued::Completed(self.calls.perform(&[*io]));
        }
        self.queued.push(*io);
        Queued::Pending
    }

    fn submit(&mut self) -> io::Result<usize> {
        let count = self.queued.len();
        for run in self.queued.chunk_by(follows) {
            for run in run.chunks(MOST_IN_CALL) {
                self.calls.perform_all(run, &mut self.over);
            }
        }
        self.queued.clear();
        Ok(count)
    }

    fn reap(
        &mut self,
        _minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        let count = self.over.len().min(maximum);
        completions.extend(self.over.drain(..count));
        Ok(())
    }
}

/// Whether `next` goes on where `io` ends.
fn follows(io: &Io, next: &Io) -> bool {
    io.direction == next.direction
        && io.file == next.file
        && io.offset + io.length as u64 == next.offset
}

impl Calls {
    /// Performs I/Os that follow each other. Those that one call for all leaves undone, because it
    /// moves less than asked or fails, are done one by one, so that each has its own result.
    fn perform_all(&mut self, run: &[Io], over: &mut Vec<Completion>) {
        let mut moved = match run {
            [_] => 0,
            several => self.perform(several).unwrap_or(0),
        };
        for io in run {
            let result = if moved >= io.length {
                moved -= io.length;
                Ok(io.length)
            } else {
                moved = 0;
                self.perform(std::slice::from_ref(io))
            };
            let unit = io.unit;
            over.push(Completion { unit, result });
        }
    }

    /// One call for I/Os that follow each other; the bytes moved.
    fn perform(&mut self, run: &[Io]) -> io::Result<usize> {
        let file = &self.files[run[0].file];
        self.parts.clear();
        for io in run {
            let part = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..io.length];
            self.parts.push(libc::iovec {
                iov_base: part.as_mut_ptr().cast(),
                iov_len: part.len(),
            });
        }
        let (descriptor, parts) = (file.as_raw_fd(), self.parts.as_ptr());
        // At most MOST_IN_CALL.
        let count = self.parts.len() as libc::c_int;
        loop {
            rustix::fs::seek(file, SeekFrom::Start(run[0].offset))?;
            let moved = match run[0].direction {
                // SAFETY: the descriptor is open, and the parts lie in buffers of different units,
                // to which no reference is alive.
                Direction::Write => unsafe { libc::writev(descriptor, parts, count) },
                // SAFETY: as above.
                _ => unsafe { libc::readv(descriptor, parts, count) },
            };
            match usize::try_from(moved) {
                Ok(moved) => return Ok(moved),
                Err(_) => match io::Error::last_os_error() {
                    error if error.kind() == io::ErrorKind::Interrupted => {}
                    error => return Err(error),
                },
            }
        }
    }
}
