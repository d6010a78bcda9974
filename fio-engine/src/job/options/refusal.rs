//! Why an option of fio is refused.

use super::absent::absent_engine;

/// Reasons by the beginning of the name; the first that fits counts.
const REASONS: &[(&[&str], &str)] = &[
    (
        &["verify", "experimental_verify"],
        "this version does not verify: what is read is not compared with what was written",
    ),
    (
        &[
            "zone_reset",
            "read_beyond_wp",
            "max_open_zones",
            "job_max_open_zones",
            "ignore_zone_limits",
            "recover_zbd",
            "write_zone",
        ],
        "it is for zoned block devices (zonemode=zbd), which are not driven here",
    ),
    (
        &["dataplacement", "dp_scheme", "fdp", "plid"],
        "no placement identifiers are sent to devices; write_hint tells them how long data will live",
    ),
    (
        &["percentage_sequential"],
        "fio has removed it; percentage_random is the other share",
    ),
    (
        &["rwmixcycle"],
        "fio has removed it; rwmixread and rwmixwrite mix without it",
    ),
    (
        &["gpu_dev_id"],
        "it is for buffers on a GPU, which need ioengine=libcufile and a fio built for it",
    ),
];

/// Reasons for options that `io_uring` shares with its sibling for commands.
const OF_COMMANDS: &[(&[&str], &str)] = &[
    (
        &["readfua", "writefua"],
        "it is for commands that go past the block layer; sync=dsync makes each write durable",
    ),
    (
        &["apptag", "pi_act", "pi_chk", "md_per_io_size"],
        "it is for protection information in commands to NVMe devices, which are not sent here",
    ),
];

/// Why the option `name` of these engines, or of all jobs where there are none, is refused.
pub(super) fn reason(name: &str, engines: &[&str]) -> &'static str {
    let among = |reasons: &'static [(&[&str], &'static str)]| {
        let fits = |beginnings: &[&str]| beginnings.iter().any(|begin| name.starts_with(begin));
        let found = reasons.iter().find(|(names, _)| fits(names));
        found.map(|(_, reason)| *reason)
    };
    if engines.is_empty() {
        return among(REASONS).unwrap_or("no job here can do that");
    }
    let of_engine = || engines.iter().find_map(|engine| absent_engine(engine));
    let commands = || among(OF_COMMANDS).filter(|_| engines.contains(&"io_uring"));
    commands()
        .or_else(of_engine)
        .unwrap_or("no engine here has it")
}

#[cfg(test)]
mod tests {
    use crate::job::{engine_options, options};

    /// The last resorts of [`reason`](super::reason) tell nobody what to do.
    #[test]
    fn every_refusal_has_a_reason_of_its_own() {
        for option in options().iter().chain(engine_options()) {
            if let Some(reason) = option.refusal() {
                assert!(!reason.starts_with("no job here"), "{}", option.name);
                assert!(!reason.starts_with("no engine here"), "{}", option.name);
            }
        }
    }
}
