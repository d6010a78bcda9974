//! Log files that are written while the jobs run.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fio_engine::job::{JobSpec, Pattern, SizeOrPercent, parse_words};
use fio_engine::logs::{LogBudget, LogFiles, LogKind, SampleLayout, WrittenLog};
use fio_engine::report::Report;
use fio_engine::run::{Level, Run, RunEvent, RunOptions};

/// What a run has said and written.
#[derive(Default)]
struct Seen {
    texts: Mutex<Vec<(Level, String)>>,
    logs: Mutex<Vec<WrittenLog>>,
}

fn options(folder: &Path) -> (RunOptions, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let observer = seen.clone();
    let mut options = RunOptions::default();
    options.log_files = Some(LogFiles::new(folder, SampleLayout::Newest));
    options.observer = Some(Arc::new(move |event| match event {
        RunEvent::Text { level, text } => observer.texts.lock().unwrap().push((level, text)),
        RunEvent::LogsWritten { logs, .. } => {
            observer.logs.lock().unwrap().extend(logs.iter().cloned());
        }
        RunEvent::JobLogs { .. } => panic!("the logs are in files"),
        _ => {}
    }));
    (options, seen)
}

fn job(ios: u64) -> JobSpec {
    let mut job = JobSpec::new("logged");
    job.engine = "null".to_owned();
    job.pattern = Pattern::RANDOM_READ_WRITE;
    job.size = Some(SizeOrPercent::Bytes(ios * 4096));
    job.logs.bandwidth = Some(String::new());
    job.logs.latency = Some(String::new());
    job.logs.iops = Some(String::new());
    job
}

fn run(job: JobSpec, options: RunOptions) -> Report {
    Run::start(vec![job], options).unwrap().wait()
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap().lines().count()
}

/// A budget far too small for the entries does not lose any: the job waits.
#[test]
fn a_long_run_loses_nothing_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (mut options, seen) = options(folder.path());
    let budget = LogBudget::new(64 << 10);
    options.log_budget = budget.clone();
    let ios = 300_000;
    let mut job = job(ios);
    job.io_depth = 4;
    let report = run(job, options);
    assert!(report.logs.is_empty());
    assert_eq!(report.jobs[0].error, 0, "{}", report.jobs[0].error_message);
    let logs = seen.logs.lock().unwrap();
    assert_eq!(logs.len(), 5);
    for log in logs.iter() {
        assert_eq!((log.entries, log.lost), (ios, 0), "{}", log.path.display());
        assert_eq!(log.failure, None);
        assert_eq!(lines(&log.path) as u64, ios);
    }
    assert_eq!(budget.left(), budget.limit());
    let texts = seen.texts.lock().unwrap();
    let told = texts.iter().find(|(_, text)| text.contains("I/O waited"));
    assert_eq!(told.map(|(level, _)| *level), Some(Level::Warning));
}

/// What is read is what was measured, in the order of completion.
#[test]
fn files_have_what_logs_in_memory_would_have() {
    let folder = tempfile::tempdir().unwrap();
    let (options, _) = options(folder.path());
    let report = run(job(20_000), options);
    let clat = std::fs::read_to_string(folder.path().join("logged_clat.1.log")).unwrap();
    let mut times = 0;
    let mut sums = [0_u64; 2];
    for line in clat.lines() {
        let fields: Vec<u64> = line
            .split(", ")
            .map(|field| field.parse().unwrap())
            .collect();
        assert_eq!(fields[3..], [4096, 0]);
        assert!(fields[0] >= times);
        times = fields[0];
        sums[fields[2] as usize] += fields[1];
    }
    for (direction, sum) in report.jobs[0].directions.0.iter().zip(sums) {
        let measured = direction.completion.moments.mean * direction.total_ios as f64;
        assert!((measured - sum as f64).abs() < 1.0, "{measured} {sum}");
    }
}

#[test]
fn files_grow_while_the_job_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (options, _) = options(folder.path());
    let mut job = job(1 << 20);
    job.rate.iops = fio_engine::PerDirection::splat(Some(500));
    let run = Run::start(vec![job], options).unwrap();
    let path = folder.path().join("logged_iops.1.log");
    let began = Instant::now();
    let grown = |from: usize| {
        while began.elapsed() < Duration::from_secs(60) {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let count = text.lines().count();
            if count > from {
                assert!(text.ends_with('\n'));
                return count;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{} has {from} lines for a minute", path.display());
    };
    let first = grown(0);
    let second = grown(first);
    assert!(!run.is_finished());
    run.stop();
    let report = run.wait();
    let count = lines(&path) as u64;
    assert_eq!(count, report.jobs[0].total_ios());
    assert!(second as u64 <= count);
}

/// A device that is always full takes the place of a file system that is.
#[test]
fn a_file_that_cannot_be_written_is_told_of_at_once_and_the_job_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("logged_bw.1.log")).unwrap();
    let (options, seen) = options(folder.path());
    let ios = 50_000;
    let report = run(job(ios), options);
    assert_eq!((report.jobs[0].error, report.jobs[0].total_ios()), (0, ios));
    let logs = seen.logs.lock().unwrap();
    for log in logs.iter() {
        let expected = if log.kind == LogKind::Bandwidth {
            (0, ios)
        } else if log.kind == LogKind::SubmissionLatency {
            (0, 0)
        } else {
            (ios, 0)
        };
        assert_eq!((log.entries, log.lost), expected, "{}", log.kind);
        let failed = log.failure.as_deref().is_some_and(|failure| {
            failure.contains("logged_bw.1.log") && failure.contains("No space left")
        });
        assert_eq!(failed, log.kind == LogKind::Bandwidth, "{:?}", log.failure);
    }
    let texts = seen.texts.lock().unwrap();
    let errors: Vec<_> = texts
        .iter()
        .filter(|(level, _)| *level == Level::Error)
        .collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[test]
fn a_file_that_cannot_be_opened_fails_the_job_before_any_io() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("logged_iops.1.log")).unwrap();
    let (options, seen) = options(folder.path());
    let report = run(job(100), options);
    let job = &report.jobs[0];
    assert_eq!((job.error, job.total_ios()), (libc::EISDIR, 0));
    assert!(
        job.error_message.contains("logged_iops.1.log"),
        "{}",
        job.error_message
    );
    assert!(seen.logs.lock().unwrap().is_empty());
}

/// What another run has left stays until there is something to put in its place.
#[test]
fn a_job_that_cannot_begin_leaves_old_logs_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logged_iops.1.log");
    std::fs::write(&path, "0, 1, 0, 4096, 0\n").unwrap();
    let (options, _) = options(folder.path());
    let mut failing = job(100);
    // Found out after the files are open.
    failing.cpus_allowed = Some(vec![1000]);
    assert_ne!(run(failing, options).jobs[0].error, 0);
    assert_eq!(lines(&path), 1);
    let (options, _) = self::options(folder.path());
    run(job(100), options);
    assert_eq!(lines(&path), 100);
}

/// Clones run at the same time, and yet their entries are not mixed.
#[test]
fn clones_share_a_file_one_behind_the_other() {
    let folder = tempfile::tempdir().unwrap();
    for runs in 1..=2 {
        let (options, _) = options(folder.path());
        let mut job = job(10_000);
        job.clones = 3;
        job.logs.per_job = false;
        job.logs.offset = true;
        run(job, options);
        let text = std::fs::read_to_string(folder.path().join("logged_iops.log")).unwrap();
        let times: Vec<u64> = text
            .lines()
            .map(|line| line.split(", ").next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(times.len(), 30_000 * runs, "fio appends, too");
        for clone in times.chunks(10_000) {
            assert!(clone.is_sorted());
        }
    }
    let names = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(names.count(), 5, "no parts are left");
}

#[test]
fn the_log_thread_runs_on_its_own_cpus() {
    let folder = tempfile::tempdir().unwrap();
    let words = [
        "--name=a",
        "--ioengine=null",
        "--size=1m",
        "--write_iops_log",
        "--log_compression_cpus=0",
    ];
    let jobs = parse_words(&words, &Default::default()).unwrap().jobs;
    assert_eq!(jobs[0].logs.compression_cpus, Some(vec![0]));
    let (options, _) = options(folder.path());
    let report = Run::start(jobs, options).unwrap().wait();
    assert_eq!(report.jobs[0].error, 0, "{}", report.jobs[0].error_message);
    assert_eq!(lines(&folder.path().join("a_iops.1.log")), 256);
    let mut lost = job(100);
    lost.logs.compression_cpus = Some(vec![1000]);
    let (options, _) = self::options(folder.path());
    let report = run(lost, options);
    let message = &report.jobs[0].error_message;
    assert!(message.contains("log_compression_cpus"), "{message}");
}

#[test]
fn many_intervals_and_histograms_too() {
    let folder = tempfile::tempdir().unwrap();
    let (options, seen) = options(folder.path());
    let mut job = job(1 << 20).for_time(Duration::from_millis(1500));
    job.logs.interval = Duration::from_millis(1);
    job.logs.histogram = Some(String::new());
    job.logs.histogram_interval = Duration::from_millis(10);
    job.logs.histogram_coarseness = 6;
    let report = run(job, options);
    let logs = seen.logs.lock().unwrap();
    let mut counted = 0;
    for log in logs.iter() {
        assert_eq!((log.lost, &log.failure), (0, &None), "{}", log.kind);
        assert_eq!(lines(&log.path) as u64, log.entries);
        if log.kind == LogKind::SubmissionLatency {
            continue;
        }
        assert!(log.entries > 20, "{} {}", log.kind, log.entries);
        if log.kind == LogKind::Histogram {
            let text = std::fs::read_to_string(&log.path).unwrap();
            for line in text.lines() {
                let fields: Vec<u64> = line
                    .split(", ")
                    .map(|field| field.parse().unwrap())
                    .collect();
                assert_eq!(fields.len(), 3 + 29);
                counted += fields[3..].iter().sum::<u64>();
            }
        }
    }
    assert_eq!(counted, report.jobs[0].total_ios());
}
