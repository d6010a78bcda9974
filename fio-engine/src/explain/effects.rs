//! Options that were given and do nothing, and why.

use std::collections::HashSet;

use super::model::{NoEffect, PlannedIos};
use super::time;
use crate::clock::Clock;
use crate::job::{
    BlockSizes, Category, ClockSource, Distribution, JobSpec, OptionInfo, RandomGenerator,
    SizeOrPercent, SubmitMode, engine_options, options,
};
use crate::run::{JobClone, Plan, RunOptions};

/// What the rules look at.
pub(super) struct Facts<'a> {
    spec: &'a JobSpec,
    /// Main names of the options given to the job or globally.
    given: HashSet<&'static str>,
    pub(super) needs_files: bool,
    /// The engine can have more than one I/O in flight.
    pub(super) keeps_in_flight: bool,
    /// Clones of all jobs in the reporting group.
    in_group: usize,
    is_first: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        clone: &'a JobClone,
        plan: &Plan,
        options: &RunOptions,
        needs_files: bool,
    ) -> Self {
        let own = clone.spec.given_options.iter();
        let names = options.global_options.iter().chain(own);
        let engines = &options.engines;
        Self {
            spec: &clone.spec,
            given: names.filter_map(|(name, _)| main_name(name)).collect(),
            needs_files,
            keeps_in_flight: engines.keeps_in_flight(&clone.spec.engine).unwrap_or(true)
                || clone.spec.submit_mode == SubmitMode::Offload,
            in_group: plan
                .clones
                .iter()
                .filter(|other| other.group == clone.group)
                .count(),
            is_first: clone.index == 0,
        }
    }

    /// Whether the option of this main name was given.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.given.contains(name)
    }

    fn is_mixed(&self) -> bool {
        self.spec.pattern.read && self.spec.pattern.write
    }

    /// Random offsets come from a shift register.
    fn draws_by_register(&self) -> bool {
        self.spec.random_generator == RandomGenerator::Lfsr
            && self.spec.order.distribution == Distribution::Uniform
    }

    fn preconditions(&self) -> bool {
        self.spec.order.preconditioning.is_some()
    }

    fn changes(&self) -> bool {
        self.spec.pattern.write || self.spec.replay.replays()
    }

    /// Nothing of the sequence is drawn.
    fn is_fixed(&self) -> bool {
        let fixed = |sizes: &BlockSizes| matches!(sizes, BlockSizes::Fixed(_));
        let sizes = &self.spec.block_sizes;
        !self.spec.pattern.random && !self.is_mixed() && sizes.0.iter().all(fixed)
    }

    /// `rw` has a number behind a colon.
    fn has_suffix(&self) -> bool {
        let options = self.spec.to_options();
        options
            .iter()
            .any(|(name, value)| *name == "rw" && value.contains(':'))
    }

    fn logs(&self) -> bool {
        self.spec.logs.any()
    }
}

/// Some options, and when and why they do nothing.
struct Rule {
    options: &'static [&'static str],
    applies: fn(&Facts<'_>) -> bool,
    reason: &'static str,
}

const fn rule(
    options: &'static [&'static str],
    applies: fn(&Facts<'_>) -> bool,
    reason: &'static str,
) -> Rule {
    Rule {
        options,
        applies,
        reason,
    }
}

/// The first rule that applies to an option counts.
const RULES: &[Rule] = &[
    rule(
        &[
            "rw",
            "rwmixread",
            "rwmixwrite",
            "bs",
            "bsrange",
            "bssplit",
            "size",
            "io_size",
            "filesize",
            "offset",
            "filename",
            "directory",
            "nrfiles",
            "loops",
            "time_based",
            "fsync",
            "fdatasync",
            "norandommap",
            "randrepeat",
            "randseed",
            "overwrite",
            "fallocate",
            "write_iolog",
        ],
        |facts| facts.spec.replay.replays(),
        "the log that is replayed (read_iolog) says what is done",
    ),
    rule(
        &[
            "read_iolog_chunked",
            "replay_no_stall",
            "replay_redirect",
            "replay_scale",
            "replay_align",
            "replay_time_scale",
            "replay_skip",
            "merge_blktrace_file",
            "merge_blktrace_scalars",
            "merge_blktrace_iters",
        ],
        |facts| !facts.spec.replay.replays(),
        "no log is replayed (read_iolog)",
    ),
    rule(
        &[
            "iodepth",
            "iodepth_batch",
            "iodepth_batch_complete_min",
            "iodepth_batch_complete_max",
            "iodepth_low",
            "serialize_overlap",
        ],
        |facts| !facts.keeps_in_flight,
        "the engine finishes each I/O before the next one is issued",
    ),
    rule(
        &["iodepth"],
        |facts| facts.spec.engine == "libaio" && !facts.spec.direct,
        "without direct=1 the kernel finishes libaio's I/Os while they are submitted",
    ),
    rule(
        &["rwmixread", "rwmixwrite"],
        |facts| !facts.is_mixed(),
        "the job does not both read and write",
    ),
    rule(
        &[
            "norandommap",
            "softrandommap",
            "random_generator",
            "random_distribution",
            "percentage_random",
            "ba",
        ],
        |facts| !facts.spec.pattern.random,
        "offsets are sequential",
    ),
    rule(
        &["norandommap", "softrandommap"],
        |facts| facts.draws_by_register() && !facts.preconditions(),
        "a shift register (random_generator=lfsr) needs no map of the blocks that are used",
    ),
    rule(
        &["random_generator", "norandommap", "softrandommap"],
        |facts| facts.preconditions(),
        "sprandom has an order of its own",
    ),
    rule(
        &["spr_num_regions", "spr_op", "spr_cs"],
        |facts| !facts.preconditions(),
        "there is no sprandom",
    ),
    rule(
        &["random_generator"],
        |facts| facts.spec.random_generator == RandomGenerator::Lfsr && !facts.draws_by_register(),
        "blocks that are not equally popular (random_distribution) cannot come from a shift register",
    ),
    rule(
        &["zonerange", "zoneskip"],
        |facts| facts.spec.order.zones.is_none(),
        "there are no zones without zonemode=strided",
    ),
    rule(
        &["zonecapacity"],
        |_| true,
        "only zones of zoned block devices can be filled",
    ),
    rule(
        &["randrepeat", "randseed"],
        |facts| facts.is_fixed(),
        "nothing of the job's sequence is random",
    ),
    rule(
        &[
            "fsync",
            "fdatasync",
            "sync_file_range",
            "end_fsync",
            "sync",
            "overwrite",
            "refill_buffers",
            "zero_buffers",
            "scramble_buffers",
            "buffer_pattern",
            "buffer_compress_percentage",
            "buffer_compress_chunk",
            "dedupe_percentage",
            "dedupe_mode",
            "dedupe_working_set_percentage",
            "dedupe_global",
            "write_hint",
            "file_append",
            "fill_device",
        ],
        |facts| !facts.changes(),
        "the job writes nothing",
    ),
    rule(
        &["softrandommap"],
        |facts| facts.spec.no_random_map,
        "norandommap does without the map in any case",
    ),
    rule(
        &["block_error_percentiles"],
        |facts| facts.spec.replay.replays(),
        "what the log trims that is replayed (read_iolog) is not known as blocks",
    ),
    rule(
        &["block_error_percentiles"],
        |facts| !facts.spec.pattern.trim,
        "the job trims nothing (rw)",
    ),
    rule(
        &["loops"],
        |facts| facts.spec.time_based,
        "time_based repeats the job until its runtime is over",
    ),
    rule(
        &["time_based"],
        |facts| facts.spec.runtime.is_none(),
        "there is no runtime to fill",
    ),
    rule(
        &["nrfiles", "filename_format"],
        |facts| !facts.spec.file_names.is_empty(),
        "filename names the files",
    ),
    rule(
        &["group_reporting"],
        |facts| facts.in_group == 1,
        "the group has one job only",
    ),
    rule(
        &["stonewall", "new_group"],
        |facts| facts.is_first,
        "no job comes before this one",
    ),
    rule(&["thread"], |_| true, "jobs are threads in any case"),
    rule(
        &["gtod_cpu"],
        |_| true,
        "no CPU needs to read the clock for others here; the one named is kept free of jobs",
    ),
    rule(
        &["clocksource"],
        |facts| facts.spec.process.clock == ClockSource::Counter && !Clock::shared().uses_counter(),
        "the counter of this processor is not reliable; clock_gettime is used",
    ),
    rule(
        &["ioscheduler"],
        |facts| !facts.needs_files,
        "the engine uses no files, so there is no device",
    ),
    rule(
        &["cgroup_weight", "cgroup_nodelete"],
        |facts| facts.spec.process.control_group.name.is_none(),
        "the job joins no control group (cgroup)",
    ),
    rule(
        &["percentile_list"],
        |facts| {
            let kinds = facts.spec.percentiles;
            let blocks = facts.spec.errors.by_block;
            !(kinds.submission || kinds.completion || kinds.total || blocks)
        },
        "no percentiles are reported",
    ),
    rule(
        &[
            "log_avg_msec",
            "log_entries",
            "log_offset",
            "log_prio",
            "log_issue_time",
            "log_window_value",
            "log_compression",
            "log_store_compressed",
            "log_alternate_epoch",
            "log_alternate_epoch_clock_id",
            "per_job_logs",
        ],
        |facts| !facts.logs(),
        "the job writes no log (write_bw_log, write_lat_log, write_iops_log, write_hist_log)",
    ),
    rule(
        &["log_hist_msec", "log_hist_coarseness"],
        |facts| facts.spec.logs.histogram.is_none(),
        "the job writes no histogram log (write_hist_log)",
    ),
    rule(
        &["rate_process", "rate_ignore_thinktime"],
        |facts| !facts.is_given("rate") && !facts.is_given("rate_iops"),
        "the job has no rate",
    ),
    rule(
        &["rate_cycle"],
        |facts| !facts.is_given("rate_min") && !facts.is_given("rate_iops_min"),
        "the job must reach no rate (rate_min, rate_iops_min)",
    ),
    rule(
        &["latency_window", "latency_percentile", "latency_run"],
        |facts| !facts.is_given("latency_target"),
        "no latency is aimed at (latency_target)",
    ),
    rule(
        &[
            "steadystate_duration",
            "steadystate_ramp_time",
            "steadystate_check_interval",
        ],
        |facts| !facts.is_given("steadystate"),
        "no steady state is waited for (steadystate)",
    ),
    rule(
        &["flow_id", "flow_sleep"],
        |facts| !facts.is_given("flow"),
        "the job has no share of a flow (flow)",
    ),
    rule(
        &["exit_what"],
        |facts| !facts.is_given("exitall") && !facts.is_given("exitall_on_error"),
        "the end of the job ends no others (exitall)",
    ),
    rule(
        &["offset_align"],
        |facts| {
            let in_bytes = |size| matches!(size, SizeOrPercent::Bytes(_));
            in_bytes(facts.spec.offset) && in_bytes(facts.spec.order.offset_increment)
        },
        "only offsets in percent are aligned",
    ),
    rule(
        &["file_service_type", "openfiles"],
        |facts| facts.spec.file_count == 1 && facts.spec.files.folder.is_none(),
        "the job has one file",
    ),
    rule(
        &["rw_sequencer"],
        |facts| !facts.has_suffix(),
        "rw has no number behind a colon",
    ),
    rule(
        &["cmdprio", "cmdprio_class", "cmdprio_hint"],
        |facts| !facts.is_given("cmdprio_percentage") && !facts.is_given("cmdprio_bssplit"),
        "no I/O has a priority of its own (cmdprio_percentage, cmdprio_bssplit)",
    ),
    rule(
        &[
            "iodepth_batch",
            "iodepth_batch_complete_min",
            "iodepth_batch_complete_max",
            "iodepth_low",
            "serialize_overlap",
        ],
        |facts| facts.spec.io_depth == 1,
        "one I/O is in flight at a time (iodepth)",
    ),
    rule(
        &["filesize"],
        |facts| !facts.needs_files,
        "the engine uses no files, and size says how far offsets go",
    ),
    rule(
        &["direct", "buffered", "invalidate"],
        |facts| !facts.needs_files,
        "the engine uses no files",
    ),
];

/// The options that do nothing, in the order of the table.
pub(super) fn without_effect(facts: &Facts<'_>, ios: &PlannedIos) -> Vec<NoEffect> {
    let given = options()
        .iter()
        .chain(engine_options())
        .filter(|option| facts.is_given(option.name));
    given
        .filter_map(|option| {
            Some(NoEffect {
                option: option.name,
                reason: reason(option, facts).or_else(|| too_long(option, facts, ios))?,
            })
        })
        .collect()
}

fn reason(option: &OptionInfo, facts: &Facts<'_>) -> Option<String> {
    let applies = |rule: &&Rule| rule.options.contains(&option.name) && (rule.applies)(facts);
    if let Some(rule) = RULES.iter().find(applies) {
        return Some(rule.reason.to_owned());
    }
    let of_files = option.category == Category::File && !SIZES_OF_REGIONS.contains(&option.name);
    if of_files && !facts.needs_files {
        return Some("the engine uses no files".to_owned());
    }
    // What modifies an option does nothing where that one is off.
    let parent = option.parent.filter(|parent| is_off_by_default(parent))?;
    (!facts.is_given(parent)).then(|| format!("it belongs to {parent}, which is not given"))
}

/// A run time that the I/Os of the job do not last for at its rates.
fn too_long(option: &OptionInfo, facts: &Facts<'_>, ios: &PlannedIos) -> Option<String> {
    let runtime = facts.spec.runtime.filter(|_| option.name == "runtime")?;
    let needed = time::at_rates(facts.spec, ios)?;
    // Unfinished I/Os and sleeps that are too long make the end a little uncertain.
    (needed.mul_f64(1.1) < runtime).then(|| {
        format!(
            "at its rate the job has done all its I/Os after {needed:.1?}; time_based would repeat \
             them"
        )
    })
}

/// Options of files that mean something without files, too.
const SIZES_OF_REGIONS: [&str; 3] = ["filesize", "nrfiles", "file_service_type"];

/// Whether an option does something only if it is given.
fn is_off_by_default(name: &str) -> bool {
    let found = options().iter().find(|option| option.name == name);
    found.is_some_and(|option| matches!(option.default, None | Some("0" | "none")))
        && !ALWAYS_ON.contains(&name)
}

/// Options without a default in the table that do something all the same.
const ALWAYS_ON: [&str; 5] = ["rw", "bs", "filename", "directory", "flow_id"];

fn main_name(name: &str) -> Option<&'static str> {
    let named = |option: &&OptionInfo| option.name == name || option.alias == Some(name);
    let mut all = options().iter().chain(engine_options());
    all.find(named).map(|option| option.name)
}
