//! What one job does, every option resolved to a checked value.
//!
//! A [`JobSpec`] is what the parser makes of a job file section and what a program builds by hand;
//! the rest of the engine reads nothing else. Options that belong together are structs in files of their own.

pub(super) mod buffers;
mod builder;
pub(super) mod engine_options;
pub(super) mod errors;
pub(super) mod file_options;
pub(super) mod flow;
pub(super) mod latency;
pub(super) mod lifecycle;
pub(super) mod log_options;
pub(super) mod memory;
pub(super) mod order;
pub(super) mod pattern;
pub(super) mod preconditioning;
pub(super) mod priority;
pub(super) mod process;
pub(super) mod rate;
pub(super) mod replay;
pub(super) mod reporting;
pub(super) mod steady_state;
pub(super) mod think_time;
mod validate;
pub(super) mod zones;

use std::path::PathBuf;
use std::time::Duration;

use super::units::number::SizeOrPercent;
use crate::direction::{Direction, PerDirection};
use buffers::BufferOptions;
use engine_options::EngineOptions;
use errors::ErrorOptions;
use file_options::FileOptions;
use flow::FlowOptions;
use latency::LatencyTargetOptions;
use lifecycle::LifecycleOptions;
use log_options::LogOptions;
use memory::MemoryOptions;
use order::OrderOptions;
use priority::PriorityOptions;
use process::ProcessOptions;
use rate::RateOptions;
use replay::ReplayOptions;
use reporting::ReportingOptions;
use steady_state::SteadyStateOptions;
use think_time::ThinkTimeOptions;

/// One job (a section of a job file): what it reads and writes, how, and for how long.
///
/// [`JobSpec::new`] gives fio's defaults; every field may then be set. `numjobs` clones are made
/// when the job is run, not here.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSpec {
    /// Name of the job; generated file names begin with it too, unless [`FileOptions::stem`] says otherwise
    /// (`name`).
    pub name: String,
    /// Free text echoed in reports (`description`).
    pub description: Option<String>,
    /// The options as the user wrote them in this job's section, in order, for reports. An option
    /// without a value has an empty string.
    pub given_options: Vec<(String, String)>,

    /// Which directions the job issues and whether in random order (`rw`).
    pub pattern: Pattern,
    /// Share of reads in a mixed job, percent 0..=100 (`rwmixread`, `rwmixwrite`).
    pub read_mix_percent: u8,
    /// Block sizes of each direction (`bs`, `bsrange`, `bssplit`).
    pub block_sizes: PerDirection<BlockSizes>,
    /// Block sizes need not be multiples of the minimum (`bs_unaligned`).
    pub unaligned_block_sizes: bool,
    /// Alignment of random offsets in bytes; `None` means the smallest block size (`blockalign`).
    pub offset_alignment: PerDirection<Option<u64>>,
    /// Random jobs keep no map of blocks already used (`norandommap`).
    pub no_random_map: bool,
    /// Without memory for a random map the job goes on without one (`softrandommap`).
    pub soft_random_map: bool,
    /// Which generator draws random offsets (`random_generator`).
    pub random_generator: RandomGenerator,
    /// The sequence is the same in every run (`randrepeat`).
    pub repeatable: bool,
    /// All random streams are repeatable; fio before 3.35 (`allrandrepeat`).
    pub all_repeatable: bool,
    /// Seed of all random streams; `None` means fio's own (`randseed`).
    pub random_seed: Option<u64>,

    /// Which offset comes next (`random_distribution`, `percentage_random`, …).
    pub order: OrderOptions,

    /// Name of the I/O engine (`ioengine`).
    pub engine: String,
    /// I/Os kept in flight (`iodepth`), at least 1.
    pub io_depth: u32,
    /// I/Os submitted at once (`iodepth_batch`); 0 means as many as are free.
    pub submit_batch: u32,
    /// I/Os waited for at least when reaping (`iodepth_batch_complete_min`); 0 means poll.
    pub complete_batch_min: u32,
    /// I/Os reaped at most at once (`iodepth_batch_complete_max`); `None` means the minimum.
    pub complete_batch_max: Option<u32>,
    /// Once the depth is reached, refill only when it has fallen to this (`iodepth_low`); 0 means `io_depth`.
    pub io_depth_low: u32,
    /// Bypass the page cache with `O_DIRECT` (`direct`, `buffered`).
    pub direct: bool,
    /// How files are opened for synchronous writes (`sync`).
    pub sync_mode: SyncMode,

    /// Bytes the job works on, over all files (`size`); `None` means the size of the files.
    pub size: Option<SizeOrPercent>,
    /// Bytes the job moves before it ends (`io_size`); `None` means as much as `size`.
    pub io_size: Option<SizeOrPercent>,
    /// Size of each file, or a range to draw from (`filesize`).
    pub file_size: Option<(u64, u64)>,
    /// Where in each file the job begins (`offset`).
    pub offset: SizeOrPercent,
    /// Number of files (`nrfiles`), at least 1.
    pub file_count: u32,
    /// Files named by the user (`filename`); empty means generated names.
    pub file_names: Vec<String>,
    /// Folders the files live in (`directory`); clones are spread over them in turn.
    pub directories: Vec<PathBuf>,
    /// Form of generated names (`filename_format`); `None` means fio's default form.
    pub file_name_format: Option<String>,
    /// How space is reserved when a file is laid out (`fallocate`).
    pub fallocate: Fallocate,
    /// The page cache of the files is dropped before the job begins (`invalidate`).
    pub invalidate: bool,
    /// Existing files are laid out in full before they are overwritten (`overwrite`).
    pub overwrite: bool,
    /// Files are removed after the job (`unlink`).
    pub unlink: bool,
    /// How files are made, opened, shared and left (`create_on_open`, `pre_read`, …).
    pub files: FileOptions,

    /// Ends the job after this time (`runtime`); `None` means when its bytes are done.
    pub runtime: Option<Duration>,
    /// The job goes over its files again and again until `runtime` is over (`time_based`).
    pub time_based: bool,
    /// Time before statistics count (`ramp_time`).
    pub ramp_time: Duration,
    /// Delay before the job starts, or a range to draw from (`startdelay`).
    pub start_delay: (Duration, Duration),
    /// How many times the whole job is repeated (`loops`), at least 1.
    pub loops: u64,
    /// Number of clones (`numjobs`), at least 1.
    pub clones: u32,
    /// Run as a thread where fio would fork (`thread`). Jobs here are always threads; the value only changes what is said.
    pub thread: bool,
    /// Wait for all earlier jobs before starting (`stonewall`, `wait_for_previous`).
    pub stonewall: bool,
    /// Begin a new reporting group (`new_group`).
    pub new_group: bool,
    /// Report the jobs of a group as one (`group_reporting`).
    pub group_reporting: bool,
    /// CPUs the job may run on (`cpus_allowed`); `None` means all.
    pub cpus_allowed: Option<Vec<usize>>,
    /// Spread the CPUs over the clones, one each (`cpus_allowed_policy=split`).
    pub split_cpus: bool,

    /// When the job begins, and which jobs end with it (`wait_for`, `exitall`, …).
    pub lifecycle: LifecycleOptions,
    /// After which errors the job goes on (`continue_on_error`, `ignore_error`, `error_dump`).
    pub errors: ErrorOptions,
    /// When the job ends because it is in a steady state (the `steadystate` family).
    pub steady_state: SteadyStateOptions,
    /// Which parts of a report the job has a share in (`stats`, `disk_util`).
    pub reporting: ReportingOptions,

    /// How fast the job may and must issue I/O (`rate`, `rate_iops`, …).
    pub rate: RateOptions,
    /// Pauses between I/Os (`thinktime`, …).
    pub think_time: ThinkTimeOptions,
    /// The job's share of the activity of several (`flow`, …).
    pub flow: FlowOptions,
    /// The job ends with an error when an I/O takes longer (`max_latency`), from its making on.
    pub max_latency: PerDirection<Option<Duration>>,
    /// What latency the job looks for the depth of (`latency_target`, …).
    pub latency_target: LatencyTargetOptions,
    /// Which threads do the I/Os (`io_submit_mode`).
    pub submit_mode: SubmitMode,
    /// An I/O waits for those of the job in flight that touch the same bytes (`serialize_overlap`).
    pub serialize_overlap: bool,
    /// Bytes before statistics count (`ramp_size`); 0 for none. With a ramp time, both must be over.
    pub ramp_bytes: u64,

    /// Options of the engine.
    pub engine_options: EngineOptions,
    /// I/O priorities (`prio`, `prioclass`, `cmdprio_percentage`, …).
    pub priority: PriorityOptions,
    /// How the job stands to the system it runs on (`nice`, `uid`, `numa_cpu_nodes`, …).
    pub process: ProcessOptions,

    /// `fsync` after this many writes (`fsync`); 0 means never.
    pub fsync_every: u32,
    /// `fdatasync` after this many writes (`fdatasync`); 0 means never.
    pub fdatasync_every: u32,
    /// `fsync` each file when the job ends (`end_fsync`).
    pub end_fsync: bool,
    /// `fsync` each file when it is closed (`fsync_on_close`).
    pub fsync_on_close: bool,

    /// Which I/O log the job writes or replays (`write_iolog`, `read_iolog`, `replay_*`).
    pub replay: ReplayOptions,

    /// What the buffers of writes hold (`buffer_pattern`, `dedupe_percentage`, …).
    pub buffers: BufferOptions,
    /// Where buffers lie (`mem`, `iomem_align`, `hugepage-size`).
    pub memory: MemoryOptions,

    /// Which latencies and rates are measured (`disable_lat`, `gtod_reduce`, …).
    pub measure: Measure,
    /// Which latencies are reported with percentiles (`clat_percentiles`, …).
    pub percentiles: PercentileKinds,
    /// The percentiles reported (`percentile_list`), ascending, 0.0..=100.0, at most 20.
    pub percentile_list: Vec<f64>,
    /// Interval of bandwidth samples (`bwavgtime`). `None` is that of the bandwidth log, or else
    /// [`RATE_INTERVAL`](Self::RATE_INTERVAL).
    pub bandwidth_interval: Option<Duration>,
    /// Interval of IOPS samples (`iopsavgtime`). `None` is that of the IOPS log, or else
    /// [`RATE_INTERVAL`](Self::RATE_INTERVAL).
    pub iops_interval: Option<Duration>,
    /// The log files the job writes (`write_bw_log`, …).
    pub logs: LogOptions,
    /// 1024 or 1000: what a `k` is (`kb_base`).
    pub kb_base: u32,
    /// 0 (bytes, automatic), 8 (bytes) or 1 (bits): the unit of reported rates (`unit_base`).
    pub unit_base: u32,
    /// Digits of reported numbers (`significant_figures`), 1..=10.
    pub significant_figures: u32,
}

impl JobSpec {
    /// The interval at which rates are sampled unless the job says otherwise.
    pub const RATE_INTERVAL: Duration = Duration::from_millis(500);

    /// A job of this name with fio's defaults: sequential 4 KiB reads by `psync`, depth 1.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            given_options: Vec::new(),
            pattern: Pattern::READ,
            read_mix_percent: 50,
            block_sizes: PerDirection::splat(BlockSizes::Fixed(4096)),
            unaligned_block_sizes: false,
            offset_alignment: PerDirection::splat(None),
            no_random_map: false,
            soft_random_map: false,
            random_generator: RandomGenerator::Tausworthe,
            repeatable: true,
            all_repeatable: false,
            random_seed: None,
            order: OrderOptions::default(),
            engine: "psync".to_owned(),
            io_depth: 1,
            submit_batch: 1,
            complete_batch_min: 1,
            complete_batch_max: None,
            io_depth_low: 0,
            direct: false,
            sync_mode: SyncMode::None,
            size: None,
            io_size: None,
            file_size: None,
            offset: SizeOrPercent::Bytes(0),
            file_count: 1,
            file_names: Vec::new(),
            directories: Vec::new(),
            file_name_format: None,
            fallocate: Fallocate::Native,
            invalidate: true,
            overwrite: false,
            unlink: false,
            files: FileOptions::default(),
            runtime: None,
            time_based: false,
            ramp_time: Duration::ZERO,
            start_delay: (Duration::ZERO, Duration::ZERO),
            loops: 1,
            clones: 1,
            thread: false,
            stonewall: false,
            new_group: false,
            group_reporting: false,
            cpus_allowed: None,
            split_cpus: false,
            lifecycle: LifecycleOptions::default(),
            errors: ErrorOptions::default(),
            steady_state: SteadyStateOptions::default(),
            reporting: ReportingOptions::default(),
            rate: RateOptions::default(),
            think_time: ThinkTimeOptions::default(),
            flow: FlowOptions::default(),
            max_latency: PerDirection::splat(None),
            latency_target: LatencyTargetOptions::default(),
            submit_mode: SubmitMode::Inline,
            serialize_overlap: false,
            ramp_bytes: 0,
            engine_options: EngineOptions::default(),
            priority: PriorityOptions::default(),
            process: ProcessOptions::default(),
            fsync_every: 0,
            fdatasync_every: 0,
            end_fsync: false,
            fsync_on_close: false,
            replay: ReplayOptions::default(),
            buffers: BufferOptions::default(),
            memory: MemoryOptions::default(),
            measure: Measure::default(),
            percentiles: PercentileKinds::default(),
            percentile_list: DEFAULT_PERCENTILES.to_vec(),
            bandwidth_interval: None,
            iops_interval: None,
            logs: LogOptions::default(),
            kb_base: 1024,
            unit_base: 0,
            significant_figures: 4,
        }
    }

    /// Whether the page cache of the files is dropped when they are opened.
    pub(crate) const fn drops_cache(&self) -> bool {
        self.invalidate && !self.files.pre_read
    }
}

/// The percentiles reported when `percentile_list` is not given (manual, `percentile_list`).
pub const DEFAULT_PERCENTILES: [f64; 17] = [
    1.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.95,
    99.99,
];

/// Directions and order of a job's I/O: fio's `rw`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// The job reads.
    pub read: bool,
    /// The job writes.
    pub write: bool,
    /// The job trims.
    pub trim: bool,
    /// Offsets are random rather than sequential.
    pub random: bool,
    /// Each block is trimmed, then written (`trimwrite`).
    pub trim_then_write: bool,
}

impl Pattern {
    /// Sequential reads.
    pub const READ: Self = Self::of(true, false, false, false);
    /// Sequential writes.
    pub const WRITE: Self = Self::of(false, true, false, false);
    /// Sequential trims.
    pub const TRIM: Self = Self::of(false, false, true, false);
    /// Random reads.
    pub const RANDOM_READ: Self = Self::of(true, false, false, true);
    /// Random writes.
    pub const RANDOM_WRITE: Self = Self::of(false, true, false, true);
    /// Random trims.
    pub const RANDOM_TRIM: Self = Self::of(false, false, true, true);
    /// Sequential mixed reads and writes.
    pub const READ_WRITE: Self = Self::of(true, true, false, false);
    /// Random mixed reads and writes.
    pub const RANDOM_READ_WRITE: Self = Self::of(true, true, false, true);
    /// Sequential trims, each followed by a write of the same block.
    pub const TRIM_WRITE: Self = Self {
        trim_then_write: true,
        ..Self::of(false, true, true, false)
    };
    /// Random trims, each followed by a write of the same block.
    pub const RANDOM_TRIM_WRITE: Self = Self {
        trim_then_write: true,
        ..Self::of(false, true, true, true)
    };

    const fn of(read: bool, write: bool, trim: bool, random: bool) -> Self {
        Self {
            read,
            write,
            trim,
            random,
            trim_then_write: false,
        }
    }

    /// Whether the job does I/O of this direction.
    #[must_use]
    pub const fn has(self, direction: Direction) -> bool {
        match direction {
            Direction::Read => self.read,
            Direction::Write => self.write,
            Direction::Trim => self.trim,
        }
    }

    /// fio's word for this pattern, as in `rw=randread`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match (self.read, self.write, self.trim, self.random) {
            (true, true, _, true) => "randrw",
            (true, true, _, false) => "rw",
            (true, false, _, true) => "randread",
            (true, false, _, false) => "read",
            (false, true, true, true) => "randtrimwrite",
            (false, true, true, false) => "trimwrite",
            (false, true, false, true) => "randwrite",
            (false, true, false, false) => "write",
            (false, false, _, true) => "randtrim",
            (false, false, _, false) => "trim",
        }
    }
}

/// Block sizes in bytes of one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockSizes {
    /// Every I/O has this size.
    Fixed(u64),
    /// Sizes are drawn between the two, both included (`bsrange`).
    Range(u64, u64),
    /// Sizes and their share in percent, as the user listed them; shares sum to 100 (`bssplit`).
    Split(Vec<(u64, u8)>),
}

impl BlockSizes {
    /// The smallest size that can be drawn.
    #[must_use]
    pub fn min(&self) -> u64 {
        match self {
            Self::Fixed(size) => *size,
            Self::Range(low, _) => *low,
            Self::Split(entries) => entries.iter().map(|entry| entry.0).min().unwrap_or(0),
        }
    }

    /// The largest size that can be drawn.
    #[must_use]
    pub fn max(&self) -> u64 {
        match self {
            Self::Fixed(size) => *size,
            Self::Range(_, high) => *high,
            Self::Split(entries) => entries.iter().map(|entry| entry.0).max().unwrap_or(0),
        }
    }
}

/// Generator of random offsets: `random_generator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RandomGenerator {
    /// Three-component Tausworthe, 32 bits.
    Tausworthe,
    /// Five-component Tausworthe, 64 bits.
    Tausworthe64,
    /// A shift register that gives each block once per pass without a map of those used. It does
    /// so for uniform offsets and blocks of one size; sizes, and zones of a distribution, are drawn
    /// as with [`Self::Tausworthe`].
    Lfsr,
}

/// How space is reserved before a file is written: `fallocate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallocate {
    /// Not at all.
    None,
    /// `fallocate(2)` with default mode; going on without it where the file system has none.
    Native,
    /// `posix_fallocate(3)`.
    Posix,
    /// `fallocate(2)` with `FALLOC_FL_KEEP_SIZE`.
    KeepSize,
    /// `ftruncate(2)` to the final size.
    Truncate,
}

/// Which threads do a job's I/Os: `io_submit_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SubmitMode {
    /// The job's own (`inline`).
    #[default]
    Inline,
    /// A thread for each I/O that may be in flight, so that the job's own keeps its rate whatever the
    /// storage does (`offload`).
    Offload,
}

/// How files are opened for writing: `sync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncMode {
    /// Neither flag.
    None,
    /// `O_SYNC`.
    Sync,
    /// `O_DSYNC`.
    DataSync,
}

/// Which measurements are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Submission latency (`disable_slat` turns it off).
    pub submission_latency: bool,
    /// Completion latency (`disable_clat` turns it off).
    pub completion_latency: bool,
    /// Total latency (`disable_lat` turns it off).
    pub total_latency: bool,
    /// Bandwidth samples (`disable_bw_measurement` turns them off).
    pub bandwidth: bool,
}

impl Default for Measure {
    fn default() -> Self {
        Self {
            submission_latency: true,
            completion_latency: true,
            total_latency: true,
            bandwidth: true,
        }
    }
}

/// Which latencies get percentiles in reports. fio's default is completion latency only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PercentileKinds {
    /// `slat_percentiles`.
    pub submission: bool,
    /// `clat_percentiles`.
    pub completion: bool,
    /// `lat_percentiles`.
    pub total: bool,
}

impl Default for PercentileKinds {
    fn default() -> Self {
        Self {
            submission: false,
            completion: true,
            total: false,
        }
    }
}
