//! Switches of `run` and `client` that decide what is written where.

use serde_json::Value;

use crate::util::{Finished, Folder};

/// A job that runs for two seconds and a little.
const TIMED: [&str; 7] = [
    "--",
    "--name=a",
    "--ioengine=null",
    "--size=1g",
    "--rw=randrw",
    "--time_based",
    "--runtime=2",
];

const SMALL: [&str; 4] = ["--", "--name=a", "--ioengine=null", "--size=1m"];

fn run(folder: &Folder, flags: &[&str], job: &[&str]) -> Finished {
    folder.run([&["run"], flags, job].concat()).expect_code(0)
}

/// All documents of a text that is nothing but JSON documents.
fn documents(text: &str) -> Vec<Value> {
    let documents = serde_json::Deserializer::from_str(text).into_iter();
    documents.map(|document| document.expect("JSON")).collect()
}

#[test]
fn terse_lines_can_be_all_or_added() {
    let folder = Folder::new();
    let minimal = run(&folder, &["--minimal"], &SMALL).stdout;
    assert!(
        minimal.starts_with("3;") && minimal.lines().count() == 1,
        "{minimal}"
    );
    let appended = run(&folder, &["--append-terse"], &SMALL).stdout;
    let terse = appended.lines().filter(|line| line.starts_with("3;fio"));
    assert_eq!(terse.count(), 1, "{appended}");
    assert!(appended.contains("Run status group 0"), "{appended}");
    let with_json = run(&folder, &["--append-terse", "--output-format=json"], &SMALL).stdout;
    let (line, json) = with_json.split_once('\n').expect("two parts");
    assert!(line.starts_with("3;fio"), "{line}");
    assert_eq!(documents(json).len(), 1);
}

#[test]
fn results_are_repeated_at_an_interval() {
    let folder = Folder::new();
    let flags = ["--status-interval=500ms", "--output-format=json"];
    let documents = documents(&run(&folder, &flags, &TIMED).stdout);
    assert!(documents.len() >= 3, "{} documents", documents.len());
    let ios: Vec<_> = documents
        .iter()
        .map(|document| {
            document["jobs"][0]["read"]["total_ios"]
                .as_u64()
                .expect("a number")
        })
        .collect();
    assert!(ios.is_sorted() && ios[0] < ios[ios.len() - 1], "{ios:?}");
    let eta = |document: &Value| document["jobs"][0]["eta"].as_u64().expect("a number");
    assert!(eta(&documents[0]) <= 2, "{}", documents[0]);
    assert_eq!(eta(&documents[documents.len() - 1]), 2_147_483_647);
}

#[test]
fn results_that_are_repeated_can_be_read_meanwhile() {
    let folder = Folder::new();
    let flags = [
        "--status-interval=500ms",
        "--output=out",
        "--output-format=normal,terse",
    ];
    let words = [&["run"], flags.as_slice(), TIMED.as_slice()].concat();
    let child = crate::util::spawn(folder.program(words));
    let path = folder.path().join("out");
    let read = || std::fs::read_to_string(&path).unwrap_or_default();
    crate::util::wait_until("interim results", || read().contains("Run status group 0"));
    let early = read();
    Finished::wait_for(child).expect_code(0);
    let late = read();
    assert!(late.starts_with(&early) && late.len() > early.len());
    let lines = late.lines().filter(|line| line.starts_with("3;")).count();
    assert_eq!(lines, late.matches("Run status group 0").count(), "{late}");
}

#[test]
fn the_bandwidth_of_all_jobs_is_logged_to_the_last_byte() {
    let folder = Folder::new();
    let flags = ["--bandwidth-log", "--output-format=json"];
    let json = run(&folder, &flags, &TIMED).json();
    for (number, direction) in ["read", "write", "trim"].into_iter().enumerate() {
        let log = folder.path().join(format!("agg-{direction}_bw.log"));
        let log = std::fs::read_to_string(log).expect("written");
        let rows: Vec<Vec<f64>> = log
            .lines()
            .map(|row| {
                row.split(", ")
                    .map(|field| field.parse().expect(row))
                    .collect()
            })
            .collect();
        assert!(rows.len() >= 3, "{log}");
        let mut before = 0.0;
        let mut logged = 0.0;
        for row in &rows {
            assert_eq!(row[2..], [number as f64, 0.0, 0.0], "{log}");
            assert!(row[0] > before, "{log}");
            logged += row[1] * (row[0] - before) / 1000.0;
            before = row[0];
        }
        let moved = json["jobs"][0][direction]["io_kbytes"]
            .as_f64()
            .expect("a number");
        // Times are in whole milliseconds.
        assert!(
            (logged - moved).abs() <= 0.01 * moved,
            "{logged} of {moved}\n{log}"
        );
    }
}

#[test]
fn a_bandwidth_log_that_cannot_be_written_is_found_before_the_run() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("agg-write_bw.log")).expect("created");
    let words = [&["run", "--bandwidth-log"], SMALL.as_slice()].concat();
    let finished = folder.run(words).expect_code(2);
    assert!(finished.stderr.contains("agg-write_bw.log"), "{finished:?}");
    assert_eq!(finished.stdout, "");
}

#[test]
fn a_client_logs_the_bandwidth_of_its_servers() {
    let folder = Folder::new();
    let words = [&["client", "--bandwidth-log"], TIMED.as_slice()].concat();
    folder.run(words).expect_code(0);
    let log = std::fs::read_to_string(folder.path().join("agg-read_bw.log")).expect("written");
    let values = log.lines().filter_map(|row| row.split(", ").nth(1));
    assert!(values.into_iter().any(|value| value != "0"), "{log}");
}

#[test]
fn the_idleness_of_cpus_is_reported_in_json_and_text() {
    let folder = Folder::new();
    let json = run(
        &folder,
        &["--idle-prof=percpu", "--output-format=json"],
        &TIMED,
    )
    .json();
    let idle = json["cpu_idleness"].as_object().expect("reported");
    let names = idle.keys().map(String::as_str);
    let (cpus, others): (Vec<_>, Vec<_>) = names.partition(|name| name.starts_with("cpu-"));
    assert_eq!(others, ["system", "unit_mean", "unit_stddev"]);
    assert!(!cpus.is_empty(), "{idle:?}");
    let value = |name: &str| idle[name].as_f64().expect("a number");
    let mean = cpus.iter().map(|cpu| value(cpu)).sum::<f64>() / cpus.len() as f64;
    assert!((mean - value("system")).abs() < 1e-4, "{idle:?}");
    // The job keeps one CPU busy.
    let least = cpus
        .iter()
        .map(|cpu| value(cpu))
        .fold(f64::INFINITY, f64::min);
    assert!(least < 50.0, "{idle:?}");

    let json = run(&folder, &["--idle-prof", "--output-format=json"], &SMALL).json();
    let idle = json["cpu_idleness"].as_object().expect("reported");
    let names: Vec<_> = idle.keys().map(String::as_str).collect();
    assert_eq!(names, ["system", "unit_mean", "unit_stddev"]);

    let text = run(&folder, &["--idle-prof=percpu"], &SMALL).stdout;
    let (_, lines) = text.split_once("\nCPU idleness:\n").expect("told");
    let starts = ["  system: ", "  percpu: ", "  unit work: mean="];
    for (line, start) in lines.lines().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    let plain = run(&folder, &["--output-format=json"], &SMALL).json();
    assert_eq!(plain.get("cpu_idleness"), None);
}

#[test]
fn calibration_needs_no_job() {
    let folder = Folder::new();
    let text = run(&folder, &["--idle-prof=calibrate"], &[]).stdout;
    let rest = text
        .strip_prefix("CPU idleness:\n  unit work: mean=")
        .expect(&text);
    assert!(
        rest.contains("us, stddev=") && rest.lines().count() == 1,
        "{text}"
    );
}

#[test]
fn mixed_reporting_counts_as_reads_in_the_status_line() {
    let folder = Folder::new();
    let job = [TIMED.as_slice(), &["--unified_rw_reporting=1"]].concat();
    let finished = run(&folder, &["--eta-newline=1s"], &job);
    assert!(finished.stderr.contains("[r="), "{finished:?}");
    assert!(!finished.stderr.contains(",w="), "{finished:?}");
}

/// The folder of the file goes while the job runs.
#[test]
fn results_without_a_place_are_printed() {
    let folder = Folder::new();
    let place = folder.path().join("place");
    std::fs::create_dir(&place).expect("created");
    let flags = ["run", "--output=place/out", "--output-format=json"];
    let child = crate::util::spawn(folder.program([flags.as_slice(), TIMED.as_slice()].concat()));
    crate::util::wait_for_job(child.id());
    std::fs::remove_dir_all(&place).expect("removed");
    let finished = Finished::wait_for(child).expect_code(2);
    assert_eq!(finished.json()["jobs"][0]["jobname"], "a");
    let told = "cannot write the results to place/out; they are on the standard output";
    assert!(finished.stderr.contains(told), "{finished:?}");
}

/// fio's status line is on the standard output, each written over the one before, and behind the lines that
/// announce the jobs.
#[test]
fn the_status_line_of_fios_form_is_where_fio_has_it() {
    let folder = Folder::new();
    let job = &TIMED[1..];
    let words = [&["fio", "--eta=always"], job].concat();
    let finished = folder.run(words).expect_code(0);
    assert!(
        finished.stdout.starts_with("a: (g=0): rw=randrw"),
        "{finished:?}"
    );
    assert!(finished.stdout.contains("process\nJobs: "), "{finished:?}");
    // Spaces cover what is left of a longer line before.
    let before_results = finished.stdout.split("\r\na: (groupid=0").next();
    let last = before_results.unwrap_or_default().trim_end_matches(' ');
    assert!(last.ends_with(']'), "{finished:?}");
    assert_eq!(finished.stderr, "");
    // With lines that stay, and a file for the results.
    let words = [
        &["fio", "--eta=always", "--eta-newline=1", "--output=out"],
        job,
    ]
    .concat();
    let finished = folder.run(words).expect_code(0);
    assert!(finished.stdout.contains("]\r\n"), "{finished:?}");
    assert!(
        finished
            .stdout
            .lines()
            .all(|line| line.starts_with("Jobs: ")),
        "{finished:?}"
    );
    // Beside formats for programs, it is not there.
    let words = [&["fio", "--eta=always", "--output-format=json"], job].concat();
    folder.run(words).expect_code(0).json();
}
