//! The same job, run by Debian's fio and by this program: both must print the same but for numbers.

mod cases;
mod clients;
mod differences;
mod fields;
mod shape;

use std::process::{Command, Stdio};

use crate::util::{Finished, Folder};
use cases::{CASES, Case};
use differences::as_3_33;
use shape::{difference, shape};

/// Without fio there is nothing to compare with; in CI that is a failure.
fn fio_is_there() -> bool {
    let there = Command::new("fio").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "CI needs fio");
    there
}

/// Runs fio in a folder of its own.
fn fio(folder: &Folder, words: &[&str]) -> Finished {
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
    let ours = ours.run([&["run"], flags.as_slice()].concat());
    let mut told = String::new();
    if theirs.code != ours.code {
        told += &format!(
            "exit code {:?} for {:?}: {}\n",
            ours.code, theirs.code, ours.stderr
        );
    }
    let (mut their_shape, mut our_shape) = (shape(&theirs.stdout), as_3_33(shape(&ours.stdout)));
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
