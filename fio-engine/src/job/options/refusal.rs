//! Why an option of fio is refused.

use super::{OptionInfo, OptionType};

/// Reasons by the beginning of the name; the first that fits counts.
const REASONS: &[(&[&str], &str)] = &[
    (
        &["verify", "do_verify", "experimental_verify"],
        "what was written is not verified",
    ),
    (&["exec_"], "commands are never run"),
    (
        &["log_compression_cpus"],
        "a log is compressed when its job has ended",
    ),
    (
        &["block_error_percentiles"],
        "errors are not counted by block",
    ),
    (
        &["thinkcycles"],
        "a cycle is no time; give thinktime_spin one",
    ),
    (
        &[
            "zone",
            "read_beyond_wp",
            "max_open_zones",
            "job_max_open_zones",
            "ignore_zone_limits",
            "recover_zbd",
            "write_zone",
        ],
        "zones of devices are not known",
    ),
    (
        &["merge_blktrace"],
        "traces are replayed one by one, by as many jobs; they are not merged",
    ),
    (
        &["dataplacement", "dp_scheme", "fdp", "plid"],
        "data placement is left to the device",
    ),
    (
        &["random_sequence_stride", "spr"],
        "the order of these offsets is not documented",
    ),
    (&["num_range"], "jobs are bounded by bytes and time"),
];

pub(super) fn reason(option: &OptionInfo) -> &'static str {
    match option.value_type {
        OptionType::Removed => return "fio has removed it",
        OptionType::NotBuilt => return "fio as usually built does not have it",
        _ if !option.engines.is_empty() => return "no engine here has it",
        _ => {}
    }
    REASONS
        .iter()
        .find(|(names, _)| names.iter().any(|name| option.name.starts_with(name)))
        .map_or("no job here can do that", |(_, reason)| reason)
}
