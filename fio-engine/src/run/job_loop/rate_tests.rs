//! Jobs with rates: how many I/Os they issue, how soon they end, how little they work.

use std::io::Write as _;
use std::time::{Duration, Instant};

use super::super::stop::StopHandle;
use super::tests::{run, run_on, spec};
use super::*;
use crate::direction::{Direction, PerDirection};
use crate::io::{IoUring, LibAio, Null, Psync};
use crate::job::{Pattern, RateProcess};

const RUNTIME: Duration = Duration::from_millis(500);

fn rated(change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    spec(|spec| {
        spec.time_based = true;
        spec.runtime = Some(RUNTIME);
        change(spec);
    })
}

fn iops(read: Option<u64>, write: Option<u64>) -> PerDirection<Option<u64>> {
    PerDirection([read, write, None])
}

/// The schedule allows `most` and no more; a busy machine may give the job little time at the end.
fn assert_about(ios: u64, most: u64) {
    assert!((most / 2..=most).contains(&ios), "{ios} of {most} I/Os");
}

fn file_of(bytes: usize) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&vec![1; bytes]).unwrap();
    file
}

#[test]
fn every_engine_keeps_to_its_rate_at_every_depth() {
    for depth in [1, 8] {
        let spec = rated(|spec| {
            spec.io_depth = depth;
            spec.submit_batch = depth;
            spec.rate.iops = PerDirection::splat(Some(1000));
        });
        let files = || vec![file_of(1 << 20)];
        let stop = StopHandle::default();
        let outcomes = [
            run::<Null>(&spec),
            run_on::<Psync>(&spec, files(), &stop),
            run_on::<LibAio>(&spec, files(), &stop),
            run_on::<IoUring>(&spec, files(), &stop),
        ];
        for outcome in outcomes {
            assert_eq!(outcome.failure, None);
            assert_about(outcome.statistics.ios().0[0], 500);
        }
    }
}

#[test]
fn bandwidth_counts_bytes_and_iops_count_the_smallest_blocks() {
    let by_bytes = rated(|spec| {
        spec.rate.bandwidth = PerDirection::splat(Some(4096 * 200));
    });
    assert_about(run::<Null>(&by_bytes).statistics.ios().0[0], 100);
    let outcome = run::<Null>(&rated(|spec| {
        spec.pattern = Pattern::RANDOM_READ;
        spec.block_sizes = PerDirection::splat(crate::job::BlockSizes::Range(4096, 16_384));
        spec.rate.iops = PerDirection::splat(Some(200));
    }));
    let bytes = outcome.statistics.bytes().0[0];
    // The last I/O may go beyond.
    assert!((50 * 4096..100 * 4096 + 16_384).contains(&bytes), "{bytes}");
}

#[test]
fn each_direction_keeps_to_its_own_rate() {
    for depth in [1, 4] {
        let mixed = |rates| {
            run::<Null>(&rated(|spec| {
                spec.pattern = Pattern::RANDOM_READ_WRITE;
                spec.read_mix_percent = 90;
                spec.io_depth = depth;
                spec.rate.iops = rates;
            }))
            .statistics
            .ios()
            .0
        };
        let [reads, writes, _] = mixed(iops(Some(400), Some(100)));
        assert_about(reads, 200);
        assert_about(writes, 50);
        let [reads, writes, _] = mixed(iops(Some(400), None));
        assert_about(reads, 200);
        assert!(writes > 1000, "{writes} writes without a limit");
    }
}

#[test]
fn a_poisson_process_keeps_to_its_rate_on_average() {
    let spec = rated(|spec| {
        spec.time_based = false;
        spec.runtime = None;
        spec.size = Some(crate::job::SizeOrPercent::Bytes(4096 * 1000));
        spec.rate.iops = PerDirection::splat(Some(2000));
        spec.rate.process = RateProcess::Poisson;
    });
    let runtimes = [(); 2].map(|()| run::<Null>(&spec).runtime.as_secs_f64());
    // 1000 distances of half a millisecond: the standard deviation of their sum is 16 ms.
    for runtime in runtimes {
        assert!((0.42..1.5).contains(&runtime), "{runtime} s");
    }
}

#[test]
fn the_rate_holds_over_the_time_that_counts() {
    let outcome = run::<Null>(&rated(|spec| {
        spec.ramp_time = Duration::from_millis(150);
        spec.rate.iops = PerDirection::splat(Some(1000));
    }));
    assert_about(outcome.statistics.ios().0[0], 500);
}

#[test]
fn a_job_that_waits_is_stopped_and_ended_in_time() {
    for depth in [1, 4] {
        let slow = |spec: &mut JobSpec| {
            spec.io_depth = depth;
            spec.rate.bandwidth = PerDirection::splat(Some(1));
        };
        let began = Instant::now();
        let outcome = run::<Null>(&rated(slow));
        assert_eq!(outcome.statistics.ios().0[0], 1);
        assert!(outcome.runtime >= RUNTIME && began.elapsed() < Duration::from_secs(3));

        let stop = StopHandle::default();
        let later = stop.clone();
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            later.stop();
        });
        let began = Instant::now();
        let outcome = run_on::<Null>(&spec(slow), Vec::new(), &stop);
        stopper.join().unwrap();
        assert_eq!(outcome.failure, None);
        assert!(began.elapsed() < Duration::from_secs(2));
    }
}

#[test]
fn waiting_is_in_no_latency_and_takes_no_processor() {
    for depth in [1, 4] {
        let outcome = run::<Null>(&rated(|spec| {
            spec.io_depth = depth;
            spec.submit_batch = depth;
            spec.rate.iops = PerDirection::splat(Some(100));
        }));
        let total = outcome
            .statistics
            .latencies(Direction::Read)
            .total
            .moments();
        // 10 ms lie between one I/O and the next; the smallest latency is one without interruption.
        assert!(total.min < 2_000_000, "{} ns", total.min);
        let busy = outcome.usage.user_time + outcome.usage.system_time;
        assert!(busy < RUNTIME / 4, "{busy:?}");
    }
}

#[test]
fn a_job_below_its_minimum_ends_with_an_error() {
    let slow = |spec: &mut JobSpec| {
        spec.time_based = true;
        spec.runtime = Some(Duration::from_secs(10));
        spec.rate.cycle = Duration::from_millis(100);
        spec.rate.iops = iops(Some(100), None);
    };
    let began = Instant::now();
    let missed = run::<Null>(&spec(|spec| {
        slow(spec);
        spec.rate.minimum_bandwidth = PerDirection::splat(Some(4096 * 1000));
    }));
    let failure = missed.failure.expect("100 I/Os per second are too few");
    assert_eq!(failure.errno, libc::EIO);
    assert!(
        failure
            .message
            .starts_with("read: rate_min=4096000B/s not met, got "),
        "{}",
        failure.message
    );
    assert!((2.0..6.0).contains(&began.elapsed().as_secs_f64()));
}

#[test]
fn a_job_above_its_minimum_goes_on() {
    let outcome = run::<Null>(&spec(|spec| {
        spec.time_based = true;
        spec.runtime = Some(Duration::from_millis(2500));
        spec.rate.cycle = Duration::from_millis(100);
        // The job only reads, so the minimum of writes is not looked at.
        spec.rate.minimum_iops = iops(Some(1), Some(1_000_000));
    }));
    assert_eq!(outcome.failure, None);
}
