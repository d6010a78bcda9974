//! `run`: jobs in this process.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::util::{Finished, Folder, interrupt, run_with_input, spawn, wait_for_job};

const SMALL: &str = "[small]\nrw=randrw\nbs=4k\nsize=1m\nioengine=psync\nunlink=1\n";

#[test]
fn a_job_file_on_real_files_is_reported_and_leaves_nothing_behind() {
    let folder = Folder::new();
    folder.file("job.fio", SMALL);
    let finished = folder.run(["run", "job.fio"]).expect_code(0);
    for part in [
        "small: (g=0): rw=randrw",
        "Starting 1 ",
        "small: (groupid=0, jobs=1): err= 0",
        "  read: IOPS=",
        "  write: IOPS=",
        "clat percentiles",
        "Run status group 0 (all jobs):",
    ] {
        assert!(
            finished.stdout.contains(part),
            "{part}: {}",
            finished.stdout
        );
    }
    assert_eq!(finished.stderr, "");
    assert_eq!(folder.files(), ["job.fio"]);
}

#[test]
fn libaio_counts_every_block_once() {
    let folder = Folder::new();
    let words = [
        "run",
        "--output-format=json",
        "--",
        "--name=a",
        "--rw=randread",
        "--size=4m",
        "--ioengine=libaio",
        "--iodepth=8",
    ];
    let json = folder.run(words).expect_code(0).json();
    assert_eq!(json["jobs"][0]["read"]["total_ios"], 1024);
    assert_eq!(json["jobs"][0]["read"]["io_bytes"], 4 << 20);
    assert_eq!(json["jobs"][0]["error"], 0);
}

#[test]
fn json_is_alone_on_the_standard_output() {
    let folder = Folder::new();
    folder.file("job.fio", SMALL);
    for format in ["json", "json+"] {
        let words = ["run", "--eta=always", "--output-format", format, "job.fio"];
        let finished = folder.run(words).expect_code(0);
        let json = finished.json();
        assert_eq!(json["jobs"][0]["jobname"], "small");
        let bins = &json["jobs"][0]["read"]["clat_ns"]["bins"];
        assert_eq!(bins.is_object(), format == "json+");
        assert!(
            finished.stderr.contains("small: (g=0): rw=randrw"),
            "{finished:?}"
        );
    }
}

#[test]
fn several_formats_follow_each_other() {
    let folder = Folder::new();
    folder.file("job.fio", SMALL);
    let finished = folder
        .run(["run", "--output-format=normal,json,terse", "job.fio"])
        .expect_code(0);
    // As from fio, whose order is its own: terse lines, JSON, and what people read.
    let text = &finished.stdout[finished.stdout.find("3;fio-").expect("a terse line")..];
    let (terse, rest) = text.split_once('\n').expect("more");
    assert_eq!(terse.split(';').nth(2), Some("small"), "{terse}");
    let end = rest.find("\n}\n").expect("a JSON document") + 3;
    let json: serde_json::Value = serde_json::from_str(&rest[..end]).expect("JSON");
    assert_eq!(json["jobs"][0]["jobname"], "small");
    assert!(rest[end..].contains("Run status group 0"), "{rest}");
}

#[test]
fn sections_choose_jobs() {
    let folder = Folder::new();
    folder.file(
        "job.fio",
        "[global]\nioengine=null\nsize=1m\n[a]\nrw=read\n[b]\nrw=write\n",
    );
    let words = ["run", "--section=b", "--output-format=json", "job.fio"];
    let json = folder.run(words).expect_code(0).json();
    assert_eq!(json["jobs"].as_array().expect("jobs").len(), 1);
    assert_eq!(json["jobs"][0]["jobname"], "b");
    let finished = folder.run(["run", "--section=c", "job.fio"]).expect_code(2);
    assert!(
        finished.stderr.contains("no section is called `c`"),
        "{finished:?}"
    );
}

#[test]
fn job_files_come_from_the_standard_input_too() {
    let folder = Folder::new();
    let job = b"[piped]\nioengine=null\nsize=1m\n";
    let finished = run_with_input(folder.program(["run", "-"]), job).expect_code(0);
    assert!(
        finished.stdout.contains("piped: (groupid=0"),
        "{finished:?}"
    );
}

#[test]
fn mistakes_in_job_files_are_named_with_their_place() {
    let folder = Folder::new();
    let table = [
        (
            "[a]\nrw=read\nblocksise=4k\n",
            "job.fio:3:1: section [a]: unknown option `blocksise`; did you mean `blocksize`?",
        ),
        ("[a]\nrw=reed\n", "did you mean `read`?"),
        ("[a\nrw=read\n", "job.fio:1:1: `[a` begins a section"),
        ("rw=read\n", "job.fio:1:1: `rw` stands outside of a section"),
        ("", "no job is described"),
        ("[global]\nrw=read\n", "no job is described"),
        ("\0\0", "job.fio:1:1: the line has a NUL byte"),
    ];
    for (text, expected) in table {
        folder.file("job.fio", text);
        let finished = folder.run(["run", "job.fio"]).expect_code(2);
        assert!(finished.stderr.starts_with("error: "), "{finished:?}");
        assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
        assert!(
            finished.stderr.contains(expected),
            "{expected}: {}",
            finished.stderr
        );
        assert_eq!(folder.files(), ["job.fio"]);
    }
    let finished = folder.run(["run", "none.fio"]).expect_code(2);
    assert!(
        finished.stderr.contains("none.fio: cannot read the file"),
        "{finished:?}"
    );
}

#[test]
fn a_job_that_fails_ends_with_1_and_says_why() {
    let folder = Folder::new();
    folder.file("zero", "");
    let table: [(&[&str], &[&str]); 5] = [
        (&["--filename=zero", "--rw=read"], &["zero"]),
        (
            &["--filename=/dev/full", "--rw=write", "--size=64k"],
            &["No space left on device"],
        ),
        (
            &[
                "--filename=/dev/zero",
                "--rw=read",
                "--size=64k",
                "--direct=1",
            ],
            &["O_DIRECT", "Invalid argument"],
        ),
        // Not even the superuser may write this one; where /sys is read-only, that is the reason.
        (
            &[
                "--filename=/sys/kernel/uevent_seqnum",
                "--rw=write",
                "--size=4k",
            ],
            &["Permission denied", "Read-only file system", "read-only"],
        ),
        (&["--filename=.", "--rw=write", "--size=4k"], &["directory"]),
    ];
    for (options, expected) in table {
        let words = ["run", "--", "--name=bad"].iter().chain(options);
        let finished = folder.run(words);
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(finished.stderr.contains("error: "), "{finished:?}");
        let named = expected
            .iter()
            .any(|reason| finished.stderr.contains(reason));
        assert!(named, "{expected:?}: {finished:?}");
    }
    assert_eq!(folder.files(), ["zero"]);
}

#[test]
fn a_section_without_its_bracket_and_a_second_standard_input_are_named() {
    let folder = Folder::new();
    folder.file("open.fio", "[a\nrw=read\n");
    for command in ["run", "client"] {
        let finished = folder.run([command, "open.fio"]).expect_code(2);
        assert!(
            finished.stderr.contains("open.fio:1:1: `[a`"),
            "{finished:?}"
        );
        let finished = folder.run([command, "-", "-"]).expect_code(2);
        assert!(finished.stderr.contains("only once"), "{finished:?}");
    }
}

#[test]
fn a_directory_that_is_not_there_is_refused_before_anything_runs() {
    let folder = Folder::new();
    folder.file("job.fio", "[a]\ndirectory=none\nrw=write\nsize=1m\n");
    for command in ["run", "client"] {
        let finished = folder.run([command, "job.fio"]).expect_code(2);
        let reason = "directory=none: it does not exist";
        assert!(finished.stderr.contains(reason), "{finished:?}");
        assert!(!finished.stdout.contains("err="), "{finished:?}");
    }
}

#[test]
fn a_limit_on_file_sizes_is_an_error_of_the_job_that_meets_it() {
    let folder = Folder::new();
    // 64 blocks of 512 or 1024 bytes, as the shell has it.
    let script = "ulimit -f 64 && exec \"$0\" \"$@\"";
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", script])
        .arg(folder.program::<&str>([]).get_program())
        .args(["run", "--", "--name=big", "--rw=write", "--size=1m"])
        .current_dir(folder.path());
    let finished = Finished::of(command).expect_code(1);
    assert!(finished.stderr.contains("File too large"), "{finished:?}");
    let kept = std::fs::metadata(folder.path().join("big.0.0")).map_or(0, |file| file.len());
    assert_eq!(kept, 0, "nothing half-made is left");
}

#[test]
fn an_interrupt_stops_the_jobs_and_reports_them() {
    let folder = Folder::new();
    let words = [
        "run",
        "--output-format=json",
        "--",
        "--name=long",
        "--ioengine=null",
        "--size=1g",
        "--time_based",
        "--runtime=60",
    ];
    let start = Instant::now();
    let child = spawn(folder.program(words));
    wait_for_job(child.id());
    std::thread::sleep(Duration::from_millis(300));
    interrupt(&child);
    let finished = Finished::wait_for(child).expect_code(130);
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(finished.json()["jobs"][0]["read"]["total_ios"].as_u64() > Some(1000));
}

#[test]
fn a_reader_that_leaves_ends_the_run_quietly() {
    let folder = Folder::new();
    let words = [
        "run",
        "--",
        "--name=long",
        "--ioengine=null",
        "--size=1g",
        "--time_based",
        "--runtime=60",
    ];
    let start = Instant::now();
    let mut command = folder.program(words);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let finished = Finished::wait_for(child).expect_code(0);
    assert_eq!(finished.stderr, "");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_output_file_appears_whole_or_not_at_all() {
    let folder = Folder::new();
    folder.file("job.fio", "[a]\nioengine=null\nsize=1m\n");
    let words = [
        "run",
        "--output=out.json",
        "--output-format=json",
        "job.fio",
    ];
    let finished = folder.run(words).expect_code(0);
    assert_eq!(finished.stdout, "");
    let text = std::fs::read_to_string(folder.path().join("out.json")).expect("written");
    serde_json::from_str::<serde_json::Value>(&text).expect("JSON");

    let finished = folder
        .run(["run", "--output=none/out", "job.fio"])
        .expect_code(2);
    assert!(
        finished
            .stderr
            .contains("cannot write the results to none/out"),
        "{finished:?}"
    );
    let finished = folder
        .run(["run", "--output=/dev/full", "job.fio"])
        .expect_code(2);
    assert!(
        finished.stderr.contains("No space left on device"),
        "{finished:?}"
    );
    assert_eq!(folder.files(), ["job.fio", "out.json"]);
}

#[test]
fn log_lines_are_in_the_output_file_and_in_sight() {
    let folder = Folder::new();
    let words = [
        "run",
        "--output=out",
        "--",
        "--name=a",
        "--ioengine=null",
        "--size=1m",
    ];
    let finished = folder.run(words).expect_code(0);
    let text = std::fs::read_to_string(folder.path().join("out")).expect("written");
    for place in [&text, &finished.stderr] {
        assert!(place.contains("a: (g=0): rw=read"), "{place}");
    }
    assert!(text.contains("Run status group 0"), "{text}");
    assert_eq!(finished.stdout, "");
}

#[test]
fn progress_goes_to_the_standard_error() {
    let folder = Folder::new();
    let words = [
        "run",
        "--eta-newline=500ms",
        "--output-format=json",
        "--",
        "--name=a",
        "--ioengine=null",
        "--size=1g",
        "--time_based",
        "--runtime=2",
    ];
    let finished = folder.run(words).expect_code(0);
    assert!(
        finished.stderr.matches("Jobs: ").count() >= 2,
        "{finished:?}"
    );
    finished.json();
}

#[test]
fn the_random_rule_changes_the_sequence_only() {
    let folder = Folder::new();
    for rule in ["newest", "3.34"] {
        let words = [
            "run",
            "--random-rule",
            rule,
            "--output-format=json",
            "--",
            "--name=a",
            "--ioengine=null",
            "--size=1m",
            "--rw=randread",
        ];
        assert_eq!(
            folder.run(words).expect_code(0).json()["jobs"][0]["read"]["total_ios"],
            256
        );
    }
}

/// The job pauses for 100 ms after every hundred I/Os, which come due meanwhile all the same.
#[test]
fn latencies_are_counted_from_the_intended_start_if_asked() {
    let folder = Folder::new();
    let mean = |from: &str| {
        let words = [
            "run",
            "--output-format=json",
            "--latency-from",
            from,
            "--",
            "--name=a",
            "--ioengine=null",
            "--size=1g",
            "--number_ios=1000",
            "--rate_iops=2000",
            "--thinktime=100ms",
            "--thinktime_blocks=100",
        ];
        let json = folder.run(words).expect_code(0).json();
        let read = &json["jobs"][0]["read"];
        assert_eq!(read["total_ios"], 1000);
        let mean = read["lat_ns"]["mean"].as_f64();
        mean.expect("a mean") / 1e6
    };
    let (submission, intended) = (mean("submission"), mean("intended"));
    assert!(submission < 10.0, "{submission} ms");
    assert!(intended > 50.0, "{intended} ms");
}
