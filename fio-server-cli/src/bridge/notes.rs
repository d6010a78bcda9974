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

/// Fields that only tell when something happened or what a job is about to do. Results are the same without:
/// how long things took travels in fields of its own. Servers fill these in every run, so that a remark would
/// come with every run, too.
const MOMENTS: [&str; 2] = ["job_start_ms", "setting_up"];

/// Whether a client would see in its results that a field is lost. Zeros are no loss to begin with: a field
/// the receiver does not have reads as zero there.
fn changes_results(dropped: &Dropped) -> bool {
    !UNSEEN.contains(&dropped.structure)
        && !IMPLIED.contains(&dropped.field)
        && !MOMENTS.contains(&dropped.field)
}

impl Notes {
    /// The line that tells what a message lost on its way to a peer of `version`, unless all of it was told
    /// before.
    pub(super) fn of_dropped(
        &mut self,
        version: ServerVersion,
        dropped: &[Dropped],
    ) -> Option<String> {
        let seen = dropped.iter().filter(|dropped| changes_results(dropped));
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

#[cfg(test)]
mod tests {
    use fio_proto::Revision;
    use fio_proto::layout::ThreadStat;

    use super::*;

    /// What is told when statistics go to a client of version 72.
    fn told(fill: impl FnOnce(&mut ThreadStat)) -> Option<String> {
        let version = ServerVersion::new(72);
        let revision = Revision::of(version).expect("a supported version");
        let mut stat = ThreadStat::default();
        fill(&mut stat);
        let mut dropped = Vec::new();
        stat.encode(revision, &mut Vec::new(), &mut dropped);
        Notes::default().of_dropped(version, &dropped)
    }

    #[test]
    fn only_what_changes_results_is_told() {
        assert_eq!(told(|_| {}), None, "zeros");
        assert_eq!(told(|stat| stat.job_start_ms = 1_700_000_000_000), None);
        let line = told(|stat| {
            stat.job_start_ms = 1_700_000_000_000;
            stat.zone_resets = 1;
        });
        let line = line.expect("a loss");
        assert!(
            line.contains("zone_resets") && !line.contains("job_start"),
            "{line}"
        );
    }
}
