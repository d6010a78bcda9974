//! Contents have the shares that were asked for.

use std::collections::HashSet;
use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;
use crate::job::{BufferPattern, DedupeMode, Pattern, SizeOrPercent};

const BLOCK: usize = 4096;

fn spec(change: impl FnOnce(&mut BufferOptions)) -> JobSpec {
    let mut spec = JobSpec::new("content").pattern(Pattern::WRITE);
    spec.size = Some(SizeOrPercent::Bytes(64 << 20));
    change(&mut spec.buffers);
    spec
}

fn source(spec: &JobSpec) -> ContentSource {
    let sets = [WorkingSet::new(spec, 7, 64 << 20)];
    ContentSource::new(spec, 7, &sets).expect("no files are read")
}

/// What `count` writes of `size` bytes hold.
fn writes(spec: &JobSpec, size: usize, count: usize) -> Vec<Vec<u8>> {
    let mut source = source(spec);
    let mut buffer = vec![0; size];
    source.initialise(&mut buffer);
    let write = |index| {
        source.prepare(&mut buffer, (index * size) as u64);
        buffer.clone()
    };
    (0..count).map(write).collect()
}

/// Bytes after compression for each byte before, in percent.
fn compressed(blocks: &[Vec<u8>]) -> f64 {
    let all = blocks.concat();
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&all).unwrap();
    let packed = encoder.finish().unwrap();
    packed.len() as f64 * 100.0 / all.len() as f64
}

fn unique(blocks: &[Vec<u8>]) -> usize {
    blocks.iter().collect::<HashSet<_>>().len()
}

#[test]
fn scrambling_changes_every_sector() {
    let blocks = writes(&spec(|_| {}), BLOCK, 2);
    for (one, other) in blocks[0].chunks(SECTOR).zip(blocks[1].chunks(SECTOR)) {
        assert_ne!(one, other);
    }
}

#[test]
fn refilling_changes_nearly_every_byte() {
    let blocks = writes(&spec(|buffers| buffers.refill = Some(true)), BLOCK, 2);
    let pairs = blocks[0].iter().zip(&blocks[1]);
    let same = pairs.filter(|(one, other)| one == other).count();
    assert!(same < 100, "{same} bytes unchanged");
}

#[test]
fn zeroes_stay_zeroes() {
    let spec = spec(|buffers| (buffers.zero, buffers.refill) = (true, Some(true)));
    assert!(
        writes(&spec, BLOCK, 2)
            .concat()
            .iter()
            .all(|byte| *byte == 0)
    );
}

#[test]
fn without_scrambling_writes_are_alike_and_random() {
    let blocks = writes(&spec(|buffers| buffers.scramble = false), BLOCK, 2);
    assert_eq!(blocks[0], blocks[1]);
    assert!(compressed(&blocks[..1]) > 99.0);
}

#[test]
fn patterns_fill_every_buffer_from_its_beginning() {
    let pattern = BufferPattern::parse(br#""abc"0x00"#).unwrap();
    let spec = spec(|buffers| {
        (buffers.pattern, buffers.zero) = (Some(pattern), true);
    });
    for block in writes(&spec, 4099, 3) {
        assert_eq!(block.len(), 4099);
        let expected = b"abc\0".iter().cycle();
        assert!(
            block
                .iter()
                .zip(expected)
                .all(|(byte, expected)| byte == expected)
        );
    }
}

#[test]
fn a_file_is_part_of_a_pattern_as_far_as_it_fits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    std::fs::write(&path, [b'x'; 600]).unwrap();
    let given = |text: String| {
        let pattern = BufferPattern::parse(text.as_bytes()).unwrap();
        spec(|buffers| buffers.pattern = Some(pattern))
    };
    let job = given(format!("\"ab\"'{}'", path.display()));
    let block = writes(&job, 1024, 1).remove(0);
    assert_eq!(&block[..3], b"abx");
    assert_eq!(&block[511..515], b"xabx");
    for (what, wrong) in [
        ("no such file", "/no/such/file".into()),
        ("a folder", folder.path().display().to_string()),
        ("an empty one", "/dev/null".into()),
    ] {
        let job = given(format!("'{wrong}'"));
        let error = check_pattern(&job).expect_err(what);
        assert!(error.contains(&wrong), "{error}");
    }
    assert!(check_pattern(&given(format!("'{0}''{0}'", path.display()))).is_err());
}

#[test]
fn the_compressible_share_is_the_one_asked_for() {
    for percent in [1_u8, 25, 40, 50, 75, 90, 99] {
        for chunk in [0, 512, 1000, 3000, 1 << 20] {
            let spec = spec(|buffers| {
                buffers.compress_percent = Some(percent);
                buffers.compress_chunk = chunk;
            });
            let blocks = writes(&spec, BLOCK, 64);
            assert_eq!(unique(&blocks), 64);
            let left = compressed(&blocks);
            let wanted = f64::from(100 - percent);
            assert!(
                (left - wanted).abs() < 3.0,
                "{percent}% of {chunk}: {left:.1}% left"
            );
        }
    }
}

/// Measured of fio 3.33: a chunk of 100 bytes at 60% is 40 random bytes, then 60 of the pattern.
#[test]
fn random_bytes_come_first_in_a_chunk() {
    let spec = spec(|buffers| {
        buffers.compress_percent = Some(60);
        buffers.compress_chunk = 100;
        buffers.pattern = Some(BufferPattern::bytes([0x11, 0x22, 0x33]).unwrap());
    });
    for chunk in writes(&spec, BLOCK, 1)[0].chunks_exact(100) {
        assert_eq!(chunk[40..44], [0x11, 0x22, 0x33, 0x11]);
        assert_eq!(chunk[97..], [0x11, 0x22, 0x33]);
        assert_ne!(chunk[..3], [0x11, 0x22, 0x33]);
    }
}

#[test]
fn the_ends_of_the_scale_are_all_alike() {
    let zeroes = writes(
        &spec(|buffers| buffers.compress_percent = Some(100)),
        BLOCK,
        3,
    );
    assert!(zeroes.concat().iter().all(|byte| *byte == 0));
    let random = writes(
        &spec(|buffers| buffers.compress_percent = Some(0)),
        BLOCK,
        3,
    );
    assert_eq!(unique(&random), 1);
    assert!(compressed(&random[..1]) > 99.0);
}

#[test]
fn the_share_of_duplicates_is_the_one_asked_for() {
    const COUNT: usize = 8192;
    for mode in [DedupeMode::Repeat, DedupeMode::WorkingSet] {
        for percent in [0_u8, 1, 30, 50, 90] {
            let spec = spec(|buffers| {
                buffers.dedupe.percent = Some(percent);
                buffers.dedupe.mode = mode;
                buffers.dedupe.working_set_percent = 1;
            });
            let blocks = writes(&spec, 512, COUNT);
            let mut set = 0;
            if mode == DedupeMode::WorkingSet && percent > 0 {
                // All of the set is written once before it is repeated.
                set = (64 << 20) / 100 / BLOCK;
            }
            let duplicates = (COUNT - unique(&blocks)) as f64 * 100.0 / COUNT as f64;
            let first_uses =
                set.min(COUNT * usize::from(percent) / 100) as f64 * 100.0 / COUNT as f64;
            let difference = duplicates - f64::from(percent);
            assert!(
                (-first_uses - 2.0..2.0).contains(&difference),
                "{mode:?} {percent}%: {duplicates:.1}%"
            );
            assert!(compressed(&blocks[..1]) > 95.0);
        }
    }
    let all = spec(|buffers| buffers.dedupe.percent = Some(100));
    assert_eq!(unique(&writes(&all, BLOCK, 50)), 1);
}

#[test]
fn duplicates_of_a_working_set_come_from_it_and_from_those_of_others() {
    let spec = spec(|buffers| {
        buffers.dedupe.percent = Some(50);
        buffers.dedupe.mode = DedupeMode::WorkingSet;
        buffers.dedupe.working_set_percent = 1;
    });
    let small = JobSpec {
        size: Some(SizeOrPercent::Bytes(1 << 20)),
        ..spec
    };
    let sets = [1, 2].map(|seed| WorkingSet::new(&small, seed, 0));
    let blocks = |seed: u64, sets: &[WorkingSet]| {
        let mut source = ContentSource::new(&small, seed, sets).unwrap();
        let mut buffer = vec![0; 512];
        let mut write = || {
            source.prepare(&mut buffer, 0);
            buffer.clone()
        };
        (0..1000).map(|_| write()).collect::<HashSet<_>>()
    };
    let shared = |one: &HashSet<Vec<u8>>, other: &HashSet<Vec<u8>>| one.intersection(other).count();
    assert_eq!(shared(&blocks(1, &sets[..1]), &blocks(2, &sets[1..])), 0);
    // Each has room for two blocks.
    assert_eq!(shared(&blocks(1, &sets), &blocks(2, &sets)), 4);
}

#[test]
fn explicit_refill_goes_before_what_the_shares_need() {
    let spec = spec(|buffers| {
        buffers.compress_percent = Some(50);
        buffers.refill = Some(false);
    });
    assert_eq!(unique(&writes(&spec, BLOCK, 4)), 1);
}

#[test]
fn reads_do_not_spoil_what_is_written() {
    let mut spec = spec(|buffers| buffers.zero = true);
    spec.pattern = Pattern::RANDOM_READ_WRITE;
    let mut source = source(&spec);
    let mut buffer = vec![9; BLOCK];
    source.prepare(&mut buffer, 0);
    assert!(buffer.iter().all(|byte| *byte == 0));
}
