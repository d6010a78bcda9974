//! I/Os cost no allocation: a job of many I/Os allocates as often as a job of few.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fio_engine::PerDirection;
use fio_engine::job::{CpuWork, JobSpec, Pattern, SizeOrPercent, SubmitMode};
use fio_engine::logs::{LogFiles, SampleLayout};
use fio_engine::run::{Run, RunOptions};

/// The system's allocator, counting.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, and `alloc` is the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Fast enough that the test does not take long, slow enough that the jobs have to wait.
const IOS_PER_SECOND: u64 = 100_000;

/// What a job does besides its I/Os.
#[derive(Debug, Clone, Copy)]
enum Besides {
    Nothing,
    KeepsRate,
    Thinks,
    Logs,
    Offloads,
    /// Trims and writes, and tells of blocks.
    TellsOfBlocks,
}

impl Besides {
    /// Those that every engine can have.
    const ALL: [Self; 5] = [
        Self::Nothing,
        Self::KeepsRate,
        Self::Thinks,
        Self::Logs,
        Self::Offloads,
    ];

    fn change(self, job: &mut JobSpec) {
        match self {
            Self::Nothing => {}
            Self::KeepsRate => job.rate.iops = PerDirection::splat(Some(IOS_PER_SECOND)),
            Self::Thinks => {
                job.think_time.time = Duration::from_micros(20);
                job.think_time.blocks = Some(50);
            }
            Self::Logs => log_everything(job),
            Self::Offloads => job.submit_mode = SubmitMode::Offload,
            Self::TellsOfBlocks => {
                job.pattern = Pattern::TRIM_WRITE;
                job.errors.by_block = true;
            }
        }
    }
}

fn log_everything(job: &mut JobSpec) {
    for log in [
        &mut job.logs.latency,
        &mut job.logs.bandwidth,
        &mut job.logs.iops,
    ] {
        *log = Some(String::new());
    }
}

fn allocations_of(engine: &str, depth: u32, besides: Besides, ios: u64) -> u64 {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut job = JobSpec::new("counted");
    job.engine = engine.to_owned();
    job.pattern = Pattern::RANDOM_READ_WRITE;
    job.io_depth = depth;
    job.directories = vec![directory.path().to_owned()];
    job.size = Some(SizeOrPercent::Bytes(64 * 4096));
    job.io_size = Some(SizeOrPercent::Bytes(ios * 4096));
    besides.change(&mut job);
    let mut options = RunOptions::default();
    options.log_files = Some(LogFiles::new(directory.path(), SampleLayout::Newest));
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let report = Run::start(vec![job], options).unwrap().wait();
    let counted = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let done: u64 = report.jobs[0]
        .directions
        .0
        .iter()
        .map(|one| one.total_ios)
        .sum();
    assert!(done >= ios, "{done} I/Os: {}", report.jobs[0].error_message);
    counted
}

/// Allocations of a job, in a folder with a path too long for a copy of it on the stack.
fn allocations_of_metadata(engine: &str, ios: u64) -> u64 {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("f".repeat(250)).join("g".repeat(250));
    std::fs::create_dir_all(&path).unwrap();
    let mut job = JobSpec::new("counted");
    job.engine = engine.to_owned();
    job.pattern = Pattern::WRITE;
    job.directories = vec![path];
    job.file_count = FILES as u32;
    job.file_size = Some((4096, 4096));
    job.io_size = Some(SizeOrPercent::Bytes(ios * 4096));
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let report = Run::start(vec![job], RunOptions::default()).unwrap().wait();
    let counted = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let report = &report.jobs[0];
    assert_eq!(report.total_ios(), ios, "{}", report.error_message);
    counted
}

/// Allocations of a job that writes all logs, to files or to memory where they are compressed.
fn allocations_of_logs(to_files: bool, interval: u64, ios: u64) -> u64 {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut job = JobSpec::new("counted");
    job.engine = "null".to_owned();
    job.pattern = Pattern::RANDOM_READ_WRITE;
    job.io_depth = 4;
    job.size = Some(SizeOrPercent::Bytes(ios * 4096));
    log_everything(&mut job);
    job.logs.interval = Duration::from_millis(interval);
    job.logs.compression = Some(1 << 20);
    let mut options = RunOptions::default();
    options.log_files = to_files.then(|| LogFiles::new(folder.path(), SampleLayout::Newest));
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let report = Run::start(vec![job], options).unwrap().wait();
    let counted = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(report.jobs[0].total_ios(), ios);
    counted
}

/// Files of the jobs that work on whole files.
const FILES: u64 = 500;

/// Allocations of a job that uses the CPU alone, and its turns of work.
fn allocations_of_work(work: CpuWork, milliseconds: u64) -> (u64, u64) {
    let mut job = JobSpec::new("counted").for_time(Duration::from_millis(milliseconds));
    job.engine = "cpuio".to_owned();
    job.engine_options.cpu.load = 100;
    job.engine_options.cpu.work = work;
    job.engine_options.cpu.chunk_microseconds = 200;
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let report = Run::start(vec![job], RunOptions::default()).unwrap().wait();
    let counted = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(report.jobs[0].error, 0, "{}", report.jobs[0].error_message);
    (counted, report.jobs[0].total_ios())
}

/// One test, so that no other allocates meanwhile.
#[test]
fn no_io_allocates() {
    ios_of_data();
    for engine in [
        "filecreate",
        "filestat",
        "filedelete",
        "ftruncate",
        "falloc",
    ] {
        let few = allocations_of_metadata(engine, 20);
        let many = allocations_of_metadata(engine, FILES);
        assert!(
            many <= few + 100,
            "{engine}: {few} allocations for 20 I/Os, {many} for {FILES}"
        );
    }
    for (to_files, interval) in [(true, 0), (true, 1), (false, 0), (false, 1)] {
        let few = allocations_of_logs(to_files, interval, 64);
        let many = allocations_of_logs(to_files, interval, 100_000);
        // Some for each of the 25 pieces that a list has been through.
        assert!(
            many <= few + 1000,
            "logs: {few} allocations for 64 I/Os, {many} for 100000"
        );
    }
    for work in [CpuWork::Idle, CpuWork::Sort] {
        let (few, _) = allocations_of_work(work, 20);
        let (many, turns) = allocations_of_work(work, 1500);
        assert!(turns > 200, "{turns} turns");
        assert!(
            many <= few + 100,
            "cpuio: {few} allocations in 20 ms, {many} for {turns} turns"
        );
    }
}

fn ios_of_data() {
    for depth in [1, 16] {
        let count = |ios| allocations_of("null", depth, Besides::TellsOfBlocks, ios);
        let (few, many) = (count(64), count(5_000));
        assert!(
            many <= few + 100,
            "blocks: {few} allocations for 64 I/Os, {many} for 5000"
        );
    }
    for (engine, depth) in [
        ("null", 1),
        ("null", 16),
        ("psync", 1),
        ("sync", 1),
        ("vsync", 1),
        ("vsync", 16),
        ("pvsync", 1),
        ("pvsync2", 1),
        ("mmap", 1),
        ("splice", 1),
        ("falloc", 1),
        ("filestat", 1),
        ("libaio", 1),
        ("libaio", 16),
        ("io_uring", 1),
        ("io_uring", 16),
        ("posixaio", 1),
        ("posixaio", 16),
    ] {
        for besides in Besides::ALL {
            let few = allocations_of(engine, depth, besides, 64);
            let many = allocations_of(engine, depth, besides, 5_000);
            // Logs: some for each of the pieces that a list has been through.
            let most = few
                + if matches!(besides, Besides::Logs) {
                    400
                } else {
                    100
                };
            assert!(
                many <= most,
                "{engine} {depth} {besides:?}: {few} allocations for 64 I/Os, {many} for 5,000"
            );
        }
    }
}
