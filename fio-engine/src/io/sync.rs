//! `lseek(2)`, `read(2)` and `write(2)`.

use std::fs::File;
use std::io;
use std::sync::Arc;

use rustix::fs::SeekFrom;

use super::transfer::{trim, uninterrupted};
use super::{AlignedBuffers, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;

/// `ioengine=sync`: `read(2)` or `write(2)`, after an `lseek(2)` where the file's position is
/// not already right.
#[derive(Debug)]
pub struct Sync {
    buffers: AlignedBuffers,
    files: Arc<[File]>,
    /// Where each file's position is, as far as we know.
    positions: Vec<Option<u64>>,
}

impl IoEngine for Sync {
    const KEEPS_IN_FLIGHT: bool = false;
    const USES_FILE_POSITION: bool = true;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            files: Arc::clone(&setup.files),
            positions: vec![None; setup.files.len()],
        })
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn file_replaced(&mut self, file: usize) -> io::Result<()> {
        self.positions[file] = None;
        Ok(())
    }

    fn queue(&mut self, io: &Io) -> Queued {
        Queued::Completed(self.transfer(io))
    }
}

impl Sync {
    fn transfer(&mut self, io: &Io) -> io::Result<usize> {
        let file = &self.files[io.file];
        if io.direction == Direction::Trim {
            return trim(file, io.offset, io.length);
        }
        if self.positions[io.file] != Some(io.offset) {
            rustix::fs::seek(file, SeekFrom::Start(io.offset))?;
        }
        let buffer = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..io.length];
        let moved = match io.direction {
            Direction::Write => uninterrupted(|| rustix::io::write(file, &*buffer)),
            _ => uninterrupted(|| rustix::io::read(file, &mut *buffer)),
        };
        self.positions[io.file] = moved.as_ref().ok().map(|moved| io.offset + *moved as u64);
        moved
    }
}
