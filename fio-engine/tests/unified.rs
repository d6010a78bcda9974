//! `unified_rw_reporting`, against Debian's fio.

use std::process::Command;

use fio_engine::job::{ParseOptions, parse_words};
use fio_engine::report::{Report, json, normal, terse};
use fio_engine::run::{Run, RunOptions};
use serde_json::Value;

fn words(mode: &str) -> Vec<String> {
    let words = "--name=m --ioengine=null --rw=randrw --size=1m --bs=4k --thread";
    let mut words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    words.push(format!("--unified_rw_reporting={mode}"));
    words
}

fn run(mode: &str) -> Report {
    let parsed = parse_words(&words(mode), &ParseOptions::default()).expect("valid");
    let run = Run::start(parsed.jobs, RunOptions::default()).expect("valid");
    run.wait()
}

/// What fio prints for the same job; `None` without fio.
fn fio(mode: &str, format: &str) -> Option<String> {
    let mut command = Command::new("fio");
    command
        .args(words(mode))
        .arg(format!("--output-format={format}"));
    match command.output() {
        Ok(output) => Some(String::from_utf8(output.stdout).expect("text")),
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "fio is not installed");
            println!("skipped: fio is not installed");
            None
        }
    }
}

/// The first words of the lines that name directions or counts.
fn outline(text: &str) -> Vec<String> {
    let line_of = |line: &str| {
        let line = line.trim();
        let head = line.split_once(": ");
        let (head, rest) = head?;
        match head {
            "read" | "write" | "mixed" | "READ" | "WRITE" | "MIXED" => Some(head.to_owned()),
            "issued rwts" => Some(rest.to_owned()),
            _ => None,
        }
    };
    text.lines().filter_map(line_of).collect()
}

#[test]
fn people_see_the_directions_fio_shows() {
    for mode in ["none", "mixed", "both"] {
        let mut text = String::new();
        normal::write_report(&mut text, &run(mode)).expect("written");
        let Some(theirs) = fio(mode, "normal") else {
            return;
        };
        assert_eq!(outline(&text), outline(&theirs), "{mode}");
    }
}

#[test]
fn programs_find_the_members_fio_writes() {
    let members = |document: &str| -> Vec<String> {
        let value: Value = serde_json::from_str(document).expect("JSON");
        let job = value["jobs"][0].as_object().expect("an object");
        let wanted = ["read", "write", "trim", "sync", "mixed"];
        let names = job.keys().filter(|key| wanted.contains(&key.as_str()));
        names
            .map(|name| {
                format!(
                    "{name} {} {}",
                    job[name]["total_ios"], job[name]["io_bytes"]
                )
            })
            .collect()
    };
    let style = json::Style {
        version: "fio-3.42".to_owned(),
        bins: false,
    };
    for mode in ["none", "mixed"] {
        let mut ours = String::new();
        json::write_report(&mut ours, &run(mode), &style).expect("written");
        let Some(theirs) = fio(mode, "json") else {
            return;
        };
        assert_eq!(members(&ours), members(&theirs), "{mode}");
    }
    // fio 3.33 says nothing of the I/Os of `mixed` here; 3.42 does.
    let mut both = String::new();
    json::write_report(&mut both, &run("both"), &style).expect("written");
    let found = members(&both);
    assert_eq!(found.last().map(String::as_str), Some("mixed 256 1048576"));
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn lines_have_as_many_values_as_fios() {
    let style = terse::Style {
        version: "fio-3.42".to_owned(),
        terse_version: terse::TerseVersion::V3,
    };
    for mode in ["none", "mixed", "both"] {
        let mut ours = String::new();
        terse::write_report(&mut ours, &run(mode), &style).expect("written");
        let Some(theirs) = fio(mode, "terse") else {
            return;
        };
        let values = |line: &str| line.trim_end().split(';').count();
        assert_eq!(values(&ours), values(&theirs), "{mode}");
    }
}
