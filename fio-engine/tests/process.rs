//! What jobs ask of the system, seen from inside their threads while they run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fio_engine::job::{ClockSource, JobSpec, SizeOrPercent};
use fio_engine::report::Report;
use fio_engine::run::{Run, RunEvent, RunOptions};

fn job(name: &str) -> JobSpec {
    let mut job = JobSpec::new(name);
    job.engine = "null".to_owned();
    job.size = Some(SizeOrPercent::Bytes(1 << 20));
    job
}

/// Runs a job, and looks around in its thread when its I/O begins.
fn run<T: Send + 'static>(
    job: JobSpec,
    look: impl Fn() -> T + Send + Sync + 'static,
) -> (Report, Vec<T>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    let mut options = RunOptions::default();
    options.observer = Some(Arc::new(move |event| {
        if matches!(event, RunEvent::JobStarted { .. }) {
            sink.lock().expect("no panic").push(look());
        }
    }));
    let report = Run::start(vec![job], options).expect("a good job").wait();
    let seen = std::mem::take(&mut *seen.lock().expect("no panic"));
    (report, seen)
}

#[test]
fn threads_have_the_name_and_the_niceness_of_their_job() {
    let mut named = job("a");
    named.process.thread_name = Some("reader-of-all-things".to_owned());
    named.process.niceness = 7;
    let look = || {
        let name = fs::read_to_string("/proc/thread-self/comm").expect("procfs");
        // The 17th field behind the name, which is in parentheses.
        let stat = fs::read_to_string("/proc/thread-self/stat").expect("procfs");
        let fields = stat.rsplit_once(')').expect("a name").1;
        let niceness = fields.split_whitespace().nth(16).expect("fields");
        (name.trim().to_owned(), niceness.to_owned())
    };
    let (report, seen) = run(named, look);
    assert!(!report.jobs[0].has_failed());
    // The kernel keeps 15 bytes.
    assert_eq!(seen, [("reader-of-all-t".to_owned(), "7".to_owned())]);
}

#[test]
fn memory_is_locked_while_the_job_runs() {
    let mut locking = job("a");
    locking.process.locked_memory = 3 << 20;
    let look = || {
        let status = fs::read_to_string("/proc/self/status").expect("procfs");
        let line = status.lines().find(|line| line.starts_with("VmLck:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.expect("a number")
    };
    let (report, seen) = run(locking, look);
    assert!(
        !report.jobs[0].has_failed(),
        "{}",
        report.jobs[0].error_message
    );
    assert!(seen[0] >= 3 << 10, "{seen:?}");
}

/// A job opens its files as the user it becomes.
#[test]
fn files_are_opened_as_the_user_of_the_job() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("its owner");
    let mut nobody = job("a");
    nobody.engine = "psync".to_owned();
    nobody.pattern = fio_engine::job::Pattern::WRITE;
    nobody.directories = vec![folder.path().to_owned()];
    nobody.files.create_on_open = true;
    nobody.process.user = Some(65_534);
    let (report, _) = run(nobody, || ());
    let job = &report.jobs[0];
    // Root becomes nobody, who may not use the folder; nobody else may become anyone.
    assert!(
        job.has_failed() && [1, 13].contains(&job.error),
        "{}",
        job.error_message
    );
    assert_eq!(fs::read_dir(folder.path()).expect("our own").count(), 0);
}

/// `CLOCK_MONOTONIC` counts from the start of the machine.
#[test]
fn the_clock_of_the_start_is_chosen() {
    let mut monotonic = job("a");
    monotonic.process.start_clock = 1;
    let (report, _) = run(monotonic, || ());
    let started = report.jobs[0].started.expect("it has begun");
    let since = started.duration_since(UNIX_EPOCH).expect("not before");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now");
    assert!(since < now / 2, "{since:?}");
}

/// Whatever the clock, a job of a tenth of a second takes about that long.
#[test]
fn times_are_kept_with_every_clock() {
    for clock in [
        ClockSource::Automatic,
        ClockSource::TimeOfDay,
        ClockSource::Monotonic,
        ClockSource::Counter,
    ] {
        let mut timed = job("a");
        timed.time_based = true;
        timed.runtime = Some(Duration::from_millis(100));
        timed.process.clock = clock;
        let (report, _) = run(timed, || ());
        let time = report.jobs[0].total_runtime;
        let range = Duration::from_millis(90)..Duration::from_secs(20);
        assert!(range.contains(&time), "{clock:?}: {time:?}");
    }
}

#[test]
fn a_scheduler_that_does_not_exist_fails_the_job() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut scheduled = job("a");
    scheduled.engine = "psync".to_owned();
    scheduled.directories = vec![folder.path().to_owned()];
    scheduled.process.io_scheduler = Some("no-such-scheduler".to_owned());
    let (report, _) = run(scheduled, || ());
    let job = &report.jobs[0];
    // On a file system without a device, it only has no effect.
    let refused = job.error_message.contains("ioscheduler=no-such-scheduler");
    assert!(!job.has_failed() || refused, "{}", job.error_message);
}

/// The group is there while the job runs, the job is in it, and it is gone afterwards. Without the
/// controller, or without the right to use it, the job says so.
#[test]
fn jobs_run_in_their_control_group() {
    let name = format!("fio-engine-test-{}", std::process::id());
    let mut grouped = job("a");
    grouped.process.control_group.name = Some(format!("{name}/inner"));
    let look = || fs::read_to_string("/proc/thread-self/cgroup").expect("procfs");
    let (report, seen) = run(grouped, look);
    let job = &report.jobs[0];
    if job.has_failed() {
        assert!(
            job.error_message.contains("cgroup="),
            "{}",
            job.error_message
        );
        return;
    }
    let line = seen[0].lines().find(|line| line.contains("blkio"));
    let line = line.expect("the controller");
    assert!(line.ends_with(&format!("/{name}/inner")), "{line}");
    let mounts = fs::read_to_string("/proc/self/mounts").expect("procfs");
    for root in mounts
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
    {
        assert!(!std::path::Path::new(root).join(&name).exists(), "{root}");
    }
}
