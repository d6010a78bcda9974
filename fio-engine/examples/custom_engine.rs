//! An I/O engine from outside the crate: a RAM disk with a fixed service time.
//!
//! ```text
//! cargo run --release -p fio-engine --example custom_engine
//! ```

use std::time::{Duration, Instant};

use fio_engine::Direction;
use fio_engine::io::{
    AlignedBuffers, EngineError, EngineSetup, Engines, FileUse, Io, IoEngine, Queued,
};
use fio_engine::job::{JobSpec, Pattern, SizeOrPercent};
use fio_engine::run::{Run, RunOptions};

/// Size of the disk.
const DISK_BYTES: usize = 16 << 20;
/// What each I/O costs.
const SERVICE_TIME: Duration = Duration::from_micros(2);

struct RamDisk {
    disk: Vec<u8>,
    buffers: AlignedBuffers,
}

impl IoEngine for RamDisk {
    const FILES: FileUse = FileUse::None;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        let buffers = AlignedBuffers::of(setup)?;
        Ok(Self {
            disk: vec![0; DISK_BYTES],
            buffers,
        })
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        let begin = Instant::now();
        let buffer = &mut self.buffers.get_mut(io.unit)[io.buffer_offset..][..io.length];
        let disk = &mut self.disk[io.offset as usize..][..io.length];
        match io.direction {
            Direction::Read => buffer.copy_from_slice(disk),
            Direction::Write => disk.copy_from_slice(buffer),
            Direction::Trim => disk.fill(0),
        }
        while begin.elapsed() < SERVICE_TIME {}
        Queued::Completed(Ok(io.length))
    }
}

fn main() -> Result<(), fio_engine::run::RunError> {
    let mut job = JobSpec::new("ram");
    job.engine = "ramdisk".to_owned();
    job.pattern = Pattern::RANDOM_READ_WRITE;
    job.size = Some(SizeOrPercent::Bytes(DISK_BYTES as u64));

    let mut options = RunOptions::default();
    options.engines = Engines::standard().register::<RamDisk>("ramdisk");
    let report = Run::start(vec![job], options)?.wait();

    for (direction, results) in report.jobs[0].directions.iter() {
        let latency = &results.completion.moments;
        println!(
            "{direction}: {} I/Os, mean {:.0} ns",
            results.total_ios, latency.mean
        );
    }
    Ok(())
}
