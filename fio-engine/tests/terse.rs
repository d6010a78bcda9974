//! Terse lines have fio's values in fio's places.

use std::process::Command;

use fio_engine::job::{JobSource, ParseOptions, parse_jobs};
use fio_engine::report::Report;
use fio_engine::report::terse::{Style, TerseVersion, write_report};
use fio_engine::run::{Run, RunOptions};

const JOBS: &str = "\
[global]
ioengine=null
[reads]
rw=randread
size=1m
description=two words
[writes]
stonewall
rw=write
size=2m
iodepth=4
percentile_list=50:99.9
[plain]
rw=rw
size=1m
clat_percentiles=0
";

fn measured() -> Report {
    let source = JobSource::text("terse.fio", JOBS);
    let parsed = parse_jobs(&[source], &ParseOptions::default()).expect("jobs");
    let run = Run::start(parsed.jobs, RunOptions::default()).expect("a run");
    run.wait()
}

fn lines(report: &Report, terse_version: TerseVersion) -> String {
    let style = Style {
        version: "fio-3.33".to_owned(),
        terse_version,
    };
    let mut text = String::new();
    write_report(&mut text, report, &style).expect("text");
    text
}

/// A number in fewer words: what is measured differs from run to run, what kind of value it is does not.
fn shape(value: &str) -> String {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((percent, value)) = value.split_once("%=") {
        return format!("{percent}%={}", if digits(value) { "N" } else { value });
    }
    let (number, percent) = match value.strip_suffix('%') {
        Some(number) => (number, "%"),
        None => (value, ""),
    };
    match number.split_once('.') {
        Some((whole, rest)) if digits(whole) && digits(rest) => {
            format!("N.{}{percent}", rest.len())
        }
        None if digits(number) => format!("N{percent}"),
        _ => value.to_owned(),
    }
}

#[test]
fn every_value_is_where_fio_has_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("terse.fio");
    std::fs::write(&file, JOBS).expect("a job file");
    let report = measured();
    for version in [
        TerseVersion::V2,
        TerseVersion::V3,
        TerseVersion::V4,
        TerseVersion::V5,
    ] {
        let fio = Command::new("fio")
            .arg("--output-format=terse")
            .arg(format!("--terse-version={}", version.number()))
            .arg(&file)
            .output()
            .expect("fio is installed");
        let theirs = String::from_utf8(fio.stdout).expect("text");
        let ours = lines(&report, version);
        assert_eq!(
            ours.lines().count(),
            theirs.lines().count(),
            "{ours}\n{theirs}"
        );
        for (ours, theirs) in ours.lines().zip(theirs.lines()) {
            let shapes = |line: &str| line.split(';').map(shape).collect::<Vec<_>>();
            assert_eq!(shapes(ours), shapes(theirs), "{version:?}");
            // Release, name, group, error, and what was moved are the same in every run.
            let exact = if version == TerseVersion::V2 { 5 } else { 6 };
            let head = |line: &str| line.split(';').take(exact).collect::<Vec<_>>().join(";");
            assert_eq!(head(ours), head(theirs));
        }
    }
}

#[test]
fn lines_have_as_many_values_as_their_version() {
    let mut report = measured();
    report.jobs.truncate(2);
    report.jobs.remove(0);
    for (version, values) in [
        (TerseVersion::V2, 161),
        (TerseVersion::V3, 121),
        (TerseVersion::V4, 162),
        (TerseVersion::V5, 180),
    ] {
        let text = lines(&report, version);
        assert_eq!(text.trim_end().split(';').count(), values, "{version:?}");
    }
}

#[test]
fn latencies_below_a_microsecond_count_as_below_two() {
    let mut report = measured();
    let job = &mut report.jobs[0];
    job.latency_ns = [0; 10];
    job.latency_ns[3] = job.total_ios() / 2;
    job.latency_us = [0; 10];
    job.latency_us[0] = job.total_ios() / 2;
    let text = lines(&report, TerseVersion::V3);
    let first = text.lines().next().expect("a line");
    assert_eq!(first.split(';').nth(99), Some("100.00%"));
}
