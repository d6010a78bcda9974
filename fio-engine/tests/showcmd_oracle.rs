//! Job files printed as command lines: as by `fio --showcmd`, for the examples of Debian's fio and for 500
//! jobs drawn from the option table.
//!
//! One thing is made alike before they are compared: fio keeps blanks that follow an equals sign in a job file.

mod oracle;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fio_engine::job::{ParseOptions, show_command_lines};
use oracle::jobs::{FIRST, Job, draw_job, known_to_debian};
use oracle::{Draw, Fio, in_parallel};

/// Where Debian's package `fio-examples` puts them.
const EXAMPLES: &str = "/usr/share/doc/fio/examples";

const JOBS: usize = 500;

/// Jobs in one file.
const BATCH: usize = 10;

/// Examples that one of the two does not print, and why.
const NOT_PRINTED: &[(&str, &str)] = &[
    ("dfs", NOT_IN_DEBIAN),
    (
        "gpudirect-rdmaio-client",
        "Debian's fio has no mem=cudamalloc",
    ),
    (
        "gpudirect-rdmaio-server",
        "Debian's fio has no mem=cudamalloc",
    ),
    ("http-s3", NOT_IN_DEBIAN),
    ("http-s3-crypto", NOT_IN_DEBIAN),
    ("http-s3-storage-class", NOT_IN_DEBIAN),
    ("http-swift", NOT_IN_DEBIAN),
    ("http-webdav", NOT_IN_DEBIAN),
    ("librpma_apm-client", NOT_IN_DEBIAN),
    ("librpma_apm-server", NOT_IN_DEBIAN),
    ("librpma_gpspm-client", NOT_IN_DEBIAN),
    ("librpma_gpspm-server", NOT_IN_DEBIAN),
    ("nfs", NOT_IN_DEBIAN),
    (
        "rdmaio-client",
        "its port is left to the user; fio wants a value",
    ),
    (
        "rdmaio-server",
        "its port is left to the user; fio wants a value",
    ),
];

const NOT_IN_DEBIAN: &str = "Debian's fio cannot load the engine";

#[test]
fn examples_are_printed_as_by_fio() {
    let Some(fio) = Fio::find() else { return };
    let Ok(folder) = std::fs::read_dir(EXAMPLES) else {
        let required = std::env::var_os("CI").is_some();
        assert!(!required, "fio-examples is not installed");
        println!("skipped: fio-examples is not installed");
        return;
    };
    let paths = folder.map(|entry| entry.expect("an entry").path());
    let files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "fio"))
        .collect();
    let failures = in_parallel(&files, |file| {
        let name = file.file_stem().expect("a name").to_string_lossy();
        let difference = difference(&fio, &[file.clone().into()]);
        let listed = NOT_PRINTED.iter().any(|(listed, _)| *listed == name);
        match difference {
            Some(_) if listed => None,
            None if listed => Some(format!("{name} is printed alike and must leave the list")),
            difference => difference,
        }
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(files.len() > 50, "only {} examples", files.len());
}

#[test]
fn generated_jobs_are_printed_as_by_fio() {
    let Some(fio) = Fio::find() else { return };
    let known = known_to_debian();
    let mut draw = Draw(0x5c);
    // What only one of them takes is shown elsewhere.
    let jobs: Vec<_> = (0..)
        .map(|number| draw_job(number, &mut draw, &known))
        .filter(|job| is_taken(&job.file()))
        .take(JOBS)
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<_> = jobs.chunks(BATCH).enumerate().collect();
    let failures = in_parallel(&files, |(number, jobs)| {
        let file = write_file(folder.path(), *number, jobs);
        if fio.shown(&[&file]).is_none() {
            return one_by_one(&fio, folder.path(), *number, jobs);
        }
        let words = ["--blocksize=8k".into(), file.clone(), file];
        difference(&fio, &words[1..2]).or_else(|| difference(&fio, &words))
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Compares the jobs that fio takes, too.
fn one_by_one(fio: &Fio, folder: &Path, number: usize, jobs: &[Job]) -> Option<String> {
    let mut failures = Vec::new();
    let mut refused = 0;
    for job in jobs {
        let file = write_file(folder, number, std::slice::from_ref(job));
        match fio.shown(&[&file]) {
            Some(_) => failures.extend(difference(fio, &[file])),
            None => refused += 1,
        }
    }
    if refused > jobs.len() / 2 {
        failures.push(format!(
            "fio takes only {refused} of the jobs of file {number}"
        ));
    }
    (!failures.is_empty()).then(|| failures.join("\n"))
}

/// Jobs of a file, some of which stand in sections for all.
fn write_file(folder: &Path, number: usize, jobs: &[Job]) -> OsString {
    let sections: String = jobs
        .iter()
        .enumerate()
        .map(|(index, job)| {
            let section = job.section(index);
            if index % 4 == 1 && job.options.iter().all(|(_, value)| !value.is_empty()) {
                section.replace(&format!("[job{index}]"), "[global]")
            } else {
                section
            }
        })
        .collect();
    let path = folder.join(format!("{number}.fio"));
    std::fs::write(&path, format!("{FIRST}{sections}")).expect("a job file can be written");
    path.into()
}

fn is_taken(file: &str) -> bool {
    let source = fio_engine::job::JobSource::text("generated", file);
    fio_engine::job::parse_jobs(&[source], &ParseOptions::default()).is_ok()
}

/// How the two differ about these words.
fn difference(fio: &Fio, words: &[OsString]) -> Option<String> {
    let theirs = fio.shown(words).map(|text| without_blanks(&text));
    let ours = show_command_lines(words, &ParseOptions::default());
    match (theirs, ours) {
        (Some(theirs), Ok(ours)) if theirs == ours => None,
        (None, Err(_)) => None,
        (Some(theirs), Ok(ours)) => {
            let same = theirs.bytes().zip(ours.bytes());
            let from = same.take_while(|(theirs, ours)| theirs == ours).count();
            let part = |text: &str| {
                let from = from.saturating_sub(40).min(text.len());
                String::from_utf8_lossy(&text.as_bytes()[from..])
                    .chars()
                    .take(120)
                    .collect::<String>()
            };
            let (theirs, ours) = (part(&theirs), part(&ours));
            Some(format!("{words:?}\nfio:  …{theirs:?}\nhere: …{ours:?}"))
        }
        (theirs, ours) => {
            let theirs = theirs.is_some();
            let ours = ours.err();
            Some(format!(
                "{words:?}: fio prints it: {theirs}, here: {ours:?}"
            ))
        }
    }
}

/// The text without the blanks that follow an equals sign.
fn without_blanks(text: &str) -> String {
    let mut parts = text.split('=');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        // An empty value is followed by the next option.
        let value = Some(part.trim_start()).filter(|value| !value.starts_with("--"));
        text + "=" + value.unwrap_or(part)
    })
}
