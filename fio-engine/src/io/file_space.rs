//! Engines that change the space and the size of files and move no data.

use std::fs::File;
use std::io;
use std::sync::Arc;

use rustix::fs::FallocateFlags;

use super::transfer::uninterrupted;
use super::{AlignedBuffers, EngineError, EngineSetup, FileUse, Io, IoEngine, Queued};
use crate::direction::Direction;

/// `ioengine=falloc`: one `fallocate(2)` per I/O. A read reserves space without making the file
/// longer, a write makes it longer where it must, a trim punches a hole.
#[derive(Debug)]
pub struct Falloc {
    buffers: AlignedBuffers,
    files: Arc<[File]>,
}

impl IoEngine for Falloc {
    const FILES: FileUse = FileUse::OpenForBoth;
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

    fn queue(&mut self, io: &Io) -> Queued {
        let mode = match io.direction {
            Direction::Read => FallocateFlags::KEEP_SIZE,
            Direction::Write => FallocateFlags::empty(),
            Direction::Trim => FallocateFlags::KEEP_SIZE | FallocateFlags::PUNCH_HOLE,
        };
        let file = &self.files[io.file];
        Queued::Completed(uninterrupted(|| {
            rustix::fs::fallocate(file, mode, io.offset, io.length as u64).map(|()| io.length)
        }))
    }
}

/// `ioengine=ftruncate`: each write sets the size of the file to the offset of the write. Reads
/// and trims end the job with `EINVAL`, as in fio.
#[derive(Debug)]
pub struct Ftruncate {
    buffers: AlignedBuffers,
    files: Arc<[File]>,
}

impl IoEngine for Ftruncate {
    const FILES: FileUse = FileUse::OpenForBoth;
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

    fn queue(&mut self, io: &Io) -> Queued {
        Queued::Completed(match io.direction {
            Direction::Write => {
                let file = &self.files[io.file];
                uninterrupted(|| rustix::fs::ftruncate(file, io.offset).map(|()| io.length))
            }
            Direction::Read | Direction::Trim => Err(io::Error::from_raw_os_error(libc::EINVAL)),
        })
    }
}
