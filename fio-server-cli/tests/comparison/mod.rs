//! The same job, run by Debian's fio and by this program in fio's form: both must print the same but for numbers.

mod cases;
mod clients;
mod differences;
mod fields;
mod shape;

use std::process::{Command, Stdio};

use crate::util::{Finished, Folder};
use cases::{CASES, Case};
use differences::{as_3_33, without_messages};
use shape::{difference, shape};

/// Without fio there is nothing to compare with; in CI that is a failure.
pub(crate) fn fio_is_there() -> bool {
    let there = Command::new("fio").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "CI needs fio");
    there
}

/// Runs fio in a folder of its own.
pub(crate) fn fio(folder: &Folder, words: &[&str]) -> Finished {
    let mut command = Command::new("fio");
    command
        .args(words)
        .current_dir(folder.path())
        .stdin(Stdio::null());
    Finished::of(command)
}

/// What differs in this case, or nothing.
fn compare(case: &Case) -> Option<String> {
    let flags: Vec<_> = case
        .flags
        .iter()
        .copied()
        .chain(["--eta=never", "job.fio"])
        .collect();
    let [theirs, ours] = [Folder::new(), Folder::new()];
    for folder in [&theirs, &ours] {
        folder.file("job.fio", case.job);
    }
    let theirs = fio(&theirs, &flags);
    let ours = ours.run([&["fio"], flags.as_slice()].concat());
    let mut told = String::new();
    if theirs.code != ours.code {
        told += &format!(
            "exit code {:?} for {:?}: {}\n",
            ours.code, theirs.code, ours.stderr
        );
    }
    let mut their_shape = without_messages(shape(&theirs.stdout));
    let mut our_shape = without_messages(as_3_33(shape(&ours.stdout)));
    if !case.job.contains("bwavgtime") {
        // Whether there are samples depends on how long it took.
        let is_sample = |line: &String| {
            ["   bw (rate)", "   iops  "]
                .iter()
                .any(|start| line.starts_with(start))
        };
        their_shape.retain(|line| !is_sample(line));
        our_shape.retain(|line| !is_sample(line));
    }
    told += &difference(&our_shape, &their_shape).unwrap_or_default();
    (!told.is_empty()).then(|| format!("{}\n{told}\n", case.name))
}

#[test]
fn runs_print_what_fio_prints() {
    if !fio_is_there() {
        return;
    }
    let wanted = std::env::var("COMPARISON").unwrap_or_default();
    let cases: Vec<_> = CASES
        .iter()
        .filter(|case| case.name.contains(&wanted))
        .collect();
    // fio spends some of its time in calibrating its clock, so two at once are no slower than one.
    let halves = cases.split_at(cases.len() / 2);
    let check = |cases: &[&Case]| {
        cases
            .iter()
            .filter_map(|case| compare(case))
            .collect::<String>()
    };
    let told = std::thread::scope(|scope| {
        let first = scope.spawn(|| check(halves.0));
        let second = check(halves.1);
        first.join().expect("no panic") + &second
    });
    assert!(told.is_empty(), "- is fio, + is this program\n{told}");
}

/// How many reports there are depends on the machine; each must look like fio's.
#[test]
fn reports_at_an_interval_are_those_of_fio() {
    if !fio_is_there() {
        return;
    }
    let job = "[a]\nioengine=null\nsize=64g\ntime_based\nruntime=3\nbwavgtime=100\niopsavgtime=100\nrw=randrw\n";
    let flags = ["--status-interval=1", "--eta=never", "job.fio"];
    for format in ["json", "json+", "normal", "terse"] {
        let format = format!("--output-format={format}");
        let flags = [&[format.as_str()], flags.as_slice()].concat();
        let [theirs, ours] = [Folder::new(), Folder::new()];
        for folder in [&theirs, &ours] {
            folder.file("job.fio", job);
        }
        let theirs = fio(&theirs, &flags);
        let ours = ours.run([&["fio"], flags.as_slice()].concat());
        let (their_shape, our_shape) = (shape(&theirs.stdout), as_3_33(shape(&ours.stdout)));
        let first = &their_shape[..reports(&their_shape)[0].start];
        assert_eq!(&our_shape[..first.len()], first, "{format}");
        let expected = &their_shape[reports(&their_shape)[0].clone()];
        let ours = reports(&our_shape);
        assert!(ours.len() > 2, "{format}: {} reports", ours.len());
        for report in ours {
            let told = difference(&our_shape[report], expected);
            assert_eq!(
                told,
                None,
                "{format}\n{}",
                told.as_deref().unwrap_or_default()
            );
        }
    }
}

/// Where each report of a shape is: they all begin with the same line.
fn reports(shape: &[String]) -> Vec<std::ops::Range<usize>> {
    let starts = [
        "{",
        "terse 1: <integer>",
        "a: (groupid=#, jobs=#): err=#: pid=#: <date>",
    ];
    let begins = |line: &String| starts.contains(&line.as_str());
    let first: Vec<_> = (0..shape.len())
        .filter(|index| begins(&shape[*index]))
        .collect();
    let ends = first.iter().skip(1).copied().chain([shape.len()]);
    let ranges = first.iter().copied().zip(ends);
    ranges
        .map(|(start, end)| {
            // An empty line before the next report.
            let end = if shape[end - 1].is_empty() {
                end - 1
            } else {
                end
            };
            start..end
        })
        .collect()
}

/// A file has what the standard output would have, and the standard output nothing.
#[test]
fn a_file_has_all_of_the_output() {
    if !fio_is_there() {
        return;
    }
    let job = "[a]\nioengine=null\nsize=4m\n[b]\nioengine=null\nsize=4m\nrw=randwrite\n";
    for format in ["normal", "json", "terse", "normal,json+,terse"] {
        let format = format!("--output-format={format}");
        let flags = ["--eta=never", "--output=out", &format, "job.fio"];
        let [theirs, ours] = [Folder::new(), Folder::new()];
        for folder in [&theirs, &ours] {
            folder.file("job.fio", job);
        }
        let finished = [
            fio(&theirs, &flags).expect_code(0),
            ours.run([&["fio"], flags.as_slice()].concat())
                .expect_code(0),
        ];
        assert!(
            finished.iter().all(|finished| finished.stdout.is_empty()),
            "{finished:?}"
        );
        let read =
            |folder: &Folder| std::fs::read_to_string(folder.path().join("out")).expect("written");
        let told = difference(&as_3_33(shape(&read(&ours))), &shape(&read(&theirs)));
        assert_eq!(
            told,
            None,
            "{format}\n{}",
            told.as_deref().unwrap_or_default()
        );
    }
}
