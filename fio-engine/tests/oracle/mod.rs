//! Debian's fio as an oracle, and fixed draws of what it is asked.

#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod jobs;
pub(crate) mod values;

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
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

    /// Where fio is run.
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Whether `fio --parse-only` succeeds with this job file.
    pub(crate) fn accepts(&self, file: &str) -> bool {
        let mut job_file = tempfile::NamedTempFile::new_in(self.0.path()).expect("a file");
        job_file
            .write_all(file.as_bytes())
            .expect("a job file can be written");
        self.accepts_file(job_file.path())
    }

    /// Whether `fio --parse-only` succeeds with the job file of this name.
    pub(crate) fn accepts_file(&self, path: &Path) -> bool {
        self.accepts_words(&[path])
    }

    /// Whether `fio --parse-only` succeeds with these words.
    pub(crate) fn accepts_words<T: AsRef<OsStr>>(&self, words: &[T]) -> bool {
        let status = Command::new("fio")
            .current_dir(self.0.path())
            .arg("--parse-only")
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.expect("fio starts").success()
    }

    /// What `fio --showcmd` prints with these words; `None` if it fails.
    pub(crate) fn shown<T: AsRef<OsStr>>(&self, words: &[T]) -> Option<String> {
        let output = Command::new("fio")
            .current_dir(self.0.path())
            .arg("--showcmd")
            .args(words)
            .stderr(Stdio::null())
            .output()
            .expect("fio starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }

    /// Runs a job file and gives fio's JSON. A job that fio never ends is ended after a minute.
    pub(crate) fn run(&self, file: &str) -> serde_json::Value {
        let job_file = self.0.path().join("run.fio");
        std::fs::write(&job_file, file).expect("a job file can be written");
        let output = Command::new("timeout")
            .current_dir(self.0.path())
            .args(["60", "fio", "--output-format=json", "--eta=never"])
            .arg(job_file)
            .output()
            .expect("fio starts");
        let text = String::from_utf8_lossy(&output.stdout);
        // Messages may come before the document.
        let document = text.find("\n{").map_or(&*text, |start| &text[start..]);
        let parsed = serde_json::from_str(document);
        parsed.unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % bound as u64) as usize
    }

    /// One of some words.
    pub(crate) fn one_of<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.below(words.len())]
    }
}
