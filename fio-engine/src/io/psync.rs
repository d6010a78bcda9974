//! `pread(2)` and `pwrite(2)`.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::transfer::{trim, uninterrupted};
use super::{AlignedBuffers, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;

/// `ioengine=psync`: one `pread(2)` or `pwrite(2)` per I/O. The default, as in fio on Linux.
#[derive(Debug)]
pub struct Psync {
    buffers: AlignedBuffers,
    files: Arc<[File]>,
}

impl IoEngine for Psync {
    const KEEPS_IN_FLIGHT: bool = false;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        let buffers = AlignedBuffers::of(setup)?;
        Ok(Self {
            buffers,
            files: Arc::clone(&setup.files),
        })
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    #[inline]
    fn queue(&mut self, io: &Io) -> Queued {
        let file = &self.files[io.file];
        let buffer = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..io.length];
        Queued::Completed(transfer(file, io, buffer))
    }
}

#[inline]
fn transfer(file: &File, io: &Io, buffer: &mut [u8]) -> io::Result<usize> {
    match io.direction {
        Direction::Read => uninterrupted(|| rustix::io::pread(file, &mut *buffer, io.offset)),
        Direction::Write => uninterrupted(|| rustix::io::pwrite(file, &*buffer, io.offset)),
        Direction::Trim => trim(file, io.offset, io.length),
    }
}
