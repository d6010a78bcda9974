//! `run`: log files, and limits of the process.

use std::process::Command;

use crate::util::{Finished, Folder, spawn, wait_until};

#[test]
fn log_files_are_written_where_fio_would() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("logs")).unwrap();
    let words = [
        "run",
        "--",
        "--name=a",
        "--ioengine=null",
        "--size=64k",
        "--numjobs=2",
        "--write_bw_log=logs/x",
        "--write_iops_log",
        "--per_job_logs=0",
    ];
    folder.run(words).expect_code(0);
    let lines = |name: &str| {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        text.lines().count()
    };
    assert_eq!(lines("logs/x_bw.log"), 32);
    assert_eq!(lines("a_iops.log"), 32);
}

#[test]
fn a_folder_that_is_not_there_stops_the_run_before_it_begins() {
    let folder = Folder::new();
    let words = [
        "run",
        "--",
        "--name=a",
        "--size=64k",
        "--write_lat_log=logs/x",
    ];
    let finished = folder.run(words).expect_code(2);
    assert!(
        finished
            .stderr
            .contains("write_lat_log: logs/ is no folder"),
        "{}",
        finished.stderr
    );
    assert!(folder.files().is_empty());
}

#[test]
fn a_log_file_that_cannot_be_written_fails_the_run() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("x_bw.1.log")).unwrap();
    let words = [
        "run",
        "--",
        "--name=a",
        "--ioengine=null",
        "--size=64k",
        "--write_bw_log=x",
    ];
    let finished = folder.run(words).expect_code(1);
    assert!(
        finished
            .stderr
            .contains("cannot write the log file x_bw.1.log"),
        "{}",
        finished.stderr
    );
}

const STORED: [&str; 9] = [
    "--name=z",
    "--ioengine=null",
    "--rw=randrw",
    "--size=1m",
    "--log_offset=1",
    "--log_store_compressed=1",
    "--write_iops_log",
    "--write_lat_log=z",
    "--write_bw_log=z",
];

/// Both programs read both programs' files, to the same text.
#[test]
fn compressed_logs_are_printed_as_fio_prints_them() {
    let folder = Folder::new();
    let fio = |words: &[&str]| {
        let mut command = Command::new("fio");
        command.current_dir(folder.path()).args(words);
        Finished::of(command)
    };
    if Command::new("fio").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "fio is not installed");
        return;
    }
    let ours = ["run", "--random-rule=3.34", "--"]
        .into_iter()
        .chain(STORED);
    for (who, finished) in [("we", folder.run(ours)), ("fio", fio(&STORED))] {
        finished.expect_code(0);
        for kind in ["iops", "lat", "clat", "slat", "bw"] {
            let name = format!("z_{kind}.1.log.fz");
            let theirs = fio(&[&format!("--inflate-log={name}")]).expect_code(0);
            let ours = folder.run(["inflate-log", &name]).expect_code(0);
            assert_eq!(ours.stdout, theirs.stdout, "{name}, written by {who}");
            let expected = if kind == "slat" { 0 } else { 256 };
            assert_eq!(ours.stdout.lines().count(), expected, "{name} of {who}");
        }
    }
}

#[test]
fn what_is_no_compressed_log_is_an_error() {
    let folder = Folder::new();
    folder
        .run(["run", "--"].into_iter().chain(STORED))
        .expect_code(0);
    let stored = std::fs::read(folder.path().join("z_lat.1.log.fz")).unwrap();
    std::fs::write(folder.path().join("cut.fz"), &stored[..stored.len() / 2]).unwrap();
    std::fs::write(folder.path().join("junk.fz"), "junk").unwrap();
    for (name, problem) in [
        ("cut.fz", "cut.fz: the compressed log is cut off behind "),
        ("junk.fz", "junk.fz: the file is no compressed log"),
        ("missing.fz", "cannot read missing.fz: "),
    ] {
        let finished = folder.run(["inflate-log", name]).expect_code(2);
        assert!(finished.stderr.contains(problem), "{}", finished.stderr);
        assert_eq!(finished.stdout.lines().count() > 10, name == "cut.fz");
    }
}

#[test]
fn a_run_that_is_killed_leaves_what_it_has_logged() {
    let folder = Folder::new();
    let words = [
        "run",
        "--",
        "--name=k",
        "--ioengine=null",
        "--size=1g",
        "--rate_iops=1000",
        "--write_lat_log=k",
    ];
    let mut child = spawn(folder.program(words));
    let text = || std::fs::read_to_string(folder.path().join("k_lat.1.log")).unwrap_or_default();
    wait_until("entries in the log", || text().lines().count() >= 100);
    child.kill().expect("it is running");
    child.wait().expect("it ends");
    let text = text();
    let lines: Vec<_> = text.lines().collect();
    // The last one may be in pieces.
    for line in &lines[..lines.len() - 1] {
        assert_eq!(line.split(", ").count(), 5, "{line}");
    }
    assert!(lines.len() >= 100);
}

/// The program under a limit of open files that the shell sets.
fn with_limit(folder: &Folder, limit: &str, files: u32) -> Finished {
    let program = folder.program([
        "run",
        "--",
        "--name=many",
        "--rw=write",
        &format!("--nrfiles={files}"),
        &format!("--size={}k", 4 * files),
    ]);
    let mut command = Command::new("sh");
    command.current_dir(folder.path());
    command.args(["-c", &format!("ulimit {limit} && exec \"$@\""), "sh"]);
    command.arg(program.get_program()).args(program.get_args());
    Finished::of(command)
}

#[test]
fn more_files_than_can_be_open_are_refused_before_any_is_made() {
    let folder = Folder::new();
    let finished = with_limit(&folder, "-n 300", 400).expect_code(2);
    assert!(
        finished
            .stderr
            .contains("the jobs open 400 files at the same time"),
        "{}",
        finished.stderr
    );
    assert!(folder.files().is_empty());
}

#[test]
fn a_soft_limit_of_open_files_is_raised() {
    let folder = Folder::new();
    with_limit(&folder, "-Sn 100", 400).expect_code(0);
    assert_eq!(folder.files().len(), 400);
}
