//! What the parser does with files that are no job files, or are made to hurt.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use fio_engine::job::{
    JobFileError, JobSource, Limit, ParseOptions, ParsedJobs, Problem, parse_jobs,
};

fn parse_text(text: &[u8]) -> Result<ParsedJobs, JobFileError> {
    parse_jobs(
        &[JobSource::text("bad.fio", text)],
        &ParseOptions::default(),
    )
}

fn parse_file(path: &Path) -> Result<ParsedJobs, JobFileError> {
    parse_jobs(&[JobSource::file(path)], &ParseOptions::default())
}

fn is_limit(error: &JobFileError, expected: Limit) -> bool {
    matches!(*error.problem, Problem::Limit { limit, .. } if limit == expected)
}

/// Text, the beginning of the message after the place, and whether the place is right.
#[test]
fn each_fault_is_named_with_its_place() {
    let long_line = [b"[a]\ndescription=".as_slice(), &[b'x'; 1 << 20]].concat();
    let cases: &[(&[u8], &str)] = &[
        (
            b"\x7fELF\x02\x01\x01\0\0\0",
            "bad.fio:1:1: the line has a NUL byte",
        ),
        (
            b"[a]\nnosuch=1",
            "bad.fio:2:1: section [a]: unknown option `nosuch`",
        ),
        (
            b"[a]\nrw read",
            "bad.fio:2:1: section [a]: unknown option `rw read`",
        ),
        (
            b"[a]\nsize=big",
            "bad.fio:2:1: section [a]: option `size`: `big` is not a number",
        ),
        (
            b"[a]\nrate=fast",
            "bad.fio:2:1: section [a]: option `rate`: `fast` is not a number",
        ),
        (
            b"[a]\nrate=1m\nrate_iops=5",
            "bad.fio:1:1: section [a]: rate and rate_iops exclude each other",
        ),
        (
            b"[a]\nrate_iops=5\nrate_iops_min=,6",
            "bad.fio:1:1: section [a]: rate_iops_min of write is more than its rate_iops",
        ),
        (
            b"[a]\nrw=randread\nsprandom=1",
            "bad.fio:1:1: section [a]: sprandom needs rw=randwrite",
        ),
        (
            b"[a]\nrw=randwrite:8\nsprandom=1",
            "bad.fio:1:1: section [a]: sprandom has an order of its own",
        ),
        (
            b"[a]\nrw=randwrite\nsprandom=1\nspr_op=7%",
            "bad.fio:4:1: section [a]: option `spr_op`: `7%` is wrong",
        ),
        (b"[a\nsize=1", "bad.fio:1:1: `[a` begins a section"),
        (
            b"size=1\n[a]",
            "bad.fio:1:1: `size` stands outside of a section",
        ),
        (
            b"[a]\ninclude nowhere.fio",
            "bad.fio:2:1: cannot read the file: No such file",
        ),
        (
            b"[a]\nsize=\0",
            "bad.fio:2:1: section [a]: the line has a NUL byte",
        ),
        (
            &long_line,
            "bad.fio:2:1: section [a]: the length of the line in bytes is over the limit of 8192",
        ),
        (
            b"[a]\nsize=((((1))",
            "bad.fio:2:1: section [a]: option `size`: in the expression `((((1))`: a parenthesis is not closed",
        ),
        (
            b"[a]\nnumjobs=70000",
            "bad.fio:1:1: section [a]: the number of jobs and clones is over the limit of 65536",
        ),
        (
            b"[a]\n\x1b[31m=1",
            "bad.fio:2:1: section [a]: unknown option `\u{fffd}[31m`",
        ),
        (b"\xff\xfe[\0a\0]\0", "bad.fio:1:1: the line has a NUL byte"),
    ];
    for (text, expected) in cases {
        let error = parse_text(text).expect_err("a bad file").to_string();
        assert!(error.starts_with(expected), "{error}\nexpected: {expected}");
        assert!(
            error.len() < 400 && !error.contains(char::is_control),
            "{error}"
        );
    }
}

#[test]
fn included_files_are_found_from_the_including_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("sub")).expect("a folder");
    fs::write(path("main.fio"), "[a]\ninclude sub/one\nsize=1m\n").expect("a file");
    fs::write(path("sub/one"), "bs=8k\ninclude=two # comment\n").expect("a file");
    fs::write(path("sub/two"), "rw=write\n").expect("a file");
    let parsed = parse_file(&path("main.fio")).expect("good files");
    let names: Vec<_> = parsed.jobs[0]
        .given_options
        .iter()
        .map(|option| option.0.as_str())
        .collect();
    assert_eq!(names, ["bs", "rw", "size"]);

    fs::write(path("sub/two"), "rw=wrong\n").expect("a file");
    let error = parse_file(&path("main.fio"))
        .expect_err("a bad file")
        .to_string();
    assert!(
        error.contains("sub/two:1:1: section [a]: option `rw`"),
        "{error}"
    );
}

#[test]
fn includes_end() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("cycle.fio"), "[a]\ninclude other\n").expect("a file");
    fs::write(path("other"), "include other\n").expect("a file");
    let error = parse_file(&path("cycle.fio")).expect_err("a cycle");
    assert!(
        matches!(*error.problem, Problem::IncludeCycle(_)),
        "{error}"
    );

    for level in 0..20 {
        let text = format!(
            "{}include {}\n",
            if level == 0 { "[a]\n" } else { "" },
            level + 1
        );
        fs::write(path(&level.to_string()), text).expect("a file");
    }
    let error = parse_file(&path("0")).expect_err("too deep");
    assert!(is_limit(&error, Limit::IncludeDepth), "{error}");

    fs::write(path("section.fio"), "[a]\ninclude inner\n").expect("a file");
    fs::write(path("inner"), "[b]\n").expect("a file");
    let error = parse_file(&path("section.fio")).expect_err("a section in an include");
    assert!(
        matches!(*error.problem, Problem::SectionInInclude(_)),
        "{error}"
    );
}

#[test]
fn includes_of_a_peer_are_refused_without_a_look() {
    let text = "[a]\ninclude /etc/hostname\n";
    let error = parse_jobs(&[JobSource::text("peer", text)], &ParseOptions::for_peer());
    let error = error.expect_err("files are forbidden");
    assert!(
        matches!(*error.problem, Problem::FilesForbidden(_)),
        "{error}"
    );
}

/// The file has holes, so reading it would give NUL bytes rather than this error.
#[test]
fn a_huge_file_is_refused_by_its_size() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.as_file()
        .set_len(100_000_000)
        .expect("a file with holes");
    let started = Instant::now();
    let error = parse_file(file.path()).expect_err("too large");
    assert!(is_limit(&error, Limit::Bytes), "{error}");
    assert!(started.elapsed() < Duration::from_millis(100));
}

#[test]
fn a_huge_text_is_refused_by_its_size() {
    let text = vec![b'x'; 100_000_000];
    let started = Instant::now();
    let error = parse_text(&text).expect_err("too large");
    assert!(is_limit(&error, Limit::Bytes), "{error}");
    assert!(started.elapsed() < Duration::from_millis(100));
}

#[test]
fn endless_files_are_not_read_to_their_end() {
    let error = parse_file(Path::new("/dev/zero")).expect_err("endless");
    assert!(is_limit(&error, Limit::Bytes), "{error}");
}

#[test]
fn sections_are_counted() {
    let text = "[a]\n".repeat(100_000);
    let error = parse_text(text.as_bytes()).expect_err("too many");
    assert!(is_limit(&error, Limit::Sections), "{error}");
}

#[test]
fn files_that_cannot_be_opened_are_named() {
    let error = parse_file(Path::new("/nonexistent/job.fio")).expect_err("not there");
    assert!(
        error
            .to_string()
            .starts_with("/nonexistent/job.fio: cannot read the file: "),
        "{error}"
    );
    assert!(parse_file(Path::new("/")).is_err());
}

#[test]
fn a_text_that_is_not_utf_8_is_read() {
    let parsed = parse_text(b"; caf\xe9\n[caf\xe9]\ndescription=\xff\n").expect("a good file");
    assert_eq!(parsed.jobs[0].name, "caf\u{fffd}");
    assert!(parse_text(b"[a]\nfilename=caf\xe9\n").is_err());
}
