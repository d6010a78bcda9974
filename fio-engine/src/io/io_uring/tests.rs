//! The engine on real files, with each of its options.

use std::os::unix::fs::FileExt;

use super::*;
use crate::job::{EngineOptions, LockMode, MemoryOptions};

const BLOCK: usize = 4096;
const DEPTH: usize = 8;

/// An engine for one file of 64 numbered blocks. Where the kernel permits no ring, the reason is
/// the test's failure.
fn engine(change: impl FnOnce(&mut EngineOptions)) -> IoUring {
    let file = tempfile::tempfile().unwrap();
    for block in 0..64_u8 {
        file.write_all_at(&[block; BLOCK], u64::from(block) * BLOCK as u64)
            .unwrap();
    }
    let mut options = EngineOptions::default();
    change(&mut options);
    IoUring::open(&EngineSetup {
        io_depth: DEPTH,
        max_block_size: BLOCK,
        direct: false,
        files: vec![file].into(),
        lock: LockMode::default(),
        paths: Arc::default(),
        memory: MemoryOptions::default(),
        options,
    })
    .unwrap_or_else(|error| panic!("{error}"))
}

fn io(unit: usize, block: u64, direction: Direction) -> Io {
    Io {
        unit,
        file: 0,
        direction,
        offset: block * BLOCK as u64,
        priority: 0,
        length: BLOCK,
        buffer_offset: 0,
    }
}

/// Does these I/Os at once, one in each unit, and waits for all.
fn run(engine: &mut IoUring, direction: Direction, first_block: u64) {
    for unit in 0..DEPTH {
        let io = io(unit, first_block + unit as u64, direction);
        assert!(matches!(engine.queue(&io), Queued::Pending));
    }
    assert_eq!(engine.submit().unwrap(), DEPTH);
    let mut over = Vec::new();
    engine.reap(DEPTH, DEPTH, &mut over).unwrap();
    over.sort_by_key(|completion| completion.unit);
    for (unit, completion) in over.iter().enumerate() {
        assert_eq!(completion.unit, unit);
        assert_eq!(*completion.result.as_ref().unwrap(), BLOCK);
    }
}

#[test]
fn every_option_moves_the_right_data() {
    let options: [fn(&mut EngineOptions); 9] = [
        |_| {},
        |options| options.io_uring.fixed_buffers = true,
        |options| options.io_uring.registered_files = true,
        |options| options.io_uring.vectored = true,
        |options| options.io_uring.force_async = 3,
        |options| options.io_uring.kernel_thread = true,
        |options| {
            options.io_uring.kernel_thread = true;
            options.io_uring.kernel_thread_cpu = Some(0);
            options.io_uring.registered_files = true;
            options.io_uring.fixed_buffers = true;
        },
        // What is in the page cache needs no waiting.
        |options| options.no_wait = true,
        |options| {
            options.io_uring.vectored = true;
            options.io_uring.registered_files = true;
            options.io_uring.force_async = 1;
        },
    ];
    for (number, change) in options.into_iter().enumerate() {
        let mut engine = engine(change);
        for round in 0..3 {
            run(&mut engine, Direction::Read, 8 * round);
            for unit in 0..DEPTH {
                let expected = (8 * round) as u8 + unit as u8;
                assert!(
                    engine.buffer(unit)[..BLOCK]
                        .iter()
                        .all(|byte| *byte == expected),
                    "case {number}, round {round}, unit {unit}"
                );
            }
        }
        if engine_may_write(number) {
            (0..DEPTH).for_each(|unit| engine.buffer(unit).fill(0xa0 | unit as u8));
            run(&mut engine, Direction::Write, 32);
            let mut block = [0; BLOCK];
            for unit in 0..DEPTH {
                let offset = (32 + unit) * BLOCK;
                engine.files[0]
                    .read_exact_at(&mut block, offset as u64)
                    .unwrap();
                assert_eq!(block, [0xa0 | unit as u8; BLOCK], "case {number}");
            }
        }
    }
}

/// Not every file system can write without waiting.
fn engine_may_write(case: usize) -> bool {
    case != 7
}

#[test]
fn a_cpu_that_is_not_there_is_named() {
    let setup = EngineSetup {
        io_depth: 1,
        max_block_size: BLOCK,
        direct: false,
        files: Vec::new().into(),
        lock: LockMode::default(),
        paths: Arc::default(),
        memory: MemoryOptions::default(),
        options: {
            let mut options = EngineOptions::default();
            options.io_uring.kernel_thread = true;
            options.io_uring.kernel_thread_cpu = Some(100_000);
            options
        },
    };
    let error = IoUring::open(&setup).unwrap_err();
    assert!(error.to_string().contains("sqthread_poll_cpu"), "{error}");
    assert_eq!(error.errno(), libc::EINVAL);
}

#[test]
fn what_is_in_flight_is_waited_for_when_the_engine_is_dropped() {
    for force_async in [0, 1] {
        let mut engine = engine(|options| options.io_uring.force_async = force_async);
        for unit in 0..DEPTH {
            engine.queue(&io(unit, unit as u64, Direction::Read));
        }
        engine.submit().unwrap();
        drop(engine);
    }
}

#[test]
fn waiting_ends_when_patience_does() {
    let mut engine = engine(|_| {});
    let mut over = Vec::new();
    let began = std::time::Instant::now();
    engine
        .reap_within(Duration::from_millis(20), DEPTH, &mut over)
        .unwrap();
    assert!(over.is_empty());
    assert!(
        began.elapsed() >= Duration::from_millis(15),
        "{:?}",
        began.elapsed()
    );
}
