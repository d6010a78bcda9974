//! Cost of recording an I/O, of percentiles, and of printing a report.

use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fio_engine::job::JobSpec;
use fio_engine::report::json::Style;
use fio_engine::report::{Background, GroupReport, JobReport, Report, json, normal};
use fio_engine::stats::{Histogram, JobStatistics, LatencyDistribution, MomentSums};
use fio_engine::{Direction, PerDirection};

/// Latencies of a fast device: 60 to 140 µs, one in 64 about 2 ms; a power of two of them.
fn latencies() -> Vec<u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 33
    };
    (0..4096)
        .map(|_| {
            let slow = next() % 64 == 0;
            if slow {
                2_000_000 + next() % 200_000
            } else {
                60_000 + next() % 80_000
            }
        })
        .collect()
}

fn recording(c: &mut Criterion) {
    let latencies = latencies();
    let mut group = c.benchmark_group("statistics/record");
    group.throughput(Throughput::Elements(latencies.len() as u64));

    let mut histogram = Box::new(Histogram::new());
    group.bench_function("histogram", |b| {
        b.iter(|| {
            latencies
                .iter()
                .for_each(|latency| histogram.record(black_box(*latency)))
        });
    });
    let mut sums = MomentSums::new();
    group.bench_function("moment sums", |b| {
        b.iter(|| {
            latencies
                .iter()
                .for_each(|latency| sums.record(black_box(*latency)))
        });
    });
    let mut distribution = LatencyDistribution::new();
    group.bench_function("distribution by ranges", |b| {
        b.iter(|| {
            latencies
                .iter()
                .for_each(|latency| distribution.record(black_box(*latency)))
        });
    });
    let mut statistics = JobStatistics::new();
    group.bench_function("one io: slat, clat, lat, depth", |b| {
        b.iter(|| {
            latencies
                .iter()
                .for_each(|latency| record(&mut statistics, *latency))
        });
    });
    black_box((histogram, sums, distribution, statistics));
    group.finish();
}

fn record(statistics: &mut JobStatistics, latency: u64) {
    let direction = black_box(Direction::Read);
    let submission = black_box(latency / 64);
    statistics.record_depth(black_box(32));
    statistics.record_submission(direction, submission);
    statistics.record_completion(direction, 4096, black_box(latency), latency + submission);
}

fn one_job() -> JobReport {
    let mut statistics = JobStatistics::new();
    latencies()
        .into_iter()
        .for_each(|latency| record(&mut statistics, latency));
    let mut runtimes = PerDirection::splat(Duration::ZERO);
    runtimes[Direction::Read] = Duration::from_secs(1);
    JobReport::from_statistics(&JobSpec::new("job"), 0, &statistics, runtimes)
}

fn reading(c: &mut Criterion) {
    let mut statistics = JobStatistics::new();
    latencies()
        .into_iter()
        .for_each(|latency| record(&mut statistics, latency));
    let histogram = statistics.latencies(Direction::Read).completion.histogram();
    let percents = fio_engine::job::DEFAULT_PERCENTILES;
    let mut group = c.benchmark_group("statistics/read");
    group.bench_function("17 percentiles", |b| {
        b.iter(|| histogram.percentiles(&percents))
    });
    let mut sum = histogram.clone();
    group.bench_function("merge two histograms", |b| {
        b.iter(|| sum.merge(black_box(histogram)))
    });
    group.finish();
}

fn printing(c: &mut Criterion) {
    let jobs: Vec<_> = (0..10).map(|_| one_job()).collect();
    let report = Report {
        started: UNIX_EPOCH,
        finished: UNIX_EPOCH,
        global_options: Vec::new(),
        groups: GroupReport::collect(&jobs),
        jobs,
        disks: Vec::new(),
        cpu_idleness: None,
        remaining: None,
        background: Background::default(),
        logs: Vec::new(),
    };
    let mut group = c.benchmark_group("report/10 jobs");
    let mut text = String::new();
    group.bench_function("normal", |b| {
        b.iter(|| {
            text.clear();
            normal::write_report(&mut text, &report)
        });
    });
    for (name, bins) in [("json", false), ("json+", true)] {
        let style = Style {
            version: "fio-3.42".to_owned(),
            bins,
        };
        group.bench_function(name, |b| {
            b.iter(|| {
                text.clear();
                json::write_report(&mut text, &report, &style)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, recording, reading, printing);
criterion_main!(benches);
