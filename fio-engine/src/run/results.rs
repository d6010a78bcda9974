//! From what the clones measured to the report.

use std::time::SystemTime;

use super::job_loop::JobOutcome;
use super::plan::{JobClone, Plan};
use crate::direction::PerDirection;
use crate::report::{ErrorCount, GroupReport, JobReport};

/// Reports of all jobs, summed up where `group_reporting` asks for it, and of all groups.
pub(super) fn collect(
    plan: &Plan,
    outcomes: Vec<JobOutcome>,
) -> (Vec<JobReport>, Vec<GroupReport>) {
    let jobs: Vec<JobReport> = plan
        .clones
        .iter()
        .zip(outcomes)
        .map(|(clone, outcome)| job(clone, outcome))
        .collect();
    // A failure is told of in any case.
    let included =
        |report: &JobReport, clone: &JobClone| clone.spec.reporting.included || report.error != 0;
    let (jobs, clones): (Vec<_>, Vec<_>) = jobs
        .into_iter()
        .zip(&plan.clones)
        .filter(|(report, clone)| included(report, clone))
        .unzip();
    // Extremes of a group are those of its clones, so groups are collected before jobs are merged.
    let groups = GroupReport::collect(&jobs);
    let grouped = clones.iter().map(|clone| clone.spec.group_reporting);
    (JobReport::group(jobs.into_iter().zip(grouped)), groups)
}

fn job(clone: &JobClone, outcome: JobOutcome) -> JobReport {
    let runtimes = PerDirection::splat(outcome.runtime);
    let mut report =
        JobReport::from_statistics(&clone.spec, clone.group, &outcome.statistics, runtimes);
    report.thread_number = clone.number();
    report.process_id = outcome.thread_id;
    report.started = outcome.started.or_else(|| Some(SystemTime::now()));
    report.user_time = outcome.usage.user_time;
    report.system_time = outcome.usage.system_time;
    report.context_switches = outcome.usage.context_switches;
    report.minor_faults = outcome.usage.minor_faults;
    report.major_faults = outcome.usage.major_faults;
    if let Some(failure) = outcome.failure {
        report.error = failure.errno;
        report.error_message = failure.message;
        report.errors = ErrorCount {
            total: 1,
            first: failure.errno,
        };
    }
    report
}
