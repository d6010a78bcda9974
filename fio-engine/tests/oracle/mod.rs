//! Debian's fio, asked whether it accepts a job file.

use std::io::Write;
use std::process::{Command, Stdio};

/// What `check` finds wrong, on two threads: fio spends its 0.15 s in calibrating its clock.
pub(crate) fn in_parallel<T: Sync>(
    cases: &[T],
    check: impl Fn(&T) -> Option<String> + Sync,
) -> Vec<String> {
    let run = |part: &[T]| part.iter().filter_map(&check).collect::<Vec<_>>();
    let (left, right) = cases.split_at(cases.len() / 2);
    std::thread::scope(|scope| {
        let left = scope.spawn(|| run(left));
        let mut failures = run(right);
        failures.extend(left.join().expect("the other half ends"));
        failures
    })
}

/// fio, run in a folder of its own.
pub(crate) struct Fio(tempfile::TempDir);

impl Fio {
    /// Without fio there is nothing to compare with; where tests must be complete that is an error.
    pub(crate) fn find() -> Option<Self> {
        let version = Command::new("fio").arg("--version").output();
        if version.is_ok_and(|output| output.status.success()) {
            return Some(Self(tempfile::tempdir().expect("a temporary folder")));
        }
        assert!(std::env::var_os("CI").is_none(), "fio is not installed");
        println!("skipped: fio is not installed");
        None
    }

    /// Whether `fio --parse-only` succeeds with this job file.
    pub(crate) fn accepts(&self, file: &str) -> bool {
        let mut job_file = tempfile::NamedTempFile::new_in(self.0.path()).expect("a file");
        job_file
            .write_all(file.as_bytes())
            .expect("a job file can be written");
        let status = Command::new("fio")
            .current_dir(self.0.path())
            .arg("--parse-only")
            .arg(job_file.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.expect("fio starts").success()
    }
}
