//! What else a job does: when it begins, how fast it goes, what may end it, how its offsets fall.
//!
//! The values are those of the job written back as options, so that each sentence shows what to
//! change.

use std::collections::HashMap;

use super::effects::Facts;
use crate::job::JobSpec;
use crate::run::BlockMap;

/// Sentences about a job, in the order in which things happen.
pub(super) fn of(spec: &JobSpec, facts: &Facts<'_>, blocks: Option<&BlockMap>) -> Vec<String> {
    let values: HashMap<_, _> = spec.to_options().into_iter().collect();
    let set = Options(&values);
    let parts = [
        begin(&set),
        order(spec, &set),
        pace(&set),
        end(&set, facts),
        traces(&set),
    ];
    let mut all: Vec<_> = parts.into_iter().flatten().flatten().collect();
    if let Some(blocks) = blocks {
        let whole = "tells after how many trims blocks failed (block_error_percentiles)";
        all.push(blocks.remark().unwrap_or_else(|| whole.to_owned()));
        if !spec.errors.continues() {
            all.push("the first block that fails ends it (no continue_on_error)".to_owned());
        }
    }
    if facts.needs_files {
        all.extend(files(&set).into_iter().flatten());
    }
    all
}

/// The options of a job that differ from their defaults.
struct Options<'a>(&'a HashMap<&'static str, String>);

impl Options<'_> {
    /// `name=value`, if it was set.
    fn pair(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| format!("{name}={value}"))
    }

    /// All that are set of some options, with commas between them.
    fn pairs(&self, names: &[&str]) -> Option<String> {
        let set: Vec<_> = names.iter().filter_map(|name| self.pair(name)).collect();
        (!set.is_empty()).then(|| set.join(", "))
    }

    /// A sentence with the option in place of `{}`, if it was set.
    fn say(&self, name: &str, sentence: &str) -> Option<String> {
        let pair = self.pair(name)?;
        Some(sentence.replacen("{}", &pair, 1))
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

type Sentences = Vec<Option<String>>;

fn begin(set: &Options<'_>) -> Sentences {
    vec![
        set.say(
            "wait_for",
            "begins when all clones of another job have ended ({})",
        ),
        set.say(
            "exec_prerun",
            "the shell runs a command before it, as the user who runs the job ({})",
        ),
        set.say(
            "exec_postrun",
            "the shell runs a command after it, as the user who runs the job ({})",
        ),
        set.say("startdelay", "begins later than the others ({})"),
        set.say("create_only", "makes its files and does no I/O ({})"),
        set.say("ramp_time", "what it does at first is not measured ({})"),
        set.say("ramp_size", "what it does at first is not measured ({})"),
    ]
}

fn order(spec: &JobSpec, set: &Options<'_>) -> Sentences {
    let preconditions = spec.order.preconditioning.is_some();
    let repeats = spec.pattern.random && spec.no_random_map && !preconditions;
    vec![
        preconditions.then(|| {
            "writes every block once, and some again, to precondition an SSD (sprandom)".to_owned()
        }),
        set.say(
            "random_distribution",
            "some blocks are used more often than others ({})",
        ),
        repeats
            .then(|| "blocks may be used several times, and others never (norandommap)".to_owned()),
        set.say(
            "percentage_random",
            "only a part of its offsets is random ({})",
        ),
        set.say("zonemode", "goes over parts of its files ({})"),
    ]
}

fn pace(set: &Options<'_>) -> Sentences {
    let rates = set.pairs(&["rate", "rate_iops"]);
    let least = set.pairs(&["rate_min", "rate_iops_min"]);
    let pause = set.pairs(&[
        "thinktime",
        "thinktime_blocks",
        "thinktime_iotime",
        "thinktime_spin",
    ]);
    let target = set.pairs(&["latency_target", "latency_percentile", "latency_window"]);
    let then = if set.has("latency_run") {
        "goes on with it"
    } else {
        "ends"
    };
    vec![
        rates.map(|pairs| format!("goes no faster than its rate ({pairs})")),
        least.map(|pairs| format!("fails if it is slower than this ({pairs})")),
        pause
            .filter(|_| set.has("thinktime"))
            .map(|pairs| format!("pauses between I/Os ({pairs})")),
        set.say("flow", "goes on in step with other jobs of its flow ({})"),
        target.filter(|_| set.has("latency_target")).map(|pairs| {
            format!("looks for the highest depth that keeps a latency, then {then} ({pairs})")
        }),
    ]
}

fn end(set: &Options<'_>, facts: &Facts<'_>) -> Sentences {
    let steady = set.pairs(&[
        "steadystate",
        "steadystate_duration",
        "steadystate_ramp_time",
    ]);
    let scope = set.pairs(&["exitall", "exit_what"]);
    vec![
        set.say("number_ios", "ends after so many I/Os at the latest ({})"),
        steady
            .filter(|_| facts.is_given("steadystate"))
            .map(|pairs| format!("ends before its time when what it measures is steady ({pairs})")),
        set.say("fill_device", "writes until no space is left ({})"),
        set.say("max_latency", "fails when an I/O takes longer ({})"),
        set.say("continue_on_error", "goes on after errors ({})"),
        set.say("ignore_error", "takes some errors for none ({})"),
        scope
            .filter(|_| set.has("exitall"))
            .map(|pairs| format!("its end ends other jobs ({pairs})")),
        set.say("exitall_on_error", "if it fails all jobs end ({})"),
    ]
}

fn traces(set: &Options<'_>) -> Sentences {
    let logs = [
        "write_bw_log",
        "write_lat_log",
        "write_iops_log",
        "write_hist_log",
    ];
    let logs = set.pairs(&logs);
    vec![
        logs.map(|pairs| format!("writes log files ({pairs})")),
        set.say(
            "merge_blktrace_file",
            "merges its traces and writes the result to a file ({})",
        ),
        set.say("write_iolog", "records its I/Os in a file ({})"),
    ]
}

fn files(set: &Options<'_>) -> Sentences {
    vec![
        set.say("pre_read", "reads its files into the page cache first ({})"),
        set.say(
            "overwrite",
            "fills its files with data before it begins ({})",
        ),
        set.say("openfiles", "has a part of its files open at a time ({})"),
        set.say("lockfile", "locks its files around I/Os ({})"),
        set.say("file_append", "adds to the end of its files ({})"),
        set.say("end_fsync", "synchronises its files at the end ({})"),
        set.say("unlink_each_loop", "removes its files after each pass ({})"),
    ]
}
