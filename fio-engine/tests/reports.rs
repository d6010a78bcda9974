//! Reports against those of fio.
//!
//! A report of fio 3.42 (kept in `data/report`) or of the installed fio is read back into this
//! crate's types and printed again: what comes out must be what fio printed.

#[path = "reports/differential.rs"]
mod differential;
#[path = "reports/rebuild.rs"]
mod rebuild;

use fio_engine::report::json::{HostOptions, Style, write_client_report, write_report};
use fio_engine::report::{Host, Report, normal};
use serde_json::Value;

use rebuild::{rebuild, rebuild_client};

const BASE_JSON: &str = include_str!("data/report/base.json");
const BASE_NORMAL: &str = include_str!("data/report/base.normal");
const BASE_JSON_PLUS: &str = include_str!("data/report/base.jsonplus");
const FILE_JSON: &str = include_str!("data/report/file.json");
const FILE_NORMAL: &str = include_str!("data/report/file.normal");
const CLIENT_JSON_PLUS: &str = include_str!("data/report/client.jsonplus");

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("fio writes valid JSON")
}

fn style(bins: bool) -> Style {
    Style {
        version: "fio-3.42".to_owned(),
        bins,
    }
}

fn json_of(report: &Report, bins: bool) -> String {
    let mut text = String::new();
    write_report(&mut text, report, &style(bins)).expect("strings take everything");
    text
}

fn normal_of(report: &Report) -> String {
    let mut text = String::new();
    normal::write_report(&mut text, report).expect("strings take everything");
    text
}

/// The text without what depends on the time zone of the reader.
fn without_dates(text: &str) -> String {
    let weekday = |word: &str| ["Sun", "Mon"].contains(&word.trim_start_matches('"'));
    let strip = |line: &str| match line.split(' ').position(weekday) {
        Some(at) => line.split(' ').take(at).collect::<Vec<_>>().join(" "),
        None => line.to_owned(),
    };
    text.lines().map(strip).collect::<Vec<_>>().join("\n")
}

/// The text with `#` in place of every number, and without what depends on their size: padding
/// and the unit of latencies.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for character in text.chars() {
        match character {
            '0'..='9' | '.' | '-' if shape.ends_with('#') => {}
            '0'..='9' => shape.push('#'),
            other => shape.push(other),
        }
    }
    shape.replace(' ', "").replace("usec", "nsec")
}

#[test]
fn json_of_a_run_is_reproduced_to_the_byte() {
    for (text, bins) in [
        (BASE_JSON, false),
        (BASE_JSON_PLUS, true),
        (FILE_JSON, false),
    ] {
        let report = rebuild(&parsed(text));
        assert_eq!(without_dates(&json_of(&report, bins)), without_dates(text));
    }
}

#[test]
fn normal_text_is_reproduced_from_the_json_of_the_same_run() {
    let mut report = rebuild(&parsed(BASE_JSON));
    rebuild::identify(&mut report, BASE_NORMAL);
    assert_eq!(
        without_dates(&normal_of(&report)),
        without_dates(BASE_NORMAL)
    );
}

#[test]
fn normal_text_of_files_syncs_and_disks_has_the_shape_of_fios() {
    let mut report = rebuild(&parsed(FILE_JSON));
    rebuild::identify(&mut report, FILE_NORMAL);
    // Another run of the same job: the ranges of latencies that occurred differ.
    let comparable = |text: &str| {
        let lines = without_dates(text);
        let lines = lines.lines().filter(|line| !line.starts_with("  lat ("));
        shape(&lines.collect::<Vec<_>>().join("\n"))
    };
    assert_eq!(comparable(&normal_of(&report)), comparable(FILE_NORMAL));
}

#[test]
fn json_of_a_client_has_the_layout_of_fios_and_merges_its_jobs() {
    let original = parsed(CLIENT_JSON_PLUS);
    let report = rebuild_client(&original);
    let hosts = [HostOptions {
        host: Host {
            name: "127.0.0.1".to_owned(),
            port: 18_965,
        },
        options: rebuild::options(&original["global options"]),
    }];
    let mut text = String::new();
    write_client_report(&mut text, &report, &hosts, &style(true)).expect("strings take everything");
    assert_eq!(
        shape(&without_dates(&text)),
        shape(&without_dates(CLIENT_JSON_PLUS))
    );
    assert_close(&parsed(&text), &original, "$");
}

/// Equal but for floats, whose last decimals were lost when fio printed them.
fn assert_close(ours: &Value, theirs: &Value, path: &str) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in b {
                assert_close(&a[key], value, &format!("{path}.{key}"));
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                assert_close(a, b, &format!("{path}[{index}]"));
            }
        }
        (Value::Number(a), Value::Number(b)) if b.is_f64() => {
            let (a, b) = (a.as_f64().expect("a float"), b.as_f64().expect("a float"));
            assert!(
                (a - b).abs() <= 1e-5 * b.abs().max(1.0),
                "{path}: {a} for {b}"
            );
        }
        _ if path == "$.time" => {}
        _ => assert_eq!(ours, theirs, "{path}"),
    }
}

#[test]
fn several_hosts_are_told_apart_in_their_options() {
    let report = rebuild_client(&parsed(CLIENT_JSON_PLUS));
    let host = |name: &str, port| HostOptions {
        host: Host {
            name: name.to_owned(),
            port,
        },
        options: vec![("bs".to_owned(), "4k".to_owned())],
    };
    let mut text = String::new();
    let hosts = [host("a", 1), host("b", 2)];
    write_client_report(&mut text, &report, &hosts, &style(false)).expect("strings take all");
    let options = &parsed(&text)["global options"];
    assert_eq!(options[1]["hostname"], "b");
    assert_eq!(
        (&options[1]["port"], &options[0]["bs"]),
        (&Value::from(2), &Value::from("4k"))
    );
}
