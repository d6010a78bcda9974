//! The whole loop of a job on the engine that does nothing: what the tool itself costs per I/O.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fio_engine::job::{JobSpec, Pattern, SizeOrPercent};
use fio_engine::run::{Run, RunOptions};

/// I/Os of one iteration: enough that starting and ending a run does not count.
const IOS: u64 = 1 << 20;

fn job(name: &str, change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    let mut job = JobSpec::new(name);
    job.engine = "null".to_owned();
    job.size = Some(SizeOrPercent::Bytes(IOS * 4096));
    change(&mut job);
    job
}

fn job_loop(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("job_loop/null");
    group.throughput(Throughput::Elements(IOS)).sample_size(10);
    let jobs = [
        job("read", |_| {}),
        job("randread", |job| job.pattern = Pattern::RANDOM_READ),
        job("randread_depth_32", |job| {
            job.pattern = Pattern::RANDOM_READ;
            job.io_depth = 32;
        }),
        job("randrw", |job| job.pattern = Pattern::RANDOM_READ_WRITE),
    ];
    for job in jobs {
        group.bench_function(job.name.clone(), |bencher| {
            bencher.iter(|| {
                let run = Run::start(vec![job.clone()], RunOptions::default());
                black_box(run.expect("the job is valid").wait())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, job_loop);
criterion_main!(benches);
