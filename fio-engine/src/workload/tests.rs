//! The sequences of whole jobs.

use proptest::prelude::*;

use super::*;
use crate::PerDirection;
use crate::direction::Direction;
use crate::job::{
    BlockSizes, Distribution, FileService, JobSpec, Pattern, RandomGenerator, SizeOrPercent,
    StridedZones, Zone, ZoneList,
};

/// First I/Os of jobs on a 4 MiB file, as fio 3.33 and a release after 3.35 issued them.
const VECTORS: &str = include_str!("../../tests/data/random-vectors.txt");

fn spec_of_vector(name: &str) -> JobSpec {
    let mut spec = JobSpec::new(name);
    spec.pattern = match name {
        "mix70" | "mix_bsrange" | "allrandrepeat" => Pattern::RANDOM_READ_WRITE,
        "seqmix30" => Pattern::READ_WRITE,
        _ => Pattern::RANDOM_READ,
    };
    match name {
        "uniform" => {}
        "uniform_norandommap" => spec.no_random_map = true,
        "randseed_7" => spec.random_seed = Some(7),
        "mix70" => spec.read_mix_percent = 70,
        "seqmix30" => spec.read_mix_percent = 30,
        "bsrange" => spec.block_sizes = PerDirection::splat(BlockSizes::Range(4096, 16384)),
        "mix_bsrange" => spec.block_sizes = PerDirection::splat(BlockSizes::Range(4096, 32768)),
        "bssplit" => {
            let entries = vec![(4096, 50), (8192, 30), (65536, 20)];
            spec.block_sizes = PerDirection::splat(BlockSizes::Split(entries));
        }
        "tausworthe64" => spec.random_generator = RandomGenerator::Tausworthe64,
        "lfsr" => spec.random_generator = RandomGenerator::Lfsr,
        "allrandrepeat" => spec.all_repeatable = true,
        "zipf" => {
            let (theta, center) = (1.2, None);
            spec.order.distribution = Distribution::Zipf { theta, center };
        }
        "pareto" => {
            let (power, center) = (0.3, None);
            spec.order.distribution = Distribution::Pareto { power, center };
        }
        "normal" => {
            let (deviation, center) = (20.0, None);
            spec.order.distribution = Distribution::Normal { deviation, center };
        }
        "zoned" => {
            let zones = [(60, 10), (30, 20), (8, 30), (2, 40)];
            let zones = zones.map(|(share, size)| Zone { share, size });
            spec.order.distribution = Distribution::Zoned(ZoneList::Percent(zones.into()));
        }
        "percentage_random" => spec.order.random_percent = PerDirection::splat(60),
        "rw_seq8" => spec.order.random_every = 8,
        _ => panic!("no job is known for vector {name}"),
    }
    spec
}

/// fio 3.33 with `rw=randwrite bsrange=4k-4k,8k-16k ba=8k size=64k`: `ba` is not the smallest size of
/// reads, which do not happen, and turns the random map off.
#[test]
fn an_alignment_of_any_direction_turns_the_map_off() {
    let mut spec = JobSpec::new("aligned");
    spec.pattern = Pattern::RANDOM_WRITE;
    spec.block_sizes = PerDirection(
        [(4096, 4096), (8192, 16384), (8192, 16384)]
            .map(|(low, high)| BlockSizes::Range(low, high)),
    );
    spec.offset_alignment = PerDirection::splat(Some(8192));
    let regions = [FileRegion {
        start: 0,
        length: 64 << 10,
        ..FileRegion::default()
    }];
    let generator = Generator::new(&spec, 1, &regions, RandomRule::Before335);
    let mut generator = generator.expect("a file with room");
    let issued: Vec<_> = std::iter::from_fn(|| generator.next())
        .map(|request| (request.offset, request.length))
        .collect();
    let fio = [
        (0, 8192),
        (40960, 8192),
        (49152, 8192),
        (24576, 16384),
        (24576, 16384),
        (49152, 8192),
    ];
    assert_eq!(issued, fio);
}

#[test]
fn sequences_are_fios() {
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let mut word = || words.next().expect("a rule, a name and a total");
        let (rule, name, total) = (word(), word(), word());
        let rule = match rule {
            "before335" => RandomRule::Before335,
            _ => RandomRule::Newest,
        };
        let mut generator = whole_file(&spec_of_vector(name), 4 << 20, rule);
        let all: Vec<String> = std::iter::from_fn(|| generator.next())
            .map(|request| {
                let RequestKind::Data(direction) = request.kind else {
                    panic!("{name}: a synchronisation nobody asked for");
                };
                let letter = &direction.name()[..1];
                format!(
                    "{letter}:{}+{}",
                    request.offset / 4096,
                    request.length / 4096
                )
            })
            .collect();
        assert_eq!(all.len().to_string(), total, "{rule:?} {name}");
        for (index, expected) in words.enumerate() {
            assert_eq!(all[index], expected, "{rule:?} {name}, request {index}");
        }
    }
}

fn whole_file(spec: &JobSpec, length: u64, rule: RandomRule) -> Generator {
    let regions = [FileRegion {
        start: 0,
        length,
        name_hash: name_hash(b"vector.bin"),
    }];
    Generator::new(spec, 1, &regions, rule).expect("a job that can run")
}

proptest! {
    #[test]
    fn a_pass_issues_each_block_once(
        block_size in prop::sample::select(vec![512_u64, 1000, 4096, 65536]),
        blocks in 1_u64..3000,
        rest in 0_u64..512,
        start in 0_u64..100_000,
        random in any::<bool>(),
        lfsr in any::<bool>(),
        job_number in 1_u32..9,
    ) {
        let mut spec = JobSpec::new("property");
        spec.pattern = if random { Pattern::RANDOM_WRITE } else { Pattern::WRITE };
        if lfsr {
            spec.random_generator = RandomGenerator::Lfsr;
        }
        spec.block_sizes = PerDirection::splat(BlockSizes::Fixed(block_size));
        let length = blocks * block_size + rest;
        let regions = [FileRegion { start, length, ..FileRegion::default() }];
        let mut generator = Generator::new(&spec, job_number, &regions, RandomRule::Newest)
            .expect("a job that can run");
        let mut seen = vec![false; blocks as usize];
        while let Some(request) = generator.next() {
            prop_assert_eq!(request.length, block_size);
            prop_assert_eq!((request.offset - start) % block_size, 0);
            let block = (request.offset - start) / block_size;
            prop_assert!(!std::mem::replace(&mut seen[block as usize], true));
        }
        prop_assert!(seen.iter().all(|&seen| seen));
        prop_assert_eq!(generator.bytes_issued(), blocks * block_size);
    }

    #[test]
    fn strided_zones_are_not_left(
        pattern in prop::sample::select(vec![
            Pattern::READ, Pattern::RANDOM_READ, Pattern::READ_WRITE, Pattern::RANDOM_READ_WRITE,
            Pattern::RANDOM_TRIM, Pattern::RANDOM_TRIM_WRITE, Pattern::TRIM_WRITE,
        ]),
        distribution in prop::sample::select(vec![
            Distribution::Uniform,
            Distribution::Zipf { theta: 1.2, center: None },
            Distribution::Normal { deviation: 20.0, center: Some(0.7) },
        ]),
        lfsr in any::<bool>(),
        no_map in any::<bool>(),
        stride in prop::sample::select(vec![0_i64, 4096, 5000, -8192]),
        every in prop::sample::select(vec![1_u32, 4]),
        size in 1_u64..200_000,
        range in 4096_u64..100_000,
        skip in 0_u64..50_000,
        start in 0_u64..100_000,
    ) {
        let zones = StridedZones { size, range, skip };
        let mut spec = JobSpec::new("property");
        spec.pattern = pattern;
        spec.no_random_map = no_map;
        spec.order.zones = Some(zones);
        spec.order.distribution = distribution;
        spec.order.random_every = every;
        spec.order.stride = if pattern.random { 0 } else { stride };
        spec.io_size = Some(SizeOrPercent::Bytes(2 << 20));
        if lfsr {
            spec.random_generator = RandomGenerator::Lfsr;
        }
        let length = 400_000;
        let regions = [FileRegion { start, length, ..FileRegion::default() }];
        let mut generator = Generator::new(&spec, 1, &regions, RandomRule::Newest)
            .expect("a job that can run");
        // Where the zone begins, and what was moved since the job is in it.
        let (mut zone, mut moved) = (0, 0);
        let mut issued = 0;
        while let Some(request) = generator.next() {
            let position = request.offset - start;
            let new_zone = position / (range + skip);
            prop_assert!(position % (range + skip) < range, "{} lies between zones", position);
            prop_assert!(position + request.length <= length);
            if new_zone != zone {
                // Only the end of the file ends a zone before its time.
                prop_assert!(moved >= size || new_zone == 0, "{} left after {}", zone, moved);
                (zone, moved) = (new_zone, 0);
            }
            moved += request.length;
            issued += 1;
        }
        prop_assert!(issued > 100);
    }

    #[test]
    fn nothing_leaves_the_regions(
        pattern in prop::sample::select(vec![
            Pattern::READ, Pattern::RANDOM_READ, Pattern::READ_WRITE, Pattern::RANDOM_READ_WRITE,
            Pattern::RANDOM_TRIM, Pattern::RANDOM_TRIM_WRITE, Pattern::TRIM_WRITE,
        ]),
        low in 1_u64..5000,
        more in 0_u64..20_000,
        unaligned in any::<bool>(),
        no_map in any::<bool>(),
        time_based in any::<bool>(),
        loops in 1_u64..4,
        lengths in proptest::collection::vec((0_u64..100_000, 25_000_u64..200_000), 1..4),
    ) {
        let mut spec = JobSpec::new("property");
        spec.pattern = pattern;
        spec.block_sizes = PerDirection::splat(BlockSizes::Range(low, low + more));
        spec.unaligned_block_sizes = unaligned;
        spec.no_random_map = no_map;
        spec.time_based = time_based;
        spec.loops = loops;
        let regions: Vec<_> = lengths
            .iter()
            .map(|&(start, length)| FileRegion { start, length, ..FileRegion::default() })
            .collect();
        let mut generator = Generator::new(&spec, 1, &regions, RandomRule::Newest)
            .expect("a job that can run");
        for _ in 0..5000 {
            let Some(request) = generator.next() else {
                prop_assert!(!time_based);
                break;
            };
            let region = regions[request.file as usize];
            prop_assert!(request.length > 0 && request.length <= low + more);
            prop_assert!(request.offset >= region.start);
            prop_assert!(request.offset + request.length <= region.start + region.length);
        }
    }
}

/// What fio 3.33 issues in a file of 32 blocks.
#[test]
fn walks_through_zones_are_fios() {
    let zones = |size: u64, range: u64, skip: u64| StridedZones {
        size: size << 10,
        range: range << 10,
        skip: skip << 10,
    };
    let (sequential, random) = (Pattern::READ, Pattern::RANDOM_READ);
    for (pattern, zones, expected) in [
        (
            sequential,
            zones(16, 32, 8),
            &[0_u64, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 30, 31][..],
        ),
        (
            sequential,
            zones(32, 16, 16),
            &[0, 1, 2, 3, 0, 1, 2, 3, 8, 9, 10, 11, 8],
        ),
        (
            random,
            zones(16, 32, 8),
            &[0, 5, 6, 3, 13, 16, 14, 12, 27, 20, 26, 25],
        ),
        (
            random,
            zones(64, 32, 0),
            &[0, 5, 6, 3, 4, 7, 1, 2, 7, 0, 6, 5, 1, 2, 3, 4, 11, 14, 10],
        ),
    ] {
        let mut spec = JobSpec::new("zones");
        spec.pattern = pattern;
        spec.order.zones = Some(zones);
        let mut generator = whole_file(&spec, 128 << 10, RandomRule::Before335);
        let issued: Vec<u64> = std::iter::from_fn(|| generator.next())
            .map(|request| request.offset / 4096)
            .take(expected.len())
            .collect();
        assert_eq!(issued, expected, "{zones:?}");
    }
}

#[test]
fn zones_too_small_for_a_block_are_refused() {
    let mut spec = JobSpec::new("small");
    spec.pattern = Pattern::RANDOM_READ;
    spec.order.zones = Some(StridedZones {
        size: 8192,
        range: 4095,
        skip: 0,
    });
    let regions = [FileRegion {
        start: 0,
        length: 1 << 20,
        ..FileRegion::default()
    }];
    let error = Generator::new(&spec, 1, &regions, RandomRule::Newest).expect_err("no room");
    assert!(error.to_string().contains("raise zonerange or lower bs"));
}

#[test]
fn offsets_in_huge_files_are_fios() {
    let mut spec = JobSpec::new("huge");
    spec.pattern = Pattern::RANDOM_READ;
    spec.block_sizes = PerDirection::splat(BlockSizes::Range(4096, 16384));
    spec.no_random_map = true;
    let mut generator = whole_file(&spec, 32 << 40, RandomRule::Before335);
    // What fio 3.33 issues for size=32t.
    for (offset, length) in [
        (2_122_085_048_320, 4096),
        (26_046_643_666_944, 12_288),
        (29_666_871_001_088, 16_384),
        (16_537_166_307_328, 8192),
        (14_141_024_198_656, 16_384),
        (29_559_386_775_552, 4096),
    ] {
        let request = generator.next().expect("a huge file");
        assert_eq!((request.offset, request.length), (offset, length));
    }
}

/// χ² test of offsets that are drawn without a map, fixed seeds.
#[test]
fn uniform_offsets_are_uniform() {
    const BLOCKS: usize = 1000;
    for (generator, seed) in [
        (RandomGenerator::Tausworthe, 1),
        (RandomGenerator::Tausworthe, 2),
        (RandomGenerator::Tausworthe64, 1),
        (RandomGenerator::Tausworthe64, 2),
    ] {
        let mut spec = JobSpec::new("uniform");
        spec.pattern = Pattern::RANDOM_READ;
        spec.random_generator = generator;
        spec.random_seed = Some(seed);
        spec.no_random_map = true;
        spec.loops = 200;
        let mut generator = whole_file(&spec, 4096 * BLOCKS as u64, RandomRule::Newest);
        let mut counts = [0_u32; BLOCKS];
        while let Some(request) = generator.next() {
            counts[(request.offset / 4096) as usize] += 1;
        }
        let squares = counts
            .iter()
            .map(|&count| (f64::from(count) - 200.0).powi(2) / 200.0);
        let sum: f64 = squares.sum();
        // 999 degrees of freedom: one sequence in ten thousand is outside.
        assert!((835.0..1180.0).contains(&sum), "{sum}");
    }
}

#[test]
fn sequences_repeat_and_differ_as_asked() {
    let sequence = |rule, number, change: &dyn Fn(&mut JobSpec)| {
        let mut spec = JobSpec::new("seeds");
        spec.pattern = Pattern::RANDOM_READ_WRITE;
        change(&mut spec);
        let regions = [FileRegion {
            length: 4 << 20,
            ..FileRegion::default()
        }];
        let mut generator =
            Generator::new(&spec, number, &regions, rule).expect("a job that can run");
        let requests: Vec<_> = std::iter::from_fn(|| generator.next()).take(100).collect();
        requests
    };
    let plain = |_: &mut JobSpec| {};
    let seeded = |seed| move |spec: &mut JobSpec| spec.random_seed = Some(seed);
    let unrepeatable = |spec: &mut JobSpec| spec.repeatable = false;
    for rule in [RandomRule::Newest, RandomRule::Before335] {
        let of = |number, change: &dyn Fn(&mut JobSpec)| sequence(rule, number, change);
        // The same job repeats itself; its clones, and other seeds, differ from it.
        assert_eq!(of(1, &plain), of(1, &plain));
        assert_ne!(of(1, &plain), of(2, &plain));
        assert_eq!(of(1, &seeded(7)), of(1, &seeded(7)));
        assert_ne!(of(1, &seeded(7)), of(1, &seeded(8)));
        // Without randrepeat, nobody knows the next sequence unless there is a seed.
        assert_ne!(of(1, &unrepeatable), of(1, &unrepeatable));
        let seeded_once =
            |spec: &mut JobSpec| (spec.repeatable, spec.random_seed) = (false, Some(7));
        assert_eq!(of(1, &seeded_once), of(1, &seeded_once));
        // allrandrepeat repeats all streams, up to 3.34 with seeds of their own.
        let all = |spec: &mut JobSpec| (spec.repeatable, spec.all_repeatable) = (false, true);
        assert_eq!(of(1, &all), of(1, &all));
        assert_ne!(of(1, &all), of(2, &all));
        assert_eq!(of(1, &all) == of(1, &plain), rule == RandomRule::Newest);
    }
}

#[test]
fn mixed_jobs_keep_their_shares() {
    for percent in [10, 50, 75] {
        let mut spec = JobSpec::new("mixed");
        spec.pattern = Pattern::RANDOM_READ_WRITE;
        spec.read_mix_percent = percent;
        let mut generator = whole_file(&spec, 64 << 20, RandomRule::Newest);
        while generator.next().is_some() {}
        let issued = generator.issued();
        let total = issued[Direction::Read] + issued[Direction::Write];
        assert_eq!(total, 16384);
        let expected = total * u64::from(percent) / 100;
        assert!(
            issued[Direction::Read].abs_diff(expected) < 400,
            "{issued:?}"
        );
    }
}

#[test]
fn impossible_jobs_are_refused() {
    let mut spec = JobSpec::new("tiny");
    let regions = [FileRegion {
        start: 0,
        length: 4095,
        ..FileRegion::default()
    }];
    let error = Generator::new(&spec, 1, &regions, RandomRule::Newest).expect_err("no room");
    assert!(
        error
            .to_string()
            .contains("no file has room for a block of 4096 bytes")
    );
    spec.block_sizes = PerDirection::splat(BlockSizes::Fixed(0));
    let error = Generator::new(&spec, 1, &regions, RandomRule::Newest).expect_err("no size");
    assert!(error.to_string().contains("read block size is 0"));
}

#[test]
fn a_map_without_memory_is_refused_unless_soft() {
    let mut spec = JobSpec::new("huge");
    spec.pattern = Pattern::RANDOM_READ;
    spec.block_sizes = PerDirection::splat(BlockSizes::Fixed(1));
    let regions = [FileRegion {
        start: 0,
        length: u64::MAX,
        ..FileRegion::default()
    }];
    let error = Generator::new(&spec, 1, &regions, RandomRule::Newest).expect_err("no memory");
    assert!(matches!(error, WorkloadError::MapMemory { .. }));
    spec.soft_random_map = true;
    assert!(Generator::new(&spec, 1, &regions, RandomRule::Newest).is_ok());
}

/// The requests of a job of several files of 8 KiB: `o` opens, `r` reads, `n` begins a pass.
fn in_turn(spec: &JobSpec, files: usize, limit: usize) -> String {
    let regions = vec![
        FileRegion {
            start: 0,
            length: 8192,
            name_hash: 0,
        };
        files
    ];
    let mut generator = Generator::new(spec, 1, &regions, RandomRule::Newest).expect("a workload");
    generator.announce_passes();
    generator.open_at_most(limit);
    let mut story = Vec::new();
    while let Some(request) = generator.next() {
        let file = generator.file_in(request.file as usize);
        story.push(match request.kind {
            RequestKind::Open => format!("o{file}"),
            RequestKind::NextPass => "n".to_owned(),
            RequestKind::Data(_) => format!("{file}@{}", request.offset / 4096),
            other => panic!("{other:?}"),
        });
        assert!((request.file as usize) < limit, "a slot");
    }
    story.join(" ")
}

/// As observed of fio 3.33 by its system calls.
#[test]
fn files_are_opened_in_turn() {
    let mut spec = JobSpec::new("j");
    spec.size = Some(SizeOrPercent::Bytes(24_576));
    assert_eq!(in_turn(&spec, 3, 1), "o0 0@0 0@1 o1 1@0 1@1 o2 2@0 2@1",);
    assert_eq!(in_turn(&spec, 3, 2), "o0 0@0 o1 1@0 0@1 1@1 o2 2@0 2@1",);
    spec.loops = 2;
    let once = "o0 0@0 o1 1@0 0@1 1@1 o2 2@0 2@1";
    assert_eq!(in_turn(&spec, 3, 2), format!("{once} n {once}"));
    spec.loops = 1;
    spec.order.file_service = FileService::Random { every: 1 };
    let drawn = in_turn(&spec, 3, 1);
    let mut blocks: Vec<_> = drawn.split(' ').collect();
    assert_eq!(
        blocks.iter().filter(|step| step.starts_with('o')).count(),
        3
    );
    blocks.sort_unstable();
    assert_eq!(blocks[..6], ["0@0", "0@1", "1@0", "1@1", "2@0", "2@1"]);
    spec.order.file_service = FileService::RoundRobin { every: 1 };
    assert_eq!(
        in_turn(&spec, 3, 3),
        "0@0 1@0 2@0 0@1 1@1 2@1",
        "all are open"
    );
}

#[test]
fn new_passes_are_told_of_on_every_path() {
    for (pattern, no_random_map) in [
        (Pattern::READ, false),
        (Pattern::RANDOM_READ, false),
        (Pattern::READ_WRITE, false),
    ] {
        for time_based in [false, true] {
            let mut spec = JobSpec::new("j");
            spec.pattern = pattern;
            spec.no_random_map = no_random_map;
            spec.loops = 3;
            spec.time_based = time_based;
            spec.size = Some(SizeOrPercent::Bytes(16_384));
            let regions = [FileRegion {
                start: 0,
                length: 16_384,
                name_hash: 0,
            }];
            let make =
                || Generator::new(&spec, 1, &regions, RandomRule::Newest).expect("a workload");
            let (mut plain, mut telling) = (make(), make());
            telling.announce_passes();
            let is_data = |request: &Request| matches!(request.kind, RequestKind::Data(_));
            let plain: Vec<_> = std::iter::from_fn(|| plain.next()).take(12).collect();
            let told: Vec<_> = std::iter::from_fn(|| telling.next()).take(13).collect();
            let data: Vec<_> = told.iter().copied().filter(is_data).take(12).collect();
            assert_eq!(data, plain[..data.len()], "{pattern:?} {time_based}");
            assert!(
                told.len() > data.len(),
                "{pattern:?} {time_based}: {told:?}"
            );
        }
    }
}

/// The first offsets of a job in one file.
fn first_offsets(spec: &JobSpec, region: FileRegion, rule: RandomRule, count: usize) -> Vec<u64> {
    let mut generator = Generator::new(spec, 1, &[region], rule).expect("a workload");
    let requests = std::iter::from_fn(|| generator.next());
    requests.map(|request| request.offset).take(count).collect()
}

/// Trims of a job that issues none have no influence on where its I/Os go.
#[test]
fn skewed_distributions_count_blocks_of_reads_and_writes() {
    let (theta, center) = (1.2, None);
    let mut spec = JobSpec::new("skewed");
    spec.pattern = Pattern::RANDOM_READ;
    spec.order.distribution = Distribution::Zipf { theta, center };
    let region = FileRegion {
        length: 200 << 10,
        name_hash: name_hash(b"0.0"),
        ..FileRegion::default()
    };
    for rule in [RandomRule::Before335, RandomRule::Newest] {
        let expected = first_offsets(&spec, region, rule, 60);
        assert_eq!(expected.len(), 50);
        let mut other = spec.clone();
        other.block_sizes[Direction::Trim] = BlockSizes::Fixed(1024);
        assert_eq!(first_offsets(&other, region, rule, 60), expected);
    }
}

/// What fio 3.33 issues first with `random_distribution=normal:46:0.4`.
#[test]
fn a_center_left_of_the_middle_is_fios() {
    let (deviation, center) = (46.0, Some(0.4));
    let mut spec = JobSpec::new("centered");
    spec.pattern = Pattern::RANDOM_READ;
    spec.order.distribution = Distribution::Normal { deviation, center };
    let region = FileRegion {
        length: 204_368,
        name_hash: name_hash(b"0.0"),
        ..FileRegion::default()
    };
    let issued = first_offsets(&spec, region, RandomRule::Before335, 3);
    assert_eq!(issued, [77_824, 0, 110_592]);
}

/// What fio 3.33 issues, and what its manual says.
#[test]
fn writes_after_trims_follow_the_rule() {
    let mut spec = JobSpec::new("trimwrite");
    spec.pattern = Pattern::RANDOM_TRIM_WRITE;
    spec.block_sizes = PerDirection::splat(BlockSizes::Fixed(1024));
    let region = FileRegion {
        start: 4096,
        length: 8192,
        ..FileRegion::default()
    };
    let issued = first_offsets(&spec, region, RandomRule::Before335, 20);
    assert_eq!(issued, [[4096].as_slice(), &[8192; 8]].concat());
    let issued = first_offsets(&spec, region, RandomRule::Newest, 20);
    assert_eq!(issued.len(), 16);
    assert!(
        issued.chunks(2).all(|pair| pair[0] == pair[1]),
        "{issued:?}"
    );

    spec.pattern = Pattern::TRIM_WRITE;
    spec.block_sizes[Direction::Write] = BlockSizes::Fixed(2048);
    spec.block_sizes[Direction::Trim] = BlockSizes::Fixed(4096);
    let region = FileRegion {
        length: 24 << 10,
        ..FileRegion::default()
    };
    let issued = first_offsets(&spec, region, RandomRule::Before335, 8);
    assert_eq!(issued, [0, 0, 4, 2, 4, 8, 6, 8].map(|block| block << 10));
    let issued = first_offsets(&spec, region, RandomRule::Newest, 8);
    assert_eq!(issued, [0, 0, 4, 4, 8, 8, 12, 12].map(|block| block << 10));
}

/// What fio 3.33 issues with `random_generator=lfsr`, and that the newer rule goes over the file.
#[test]
fn a_shift_register_in_zones_follows_the_rule() {
    let zones = [(50, 50), (50, 50)].map(|(share, size)| Zone { share, size });
    let mut spec = JobSpec::new("zoned");
    spec.pattern = Pattern::RANDOM_READ;
    spec.block_sizes = PerDirection::splat(BlockSizes::Fixed(1024));
    spec.random_generator = RandomGenerator::Lfsr;
    spec.order.distribution = Distribution::Zoned(ZoneList::Percent(zones.into()));
    let region = FileRegion {
        length: 16 << 10,
        ..FileRegion::default()
    };
    let issued = first_offsets(&spec, region, RandomRule::Before335, 20);
    assert_eq!(issued, [15, 11, 9].map(|block| block << 10));
    let issued = first_offsets(&spec, region, RandomRule::Newest, 20);
    assert_eq!(issued.len(), 16);
}

/// In fio 3.33 a file whose zone is used up has no further I/O, while the other goes on.
#[test]
fn zones_of_several_files_follow_the_rule() {
    let mut spec = JobSpec::new("zones");
    spec.pattern = Pattern::RANDOM_READ;
    spec.block_sizes = PerDirection::splat(BlockSizes::Fixed(1024));
    spec.file_count = 2;
    spec.order.zones = Some(StridedZones {
        size: 4096,
        range: 4096,
        skip: 0,
    });
    let region = FileRegion {
        length: 32 << 10,
        ..FileRegion::default()
    };
    let files = |rule| {
        let mut generator = Generator::new(&spec, 1, &[region; 2], rule).expect("a workload");
        let requests = std::iter::from_fn(|| generator.next());
        requests.map(|request| request.file).collect::<Vec<_>>()
    };
    let issued = files(RandomRule::Before335);
    let second: Vec<_> = (0..).zip(&issued).filter(|one| *one.1 == 1).collect();
    let places: Vec<u64> = second.iter().map(|one| one.0).collect();
    assert_eq!(
        (issued.len(), places.as_slice()),
        (64, [1, 3, 5, 7].as_slice())
    );
    let issued = files(RandomRule::Newest);
    assert_eq!(issued.iter().filter(|&&file| file == 1).count(), 32);
}
