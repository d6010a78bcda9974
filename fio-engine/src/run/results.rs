//! From what the clones measured to the report.

use std::time::SystemTime;

use super::job_loop::{JobFailure, JobOutcome};
use super::plan::JobClone;
use crate::direction::PerDirection;
use crate::job::UnifiedReporting;
use crate::report::{CloneSeries, ErrorCount, GroupReport, JobReport};

/// Reports of all jobs, summed up where `group_reporting` asks for it, and of all groups.
pub(super) fn collect(
    clones: &[JobClone],
    outcomes: Vec<JobOutcome>,
) -> (Vec<JobReport>, Vec<GroupReport>) {
    let jobs: Vec<JobReport> = clones
        .iter()
        .zip(outcomes)
        .map(|(clone, outcome)| job(clone, outcome))
        .collect();
    // A failure is told of in any case.
    let included =
        |report: &JobReport, clone: &JobClone| clone.spec.reporting.included || report.has_failed();
    let (jobs, clones): (Vec<_>, Vec<_>) = jobs
        .into_iter()
        .zip(clones)
        .filter(|(report, clone)| included(report, clone))
        .unzip();
    let grouped = clones.iter().map(|clone| clone.spec.group_reporting);
    let jobs = JobReport::group(jobs.into_iter().zip(grouped));
    // As fio has it, extremes of a group are those of what is reported, not of each clone.
    let groups = GroupReport::collect(&jobs);
    (jobs, groups)
}

fn job(clone: &JobClone, outcome: JobOutcome) -> JobReport {
    let runtimes = PerDirection::splat(outcome.runtime);
    let mut report =
        JobReport::from_statistics(&clone.spec, clone.group, &outcome.statistics, runtimes);
    if let (Some(target), Some(depth)) = (&mut report.latency_target, outcome.latency_depth) {
        target.depth = depth;
    }
    report.thread_number = clone.number();
    report.process_id = outcome.thread_id;
    report.started = outcome.started.or_else(|| Some(SystemTime::now()));
    report.user_time = outcome.usage.user_time;
    report.system_time = outcome.usage.system_time;
    report.context_switches = outcome.usage.context_switches;
    report.minor_faults = outcome.usage.minor_faults;
    report.major_faults = outcome.usage.major_faults;
    report.series = vec![CloneSeries {
        thread_number: report.thread_number,
        started: report.started,
        series: outcome.series,
    }];
    report.steady_state = clone.progress.steady().map(|(watch, _)| watch.report());
    match clone.spec.reporting.unified {
        UnifiedReporting::Mixed => report.unify(),
        unified => report.unified = unified,
    }
    set_errors(
        &mut report,
        clone,
        outcome.failure,
        outcome.survived,
        outcome.errors,
    );
    report
}

/// The error of a job is the first it met, whether it went on after that or not.
fn set_errors(
    report: &mut JobReport,
    clone: &JobClone,
    failure: Option<JobFailure>,
    survived: Option<JobFailure>,
    counted: ErrorCount,
) {
    report.continues_on_error = clone.spec.errors.continues();
    report.failed_members = failure.is_some().into();
    report.errors = counted;
    let Some(first) = survived.or(failure) else {
        return;
    };
    if !report.continues_on_error {
        report.errors = ErrorCount {
            total: 1,
            first: first.errno,
        };
    }
    report.error = first.errno;
    report.error_message = first.message;
}
