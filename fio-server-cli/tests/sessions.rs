//! The client against servers of this project: the embedded one, and processes of their own.

use std::time::{Duration, Instant};

use crate::running_server::RunningServer;
use crate::util::{
    Finished, Folder, interrupt, run_with_input, runs_jobs, spawn, wait_for_job, wait_until,
};

const NULL_JOB: &str = "[null]\nioengine=null\nsize=4m\nrw=randread\n";
const LONG_JOB: &str = "[long]\nioengine=null\nsize=1g\nrw=randread\ntime_based\nruntime=60\n";

#[test]
fn without_a_host_the_job_goes_through_the_protocol_to_an_embedded_server() {
    let folder = Folder::new();
    folder.file(
        "job.fio",
        "[small]\nrw=randrw\nbs=4k\nsize=1m\nioengine=psync\nunlink=1\n",
    );
    let finished = folder.run(["client", "job.fio"]).expect_code(0);
    for part in [
        "small: (g=0): rw=randrw",
        "small: (groupid=0, jobs=1): err= 0",
        "  read: IOPS=",
        "  write: IOPS=",
        "clat percentiles",
        "Run status group 0 (all jobs):",
    ] {
        assert!(
            finished.stdout.contains(part),
            "{part}: {}",
            finished.stdout
        );
    }
    assert!(
        !finished.stdout.contains('<'),
        "no prefix: {}",
        finished.stdout
    );
    assert_eq!(finished.stderr, "");
    assert_eq!(folder.files(), ["job.fio"]);
}

#[test]
fn the_quick_start_of_the_readme_works() {
    let folder = Folder::new();
    let job = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart.fio");
    let words = [
        "client".as_ref(),
        job.as_os_str(),
        "--output-format=json".as_ref(),
    ];
    let json = folder.run(words).expect_code(0).json();
    let jobs = json["client_stats"].as_array().expect("jobs");
    let names: Vec<_> = jobs
        .iter()
        .map(|job| job["jobname"].as_str().expect("a name"))
        .collect();
    assert_eq!(
        names,
        [
            "sequential-write",
            "random-read",
            "direct-mixed",
            "All clients"
        ]
    );
    assert_eq!(jobs[0]["write"]["io_bytes"], 64 << 20);
    for job in jobs {
        assert_eq!(job["error"], 0, "{job}");
    }
    assert!(jobs[1]["read"]["clat_ns"]["percentile"]["99.000000"].as_u64() > Some(0));
    assert!(folder.files().is_empty());
}

#[test]
fn embedded_and_local_runs_do_the_same_work() {
    let folder = Folder::new();
    folder.file("job.fio", NULL_JOB);
    let local = folder
        .run(["run", "--output-format=json", "job.fio"])
        .expect_code(0)
        .json();
    let client = folder
        .run(["client", "--output-format=json", "job.fio"])
        .expect_code(0)
        .json();
    for figure in ["io_bytes", "total_ios", "short_ios"] {
        let local = &local["jobs"][0]["read"][figure];
        assert_eq!(
            local, &client["client_stats"][0]["read"][figure],
            "{figure}"
        );
    }
}

#[test]
fn mistakes_are_named_with_their_place_before_anything_is_sent() {
    let folder = Folder::new();
    folder.file("job.fio", "[a]\nrw=read\nblocksise=4k\n");
    let finished = folder.run(["client", "job.fio"]).expect_code(2);
    let expected =
        "error: job.fio:3:1: section [a]: unknown option `blocksise`; did you mean `blocksize`?\n";
    assert_eq!(finished.stderr, expected);
    let finished = folder
        .run(["client", "--", "--name=a", "--blocksise=4k"])
        .expect_code(2);
    assert!(finished.stderr.contains("word 2"), "{finished:?}");
    let finished = folder.run(["client", "none.fio"]).expect_code(2);
    assert!(
        finished.stderr.contains("cannot read job file none.fio"),
        "{finished:?}"
    );
}

#[test]
fn words_and_the_standard_input_describe_jobs_too() {
    let folder = Folder::new();
    let words = [
        "client",
        "--output-format=json",
        "--",
        "--ioengine=null",
        "--size=1m",
        "--name=a",
        "--name=b",
    ];
    let json = folder.run(words).expect_code(0).json();
    assert_eq!(json["client_stats"][1]["jobname"], "b");
    let finished = run_with_input(folder.program(["client", "-"]), NULL_JOB.as_bytes());
    assert!(finished.expect_code(0).stdout.contains("null: (groupid=0"));
}

#[test]
fn a_failing_job_ends_with_1_and_the_random_rule_is_taken() {
    let folder = Folder::new();
    let words = [
        "client",
        "--random-rule=3.34",
        "--",
        "--name=full",
        "--filename=/dev/full",
        "--rw=write",
        "--size=64k",
    ];
    let finished = folder.run(words).expect_code(1);
    assert!(
        finished.stderr.contains("error: job full failed: "),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("No space left on device"),
        "{finished:?}"
    );
}

#[test]
fn two_servers_work_at_once_and_are_merged() {
    let folder = Folder::new();
    folder.file("job.fio", NULL_JOB);
    let servers = [RunningServer::start(), RunningServer::start()];
    let words = [
        "client",
        "--host",
        servers[0].address(),
        "--host",
        servers[1].address(),
        "--output-format=normal,json",
        "job.fio",
    ];
    let finished = folder.run(words).expect_code(0);
    let (normal, json) = finished.stdout.split_once("\n{\n").expect("two formats");
    for server in &servers {
        let line = format!("<{}> Starting 1 ", server.address().replace(':', ","));
        assert!(normal.contains(&line), "{line}: {normal}");
    }
    assert_eq!(
        normal.matches("All clients: (groupid=0, jobs=2)").count(),
        1,
        "{normal}"
    );
    let json: serde_json::Value = serde_json::from_str(&format!("{{{json}")).expect("JSON");
    assert_eq!(json["client_stats"][2]["jobname"], "All clients");
    assert_eq!(json["client_stats"][2]["read"]["total_ios"], 2048);
    assert!(json["client_stats"][2]["read"]["clat_ns"]["percentile"].is_object());
    // The servers go on serving.
    folder
        .run(["client", "--host", servers[0].address(), "job.fio"])
        .expect_code(0);
}

#[test]
fn a_unix_socket_is_a_server_like_any_other() {
    let folder = Folder::new();
    folder.file("job.fio", NULL_JOB);
    let path = format!("sock:{}", folder.path().join("socket").display());
    let server = RunningServer::listening_on(&path);
    let finished = folder
        .run(["client", "--host", &path, "job.fio"])
        .expect_code(0);
    assert!(
        finished.stdout.contains("null: (groupid=0, jobs=1)"),
        "{finished:?}"
    );
    drop(server);
}

#[test]
fn job_files_run_together_and_in_version_1_one_after_the_other() {
    let folder = Folder::new();
    folder.file("one.fio", NULL_JOB);
    folder.file("two.fio", NULL_JOB);
    let together = folder.run(["client", "one.fio", "two.fio"]).expect_code(0);
    let first_group = together.stdout.matches("null: (groupid=0, jobs=1)");
    assert_eq!(first_group.count(), 2, "{together:?}");
    assert!(together.stdout.contains("Starting 2 "), "{together:?}");
    let apart = folder
        .run(["client", "--proto=1", "one.fio", "two.fio"])
        .expect_code(0);
    for group in ["null: (groupid=0, jobs=1)", "null: (groupid=1, jobs=1)"] {
        assert_eq!(apart.stdout.matches(group).count(), 1, "{apart:?}");
    }
    assert!(apart.stdout.contains("Run status group 1"), "{apart:?}");
}

#[test]
fn every_server_runs_the_job_files_behind_it() {
    let folder = Folder::new();
    for name in ["one", "two", "all"] {
        let job = NULL_JOB.replace("[null]", &format!("[{name}]"));
        folder.file(&format!("{name}.fio"), job);
    }
    let (first, second) = (RunningServer::start(), RunningServer::start());
    let (first, second) = (first.address(), second.address());
    let words = [
        "client",
        "--output-format=json",
        "all.fio",
        "--host",
        first,
        "one.fio",
        "--host",
        second,
        "two.fio",
    ];
    let finished = folder.run(words).expect_code(0);
    let json = finished.json();
    let jobs = json["client_stats"].as_array().expect("jobs");
    let names: Vec<_> = jobs
        .iter()
        .map(|job| {
            (
                job["jobname"].as_str().expect("a name"),
                job["port"].as_u64(),
            )
        })
        .collect();
    let port = |address: &str| {
        let port = address.rsplit([',', ':']).next().expect("a port");
        Some(port.parse::<u64>().expect("a number"))
    };
    let (first_port, second_port) = (port(first), port(second));
    let expected = [
        ("all", first_port),
        ("one", first_port),
        ("all", second_port),
        ("two", second_port),
        ("All clients", second_port),
    ];
    assert_eq!(names, expected);
    assert!(
        finished
            .stderr
            .contains("2 servers were told to run within"),
        "{finished:?}"
    );
    let words = ["client", "--host", first, "one.fio", "--host", second];
    let finished = folder.run(words).expect_code(2);
    assert!(
        finished.stderr.contains("has nothing to run"),
        "{finished:?}"
    );
}

#[test]
fn the_standard_input_is_read_once_for_all_servers() {
    let folder = Folder::new();
    folder.file("own.fio", NULL_JOB.replace("[null]", "[own]"));
    let (first, second) = (RunningServer::start(), RunningServer::start());
    let hosts = [
        "--host",
        first.address(),
        "own.fio",
        "--host",
        second.address(),
    ];
    let words = [&["client", "--output-format=json", "-"][..], &hosts].concat();
    let finished = run_with_input(folder.program(words), NULL_JOB.as_bytes());
    let json = finished.expect_code(0).json();
    let jobs = json["client_stats"].as_array().expect("jobs");
    let names: Vec<_> = jobs.iter().map(|job| job["jobname"].as_str()).collect();
    let expected = ["null", "own", "null", "All clients"].map(Some);
    assert_eq!(names, expected, "{json:#}");
}

#[test]
fn what_a_server_complains_about_is_shown_and_ends_with_2() {
    let folder = Folder::new();
    let server = RunningServer::start();
    folder.file("job.fio", "[a]\nrw=read\nblocksise=4k\n");
    let finished = folder
        .run(["client", "--host", server.address(), "job.fio"])
        .expect_code(2);
    assert!(
        finished.stdout.contains("did you mean `blocksize`?"),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("the server refused job.fio"),
        "{finished:?}"
    );
}

#[test]
fn an_interrupt_stops_all_servers_and_prints_what_they_measured() {
    let folder = Folder::new();
    folder.file("job.fio", LONG_JOB);
    let servers = [RunningServer::start(), RunningServer::start()];
    let words = [
        "client",
        "--host",
        servers[0].address(),
        "--host",
        servers[1].address(),
        "--output-format=json",
        "--eta-newline=100ms",
        "job.fio",
    ];
    let start = Instant::now();
    let child = spawn(folder.program(words));
    servers.iter().for_each(|server| wait_for_job(server.id()));
    std::thread::sleep(Duration::from_millis(300));
    interrupt(&child);
    let finished = Finished::wait_for(child).expect_code(130);
    assert!(start.elapsed() < Duration::from_secs(20));
    let json = finished.json();
    assert_eq!(
        json["client_stats"].as_array().map(Vec::len),
        Some(3),
        "{finished:?}"
    );
    assert!(json["client_stats"][0]["read"]["total_ios"].as_u64() > Some(1000));
    assert!(
        finished.stderr.contains("interrupted: stopping the jobs"),
        "{finished:?}"
    );
    // Nothing runs on behind the client's back.
    folder.file("job.fio", NULL_JOB);
    folder
        .run(["client", "--host", servers[0].address(), "job.fio"])
        .expect_code(0);
}

#[test]
fn a_server_that_dies_in_mid_run_is_named_and_the_other_reports() {
    let folder = Folder::new();
    folder.file(
        "job.fio",
        "[short]\nioengine=null\nsize=1g\ntime_based\nruntime=3\n",
    );
    let mut dying = RunningServer::start();
    let steady = RunningServer::start();
    let words = [
        "client",
        "--host",
        dying.address(),
        "--host",
        steady.address(),
        "--output-format=json",
        "job.fio",
    ];
    let child = spawn(folder.program(words));
    wait_for_job(dying.id());
    wait_for_job(steady.id());
    dying.kill();
    let finished = Finished::wait_for(child).expect_code(3);
    let name = dying.address().replace(':', ",");
    let expected =
        format!("error: {name}: the server closed the connection while the job was running");
    assert!(finished.stderr.contains(&expected), "{finished:?}");
    assert_eq!(
        finished.json()["client_stats"].as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn probes_say_who_a_server_is() {
    let folder = Folder::new();
    let server = RunningServer::start();
    let finished = folder.run(["probe", server.address()]).expect_code(0);
    let address = server.address().replace(':', ",");
    assert!(
        finished
            .stdout
            .starts_with(&format!("{address}: hostname=")),
        "{finished:?}"
    );
    assert!(
        finished.stdout.contains("protocol=121, fio="),
        "{finished:?}"
    );
    for version in ["1", "65", "97"] {
        let words = ["probe", "--json", "--proto", version, server.address()];
        let json = folder.run(words).expect_code(0).json();
        assert_eq!(json["servers"][0]["protocol"].to_string(), version);
        assert_eq!(json["servers"][0]["cpus"].is_u64(), version != "1");
    }

    let finished = folder
        .run(["probe", "--json", server.address(), "sock:none"])
        .expect_code(3);
    let json = finished.json();
    assert_eq!(json["servers"][0]["protocol"], 121);
    assert!(json["servers"][0]["latency_ms"].as_f64().expect("a number") > 0.0);
    assert!(
        json["servers"][1]["error"]
            .as_str()
            .expect("a text")
            .contains("cannot connect")
    );
    assert!(
        finished.stderr.contains("error: sock:none: cannot connect"),
        "{finished:?}"
    );
}

#[test]
fn a_reader_that_leaves_stops_the_server() {
    let folder = Folder::new();
    folder.file("job.fio", LONG_JOB);
    let server = RunningServer::start();
    let mut child = spawn(folder.program(["client", "--host", server.address(), "job.fio"]));
    let start = Instant::now();
    drop(child.stdout.take());
    Finished::wait_for(child).expect_code(0);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_client_that_is_killed_takes_its_job_with_it() {
    let folder = Folder::new();
    folder.file("job.fio", LONG_JOB);
    let server = RunningServer::start();
    let mut child = spawn(folder.program(["client", "--host", server.address(), "job.fio"]));
    wait_for_job(server.id());
    child.kill().expect("it is running");
    child.wait().expect("ends");
    wait_until("the server to stop the job", || !runs_jobs(server.id()));
}
