//! The door for fuzz targets: one function for each, taking any bytes.
//!
//! Only for the targets in `fuzz/` and for the test that replays their corpora; not part of the
//! crate's interface.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::job::{JobFileError, JobSource, JobSpec, Machine, ParseOptions, ParsedJobs};
use crate::job::{parse_jobs, parse_words};

/// Parses a job file from a peer.
///
/// # Panics
/// If a job that was accepted does not pass its own rules or cannot be printed and read again, or
/// if an error message is not fit for a terminal.
pub fn job_file(data: &[u8]) {
    check(parse(data));
}

/// Parses words separated by NUL bytes.
///
/// # Panics
/// As [`job_file`].
pub fn command_line(data: &[u8]) {
    let words: Vec<&OsStr> = data
        .split(|byte| *byte == 0)
        .map(OsStr::from_bytes)
        .collect();
    check(parse_words(&words, &options()));
}

/// What a server would use, on a machine that is always the same, so that finds can be repeated.
fn options() -> ParseOptions<'static> {
    ParseOptions::for_peer_on(Machine {
        page_bytes: 4096,
        memory_mib: 8192,
        cpus: 4,
        cpu_limit: 4,
    })
}

fn parse(data: &[u8]) -> Result<ParsedJobs, JobFileError> {
    parse_jobs(&[JobSource::text("fuzz", data)], &options())
}

fn check(result: Result<ParsedJobs, JobFileError>) {
    match result {
        Ok(parsed) => parsed.jobs.iter().for_each(check_job),
        Err(error) => {
            let message = error.to_string();
            assert!(!message.contains(char::is_control), "{message:?}");
            assert!(message.len() < 2000, "{message:?}");
        }
    }
}

fn check_job(job: &JobSpec) {
    assert_eq!(job.validate(), Ok(()));
    let Ok(text) = job.to_job_file() else { return };
    let again = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let again = JobSpec {
        given_options: job.given_options.clone(),
        ..again.jobs[0].clone()
    };
    assert_eq!(&again, job, "{text}");
}
