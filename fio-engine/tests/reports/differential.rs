//! The installed fio runs jobs; its reports are read back and printed again by this crate.
//!
//! Debian's fio is release 3.33, this crate follows 3.42. What changed in between is listed in
//! [`as_3_33`] and [`json_as_3_33`]; everything else must be equal to the byte.

use std::process::Command;

use super::rebuild::{identify, rebuild};
use super::{json_of, normal_of, parsed, without_dates};

/// Jobs that differ in what they make a report say. `@` stands for a folder.
const JOBS: [&[&str]; 9] = [
    &["--ioengine=null", "--size=4m", "--rw=randread"],
    &[
        "--ioengine=null",
        "--size=8m",
        "--rw=randrw",
        "--numjobs=3",
        "--group_reporting",
    ],
    &[
        "--ioengine=null",
        "--size=2m",
        "--rw=randtrim",
        "--numjobs=2",
        "--description=two words",
    ],
    &[
        "--ioengine=null",
        "--size=4m",
        "--rw=rw",
        "--rate=4m",
        "--bwavgtime=100",
        "--iopsavgtime=100",
    ],
    &[
        "--ioengine=null",
        "--size=64g",
        "--rw=read",
        "--time_based",
        "--runtime=1",
        "--percentile_list=1:50:99.9:99.999",
    ],
    &[
        "--directory=@",
        "--size=2m",
        "--rw=randwrite",
        "--fsync=16",
        "--numjobs=2",
        "--group_reporting",
    ],
    &[
        "--directory=@",
        "--size=2m",
        "--rw=randrw",
        "--slat_percentiles=1",
        "--lat_percentiles=1",
        "--percentile_list=50:90:99",
    ],
    &[
        "--directory=@",
        "--ioengine=libaio",
        "--iodepth=32",
        "--size=16m",
        "--bs=16k",
        "--rw=randread",
        "--slat_percentiles=1",
    ],
    &[
        "--directory=@",
        "--size=1m",
        "--rw=write",
        "--clat_percentiles=0",
        "--new_group",
        "--name=k",
        "--size=2m",
        "--rw=read",
    ],
];

/// The text fio prints for a job, normal and JSON+ together; `None` if there is no fio.
fn run_fio(arguments: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().to_str().expect("its path is UTF-8");
    let arguments = arguments.iter().map(|argument| argument.replace('@', path));
    let output = Command::new("fio")
        .args(["--name=j", "--output-format=normal,json+"])
        .args(arguments)
        .current_dir(folder.path())
        .output();
    match output {
        Ok(output) => Some(String::from_utf8(output.stdout).expect("fio prints UTF-8")),
        Err(error) if std::env::var_os("CI").is_some() => {
            panic!("fio must be installed where CI is set: {error}")
        }
        Err(error) => {
            eprintln!("skipped: fio cannot be run: {error}");
            None
        }
    }
}

/// Takes from 3.42's normal text what 3.33 did not have.
fn as_3_33(text: &str) -> String {
    let text = text
        .replace("sync_file_range/syncfs:", "sync_file_range:")
        .replace("target=0.00ns, window=0.00ns", "target=0, window=0");
    let without_sectors = |line: &str| match line.split_once(", sectors=") {
        Some((before, rest)) => {
            let after = rest.split_once(", ").map_or("", |(_, after)| after);
            format!("{before}, {after}")
        }
        None => line.to_owned(),
    };
    text.lines()
        .map(without_sectors)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Takes from JSON the members 3.33 did not have, and `eta`, which
/// a finished job of 3.33 fills with whatever it estimated last. Commas go because the last of
/// several members has none.
fn json_as_3_33(text: &str) -> String {
    let kept = |line: &&str| {
        let member = line.trim_start();
        ![
            "\"job_start\"",
            "\"read_sectors\"",
            "\"write_sectors\"",
            "\"eta\"",
            "\"fio version\"",
            "\"latency_target_ns\"",
            "\"latency_window",
        ]
        .iter()
        .any(|name| member.starts_with(name))
    };
    let lines = text
        .lines()
        .filter(kept)
        .map(|line| line.trim_end_matches(','));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn reports_of_the_installed_fio_are_reproduced() {
    for arguments in JOBS {
        let Some(output) = run_fio(arguments) else {
            return;
        };
        let begin = output.find("{\n").expect("there is a JSON document");
        let end = begin + output[begin..].find("\n}\n").expect("and it ends") + 3;
        let (json, normal) = (&output[begin..end], &output[end..]);
        let normal = normal.replace("; 0 zone resets", "");

        let mut report = rebuild(&parsed(json));
        identify(&mut report, &normal);
        assert_eq!(
            json_as_3_33(&without_dates(&json_of(&report, true))),
            json_as_3_33(&without_dates(json)),
            "{arguments:?}"
        );
        let (ours, theirs) = (
            as_3_33(&without_dates(&normal_of(&report))),
            without_dates(&normal),
        );
        assert!(
            same_but_for_rounding(&ours, &theirs),
            "{arguments:?}\n{ours}\n{theirs}"
        );
    }
}

/// Whether texts are the same but for the last decimal of numbers: the document they are made from has six
/// decimals, with which 0.625 may have been a little less.
pub(crate) fn same_but_for_rounding(ours: &str, theirs: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let breaks = |character: char| !(character.is_ascii_digit() || character == '.');
        text.split_inclusive(breaks).map(str::to_owned).collect()
    };
    let (ours, theirs) = (words(ours), words(theirs));
    let near = |(mine, other): (&String, &String)| mine == other || one_unit_apart(mine, other);
    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(near)
}

/// Whether two texts are decimal fractions of equal length, followed by the same, that differ by one in the
/// last place.
fn one_unit_apart(mine: &str, other: &str) -> bool {
    let scaled = |text: &str| {
        let end = text.trim_end_matches(|character: char| !character.is_ascii_digit());
        let (whole, decimals) = end.split_once('.')?;
        let digits: i64 = format!("{whole}{decimals}").parse().ok()?;
        Some((digits, decimals.len(), text[end.len()..].to_owned()))
    };
    match (scaled(mine), scaled(other)) {
        (Some(mine), Some(other)) => {
            (mine.0 - other.0).abs() == 1 && (mine.1, mine.2) == (other.1, other.2)
        }
        _ => false,
    }
}

#[test]
fn only_the_last_decimal_may_differ() {
    assert!(same_but_for_rounding("avg=4687.62, x", "avg=4687.63, x"));
    assert!(!same_but_for_rounding("avg=4687.62, x", "avg=4687.64, x"));
    assert!(!same_but_for_rounding("avg=4687.62, x", "avg=4687.63, y"));
    assert!(!same_but_for_rounding("total=62", "total=63"));
    assert!(!same_but_for_rounding("a=1.0", "a=1.01"));
}
