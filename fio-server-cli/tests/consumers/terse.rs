//! Readers of the terse line of version 3 by field number, as shell benchmarks take it apart:
//! `cut -d';' -f7` is the bandwidth of reads, 8 their IOPS, 48 and 49 those of writes.

use std::process::Command;

use crate::util::{Finished, Folder};

/// A mixed job at a rate, the way YABS measures: no latencies, little said.
const JOB: [&str; 9] = [
    "--name=rand_rw_4k",
    "--ioengine=null",
    "--rw=randrw",
    "--rwmixread=50",
    "--bs=4k",
    "--size=1g",
    "--rate_iops=2000",
    "--runtime=1",
    "--gtod_reduce=1",
];

/// Fields 7, 8, 48 and 49.
fn rates(line: &str) -> [f64; 4] {
    let fields: Vec<&str> = line.trim_end().split(';').collect();
    assert_eq!(fields[0], "3", "{line}");
    assert_eq!(fields[2], "rand_rw_4k", "{line}");
    [7, 8, 48, 49].map(|number| fields[number - 1].parse().expect(line))
}

fn check(line: &str) {
    let [read_kib, read_iops, written_kib, write_iops] = rates(line);
    for (kib, iops) in [(read_kib, read_iops), (written_kib, write_iops)] {
        assert!((kib - 4.0 * iops).abs() <= 8.0, "{line}");
        // At 2000 a second each, on a machine that may be busy.
        assert!((500.0..=2500.0).contains(&iops), "{line}");
    }
}

#[test]
fn fields_are_where_shell_scripts_look() {
    let folder = Folder::new();
    let ours = folder
        .run(
            ["run", "--output-format=terse", "--"]
                .into_iter()
                .chain(JOB),
        )
        .expect_code(0);
    check(&ours.stdout);
    let mut fio = Command::new("fio");
    if fio.arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "fio is not installed");
        return;
    }
    let mut fio = Command::new("fio");
    fio.current_dir(folder.path()).arg("--minimal").args(JOB);
    let theirs = Finished::of(fio).expect_code(0);
    check(&theirs.stdout);
    let count = |text: &str| text.trim_end().split(';').count();
    assert_eq!(count(&ours.stdout), count(&theirs.stdout));
}
