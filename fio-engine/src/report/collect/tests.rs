//! Sums of jobs, groups and hosts.

use super::*;
use crate::report::Host;

fn job(name: &str, group_id: u32, ios: u64, milliseconds: u64) -> JobReport {
    let mut statistics = JobStatistics::new();
    for i in 0..ios {
        statistics.record_completion(Direction::Read, 4096, 1000 + i, 2000 + i);
        statistics.record_depth(1);
    }
    let mut runtimes = PerDirection::splat(Duration::ZERO);
    runtimes[Direction::Read] = Duration::from_millis(milliseconds);
    JobReport::from_statistics(&JobSpec::new(name), group_id, &statistics, runtimes)
}

#[test]
fn a_report_says_what_was_recorded() {
    let report = job("a", 0, 100, 500);
    let read = &report.directions[Direction::Read];
    assert_eq!(
        (read.bytes, read.total_ios, read.bytes_per_second()),
        (409_600, 100, 819_200)
    );
    assert!((read.ios_per_second() - 200.0).abs() < 1e-9);
    assert_eq!(
        read.completion
            .histogram
            .as_ref()
            .map(|histogram| histogram.count()),
        Some(100)
    );
    assert_eq!(
        report.directions[Direction::Write],
        DirectionReport::default()
    );
    assert_eq!(
        (report.total_runtime, report.total_ios()),
        (Duration::from_millis(500), 100)
    );
    assert_eq!(report.latency_us[1], 100 - report.latency_us[0]);
    assert_eq!(report.latency_target.map(|target| target.depth), Some(1));
}

#[test]
fn a_group_adds_up_and_keeps_the_longest_run_time() {
    let jobs = [
        job("a", 0, 100, 500),
        job("a", 0, 50, 800),
        job("b", 1, 10, 100),
    ];
    let reports = JobReport::group(jobs.clone().map(|job| (job, true)));
    assert_eq!(reports.len(), 2);
    let read = &reports[0].directions[Direction::Read];
    assert_eq!(
        (read.total_ios, read.runtime),
        (150, Duration::from_millis(800))
    );
    assert_eq!((reports[0].members, reports[0].depth_map[0]), (2, 150));
    assert_eq!(reports[0].total_runtime, Duration::from_millis(1300));
    assert_eq!(JobReport::group(jobs.map(|job| (job, false))).len(), 3);
}

#[test]
fn the_first_error_of_a_group_is_kept() {
    let mut first = job("a", 0, 1, 1);
    let mut second = job("a", 0, 1, 1);
    (second.error, second.error_message) = (28, "no space".to_owned());
    first.merge(&second);
    second.error = 5;
    first.merge(&second);
    assert_eq!(
        (first.error, first.error_message.as_str()),
        (28, "no space")
    );
}

#[test]
fn group_lines_have_extremes_and_the_aggregate_over_the_longest_run() {
    let jobs = [
        job("a", 0, 1000, 1000),
        job("b", 0, 500, 2000),
        job("c", 2, 1, 1),
    ];
    let groups = GroupReport::collect(&jobs);
    assert_eq!(
        groups
            .iter()
            .map(|group| group.group_id)
            .collect::<Vec<_>>(),
        [0, 2]
    );
    let read = groups[0].directions[Direction::Read];
    assert_eq!(read.bytes, 1500 * 4096);
    assert_eq!(read.aggregate_bandwidth, 750 * 4096);
    assert_eq!(
        (read.min_bandwidth, read.max_bandwidth),
        (250 * 4096, 1000 * 4096)
    );
    assert_eq!(read.min_runtime, Duration::from_millis(1000));
    assert_eq!(read.max_runtime, Duration::from_millis(2000));
    assert_eq!(
        groups[0].directions[Direction::Trim],
        GroupDirectionReport::default()
    );
}

#[test]
fn all_clients_merge_percentiles_exactly() {
    let mut jobs = [job("a", 0, 100, 500), job("b", 1, 300, 500)];
    jobs[1].host = Some(Host {
        name: "b".to_owned(),
        port: 8765,
    });
    let sum = JobReport::all_clients(&jobs).expect("there are jobs");
    assert_eq!(
        (sum.name.as_str(), sum.members, sum.latency_target),
        (ALL_CLIENTS, 2, None)
    );
    assert_eq!(sum.host, jobs[1].host);
    let mut all = jobs[0].directions[Direction::Read]
        .completion
        .histogram
        .clone()
        .expect("reads");
    all.merge(
        jobs[1].directions[Direction::Read]
            .completion
            .histogram
            .as_ref()
            .expect("reads"),
    );
    assert_eq!(
        sum.directions[Direction::Read].completion.histogram,
        Some(all)
    );
    assert_eq!(JobReport::all_clients(&[]), None);
}

#[test]
fn begun_seconds_count() {
    let start = SystemTime::UNIX_EPOCH;
    assert_eq!(
        elapsed_seconds(start, start + Duration::from_millis(5003)),
        6
    );
    assert_eq!(elapsed_seconds(start + Duration::from_secs(9), start), 1);
}
