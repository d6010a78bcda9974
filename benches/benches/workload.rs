//! Cost of deciding the next I/O.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fio_engine::PerDirection;
use fio_engine::job::{BlockSizes, JobSpec, Pattern};
use fio_engine::workload::{FileRegion, Generator, RandomMap, RandomRule};

const GIBIBYTE: u64 = 1 << 30;

/// A time-based job, so that the generator never ends, over one file of a gibibyte.
fn generator(change: impl FnOnce(&mut JobSpec)) -> Generator {
    let mut spec = JobSpec::new("bench");
    spec.time_based = true;
    change(&mut spec);
    let regions = [FileRegion {
        start: 0,
        length: GIBIBYTE,
        ..FileRegion::default()
    }];
    Generator::new(&spec, 1, &regions, RandomRule::Newest).expect("a job that can run")
}

fn next(criterion: &mut Criterion) {
    type Change = fn(&mut JobSpec);
    let cases: [(&str, Change); 6] = [
        ("read", |spec| spec.pattern = Pattern::READ),
        ("randread", |spec| spec.pattern = Pattern::RANDOM_READ),
        ("randread_norandommap", |spec| {
            spec.pattern = Pattern::RANDOM_READ;
            spec.no_random_map = true;
        }),
        ("randrw", |spec| spec.pattern = Pattern::RANDOM_READ_WRITE),
        ("rw", |spec| spec.pattern = Pattern::READ_WRITE),
        ("randread_bsrange", |spec| {
            spec.pattern = Pattern::RANDOM_READ;
            spec.block_sizes = PerDirection::splat(BlockSizes::Range(4096, 65536));
        }),
    ];
    let mut group = criterion.benchmark_group("workload/next");
    group.throughput(Throughput::Elements(1));
    for (name, change) in cases {
        let mut generator = generator(change);
        group.bench_function(name, |bencher| bencher.iter(|| black_box(generator.next())));
    }
    group.finish();
}

/// Searching a map with a single free block from anywhere in it.
fn nearly_full(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("workload/next_free_nearly_full");
    for blocks in [1 << 12, 1 << 18, 1 << 24] {
        let mut map = RandomMap::new(blocks).expect("memory for the map");
        map.mark(0, blocks / 2);
        map.mark(blocks / 2 + 1, blocks);
        let mut from = 0;
        group.bench_function(BenchmarkId::from_parameter(blocks), |bencher| {
            bencher.iter(|| {
                from = (from + 7919) % blocks;
                black_box(map.next_free(black_box(from)))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, next, nearly_full);
criterion_main!(benches);
