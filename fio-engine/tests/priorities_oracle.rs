//! Priorities of I/Os, compared with the installed fio: how many I/Os of each direction had which
//! priority follows from the seeds, and so must be equal.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use fio_engine::job::{ParseOptions, parse_words};
use fio_engine::report::json::{Style, write_report};
use fio_engine::run::{Run, RunOptions};
use fio_engine::workload::RandomRule;
use serde_json::Value;

/// Class 1 needs privilege, so that it is left to other tests.
const JOBS: [&[&str]; 11] = [
    &[
        "--rw=randread",
        "--cmdprio_percentage=30",
        "--cmdprio_class=2",
    ],
    &[
        "--rw=randread",
        "--cmdprio_percentage=100",
        "--cmdprio_class=2",
    ],
    &[
        "--rw=randrw",
        "--cmdprio_percentage=30,60",
        "--cmdprio_class=2,3",
        "--cmdprio=1,2",
    ],
    &[
        "--rw=randrw",
        "--cmdprio_percentage=,60",
        "--cmdprio_class=2",
    ],
    &[
        "--rw=randread",
        "--prioclass=2",
        "--prio=3",
        "--cmdprio_percentage=20",
        "--cmdprio_class=2",
    ],
    &[
        "--rw=randread",
        "--bssplit=4k/50:8k/50",
        "--cmdprio_class=3",
        "--cmdprio_bssplit=4k/30:8k/60",
    ],
    &[
        "--rw=randrw",
        "--bssplit=4k/50:8k/50",
        "--cmdprio_bssplit=4k/30/2/3:4k/20/2/1:8k/60/3/2,8k/10/2/7",
    ],
    &[
        "--rw=randread",
        "--bssplit=4k/50:8k/50",
        "--cmdprio_class=3",
        "--cmdprio_bssplit=8k/101/2/9:4k/",
    ],
    &[
        "--rw=randwrite",
        "--cmdprio_percentage=40",
        "--cmdprio_class=2",
        "--loops=3",
    ],
    &[
        "--rw=randread",
        "--cmdprio_percentage=40",
        "--cmdprio_class=2",
        "--numjobs=2",
        "--group_reporting",
        "--lat_percentiles=1",
    ],
    &[
        "--rw=randread",
        "--cmdprio_percentage=40",
        "--cmdprio_bssplit=4k/30",
        "--cmdprio_class=2",
    ],
];

/// What must be equal: the error, and for each direction kind of latency, class, level and I/Os of
/// each priority.
fn priorities(json: &Value) -> (i64, Vec<String>) {
    let job = &json["jobs"][0];
    let mut seen = Vec::new();
    for direction in ["read", "write", "trim"] {
        for entry in job[direction]["prios"].as_array().into_iter().flatten() {
            let kind = ["clat_ns", "lat_ns"]
                .into_iter()
                .find(|kind| entry[kind].is_object())
                .unwrap_or("none");
            let (class, level) = (&entry["prioclass"], &entry["prio"]);
            seen.push(format!(
                "{direction} {kind} {class}/{level}: {}",
                entry[kind]["N"]
            ));
        }
    }
    (job["error"].as_i64().unwrap_or(-1), seen)
}

fn words(engine: &str, folder: &Path, more: &[&str]) -> Vec<OsString> {
    let own = [
        "--name=j".to_owned(),
        format!("--ioengine={engine}"),
        format!("--directory={}", folder.display()),
        "--size=1m".to_owned(),
        "--iodepth=4".to_owned(),
        "--thread".to_owned(),
    ];
    let more = more.iter().map(|word| (*word).to_owned());
    own.into_iter().chain(more).map(OsString::from).collect()
}

fn ours(words: &[OsString]) -> Value {
    let parsed = parse_words(words, &ParseOptions::default()).expect("fio takes these words");
    let mut options = RunOptions::default();
    options.random_rule = RandomRule::Before335;
    let report = Run::start(parsed.jobs, options)
        .expect("a valid job")
        .wait();
    let mut text = String::new();
    let style = Style {
        version: "fio-3.33".to_owned(),
        bins: false,
    };
    write_report(&mut text, &report, &style).expect("a string takes all");
    serde_json::from_str(&text).expect("JSON is written")
}

#[test]
fn as_many_ios_have_each_priority_as_with_fio() {
    for more in JOBS {
        for engine in ["libaio", "io_uring"] {
            let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            let words = words(engine, folder.path(), more);
            let output = Command::new("fio")
                .args(&words)
                .arg("--output-format=json")
                .current_dir(folder.path())
                .output();
            let Ok(output) = output else {
                assert!(std::env::var_os("CI").is_none(), "fio is not installed");
                println!("skipped: fio is not installed");
                return;
            };
            let text = String::from_utf8_lossy(&output.stdout);
            let json = text.find('{').map_or("{}", |start| &text[start..]);
            let theirs: Value = serde_json::from_str(json).expect("fio writes JSON");
            let (error, seen) = priorities(&ours(&words));
            let (their_error, their_seen) = priorities(&theirs);
            assert_eq!(seen, their_seen, "{engine} {more:?}");
            assert_eq!(error == 0, their_error == 0, "{engine} {more:?}: {error}");
        }
    }
}
