//! The logs of whole runs, among them the same job by Debian's fio.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fio_engine::Direction;
use fio_engine::job::{JobSpec, Pattern, SizeOrPercent, WindowValue, parse_words};
use fio_engine::logs::{IoLog, LogBudget, LogFiles, LogKind, SampleLayout, check_folders};
use fio_engine::report::Report;
use fio_engine::run::{Run, RunEvent, RunOptions};
use fio_engine::workload::RandomRule;

fn job(change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    let mut job = JobSpec::new("logged");
    job.engine = "null".to_owned();
    job.pattern = Pattern::RANDOM_READ_WRITE;
    job.size = Some(SizeOrPercent::Bytes(1 << 20));
    job.logs.bandwidth = Some(String::new());
    job.logs.latency = Some("l".to_owned());
    job.logs.iops = Some("i".to_owned());
    change(&mut job);
    job
}

fn run(job: JobSpec) -> Report {
    Run::start(vec![job], RunOptions::default()).unwrap().wait()
}

fn log(report: &Report, kind: LogKind) -> &IoLog {
    let found = report.logs.iter().find(|log| log.kind == kind);
    found.unwrap_or_else(|| panic!("no {kind} log"))
}

#[test]
fn every_io_is_in_every_log() {
    for depth in [1, 8] {
        let report = run(job(|job| job.io_depth = depth));
        let total = &report.jobs[0].directions;
        for kind in [
            LogKind::Bandwidth,
            LogKind::Iops,
            LogKind::CompletionLatency,
            LogKind::TotalLatency,
        ] {
            let log = log(&report, kind);
            assert_eq!((log.len(), log.lost), (256, 0), "{kind}");
            let writes = log
                .samples()
                .filter(|one| one.direction == Direction::Write);
            assert_eq!(writes.count() as u64, total.0[1].total_ios);
        }
        let submissions = log(&report, LogKind::SubmissionLatency).len();
        assert_eq!(submissions, if depth == 1 { 0 } else { 256 });
        let latencies = log(&report, LogKind::CompletionLatency);
        let sum: u64 = latencies.samples().map(|sample| sample.value).sum();
        let mean = |index: usize| {
            let direction = &total.0[index];
            direction.completion.moments.mean * direction.total_ios as f64
        };
        assert!((sum as f64 - mean(0) - mean(1)).abs() < 1.0);
        assert_eq!(
            log(&report, LogKind::Bandwidth).file_name,
            "logged_bw.1.log"
        );
        assert_eq!(latencies.file_name, "l_clat.1.log");
    }
}

#[test]
fn what_is_not_measured_has_no_latency_log() {
    let report = run(job(|job| {
        job.measure.total_latency = false;
        job.measure.bandwidth = false;
    }));
    let kinds: Vec<_> = report
        .logs
        .iter()
        .map(|log| (log.kind, log.len()))
        .collect();
    assert_eq!(
        kinds,
        [
            (LogKind::Bandwidth, 0),
            (LogKind::SubmissionLatency, 0),
            (LogKind::CompletionLatency, 256),
            (LogKind::Iops, 256),
        ]
    );
}

#[test]
fn intervals_have_one_entry_for_each_direction() {
    let report = run(job(|job| {
        job.time_based = true;
        job.runtime = Some(Duration::from_millis(520));
        job.ramp_time = Duration::from_millis(100);
        job.logs.interval = Duration::from_millis(100);
        job.logs.window_value = WindowValue::Both;
        job.logs.histogram = Some("h".to_owned());
        job.logs.histogram_interval = Duration::from_millis(100);
    }));
    let latencies = log(&report, LogKind::TotalLatency);
    assert!(latencies.columns.maximum);
    let entries: Vec<_> = latencies
        .samples()
        .map(|sample| (sample.time_ms, sample.direction.index()))
        .collect();
    assert!(entries.is_sorted(), "{entries:?}");
    assert!(entries[0].0 >= 100, "{entries:?}");
    // Six intervals; on a busy machine some are longer and there are fewer, and one that is cut short
    // may have seen one direction only.
    let mut times: Vec<_> = entries.iter().map(|(time, _)| *time).collect();
    times.dedup();
    assert!((2..=6).contains(&times.len()), "{entries:?}");
    let mut distinct = entries.clone();
    distinct.dedup();
    assert_eq!(distinct, entries);
    for sample in latencies.samples() {
        assert!(sample.value > 0 && sample.value <= sample.maximum);
        assert_eq!((sample.block_size, sample.offset), (0, 0));
    }
    let histograms = log(&report, LogKind::Histogram);
    let counted: u64 = histograms
        .histograms()
        .flat_map(|sample| sample.counts)
        .map(|(_, count)| count)
        .sum();
    let ios: u64 = report.jobs[0]
        .directions
        .0
        .iter()
        .map(|one| one.total_ios)
        .sum();
    assert_eq!(counted, ios);
    let rates: u64 = log(&report, LogKind::Iops)
        .samples()
        .map(|sample| sample.value)
        .sum();
    let expected = ios as f64 / 0.52 * log(&report, LogKind::Iops).len() as f64 / 2.0;
    assert!(
        (rates as f64 / expected - 1.0).abs() < 0.5,
        "{rates} {expected}"
    );
}

/// I/Os in flight when the time is over belong to the last interval.
#[test]
fn the_end_is_no_interval_of_its_own() {
    let report = run(job(|job| {
        job.io_depth = 8;
        job.time_based = true;
        job.runtime = Some(Duration::from_millis(200));
        job.logs.interval = Duration::from_millis(100);
        job.logs.histogram = Some("h".to_owned());
        job.logs.histogram_interval = Duration::from_millis(100);
    }));
    for kind in [LogKind::SubmissionLatency, LogKind::CompletionLatency] {
        assert_eq!(log(&report, kind).len(), 4, "{kind}");
    }
    assert_eq!(log(&report, LogKind::Histogram).len(), 4);
}

#[test]
fn memory_is_bounded_and_the_loss_is_told() {
    let mut options = RunOptions::default();
    let budget = LogBudget::new(2 << 20);
    options.log_budget = budget.clone();
    options.logs_in_report = false;
    let texts = Arc::new(Mutex::new(String::new()));
    let lost = Arc::new(Mutex::new(0));
    let (seen, counted) = (texts.clone(), lost.clone());
    options.observer = Some(Arc::new(move |event| match event {
        RunEvent::Text { text, .. } => seen.lock().unwrap().push_str(&text),
        RunEvent::JobLogs { job, logs } => {
            assert_eq!(job, 0);
            *counted.lock().unwrap() = logs.iter().map(|log| log.lost).max().unwrap();
        }
        _ => {}
    }));
    let ios: u64 = 100_000;
    let job = job(|job| job.size = Some(SizeOrPercent::Bytes(ios * 4096)));
    let report = Run::start(vec![job], options).unwrap().wait();
    assert!(report.logs.is_empty());
    let lost = *lost.lock().unwrap();
    assert!(lost > ios / 4 && lost < ios, "{lost}");
    let texts = texts.lock().unwrap();
    assert!(
        texts.contains("log entries are missing: the 2097152 bytes"),
        "{texts}"
    );
    assert_eq!(budget.left(), budget.limit());
}

/// Compressed in memory a log takes a fraction of its bytes, and comes out as it went in.
#[test]
fn compressed_logs_stay_in_memory_as_long_as_others_do_not() {
    let logs_of = |compression: Option<u64>| {
        let mut options = RunOptions::default();
        options.log_budget = LogBudget::new(12 << 20);
        let job = job(|job| {
            job.size = Some(SizeOrPercent::Bytes(200_000 * 4096));
            job.io_depth = 2;
            job.logs.compression = compression;
            job.logs.histogram = Some(String::new());
            job.logs.histogram_interval = Duration::from_millis(10);
        });
        Run::start(vec![job], options).unwrap().wait()
    };
    let plain = logs_of(None);
    let lost: u64 = plain.logs.iter().map(|log| log.lost).sum();
    assert!(lost > 100_000, "{lost}");
    let packed = logs_of(Some(65536));
    for log in &packed.logs {
        assert_eq!(log.lost, 0, "{}", log.kind);
        if log.kind != LogKind::Histogram {
            assert_eq!((log.len(), log.samples().count()), (200_000, 200_000));
        }
    }
    let total = &packed.jobs[0].directions;
    for (index, direction) in [Direction::Read, Direction::Write].into_iter().enumerate() {
        for (kind, moments) in [
            (
                LogKind::CompletionLatency,
                &total.0[index].completion.moments,
            ),
            (
                LogKind::SubmissionLatency,
                &total.0[index].submission.moments,
            ),
            (LogKind::TotalLatency, &total.0[index].total.moments),
        ] {
            let samples = log(&packed, kind).samples();
            let values = samples.filter(|sample| sample.direction == direction);
            let sum: u64 = values.map(|sample| sample.value).sum();
            let measured = moments.mean * total.0[index].total_ios as f64;
            assert!(
                (measured - sum as f64).abs() < 1.0,
                "{kind}: {measured} {sum}"
            );
        }
    }
    let histograms = log(&packed, LogKind::Histogram);
    let counts = histograms.histograms().flat_map(|sample| sample.counts);
    let counted: u64 = counts.map(|(_, count)| count).sum();
    assert_eq!(counted, packed.jobs[0].total_ios());
}

#[test]
fn times_may_be_those_of_a_clock() {
    let report = run(job(|job| job.logs.alternate_epoch = true));
    let now = std::time::SystemTime::now();
    let now = now
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis() as u64;
    let first = log(&report, LogKind::Iops)
        .samples()
        .next()
        .unwrap()
        .time_ms;
    assert!(first <= now && now - first < 60_000, "{first} {now}");
    let wrong = job(|job| {
        job.logs.alternate_epoch = true;
        job.logs.epoch_clock = 999;
    });
    let error = Run::start(vec![wrong], RunOptions::default()).unwrap_err();
    assert!(error.to_string().contains("clock_id=999"), "{error}");
}

#[test]
fn a_missing_folder_is_found_before_the_run() {
    let job = job(|job| job.logs.iops = Some("no/such/folder/x".to_owned()));
    let error = check_folders([&job]).unwrap_err().to_string();
    assert!(error.contains("write_iops_log: no/such/folder/"), "{error}");
}

const SAME_JOB: [&str; 11] = [
    "--name=same",
    "--ioengine=null",
    "--size=256k",
    "--rw=randrw",
    "--bs=4k,8k",
    "--numjobs=2",
    "--log_offset=1",
    "--log_prio=1",
    "--write_bw_log=x",
    "--write_lat_log=dir/x",
    "--write_iops_log=same",
];

/// Same files, same lines but for times and measured values.
#[test]
fn files_are_those_of_fio() {
    let theirs = tempfile::tempdir().unwrap();
    let ours = tempfile::tempdir().unwrap();
    for folder in [&theirs, &ours] {
        std::fs::create_dir(folder.path().join("dir")).unwrap();
    }
    let fio = Command::new("fio")
        .args(SAME_JOB)
        .current_dir(theirs.path())
        .output();
    let Ok(output) = fio else {
        assert!(std::env::var_os("CI").is_none(), "fio is not installed");
        println!("skipped: fio is not installed");
        return;
    };
    assert!(output.status.success());
    write_ours(&SAME_JOB, ours.path());
    for folder in ["", "dir"] {
        let (ours, theirs) = (ours.path().join(folder), theirs.path().join(folder));
        assert_eq!(files_in(&ours), files_in(&theirs));
        for name in files_in(&ours) {
            let read = |folder: &std::path::Path| {
                let text = std::fs::read_to_string(folder.join(&name)).unwrap();
                text.lines().map(without_measured).collect::<Vec<_>>()
            };
            assert_eq!(read(&ours), read(&theirs), "{name}");
        }
    }
}

/// Debian's fio reads the compressed files written here.
#[test]
fn fio_inflates_compressed_files() {
    let folder = tempfile::tempdir().unwrap();
    let words = [
        "--name=z",
        "--ioengine=null",
        "--size=64k",
        "--log_offset=1",
        "--write_iops_log=z",
        "--log_store_compressed=1",
    ];
    write_ours(&words, folder.path());
    let file = folder.path().join("z_iops.1.log.fz");
    let argument = format!("--inflate-log={}", file.display());
    let Ok(output) = Command::new("fio").arg(argument).output() else {
        assert!(std::env::var_os("CI").is_none(), "fio is not installed");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().map(without_measured).collect();
    let expected = (0..16).map(|block| format!("0, 4096, {}, 0", block * 4096));
    assert_eq!(lines, expected.collect::<Vec<_>>());
}

fn write_ours(words: &[&str], folder: &std::path::Path) {
    let jobs = parse_words(words, &Default::default()).unwrap().jobs;
    let mut options = RunOptions::default();
    options.random_rule = RandomRule::Before335;
    let files = LogFiles::new(folder, SampleLayout::Before337);
    let report = Run::start(jobs, options).unwrap().wait();
    report.logs.iter().for_each(|log| files.write(log).unwrap());
}

fn files_in(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".log")).collect();
    names.sort();
    names
}

/// A line without its time and its value.
fn without_measured(line: &str) -> String {
    let fields: Vec<_> = line.split(", ").skip(2).collect();
    fields.join(", ")
}
