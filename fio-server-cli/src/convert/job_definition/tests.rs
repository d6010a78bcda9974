use fio_engine::job::{ContinueOn, RangeSync};
use fio_proto::Revision;

use super::*;

/// The job fio's own servers were given whose announcements are in the protocol's tests.
fn mixed() -> JobSpec {
    let mut spec = JobSpec::new("mix");
    spec.pattern = Pattern::RANDOM_READ_WRITE;
    spec.directories = vec!["/data".into()];
    spec.size = Some(SizeOrPercent::Bytes(1 << 20));
    spec.clones = 2;
    spec.group_reporting = true;
    spec.fsync_every = 16;
    spec.runtime = Some(Duration::from_secs(3));
    spec
}

/// As observed of a server of fio 3.33 for `mem=mmapshared:/f`, `iomem_align=512`,
/// `buffer_pattern=0xdeadface"ab"`, `dedupe_mode=working_set`, and a replay.
#[test]
fn buffers_and_replays_are_those_fio_sends_for_the_same_job() {
    let mut spec = mixed();
    spec.memory.kind = MemoryKind::SharedMapping;
    spec.memory.file = Some("/f".into());
    spec.memory.alignment = 512;
    spec.buffers.pattern = BufferPattern::bytes(*b"\xde\xad\xfa\xceab").ok();
    spec.buffers.dedupe.percent = Some(30);
    spec.buffers.dedupe.mode = DedupeMode::WorkingSet;
    spec.replay.read_logs = vec!["l1".into(), "l2".into()];
    spec.replay.skip.write = true;
    spec.replay.skip.sync = true;
    let options = job_definition(1, 0, &spec, ServerVersion::NEWEST).options;
    assert_eq!((options.memory_type, options.memory_align), (5, 512));
    assert_eq!(options.memory_map_file, "/f");
    assert_eq!(options.buffer_pattern, b"\xde\xad\xfa\xceab");
    assert_eq!(options.buffer_pattern_bytes, 6);
    let dedupe = (options.dedupe_percent, options.dedupe_mode);
    assert_eq!((dedupe, options.dedupe_working_set_percent), ((30, 1), 5));
    assert_eq!(options.read_io_log_file, "l1:l2");
    assert_eq!((options.replay_skip, options.replay_scale), (10, 1));
}

/// As observed of a server of fio 3.33 with `rate_iops=100,200`, `rate_iops_min=50,60`,
/// `rate_process=poisson` and `rate_cycle=500`.
#[test]
fn rates_are_those_fio_sends_for_the_same_job() {
    let mut spec = mixed();
    assert_eq!(
        job_definition(1, 0, &spec, ServerVersion::NEWEST)
            .options
            .rate_cycle_ms,
        1000
    );
    spec.rate.iops = PerDirection([Some(100), Some(200), Some(200)]);
    spec.rate.minimum_iops = PerDirection([Some(50), Some(60), Some(60)]);
    spec.rate.process = RateProcess::Poisson;
    spec.rate.cycle = Duration::from_millis(500);
    let options = job_definition(1, 0, &spec, ServerVersion::NEWEST).options;
    assert_eq!((options.rate, options.rate_min), ([0; 3], [0; 3]));
    assert_eq!(options.rate_iops, [100, 200, 200]);
    assert_eq!(options.rate_iops_min, [50, 60, 60]);
    assert_eq!((options.rate_process, options.rate_cycle_ms), (1, 500));
}

#[test]
fn options_are_those_fio_sends_for_the_same_job() {
    let options = job_definition(1, 0, &mixed(), ServerVersion::NEWEST).options;
    assert_eq!(options.name, "mix");
    assert_eq!(options.directory, "/data");
    assert_eq!(options.filename_format, "$jobname.$jobnum.$filenum");
    assert_eq!(options.data_direction, 7);
    assert_eq!(
        (options.block_size, options.block_alignment),
        ([4096; 3], [4096; 3])
    );
    assert_eq!((options.mix_percent[0], options.mix_percent[1]), (50, 50));
    assert_eq!((options.io_depth, options.io_depth_low), (1, 1));
    assert_eq!(
        (options.runtime, options.bandwidth_average_ms),
        (3_000_000, 500)
    );
    assert_eq!(
        (options.percentile_list[16], options.percentile_list[17]),
        (99.99, 0.0)
    );
    assert_eq!(options.job_count, 2);
}

/// As observed of a server of fio 3.33 with `exit_what=all`, `continue_on_error=verify` and
/// `ignore_error=EIO:ENOSPC,28`.
#[test]
fn ends_and_errors_are_those_fio_sends_for_the_same_job() {
    let options = job_definition(1, 0, &mixed(), ServerVersion::NEWEST).options;
    assert_eq!((options.exit_what, options.continue_on_error), (1, 0));
    let mut spec = mixed();
    spec.lifecycle.exit_scope = ExitScope::All;
    spec.lifecycle.wait_for = Some("a".to_owned());
    spec.errors.continue_on = ContinueOn::Verify;
    spec.errors.ignored.read = vec![5, 28];
    spec.errors.ignored.write = vec![28];
    spec.errors.by_block = true;
    let revision = Revision::of(ServerVersion::NEWEST).expect("a supported version");
    let mut payload = Vec::new();
    job_definition(1, 0, &spec, ServerVersion::NEWEST).encode(
        revision,
        &mut payload,
        &mut Vec::new(),
    );
    let arrived = JobDefinition::decode(revision, &payload).expect("what was sent");
    let options = arrived.options;
    assert_eq!(options.wait_for, "a");
    assert_eq!(
        (options.exit_what, options.continue_on_error),
        (u32::MAX, 7)
    );
    assert_eq!(options.ignore_error_count, [2, 1, 0]);
    assert_eq!(options.block_error_histogram, 1);
    assert!(options.ignore_error[0].starts_with(&[5, 28]));
    assert!(options.ignore_error[1].starts_with(&[28]));
}

#[test]
fn what_a_job_says_reaches_every_version() {
    let job = job_definition(3, 1, &mixed(), ServerVersion::NEWEST);
    for revision in Revision::all().skip(1) {
        let mut payload = Vec::new();
        job.encode(revision, &mut payload, &mut Vec::new());
        let arrived = JobDefinition::decode(revision, &payload).expect("what was sent");
        assert_eq!((arrived.thread_number, arrived.group_id), (3, 1));
        assert_eq!(arrived.options.name, "mix", "{revision}");
        assert_eq!(arrived.options.runtime, 3_000_000, "{revision}");
        assert_eq!(arrived.options.block_size, [4096; 3], "{revision}");
    }
}

/// As observed of a server of fio 3.33 for these options.
#[test]
fn file_options_are_told() {
    let mut spec = mixed();
    spec.files.access_hint = AccessHint::Random;
    spec.files.lifetime_hint = Some(LifetimeHint::Medium);
    spec.files.range_sync = Some(RangeSync {
        every: 7,
        wait_before: true,
        write: true,
        wait_after: true,
    });
    spec.files.append = true;
    spec.files.sync_after_creation = false;
    let options = job_definition(1, 0, &spec, ServerVersion::NEWEST).options;
    assert_eq!((options.fadvise_hint, options.write_hint), (2, 3));
    assert_eq!((options.sync_file_range, options.file_append), (7, 1));
    assert_eq!((options.create_fsync, options.create_serialize), (0, 1));
    assert_eq!((options.unique_filename, options.allow_create), (1, 1));
}

/// As in the announcements of fio 3.33 for these options.
#[test]
fn logs_are_told() {
    let mut spec = mixed();
    spec.logs.latency = Some("xlat".to_owned());
    spec.logs.bandwidth = Some(String::new());
    spec.logs.interval = Duration::from_millis(250);
    spec.logs.compression = Some(16384);
    spec.logs.offset = true;
    let options = job_definition(1, 0, &spec, ServerVersion::NEWEST).options;
    assert_eq!(
        (options.write_bandwidth_log, options.write_latency_log),
        (1, 1)
    );
    assert_eq!(
        (options.write_iops_log, options.write_histogram_log),
        (0, 0)
    );
    assert_eq!(options.latency_log_file, "xlat");
    assert_eq!(options.bandwidth_log_file, "");
    assert_eq!((options.log_average_ms, options.log_offset), (250, 1));
    assert_eq!(
        (options.log_compression, options.log_entries),
        (16384, 1024)
    );
    assert_eq!(options.per_job_logs, 1);
}

#[test]
fn splits_and_ranges_are_told() {
    let mut spec = mixed();
    spec.block_sizes[Direction::Read] = BlockSizes::Split(vec![(4096, 60), (65536, 40)]);
    spec.block_sizes[Direction::Write] = BlockSizes::Range(512, 8192);
    let options = job_definition(1, 0, &spec, ServerVersion::NEWEST).options;
    assert_eq!(options.block_size_split_count, [2, 0, 0]);
    let large = BlockSizeShare {
        size: 65536,
        percent: 40,
    };
    assert_eq!(options.block_size_split[0][1], large);
    assert_eq!(options.min_block_size, [4096, 512, 4096]);
    assert_eq!(options.max_block_size, [65536, 8192, 4096]);
    assert_eq!(options.smallest_block_size, 512);
}

#[test]
fn patterns_have_fios_bits() {
    let table = [
        (Pattern::READ, 1),
        (Pattern::WRITE, 2),
        (Pattern::READ_WRITE, 3),
        (Pattern::RANDOM_READ, 5),
        (Pattern::RANDOM_READ_WRITE, 7),
        (Pattern::TRIM, 8),
        (Pattern::TRIM_WRITE, 10),
        (Pattern::RANDOM_TRIM_WRITE, 14),
    ];
    for (pattern, bits) in table {
        assert_eq!(data_direction(pattern), bits, "{}", pattern.name());
    }
}
