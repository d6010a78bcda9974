//! The engine that does nothing, to see what everything else costs.

use std::io;

use super::{AlignedBuffers, Completion, EngineError, EngineSetup, FileUse, Io, IoEngine, Queued};

/// `ioengine=null`: every I/O succeeds at once, no data moves.
///
/// With an I/O depth above 1 the I/Os come back when they are reaped, as fio's do.
#[derive(Debug)]
pub struct Null {
    buffers: AlignedBuffers,
    synchronous: bool,
    queued: Vec<(usize, usize)>,
    started: usize,
}

impl IoEngine for Null {
    const FILES: FileUse = FileUse::None;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            synchronous: setup.io_depth == 1,
            queued: Vec::with_capacity(setup.io_depth),
            started: 0,
        })
    }

    fn is_synchronous(&self) -> bool {
        self.synchronous
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    #[inline]
    fn queue(&mut self, io: &Io) -> Queued {
        if self.synchronous {
            return Queued::Completed(Ok(io.length));
        }
        self.queued.push((io.unit, io.length));
        Queued::Pending
    }

    fn submit(&mut self) -> io::Result<usize> {
        let new = self.queued.len() - self.started;
        self.started = self.queued.len();
        Ok(new)
    }

    fn reap(
        &mut self,
        _minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        let count = self.started.min(maximum);
        completions.extend(self.queued.drain(..count).map(|(unit, length)| Completion {
            unit,
            result: Ok(length),
        }));
        self.started -= count;
        Ok(())
    }
}
