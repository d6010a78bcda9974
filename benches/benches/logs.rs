//! What each log costs per I/O, on the engine that does nothing.
//!
//! `memory` is the cost to the job's own thread: entries are recorded and stay. `packed` and `files`
//! add the log thread, which packs entries or writes them as text; where it is slower than this engine,
//! which no storage is, the job waits for it.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fio_engine::job::{JobSpec, LogOptions, Pattern, SizeOrPercent};
use fio_engine::logs::{LogFiles, SampleLayout};
use fio_engine::run::{Run, RunOptions};

/// I/Os of one iteration: enough that starting and ending a run does not count.
const IOS: u64 = 1 << 20;

/// Name of a case, and what it logs.
type Case = (&'static str, fn(&mut LogOptions));

const CASES: [Case; 8] = [
    ("none", |_| {}),
    ("bw", |logs| logs.bandwidth = name()),
    ("iops", |logs| logs.iops = name()),
    ("lat", |logs| logs.latency = name()),
    ("bw, iops, lat", |logs| {
        logs.bandwidth = name();
        logs.iops = name();
        logs.latency = name();
    }),
    ("bw, iops, lat, log_avg_msec=100", |logs| {
        logs.bandwidth = name();
        logs.iops = name();
        logs.latency = name();
        logs.interval = Duration::from_millis(100);
    }),
    ("hist, log_hist_msec=100", |logs| {
        logs.histogram = name();
        logs.histogram_interval = Duration::from_millis(100);
    }),
    ("lat, log_offset, log_prio", |logs| {
        logs.latency = name();
        logs.offset = true;
        logs.priority = true;
    }),
];

fn name() -> Option<String> {
    Some(String::new())
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Memory,
    Packed,
    Files,
}

fn logs(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (place_name, place) in [
        ("memory", Place::Memory),
        ("packed", Place::Packed),
        ("files", Place::Files),
    ] {
        let mut group = criterion.benchmark_group(format!("logs/{place_name}"));
        group.throughput(Throughput::Elements(IOS)).sample_size(10);
        for (case, choose) in CASES {
            let mut job = JobSpec::new("log").pattern(Pattern::RANDOM_READ);
            job.engine = "null".to_owned();
            job.size = Some(SizeOrPercent::Bytes(IOS * 4096));
            // Submission latency is logged, too.
            job.io_depth = 2;
            choose(&mut job.logs);
            job.logs.compression = (place == Place::Packed).then_some(1 << 20);
            let mut options = RunOptions::default();
            options.logs_in_report = false;
            options.log_files =
                (place == Place::Files).then(|| LogFiles::new(folder.path(), SampleLayout::Newest));
            group.bench_function(case, |bencher| {
                bencher.iter(|| {
                    let run = Run::start(vec![job.clone()], options.clone());
                    black_box(run.expect("the job is valid").wait())
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, logs);
criterion_main!(benches);
