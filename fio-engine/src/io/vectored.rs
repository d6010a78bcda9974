//! `preadv(2)` and `pwritev(2)`, and their second versions with flags.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::sync::Arc;

use rustix::io::ReadWriteFlags;

use super::transfer::{trim, uninterrupted};
use super::{AlignedBuffers, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;

/// `ioengine=pvsync`: one `preadv(2)` or `pwritev(2)` with one buffer per I/O.
#[derive(Debug)]
pub struct Pvsync {
    buffers: AlignedBuffers,
    files: Arc<[File]>,
}

impl IoEngine for Pvsync {
    const KEEPS_IN_FLIGHT: bool = false;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
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
        let offset = io.offset;
        Queued::Completed(match io.direction {
            Direction::Read => {
                uninterrupted(|| rustix::io::preadv(file, &mut [IoSliceMut::new(buffer)], offset))
            }
            Direction::Write => {
                uninterrupted(|| rustix::io::pwritev(file, &[IoSlice::new(buffer)], offset))
            }
            Direction::Trim => trim(file, offset, io.length),
        })
    }
}

/// `ioengine=pvsync2`: one `preadv2(2)` or `pwritev2(2)` with one buffer per I/O.
#[derive(Debug)]
pub struct Pvsync2 {
    buffers: AlignedBuffers,
    files: Arc<[File]>,
    flags: ReadWriteFlags,
}

impl IoEngine for Pvsync2 {
    const KEEPS_IN_FLIGHT: bool = false;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            files: Arc::clone(&setup.files),
            flags: ReadWriteFlags::empty(),
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
        Queued::Completed(self.transfer(io))
    }
}

impl Pvsync2 {
    fn transfer(&mut self, io: &Io) -> io::Result<usize> {
        let (file, flags, offset) = (&self.files[io.file], self.flags, io.offset);
        let buffer = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..io.length];
        match io.direction {
            Direction::Read => uninterrupted(|| {
                rustix::io::preadv2(file, &mut [IoSliceMut::new(buffer)], offset, flags)
            }),
            Direction::Write => {
                uninterrupted(|| rustix::io::pwritev2(file, &[IoSlice::new(buffer)], offset, flags))
            }
            Direction::Trim => trim(file, offset, io.length),
        }
    }
}
