//! Jobs that pause, share a flow, or may not be late.

use std::time::{Duration, Instant};

use super::super::stop::StopHandle;
use super::flow::FlowShare;
use super::tests::{run, run_on, run_with, spec};
use super::*;
use crate::direction::{Direction, PerDirection};
use crate::io::{LibAio, Null, Psync};
use crate::job::{FlowOptions, SizeOrPercent, ThinkTrigger};

fn thinking(ios: u64, change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    spec(|spec| {
        spec.size = Some(SizeOrPercent::Bytes(ios * 4096));
        spec.think_time.time = Duration::from_millis(10);
        change(spec);
    })
}

fn reads(outcome: &JobOutcome) -> u64 {
    outcome.statistics.ios().0[0]
}

/// fio 3.33 takes 101 ms for ten I/Os with `thinktime=10ms`.
#[test]
fn a_job_pauses_after_every_io_also_the_last() {
    for depth in [1, 8] {
        let began = Instant::now();
        let outcome = run::<Null>(&thinking(10, |spec| spec.io_depth = depth));
        let took = began.elapsed();
        assert_eq!(reads(&outcome), 10);
        assert!(took >= Duration::from_millis(100), "{took:?}");
        let latencies = outcome.statistics.latencies(Direction::Read);
        let mean = latencies.total.moments().mean;
        assert!(mean < 5e6, "a pause is in no latency: {mean}");
    }
}

#[test]
fn blocks_count_between_pauses() {
    let began = Instant::now();
    run::<Null>(&thinking(64, |spec| spec.think_time.blocks = Some(16)));
    let took = began.elapsed();
    assert!(
        (40..600).contains(&took.as_millis()),
        "four pauses: {took:?}"
    );
}

#[test]
fn a_pause_can_be_spent_busy() {
    let busy = |spin| {
        let spin = Duration::from_millis(spin);
        let outcome = run::<Null>(&thinking(10, |spec| spec.think_time.spin = spin));
        outcome.usage.user_time + outcome.usage.system_time
    };
    // How much of a CPU a busy machine gives is open.
    let (spinning, sleeping) = (busy(10), busy(0));
    assert!(spinning > sleeping, "{spinning:?} {sleeping:?}");
    assert!(spinning >= Duration::from_millis(10), "{spinning:?}");
}

#[test]
fn time_of_io_counts_between_pauses() {
    let outcome = run::<Null>(&spec(|spec| {
        spec.time_based = true;
        spec.runtime = Some(Duration::from_millis(500));
        spec.think_time.time = Duration::from_millis(200);
        spec.think_time.io_time = Duration::from_millis(50);
        spec.rate.iops = PerDirection::splat(Some(1000));
        spec.rate.ignores_think_time = true;
    }));
    // I/O from 0 to 50, from 250 to 300 and, at the end, none.
    let ios = reads(&outcome);
    assert!((20..160).contains(&ios), "{ios}");
}

#[test]
fn a_rate_makes_up_for_pauses_unless_it_ignores_them() {
    let job = |ignores| {
        spec(|spec| {
            spec.time_based = true;
            spec.runtime = Some(Duration::from_millis(600));
            spec.think_time.time = Duration::from_millis(20);
            spec.think_time.blocks = Some(20);
            spec.rate.iops = PerDirection::splat(Some(1000));
            spec.rate.ignores_think_time = ignores;
        })
    };
    let caught_up = reads(&run::<Null>(&job(false)));
    let ignoring = reads(&run::<Null>(&job(true)));
    assert!(ignoring < 360, "{ignoring}");
    assert!(caught_up > ignoring, "{caught_up} {ignoring}");
}

#[test]
fn ios_in_flight_go_on_where_issues_count() {
    let outcome = run_on::<LibAio>(
        &thinking(20, |spec| {
            spec.io_depth = 4;
            spec.think_time.trigger = ThinkTrigger::Issue;
        }),
        vec![
            tempfile::tempfile()
                .and_then(|file| file.set_len(1 << 20).map(|()| file))
                .unwrap(),
        ],
        &StopHandle::default(),
    );
    assert_eq!((outcome.failure, outcome.statistics.ios().0[0]), (None, 20));
}

/// The other job, of three times the weight, has issued 300 I/Os and then waits: the share of this one
/// is 100, and one more is begun before it is ahead.
#[test]
fn a_job_of_a_flow_waits_when_it_has_issued_its_share() {
    let flow = Arc::new(Flow::default());
    let options = |weight| FlowOptions {
        weight,
        ..FlowOptions::default()
    };
    let mut other = FlowShare::join(flow.clone(), &options(3));
    for _ in 0..300 {
        other.issue();
    }
    let spec = spec(|spec| {
        spec.time_based = true;
        spec.runtime = Some(Duration::from_millis(500));
        spec.flow = options(1);
    });
    assert_eq!(reads(&run_with::<Null>(&spec, flow.clone())), 101);

    // Alone it would have gone on: the job has left the flow, and nobody waits for it any more.
    assert_eq!(other.wait(), None);
    drop(other);
    let alone = reads(&run_with::<Null>(&spec, flow));
    assert!(alone > 101, "{alone}");
}

#[test]
fn an_io_that_takes_too_long_ends_the_job() {
    let files = || {
        vec![
            tempfile::tempfile()
                .and_then(|file| file.set_len(1 << 20).map(|()| file))
                .unwrap(),
        ]
    };
    let job = |nanos, depth| {
        spec(|spec| {
            spec.io_depth = depth;
            spec.max_latency[Direction::Read] = Some(Duration::from_nanos(nanos));
        })
    };
    let stop = StopHandle::default();
    for (late, fine) in [
        (
            run_on::<Psync>(&job(1, 1), files(), &stop),
            run_on::<Psync>(&job(u64::MAX, 1), files(), &stop),
        ),
        (
            run_on::<LibAio>(&job(1, 8), files(), &stop),
            run_on::<LibAio>(&job(u64::MAX, 8), files(), &stop),
        ),
    ] {
        let failure = late.failure.expect("an I/O that took too long");
        assert_eq!(failure.errno, libc::ETIMEDOUT);
        assert!(
            failure.message.contains("max_latency"),
            "{}",
            failure.message
        );
        assert_eq!((fine.failure, fine.statistics.ios().0[0]), (None, 256));
    }
}
