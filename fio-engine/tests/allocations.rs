//! I/Os cost no allocation: a job of many I/Os allocates as often as a job of few.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use fio_engine::PerDirection;
use fio_engine::job::{JobSpec, Pattern, SizeOrPercent};
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

fn allocations_of(engine: &str, depth: u32, rate: Option<u64>, ios: u64) -> u64 {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut job = JobSpec::new("counted");
    job.engine = engine.to_owned();
    job.pattern = Pattern::RANDOM_READ_WRITE;
    job.io_depth = depth;
    job.directories = vec![directory.path().to_owned()];
    job.size = Some(SizeOrPercent::Bytes(64 * 4096));
    job.io_size = Some(SizeOrPercent::Bytes(ios * 4096));
    job.rate.iops = PerDirection::splat(rate);
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let report = Run::start(vec![job], RunOptions::default()).unwrap().wait();
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

#[test]
fn no_io_allocates() {
    for (engine, depth, rate) in [
        ("null", 1, None),
        ("null", 16, None),
        ("null", 1, Some(IOS_PER_SECOND)),
        ("null", 16, Some(IOS_PER_SECOND)),
        ("psync", 1, None),
        ("sync", 1, None),
        ("vsync", 1, None),
        ("vsync", 16, None),
        ("pvsync", 1, None),
        ("pvsync2", 1, None),
        ("mmap", 1, None),
        ("splice", 1, None),
        ("falloc", 1, None),
        ("filestat", 1, None),
        ("libaio", 16, None),
        ("libaio", 16, Some(IOS_PER_SECOND)),
        ("io_uring", 16, None),
        ("io_uring", 16, Some(IOS_PER_SECOND)),
    ] {
        let few = allocations_of(engine, depth, rate, 64);
        let many = allocations_of(engine, depth, rate, 20_000);
        assert!(
            many <= few + 100,
            "{engine}: {few} allocations for 64 I/Os, {many} for 20,000"
        );
    }
}
