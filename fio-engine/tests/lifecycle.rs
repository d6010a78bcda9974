//! Jobs that wait for others, and jobs that end others.

use std::time::Duration;

use fio_engine::job::{ExitScope, JobSpec, SizeOrPercent};
use fio_engine::report::Report;
use fio_engine::run::{Run, RunError, RunOptions};

/// A job without files that reads for this long.
fn reader(name: &str, milliseconds: u64) -> JobSpec {
    let mut job = JobSpec::new(name).engine("null").size(1 << 30);
    job.thread = true;
    job.for_time(Duration::from_millis(milliseconds))
}

/// A job that fails with its first write.
fn failing(name: &str) -> JobSpec {
    let mut job = JobSpec::new(name).file("/dev/full").block_size(4096);
    job.pattern = fio_engine::job::Pattern::WRITE;
    job.size = Some(SizeOrPercent::Bytes(4096));
    // It begins when the others are at work.
    job.start_delay = (Duration::from_millis(100), Duration::from_millis(100));
    job
}

fn run(jobs: Vec<JobSpec>) -> Report {
    Run::start(jobs, RunOptions::default())
        .expect("the jobs are valid")
        .wait()
}

/// Name and run time in milliseconds of each job.
fn runtimes(report: &Report) -> Vec<(&str, u128)> {
    let of = |job: &fio_engine::report::JobReport| job.total_runtime.as_millis();
    let jobs = report.jobs.iter();
    jobs.map(|job| (job.name.as_str(), of(job))).collect()
}

#[test]
fn a_job_that_waits_begins_when_all_clones_of_the_other_have_ended() {
    let first = reader("first", 200).clones(2);
    let mut second = reader("second", 100);
    second.lifecycle.wait_for = Some("first".to_owned());
    let beside = reader("beside", 100);
    let report = run(vec![first, second, beside]);
    let started = |index: usize| report.jobs[index].started.expect("it ran");
    let behind = |index: usize| {
        started(index)
            .duration_since(started(0))
            .unwrap_or_default()
    };
    assert!(behind(2) >= Duration::from_millis(190), "{:?}", behind(2));
    assert!(behind(3) < Duration::from_millis(150), "{:?}", behind(3));
}

#[test]
fn a_job_that_waits_for_nobody_is_refused() {
    let mut job = reader("a", 1);
    job.lifecycle.wait_for = Some("b".to_owned());
    let error = Run::start(vec![job], RunOptions::default()).unwrap_err();
    assert!(matches!(error, RunError::InvalidJob { .. }), "{error}");
    assert!(error.to_string().contains("wait_for=b"), "{error}");
}

/// As observed of fio 3.33: one job with `exitall` is enough, and the group is what ends.
#[test]
fn the_first_job_to_end_ends_its_group() {
    let mut other = reader("other", 5000);
    other.lifecycle.exit_all = true;
    let mut apart = reader("apart", 400);
    apart.new_group = true;
    let report = run(vec![reader("short", 100), other, apart]);
    let times = runtimes(&report);
    assert!(times[1].1 < 1000, "{times:?}");
    assert!(times[2].1 >= 390, "{times:?}");
}

#[test]
fn what_ends_is_chosen_by_the_job_that_ended() {
    let jobs = |scope| {
        let mut short = reader("short", 100);
        short.lifecycle.exit_all = true;
        short.lifecycle.exit_scope = scope;
        let mut other = reader("other", 5000);
        other.new_group = true;
        vec![short, other, reader("later", 100).after_earlier_jobs()]
    };
    let report = run(jobs(ExitScope::Stonewall));
    let times = runtimes(&report);
    assert!(times[1].1 < 1000 && times[2].1 >= 90, "{times:?}");
    let report = run(jobs(ExitScope::All));
    let times = runtimes(&report);
    assert!(times[1].1 < 1000 && times[2].1 == 0, "{times:?}");
    assert!(report.jobs.iter().all(|job| job.error == 0));
}

#[test]
fn a_failure_ends_others_only_if_the_failed_job_says_so() {
    let mut bad = failing("bad");
    let other = reader("other", 500);
    let report = run(vec![bad.clone(), other.clone()]);
    assert!(runtimes(&report)[1].1 >= 490);
    bad.lifecycle.exit_all_on_error = true;
    let report = run(vec![bad, other]);
    assert!(runtimes(&report)[1].1 < 400, "{:?}", runtimes(&report));
    assert_eq!(report.jobs[0].error, libc::ENOSPC);
}

#[test]
fn jobs_without_statistics_are_reported_only_if_they_fail() {
    let mut silent = reader("silent", 50);
    silent.reporting.included = false;
    let mut bad = failing("bad");
    bad.reporting.included = false;
    let report = run(vec![silent, reader("shown", 50), bad]);
    let names: Vec<_> = report.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["shown", "bad"]);
    assert_eq!(report.groups.len(), 1);
}

/// A job that does 1000 I/Os per second, watched every tenth of a second.
fn watched(name: &str, limit: f64) -> JobSpec {
    let mut job = reader(name, 3000);
    job.rate.iops = fio_engine::PerDirection::splat(Some(1000));
    job.steady_state.by_slope = false;
    job.steady_state.limit = limit;
    job.steady_state.duration = Duration::from_millis(500);
    job.steady_state.check_interval = Duration::from_millis(100);
    job
}

#[test]
fn a_steady_job_ends_and_tells_what_was_measured() {
    let mut never = watched("never", 0.0);
    never.new_group = true;
    let report = run(vec![watched("steady", 60.0), never]);
    let times = runtimes(&report);
    assert!((490..2500).contains(&times[0].1), "{times:?}");
    assert!(times[1].1 >= 2990, "{times:?}");
    let state = report.jobs[0]
        .steady_state
        .as_ref()
        .expect("it was watched");
    assert!(state.attained && state.criterion < 60.0, "{state:?}");
    assert_eq!((state.iops.len(), state.bandwidth.len()), (5, 5));
    assert!(state.mean_iops() > 500, "{state:?}");
    let never = report.jobs[1]
        .steady_state
        .as_ref()
        .expect("it was watched");
    assert!(!never.attained, "{never:?}");
}

#[test]
fn jobs_reported_together_are_watched_together() {
    let mut pair = watched("pair", 60.0).clones(2);
    pair.group_reporting = true;
    let report = run(vec![pair]);
    assert_eq!(report.jobs.len(), 1);
    assert!(report.jobs[0].total_runtime < Duration::from_secs(5));
    let state = report.jobs[0]
        .steady_state
        .as_ref()
        .expect("they were watched");
    assert!(state.attained && state.mean_iops() > 1000, "{state:?}");
}

#[test]
fn commands_are_refused_unless_they_are_allowed() {
    let mut before = reader("before", 1);
    before.lifecycle.command_before = Some("true".to_owned());
    let mut after = reader("after", 1);
    after.lifecycle.command_after = Some("true".to_owned());
    for (job, option) in [(before, "exec_prerun"), (after, "exec_postrun")] {
        let error = Run::start(vec![job], RunOptions::default()).expect_err("it has a command");
        assert!(matches!(error, RunError::Command { option: named, .. } if named == option));
    }
}
