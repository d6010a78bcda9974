//! The engine that keeps a CPU busy and does no I/O.

use std::hint::{black_box, spin_loop};

use super::{AlignedBuffers, EngineError, EngineSetup, FileUse, Io, IoEngine, Queued};
use crate::job::CpuWork;

/// Turns of the idle loop in one I/O: some tens of microseconds, so that a stop is seen soon.
const TURNS: u32 = 2_000;

/// Numbers sorted in one I/O, for the same reason.
const NUMBERS: usize = 1_024;

/// `ioengine=cpuio`: an I/O is a short piece of work for the CPU and moves nothing. The job makes as
/// many of them as `cpuload` and `cpuchunks` ask for.
#[derive(Debug)]
pub struct CpuLoad {
    buffers: AlignedBuffers,
    /// To be sorted; empty if the job wants the idle loop.
    numbers: Vec<u32>,
    state: u32,
}

impl IoEngine for CpuLoad {
    const FILES: FileUse = FileUse::None;
    const KEEPS_IN_FLIGHT: bool = false;
    const USES_CPU_ONLY: bool = true;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        let options = &setup.options.cpu;
        if options.load == 0 {
            let missing = "cpuio needs to know how busy to be; set cpuload to a percentage";
            return Err(EngineError::Other(missing.to_owned()));
        }
        let count = match options.work {
            CpuWork::Idle => 0,
            CpuWork::Sort => NUMBERS,
        };
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            numbers: vec![0; count],
            state: 1,
        })
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, _io: &Io) -> Queued {
        if self.numbers.is_empty() {
            (0..TURNS).for_each(|_| spin_loop());
        } else {
            for number in &mut self.numbers {
                self.state = self
                    .state
                    .wrapping_mul(1_664_525)
                    .wrapping_add(1_013_904_223);
                *number = self.state;
            }
            self.numbers.sort_unstable();
            black_box(&self.numbers);
        }
        Queued::Completed(Ok(0))
    }
}
