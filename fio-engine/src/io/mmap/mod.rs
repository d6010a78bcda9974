//! Files mapped into memory.
//!
//! A read copies from the mapping, a write copies to it; the kernel moves the data between memory and
//! storage when pages are touched, or later. So latencies show page faults, not I/Os.
//!
//! The file under a mapping can be made shorter by anybody, and a device can fail: both reach a
//! process as `SIGBUS` when it touches a page. [`bus_error`] turns that into an error of the I/O.

mod bus_error;
mod mapping;

use std::fs::File;
use std::io;
use std::sync::Arc;

use mapping::Mapping;

use super::transfer::trim;
use super::{AlignedBuffers, EngineError, EngineSetup, FileUse, Io, IoEngine, Queued};
use crate::direction::Direction;

/// `ioengine=mmap`: copies from and to a mapping of the whole file. With `direct=1` each write
/// is followed by an `msync(2)` of its pages.
#[derive(Debug)]
pub struct Mmap {
    buffers: AlignedBuffers,
    files: Arc<[File]>,
    /// Made when a file is used for the first time, and anew when it has grown.
    mappings: Vec<Option<Mapping>>,
    sync_writes: bool,
    huge_pages: bool,
}

impl IoEngine for Mmap {
    // A mapping needs a file that can be read.
    const FILES: FileUse = FileUse::OpenReadable;
    const KEEPS_IN_FLIGHT: bool = false;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        bus_error::watch().map_err(|error| {
            EngineError::Other(format!("mmap: cannot watch for SIGBUS: {error}"))
        })?;
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            files: Arc::clone(&setup.files),
            mappings: setup.files.iter().map(|_| None).collect(),
            sync_writes: setup.direct,
            huge_pages: setup.options.mmap.huge_pages,
        })
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn file_replaced(&mut self, file: usize) -> io::Result<()> {
        self.mappings[file] = None;
        Ok(())
    }

    fn queue(&mut self, io: &Io) -> Queued {
        Queued::Completed(self.transfer(io))
    }
}

impl Mmap {
    fn transfer(&mut self, io: &Io) -> io::Result<usize> {
        let file = &self.files[io.file];
        if io.direction == Direction::Trim {
            return trim(file, io.offset, io.length);
        }
        let end = io.offset.saturating_add(io.length as u64);
        let slot = &mut self.mappings[io.file];
        let mapping = match slot {
            Some(mapping) if mapping.len() >= end => mapping,
            _ => slot.insert(Mapping::of(file, self.huge_pages)?),
        };
        let length = mapping.available(io.offset).min(io.length);
        if length == 0 && io.direction == Direction::Write {
            // A mapping cannot make its file longer.
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        let buffer = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..length];
        match io.direction {
            Direction::Write => {
                mapping.write(io.offset, buffer)?;
                if self.sync_writes {
                    mapping.sync(io.offset, length)?;
                }
            }
            _ => mapping.read(io.offset, buffer)?,
        }
        Ok(length)
    }
}
