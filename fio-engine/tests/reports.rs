//! Reports against those of fio.
//!
//! A report of fio 3.42 (kept in `data/report`) or of the installed fio is read back into this
//! crate's types and printed again: what comes out must be what fio printed.

#[path = "reports/differential.rs"]
mod differential;
#[path = "reports/rebuild.rs"]
mod rebuild;

use fio_engine::report::json::{Style, write_client_report, write_report};
use fio_engine::report::terse::{self, TerseVersion};
use fio_engine::report::{ClientReport, DiskReport, Host, HostReport, Report, normal};
use serde_json::Value;

use rebuild::{rebuild, rebuild_client};

const BASE_JSON: &str = include_str!("data/report/base.json");
const BASE_NORMAL: &str = include_str!("data/report/base.normal");
const BASE_JSON_PLUS: &str = include_str!("data/report/base.jsonplus");
const FILE_JSON: &str = include_str!("data/report/file.json");
const FILE_NORMAL: &str = include_str!("data/report/file.normal");
const CLIENT_JSON_PLUS: &str = include_str!("data/report/client.jsonplus");

/// Documents of fio 3.42, with what they show.
const OTHERS: [(&str, &str, bool); 6] = [
    ("mixed", include_str!("data/report/mixed.jsonplus"), true),
    (
        "priorities",
        include_str!("data/report/prio.jsonplus"),
        true,
    ),
    ("steady state", include_str!("data/report/ss.json"), false),
    (
        "latency target",
        include_str!("data/report/lattgt.json"),
        false,
    ),
    ("idleness", include_str!("data/report/idle.json"), false),
    ("error", include_str!("data/report/err.json"), false),
];

/// Texts of fio 3.42 for the jobs of some of these, from other runs.
const MIXED_NORMAL: &str = include_str!("data/report/mixed.normal");
const PRIORITIES_NORMAL: &str = include_str!("data/report/prio.normal");
const STEADY_NORMAL: &str = include_str!("data/report/ss.normal");

/// Every format of one run.
const ALL_FORMATS: &str = include_str!("data/report/base.multi");
const CLIENT_OF_TWO: &str = include_str!("data/report/client_of_two.json");

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
fn json_of_everything_is_reproduced() {
    for (name, text, bins) in OTHERS {
        // A message comes before the document of the error.
        let text = &text[text.find('{').expect("a document")..];
        let report = rebuild(&parsed(text));
        let (ours, theirs) = (without_dates(&json_of(&report, bins)), without_dates(text));
        assert!(
            differential::same_but_for_rounding(&ours, &theirs),
            "{name}\n{}",
            first_difference(&ours, &theirs)
        );
    }
}

/// The first lines that are not the same.
fn first_difference(ours: &str, theirs: &str) -> String {
    let pairs = ours.lines().zip(theirs.lines()).enumerate();
    let different = pairs.filter(|(_, (ours, theirs))| ours != theirs).take(5);
    let told = different.map(|(line, (ours, theirs))| format!("{line}: {ours} for {theirs}\n"));
    told.collect()
}

#[test]
fn every_format_of_one_run_is_reproduced() {
    let begin = ALL_FORMATS.find("{\n").expect("a document");
    let end = begin + ALL_FORMATS[begin..].find("\n}\n").expect("its end") + 3;
    let mut report = rebuild(&parsed(&ALL_FORMATS[begin..end]));
    rebuild::identify(&mut report, &ALL_FORMATS[end..]);
    let mut ours = String::new();
    let style = terse::Style {
        version: "fio-3.42".to_owned(),
        terse_version: TerseVersion::V3,
    };
    terse::write_report(&mut ours, &report, &style).expect("strings take everything");
    ours += &json_of(&report, false);
    ours += &normal_of(&report);
    let theirs = &ALL_FORMATS[ALL_FORMATS.find("3;fio").expect("a terse line")..];
    let (ours, theirs) = (without_dates(&ours), without_dates(theirs));
    assert!(
        differential::same_but_for_rounding(&ours, &theirs),
        "{}",
        first_difference(&ours, &theirs)
    );
}

#[test]
fn normal_text_of_everything_has_the_shape_of_fios() {
    for (name, normal) in [
        ("mixed", MIXED_NORMAL),
        ("priorities", PRIORITIES_NORMAL),
        ("steady state", STEADY_NORMAL),
    ] {
        let other = OTHERS.iter().find(|(other, ..)| *other == name);
        let (_, json, _) = other.expect("there is such a document");
        let mut report = rebuild(&parsed(json));
        rebuild::identify(&mut report, normal);
        let normal = &normal[normal.find("\n\n").expect("results") + 1..];
        let (ours, theirs) = (comparable(&normal_of(&report)), comparable(normal));
        assert_eq!(ours, theirs, "{name}");
    }
}

/// What is the same in another run of the same job: the ranges of latencies that occurred differ, the units, and
/// how many percentiles fit in a line.
fn comparable(text: &str) -> String {
    let lines = without_dates(text);
    let lines = lines.lines().filter(|line| !line.starts_with("  lat ("));
    let text = shape(&lines.collect::<Vec<_>>().join("\n"));
    let text = text.replace(",\n|", ",");
    let units = ["k", "Ki", "Mi", "Gi", "M", "G"].map(|unit| format!("#{unit}B"));
    let text = units
        .iter()
        .fold(text, |text, unit| text.replace(unit, "#B"));
    let text = text.replace("bw(KiB/s)", "bw(MiB/s)");
    text.replace("#k,", "#,")
        .replace("#M,", "#,")
        .replace("#Gi(", "#B/s(")
        .replace("#G)", "#B/s)")
}

#[test]
fn a_client_of_two_servers_tells_what_each_did() {
    let text = &CLIENT_OF_TWO[CLIENT_OF_TWO.find('{').expect("a document")..];
    let report = rebuild_client(&parsed(text));
    assert_eq!(report.hosts.len(), 2);
    let mut ours = String::new();
    write_client_report(&mut ours, &report, &style(false)).expect("strings take everything");
    assert_eq!(shape(&without_dates(&ours)), shape(&without_dates(text)));
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
    assert_eq!(comparable(&normal_of(&report)), comparable(FILE_NORMAL));
}

#[test]
fn json_of_a_client_has_the_layout_of_fios_and_merges_its_jobs() {
    let original = parsed(CLIENT_JSON_PLUS);
    let report = rebuild_client(&original);
    let mut text = String::new();
    write_client_report(&mut text, &report, &style(true)).expect("strings take everything");
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
fn several_hosts_are_told_apart_in_their_options_and_disks() {
    let report = client_of_two();
    let mut text = String::new();
    write_client_report(&mut text, &report, &style(false)).expect("strings take all");
    let document = parsed(&text);
    let options = &document["global options"];
    assert_eq!(options[1]["hostname"], "b");
    assert_eq!(
        (&options[1]["port"], &options[0]["bs"]),
        (&Value::from(2), &Value::from("4k"))
    );
    let disks = &document["disk_util"];
    let of = |index: usize| {
        (
            disks[index]["name"].clone(),
            disks[index]["hostname"].clone(),
        )
    };
    assert_eq!(
        [of(0), of(1)],
        [("vda", "a"), ("vda", "b")].map(|(name, host)| (name.into(), host.into()))
    );
}

/// Shares are those of a job in its own group on its own host.
#[test]
fn terse_lines_of_a_client_have_shares_and_disks_host_by_host() {
    let mut report = client_of_two();
    for host in &mut report.hosts {
        for direction in &mut host.jobs[0].group.directions.0 {
            direction.aggregate_bandwidth *= 4;
        }
    }
    let style = |terse_version| terse::Style {
        version: "fio-3.33".to_owned(),
        terse_version,
    };
    let lines = |version| {
        let mut text = String::new();
        terse::write_client_report(&mut text, &report, &style(version)).expect("strings take all");
        text.lines().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let third = lines(TerseVersion::V3);
    let heads: Vec<_> = third.iter().map(|line| &line[..5]).collect();
    let jobs = report.hosts[0].jobs.len();
    let of_host = [vec!["3;fio"; jobs], vec![";vda;"]].concat();
    assert_eq!(heads, [of_host.clone(), of_host, vec!["3;fio"]].concat());
    let share = third[0].split(';').nth(43).expect("a share");
    assert!(
        share.trim_end_matches('%').parse::<f64>().expect(share) <= 25.1,
        "{share}"
    );
    assert!(
        lines(TerseVersion::V2)
            .iter()
            .all(|line| !line.starts_with(";vda"))
    );
}

fn client_of_two() -> ClientReport {
    let mut report = rebuild_client(&parsed(CLIENT_JSON_PLUS));
    let mut host = report.hosts.remove(0);
    host.global_options = vec![("bs".to_owned(), "4k".to_owned())];
    host.disks = vec![DiskReport {
        name: "vda".to_owned(),
        ..DiskReport::default()
    }];
    report.hosts = [("a", 1), ("b", 2)]
        .map(|(name, port)| HostReport {
            host: Host {
                name: name.to_owned(),
                port,
            },
            ..host.clone()
        })
        .into();
    report
}
