//! `splice(2)` and `vmsplice(2)`: data go through a pipe whose pages the kernel hands on.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::pipe::{IoSliceRaw, PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};

use super::transfer::{trim, uninterrupted};
use super::{AlignedBuffers, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;

/// Bytes a pipe has room for unless told otherwise (`pipe(7)`).
const DEFAULT_ROOM: usize = 64 << 10;

/// `ioengine=splice`: a read is spliced from the file into a pipe and read from there; of a write
/// the buffer's pages are lent to the pipe (`vmsplice(2)`) and spliced into the file. A block that is
/// larger than the pipe takes several turns.
#[derive(Debug)]
pub struct Splice {
    buffers: AlignedBuffers,
    files: Arc<[File]>,
    pipe: Pipe,
}

#[derive(Debug)]
struct Pipe {
    output: OwnedFd,
    input: OwnedFd,
    room: usize,
}

impl IoEngine for Splice {
    const KEEPS_IN_FLIGHT: bool = false;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            files: Arc::clone(&setup.files),
            pipe: Pipe::with_room_for(setup.max_block_size)?,
        })
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        let file = &self.files[io.file];
        let buffer = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..io.length];
        Queued::Completed(match io.direction {
            Direction::Read => self.pipe.read(file, io.offset, buffer),
            Direction::Write => self.pipe.write(file, io.offset, buffer),
            Direction::Trim => trim(file, io.offset, io.length),
        })
    }
}

impl Pipe {
    fn with_room_for(bytes: usize) -> Result<Self, EngineError> {
        let (output, input) = pipe_with(PipeFlags::CLOEXEC)
            .map_err(|errno| EngineError::Other(format!("cannot make a pipe: {errno}")))?;
        // Where more is not allowed (`/proc/sys/fs/pipe-max-size`) blocks take several turns.
        let room = fcntl_setpipe_size(&input, bytes.max(DEFAULT_ROOM)).unwrap_or(DEFAULT_ROOM);
        Ok(Self {
            output,
            input,
            room,
        })
    }

    fn read(&self, file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            let mut from = offset + done as u64;
            let wanted = (buffer.len() - done).min(self.room);
            let in_pipe = match uninterrupted(|| {
                let flags = SpliceFlags::MOVE;
                splice(file, Some(&mut from), &self.input, None, wanted, flags)
            }) {
                Ok(0) => break,
                Ok(count) => count,
                // What was moved counts; the job comes back for the rest and meets the error then.
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            };
            self.drain(&mut buffer[done..][..in_pipe])?;
            done += in_pipe;
        }
        Ok(done)
    }

    /// Reads exactly what is in the pipe.
    fn drain(&self, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            let count = uninterrupted(|| rustix::io::read(&self.output, &mut *buffer))?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer = &mut buffer[count..];
        }
        Ok(())
    }

    /// Empties the pipe, which has this much in it.
    fn discard(&self, mut bytes: usize) -> io::Result<()> {
        let mut scratch = [0; 4096];
        while bytes > 0 {
            let count = bytes.min(scratch.len());
            self.drain(&mut scratch[..count])?;
            bytes -= count;
        }
        Ok(())
    }

    fn write(&self, file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            let wanted = (buffer.len() - done).min(self.room);
            let part = &mut buffer[done..][..wanted];
            // SAFETY: the pages lent are given back before `write` returns: either all of them are
            // spliced into the file, which copies them, or the pipe is emptied.
            let lent = uninterrupted(|| unsafe {
                rustix::pipe::vmsplice(
                    &self.input,
                    &[IoSliceRaw::from_slice_mut(part)],
                    SpliceFlags::empty(),
                )
            })?;
            match self.pour(file, offset + done as u64, lent) {
                Ok(moved) if moved == lent => done += moved,
                other => {
                    self.discard(lent - *other.as_ref().unwrap_or(&0))?;
                    return match other {
                        Err(error) if done == 0 => Err(error),
                        other => Ok(done + other.unwrap_or(0)),
                    };
                }
            }
        }
        Ok(done)
    }

    /// Splices so many bytes from the pipe into the file; fewer if the file takes no more.
    fn pour(&self, file: &File, offset: u64, bytes: usize) -> io::Result<usize> {
        let mut moved = 0;
        while moved < bytes {
            let mut to = offset + moved as u64;
            let wanted = bytes - moved;
            let result = loop {
                match splice(
                    &self.output,
                    None,
                    file,
                    Some(&mut to),
                    wanted,
                    SpliceFlags::MOVE,
                ) {
                    Err(Errno::INTR) => {}
                    other => break other,
                }
            };
            match result {
                Ok(0) => break,
                Ok(count) => moved += count,
                Err(_) if moved > 0 => break,
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(moved)
    }
}
