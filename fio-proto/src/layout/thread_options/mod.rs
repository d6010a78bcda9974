//! `thread_options_pack`: the options of one job section, as ADD_JOB and UPDATE_JOB carry them.
//!
//! fio sends its options structure option by option, and nearly every release has added some. Most
//! values are what the option's parser made of its text: sizes in bytes, times in microseconds, names
//! as a number of the release's own list. Only a graphical client shows them; fio's console client
//! takes two numbers from ADD_JOB and leaves the options alone.
//!
//! fio never fills some of the fields. Up to version 97 they are zero in ADD_JOB; since version 99,
//! where the message is built in memory that is not cleared, they are whatever was there, and so are
//! padding and the bytes behind the end of a text.

mod share;

pub use share::{
    BlockSizeShare, NarrowBlockSizeShare, NarrowZoneShare, WideBlockSizeShare, WideZoneShare,
    ZoneShare,
};

use alloc::vec::Vec;

use super::{Chars, Shared, wire_struct};
use crate::byte_string::ByteString;
use crate::version::revisions::*;

wire_struct! {
    /// The options of one job section (fio's `thread_options_pack`).
    ///
    /// Arrays by direction are ordered read, write, trim. Whether something holds is 0 or 1, unless the
    /// field says otherwise. "Numbered by the release" means that the numbers have changed between
    /// releases or may; nothing here converts them.
    pub struct ThreadOptions, view ThreadOptionsView, "thread_options_pack" {
        /// Which options the job sets itself, a bit per option of the release's own list.
        pub set_options: [u64; 8],
        /// Free text about the job.
        pub description: ByteString,
        /// Name of the job.
        pub name: ByteString,
        /// Name of the job this one waits for.
        pub wait_for: ByteString,
        /// Directory of the job's files.
        pub directory: ByteString,
        /// Files of the job, separated by colons; empty when their names are made up.
        pub filename: ByteString,
        /// How file names are made up.
        pub filename_format: ByteString,
        /// Directory searched for existing files to use.
        pub open_directory: ByteString,
        /// I/O engine, such as `psync` or `libaio`.
        pub io_engine: ByteString,
        /// File the I/O buffers are mapped from (`iomem=mmap:FILE`).
        pub memory_map_file: ByteString,
        /// What the job does, a bit each: 1 reads, 2 writes, 4 at random, 8 trims (`rw`).
        pub data_direction: u32,
        /// How offsets follow on each other when `rw` has a number behind it.
        pub random_sequencer: u32,
        /// 1024 or 1000: what a kilobyte is.
        pub kb_base: u32,
        /// Whether reports count bytes or bits, numbered by the release.
        pub unit_base: u32,
        /// I/Os per new random offset, the number behind `rw=randread:`.
        pub ios_per_random_offset: u32,
        /// Bytes added to each sequential offset, the number behind `rw=read:`.
        pub sequential_offset_step: u64,
        /// I/Os kept in flight.
        pub io_depth: u32,
        /// I/Os in flight below which the queue is filled again.
        pub io_depth_low: u32,
        /// I/Os submitted at once.
        pub io_depth_batch: u32,
        /// Fewest completions waited for.
        pub io_depth_batch_complete_min: u32,
        /// Most completions fetched at once.
        pub io_depth_batch_complete_max: u32,
        /// Whether I/Os over the same blocks wait for each other.
        pub serialize_overlap: u32,
        /// Whether percentiles of total latency are reported.
        pub total_percentiles: u32,
        /// Bytes of all the job's files.
        pub size: u64,
        /// Bytes to transfer, 0 for as many as [`size`](Self::size).
        pub io_size: u64,
        /// Size as a share of the existing files.
        pub size_percent: u32,
        /// Size in zones of a zoned device. No sender fills it.
        pub size_zones: u32,
        /// Bytes to transfer as a share of the size.
        pub io_size_percent: u32,
        /// Bytes to transfer in zones. No sender fills it.
        pub io_size_zones: u32,
        /// Whether writing goes on until the device is full.
        pub fill_device: u32,
        /// Whether writing starts at the end of the file.
        pub file_append: u32,
        /// Whether clients that share a server get file names of their own.
        pub unique_filename: u32,
        /// Smallest file.
        pub file_size_low: u64,
        /// Largest file.
        pub file_size_high: u64,
        /// Where in the file the I/O starts (`offset`).
        pub start_offset: u64,
        /// What that is a multiple of.
        pub start_offset_align: u64,
        /// Where the I/O starts, in zones. No sender fills it.
        pub start_offset_zones: u32,
        /// Block size by direction.
        pub block_size: [u64; 3],
        /// What random offsets are multiples of, by direction.
        pub block_alignment: [u64; 3],
        /// Smallest block by direction.
        pub min_block_size: [u64; 3],
        /// Largest block by direction.
        pub max_block_size: [u64; 3],
        /// Block sizes and how often each is used, by direction.
        pub block_size_split: [Vec<BlockSizeShare>; 3],
        /// How many of those there are, by direction.
        pub block_size_split_count: [u32; 3],
        /// Errors passed over, by read, write and verify. No sender fills it.
        pub ignore_error: [Vec<u32>; 3],
        /// How many of those there are. No sender fills it.
        pub ignore_error_count: [u32; 3],
        /// Whether errors passed over are reported. No sender fills it.
        pub error_dump: u32,
        /// Files of the job.
        pub file_count: u32,
        /// Files open at once.
        pub open_files: u32,
        /// What the files are taken for, numbered by the release; 0 found out.
        pub file_type: u32,
        /// Whether files are locked: 0 no, 1 exclusively, 2 shared by readers.
        pub file_lock_mode: u32,
        /// Whether I/O bypasses the page cache (`O_DIRECT`).
        pub direct: u32,
        /// Whether writes are asked to be atomic.
        pub atomic: u32,
        /// Whether cached pages are dropped before the I/O starts.
        pub invalidate_cache: u32,
        /// Whether jobs lay out their files one after another.
        pub create_serialize: u32,
        /// Whether a file is synced after its layout.
        pub create_fsync: u32,
        /// Whether files are made only when they are opened.
        pub create_on_open: u32,
        /// Whether files are made and nothing else is done.
        pub create_only: u32,
        /// Whether files are synced when writing is over.
        pub end_fsync: u32,
        /// Whether files are read into the cache first.
        pub pre_read: u32,
        /// Whether writes are synchronous: 0 no, else the flags of `open`.
        pub sync_io: u32,
        /// Expected life time of written data, as `fcntl` numbers them.
        pub write_hint: u32,
        /// How contents are verified, numbered by the release; 0 not.
        pub verify: u32,
        /// What is verified when blocks were overwritten, numbered by the release.
        pub verify_policy: u32,
        /// Whether verification follows writing.
        pub do_verify: u32,
        /// Whether written blocks are sorted before verification.
        pub verify_sort: u32,
        /// Blocks read before sorting.
        pub verify_sort_count: u32,
        /// Bytes under one verification header.
        pub verify_interval: u32,
        /// Where in the block the header is moved.
        pub verify_offset: u32,
        /// The pattern verified; since version 99 behind the structure, see
        /// [`JobDefinition`](crate::message::JobDefinition).
        pub verify_pattern: Vec<u8>,
        /// Bytes of the pattern verified.
        pub verify_pattern_bytes: u32,
        /// Bytes after which the pattern begins anew.
        pub verify_pattern_interval: u32,
        /// Whether the first failed verification ends the job.
        pub verify_fatal: u32,
        /// Whether blocks that fail are saved.
        pub verify_dump: u32,
        /// Threads that verify.
        pub verify_async: u32,
        /// Blocks written before some are verified.
        pub verify_backlog: u64,
        /// Blocks then verified.
        pub verify_batch: u32,
        /// Whether I/Os are regenerated for verification rather than remembered.
        pub experimental_verify: u32,
        /// Whether a saved state is loaded before verifying.
        pub verify_state: u32,
        /// Whether the state is saved at the end. No sender fills it.
        pub verify_state_save: u32,
        /// Whether the number of the write is verified too.
        pub verify_write_sequence: u32,
        /// Whether the seed in the header is verified too.
        pub verify_header_seed: u32,
        /// Whether the job is a thread rather than a process.
        pub use_thread: u32,
        /// Whether files are removed at the end.
        pub unlink: u32,
        /// Whether files are removed after every loop.
        pub unlink_each_loop: u32,
        /// Whether disks are watched (`disk_util`).
        pub disk_utilization: u32,
        /// Whether file creation leaves out its syncs.
        pub override_sync: u32,
        /// Whether random numbers repeat from run to run.
        pub random_repeatable: u32,
        /// Whether all random numbers do.
        pub all_random_repeatable: u32,
        /// Seed of the random numbers.
        pub random_seed: u64,
        /// An option without effect. No sender fills it.
        pub use_os_random: u32,
        /// Time averaged into one log entry, 0 for every I/O.
        pub log_average_ms: u32,
        /// Time between histograms in a log. No sender fills it.
        pub log_histogram_ms: u32,
        /// How often the histogram's buckets are halved in number. No sender fills it.
        pub log_histogram_coarseness: u32,
        /// Whether log entries are averages (0), maxima (1) or both (2).
        pub log_window_value: u32,
        /// Whether log entries have offsets.
        pub log_offset: u32,
        /// Bytes of log compressed at once, 0 for no compression.
        pub log_compression: u32,
        /// Whether logs stay compressed.
        pub log_store_compressed: u32,
        /// Whether log times count from 1970.
        pub log_unix_epoch: u32,
        /// Whether log times are those of another clock.
        pub log_alternate_epoch: u32,
        /// That clock, as `clock_gettime` numbers it.
        pub log_alternate_epoch_clock: u32,
        /// Whether blocks may be hit twice before all were hit once.
        pub no_random_map: u32,
        /// Whether that is so when there is no memory for the map.
        pub soft_random_map: u32,
        /// Whether an SSD is preconditioned by one pass of random writes (`sprandom`).
        pub preconditioning: u32,
        /// Regions that pass is divided into.
        pub preconditioning_regions: u32,
        /// Cache of the device the pass assumes.
        pub preconditioning_cache_size: u64,
        /// Spare capacity the pass assumes, as a share of 1.
        pub preconditioning_over_provisioning: f64,
        /// Whether block sizes need not be multiples of the smallest.
        pub block_size_unaligned: u32,
        /// Whether files are synced when they are closed.
        pub fsync_on_close: u32,
        /// Whether block sizes are by sequential and random instead of read and write.
        pub block_sizes_by_order: u32,
        /// Distribution of random offsets, numbered by the release; 0 uniform.
        pub random_distribution: u32,
        /// Offsets of a fixed random sequence.
        pub random_sequence: Vec<u32>,
        /// How many of those there are.
        pub random_sequence_count: u32,
        /// Step between rounds of that sequence.
        pub random_sequence_stride: u32,
        /// Whether all jobs end when this one fails.
        pub exit_all_on_error: u32,
        /// Whether written ranges are synced, and how, as `sync_file_range` numbers it.
        pub sync_file_range: u32,
        /// Whether the file system is synced when writing is over.
        pub end_sync_file_system: u32,
        /// Shares of the file and how often each is used, by direction.
        pub zone_split: [Vec<ZoneShare>; 3],
        /// How many of those there are, by direction.
        pub zone_split_count: [u32; 3],
        /// Parameter of a Zipf distribution.
        pub zipf_theta: f64,
        /// Parameter of a Pareto distribution.
        pub pareto_h: f64,
        /// Deviation of a normal distribution.
        pub gauss_deviation: f64,
        /// Where in the file the distribution is centred, -1 for its start.
        pub random_center: f64,
        /// Generator of random offsets, numbered by the release.
        pub random_generator: u32,
        /// Random share of the offsets by direction (`percentage_random`).
        pub random_percent: [u32; 3],
        /// Size of huge pages.
        pub huge_page_size: u32,
        /// Smallest block of all directions.
        pub smallest_block_size: u64,
        /// Pause between I/Os.
        pub think_time: u32,
        /// Part of it spent busy.
        pub think_time_spin: u32,
        /// I/Os between pauses.
        pub think_time_blocks: u32,
        /// Whether those are counted when completed (0) or issued (1).
        pub think_time_blocks_type: u32,
        /// Writes between syncs, 0 for none.
        pub fsync_blocks: u32,
        /// Writes between syncs of data alone, 0 for none.
        pub fdatasync_blocks: u32,
        /// Writes between barriers, 0 for none.
        pub barrier_blocks: u32,
        /// Time before the job starts.
        pub start_delay: u64,
        /// Most of that time, when it is drawn at random.
        pub start_delay_high: u64,
        /// Time the job runs at most, 0 for no bound.
        pub runtime: u64,
        /// Time at the start that is not measured.
        pub ramp_time: u64,
        /// Bytes at the start that are not measured.
        pub ramp_size: u64,
        /// Time a figure must be steady to end the job.
        pub steady_state_duration: u64,
        /// Time before steadiness is looked for.
        pub steady_state_ramp_time: u64,
        /// What must be steady, a bit each: 1 IOPS, 2 bandwidth, 4 their slope.
        pub steady_state: u32,
        /// How much it may vary.
        pub steady_state_limit: f64,
        /// Time between looks.
        pub steady_state_check_interval: u64,
        /// Whether files are laid out in full before they are written.
        pub overwrite: u32,
        /// Time over which bandwidth is averaged.
        pub bandwidth_average_ms: u32,
        /// Time over which IOPS are averaged.
        pub iops_average_ms: u32,
        /// How often the job is repeated.
        pub loops: u32,
        /// Bytes from one zone to the next.
        pub zone_range: u64,
        /// Bytes of a zone that are used.
        pub zone_size: u64,
        /// Bytes of a zone that can be used.
        pub zone_capacity: u64,
        /// Bytes skipped between zones.
        pub zone_skip: u64,
        /// Memory to lock.
        pub locked_memory: u64,
        /// The same in zones. No sender fills it.
        pub zone_skip_zones: u32,
        /// Where I/O buffers come from, numbered by the release; 0 `malloc`.
        pub memory_type: u32,
        /// What buffer addresses are multiples of.
        pub memory_align: u32,
        /// Which other jobs end when this one does, numbered by the release.
        pub exit_what: u32,
        /// Whether the job waits for those in front of it.
        pub stonewall: u32,
        /// Latency that ends the job, by direction; up to version 88 one for all.
        pub max_latency: [u64; 3],
        /// Whether the job starts a group.
        pub new_group: u32,
        /// Copies of the job (`numjobs`).
        pub job_count: u32,
        /// GPU the buffers are on.
        pub gpu_device: u32,
        /// Where the I/O starts, as a share of the file.
        pub start_offset_percent: u32,
        /// Whether copies share the CPUs (0) or split them (1).
        pub cpus_allowed_policy: u32,
        /// What is replayed or recorded, numbered by the release.
        pub io_log_fields: u32,
        /// Time between changes from reading to writing.
        pub mix_cycle_ms: u32,
        /// Share of the I/Os by direction (`rwmixread`, `rwmixwrite`).
        pub mix_percent: [u32; 3],
        /// Name the job's thread has for the system.
        pub thread_name: ByteString,
        /// Niceness of the job.
        pub nice: u32,
        /// I/O priority, 0 highest.
        pub io_priority: u32,
        /// I/O priority class, as `ioprio_set` numbers them.
        pub io_priority_class: u32,
        /// I/O priority hint, as `ioprio_set` numbers them.
        pub io_priority_hint: u32,
        /// How the next file is chosen, numbered by the release.
        pub file_service_type: u32,
        /// Whether the group's jobs report as one.
        pub group_reporting: u32,
        /// Whether the job counts in the statistics.
        pub statistics: u32,
        /// What the kernel is told about the I/O: 0 nothing, 1 by `rw`, 2 random, 3 sequential.
        pub fadvise_hint: u32,
        /// Stream the kernel is told writes belong to.
        pub fadvise_stream: u32,
        /// How room is reserved at layout, numbered by the release.
        pub fallocate_mode: u32,
        /// Whether buffers are zero.
        pub zero_buffers: u32,
        /// Whether buffers are filled anew for every I/O.
        pub refill_buffers: u32,
        /// Whether buffers are changed a little for every I/O.
        pub scramble_buffers: u32,
        /// The pattern buffers are filled with; since version 99 behind the structure, see
        /// [`JobDefinition`](crate::message::JobDefinition).
        pub buffer_pattern: Vec<u8>,
        /// Bytes of the pattern buffers are filled with.
        pub buffer_pattern_bytes: u32,
        /// How far buffers can be compressed.
        pub compress_percent: u32,
        /// Bytes in which that holds.
        pub compress_chunk: u32,
        /// Share of buffers that repeat.
        pub dedupe_percent: u32,
        /// What repeats: the last buffer (0) or one of a set (1).
        pub dedupe_mode: u32,
        /// Size of that set.
        pub dedupe_working_set_percent: u32,
        /// Whether jobs share it.
        pub dedupe_global: u32,
        /// Whether the job runs for its time even when its size is done.
        pub time_based: u32,
        /// Whether total latency is not measured.
        pub disable_total_latency: u32,
        /// Whether completion latency is not measured.
        pub disable_completion_latency: u32,
        /// Whether submission latency is not measured.
        pub disable_submission_latency: u32,
        /// Whether bandwidth is not measured.
        pub disable_bandwidth: u32,
        /// Whether directions report as one (1), each (0), or both (2).
        pub unified_report: u32,
        /// Whether most time stamps are left out.
        pub reduce_time_calls: u32,
        /// CPU that does nothing but tell the time, 0 for none.
        pub time_cpu: u32,
        /// Clock of the start time, as `clock_gettime` numbers it.
        pub job_start_clock: u32,
        /// Clock, numbered by the release.
        pub clock_source: u32,
        /// Whether a job in its ramp or with nothing to do does not hold up others.
        pub no_stall: u32,
        /// Share of verified blocks that are trimmed first.
        pub trim_percent: u32,
        /// Blocks trimmed at once.
        pub trim_batch: u32,
        /// Whether trimmed blocks are to read as zero.
        pub trim_zero: u32,
        /// Blocks written before some are trimmed.
        pub trim_backlog: u64,
        /// Whether percentiles of completion latency are reported.
        pub completion_percentiles: u32,
        /// Whether percentiles of submission latency are reported.
        pub submission_percentiles: u32,
        /// Digits of percentiles in terse reports.
        pub percentile_precision: u32,
        /// Percentiles reported, ended by a zero.
        pub percentile_list: [f64; 20],
        /// File of I/Os to replay.
        pub read_io_log_file: ByteString,
        /// File the I/Os are recorded in.
        pub write_io_log_file: ByteString,
        /// File that several recordings are merged into.
        pub merge_blktrace_file: ByteString,
        /// How the times of each recording are scaled.
        pub merge_blktrace_scalars: [f64; 20],
        /// How often each recording is repeated.
        pub merge_blktrace_iterations: [f64; 20],
        /// Whether bandwidth is logged.
        pub write_bandwidth_log: u32,
        /// Whether latencies are logged.
        pub write_latency_log: u32,
        /// Whether IOPS are logged.
        pub write_iops_log: u32,
        /// Whether histograms of completion latency are logged.
        pub write_histogram_log: u32,
        /// Start of the names of bandwidth logs.
        pub bandwidth_log_file: ByteString,
        /// Start of the names of latency logs.
        pub latency_log_file: ByteString,
        /// Start of the names of IOPS logs.
        pub iops_log_file: ByteString,
        /// Start of the names of histogram logs.
        pub histogram_log_file: ByteString,
        /// Device all replayed I/Os go to.
        pub replay_redirect: ByteString,
        /// Command run before the job (`exec_prerun`). This crate runs nothing.
        pub command_before: ByteString,
        /// Command run after the job (`exec_postrun`). This crate runs nothing.
        pub command_after: ByteString,
        /// Spinning between I/Os, in loops.
        pub think_cycles: u32,
        /// Time of I/O between pauses, 0 to go by blocks.
        pub think_time_io_time: u32,
        /// Bound of the bandwidth by direction, bytes per second; 0 for none.
        pub rate: [u64; 3],
        /// Bandwidth below which the job ends, bytes per second; 0 for none.
        pub rate_min: [u64; 3],
        /// Time over which that is averaged.
        pub rate_cycle_ms: u32,
        /// Whether I/Os are submitted by the job itself (0) or by other threads (1).
        pub submit_mode: u32,
        /// Bound of the I/Os per second by direction, 0 for none.
        pub rate_iops: [u32; 3],
        /// I/Os per second below which the job ends, 0 for none.
        pub rate_iops_min: [u32; 3],
        /// Whether limited I/Os come evenly (0) or as a Poisson process (1).
        pub rate_process: u32,
        /// Whether a limited rate makes up for pauses.
        pub rate_ignores_think_time: u32,
        /// I/O scheduler to set.
        pub io_scheduler: ByteString,
        /// Errors passed over, a bit each: 1 read, 2 write, 4 verify.
        pub continue_on_error: u32,
        /// Built-in workload the job comes from.
        pub profile: ByteString,
        /// Control group of the job.
        pub cgroup: ByteString,
        /// Weight of the control group.
        pub cgroup_weight: u32,
        /// Whether the control group stays.
        pub cgroup_keep: u32,
        /// User the job runs as, all ones for the server's.
        pub user_id: u32,
        /// Group the job runs as, all ones for the server's.
        pub group_id: u32,
        /// Flow the job belongs to.
        pub flow_id: i32,
        /// Share of the job in its flow.
        pub flow: i32,
        /// How far the flow may be out of balance.
        pub flow_watermark: i32,
        /// Pause when it is.
        pub flow_sleep: u32,
        /// Distance between the offsets of copies, as a share of the file.
        pub offset_increment_percent: u32,
        /// The same in zones. No sender fills it.
        pub offset_increment_zones: u32,
        /// Distance between the offsets of copies.
        pub offset_increment: u64,
        /// I/Os to do, 0 for no bound.
        pub number_of_ios: u64,
        /// Latency to keep below while the depth is sought.
        pub latency_target: u64,
        /// Time each depth is tried.
        pub latency_window: u64,
        /// Whether seeking goes on for the whole run.
        pub latency_run: u32,
        /// Share of I/Os to keep below it.
        pub latency_percentile: f64,
        /// Significant figures in reports.
        pub significant_figures: u32,
        /// Whether failed blocks are counted by the number of trims.
        pub block_error_histogram: u32,
        /// Whether bad blocks of MTD devices are skipped.
        pub skip_bad: u32,
        /// What replayed offsets are rounded to.
        pub replay_align: u32,
        /// What replayed offsets are divided by.
        pub replay_scale: u32,
        /// How replayed times are scaled.
        pub replay_time_scale: u32,
        /// Directions not replayed, a bit each.
        pub replay_skip: u32,
        /// Whether every job logs to files of its own.
        pub per_job_logs: u32,
        /// Whether files may be made.
        pub allow_create: u32,
        /// Whether mounted devices may be written.
        pub allow_mounted_write: u32,
        /// How zones are treated, numbered by the release; 0 not set.
        pub zone_mode: u32,
        /// Most zones open at once, 0 for the device's own bound.
        pub max_open_zones: i32,
        /// Whether the device's own bound is passed over.
        pub ignore_zone_limits: u32,
        /// Whether write pointers are recovered after failed writes.
        pub recover_zone_write_error: u32,
        /// Whether the remainder of a zone is written with a smaller block.
        pub write_zone_remainder: u32,
        /// Log entries room is made for at first.
        pub log_entries: u32,
        /// Whether log entries have I/O priorities.
        pub log_priority: u32,
        /// Whether log entries have issue times.
        pub log_issue_time: u32,
        /// Whether writes carry a placement identifier.
        pub data_placement: u32,
        /// Kind of data placement, numbered by the release.
        pub placement_type: u32,
        /// How one of them is chosen, numbered by the release.
        pub placement_select: u32,
        /// Placement identifiers to use.
        pub placement_identifiers: Vec<u32>,
        /// How many of those there are.
        pub placement_identifier_count: u32,
        /// File with the placement of each range.
        pub placement_scheme_file: ByteString,
        /// Ranges in one trim.
        pub trim_ranges: u32,
    }
    rows {
        V65_FIO_2_99..=NOW => set_options: [u64; 8], "set_options", None;
        V65_FIO_2_99..=NOW => description: Chars<256>, "description", None;
        V65_FIO_2_99..=NOW => name: Chars<256>, "name", None;
        V65_FIO_2_99..=NOW => wait_for: Chars<256>, "wait_for", None;
        V65_FIO_2_99..=NOW => directory: Chars<256>, "directory", None;
        V65_FIO_2_99..=NOW => filename: Chars<256>, "filename", None;
        V65_FIO_2_99..=NOW => filename_format: Chars<256>, "filename_format", None;
        V65_FIO_2_99..=NOW => open_directory: Chars<256>, "opendir", None;
        V65_FIO_2_99..=NOW => io_engine: Chars<256>, "ioengine", None;
        V65_FIO_2_99..=NOW => memory_map_file: Chars<256>, "mmapfile", None;
        V65_FIO_2_99..=NOW => data_direction: u32, "td_ddir", None;
        V65_FIO_2_99..=NOW => random_sequencer: u32, "rw_seq", None;
        V65_FIO_2_99..=NOW => kb_base: u32, "kb_base", None;
        V65_FIO_2_99..=NOW => unit_base: u32, "unit_base", None;
        V65_FIO_2_99..=NOW => ios_per_random_offset: u32, "ddir_seq_nr", None;
        V65_FIO_2_99..=NOW => sequential_offset_step: u64, "ddir_seq_add", Bytes;
        V65_FIO_2_99..=NOW => io_depth: u32, "iodepth", None;
        V65_FIO_2_99..=NOW => io_depth_low: u32, "iodepth_low", None;
        V65_FIO_2_99..=NOW => io_depth_batch: u32, "iodepth_batch", None;
        V65_FIO_2_99..=NOW => io_depth_batch_complete_min: u32, "iodepth_batch_complete_min", None;
        V65_FIO_2_99..=NOW => io_depth_batch_complete_max: u32, "iodepth_batch_complete_max", None;
        V65..=NOW => serialize_overlap: u32, "serialize_overlap", None;
        V82..=V100 => pad(4);
        V66_FIO_3_1..=V80 => total_percentiles: u32, "lat_percentiles", None;
        V65..=V65 => pad(4);
        V65_FIO_2_99..=NOW => size: u64, "size", Bytes;
        V65_FIO_2_99..=NOW => io_size: u64, "io_size", Bytes;
        V65_FIO_2_99..=NOW => size_percent: u32, "size_percent", Percent;
        V88..=NOW => size_zones: u32, "size_nz", None;
        V86..=NOW => io_size_percent: u32, "io_size_percent", Percent;
        V88..=NOW => io_size_zones: u32, "io_size_nz", None;
        V65_FIO_2_99..=NOW => fill_device: u32, "fill_device", None;
        V65_FIO_2_99..=NOW => file_append: u32, "file_append", None;
        V65_FIO_2_99..=NOW => unique_filename: u32, "unique_filename", None;
        V88..=V100 => pad(4);
        V65_FIO_2_99..=NOW => file_size_low: u64, "file_size_low", Bytes;
        V65_FIO_2_99..=NOW => file_size_high: u64, "file_size_high", Bytes;
        V65_FIO_2_99..=NOW => start_offset: u64, "start_offset", Bytes;
        V66..=NOW => start_offset_align: u64, "start_offset_align", Bytes;
        V88..=NOW => start_offset_zones: u32, "start_offset_nz", None;
        V88..=V100 => pad(4);
        V65_FIO_2_99..=V73 => block_size: [u32; 3], "bs", Bytes;
        V74..=NOW => block_size: [u64; 3], "bs", Bytes;
        V65_FIO_2_99..=V73 => block_alignment: [u32; 3], "ba", Bytes;
        V74..=NOW => block_alignment: [u64; 3], "ba", Bytes;
        V65_FIO_2_99..=V73 => min_block_size: [u32; 3], "min_bs", Bytes;
        V74..=NOW => min_block_size: [u64; 3], "min_bs", Bytes;
        V65_FIO_2_99..=V73 => max_block_size: [u32; 3], "max_bs", Bytes;
        V74..=NOW => max_block_size: [u64; 3], "max_bs", Bytes;
        V65_FIO_2_99..=V73 => block_size_split: [[NarrowBlockSizeShare; 64]; 3], "bssplit", None;
        V74..=NOW => block_size_split: [[WideBlockSizeShare; 64]; 3], "bssplit", None;
        V65_FIO_2_99..=NOW => block_size_split_count: [u32; 3], "bssplit_nr", None;
        V65_FIO_2_99..=NOW => ignore_error: [[u32; 128]; 3], "ignore_error", None;
        V65_FIO_2_99..=NOW => ignore_error_count: [u32; 3], "ignore_error_nr", None;
        V65_FIO_2_99..=NOW => error_dump: u32, "error_dump", None;
        V65_FIO_2_99..=NOW => file_count: u32, "nr_files", None;
        V65_FIO_2_99..=NOW => open_files: u32, "open_files", None;
        V113..=NOW => file_type: u32, "filetype", None;
        V65_FIO_2_99..=NOW => file_lock_mode: u32, "file_lock_mode", None;
        V65_FIO_2_99..=NOW => direct: u32, "odirect", None;
        V65_FIO_2_99..=NOW => atomic: u32, "oatomic", None;
        V65_FIO_2_99..=NOW => invalidate_cache: u32, "invalidate_cache", None;
        V65_FIO_2_99..=NOW => create_serialize: u32, "create_serialize", None;
        V65_FIO_2_99..=NOW => create_fsync: u32, "create_fsync", None;
        V65_FIO_2_99..=NOW => create_on_open: u32, "create_on_open", None;
        V65_FIO_2_99..=NOW => create_only: u32, "create_only", None;
        V65_FIO_2_99..=NOW => end_fsync: u32, "end_fsync", None;
        V65_FIO_2_99..=NOW => pre_read: u32, "pre_read", None;
        V65_FIO_2_99..=NOW => sync_io: u32, "sync_io", None;
        V65_FIO_2_99..=NOW => write_hint: u32, "write_hint", None;
        V65_FIO_2_99..=NOW => verify: u32, "verify", None;
        V121..=NOW => verify_policy: u32, "verify_policy", None;
        V65_FIO_2_99..=NOW => do_verify: u32, "do_verify", None;
        V65_FIO_2_99..=V72 => verify_sort: u32, "verifysort", None;
        V65_FIO_2_99..=V72 => verify_sort_count: u32, "verifysort_nr", None;
        V65_FIO_2_99..=NOW => verify_interval: u32, "verify_interval", Bytes;
        V65_FIO_2_99..=NOW => verify_offset: u32, "verify_offset", Bytes;
        V65_FIO_2_99..=V97 => verify_pattern: [u8; 512], "verify_pattern", None;
        V65_FIO_2_99..=NOW => verify_pattern_bytes: u32, "verify_pattern_bytes", Bytes;
        V111..=NOW => verify_pattern_interval: u32, "verify_pattern_interval", Bytes;
        V65_FIO_2_99..=NOW => verify_fatal: u32, "verify_fatal", None;
        V65_FIO_2_99..=NOW => verify_dump: u32, "verify_dump", None;
        V65_FIO_2_99..=NOW => verify_async: u32, "verify_async", None;
        V65_FIO_2_99..=NOW => verify_backlog: u64, "verify_backlog", None;
        V65_FIO_2_99..=NOW => verify_batch: u32, "verify_batch", None;
        V65_FIO_2_99..=NOW => experimental_verify: u32, "experimental_verify", None;
        V65_FIO_2_99..=NOW => verify_state: u32, "verify_state", None;
        V65_FIO_2_99..=NOW => verify_state_save: u32, "verify_state_save", None;
        V111..=NOW => verify_write_sequence: u32, "verify_write_sequence", None;
        V111..=NOW => verify_header_seed: u32, "verify_header_seed", None;
        V65_FIO_2_99..=NOW => use_thread: u32, "use_thread", None;
        V65_FIO_2_99..=NOW => unlink: u32, "unlink", None;
        V65_FIO_2_99..=NOW => unlink_each_loop: u32, "unlink_each_loop", None;
        V65_FIO_2_99..=NOW => disk_utilization: u32, "do_disk_util", None;
        V65_FIO_2_99..=NOW => override_sync: u32, "override_sync", None;
        V65_FIO_2_99..=NOW => random_repeatable: u32, "rand_repeatable", None;
        V65_FIO_2_99..=V99 => all_random_repeatable: u32, "allrand_repeatable", None;
        V82..=V99 => pad(4);
        V77..=V80 => pad(4);
        V65_FIO_2_99..=NOW => random_seed: u64, "rand_seed", None;
        V65_FIO_2_99..=V77_FIO_3_11 => use_os_random: u32, "dep_use_os_rand", None;
        V65_FIO_2_99..=NOW => log_average_ms: u32, "log_avg_msec", Milliseconds;
        V65_FIO_2_99..=NOW => log_histogram_ms: u32, "log_hist_msec", Milliseconds;
        V65_FIO_2_99..=NOW => log_histogram_coarseness: u32, "log_hist_coarseness", None;
        V65_FIO_2_99..=NOW => log_window_value: u32, "log_max", None;
        V65_FIO_2_99..=NOW => log_offset: u32, "log_offset", None;
        V65_FIO_2_99..=NOW => log_compression: u32, "log_gz", Bytes;
        V65_FIO_2_99..=NOW => log_store_compressed: u32, "log_gz_store", None;
        V65_FIO_2_99..=V100 => log_unix_epoch: u32, "log_unix_epoch", None;
        V96..=NOW => log_alternate_epoch: u32, "log_alternate_epoch", None;
        V96..=NOW => log_alternate_epoch_clock: u32, "log_alternate_epoch_clock_id", None;
        V65_FIO_2_99..=NOW => no_random_map: u32, "norandommap", None;
        V65_FIO_2_99..=NOW => soft_random_map: u32, "softrandommap", None;
        V113..=NOW => preconditioning: u32, "sprandom", None;
        V113..=NOW => preconditioning_regions: u32, "spr_num_regions", None;
        V120..=NOW => preconditioning_cache_size: u64, "spr_cache_size", Bytes;
        V113..=NOW => preconditioning_over_provisioning: f64, "spr_over_provisioning", None;
        V65_FIO_2_99..=NOW => block_size_unaligned: u32, "bs_unaligned", None;
        V65_FIO_2_99..=NOW => fsync_on_close: u32, "fsync_on_close", None;
        V65_FIO_2_99..=NOW => block_sizes_by_order: u32, "bs_is_seq_rand", None;
        V65_FIO_2_99..=NOW => random_distribution: u32, "random_distribution", None;
        V121..=NOW => random_sequence: [u32; 64], "random_sequence", None;
        V121..=NOW => random_sequence_count: u32, "random_sequence_nr", None;
        V121..=NOW => random_sequence_stride: u32, "random_sequence_stride", None;
        V65_FIO_2_99..=NOW => exit_all_on_error: u32, "exitall_error", None;
        V69..=NOW => sync_file_range: u32, "sync_file_range", None;
        V120..=NOW => end_sync_file_system: u32, "end_syncfs", None;
        V120..=NOW => pad(4);
        V69..=NOW => zone_split: [[WideZoneShare; 256]; 3], "zone_split", None;
        V65_FIO_2_99..=V66 => pad(4);
        V65_FIO_2_99..=V66 => zone_split: [[NarrowZoneShare; 64]; 3], "zone_split", None;
        V65_FIO_2_99..=NOW => zone_split_count: [u32; 3], "zone_split_nr", None;
        V121..=NOW => pad(4);
        V111..=V111 => pad(4);
        V86..=V86 => pad(4);
        V65_FIO_2_99..=NOW => zipf_theta: f64, "zipf_theta", None;
        V65_FIO_2_99..=NOW => pareto_h: f64, "pareto_h", None;
        V65_FIO_2_99..=NOW => gauss_deviation: f64, "gauss_dev", Percent;
        V88..=NOW => random_center: f64, "random_center", None;
        V65_FIO_2_99..=NOW => random_generator: u32, "random_generator", None;
        V65_FIO_2_99..=NOW => random_percent: [u32; 3], "perc_rand", Percent;
        V65_FIO_2_99..=NOW => huge_page_size: u32, "hugepage_size", Bytes;
        V65_FIO_2_99..=V73 => smallest_block_size: u32, "rw_min_bs", Bytes;
        V74..=NOW => smallest_block_size: u64, "rw_min_bs", Bytes;
        V74..=V80 => pad(4);
        V65_FIO_2_99..=V89 => think_time: u32, "thinktime", Microseconds;
        V65_FIO_2_99..=V89 => think_time_spin: u32, "thinktime_spin", Microseconds;
        V65_FIO_2_99..=V89 => think_time_blocks: u32, "thinktime_blocks", None;
        V88..=V89 => think_time_blocks_type: u32, "thinktime_blocks_type", None;
        V65_FIO_2_99..=NOW => fsync_blocks: u32, "fsync_blocks", None;
        V65_FIO_2_99..=NOW => fdatasync_blocks: u32, "fdatasync_blocks", None;
        V65_FIO_2_99..=NOW => barrier_blocks: u32, "barrier_blocks", None;
        V65_FIO_2_99..=NOW => start_delay: u64, "start_delay", Microseconds;
        V65_FIO_2_99..=NOW => start_delay_high: u64, "start_delay_high", Microseconds;
        V65_FIO_2_99..=NOW => runtime: u64, "timeout", Microseconds;
        V65_FIO_2_99..=NOW => ramp_time: u64, "ramp_time", Microseconds;
        V120..=NOW => ramp_size: u64, "ramp_size", Bytes;
        V65_FIO_2_99..=NOW => steady_state_duration: u64, "ss_dur", None;
        V65_FIO_2_99..=NOW => steady_state_ramp_time: u64, "ss_ramp_time", None;
        V65_FIO_2_99..=NOW => steady_state: u32, "ss_state", None;
        V65_FIO_2_99..=NOW => steady_state_limit: f64, "ss_limit", None;
        V100..=NOW => steady_state_check_interval: u64, "ss_check_interval", None;
        V65_FIO_2_99..=NOW => overwrite: u32, "overwrite", None;
        V65_FIO_2_99..=NOW => bandwidth_average_ms: u32, "bw_avg_time", Milliseconds;
        V65_FIO_2_99..=NOW => iops_average_ms: u32, "iops_avg_time", Milliseconds;
        V65_FIO_2_99..=NOW => loops: u32, "loops", None;
        V65_FIO_2_99..=NOW => zone_range: u64, "zone_range", Bytes;
        V65_FIO_2_99..=NOW => zone_size: u64, "zone_size", Bytes;
        V84..=NOW => zone_capacity: u64, "zone_capacity", Bytes;
        V65_FIO_2_99..=NOW => zone_skip: u64, "zone_skip", Bytes;
        V65_FIO_2_99..=NOW => locked_memory: u64, "lockmem", Bytes;
        V88..=NOW => zone_skip_zones: u32, "zone_skip_nz", None;
        V65_FIO_2_99..=NOW => memory_type: u32, "mem_type", None;
        V65_FIO_2_99..=NOW => memory_align: u32, "mem_align", Bytes;
        V82..=V83 => exit_what: u16, "exit_what", None;
        V84..=NOW => exit_what: u32, "exit_what", None;
        V82..=V83 => stonewall: u16, "stonewall", None;
        V84..=NOW => stonewall: u32, "stonewall", None;
        V65_FIO_2_99..=V66 => max_latency: Shared<u32>, "max_latency", None;
        V65_FIO_2_99..=V80 => stonewall: u32, "stonewall", None;
        V65_FIO_2_99..=NOW => new_group: u32, "new_group", None;
        V65_FIO_2_99..=NOW => job_count: u32, "numjobs", None;
        V65_FIO_2_99..=NOW => gpu_device: u32, "gpu_dev_id", None;
        V65_FIO_2_99..=NOW => start_offset_percent: u32, "start_offset_percent", Percent;
        V65_FIO_2_99..=NOW => cpus_allowed_policy: u32, "cpus_allowed_policy", None;
        V65_FIO_2_99..=NOW => io_log_fields: u32, "iolog", None;
        V65_FIO_2_99..=NOW => mix_cycle_ms: u32, "rwmixcycle", Milliseconds;
        V65_FIO_2_99..=NOW => mix_percent: [u32; 3], "rwmix", Percent;
        V120..=NOW => thread_name: Chars<256>, "comm", None;
        V65_FIO_2_99..=NOW => nice: u32, "nice", None;
        V65_FIO_2_99..=NOW => io_priority: u32, "ioprio", None;
        V65_FIO_2_99..=NOW => io_priority_class: u32, "ioprio_class", None;
        V101..=NOW => io_priority_hint: u32, "ioprio_hint", None;
        V65_FIO_2_99..=NOW => file_service_type: u32, "file_service_type", None;
        V65_FIO_2_99..=NOW => group_reporting: u32, "group_reporting", None;
        V65_FIO_2_99..=NOW => statistics: u32, "stats", None;
        V65_FIO_2_99..=NOW => fadvise_hint: u32, "fadvise_hint", None;
        V65_FIO_2_99..=V66 => fadvise_stream: u32, "fadvise_stream", None;
        V65_FIO_2_99..=NOW => fallocate_mode: u32, "fallocate_mode", None;
        V65_FIO_2_99..=NOW => zero_buffers: u32, "zero_buffers", None;
        V65_FIO_2_99..=NOW => refill_buffers: u32, "refill_buffers", None;
        V65_FIO_2_99..=NOW => scramble_buffers: u32, "scramble_buffers", None;
        V65_FIO_2_99..=V97 => buffer_pattern: [u8; 512], "buffer_pattern", None;
        V65_FIO_2_99..=NOW => buffer_pattern_bytes: u32, "buffer_pattern_bytes", Bytes;
        V65_FIO_2_99..=NOW => compress_percent: u32, "compress_percentage", Percent;
        V65_FIO_2_99..=NOW => compress_chunk: u32, "compress_chunk", Bytes;
        V65_FIO_2_99..=NOW => dedupe_percent: u32, "dedupe_percentage", Percent;
        V94..=NOW => dedupe_mode: u32, "dedupe_mode", None;
        V94..=NOW => dedupe_working_set_percent: u32, "dedupe_working_set_percentage", Percent;
        V97..=NOW => dedupe_global: u32, "dedupe_global", None;
        V65_FIO_2_99..=NOW => time_based: u32, "time_based", None;
        V65_FIO_2_99..=NOW => disable_total_latency: u32, "disable_lat", None;
        V65_FIO_2_99..=NOW => disable_completion_latency: u32, "disable_clat", None;
        V65_FIO_2_99..=NOW => disable_submission_latency: u32, "disable_slat", None;
        V65_FIO_2_99..=NOW => disable_bandwidth: u32, "disable_bw", None;
        V65_FIO_2_99..=NOW => unified_report: u32, "unified_rw_rep", None;
        V65_FIO_2_99..=NOW => reduce_time_calls: u32, "gtod_reduce", None;
        V65_FIO_2_99..=NOW => time_cpu: u32, "gtod_cpu", None;
        V101..=NOW => job_start_clock: u32, "job_start_clock_id", None;
        V65_FIO_2_99..=NOW => clock_source: u32, "clocksource", None;
        V65_FIO_2_99..=NOW => no_stall: u32, "no_stall", None;
        V65_FIO_2_99..=NOW => trim_percent: u32, "trim_percentage", Percent;
        V65_FIO_2_99..=NOW => trim_batch: u32, "trim_batch", None;
        V65_FIO_2_99..=NOW => trim_zero: u32, "trim_zero", None;
        V65_FIO_2_99..=NOW => trim_backlog: u64, "trim_backlog", None;
        V65_FIO_2_99..=NOW => completion_percentiles: u32, "clat_percentiles", None;
        V82..=NOW => total_percentiles: u32, "lat_percentiles", None;
        V82..=NOW => submission_percentiles: u32, "slat_percentiles", None;
        V65_FIO_2_99..=NOW => percentile_precision: u32, "percentile_precision", None;
        V120..=NOW => pad(4);
        V101..=V113 => pad(4);
        V97..=V100 => pad(4);
        V82..=V83 => pad(4);
        V65_FIO_2_99..=NOW => percentile_list: [f64; 20], "percentile_list", Percent;
        V65_FIO_2_99..=NOW => read_io_log_file: Chars<256>, "read_iolog_file", None;
        V65_FIO_2_99..=NOW => write_io_log_file: Chars<256>, "write_iolog_file", None;
        V77_FIO_3_11..=NOW => merge_blktrace_file: Chars<256>, "merge_blktrace_file", None;
        V77_FIO_3_11..=NOW => merge_blktrace_scalars: [f64; 20], "merge_blktrace_scalars", Percent;
        V77_FIO_3_11..=NOW => merge_blktrace_iterations: [f64; 20], "merge_blktrace_iters", None;
        V65_FIO_2_99..=NOW => write_bandwidth_log: u32, "write_bw_log", None;
        V65_FIO_2_99..=NOW => write_latency_log: u32, "write_lat_log", None;
        V65_FIO_2_99..=NOW => write_iops_log: u32, "write_iops_log", None;
        V65_FIO_2_99..=NOW => write_histogram_log: u32, "write_hist_log", None;
        V65_FIO_2_99..=NOW => bandwidth_log_file: Chars<256>, "bw_log_file", None;
        V65_FIO_2_99..=NOW => latency_log_file: Chars<256>, "lat_log_file", None;
        V65_FIO_2_99..=NOW => iops_log_file: Chars<256>, "iops_log_file", None;
        V65_FIO_2_99..=NOW => histogram_log_file: Chars<256>, "hist_log_file", None;
        V65_FIO_2_99..=NOW => replay_redirect: Chars<256>, "replay_redirect", None;
        V65_FIO_2_99..=NOW => command_before: Chars<256>, "exec_prerun", None;
        V65_FIO_2_99..=NOW => command_after: Chars<256>, "exec_postrun", None;
        V103..=NOW => think_cycles: u32, "thinkcycles", None;
        V94..=NOW => think_time: u32, "thinktime", Microseconds;
        V94..=NOW => think_time_spin: u32, "thinktime_spin", Microseconds;
        V94..=NOW => think_time_blocks: u32, "thinktime_blocks", None;
        V94..=NOW => think_time_blocks_type: u32, "thinktime_blocks_type", None;
        V94..=NOW => think_time_io_time: u32, "thinktime_iotime", Microseconds;
        V65_FIO_2_99..=NOW => rate: [u64; 3], "rate", BytesPerSecond;
        V65_FIO_2_99..=NOW => rate_min: [u64; 3], "ratemin", BytesPerSecond;
        V65_FIO_2_99..=NOW => rate_cycle_ms: u32, "ratecycle", Milliseconds;
        V65_FIO_2_99..=NOW => submit_mode: u32, "io_submit_mode", None;
        V65_FIO_2_99..=NOW => rate_iops: [u32; 3], "rate_iops", PerSecond;
        V65_FIO_2_99..=NOW => rate_iops_min: [u32; 3], "rate_iops_min", PerSecond;
        V65_FIO_2_99..=NOW => rate_process: u32, "rate_process", None;
        V69..=NOW => rate_ignores_think_time: u32, "rate_ign_think", None;
        V77..=V80 => pad(4);
        V69..=V77_FIO_3_11 => pad(4);
        V65_FIO_2_99..=NOW => io_scheduler: Chars<256>, "ioscheduler", None;
        V65_FIO_2_99..=NOW => continue_on_error: u32, "continue_on_error", None;
        V65_FIO_2_99..=NOW => profile: Chars<256>, "profile", None;
        V65_FIO_2_99..=NOW => cgroup: Chars<256>, "cgroup", None;
        V65_FIO_2_99..=NOW => cgroup_weight: u32, "cgroup_weight", None;
        V65_FIO_2_99..=NOW => cgroup_keep: u32, "cgroup_nodelete", None;
        V65_FIO_2_99..=NOW => user_id: u32, "uid", None;
        V65_FIO_2_99..=NOW => group_id: u32, "gid", None;
        V65_FIO_2_99..=V84 => flow_id: i32, "flow_id", None;
        V65_FIO_2_99..=V84 => flow: i32, "flow", None;
        V65_FIO_2_99..=V84 => flow_watermark: i32, "flow_watermark", None;
        V65_FIO_2_99..=V84 => flow_sleep: u32, "flow_sleep", Microseconds;
        V80..=NOW => offset_increment_percent: u32, "offset_increment_percent", Percent;
        V88..=NOW => offset_increment_zones: u32, "offset_increment_nz", None;
        V80..=V80 => pad(4);
        V65_FIO_2_99..=NOW => offset_increment: u64, "offset_increment", Bytes;
        V65_FIO_2_99..=NOW => number_of_ios: u64, "number_ios", None;
        V65_FIO_2_99..=V66 => sync_file_range: u32, "sync_file_range", None;
        V65_FIO_2_99..=V66 => pad(4);
        V65_FIO_2_99..=NOW => latency_target: u64, "latency_target", None;
        V65_FIO_2_99..=NOW => latency_window: u64, "latency_window", None;
        V69..=V88 => max_latency: Shared<u64>, "max_latency", None;
        V89..=NOW => max_latency: [u64; 3], "max_latency", None;
        V103..=NOW => latency_run: u32, "latency_run", None;
        V88..=V89 => pad(4);
        V65_FIO_2_99..=NOW => latency_percentile: f64, "latency_percentile", Percent;
        V83..=V101 => latency_run: u32, "latency_run", None;
        V86..=NOW => flow_id: i32, "flow_id", None;
        V86..=NOW => flow: i32, "flow", None;
        V86..=NOW => flow_sleep: u32, "flow_sleep", Microseconds;
        V69..=NOW => significant_figures: u32, "sig_figs", None;
        V65_FIO_2_99..=NOW => block_error_histogram: u32, "block_error_hist", None;
        V65_FIO_2_99..=V65_FIO_2_99 => skip_bad: u32, "skip_bad", None;
        V65_FIO_2_99..=NOW => replay_align: u32, "replay_align", Bytes;
        V65_FIO_2_99..=NOW => replay_scale: u32, "replay_scale", None;
        V72..=NOW => replay_time_scale: u32, "replay_time_scale", Percent;
        V73..=NOW => replay_skip: u32, "replay_skip", None;
        V65_FIO_2_99..=NOW => per_job_logs: u32, "per_job_logs", None;
        V65_FIO_2_99..=NOW => allow_create: u32, "allow_create", None;
        V65_FIO_2_99..=NOW => allow_mounted_write: u32, "allow_mounted_write", None;
        V74..=NOW => zone_mode: u32, "zone_mode", None;
        V94..=NOW => max_open_zones: i32, "max_open_zones", None;
        V94..=NOW => ignore_zone_limits: u32, "ignore_zone_limits", None;
        V111..=NOW => recover_zone_write_error: u32, "recover_zbd_write_error", None;
        V120..=NOW => write_zone_remainder: u32, "write_zone_remainder", None;
        V95..=NOW => log_entries: u32, "log_entries", None;
        V94..=NOW => log_priority: u32, "log_prio", None;
        V107_FIO_3_38..=NOW => log_issue_time: u32, "log_issue_time", None;
        V99..=NOW => data_placement: u32, "fdp", None;
        V107_FIO_3_38..=NOW => placement_type: u32, "dp_type", None;
        V107_FIO_3_38..=NOW => placement_select: u32, "dp_id_select", None;
        V107_FIO_3_38..=NOW => placement_identifiers: [u16; 128], "dp_ids", None;
        V107_FIO_3_38..=NOW => placement_identifier_count: u32, "dp_nr_ids", None;
        V107_FIO_3_38..=NOW => placement_scheme_file: Chars<256>, "dp_scheme_file", None;
        V101..=V103 => placement_select: u32, "fdp_pli_select", None;
        V99..=V103 => placement_identifiers: [u32; 16], "fdp_plis", None;
        V99..=V103 => placement_identifier_count: u32, "fdp_nrpli", None;
        V103..=NOW => trim_ranges: u32, "num_range", None;
    }
}

#[cfg(test)]
mod tests;
