//! Reading job files: many sections, few sections, and a file that is far too large.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fio_engine::job::{JobSource, ParseOptions, parse_jobs, parse_words};

/// A job file as people write them, with this many sections after `[global]`.
fn file_of(sections: usize) -> String {
    let mut text = "[global]\nioengine=libaio\ndirect=1\niodepth=32\nruntime=60\ntime_based\n\
                    group_reporting\n"
        .to_owned();
    for section in 0..sections {
        write!(
            text,
            "\n# job number {section}\n[job{section}]\nrw=randrw\nrwmixread=70\nbs=4k,8k\n\
             size=1g\nfilename=/dev/nvme{section}n1\nnumjobs=2\n"
        )
        .expect("a string can be written to");
    }
    text
}

fn parse(bencher: &mut Criterion) {
    let mut group = bencher.benchmark_group("job_file/parse");
    let options = ParseOptions::default();
    for sections in [1, 10_000] {
        let text = file_of(sections);
        group.throughput(Throughput::Bytes(text.len() as u64));
        let id = BenchmarkId::from_parameter(sections);
        group.bench_with_input(id, &text, |bencher, text| {
            let source = [JobSource::text("bench", text)];
            bencher.iter(|| parse_jobs(black_box(&source), &options).expect("a good file"));
        });
    }
    group.finish();
}

fn words(bencher: &mut Criterion) {
    let options = ParseOptions::default();
    let words = "--name=a --rw=randread --bs 4k --size=1g --iodepth=32 --direct=1";
    let words: Vec<&str> = words.split(' ').collect();
    bencher.bench_function("job_file/words", |bencher| {
        bencher.iter(|| parse_words(black_box(&words), &options).expect("good words"));
    });
}

/// 100 MB: refused by size; and, with that limit raised, by its first wrong line.
fn reject(bencher: &mut Criterion) {
    let mut group = bencher.benchmark_group("job_file/reject_100_mb");
    let text = vec![b'x'; 100_000_000];
    let mut options = ParseOptions::default();
    let source = [JobSource::text("bench", &text)];
    group.bench_function("by_size", |bencher| {
        bencher.iter(|| parse_jobs(black_box(&source), &options).expect_err("too large"));
    });
    options.limits.bytes = u64::MAX;
    group.bench_function("by_first_line", |bencher| {
        bencher.iter(|| parse_jobs(black_box(&source), &options).expect_err("too long a line"));
    });
    group.finish();
}

criterion_group!(benches, parse, words, reject);
criterion_main!(benches);
