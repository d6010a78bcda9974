//! Jobs whose latencies are judged, and those that keep overlapping I/Os apart.

use std::io;
use std::time::Duration;

use super::tests::{run, spec};
use super::*;
use crate::direction::{Direction, PerDirection};
use crate::io::{AlignedBuffers, Completion, EngineError, FileUse, Io, Null, Queued};
use crate::job::Pattern;

fn timed(milliseconds: u64, change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    spec(|spec| {
        spec.time_based = true;
        spec.runtime = Some(Duration::from_millis(milliseconds));
        change(spec);
    })
}

fn reads(outcome: &JobOutcome) -> u64 {
    assert_eq!(outcome.failure, None);
    outcome.statistics.ios().0[0]
}

#[test]
fn a_latency_target_finds_its_depth() {
    let job = |target: Duration| {
        run::<Null>(&timed(300, |spec| {
            spec.io_depth = 8;
            spec.submit_batch = 8;
            spec.complete_batch_min = 1;
            spec.latency_target.target = target;
            spec.latency_target.window = Duration::from_millis(20);
        }))
    };
    let easy = job(Duration::from_secs(10));
    assert!(reads(&easy) > 0);
    assert_eq!(easy.latency_depth, Some(8));
    assert!(
        easy.runtime < Duration::from_millis(290),
        "{:?}",
        easy.runtime
    );
    let hopeless = job(Duration::from_nanos(1));
    assert!(reads(&hopeless) > 100);
    assert_eq!(hopeless.latency_depth, Some(1));
    let [alone, .., deepest] = *hopeless.statistics.depth_map();
    assert!(alone > 90 && deepest == 0);
    assert!(hopeless.runtime >= Duration::from_millis(290));
}

#[test]
fn bytes_of_a_ramp_are_not_counted() {
    for depth in [1, 4] {
        let outcome = run::<Null>(&spec(|spec| {
            spec.io_depth = depth;
            spec.ramp_bytes = 512 << 10;
        }));
        let ios = reads(&outcome);
        assert!((124..=128).contains(&ios), "{ios} I/Os");
    }
    let never = run::<Null>(&timed(100, |spec| {
        spec.ramp_time = Duration::from_millis(20);
        spec.ramp_bytes = 8192;
        spec.rate.iops = PerDirection::splat(Some(1000));
    }));
    // Twenty I/Os are issued during the time, which is over last.
    assert!((20..=101).contains(&reads(&never)));
}

/// Keeps I/Os in flight and fails those that overlap one of them.
struct Separate {
    buffers: AlignedBuffers,
    flight: Vec<Io>,
    started: usize,
    deepest: usize,
}

impl IoEngine for Separate {
    const FILES: FileUse = FileUse::None;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            flight: Vec::new(),
            started: 0,
            deepest: 0,
        })
    }

    fn is_synchronous(&self) -> bool {
        false
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        let end = |io: &Io| io.offset + io.length as u64;
        let overlaps = |other: &Io| other.offset < end(io) && io.offset < end(other);
        if self.flight.iter().any(overlaps) {
            return Queued::Completed(Err(io::Error::from_raw_os_error(libc::EBUSY)));
        }
        self.flight.push(*io);
        self.deepest = self.deepest.max(self.flight.len());
        Queued::Pending
    }

    fn submit(&mut self) -> io::Result<usize> {
        let new = self.flight.len() - self.started;
        self.started = self.flight.len();
        Ok(new)
    }

    fn reap(&mut self, _: usize, _: usize, completions: &mut Vec<Completion>) -> io::Result<()> {
        if self.started > 0 {
            let io = self.flight.remove(0);
            self.started -= 1;
            completions.push(Completion {
                unit: io.unit,
                result: Ok(io.length),
            });
        }
        Ok(())
    }
}

#[test]
fn overlapping_ios_are_never_in_flight_together() {
    let job = |serialize| {
        run::<Separate>(&timed(100, |spec| {
            spec.pattern = Pattern::RANDOM_READ;
            spec.no_random_map = true;
            spec.size = Some(crate::job::SizeOrPercent::Bytes(64 << 10));
            spec.io_depth = 8;
            spec.submit_batch = 4;
            spec.serialize_overlap = serialize;
        }))
    };
    let serialized = job(true);
    assert!(reads(&serialized) > 1000);
    assert!(serialized.statistics.depth_map()[2..4].iter().sum::<u64>() > 100);
    assert_eq!(
        job(false).failure.map(|failure| failure.errno),
        Some(libc::EBUSY)
    );
}

/// Takes 50 ms for the tenth I/O.
struct Stalling(AlignedBuffers, u32);

impl IoEngine for Stalling {
    const FILES: FileUse = FileUse::None;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self(AlignedBuffers::of(setup)?, 0))
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.0.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        self.1 += 1;
        if self.1 == 10 {
            std::thread::sleep(Duration::from_millis(50));
        }
        Queued::Completed(Ok(io.length))
    }
}

#[test]
fn a_stall_is_seen_in_latencies_from_the_intended_start() {
    let outcome = run::<Stalling>(&timed(200, |spec| {
        spec.rate.iops = PerDirection::splat(Some(1000));
    }));
    let ios = reads(&outcome);
    let late = |recorder: &crate::stats::LatencyRecorder| -> u64 {
        let slow = |(bucket, _): &(usize, u64)| {
            crate::stats::Histogram::bucket_value(*bucket) > 20_000_000
        };
        recorder
            .histogram()
            .nonzero()
            .filter(slow)
            .map(|(_, count)| count)
            .sum()
    };
    let total = &outcome.statistics.latencies(Direction::Read).total;
    let intended = outcome
        .statistics
        .intended_latency(Direction::Read)
        .expect("it has a rate");
    assert_eq!(intended.moments().samples, ios);
    // The I/Os that should have been issued during the stall were late, too.
    assert!(
        late(intended) >= late(total) + 20,
        "{} {}",
        late(intended),
        late(total)
    );
    let without_rate = run::<Null>(&spec(|_| {}));
    assert!(
        without_rate
            .statistics
            .intended_latency(Direction::Read)
            .is_none()
    );
}
