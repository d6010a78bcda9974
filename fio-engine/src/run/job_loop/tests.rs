//! The loop with engines made for the test.

use std::io;
use std::time::{Duration, Instant};

use super::*;
use crate::direction::Direction;
use crate::io::{AlignedBuffers, Completion, EngineError, FileUse, Io, Null, Psync, Queued};
use crate::job::{Pattern, SizeOrPercent};
use crate::workload::{FileRegion, RandomRule};

pub(super) fn spec(change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    let mut spec = JobSpec::new("loop");
    spec.size = Some(SizeOrPercent::Bytes(1 << 20));
    change(&mut spec);
    spec
}

/// For jobs that open nothing while they run.
struct NoFiles;

impl FileSource for NoFiles {
    fn open(&self, _: usize, _: bool) -> Result<File, JobFailure> {
        panic!("a job that has its files")
    }

    fn drop_cache(&self, _: usize, _: &File) -> Result<(), JobFailure> {
        panic!("a job that is told of no passes")
    }

    fn remove(&self, _: usize) -> Result<(), JobFailure> {
        panic!("a job that keeps its files")
    }
}

pub(super) fn run<E: IoEngine>(spec: &JobSpec) -> JobOutcome {
    run_on::<E>(spec, Vec::new(), &StopHandle::default())
}

pub(super) fn run_on<E: IoEngine>(
    spec: &JobSpec,
    files: Vec<File>,
    stop: &StopHandle,
) -> JobOutcome {
    run_in::<E>(spec, files, stop, None)
}

/// A job without files that takes part in a flow.
pub(super) fn run_with<E: IoEngine>(spec: &JobSpec, flow: Arc<Flow>) -> JobOutcome {
    run_in::<E>(spec, Vec::new(), &StopHandle::default(), Some(flow))
}

fn run_in<E: IoEngine>(
    spec: &JobSpec,
    files: Vec<File>,
    stop: &StopHandle,
    flow: Option<Arc<Flow>>,
) -> JobOutcome {
    let Some(SizeOrPercent::Bytes(length)) = spec.size else {
        panic!("a size in bytes")
    };
    let region = FileRegion {
        start: 0,
        length,
        ..FileRegion::default()
    };
    let start_line = StartLine::default();
    let names = vec!["some.file".to_owned()];
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            job_loop::<E>(JobContext {
                spec,
                files: files.into(),
                paths: Arc::default(),
                flow,
                file_names: &names,
                slots: None,
                source: &NoFiles,
                generator: Generator::new(spec, 1, &[region], RandomRule::Newest).unwrap(),
                progress: &JobProgress::new(),
                stop,
                start_line: &start_line,
                run_began: Instant::now(),
                start_delay: Duration::ZERO,
                seeds: &Seeds::new(spec, 1, RandomRule::Newest),
                working_sets: Vec::new(),
                logs: None,
                blocks: BlockMap::new(spec, &[region]),
                on_error: &|_| {},
                on_start: &|| {},
            })
        });
        start_line.open_after(1);
        thread.join().unwrap()
    })
}

#[test]
fn every_block_is_issued_and_counted_once() {
    for depth in [1, 8] {
        let spec = spec(|spec| {
            spec.pattern = Pattern::RANDOM_READ;
            spec.io_depth = depth;
        });
        let outcome = run::<Null>(&spec);
        assert_eq!(outcome.failure, None);
        assert_eq!(outcome.statistics.ios().0, [256, 0, 0]);
        assert_eq!(outcome.statistics.bytes().0, [1 << 20, 0, 0]);
        let latencies = outcome.statistics.latencies(Direction::Read);
        assert_eq!(latencies.completion.moments().samples, 256);
        assert_eq!(latencies.total.moments().samples, 256);
        let submissions = if depth == 1 { 0 } else { 256 };
        assert_eq!(latencies.submission.moments().samples, submissions);
        assert_eq!(outcome.statistics.depth_map().iter().sum::<u64>(), 256);
    }
}

#[test]
fn runtime_ends_a_time_based_job_and_ramp_time_is_not_counted() {
    for depth in [1, 4] {
        let spec = spec(|spec| {
            spec.io_depth = depth;
            spec.time_based = true;
            spec.runtime = Some(Duration::from_millis(200));
            spec.ramp_time = Duration::from_millis(100);
            spec.bandwidth_interval = Some(Duration::from_millis(50));
        });
        let began = Instant::now();
        let outcome = run::<Null>(&spec);
        let elapsed = began.elapsed();
        assert!(
            outcome.runtime >= Duration::from_millis(199),
            "{:?}",
            outcome.runtime
        );
        assert!(
            outcome.runtime + Duration::from_millis(99) <= elapsed,
            "{elapsed:?}"
        );
        let samples = outcome
            .statistics
            .counters(Direction::Read)
            .bandwidth
            .samples;
        let most = elapsed.as_millis() as u64 / 50;
        assert!((1..=most).contains(&samples), "{samples} samples");
    }
}

#[test]
fn a_stop_ends_the_job_soon() {
    for depth in [1, 4] {
        let spec = spec(|spec| {
            spec.io_depth = depth;
            spec.time_based = true;
            spec.runtime = Some(Duration::from_secs(60));
        });
        let stop = StopHandle::default();
        let (later, began) = (stop.clone(), Instant::now());
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            later.stop();
        });
        let outcome = run_on::<Null>(&spec, Vec::new(), &stop);
        stopper.join().unwrap();
        assert!(began.elapsed() < Duration::from_secs(2));
        assert_eq!(outcome.failure, None);
        assert!(outcome.statistics.ios().0[0] > 0);
    }
}

/// Completes every I/O in parts of at most 1000 bytes, `DEFERRED` or at once; fails the 100th.
struct Parts<const DEFERRED: bool> {
    buffers: AlignedBuffers,
    pending: Vec<Completion>,
    calls: usize,
    fail: bool,
}

impl<const DEFERRED: bool> IoEngine for Parts<DEFERRED> {
    const FILES: FileUse = FileUse::None;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        let buffers = AlignedBuffers::of(setup)?;
        Ok(Self {
            buffers,
            pending: Vec::new(),
            calls: 0,
            fail: setup.direct,
        })
    }

    fn is_synchronous(&self) -> bool {
        !DEFERRED
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        assert_eq!(io.offset % 4096, io.buffer_offset as u64);
        self.calls += 1;
        let result = match self.fail && self.calls == 100 {
            true => Err(io::Error::from_raw_os_error(libc::EIO)),
            false => Ok(io.length.min(1000)),
        };
        if !DEFERRED {
            return Queued::Completed(result);
        }
        self.pending.push(Completion {
            unit: io.unit,
            result,
        });
        Queued::Pending
    }

    fn submit(&mut self) -> io::Result<usize> {
        Ok(1)
    }

    fn reap(&mut self, _: usize, _: usize, completions: &mut Vec<Completion>) -> io::Result<()> {
        completions.append(&mut self.pending);
        Ok(())
    }
}

#[test]
fn short_ios_are_continued() {
    let sync = run::<Parts<false>>(&spec(|_| {}));
    let deferred = run::<Parts<true>>(&spec(|spec| spec.io_depth = 4));
    for outcome in [sync, deferred] {
        assert_eq!(outcome.failure, None);
        assert_eq!(outcome.statistics.ios().0, [256, 0, 0]);
        assert_eq!(outcome.statistics.bytes().0, [1 << 20, 0, 0]);
        assert_eq!(
            outcome.statistics.counters(Direction::Read).short_ios,
            4 * 256
        );
    }
}

#[test]
fn an_error_ends_the_job_and_says_where() {
    let failing = |depth| {
        spec(|spec| {
            spec.direct = true;
            spec.io_depth = depth;
        })
    };
    let sync = run::<Parts<false>>(&failing(1));
    let deferred = run::<Parts<true>>(&failing(4));
    for outcome in [sync, deferred] {
        let failure = outcome.failure.expect("the 100th call fails");
        assert_eq!(failure.errno, libc::EIO);
        assert!(
            failure.message.contains("of some.file"),
            "{}",
            failure.message
        );
        // Up to three I/Os beside the failing one are in flight and end well.
        // The one that failed counts, too.
        assert!((16..=23).contains(&outcome.statistics.ios().0[0]));
    }
}

#[test]
fn files_are_synced_when_and_as_often_as_asked() {
    let file = tempfile::tempfile().unwrap();
    file.set_len(1 << 20).unwrap();
    let spec = spec(|spec| {
        spec.pattern = Pattern::WRITE;
        spec.fsync_every = 16;
        spec.end_fsync = true;
    });
    let outcome = run_on::<Psync>(&spec, vec![file], &StopHandle::default());
    assert_eq!(outcome.failure, None);
    // None after the last write, and that of the end is in no statistics, as in fio.
    assert_eq!(outcome.statistics.syncs(), 15);
    assert_eq!(outcome.statistics.bytes().0, [0, 1 << 20, 0]);
}
