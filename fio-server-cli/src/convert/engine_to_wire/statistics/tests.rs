use super::*;
use fio_engine::PerDirection;
use fio_engine::stats::{BlockInfo, Histogram as EngineHistogram};

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
    let stats = group_run_stats(&GroupReport::default(), ServerVersion::V1);
    assert_eq!(stats.min_bandwidth, [u64::MAX; 3]);
    assert_eq!(stats.min_runtime_ms, [u64::MAX; 3]);
    assert_eq!(stats.max_bandwidth, [0; 3]);
}

#[test]
fn every_completion_is_in_the_histogram() {
    let wire = histogram(
        &latency(&[100, 1_000, 5_000_000, 40_000_000_000]),
        ServerVersion::V1,
    );
    assert_eq!(wire.total(), 4);
    // Less than a microsecond counts as 0, one as 1.
    assert_eq!(wire.counts()[..2], [1, 1]);
    assert_eq!(
        histogram(&LatencyReport::default(), ServerVersion::V1).total(),
        0
    );
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
    let stats = group_run_stats(&group, ServerVersion::V1);
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

fn job() -> JobReport {
    let mut job = JobReport::new(&fio_engine::job::JobSpec::new("a"), 3);
    let reads = &mut job.directions.0[0];
    reads.submission = latency(&[500, 700]);
    reads.completion = latency(&[1_500, 2_500, 3_500]);
    reads.total = latency(&[2_000, 3_000, 4_000, 5_000]);
    job.sync = latency(&[9_000]);
    job.latency_ns = [1; 10];
    job
}

/// How many latencies each kind of histogram has: submission, completion, total, sync.
fn totals(stat: &ThreadStat) -> [u64; 4] {
    [
        stat.submission_histogram[0].total(),
        stat.completion_histogram[0].total(),
        stat.total_histogram[0].total(),
        stat.sync_histogram.total(),
    ]
}

#[test]
fn later_versions_count_in_nanoseconds_and_have_every_histogram() {
    let stat = thread_stat(&job(), 4, ServerVersion::new(97));
    assert_eq!((stat.thread_number, stat.group_id), (5, 3));
    assert_eq!(totals(&stat), [2, 3, 4, 1]);
    assert_eq!(
        (stat.completion_latency[0].min, stat.sync_latency.max),
        (1_500, 9_000)
    );
    assert_eq!((stat.latency_ns, stat.latency_us[0]), ([1; 10], 0));
    let first = thread_stat(&job(), 0, ServerVersion::V1);
    assert_eq!(totals(&first), [0, 3, 0, 0]);
    assert_eq!(first.completion_latency[0].min, 1);
    assert_eq!((first.latency_ns, first.latency_us[0]), ([0; 10], 10));
}

#[test]
fn the_one_histogram_of_older_versions_is_the_one_asked_for() {
    let mut job = job();
    (job.percentiles.completion, job.percentiles.total) = (false, true);
    for (version, completion, flags) in [
        (65, 3, [0, 0]),
        (66, 4, [0, 1]),
        (80, 4, [0, 1]),
        (82, 3, [0, 1]),
    ] {
        let stat = thread_stat(&job, 0, ServerVersion::new(version));
        assert_eq!(
            stat.completion_histogram[0].total(),
            completion,
            "{version}"
        );
        let sent = [stat.completion_percentiles, stat.total_percentiles.into()];
        assert_eq!(sent, flags, "{version}");
    }
    job.percentiles.completion = true;
    let stat = thread_stat(&job, 0, ServerVersion::new(70));
    assert_eq!(
        (stat.completion_percentiles, stat.total_percentiles),
        (1, 0)
    );
}

#[test]
fn units_are_numbered_by_version() {
    for (of_job, up_to_72, later) in [(0, 8, 4), (8, 8, 4), (1, 1, 5)] {
        assert_eq!(unit_base(of_job, ServerVersion::new(72)), up_to_72);
        assert_eq!(unit_base(of_job, ServerVersion::new(73)), later);
    }
}

#[test]
fn blocks_travel_in_every_version_that_has_them() {
    let mut job = job();
    let bits = [1 << 29 | 3, 4 << 29 | 2, 0];
    job.blocks = bits.into_iter().filter_map(BlockInfo::from_bits).collect();
    for version in [65, 97, 121] {
        let stat = thread_stat(&job, 0, ServerVersion::new(version));
        assert_eq!(stat.block_count, 3);
        assert_eq!(stat.block_infos, bits);
    }
    // fio's client of 3.33 aborts where there are any, so there are none unless the job asks for them.
    job.blocks.clear();
    for version in [65, 97, 121] {
        let stat = thread_stat(&job, 0, ServerVersion::new(version));
        assert_eq!((stat.block_count, stat.block_infos.len()), (0, 0));
    }
}
