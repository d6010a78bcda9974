//! A job of the engine, as the options a server announces it with (ADD_JOB).
//!
//! fio's console client takes nothing from them but two numbers; graphical clients show them. So what
//! a job is made of is told exactly: name, engine, files, `rw`, block sizes, sizes, depth, times, CPUs'
//! policy, syncs, rates of measurement. Options the engine does not have carry the values fio sends
//! for a job that does not set them, and those without such a value are zero.

mod surroundings;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::engine_to_wire::unit_base;
use super::unified_report;
use fio_engine::job::{
    AccessHint, BlockSizes, BufferPattern, DedupeMode, ExitScope, Fallocate, FileOptions, JobSpec,
    LifetimeHint, LockMode, LogOptions, MemoryKind, MemoryOptions, OrderOptions, Pattern,
    PatternPart, RandomGenerator, RateOptions, RateProcess, ReplayOptions, SizeOrPercent,
    SubmitMode, SyncMode, ThinkTrigger, WindowValue,
};
use fio_engine::{Direction, PerDirection};
use fio_proto::layout::{BlockSizeShare, ThreadOptions};
use fio_proto::message::JobDefinition;
use fio_proto::{ByteString, ServerVersion};

/// How a job is announced: the number of its first thread, counted from 1, its group, counted from 0,
/// and its options, as servers of this version have them.
#[must_use]
pub fn job_definition(
    thread_number: u32,
    group_id: u32,
    spec: &JobSpec,
    version: ServerVersion,
) -> JobDefinition {
    let mut options = thread_options(spec);
    options.unit_base = unit_base(spec.unit_base, version);
    JobDefinition::new(thread_number, group_id, options)
}

fn thread_options(spec: &JobSpec) -> ThreadOptions {
    let mut options = unset_options();
    set_identity(spec, &mut options);
    set_workload(spec, &mut options);
    set_queue(spec, &mut options);
    set_files(spec, &mut options);
    set_file_options(&spec.files, &mut options);
    set_times(spec, &mut options);
    set_rates(&spec.rate, &mut options);
    set_pauses(spec, &mut options);
    surroundings::set_priorities(&spec.priority, &mut options);
    surroundings::set_process(&spec.process, &mut options);
    set_buffers(spec, &mut options);
    set_memory(&spec.memory, &mut options);
    set_replay(&spec.replay, &mut options);
    set_reports(spec, &mut options);
    set_lifecycle(spec, &mut options);
    surroundings::set_errors(&spec.errors, &mut options);
    surroundings::set_steady_state(&spec.steady_state, &mut options);
    set_logs(&spec.logs, &mut options);
    // What is read must be there, so fio lays it out first, and says so in this way.
    options.overwrite = spec.pattern.read.into();
    options
}

/// What fio sends for options no job file sets, as observed from its servers.
fn unset_options() -> ThreadOptions {
    let mut options = ThreadOptions::default();
    options.ios_per_random_offset = 1;
    options.unique_filename = 1;
    options.create_serialize = 1;
    options.create_fsync = 1;
    options.do_verify = 1;
    options.random_percent = [100; 3];
    options.huge_page_size = 2 << 20;
    options.think_time_blocks = 1;
    options.file_service_type = 2;
    options.fadvise_hint = 1;
    options.compress_chunk = 512;
    options.trim_zero = 1;
    options.percentile_precision = 2;
    (options.user_id, options.group_id) = (u32::MAX, u32::MAX);
    options.flow_watermark = 1024;
    options.latency_percentile = 100.0;
    options.replay_scale = 1;
    options.replay_time_scale = 100;
    options.allow_create = 1;
    options.zone_mode = 1;
    (options.verify_sort, options.verify_sort_count) = (1, 1024);
    (options.verify_write_sequence, options.verify_header_seed) = (1, 1);
    options.preconditioning_regions = 100;
    options.preconditioning_over_provisioning = 0.15;
    options.placement_select = 2;
    options.trim_ranges = 1;
    options
}

/// The seed of jobs that do not set one (`randseed`).
const SEED: u64 = 137;

fn set_rates(rate: &RateOptions, options: &mut ThreadOptions) {
    let bytes = |list: &PerDirection<Option<u64>>| list.0.map(Option::unwrap_or_default);
    // The parser and the engine keep I/Os per second within 32 bits.
    let ios = |list| bytes(list).map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    options.rate = bytes(&rate.bandwidth);
    options.rate_min = bytes(&rate.minimum_bandwidth);
    options.rate_iops = ios(&rate.iops);
    options.rate_iops_min = ios(&rate.minimum_iops);
    options.rate_process = match rate.process {
        RateProcess::Linear => 0,
        RateProcess::Poisson => 1,
    };
    options.rate_cycle_ms = u32::try_from(rate.cycle.as_millis()).unwrap_or(u32::MAX);
}

fn set_pauses(spec: &JobSpec, options: &mut ThreadOptions) {
    let microseconds = |time: Duration| u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
    let think = &spec.think_time;
    options.think_time = microseconds(think.time);
    options.think_time_spin = microseconds(think.spin);
    options.think_cycles = think.cycles;
    options.think_time_blocks = think.blocks.unwrap_or(1);
    options.think_time_blocks_type = u32::from(think.trigger == ThinkTrigger::Issue);
    options.think_time_io_time = microseconds(think.io_time);
    options.rate_ignores_think_time = u32::from(spec.rate.ignores_think_time);
    options.flow_id = i32::try_from(spec.flow.id).unwrap_or(i32::MAX);
    options.flow = i32::try_from(spec.flow.weight).unwrap_or(i32::MAX);
    options.flow_sleep = microseconds(spec.flow.sleep);
    let nanoseconds = |time: Option<Duration>| {
        u64::try_from(time.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
    };
    options.submit_mode = u32::from(spec.submit_mode == SubmitMode::Offload);
    options.serialize_overlap = spec.serialize_overlap.into();
    options.ramp_size = spec.ramp_bytes;
    let search = spec.latency_target;
    options.latency_target = u64::try_from(search.target.as_nanos()).unwrap_or(u64::MAX);
    options.latency_window = microseconds(search.window).into();
    options.latency_percentile = search.percentile;
    options.latency_run = search.goes_on.into();
    options.max_latency = spec.max_latency.0.map(nanoseconds);
}

fn set_identity(spec: &JobSpec, options: &mut ThreadOptions) {
    options.name = spec.name.as_str().into();
    options.description = spec.description.as_deref().unwrap_or_default().into();
    options.io_engine = spec.engine.as_str().into();
    options.job_count = spec.clones;
    options.use_thread = spec.thread.into();
    options.stonewall = spec.stonewall.into();
    options.new_group = spec.new_group.into();
    options.cpus_allowed_policy = spec.split_cpus.into();
}

fn set_workload(spec: &JobSpec, options: &mut ThreadOptions) {
    options.data_direction = data_direction(spec.pattern);
    let reads = spec.read_mix_percent.into();
    options.mix_percent = [reads, 100_u32.saturating_sub(reads), 0];
    let sizes = |of: fn(&BlockSizes) -> u64| by_direction(&spec.block_sizes, of);
    options.block_size = sizes(fixed_size);
    options.min_block_size = sizes(BlockSizes::min);
    options.max_block_size = sizes(BlockSizes::max);
    options.smallest_block_size = options.min_block_size.into_iter().min().unwrap_or(0);
    options.block_alignment = Direction::ALL.map(|direction| {
        spec.offset_alignment[direction].unwrap_or_else(|| spec.block_sizes[direction].min())
    });
    options.block_size_split = Direction::ALL.map(|direction| shares(&spec.block_sizes[direction]));
    options.block_size_split_count = [0, 1, 2].map(|direction: usize| {
        let shares = options.block_size_split.get(direction);
        shares.map_or(0, |shares| u32::try_from(shares.len()).unwrap_or(u32::MAX))
    });
    options.block_size_unaligned = spec.unaligned_block_sizes.into();
    options.no_random_map = spec.no_random_map.into();
    options.soft_random_map = spec.soft_random_map.into();
    options.random_repeatable = spec.repeatable.into();
    options.all_random_repeatable = spec.all_repeatable.into();
    options.random_seed = spec.random_seed.unwrap_or(SEED);
    options.random_generator = match spec.random_generator {
        RandomGenerator::Lfsr => 1,
        RandomGenerator::Tausworthe64 => 2,
        _ => 0,
    };
    set_order(&spec.order, options);
}

/// fio's number of `zonemode=strided`, as fio 3.33 sends it.
const ZONE_MODE_STRIDED: u32 = 2;

/// The distribution of offsets stays out: releases number them differently.
fn set_order(order: &OrderOptions, options: &mut ThreadOptions) {
    options.random_percent = order.random_percent.0.map(u32::from);
    options.ios_per_random_offset = order.random_every;
    options.sequential_offset_step = order.stride.cast_unsigned();
    options.block_sizes_by_order = order.sizes_by_order.into();
    if let Some(zones) = order.zones {
        options.zone_mode = ZONE_MODE_STRIDED;
        (options.zone_size, options.zone_range) = (zones.size, zones.range);
        options.zone_skip = zones.skip;
    }
    if let Some(one) = order.preconditioning {
        options.preconditioning = 1;
        options.preconditioning_regions = one.regions;
        options.preconditioning_cache_size = one.cache_size;
        options.preconditioning_over_provisioning = one.over_provisioning;
    }
}

/// fio's bits: 1 reads, 2 writes, 4 at random, 8 trims.
fn data_direction(pattern: Pattern) -> u32 {
    let bits = [pattern.read, pattern.write, pattern.random, pattern.trim];
    let bit = |(position, set): (u32, bool)| u32::from(set) << position;
    (0..).zip(bits).map(bit).sum()
}

/// Block size options of one size; of several the option stays at the smallest.
fn fixed_size(sizes: &BlockSizes) -> u64 {
    sizes.min()
}

fn shares(sizes: &BlockSizes) -> Vec<BlockSizeShare> {
    let BlockSizes::Split(entries) = sizes else {
        return Vec::new();
    };
    let share = |&(size, percent): &(u64, u8)| BlockSizeShare {
        size,
        percent: percent.into(),
    };
    entries.iter().map(share).collect()
}

fn by_direction<T>(values: &PerDirection<T>, of: impl Fn(&T) -> u64) -> [u64; 3] {
    Direction::ALL.map(|direction| of(&values[direction]))
}

fn set_queue(spec: &JobSpec, options: &mut ThreadOptions) {
    options.io_depth = spec.io_depth;
    options.io_depth_low = match spec.io_depth_low {
        0 => spec.io_depth,
        low => low,
    };
    options.io_depth_batch = spec.submit_batch;
    options.io_depth_batch_complete_min = spec.complete_batch_min;
    options.io_depth_batch_complete_max =
        spec.complete_batch_max.unwrap_or(spec.complete_batch_min);
    options.direct = spec.direct.into();
    options.sync_io = match spec.sync_mode {
        SyncMode::None => 0,
        SyncMode::DataSync => 0o10_000,
        SyncMode::Sync => 0o4_010_000,
    };
    options.fsync_blocks = spec.fsync_every;
    options.fdatasync_blocks = spec.fdatasync_every;
    options.end_fsync = spec.end_fsync.into();
    options.fsync_on_close = spec.fsync_on_close.into();
}

fn set_files(spec: &JobSpec, options: &mut ThreadOptions) {
    let directories = spec.directories.iter().map(|path| path.to_string_lossy());
    let directories: Vec<_> = directories.collect();
    options.directory = directories.join(":").into();
    options.filename = spec.file_names.join(":").into();
    let format = spec.file_name_format.as_deref();
    options.filename_format = format.unwrap_or("$jobname.$jobnum.$filenum").into();
    options.file_count = spec.file_count;
    let limit = spec.files.open_limit.unwrap_or(u32::MAX);
    options.open_files = spec.file_count.min(limit);
    (options.size, options.size_percent) = size(spec.size);
    (options.io_size, options.io_size_percent) = size(spec.io_size);
    (options.start_offset, options.start_offset_percent) = size(Some(spec.offset));
    (options.file_size_low, options.file_size_high) = spec.file_size.unwrap_or_default();
    options.invalidate_cache = spec.invalidate.into();
    options.overwrite = spec.overwrite.into();
    options.unlink = spec.unlink.into();
    options.fallocate_mode = match spec.fallocate {
        Fallocate::None => 1,
        Fallocate::Posix => 2,
        Fallocate::KeepSize => 3,
        Fallocate::Native => 4,
        Fallocate::Truncate => 5,
    };
}

fn set_file_options(files: &FileOptions, options: &mut ThreadOptions) {
    let folder = files.folder.as_ref().map(|path| path.to_string_lossy());
    options.open_directory = folder.unwrap_or_default().as_ref().into();
    options.unique_filename = files.unique_names.into();
    options.fill_device = files.fill.into();
    options.file_append = files.append.into();
    options.create_serialize = files.create_in_turn.into();
    options.create_fsync = files.sync_after_creation.into();
    options.create_on_open = files.create_on_open.into();
    options.create_only = files.create_only.into();
    options.allow_create = files.allow_creation.into();
    options.allow_mounted_write = files.allow_mounted_write.into();
    options.pre_read = files.pre_read.into();
    options.file_lock_mode = match files.lock {
        LockMode::Exclusive => 1,
        LockMode::ReadWrite => 2,
        LockMode::None => 0,
    };
    options.unlink_each_loop = files.unlink_each_loop.into();
    options.end_sync_file_system = files.end_sync_file_system.into();
    options.fadvise_hint = match files.access_hint {
        AccessHint::None => 0,
        AccessHint::Random => 2,
        AccessHint::Sequential => 3,
        AccessHint::NoReuse => 4,
        _ => 1,
    };
    options.write_hint = match files.lifetime_hint {
        None => 0,
        Some(LifetimeHint::None) => 1,
        Some(LifetimeHint::Short) => 2,
        Some(LifetimeHint::Medium) => 3,
        Some(LifetimeHint::Long) => 4,
        Some(LifetimeHint::Extreme) => 5,
    };
    // The flags of `sync_file_range(2)`.
    options.sync_file_range = files.range_sync.map_or(0, |sync| {
        u32::from(sync.wait_before) | u32::from(sync.write) << 1 | u32::from(sync.wait_after) << 2
    });
}

/// Bytes and percent, of which one is zero.
fn size(size: Option<SizeOrPercent>) -> (u64, u32) {
    match size {
        None => (0, 0),
        Some(SizeOrPercent::Bytes(bytes)) => (bytes, 0),
        Some(SizeOrPercent::Percent(percent)) => (0, percent.into()),
    }
}

fn set_times(spec: &JobSpec, options: &mut ThreadOptions) {
    options.runtime = spec.runtime.map_or(0, microseconds);
    options.time_based = spec.time_based.into();
    options.ramp_time = microseconds(spec.ramp_time);
    options.start_delay = microseconds(spec.start_delay.0);
    if spec.start_delay.1 > spec.start_delay.0 {
        options.start_delay_high = microseconds(spec.start_delay.1);
    }
    options.loops = u32::try_from(spec.loops).unwrap_or(u32::MAX);
    options.bandwidth_average_ms =
        milliseconds(spec.bandwidth_interval.unwrap_or(JobSpec::RATE_INTERVAL));
    options.iops_average_ms = milliseconds(spec.iops_interval.unwrap_or(JobSpec::RATE_INTERVAL));
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

fn set_buffers(spec: &JobSpec, options: &mut ThreadOptions) {
    let buffers = &spec.buffers;
    options.zero_buffers = buffers.zero.into();
    options.refill_buffers = buffers.refills().into();
    options.scramble_buffers = buffers.scramble.into();
    if let Some(pattern) = &buffers.pattern {
        options.buffer_pattern = known_bytes(pattern);
        options.buffer_pattern_bytes = length(options.buffer_pattern.len());
    }
    options.compress_percent = buffers.compress_percent.unwrap_or(0).into();
    options.compress_chunk = buffers.compress_chunk;
    let dedupe = &buffers.dedupe;
    options.dedupe_percent = dedupe.percent.unwrap_or(0).into();
    options.dedupe_mode = match dedupe.mode {
        DedupeMode::Repeat => 0,
        DedupeMode::WorkingSet => 1,
    };
    options.dedupe_working_set_percent = dedupe.working_set_percent.into();
    options.dedupe_global = dedupe.global.into();
}

/// The bytes of a pattern up to its first file, whose contents are known when the job begins.
fn known_bytes(pattern: &BufferPattern) -> Vec<u8> {
    match pattern.parts().first() {
        Some(PatternPart::Bytes(bytes)) => bytes.clone(),
        _ => Vec::new(),
    }
}

fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn set_memory(memory: &MemoryOptions, options: &mut ThreadOptions) {
    options.memory_type = match memory.kind {
        MemoryKind::Malloc => 0,
        MemoryKind::SharedMemory => 1,
        MemoryKind::HugeSharedMemory => 2,
        MemoryKind::Mapping => 3,
        MemoryKind::HugeMapping => 4,
        MemoryKind::SharedMapping => 5,
    };
    options.memory_align = memory.alignment;
    options.huge_page_size = memory.huge_page_size;
    options.memory_map_file = path_text(memory.file.as_deref());
}

fn set_replay(replay: &ReplayOptions, options: &mut ThreadOptions) {
    let escaped = |path: &PathBuf| path.to_string_lossy().replace(':', "\\:");
    let logs: Vec<String> = replay.read_logs.iter().map(escaped).collect();
    options.read_io_log_file = logs.join(":").into();
    options.write_io_log_file = path_text(replay.write_log.as_deref());
    let merge = &replay.merge;
    options.merge_blktrace_file = path_text(merge.file.as_deref());
    let percents = merge.time_percents.iter().copied();
    for (place, percent) in options.merge_blktrace_scalars.iter_mut().zip(percents) {
        *place = percent;
    }
    let iterations = merge.iterations.iter().copied();
    for (place, count) in options.merge_blktrace_iterations.iter_mut().zip(iterations) {
        *place = f64::from(count);
    }
    options.replay_redirect = path_text(replay.redirect.as_deref());
    options.replay_align = replay.align;
    options.replay_scale = replay.scale;
    options.replay_time_scale = replay.time_scale;
    options.no_stall = replay.no_stall.into();
    let bit = |(position, (_, skipped)): (u32, (&str, bool))| u32::from(skipped) << position;
    options.replay_skip = (0..).zip(replay.skip.words()).map(bit).sum();
}

fn path_text(path: Option<&Path>) -> ByteString {
    path.map(Path::to_string_lossy)
        .as_deref()
        .unwrap_or_default()
        .into()
}

fn set_reports(spec: &JobSpec, options: &mut ThreadOptions) {
    options.group_reporting = spec.group_reporting.into();
    options.disable_total_latency = (!spec.measure.total_latency).into();
    options.disable_completion_latency = (!spec.measure.completion_latency).into();
    options.disable_submission_latency = (!spec.measure.submission_latency).into();
    options.disable_bandwidth = (!spec.measure.bandwidth).into();
    options.completion_percentiles = spec.percentiles.completion.into();
    options.total_percentiles = spec.percentiles.total.into();
    options.submission_percentiles = spec.percentiles.submission.into();
    for (slot, percentile) in options
        .percentile_list
        .iter_mut()
        .zip(&spec.percentile_list)
    {
        *slot = *percentile;
    }
    options.kb_base = spec.kb_base;
    options.significant_figures = spec.significant_figures;
}

/// The numbers of `exit_what` as observed from a server of fio 3.33.
fn set_lifecycle(spec: &JobSpec, options: &mut ThreadOptions) {
    let lifecycle = &spec.lifecycle;
    options.wait_for = lifecycle.wait_for.as_deref().unwrap_or_default().into();
    options.exit_all_on_error = lifecycle.exit_all_on_error.into();
    options.exit_what = match lifecycle.exit_scope {
        ExitScope::Group => 1,
        ExitScope::Stonewall => 2,
        ExitScope::All => u32::MAX,
    };
    options.unified_report = unified_report(spec.reporting.unified);
    options.statistics = spec.reporting.included.into();
    options.disk_utilization = spec.reporting.disks.into();
}

/// The intervals and bins of histograms stay zero, as in what fio's servers send.
fn set_logs(logs: &LogOptions, options: &mut ThreadOptions) {
    let set = |name: &Option<String>, written: &mut u32, file: &mut ByteString| {
        *written = name.is_some().into();
        *file = name.as_deref().unwrap_or_default().into();
    };
    set(
        &logs.bandwidth,
        &mut options.write_bandwidth_log,
        &mut options.bandwidth_log_file,
    );
    set(
        &logs.latency,
        &mut options.write_latency_log,
        &mut options.latency_log_file,
    );
    set(
        &logs.iops,
        &mut options.write_iops_log,
        &mut options.iops_log_file,
    );
    set(
        &logs.histogram,
        &mut options.write_histogram_log,
        &mut options.histogram_log_file,
    );
    options.log_average_ms = milliseconds(logs.interval);
    // These are intervals of the samples, too: the shorter of the two, and 0 for each I/O.
    if logs.bandwidth.is_some() {
        options.bandwidth_average_ms = options.bandwidth_average_ms.min(options.log_average_ms);
    }
    if logs.iops.is_some() {
        options.iops_average_ms = options.iops_average_ms.min(options.log_average_ms);
    }
    options.log_window_value = match logs.window_value {
        WindowValue::Average => 0,
        WindowValue::Maximum => 1,
        WindowValue::Both => 2,
    };
    options.log_offset = logs.offset.into();
    options.log_priority = logs.priority.into();
    options.log_issue_time = logs.issue_time.into();
    options.log_compression = logs
        .compression
        .map_or(0, |bytes| u32::try_from(bytes).unwrap_or(u32::MAX));
    options.log_store_compressed = logs.store_compressed.into();
    options.log_alternate_epoch = logs.alternate_epoch.into();
    options.log_alternate_epoch_clock = logs.epoch_clock;
    options.per_job_logs = logs.per_job.into();
    options.log_entries = logs.entries;
}

#[cfg(test)]
mod tests;
