//! A long log is replayed in little memory. Alone in its process, whose memory it looks at.

use std::fs::File;
use std::io::{BufWriter, Write};

use fio_engine::job::{ParseOptions, parse_words};
use fio_engine::run::{Run, RunOptions};

/// More than twice as many I/Os as are kept in memory; all of them would take 24 MB.
const COUNT: u64 = 600_000;

#[test]
fn a_long_log_is_replayed_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut log = BufWriter::new(File::create(&path).unwrap());
    writeln!(log, "fio version 3 iolog\n0 f add").unwrap();
    for index in 0..COUNT {
        writeln!(log, "{index} f read {} 512", index * 512).unwrap();
    }
    drop(log);
    for chunked in [1, 0] {
        let before = peak_kib();
        let words = [
            "--name=replay".to_owned(),
            "--ioengine=null".to_owned(),
            "--replay_no_stall=1".to_owned(),
            format!("--read_iolog={}", path.display()),
            format!("--read_iolog_chunked={chunked}"),
        ];
        let jobs = parse_words(&words, &ParseOptions::default()).unwrap().jobs;
        let report = Run::start(jobs, RunOptions::default()).unwrap().wait();
        assert_eq!(report.jobs[0].directions.0[0].total_ios, COUNT);
        let grown = peak_kib().saturating_sub(before);
        let most = if chunked == 1 { 6 << 10 } else { 18 << 10 };
        assert!(grown < most, "chunked={chunked}: {grown} KiB");
    }
}

/// The most memory this process has had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
