//! What the client is told about things a version cannot carry: each once.

use std::collections::HashSet;

use fio_proto::ServerVersion;
use fio_proto::layout::Dropped;
use fio_proto::opcode::Command;

/// What the client was told already.
#[derive(Default)]
pub(super) struct Notes {
    told: HashSet<String>,
}

/// Structures whose losses nobody sees. Console clients take two numbers from ADD_JOB and skip the
/// options; fio leaves many of those uninitialised, so that what is lost is mostly noise. A text's level and
/// time only serve graphical clients.
const UNSEEN: [&str; 2] = ["thread_options_pack", "cmd_text_pdu"];

/// Fields that only tell how to print, or that a version without them has implied.
const IMPLIED: [&str; 13] = [
    "significant_figures",
    "unit_base",
    "powers_of_two",
    "percentile_precision",
    "unified_report",
    "priorities_disabled",
    "zone_resets_counted",
    "thread_number",
    "latency_depth",
    "latency_percentile",
    "steady_state_limit",
    "steady_state_length",
    "completion_percentiles",
];

impl Notes {
    /// The line that tells what a message lost on its way to a peer of `version`, unless all of it was told
    /// before.
    pub(super) fn of_dropped(
        &mut self,
        version: ServerVersion,
        dropped: &[Dropped],
    ) -> Option<String> {
        let seen = dropped.iter().filter(|dropped| {
            !UNSEEN.contains(&dropped.structure) && !IMPLIED.contains(&dropped.field)
        });
        let names = seen.map(|dropped| format!("{}.{}", dropped.structure, dropped.field));
        let new: Vec<_> = names
            .filter(|name| self.told.insert(name.clone()))
            .collect();
        if new.is_empty() {
            return None;
        }
        let names = new.join(", ");
        Some(format!(
            "bridge: version {version} cannot carry {names} in full\n"
        ))
    }

    /// The line that tells that a kind of message does not reach a peer of `version`, unless it was told
    /// before.
    pub(super) fn of_command(
        &mut self,
        version: ServerVersion,
        command: Command,
        consequence: &str,
    ) -> Option<String> {
        let name = command.name();
        self.once(&format!(
            "bridge: version {version} has no {name}: {consequence}\n"
        ))
    }

    /// The line itself, unless it was told before.
    pub(super) fn once(&mut self, line: &str) -> Option<String> {
        self.told.insert(line.to_owned()).then(|| line.to_owned())
    }
}
