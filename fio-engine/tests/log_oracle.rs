//! The log files of jobs beside those of Debian's fio: names, number of lines, columns and what is in
//! them, for every option of logs that fio 3.33 has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use fio_engine::job::parse_words;
use fio_engine::logs::{LogFiles, SampleLayout, inflate_log};
use fio_engine::run::{Run, RunOptions};
use fio_engine::workload::RandomRule;

const JOB: [&str; 5] = [
    "--name=job",
    "--ioengine=null",
    "--rw=randrw",
    "--bs=4k",
    "--size=256k",
];
const ALL: [&str; 3] = [
    "--write_bw_log=x",
    "--write_lat_log=x",
    "--write_iops_log=x",
];
const TIMED: [&str; 3] = ["--time_based", "--runtime=1100ms", "--rate_iops=2000"];
const HISTOGRAM: [&str; 2] = ["--write_hist_log=x", "--log_hist_msec=100"];

/// The lines of a run's log files, by name; fields as they are.
type Logs = BTreeMap<String, Vec<Vec<String>>>;

fn read(folder: &Path) -> Logs {
    let files = std::fs::read_dir(folder).unwrap();
    let logs = files.filter_map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name()?.to_str()?.to_owned();
        let bytes = std::fs::read(&path).ok()?;
        let text = if name.ends_with(".fz") {
            let mut text = Vec::new();
            inflate_log(&*bytes, None, &mut text).unwrap();
            text
        } else if name.ends_with(".log") {
            bytes
        } else {
            return None;
        };
        let text = String::from_utf8(text).unwrap();
        let fields = |line: &str| line.split(", ").map(str::to_owned).collect();
        Some((name, text.lines().map(fields).collect()))
    });
    logs.collect()
}

/// The log files of fio and ours; `None` where fio is not installed.
fn both(words: &[&str]) -> Option<(Logs, Logs)> {
    let words = [&JOB[..], words].concat();
    let theirs = tempfile::tempdir().unwrap();
    let fio = Command::new("fio")
        .args(&words)
        .current_dir(theirs.path())
        .output();
    let Ok(output) = fio else {
        assert!(std::env::var_os("CI").is_none(), "fio is not installed");
        println!("skipped: fio is not installed");
        return None;
    };
    assert!(output.status.success(), "{words:?}: {output:?}");
    let ours = tempfile::tempdir().unwrap();
    let jobs = parse_words(&words, &Default::default()).unwrap().jobs;
    let mut options = RunOptions::default();
    options.random_rule = RandomRule::Before335;
    options.log_files = Some(LogFiles::new(ours.path(), SampleLayout::Before337));
    let report = Run::start(jobs, options).unwrap().wait();
    assert_eq!(report.jobs[0].error, 0, "{}", report.jobs[0].error_message);
    Some((read(theirs.path()), read(ours.path())))
}

/// What a column has in all its lines that is not measured.
fn column(lines: &[Vec<String>], index: usize) -> BTreeSet<&str> {
    lines.iter().map(|fields| &*fields[index]).collect()
}

/// Numbers of columns.
fn widths(lines: &[Vec<String>]) -> BTreeSet<usize> {
    lines.iter().map(Vec::len).collect()
}

fn numbers(lines: &[Vec<String>], index: usize) -> Vec<u64> {
    lines
        .iter()
        .map(|fields| fields[index].parse().unwrap())
        .collect()
}

fn median(mut numbers: Vec<u64>) -> f64 {
    numbers.sort_unstable();
    numbers
        .get(numbers.len() / 2)
        .map_or(0.0, |number| *number as f64)
}

/// Runs that log every I/O: the same lines but for time and value.
#[test]
fn logs_of_single_ios_are_those_of_fio() {
    for options in [
        &[][..],
        &["--log_offset=1"],
        &["--prioclass=1", "--prio=3", "--log_prio=1"],
        &["--prioclass=1", "--prio=3"],
        &["--log_prio=1", "--log_offset=1"],
        &["--disable_lat=1"],
        &["--disable_clat=1"],
        &["--disable_slat=1"],
        &["--disable_bw=1"],
        &["--disable_slat=1", "--disable_bw=1", "--disable_clat=1"],
        &["--gtod_reduce=1"],
        &["--per_job_logs=0", "--numjobs=2"],
        &["--numjobs=3"],
        &["--log_compression=64k", "--log_compression_cpus=0"],
        &["--log_store_compressed=1", "--log_offset=1"],
        &[
            "--log_store_compressed=1",
            "--log_prio=1",
            "--per_job_logs=0",
        ],
        &["--log_entries=4096"],
        &["--rw=randtrim"],
        &["--write_hist_log=y"],
    ] {
        let words = [&ALL, options].concat();
        let Some((theirs, ours)) = both(&words) else {
            return;
        };
        assert!(ours.keys().eq(theirs.keys()), "{words:?}: {ours:?}");
        for (name, theirs) in &theirs {
            let without_measured = |lines: &[Vec<String>]| {
                let lines = lines.iter().map(|fields| fields[2..].to_vec());
                let mut lines: Vec<_> = lines.collect();
                if options.contains(&"--per_job_logs=0") {
                    // The clone that ends first is first.
                    lines.sort();
                }
                lines
            };
            let ours = &ours[name];
            assert_eq!(
                without_measured(ours),
                without_measured(theirs),
                "{words:?} {name}"
            );
            let (of_fio, of_us) = (median(numbers_of(theirs)), median(numbers_of(ours)));
            // The same unit: we may be faster, and either may be held up.
            let ratio = (of_fio + 1.0) / (of_us + 1.0);
            // fio 3.33 logs total latencies of hours where nothing else is measured.
            let is_broken = options.len() == 3 && name.contains("_lat");
            assert!(
                is_broken || (0.001..1000.0).contains(&ratio),
                "{words:?} {name}: {of_fio} {of_us}"
            );
        }
    }
}

/// Values, of a log that may be empty.
fn numbers_of(lines: &[Vec<String>]) -> Vec<u64> {
    if lines.is_empty() {
        Vec::new()
    } else {
        numbers(lines, 1)
    }
}

#[test]
fn submission_latencies_are_logged_where_there_are_any() {
    let Some((theirs, ours)) = both(&["--iodepth=8", "--write_lat_log=x"]) else {
        return;
    };
    for (name, theirs) in &theirs {
        assert_eq!(ours[name].len(), theirs.len(), "{name}");
        assert_eq!(widths(&ours[name]), widths(theirs), "{name}");
        assert_eq!(theirs.len(), 64, "{name}");
    }
}

#[test]
fn times_are_those_of_the_clock_that_is_asked_for() {
    for options in [
        &["--log_unix_epoch=1"][..],
        &["--log_alternate_epoch=1"],
        &[
            "--log_alternate_epoch=1",
            "--log_alternate_epoch_clock_id=1",
        ],
        &["--log_alternate_epoch_clock_id=1"],
    ] {
        for interval in [
            &[][..],
            &["--log_avg_msec=10", "--time_based", "--runtime=50ms"],
        ] {
            let words = [&["--write_lat_log=x"][..], options, interval].concat();
            let Some((theirs, ours)) = both(&words) else {
                return;
            };
            let first = |logs: &Logs| numbers(&logs["x_clat.1.log"], 0)[0];
            let (theirs, ours) = (first(&theirs), first(&ours));
            assert!(ours.abs_diff(theirs) < 60_000, "{words:?}: {theirs} {ours}");
            let absolute = options.len() > 1 || !options[0].ends_with("id=1");
            assert_eq!(
                ours > 60_000,
                absolute || theirs > 60_000,
                "{words:?}: {ours}"
            );
        }
    }
}

/// Runs that log over intervals: as many lines, give or take a few that the machine's load costs, with
/// the same in all columns that are not measured, at about the same rate.
#[test]
fn logs_of_intervals_are_those_of_fio() {
    let cases: [(&[&str], usize); 9] = [
        (&["--log_avg_msec=100"], 20),
        (&["--log_avg_msec=100", "--log_max_value=1"], 20),
        (
            &["--log_avg_msec=100", "--log_offset=1", "--log_prio=1"],
            20,
        ),
        (&["--log_avg_msec=100", "--disable_bw=1"], 20),
        (&["--log_avg_msec=100", "--gtod_reduce=1"], 20),
        (&["--log_avg_msec=100", "--log_store_compressed=1"], 20),
        (
            &["--log_avg_msec=200", "--bwavgtime=100", "--iopsavgtime=100"],
            20,
        ),
        (
            &["--log_avg_msec=100", "--bwavgtime=500", "--iopsavgtime=500"],
            4,
        ),
        (&["--log_avg_msec=5000"], 0),
    ];
    for (options, rates) in cases {
        let words = [&ALL, &TIMED[..], options].concat();
        let Some((theirs, ours)) = both(&words) else {
            return;
        };
        assert!(ours.keys().eq(theirs.keys()), "{words:?}: {ours:?}");
        for (name, theirs) in &theirs {
            let ours = &ours[name];
            let case = format!("{words:?} {name}");
            assert_eq!(widths(ours), widths(theirs), "{case}");
            assert_eq!(ours.is_empty(), theirs.is_empty(), "{case}");
            let is_rate = name.contains("_bw") || name.contains("_iops");
            if is_rate {
                // Both are asked for as many; a machine that is busy misses some.
                assert!(
                    ours.len() <= rates + 2 && ours.len() * 4 >= rates,
                    "{case}: {ours:?}"
                );
            }
            for index in 2..ours.first().map_or(0, Vec::len) {
                assert_eq!(column(ours, index), column(theirs, index), "{case}");
            }
            if is_rate && rates > 0 {
                let expected = if name.contains("_bw") { 8000.0 } else { 2000.0 };
                // Compressed, fio 3.33 puts values of single I/Os between those of intervals.
                let sensible = if name.ends_with(".fz") {
                    [ours, ours]
                } else {
                    [ours, theirs]
                };
                for lines in sensible {
                    let ratio = median(numbers(lines, 1)) / expected;
                    assert!((0.2..5.0).contains(&ratio), "{case}: {lines:?}");
                }
            }
        }
    }
}

#[test]
fn histograms_are_those_of_fio() {
    for coarseness in [0, 1, 3, 6] {
        let option = format!("--log_hist_coarseness={coarseness}");
        let words = [&HISTOGRAM[..], &TIMED, &[&*option]].concat();
        let Some((theirs, ours)) = both(&words) else {
            return;
        };
        assert!(ours.keys().eq(theirs.keys()), "{words:?}");
        for (name, theirs) in &theirs {
            let ours = &ours[name];
            assert_eq!(name, "x_clat_hist.1.log");
            let width = BTreeSet::from([3 + (1856 >> coarseness)]);
            assert_eq!((widths(ours), widths(theirs)), (width.clone(), width));
            for index in [1, 2] {
                assert_eq!(column(ours, index), column(theirs, index));
            }
            // Ours has the last interval, too.
            for (who, lines) in [("we", ours), ("fio", theirs)] {
                assert!((4..=22).contains(&lines.len()), "{who}: {}", lines.len());
                let counted: u64 = lines
                    .iter()
                    .flat_map(|fields| &fields[3..])
                    .map(|field| field.parse::<u64>().unwrap())
                    .sum();
                assert!((500..=4800).contains(&counted), "{who}: {counted}");
            }
        }
    }
}

/// What fio 3.33 does not have: columns of 3.42, as its samples have them.
#[test]
fn columns_of_newer_releases() {
    let folder = tempfile::tempdir().unwrap();
    let words = [
        &JOB[..],
        &ALL,
        &TIMED,
        &[
            "--log_avg_msec=100",
            "--log_window_value=both",
            "--log_offset=1",
            "--log_issue_time=1",
        ],
    ]
    .concat();
    let jobs = parse_words(&words, &Default::default()).unwrap().jobs;
    let mut options = RunOptions::default();
    options.log_files = Some(LogFiles::new(folder.path(), SampleLayout::Newest));
    let report = Run::start(jobs, options).unwrap().wait();
    assert_eq!(report.jobs[0].error, 0);
    for (name, lines) in read(folder.path()) {
        for fields in lines {
            // time, mean, maximum, direction, block size, offset, priority, issue time
            assert_eq!(fields.len(), 8, "{name}");
            let number = |index: usize| fields[index].parse::<u64>().unwrap();
            assert!(number(1) <= number(2), "{name}: {fields:?}");
            assert!(
                number(3) <= 1 && number(4) == 0 && number(5) == 0,
                "{fields:?}"
            );
        }
    }
}
