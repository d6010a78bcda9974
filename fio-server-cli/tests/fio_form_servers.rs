//! fio's command line for servers and their clients.

use std::process::Command;

use crate::running_server::RunningServer;
use crate::util::{Finished, Folder, interrupt, spawn, wait_until};

const JOB: &str = "[global]\nioengine=null\nsize=64k\n[a]\nrw=read\n[b]\nrw=randwrite\nstonewall\n";

fn fio<W: AsRef<str>>(folder: &Folder, words: &[W]) -> Finished {
    let words = words.iter().map(|word| word.as_ref().to_owned());
    folder.run(std::iter::once("fio".to_owned()).chain(words))
}

/// The flag that names a server in fio's form.
fn client_flag(server: &RunningServer) -> String {
    format!("--client={}", server.address().replace(':', ","))
}

/// Name and block size of every job that ran, with its server's port.
fn jobs_of(finished: &Finished) -> Vec<(String, String, u64)> {
    let json = finished.json();
    let stats = json["client_stats"].as_array().expect("a list");
    let jobs = stats.iter().filter(|job| job["jobname"] != "All clients");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_owned();
    jobs.map(|job| {
        let bs = text(&job["job options"]["bs"]);
        (
            text(&job["jobname"]),
            bs,
            job["port"].as_u64().expect("a port"),
        )
    })
    .collect()
}

#[test]
fn job_files_and_words_run_on_their_servers() {
    let (first, second) = (RunningServer::start(), RunningServer::start());
    let folder = Folder::new();
    folder.file("job.fio", JOB);
    let port = |server: &RunningServer| -> u64 {
        let port = server.address().rsplit(':').next().expect("a port");
        port.parse().expect("a number")
    };
    // Words of jobs behind a server are for that server.
    let words = [
        client_flag(&first),
        "--name=x".to_owned(),
        "--ioengine=null".to_owned(),
        "--size=4k".to_owned(),
        client_flag(&second),
        "job.fio".to_owned(),
        "--output-format=json".to_owned(),
    ];
    let finished = fio(&folder, &words).expect_code(0);
    assert_eq!(finished.stderr, "");
    let mut jobs = jobs_of(&finished);
    jobs.sort();
    let named: Vec<_> = jobs
        .iter()
        .map(|(name, _, port)| (name.as_str(), *port))
        .collect();
    assert_eq!(
        named,
        [
            ("a", port(&second)),
            ("b", port(&second)),
            ("x", port(&first))
        ]
    );
}

/// As fio's client, which ends with 0 then; `client` does not.
#[test]
fn a_job_file_that_a_server_refuses_is_no_failure() {
    let server = RunningServer::start();
    let folder = Folder::new();
    folder.file("job.fio", "[a]\nioengine=null\nsize=4k\nno_such_option=1\n");
    let words = [client_flag(&server), "job.fio".to_owned()];
    let finished = fio(&folder, &words).expect_code(0);
    assert!(finished.stderr.contains("no_such_option"), "{finished:?}");
    let host = format!("--host={}", server.address());
    folder.run(["client", &host, "job.fio"]).expect_code(2);
}

#[test]
fn options_without_a_name_hold_for_the_files() {
    let server = RunningServer::start();
    let folder = Folder::new();
    folder.file("job.fio", JOB);
    let words = [
        "--bs=8k",
        &client_flag(&server),
        "job.fio",
        "--output-format=json",
    ];
    let finished = fio(&folder, &words).expect_code(0);
    let json = finished.json();
    assert_eq!(json["global options"]["bs"], "8k", "{json}");
    let total = &json["client_stats"][0]["read"]["total_ios"];
    assert_eq!(total, &serde_json::json!(8), "64k in blocks of 8k");
}

#[test]
fn a_file_with_hosts_stands_for_them() {
    let (first, second) = (RunningServer::start(), RunningServer::start());
    let folder = Folder::new();
    folder.file("job.fio", JOB);
    let hosts = format!("{}\n{}\n", first.address(), second.address());
    folder.file("hosts", hosts);
    for words in [
        &["--client=hosts", "job.fio"][..],
        &["job.fio", "--client", "hosts"],
    ] {
        let words: Vec<_> = words
            .iter()
            .copied()
            .chain(["--output-format=json"])
            .collect();
        let finished = fio(&folder, &words).expect_code(0);
        assert_eq!(jobs_of(&finished).len(), 4, "{finished:?}");
    }
}

#[test]
fn lines_of_servers_begin_with_their_host_names() {
    let server = RunningServer::start();
    let folder = Folder::new();
    folder.file("job.fio", JOB);
    let text = fio(&folder, &[&client_flag(&server), "job.fio"])
        .expect_code(0)
        .stdout;
    let mut lines = text.lines();
    let probe = lines.next().expect("a line");
    let host = probe.strip_prefix("hostname=").expect("who it is");
    let host = host.split(',').next().expect("a name");
    let line = lines.next().expect("a line");
    assert!(
        line.starts_with(&format!("<{host}> a: (g=0): rw=read, ")),
        "{line}"
    );
}

#[test]
fn jobs_that_write_are_not_sent_when_only_reading_is_allowed() {
    let server = RunningServer::start();
    let folder = Folder::new();
    folder.file("job.fio", JOB);
    folder.file("read.fio", "[r]\nioengine=null\nsize=4k\n");
    let flag = client_flag(&server);
    let finished = fio(&folder, &["--readonly", &flag, "job.fio"]).expect_code(1);
    assert!(
        finished.stderr.contains("--readonly forbids"),
        "{finished:?}"
    );
    fio(&folder, &["--readonly", &flag, "read.fio"]).expect_code(0);
    let finished = fio(&folder, &["--readonly", &flag, "--remote-config=/x"]).expect_code(1);
    assert!(finished.stderr.contains("--remote-config"), "{finished:?}");
}

#[test]
fn a_server_says_where_it_listens_and_ends_with_success() {
    let folder = Folder::new();
    let mut child = spawn(folder.program(["fio", "--server=127.0.0.1,0"]));
    let mut stdout = child.stdout.take().expect("piped");
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        std::io::Read::read_exact(&mut stdout, &mut byte).expect("a line");
        line.push(byte[0]);
    }
    let line = String::from_utf8(line).expect("text");
    assert!(
        line.starts_with("fio: server listening on 127.0.0.1,"),
        "{line}"
    );
    // It watches for signals before it says so.
    interrupt(&child);
    assert!(child.wait().expect("ends").success());
}

#[test]
fn a_server_goes_into_the_background_under_the_name_fio() {
    let folder = Folder::new();
    folder.file("job.fio", JOB);
    let program = folder.path().join("fio");
    let original = assert_cmd::cargo::cargo_bin("fio-server-cli");
    // A copy, so that the program has no other name.
    std::fs::copy(original, &program).expect("it can be copied");
    let socket = folder.path().join("socket");
    let mut command = Command::new(&program);
    command
        .arg(format!("--server=sock:{}", socket.display()))
        .arg("--daemonize=pid")
        .current_dir(folder.path());
    Finished::of(command).expect_code(0);
    let pid = std::fs::read_to_string(folder.path().join("pid")).expect("a file");
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().expect("a number"));
    let client = format!("--client=sock:{}", socket.display());
    let finished = fio(&folder, &[&client, "job.fio"]);
    rustix::process::kill_process(pid.expect("not 0"), rustix::process::Signal::TERM)
        .expect("it runs");
    wait_until("the server to end", || !folder.path().join("pid").exists());
    finished.expect_code(0);
}

#[test]
fn a_signal_ends_the_jobs_with_their_results() {
    let folder = Folder::new();
    let words = [
        "fio",
        "--name=a",
        "--ioengine=null",
        "--size=1g",
        "--rate_iops=100",
        "--time_based",
        "--runtime=60",
    ];
    let child = spawn(folder.program(words));
    crate::util::wait_for_job(child.id());
    // A job that has done no I/O has no results.
    std::thread::sleep(std::time::Duration::from_millis(500));
    // Once to the process and once to its group, as `timeout` does.
    interrupt(&child);
    interrupt(&child);
    let finished = Finished::wait_for(child).expect_code(128);
    assert!(
        finished.stdout.contains("\nfio: terminating on signal 2\n"),
        "{finished:?}"
    );
    assert!(
        finished.stdout.contains("a: (groupid=0, jobs=1): err= 0: "),
        "{finished:?}"
    );
    assert_eq!(finished.stderr, "");
}
