use fio_engine::PerDirection;
use fio_engine::report::status::Rate;
use fio_engine::stats::Histogram as EngineHistogram;
use fio_proto::Revision;
use fio_proto::message::Message as _;

use super::*;

fn moments(values: &[u64]) -> Moments {
    let mut moments = Moments::default();
    values.iter().for_each(|value| moments.record(*value));
    moments
}

fn latency(nanoseconds: &[u64]) -> LatencyReport {
    let mut histogram = Box::new(EngineHistogram::new());
    nanoseconds
        .iter()
        .for_each(|value| histogram.record(*value));
    LatencyReport {
        moments: moments(nanoseconds),
        histogram: Some(histogram),
    }
}

#[test]
fn latencies_become_microseconds() {
    let values = [1_500, 10_000, 2_000_999];
    let wire = microseconds(&moments(&values));
    assert_eq!((wire.samples, wire.min, wire.max), (3, 1, 2000));
    let mean = values.iter().sum::<u64>() as f64 / 3.0 / 1000.0;
    assert!((wire.mean - mean).abs() < 1e-9);
    let squares: f64 = values
        .iter()
        .map(|value| (*value as f64 / 1000.0 - mean).powi(2))
        .sum();
    assert!((wire.squares / squares - 1.0).abs() < 1e-9);
}

#[test]
fn the_minimum_of_nothing_is_all_ones() {
    let nothing = microseconds(&Moments::default());
    assert_eq!(
        (nothing.min, nothing.max, nothing.samples),
        (u64::MAX, 0, 0)
    );
    let stats = group_run_stats(&GroupReport::default());
    assert_eq!(stats.min_bandwidth, [u64::MAX; 3]);
    assert_eq!(stats.min_runtime_ms, [u64::MAX; 3]);
    assert_eq!(stats.max_bandwidth, [0; 3]);
}

#[test]
fn every_completion_is_in_the_histogram() {
    let wire = histogram(&latency(&[100, 1_000, 5_000_000, 40_000_000_000]));
    assert_eq!(wire.total(), 4);
    // Less than a microsecond counts as 0, one as 1.
    assert_eq!(wire.counts()[..2], [1, 1]);
    assert_eq!(histogram(&LatencyReport::default()).total(), 0);
}

#[test]
fn groups_count_in_kib() {
    let mut group = GroupReport {
        group_id: 7,
        kb_base: 1000,
        ..GroupReport::default()
    };
    group.directions = PerDirection([
        GroupDirectionReport {
            bytes: 1 << 20,
            aggregate_bandwidth: 3 << 20,
            min_bandwidth: 1 << 20,
            max_bandwidth: 2 << 20,
            min_runtime: Duration::from_micros(10),
            max_runtime: Duration::from_micros(1_500),
        },
        GroupDirectionReport::default(),
        GroupDirectionReport::default(),
    ]);
    let stats = group_run_stats(&group);
    assert_eq!((stats.group_id, stats.kb_base), (7, 1000));
    assert_eq!(stats.io_kib, [1024, 0, 0]);
    assert_eq!(stats.bandwidth, [3072, 0, 0]);
    assert_eq!(
        (stats.min_bandwidth[0], stats.max_bandwidth[0]),
        (1024, 2048)
    );
    // Any time at all is at least a millisecond.
    assert_eq!((stats.min_runtime_ms[0], stats.max_runtime_ms[0]), (1, 2));
}

#[test]
fn states_have_a_letter_per_job() {
    for (runs, letters) in [
        ("", ""),
        ("r(1)", "r"),
        ("r(3),W(1),_(2)", "rrrW__"),
        ("?", ""),
    ] {
        assert_eq!(states_of(runs), letters, "{runs}");
    }
}

#[test]
fn the_status_travels_as_fio_sends_it() {
    let mut status = Status {
        running: 2,
        run_string: "r(2)".to_owned(),
        elapsed: Duration::from_secs(5),
        ..Status::default()
    };
    status.rates.0[0] = Rate {
        bytes_per_second: 4_552_413_000,
        ios_per_second: 1_111_429,
    };
    let ServerMessage::Eta(message) = eta(&status) else {
        panic!("not an ETA")
    };
    assert_eq!(message.status.rate, [4_552_413, 0, 0]);
    assert_eq!(message.status.iops, [1_111_429, 0, 0]);
    assert_eq!(message.status.elapsed_sec, 5);
    assert_eq!(message.status.eta_sec, i32::MAX as u64);
    assert_eq!(message.status.threads, 2);
    let mut payload = Vec::new();
    let encoded = eta(&status).encode_payload(Revision::V1, &mut payload, &mut Vec::new());
    assert_eq!((encoded, payload.len()), (Ok(()), 74));
}
