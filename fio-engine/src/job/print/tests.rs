//! Printing and reading again gives the same job.

mod latency;
mod lifecycle;
mod order;
mod process;

use proptest::prelude::*;

use super::*;
use crate::job::spec::buffers::{BufferOptions, DedupeMode, DedupeOptions};
use crate::job::spec::file_options::{
    AccessHint, FileKind, FileOptions, LifetimeHint, LockMode, RangeSync,
};
use crate::job::spec::log_options::MAX_HISTOGRAM_COARSENESS;
use crate::job::spec::memory::{MemoryKind, MemoryOptions};
use crate::job::spec::pattern::BufferPattern;
use crate::job::spec::replay::{ReplayOptions, SkippedActions, TraceMerge};
use crate::job::spec::{Measure, Pattern, PercentileKinds};
use crate::job::{
    CommandPriority, CpuOptions, CpuWork, IoPriority, IoUringOptions, JobSource, LibAioOptions,
    MAX_FILES, Machine, ParseOptions, PriorityOptions, SizedPriority, StatCall, parse_jobs,
    parse_words,
};

fn options() -> ParseOptions<'static> {
    ParseOptions {
        machine: Machine {
            page_bytes: 4096,
            memory_mib: 1024,
            cpus: 4,
            cpu_limit: 4,
        },
        ..ParseOptions::for_peer()
    }
}

fn reread(text: &str) -> JobSpec {
    let parsed = parse_jobs(&[JobSource::text("printed", text)], &options());
    let mut parsed = parsed.unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(parsed.notices, [], "{text}");
    JobSpec {
        given_options: Vec::new(),
        ..parsed.jobs.remove(0)
    }
}

#[test]
fn preconditioning_is_printed() {
    for more in ["", "spr_num_regions=7\nspr_op=0.28\nspr_cs=1m\n"] {
        let text = format!("[job]\nrw=randwrite\nsprandom=1\n{more}");
        let spec = reread(&text);
        assert_eq!(
            spec.order
                .preconditioning
                .is_some_and(|one| one.regions == 7),
            !more.is_empty()
        );
        assert_eq!(reread_words(&spec), spec);
    }
}

fn reread_words(spec: &JobSpec) -> JobSpec {
    let mut words = vec![format!("--name={}", spec.name)];
    words.extend(
        spec.to_options()
            .iter()
            .map(|(name, value)| format!("--{name}={value}")),
    );
    let parsed = parse_words(&words, &options());
    let mut parsed = parsed.unwrap_or_else(|error| panic!("{error}\n{words:?}"));
    JobSpec {
        given_options: Vec::new(),
        ..parsed.jobs.remove(0)
    }
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop::sample::select(vec![
        Pattern::READ,
        Pattern::WRITE,
        Pattern::TRIM,
        Pattern::RANDOM_READ,
        Pattern::RANDOM_WRITE,
        Pattern::RANDOM_TRIM,
        Pattern::READ_WRITE,
        Pattern::RANDOM_READ_WRITE,
        Pattern::TRIM_WRITE,
        Pattern::RANDOM_TRIM_WRITE,
    ])
}

fn sizes() -> impl Strategy<Value = BlockSizes> {
    let shares = (1_u64..1 << 20, 1_u8..100).prop_map(|(size, share)| {
        BlockSizes::Split(vec![(size, share), (size + 512, 100 - share)])
    });
    prop_oneof![
        (1_u64..1 << 30).prop_map(BlockSizes::Fixed),
        (1_u64..1 << 20, 1_u64..1 << 20).prop_map(|(low, more)| BlockSizes::Range(low, low + more)),
        shares,
        Just(BlockSizes::Split(vec![(4096, 33), (512, 33), (1024, 33)])),
    ]
}

fn size() -> impl Strategy<Value = Option<SizeOrPercent>> {
    prop::option::of(prop_oneof![
        (1_u64..).prop_map(SizeOrPercent::Bytes),
        (1_u8..=100).prop_map(SizeOrPercent::Percent),
    ])
}

fn time() -> impl Strategy<Value = Duration> {
    (0_u64..1 << 40).prop_map(Duration::from_micros)
}

prop_compose! {
    fn workload()(
        name in "[a-zA-Z\\[\\]é][a-z \\]=é:]{0,10}[a-z\\]]",
        description in prop::option::of("[a-z][a-z$=}\"]{0,12}[a-z]"),
        pattern in pattern(),
        read_mix_percent in 0_u8..=100,
        block_sizes in [sizes(), sizes(), sizes()],
        flags: [bool; 8],
        offset_alignment in prop::array::uniform3(prop::option::of(1_u64..1 << 20)),
        random_seed: Option<u64>,
        engine in "[a-z][a-z0-9_]{2,8}",
        depth in (1_u32..64).prop_flat_map(|depth| (Just(depth), 0..=depth, 1..=depth, 0..=depth)),
    ) -> JobSpec {
        let (io_depth, submit_batch, complete_batch_min, io_depth_low) = depth;
        JobSpec {
            description,
            pattern,
            read_mix_percent,
            block_sizes: PerDirection(block_sizes),
            offset_alignment: PerDirection(offset_alignment),
            random_seed,
            unaligned_block_sizes: flags[0],
            no_random_map: flags[1],
            soft_random_map: flags[2],
            repeatable: flags[3],
            all_repeatable: flags[4],
            direct: flags[5],
            thread: flags[6],
            random_generator: match (flags[7], flags[2]) {
                (true, true) => RandomGenerator::Tausworthe64,
                (true, false) => RandomGenerator::Lfsr,
                (false, _) => RandomGenerator::Tausworthe,
            },
            engine: engine.replace("linuxaio", "libaio").replace("external", "outside"),
            io_depth,
            submit_batch,
            complete_batch_min,
            complete_batch_max: flags[0].then_some(io_depth),
            io_depth_low,
            ..JobSpec::new(name)
        }
    }
}

fn log_name() -> impl Strategy<Value = Option<String>> {
    prop::option::of("([a-z][a-z/.]{0,8}[a-z])?")
}

prop_compose! {
    fn logs()(
        names in [log_name(), log_name(), log_name(), log_name()],
        times in (0_u64..100_000, 0_u64..100_000),
        window in 0..3_usize,
        histogram_coarseness in 0..=MAX_HISTOGRAM_COARSENESS,
        flags: [bool; 6],
        entries in 1024_u32..=1 << 20,
        compression in prop::option::of(1024_u64..=512 << 20),
        on_first_cpu: bool,
        epoch_clock in 0_u32..12,
    ) -> LogOptions {
        let [bandwidth, latency, iops, histogram] = names;
        LogOptions {
            bandwidth,
            latency,
            iops,
            histogram,
            interval: Duration::from_millis(times.0),
            window_value: [WindowValue::Average, WindowValue::Maximum, WindowValue::Both][window],
            histogram_interval: Duration::from_millis(times.1),
            histogram_coarseness,
            offset: flags[0],
            priority: flags[1],
            issue_time: flags[2],
            per_job: flags[3],
            entries,
            compression,
            compression_cpus: on_first_cpu.then(|| vec![0]),
            store_compressed: flags[4],
            alternate_epoch: flags[5],
            epoch_clock,
        }
    }
}

fn limits(least: u64) -> impl Strategy<Value = PerDirection<Option<u64>>> {
    prop::array::uniform3(prop::option::of(least..=u32::MAX.into())).prop_map(PerDirection)
}

prop_compose! {
    fn priority()(
        class in prop::option::of(0..=IoPriority::MAX_CLASS),
        level in prop::option::of(0..=IoPriority::MAX_LEVEL),
        hint in prop::option::of(0..=IoPriority::MAX_HINT),
    ) -> PriorityOptions {
        PriorityOptions { class, level, hint, ..PriorityOptions::default() }
    }
}

prop_compose! {
    /// Minimums lie below what limits are drawn from.
    fn rate()(
        limits in limits(1000),
        minimums in prop::array::uniform3(prop::option::of(1_u64..1000)),
        by_iops: [bool; 2],
        poisson: bool,
        cycle in 1_u64..100_000,
        ignores_think_time: bool,
    ) -> RateOptions {
        let mut rate = RateOptions::default();
        *(if by_iops[0] { &mut rate.iops } else { &mut rate.bandwidth }) = limits;
        let minimum = if by_iops[1] { &mut rate.minimum_iops } else { &mut rate.minimum_bandwidth };
        *minimum = PerDirection(minimums);
        rate.process = if poisson { RateProcess::Poisson } else { RateProcess::Linear };
        rate.cycle = Duration::from_millis(cycle);
        rate.ignores_think_time = ignores_think_time;
        rate
    }
}

fn pattern_bytes() -> impl Strategy<Value = BufferPattern> {
    let bytes = prop::collection::vec(any::<u8>(), 1..512)
        .prop_map(|bytes| BufferPattern::bytes(bytes).unwrap());
    let file = "[a-z/]{1,8}"
        .prop_map(|name| BufferPattern::parse(format!("'{name}'0x12").as_bytes()).unwrap());
    prop_oneof![bytes, file]
}

prop_compose! {
    fn buffers()(
        refill: Option<bool>,
        flags: [bool; 4],
        pattern in prop::option::of(pattern_bytes()),
        percents in prop::array::uniform2(prop::option::of(0_u8..=100)),
        compress_chunk: u32,
        working_set_percent in 0_u8..=100,
    ) -> BufferOptions {
        BufferOptions {
            refill,
            scramble: flags[0],
            zero: flags[1],
            pattern,
            compress_percent: percents[0],
            compress_chunk,
            dedupe: DedupeOptions {
                percent: percents[1],
                mode: if flags[2] { DedupeMode::WorkingSet } else { DedupeMode::Repeat },
                working_set_percent,
                global: flags[3],
            },
        }
    }
}

prop_compose! {
    fn merge()(
        file in prop::option::of("[a-z/:]{0,8}[a-z]"),
        time_percents in prop::collection::vec(0.0..1e6, 0..3),
        iterations: Vec<u32>,
    ) -> TraceMerge {
        TraceMerge { file: file.map(Into::into), time_percents, iterations }
    }
}

prop_compose! {
    fn replay()(
        log in prop::option::of("[a-z/:]{0,8}[a-z]"),
        reads in prop::collection::vec("[a-z/:]{0,8}[a-z]", 1..3),
        redirect in prop::option::of("[a-z/:]{0,8}[a-z]"),
        flags: [bool; 7],
        scale: u32,
        align in prop::option::of(0..32_u32),
        time_scale in 1_u32..,
        merge in merge(),
    ) -> ReplayOptions {
        ReplayOptions {
            read_logs: if log.is_some() { Vec::new() } else { reads.into_iter().map(Into::into).collect() },
            write_log: log.map(Into::into),
            merge,
            chunked: flags[0],
            no_stall: flags[1],
            redirect: redirect.map(Into::into),
            scale,
            align: align.map_or(0, |bits| 1 << bits),
            time_scale,
            skip: SkippedActions { read: flags[2], write: flags[3], trim: flags[4], sync: flags[5] },
        }
    }
}

prop_compose! {
    fn memory()(
        kind in prop::sample::select(MemoryKind::ALL.to_vec()),
        file in prop::option::of("[a-z/:]{0,8}[a-z]"),
        alignment: u32,
        huge_page_size: u32,
    ) -> MemoryOptions {
        let file = file.filter(|_| kind.maps_files()).map(Into::into);
        MemoryOptions { kind, file, alignment, huge_page_size }
    }
}

prop_compose! {
    fn file_options()(
        folder in prop::option::of("/[a-z]{1,8}"),
        most in prop::option::of(1_u32..100),
        kind in 0..4_usize,
        hints in (0..5_usize, 0..6_usize),
        flags: [bool; 12],
        open_limit in prop::option::of(1_u32..),
        lock in 0..3_usize,
        range in (1_u32..1000, 1_u8..8),
        ranges: bool,
    ) -> FileOptions {
        FileOptions {
            stem: None,
            most: most.filter(|_| folder.is_some()),
            folder: folder.map(Into::into),
            unique_names: flags[0],
            client: None,
            kind: [None, Some(FileKind::Regular), Some(FileKind::BlockDevice), Some(FileKind::CharacterDevice)][kind],
            fill: flags[1],
            append: flags[2],
            create_in_turn: flags[3],
            sync_after_creation: flags[4],
            create_on_open: flags[5],
            create_only: flags[6],
            allow_creation: flags[7],
            allow_mounted_write: flags[8],
            pre_read: flags[9],
            end_sync_file_system: flags[10],
            unlink_each_loop: flags[11],
            open_limit,
            lock: [LockMode::None, LockMode::Exclusive, LockMode::ReadWrite][lock],
            access_hint: [AccessHint::Workload, AccessHint::None, AccessHint::Random, AccessHint::Sequential, AccessHint::NoReuse][hints.0],
            lifetime_hint: [None, Some(LifetimeHint::None), Some(LifetimeHint::Short), Some(LifetimeHint::Medium), Some(LifetimeHint::Long), Some(LifetimeHint::Extreme)][hints.1],
            range_sync: ranges.then_some(RangeSync {
                every: range.0,
                wait_before: range.1 & 1 != 0,
                write: range.1 & 2 != 0,
                wait_after: range.1 & 4 != 0,
            }),
        }
    }
}

/// The count of files that the parser leaves where files are named.
fn file_count(drawn: u32, names: &[String], files: &FileOptions) -> u32 {
    match &files.folder {
        Some(_) => files.most.unwrap_or(1),
        None if names.is_empty() => drawn,
        None => names.len() as u32,
    }
}

prop_compose! {
    fn job()(
        spec in workload().boxed(),
        sizes in [size(), size()],
        file_size in prop::option::of((1_u64..1 << 50, 0_u64..1 << 50)),
        file_names in prop::collection::vec("[a-z/:\\\\]{0,8}[a-z]", 0..3),
        directories in prop::collection::vec("/[a-z/: ]{0,8}[a-z]", 0..3),
        times in [time(), time(), time(), time()],
        counts in (1..=MAX_FILES, 1_u64..1 << 30, 1_u32..60_000, 0_u32.., 0_u32..),
        flags: [bool; 12],
        more: [bool; 8],
        choices in (0..5_usize, 0..3_usize, 0..3_usize),
        cpus in prop::option::of(prop::collection::btree_set(0_usize..4, 1..4)),
        list in prop::collection::btree_set(0_u32..=10_000, 1..20),
        averages in (prop::option::of(0_u64..100_000), prop::option::of(0_u64..100_000), 1_u32..=10),
        logs in logs().boxed(),
        rate in rate().boxed(),
        (buffers, memory, files, replay) in (buffers().boxed(), memory().boxed(), file_options().boxed(), replay().boxed()),
        priority in priority(),
        order in order::order().boxed(),
    ) -> JobSpec {
        JobSpec {
            order: order::of_pattern(order, spec.pattern),
            file_count: file_count(counts.0, &file_names, &files),
            files,
            size: sizes[0],
            io_size: sizes[1],
            offset: sizes[0].unwrap_or(SizeOrPercent::Percent(0)),
            file_size: file_size.map(|(low, more)| (low, low + more)),
            file_names,
            directories: directories.into_iter().map(Into::into).collect(),
            file_name_format: flags[0].then(|| "$jobname.$filenum".to_owned()),
            runtime: Some(times[0]).filter(|time| !time.is_zero()),
            time_based: flags[1] && !times[0].is_zero(),
            ramp_time: times[1],
            start_delay: (times[2].min(times[3]), times[2].max(times[3])),
            loops: counts.1,
            clones: counts.2,
            fsync_every: counts.3,
            fdatasync_every: counts.4,
            fallocate: [Fallocate::None, Fallocate::Native, Fallocate::Posix, Fallocate::KeepSize, Fallocate::Truncate][choices.0],
            sync_mode: [SyncMode::None, SyncMode::Sync, SyncMode::DataSync][choices.1],
            unit_base: [0, 1, 8][choices.2],
            kb_base: if flags[2] { 1000 } else { 1024 },
            invalidate: flags[3],
            overwrite: flags[4],
            unlink: flags[5],
            stonewall: flags[6],
            new_group: flags[7],
            group_reporting: flags[8],
            split_cpus: flags[9],
            end_fsync: flags[10],
            fsync_on_close: flags[11],
            buffers,
            memory,
            replay,
            measure: Measure { submission_latency: more[3], completion_latency: more[4], total_latency: more[5], bandwidth: more[6] },
            percentiles: PercentileKinds { submission: more[5], completion: more[6], total: more[7] },
            cpus_allowed: cpus.map(|cpus| cpus.into_iter().collect()),
            percentile_list: list.into_iter().map(|value| f64::from(value) / 100.0).collect(),
            bandwidth_interval: averages.0.map(Duration::from_millis),
            iops_interval: averages.1.map(Duration::from_millis),
            significant_figures: averages.2,
            logs,
            rate,
            priority,
            ..spec
        }
    }
}

proptest! {
    #[test]
    fn reading_what_was_printed_gives_the_same_job(spec in process::added_to(latency::added_to(lifecycle::added_to(job())))) {
        prop_assert_eq!(spec.validate(), Ok(()));
        let text = spec.to_job_file().expect("only printable texts are drawn");
        let mut printed = spec.clone();
        if spec.name.contains(['[', ']']) {
            // No section can have that title; another one then names the files.
            printed.files.stem = Some("job".to_owned());
        }
        prop_assert_eq!(&reread(&text), &printed);
        prop_assert_eq!(reread_words(&spec), spec);
    }
}

prop_compose! {
    fn sized_priority()(
        block_size in 0_u64..1 << 30,
        percentage in 0_u8..=100,
        priority in prop::option::of((1..=3_u8, 0..=7_u8, 0..=1023_u16)),
    ) -> SizedPriority {
        let priority = priority.map(|(class, level, hint)| IoPriority::new(class, level, hint));
        SizedPriority { block_size, percentage, priority }
    }
}

prop_compose! {
    fn command_priority()(
        percentage in 0_u8..=100,
        class in prop::option::of(1..=3_u8),
        level in 0..=7_u8,
        hint in 0..=1023_u16,
        by_size in prop::collection::vec(sized_priority(), 0..4),
    ) -> CommandPriority {
        CommandPriority { percentage, class, level, hint, by_size }
    }
}

prop_compose! {
    fn job_of_an_engine()(
        engine in 0_usize..6,
        flags: [bool; 8],
        cpu in prop::option::of(0_u32..=i32::MAX as u32),
        force_async: u32,
        reads in command_priority(),
        writes in command_priority(),
    ) -> JobSpec {
        let mut spec = JobSpec::new("a");
        spec.engine = ["io_uring", "libaio", "pvsync2", "mmap", "filestat", "cpuio"][engine].to_owned();
        if engine < 2 {
            spec.priority.reads = reads;
            spec.priority.writes = writes;
        }
        let options = &mut spec.engine_options;
        options.no_wait = engine < 3 && flags[0];
        options.polled = matches!(engine, 0 | 2) && flags[1];
        options.uncached = matches!(engine, 0 | 2) && flags[2];
        match engine {
            0 => options.io_uring = IoUringOptions {
                fixed_buffers: flags[3],
                registered_files: flags[4],
                kernel_thread: flags[5],
                kernel_thread_cpu: cpu,
                vectored: flags[6],
                force_async,
            },
            1 => options.libaio = LibAioOptions { vectored: flags[3], userspace_reap: flags[4] },
            2 => options.pvsync2.polled_percentage = (force_async % 101) as u8,
            3 => options.mmap.huge_pages = flags[3],
            4 => options.file_stat.call = [StatCall::Lstat, StatCall::Statx][usize::from(flags[3])],
            _ => options.cpu = CpuOptions {
                load: (force_async % 101) as u8,
                chunk_microseconds: force_async,
                work: [CpuWork::Idle, CpuWork::Sort][usize::from(flags[3])],
                exit_with_io: flags[4],
            },
        }
        spec
    }
}

proptest! {
    #[test]
    fn options_of_engines_are_read_as_they_are_printed(spec in job_of_an_engine()) {
        prop_assert_eq!(spec.validate(), Ok(()));
        let text = spec.to_job_file().expect("numbers can be printed");
        prop_assert_eq!(&reread(&text), &spec);
        prop_assert_eq!(reread_words(&spec), spec);
    }
}

#[test]
fn a_new_job_needs_no_options() {
    assert_eq!(JobSpec::new("a").to_job_file().as_deref(), Ok("[a]\n"));
    assert_eq!(
        JobSpec::new("global").to_job_file().as_deref(),
        Ok("[job]\nname=global\n")
    );
}

#[test]
fn what_a_job_file_cannot_hold_is_not_printed() {
    for name in ["", " a", "a#b", "a;b", "a\nb", "${HOME}", "$ncpus"] {
        assert!(JobSpec::new(name).to_job_file().is_err(), "{name:?}");
    }
    for file in ["", "a\\", "a\u{fffd}"] {
        assert!(
            JobSpec::new("a")
                .file(file)
                .file("b")
                .to_job_file()
                .is_err(),
            "{file:?}"
        );
    }
}

#[test]
fn pauses_flows_and_limits_are_read_back() {
    let text = "[a]\nthinktime=5ms\nthinkcycles=700\nthinktime_spin=10\nthinktime_blocks=4\nthinktime_blocks_type=issue\n\
                thinktime_iotime=2\nflow=7\nflow_id=3\nflow_sleep=50\nmax_latency=1ms,,20\n";
    let read = |text: &str| {
        let source = JobSource::text("pauses", text);
        let parsed = parse_jobs(&[source], &Default::default());
        let mut spec = parsed.expect("good options").jobs.remove(0);
        spec.given_options.clear();
        spec
    };
    let spec = read(text);
    assert_eq!(spec.think_time.spin, Duration::from_micros(10));
    assert_eq!(spec.think_time.cycles, 700);
    assert_eq!(spec.think_time.io_time, Duration::from_secs(2));
    assert_eq!((spec.flow.id, spec.flow.weight), (3, 7));
    let limits = spec.max_latency.0;
    assert_eq!(
        limits,
        [1000, 0, 20].map(|time| Some(Duration::from_micros(time)).filter(|time| !time.is_zero()))
    );
    assert_eq!(read(&spec.to_job_file().expect("printable")), spec);
}
