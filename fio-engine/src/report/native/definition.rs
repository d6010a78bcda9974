//! A job as it was understood, and what of it has no effect.

use serde::Serialize;

use super::latency::nanoseconds;
use crate::explain::ExplainedJob;

/// One option, in the order given.
#[derive(Debug, Serialize)]
pub(super) struct OptionDocument {
    name: String,
    value: String,
}

impl OptionDocument {
    pub(super) fn list(options: &[(String, String)]) -> Vec<Self> {
        let one = |(name, value): &(String, String)| Self {
            name: name.clone(),
            value: value.clone(),
        };
        options.iter().map(one).collect()
    }
}

/// A job with all its clones.
#[derive(Debug, Serialize)]
pub(super) struct DefinitionDocument {
    name: String,
    group_id: u32,
    /// Jobs of one wave run side by side.
    wave: u32,
    clones: u32,
    /// Every option that differs from its default, resolved.
    resolved_options: Vec<OptionDocument>,
    /// Options of interest that were not given, and what they are then.
    defaults: Vec<OptionDocument>,
    without_effect: Vec<NoEffectDocument>,
    remarks: Vec<String>,
    /// Why the job would fail before its first I/O.
    problem: Option<String>,
    ends_by_ios: bool,
    shortest_time_ns: u64,
    longest_time_ns: Option<u64>,
    files: Vec<FileDocument>,
    more_files: u64,
}

#[derive(Debug, Serialize)]
struct NoEffectDocument {
    option: &'static str,
    reason: String,
}

#[derive(Debug, Serialize)]
struct FileDocument {
    path: String,
    start_bytes: u64,
    length_bytes: u64,
}

impl DefinitionDocument {
    pub(super) fn new(job: &ExplainedJob) -> Self {
        let option = |name: &'static str, value: String| OptionDocument {
            name: name.to_owned(),
            value,
        };
        let resolved = job.spec.to_options();
        let no_effect = job.without_effect.iter().map(|one| NoEffectDocument {
            option: one.option,
            reason: one.reason.clone(),
        });
        let files = job.files.iter().map(|file| FileDocument {
            path: file.path.display().to_string(),
            start_bytes: file.start,
            length_bytes: file.length,
        });
        Self {
            name: job.spec.name.clone(),
            group_id: job.group,
            wave: job.wave,
            clones: job.spec.clones,
            resolved_options: resolved
                .into_iter()
                .map(|(name, value)| option(name, value))
                .collect(),
            defaults: job
                .defaults
                .iter()
                .map(|(name, value)| option(name, value.clone()))
                .collect(),
            without_effect: no_effect.collect(),
            remarks: job.remarks.clone(),
            problem: job.problem.clone(),
            ends_by_ios: job.time.by_ios,
            shortest_time_ns: nanoseconds(job.time.at_least),
            longest_time_ns: job.time.at_most.map(nanoseconds),
            files: files.collect(),
            more_files: job.more_files,
        }
    }
}
