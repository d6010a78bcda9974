//! `preadv(2)` and `pwritev(2)`, and their second versions with flags.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::sync::Arc;

use rustix::io::ReadWriteFlags;

use super::transfer::{flags, trim, uninterrupted};
use super::{AlignedBuffers, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;
use crate::job::EngineOptions;

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
    /// Of every I/O.
    flags: ReadWriteFlags,
    polling: Polling,
}

impl IoEngine for Pvsync2 {
    const KEEPS_IN_FLIGHT: bool = false;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            files: Arc::clone(&setup.files),
            // Flags that this kernel does not know are its to refuse.
            flags: ReadWriteFlags::from_bits_retain(flags(&setup.options).cast_unsigned()),
            polling: Polling::new(&setup.options),
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
        let flags = self.flags | self.polling.next();
        let (file, offset) = (&self.files[io.file], io.offset);
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

/// Which I/Os are polled for (`hipri`, `hipri_percentage`).
#[derive(Debug)]
struct Polling {
    percentage: u32,
    /// Of a xorshift generator with a fixed beginning: jobs that are repeated poll for the same I/Os.
    state: u32,
}

impl Polling {
    fn new(options: &EngineOptions) -> Self {
        let percentage = u32::from(options.pvsync2.polled_percentage);
        Self {
            percentage: if options.polled { percentage } else { 0 },
            state: 0x9e37_79b9,
        }
    }

    #[inline]
    fn next(&mut self) -> ReadWriteFlags {
        let polled = match self.percentage {
            0 => false,
            1..100 => {
                self.state ^= self.state << 13;
                self.state ^= self.state >> 17;
                self.state ^= self.state << 5;
                self.state % 100 < self.percentage
            }
            _ => true,
        };
        if polled {
            ReadWriteFlags::HIPRI
        } else {
            ReadWriteFlags::empty()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_ios_are_polled_for_as_the_percentage_says() {
        let polled = |polled, percentage| {
            let mut options = EngineOptions {
                polled,
                ..EngineOptions::default()
            };
            options.pvsync2.polled_percentage = percentage;
            let mut polling = Polling::new(&options);
            (0..10_000).filter(|_| !polling.next().is_empty()).count()
        };
        assert_eq!(polled(false, 100), 0);
        assert_eq!(polled(true, 0), 0);
        assert_eq!(polled(true, 100), 10_000);
        let some = polled(true, 30);
        assert!((2_850..3_150).contains(&some), "{some}");
    }
}
