//! The wire protocol: checksums, frames, statistics messages and reassembly.
//!
//! Figures are bytes of message (without frame headers) per second. Run one group with
//! `cargo bench -p fio-benches --bench codec -- thread_stats`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fio_proto::crc::crc16;
use fio_proto::fragment::{Fragments, Joiner};
use fio_proto::frame::{Flags, Frame, Header, Tag};
use fio_proto::layout::{GroupRunStats, Histogram, IoStat, ThreadStat};
use fio_proto::message::ThreadReport;
use fio_proto::opcode::Opcode;
use fio_proto::{Revision, ServerVersion};

const V1: ServerVersion = ServerVersion::V1;
const TS: Opcode = Opcode::new(6);

fn bytes(count: usize) -> u64 {
    u64::try_from(count).expect("a length fits 64 bits")
}

/// The newest version, whose statistics take 184 KB.
const NEWEST: ServerVersion = ServerVersion::NEWEST;

fn newest() -> Revision {
    Revision::of(NEWEST).expect("the newest version is spoken")
}

/// Statistics of a job of a recent release that read, wrote and synced, all of its histograms full or,
/// as most are, empty but for those of reads.
fn recent_report(full: bool) -> ThreadReport {
    let mut report = report();
    let thread = &mut report.thread;
    let kinds = [
        &mut thread.submission_histogram,
        &mut thread.completion_histogram,
        &mut thread.total_histogram,
    ];
    for histograms in kinds {
        *histograms = std::array::from_fn(|direction| {
            if full || direction == 0 {
                Histogram::from_counts((0..1856).map(|bucket| bucket * 7 % 1000))
            } else {
                Histogram::default()
            }
        });
    }
    if full {
        thread.sync_histogram = Histogram::from_counts((0..1856).map(|bucket| bucket % 99));
        thread.block_infos = (1..8192).collect();
    }
    report
}

/// Statistics of a job that read and wrote for a while, no part of it empty.
fn report() -> ThreadReport {
    let mut thread = ThreadStat::default();
    thread.name = "randrw".into();
    thread.members = 1;
    let stat = IoStat {
        max: 9000,
        min: 2,
        samples: 1 << 20,
        mean: 41.5,
        squares: 1.25e9,
    };
    for series in [
        &mut thread.completion_latency,
        &mut thread.total_latency,
        &mut thread.bandwidth,
    ] {
        series[..2].fill(stat);
    }
    for histogram in &mut thread.completion_histogram[..2] {
        *histogram = Histogram::from_counts((0..1216).map(|bucket| bucket * 7 % 1000));
    }
    thread.io_bytes = [4 << 30, 4 << 30, 0];
    thread.percentile_list[..3].copy_from_slice(&[50.0, 99.0, 99.9]);
    ThreadReport::new(thread, GroupRunStats::default())
}

fn payload() -> Vec<u8> {
    let (mut payload, mut dropped) = (Vec::new(), Vec::new());
    report().encode(Revision::V1, &mut payload, &mut dropped);
    assert!(dropped.is_empty());
    payload
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    Fragments::new(V1, TS, Tag(0), payload).append_to(&mut stream);
    stream
}

fn crc(c: &mut Criterion) {
    let mut group = c.benchmark_group("crc");
    for length in [20, 64, 1024, 65536] {
        let data = vec![0x5a_u8; length];
        group.throughput(Throughput::Bytes(bytes(length)));
        group.bench_function(length.to_string(), |b| b.iter(|| crc16(black_box(&data))));
    }
    group.finish();
}

fn frame(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame");
    let data = [0x5a_u8; 64];
    let header = Header {
        version: V1,
        opcode: TS,
        flags: Flags::MORE,
        tag: Tag(0),
        payload_len: 64,
        payload_crc: crc16(&data),
    };
    group.throughput(Throughput::Elements(1));
    group.bench_function("encode", |b| b.iter(|| black_box(header).to_raw()));
    let stream = framed(&data);
    group.bench_function("decode", |b| {
        b.iter(|| Frame::parse(black_box(&stream)).expect("the frame is sound"))
    });
    group.finish();
}

fn thread_stats(c: &mut Criterion) {
    let mut group = c.benchmark_group("thread_stats");
    let (report, payload) = (report(), payload());
    let stream = framed(&payload);
    group.throughput(Throughput::Bytes(bytes(payload.len())));

    let (mut out, mut dropped) = (Vec::new(), Vec::new());
    group.bench_function("encode", |b| {
        b.iter(|| {
            out.clear();
            black_box(&report).encode(Revision::V1, &mut out, &mut dropped);
        });
    });
    let mut wire = Vec::new();
    group.bench_function("encode_and_fragment", |b| {
        b.iter(|| {
            out.clear();
            wire.clear();
            black_box(&report).encode(Revision::V1, &mut out, &mut dropped);
            Fragments::new(V1, TS, Tag(0), &out).append_to(&mut wire);
        });
    });
    // Nothing was sent if another bench was asked for.
    assert!(wire.is_empty() || wire == stream);
    let mut decoded = ThreadReport::default();
    group.bench_function("decode", |b| {
        b.iter(|| {
            decoded
                .read(Revision::V1, black_box(&payload))
                .expect("the payload is whole")
        });
    });
    let mut joiner = Joiner::new(Some(V1), 1 << 20);
    group.bench_function("join_and_decode", |b| {
        b.iter(|| {
            let step = joiner
                .push(black_box(&stream))
                .expect("the frames are sound");
            let raw = step.message.expect("the message is whole");
            decoded
                .read(Revision::V1, raw.payload)
                .expect("the payload is whole");
        });
    });
    assert!(decoded == ThreadReport::default() || decoded == report);
    group.bench_function("view", |b| {
        b.iter(|| {
            let view =
                ThreadStat::view(Revision::V1, black_box(&payload)).expect("the payload is whole");
            view.io_bytes().and_then(|by_direction| by_direction.get(0))
        });
    });
    group.finish();
}

fn recent_thread_stats(c: &mut Criterion) {
    let mut group = c.benchmark_group("recent_thread_stats");
    for (name, full) in [("full", true), ("sparse", false)] {
        let (report, revision) = (recent_report(full), newest());
        let (mut payload, mut dropped) = (Vec::new(), Vec::new());
        report.encode(revision, &mut payload, &mut dropped);
        let mut stream = Vec::new();
        Fragments::new(NEWEST, TS, Tag(0), &payload).append_to(&mut stream);
        group.throughput(Throughput::Bytes(bytes(payload.len())));
        let (mut out, mut wire) = (Vec::new(), Vec::new());
        group.bench_function(format!("encode_and_fragment_{name}"), |b| {
            b.iter(|| {
                out.clear();
                wire.clear();
                dropped.clear();
                black_box(&report).encode(revision, &mut out, &mut dropped);
                Fragments::new(NEWEST, TS, Tag(0), &out).append_to(&mut wire);
            });
        });
        assert!(wire.is_empty() || wire == stream);
        let mut decoded = ThreadReport::default();
        let mut joiner = Joiner::new(Some(NEWEST), 1 << 20);
        group.bench_function(format!("join_and_decode_{name}"), |b| {
            b.iter(|| {
                let step = joiner
                    .push(black_box(&stream))
                    .expect("the frames are sound");
                let raw = step.message.expect("the message is whole");
                decoded
                    .read(revision, raw.payload)
                    .expect("the payload is whole");
            });
        });
        group.bench_function(format!("copy_{name}"), |b| {
            b.iter(|| {
                out.clear();
                out.extend_from_slice(black_box(&payload));
            });
        });
    }
    group.finish();
}

fn reassembly(c: &mut Criterion) {
    let mut group = c.benchmark_group("reassembly");
    let payload = payload();
    let stream = framed(&payload);
    group.throughput(Throughput::Bytes(bytes(payload.len())));
    for piece in [stream.len(), 1448, 100] {
        let mut joiner = Joiner::new(Some(V1), 1 << 20);
        group.bench_function(format!("pieces_of_{piece}"), |b| {
            b.iter(|| {
                for part in black_box(&stream).chunks(piece) {
                    let mut rest = part;
                    while !rest.is_empty() {
                        let step = joiner.push(rest).expect("the frames are sound");
                        rest = &rest[step.consumed..];
                    }
                }
            });
        });
    }
    group.finish();
}

criterion_group!(
    benches,
    crc,
    frame,
    thread_stats,
    recent_thread_stats,
    reassembly
);
criterion_main!(benches);
