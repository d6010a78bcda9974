//! jq on the JSON of client runs, with the filters people use.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::util::Folder;

/// What jq makes of a document, a line for each result.
fn jq(filter: &str, document: &str) -> Option<Vec<String>> {
    let started = Command::new("jq")
        .args(["-r", filter])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut jq) = started else {
        assert!(std::env::var_os("CI").is_none(), "jq is not installed");
        println!("skipped: jq is not installed");
        return None;
    };
    let mut input = jq.stdin.take().expect("piped");
    input.write_all(document.as_bytes()).expect("jq reads");
    drop(input);
    let output = jq.wait_with_output().expect("ends");
    assert!(output.status.success(), "{filter}: {output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    Some(text.lines().map(str::to_owned).collect())
}

fn client(jobs: &[&str]) -> String {
    let folder = Folder::new();
    // What stands before the name is not the job's but global.
    let always = ["client", "--output-format=json", "--"];
    let rest = [
        "--ioengine=null",
        "--rw=randrw",
        "--size=1m",
        "--rwmixread=70",
    ];
    let words = always.iter().chain(jobs).chain(&rest);
    folder.run(words).expect_code(0).stdout
}

#[test]
fn the_last_of_client_stats_is_that_of_all_clients() {
    let document = client(&["--name=a", "--numjobs=3"]);
    let Some(names) = jq(".client_stats[].jobname", &document) else {
        return;
    };
    assert_eq!(names, ["a", "a", "a", "All clients"]);
    let last = jq(
        ".client_stats[-1] | .jobname, .read.total_ios, .write.total_ios",
        &document,
    );
    let last = last.expect("jq is there");
    assert_eq!(last[0], "All clients");
    let sum = jq(
        "[.client_stats[:-1][] | .read.total_ios + .write.total_ios] | add",
        &document,
    );
    let (reads, writes): (u64, u64) = (last[1].parse().unwrap(), last[2].parse().unwrap());
    assert_eq!(sum.expect("jq is there"), [(reads + writes).to_string()]);
    assert_eq!(reads + writes, 3 * 256);
}

/// SPDK's tests: the element called "All clients", else the only one, and numbers out of it.
#[test]
fn all_clients_are_found_by_name_or_are_the_only_one() {
    const ELEMENT: &str = "(.client_stats[] | select(.jobname == \"All clients\")) \
                           // .client_stats[0]";
    for (jobs, name) in [
        (&["--name=b", "--numjobs=2"][..], "All clients"),
        (&["--name=b"], "b"),
    ] {
        let document = client(jobs);
        let Some(found) = jq(&format!("{ELEMENT} | .jobname"), &document) else {
            return;
        };
        assert_eq!(found, [name]);
        let numbers = "| .read.iops, .write.iops, .read.bw, .write.bw, .read.lat_ns.mean, \
                       .read.lat_ns.min, .read.lat_ns.max, .write.lat_ns.mean, .write.lat_ns.max";
        for number in jq(&format!("{ELEMENT} {numbers}"), &document).expect("jq is there") {
            assert!(
                number.parse::<f64>().unwrap() > 0.0,
                "{number} in {document}"
            );
        }
        let options = jq(
            ".client_stats[0].\"job options\" | .rw // \"-\", .rwmixread // \"-\"",
            &document,
        );
        assert_eq!(options.expect("jq is there"), ["randrw", "70"]);
    }
}

/// pcuzner's fio-tools finds the document in mixed output by a line that begins just so.
#[test]
fn the_document_can_be_found_by_its_line_of_client_stats() {
    let document = client(&["--name=a"]);
    let lines: Vec<_> = document.lines().collect();
    let found = lines
        .iter()
        .filter(|line| line.starts_with("  \"client_stats\""));
    assert_eq!(found.count(), 1, "{document}");
    let Some(hosts) = jq(".client_stats[] | .hostname, .port", &document) else {
        return;
    };
    assert!(
        !hosts[0].is_empty() && hosts[1].parse::<u16>().is_ok(),
        "{hosts:?}"
    );
}

/// Kubernetes benchmarks: means of samples, latencies, and percentiles by their keys.
#[test]
fn local_json_has_what_benchmarks_of_clusters_take() {
    let folder = Folder::new();
    let words = [
        "run",
        "--output-format=json",
        "--idle-prof=percpu",
        "--",
        "--name=k",
        "--ioengine=null",
        "--rw=randread",
        "--size=1g",
        "--time_based",
        "--runtime=1",
    ];
    let document = folder.run(words).expect_code(0).stdout;
    let filter = ".jobs[0] | .read.iops_mean, .read.bw_mean, .read.lat_ns.mean, .read.bw_bytes, \
                  .read.iops, .read.clat_ns.percentile.\"99.000000\"";
    let Some(numbers) = jq(filter, &document) else {
        return;
    };
    for number in numbers {
        assert!(
            number.parse::<f64>().unwrap() > 0.0,
            "{number} in {document}"
        );
    }
    let idle = jq(".cpu_idleness.system", &document).expect("jq is there");
    assert!(idle[0].parse::<f64>().is_ok(), "{idle:?}");
}
