use fio_engine::report::json::{Style, write_client_report};
use fio_engine::report::{ClientReport, HostJob, HostReport, ServerBackground, normal};

use fio_engine::report::LatencyReport;
use fio_engine::stats::Histogram;
use fio_proto::layout::{IoStat, JobsEta};
use fio_proto::message::Eta;

use super::*;

fn host() -> Host {
    Host {
        name: "a".to_owned(),
        port: 8765,
    }
}

fn in_version(stat: ThreadStat, version: u16) -> JobReport {
    let report = ThreadReport::new(stat, GroupRunStats::default());
    job_report(&report, ServerVersion::new(version), &host())
}

fn stat() -> ThreadStat {
    let mut stat = ThreadStat::default();
    (stat.members, stat.completion_percentiles) = (1, 1);
    let series = IoStat {
        max: 300,
        min: 100,
        samples: 2,
        mean: 200.0,
        squares: 20_000.0,
    };
    stat.completion_latency[0] = series;
    stat.total_ios[0] = 2;
    stat.completion_histogram[0].counts_mut()[Histogram::bucket_index(100)] = 1;
    stat.completion_histogram[0].counts_mut()[Histogram::bucket_index(300)] = 1;
    stat
}

#[test]
fn microseconds_become_nanoseconds() {
    let report = in_version(stat(), 1);
    let completion = &report.directions.0[0].completion;
    assert_eq!(
        (completion.moments.min, completion.moments.max),
        (100_000, 300_000)
    );
    assert_eq!(completion.moments.mean, 200_000.0);
    assert!((completion.moments.standard_deviation() - 141_421.356).abs() < 0.001);
    let histogram = completion.histogram.as_ref().expect("there is one");
    assert_eq!(histogram.count(), 2);
    let highest = histogram.percentile(100.0);
    assert!(highest.abs_diff(300_000) < 300_000 / 64, "{highest}");
}

#[test]
fn nanoseconds_stay_what_they_are() {
    let mut stat = stat();
    (stat.latency_ns[3], stat.job_start_ms) = (7, 1_700_000_000_000);
    (stat.latency_target, stat.latency_window) = (5, 7);
    let report = in_version(stat, 121);
    let completion = &report.directions.0[0].completion;
    assert_eq!((completion.moments.min, completion.moments.max), (100, 300));
    let histogram = completion.histogram.as_ref().expect("there is one");
    let highest = histogram.percentile(100.0);
    assert!(highest.abs_diff(300) <= 2, "{highest}");
    assert_eq!(report.latency_ns[3], 7);
    let target = report.latency_target.expect("there is one");
    assert_eq!(
        (target.target, target.window),
        (Duration::from_nanos(5), Duration::from_micros(7))
    );
    let started = report.started.expect("told");
    let since = started
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("later");
    assert_eq!(since.as_millis(), 1_700_000_000_000);
}

#[test]
fn one_set_of_histograms_is_of_the_latency_percentiles_are_asked_of() {
    let mut stat = stat();
    stat.total_percentiles = 1;
    for (version, total, completion) in [(70, true, false), (80, true, false), (82, false, true)] {
        let read = in_version(stat.clone(), version).directions.0[0].clone();
        assert_eq!(
            (
                read.total.histogram.is_some(),
                read.completion.histogram.is_some()
            ),
            (total, completion),
            "version {version}"
        );
    }
}

#[test]
fn hosts_with_other_histograms_are_merged_by_value() {
    let old = in_version(stat(), 1);
    let mut young = stat();
    young.completion_latency[0].max = 300_000;
    let counts = young.completion_histogram[0].counts_mut();
    counts.fill(0);
    counts[Histogram::bucket_index(300_000)] = 2;
    let young = in_version(young, 121);
    let sum = JobReport::all_clients(&[old, young]).expect("two jobs");
    let histogram = sum.directions.0[0]
        .completion
        .histogram
        .as_ref()
        .expect("merged");
    assert_eq!(histogram.count(), 4);
    let median = histogram.percentile(50.0);
    assert!(median.abs_diff(300_000) < 300_000 / 32, "{median}");
}

#[test]
fn what_was_not_measured_is_absent() {
    let mut stat = stat();
    stat.completion_latency[1] = IoStat {
        min: u64::MAX,
        ..IoStat::default()
    };
    let report = in_version(stat, 1);
    assert_eq!(report.directions.0[1].completion, LatencyReport::default());
    assert_eq!(report.directions.0[0].submission.histogram, None);
    assert_eq!((report.description, report.latency_target), (None, None));
}

#[test]
fn blocks_are_as_many_as_are_told_of_and_can_be() {
    let blocks = |count, infos: &[u32]| -> Vec<u32> {
        let mut stat = stat();
        (stat.block_count, stat.block_infos) = (count, infos.to_vec());
        let report = in_version(stat, 97);
        report.blocks.iter().map(|block| block.bits()).collect()
    };
    let bits = [1 << 29 | 3, 4 << 29 | 2, 3 << 29];
    assert_eq!(blocks(3, &bits), bits);
    assert_eq!(blocks(2, &bits), bits[..2], "what lies behind is none");
    // Untouched ones at the end are left out.
    assert_eq!(blocks(5, &bits), [&bits[..], &[0, 0]].concat());
    assert!(blocks(0, &bits).is_empty());
    // A count that is too large, and states that nobody knows.
    assert_eq!(blocks(u64::MAX, &bits).len(), 8192);
    assert_eq!(
        blocks(3, &[5 << 29 | 1, u32::MAX, bits[0]]),
        [0, 0, bits[0]]
    );
}

#[test]
fn counts_a_stock_server_leaves_out_are_made_up() {
    let mut stat = stat();
    stat.completion_latency[0].samples = 10;
    stat.latency_us[5] = 4;
    stat.completion_histogram[0].counts_mut()[Histogram::bucket_index(2_500_000)] = 1;
    let report = in_version(stat.clone(), 1);
    assert_eq!(report.latency_ms[10..], [5, 1]);
    stat.latency_ms[11] = 2;
    assert_eq!(in_version(stat.clone(), 1).latency_ms[10..], [0, 2]);
}

#[test]
fn percentiles_fall_back_to_fios_default_list() {
    assert_eq!(in_version(stat(), 1).percentile_list, DEFAULT_PERCENTILES);
    let mut stat = stat();
    stat.percentile_list[..3].copy_from_slice(&[99.0, 50.0, f64::NAN]);
    assert_eq!(in_version(stat, 1).percentile_list, [50.0, 99.0]);
}

#[test]
fn groups_without_io_have_no_minimum() {
    let mut stats = GroupRunStats::default();
    stats.min_bandwidth = [u64::MAX, 10_240, u64::MAX];
    stats.min_runtime_ms = [u64::MAX, 7, u64::MAX];
    stats.io_bytes[1] = 4096;
    let report = group_report(&stats, 3);
    assert_eq!(report.group_id, 3);
    assert_eq!(report.directions.0[0], GroupDirectionReport::default());
    assert_eq!(report.directions.0[1].bytes, 4096);
    assert_eq!(report.directions.0[1].min_bandwidth, 10_240);
    assert_eq!(report.directions.0[1].min_runtime, Duration::from_millis(7));
}

#[test]
fn a_status_names_threads_in_runs_and_takes_the_clients_clock() {
    let mut eta = JobsEta::default();
    (eta.running, eta.threads, eta.elapsed_sec) = (2, 4, 2);
    (eta.eta_sec, eta.rate) = (0x7fff_ffff, [8000, 0, 0]);
    let status = status(
        &Eta::new(eta, b"rr_\x1b\0\0".to_vec()),
        ServerVersion::V1,
        Duration::from_secs(9),
    );
    assert_eq!(status.run_string, "r(2),_(1),?(1)");
    assert_eq!((status.elapsed, status.eta), (Duration::from_secs(9), None));
    assert_eq!(status.rates.0[0].bytes_per_second, 8000);
    assert_eq!(status.done, 2);
}

#[test]
fn no_figures_of_a_hostile_server_break_sums_or_reports() {
    let mut stat = stat();
    let series = IoStat {
        max: u64::MAX,
        min: u64::MAX,
        samples: u64::MAX,
        mean: f64::NAN,
        squares: f64::INFINITY,
    };
    stat.completion_latency = [series; 3];
    stat.total_latency = [series; 3];
    stat.bandwidth = [series; 3];
    stat.iops = [series; 3];
    (stat.members, stat.error, stat.kb_base, stat.group_id) = (u32::MAX, u32::MAX, 7, u32::MAX);
    (stat.user_time_ms, stat.total_runtime_ms, stat.submitted) = (u64::MAX, u64::MAX, u64::MAX);
    (stat.io_bytes, stat.total_ios, stat.runtime_ms) = ([u64::MAX; 3], [u64::MAX; 3], [1; 3]);
    (stat.depth_map, stat.latency_us, stat.latency_ms) =
        ([u64::MAX; 7], [u64::MAX; 10], [u64::MAX; 12]);
    stat.completion_histogram[0].counts_mut().fill(u64::MAX);
    stat.total_histogram[1].counts_mut().fill(u64::MAX);
    (stat.latency_ns, stat.job_start_ms) = ([u64::MAX; 10], u64::MAX);
    (stat.block_count, stat.block_infos) = (u64::MAX, vec![4 << 29 | 7, u32::MAX, 9]);
    (stat.steady_state_flags, stat.steady_state_slope) = (u32::MAX, f64::NAN);
    let jobs = [1, 97, 121].map(|version| in_version(stat.clone(), version));
    let now = SystemTime::now();
    let host_jobs = vec![jobs; 40].concat().into_iter().map(|report| HostJob {
        group: GroupReport::collect(std::slice::from_ref(&report)).remove(0),
        report,
    });
    let report = ClientReport {
        started: now,
        finished: now,
        notices: Vec::new(),
        hosts: vec![HostReport {
            host: host(),
            background: ServerBackground::default(),
            global_options: Vec::new(),
            jobs: host_jobs.collect(),
            groups: Vec::new(),
            disks: Vec::new(),
        }],
    };
    let mut text = String::new();
    normal::write_all_clients(&mut text, &report).expect("a string takes everything");
    let style = Style {
        version: "x".to_owned(),
        bins: true,
    };
    write_client_report(&mut text, &report, &style).expect("a string takes everything");
    let figures = text.replace("minf", "");
    assert!(
        !figures.contains("NaN") && !figures.contains("inf"),
        "{text}"
    );
}
