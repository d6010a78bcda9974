use super::*;
use fio_engine::PerDirection;
use fio_engine::stats::Histogram as EngineHistogram;

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
    let wire = scaled(&moments(&values), 1000);
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
    let nothing = scaled(&Moments::default(), 1000);
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
    assert_eq!(stats.io_bytes, [1 << 20, 0, 0]);
    assert_eq!(stats.bandwidth, [3 << 20, 0, 0]);
    assert_eq!(
        (stats.min_bandwidth[0], stats.max_bandwidth[0]),
        (1 << 20, 2 << 20)
    );
    // Any time at all is at least a millisecond.
    assert_eq!((stats.min_runtime_ms[0], stats.max_runtime_ms[0]), (1, 2));
}
