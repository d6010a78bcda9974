//! Whatever a job does, it ends soon after it is told to: jobs that would go on for hours.
//!
//! The bounds are wide, as the machine may be busy; without a look at the stop flag they would be
//! missed by far.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use fio_engine::job::{ParseOptions, parse_words};
use fio_engine::run::{Run, RunOptions};

/// From the stop to the end of the run.
const SOON: Duration = Duration::from_secs(20);

/// Options of jobs, on the null engine unless they say otherwise, in a folder of their own.
#[rustfmt::skip] // one job, one line
const JOBS: &[&[&str]] = &[&["time_based", "runtime=10h"], &["ioengine=cpuio", "cpuload=100", "cpuchunks=4294967295"], &["ioengine=cpuio", "cpuload=1", "cpuchunks=4294967295"], &["ioengine=cpuio", "cpuload=100", "cpumode=qsort"], &["thinktime=10h"], &["thinktime=10h", "thinktime_spin=10h"], &["thinkcycles=4294967295"], &["thinktime=10h", "iodepth=8", "thinktime_blocks_type=issue"], &["startdelay=10h"], &["rate_iops=1", "size=1g"], &["rate=1", "rate_process=poisson"], &[
        "latency_target=1s", "latency_window=10h", "time_based", "runtime=10h", "iodepth=8"],
    &["steadystate=iops:0", "steadystate_duration=10", "steadystate_check_interval=1ms", "time_based", "runtime=10h"],
    &["loops=1000000000"],
    &["time_based", "runtime=10h", "ramp_time=10h"],
    &["time_based", "runtime=10h", "lockmem=1m", "nice=1", "clocksource=gettimeofday"],
    // Before the first I/O.
    &["ioengine=psync", "rw=read", "size=20g", "fallocate=none"],
    &["ioengine=psync", "rw=read", "size=1g", "nrfiles=200000", "create_only=1"],
    &["ioengine=psync", "rw=read", "size=1t", "filename=sparse", "pre_read=1"],
    &["ioengine=filecreate", "nrfiles=400000", "filesize=4k"],
    // With locks and files in turn.
    &["ioengine=psync", "rw=randrw", "size=1m", "numjobs=4", "filename=shared", "lockfile=exclusive", "time_based", "runtime=10h"],
    &["ioengine=psync", "rw=randwrite", "size=1m", "nrfiles=16", "openfiles=2", "time_based", "runtime=10h"],
    &["ioengine=psync", "rw=write", "size=1m", "fsync=1", "time_based", "runtime=10h"],
];

#[test]
fn jobs_end_when_they_are_told_to() {
    let late: Vec<_> = JOBS.iter().filter(|options| !ends_soon(options)).collect();
    assert!(late.is_empty(), "too late: {late:?}");
}

fn ends_soon(options: &[&str]) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let sparse = std::fs::File::create(folder.path().join("sparse")).expect("a file");
    sparse.set_len(1 << 40).expect("a sparse file");
    let run = start(options, folder.path());
    std::thread::sleep(Duration::from_millis(150));
    assert!(!run.is_finished(), "{options:?} ended by itself");
    run.stop();
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = run.wait();
        // The test may have given up.
        let _ = sender.send(());
    });
    ended.recv_timeout(SOON).is_ok()
}

fn start(options: &[&str], folder: &Path) -> Run {
    let place = format!("directory={}", folder.display());
    let words: Vec<String> = ["name=a", "ioengine=null", "size=1m", &place]
        .iter()
        .chain(options)
        .map(|option| format!("--{option}"))
        .collect();
    let parsed = parse_words(&words, &ParseOptions::default());
    let jobs = parsed.unwrap_or_else(|error| panic!("{error}")).jobs;
    Run::start(jobs, RunOptions::default()).unwrap_or_else(|error| panic!("{options:?}: {error}"))
}
