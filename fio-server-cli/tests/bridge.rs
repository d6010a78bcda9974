//! `bridge`: clients and servers of different versions.
//!
//! Both ends speak any version, so each stands in for every release; fio as it is installed is one of the
//! ends where it can be had.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fio_proto::describe::{Direction, describe_stream};
use fio_proto::fragment::Fragments;
use fio_proto::frame::Tag;
use fio_proto::message::{ClientMessage, Message as _, ProbeRequest};
use fio_proto::opcode::Opcode;
use fio_proto::{Revision, ServerVersion};

use crate::running_server::RunningServer;
use crate::stock_server::StockServer;
use crate::util::{Finished, Folder, interrupt, spawn, wait_until};

/// The command `bridge`, running.
struct Bridge {
    child: Child,
    address: String,
    folder: Folder,
}

impl Bridge {
    /// To a server, with more flags.
    fn new(to: &str, flags: &[&str]) -> Self {
        let folder = Folder::new();
        let words = [
            "bridge",
            "--listen",
            "127.0.0.1:0",
            "--to",
            to,
            "--record",
            "record",
        ];
        let mut command = folder.program([&words, flags].concat());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("can be started");
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        stderr.read_line(&mut line).expect("text");
        let rest = line
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{line:?}"));
        let address = rest.split(", for").next().expect("an address").to_owned();
        // What it says later must find a reader.
        std::thread::spawn(move || {
            let _ = stderr.read_to_end(&mut Vec::new());
        });
        Self {
            child,
            address,
            folder,
        }
    }

    /// Runs a job file with our client, which speaks `version`; gives the results as JSON.
    fn run(&self, version: u16, job: &str) -> serde_json::Value {
        let folder = Folder::new();
        folder.file("job.fio", job);
        let finished = self.client(&folder, version, &["--output-format", "json", "job.fio"]);
        let finished = finished.expect_code(0);
        let start = finished
            .stdout
            .find('{')
            .unwrap_or_else(|| panic!("{finished:#?}"));
        serde_json::from_str(&finished.stdout[start..]).expect("JSON")
    }

    fn client(&self, folder: &Folder, version: u16, words: &[&str]) -> Finished {
        let version = version.to_string();
        let head = ["client", "--host", &self.address, "--proto", &version];
        folder.run([&head, words].concat())
    }

    /// The names of the messages in one of the recorded streams.
    fn recorded(&self, name: &str, version: u16) -> Vec<String> {
        let path = self.folder.path().join("record").join(name);
        let bytes = std::fs::read(&path).expect("recorded");
        let messages = describe_stream(&bytes, Direction::Unknown).map(|message| {
            let message = message.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(message.version.number(), version, "{name}");
            message.name()
        });
        messages.collect()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const READS: &str = "[reads]\nioengine=null\nrw=randread\nsize=1m\nbs=4k\niodepth=4\n";

const GROUPS: &str = "[global]\nioengine=null\nsize=1m\nbs=4k\ngroup_reporting=1\n\
                      [reads]\nrw=read\nnumjobs=2\n\
                      [writes]\nstonewall\nrw=write\nnumjobs=3\n";

/// Versions at which something changed, and both ends of the range.
const VERSIONS: [u16; 9] = [1, 65, 66, 72, 82, 84, 96, 107, 121];

#[test]
fn every_version_talks_to_every_other() {
    let server = RunningServer::start();
    for behind in VERSIONS {
        let proto = behind.to_string();
        let bridge = Bridge::new(server.address(), &["--proto", &proto]);
        for front in VERSIONS {
            let results = bridge.run(front, READS);
            let job = &results["client_stats"][0];
            let pair = format!("{front} to {behind}: {job:#}");
            assert_eq!(job["jobname"], "reads", "{pair}");
            assert_eq!(job["error"], 0, "{pair}");
            assert_eq!(job["read"]["total_ios"], 256, "{pair}");
            assert_eq!(job["read"]["io_bytes"], 1 << 20, "{pair}");
            let latency = &job["read"]["clat_ns"];
            let (mean, max) = (latency["mean"].as_f64(), latency["max"].as_f64());
            assert!(mean <= max && max < Some(1e9), "{pair}");
        }
    }
}

#[test]
fn groups_and_their_totals_arrive() {
    let server = RunningServer::start();
    for (front, behind) in [(1, 121), (65, 1), (97, 65), (66, 121)] {
        let bridge = Bridge::new(server.address(), &["--proto", &behind.to_string()]);
        let results = bridge.run(front, GROUPS);
        let jobs = results["client_stats"].as_array().expect("jobs");
        let figures: Vec<_> = jobs
            .iter()
            .take(2)
            .map(|job| {
                (
                    job["read"]["io_bytes"].as_u64(),
                    job["write"]["io_bytes"].as_u64(),
                )
            })
            .collect();
        assert_eq!(
            figures,
            [(Some(2 << 20), Some(0)), (Some(0), Some(3 << 20))],
            "{front} to {behind}"
        );
    }
}

#[test]
fn an_old_client_and_a_new_server_hold_different_conversations() {
    let server = RunningServer::start();
    let bridge = Bridge::new(server.address(), &["--proto", "121"]);
    bridge.run(1, READS);
    assert_eq!(bridge.recorded("000001-client.c2s", 1), ["PROBE", "JOB"]);
    let told = bridge.recorded("000001-client.s2c", 1);
    let without_texts: Vec<_> = told
        .iter()
        .filter(|name| *name != "TEXT" && *name != "ETA")
        .collect();
    assert_eq!(without_texts, ["PROBE", "START", "TS", "GS", "QUIT"]);
    let asked = bridge.recorded("000001-server.c2s", 121);
    assert_eq!(
        asked
            .iter()
            .filter(|name| *name != "SEND_ETA")
            .collect::<Vec<_>>(),
        ["PROBE", "JOB", "RUN"]
    );
    let said = bridge.recorded("000001-server.s2c", 121);
    for name in [
        "ADD_JOB",
        "START",
        "SERVER_START",
        "JOB_OPT",
        "TS",
        "GS",
        "STOP",
        "QUIT",
    ] {
        assert!(said.iter().any(|said| said == name), "{name}: {said:?}");
    }
}

#[test]
fn a_new_client_and_an_old_server_hold_different_conversations() {
    let server = RunningServer::start();
    let bridge = Bridge::new(server.address(), &["--proto", "1"]);
    bridge.run(121, READS);
    assert_eq!(bridge.recorded("000001-server.c2s", 1), ["PROBE", "JOB"]);
    let told = bridge.recorded("000001-client.s2c", 121);
    let without_texts: Vec<_> = told
        .iter()
        .filter(|name| *name != "TEXT" && *name != "ETA")
        .collect();
    assert_eq!(
        without_texts,
        ["PROBE", "START", "SERVER_START", "TS", "GS", "STOP", "QUIT"]
    );
}

#[test]
fn the_same_version_hears_every_byte() {
    let server = RunningServer::start();
    let bridge = Bridge::new(server.address(), &[]);
    bridge.run(97, GROUPS);
    let read = |name: &str| {
        std::fs::read(bridge.folder.path().join("record").join(name)).expect("recorded")
    };
    assert!(read("000001-client.c2s") == read("000001-server.c2s"));
    assert!(read("000001-client.s2c") == read("000001-server.s2c"));
    let decoded = bridge
        .folder
        .run(["decode", "--json", "record/000001-server.s2c"]);
    assert_eq!(
        decoded.expect_code(0).json()["direction"],
        "server-to-client"
    );
}

#[test]
fn what_a_version_cannot_carry_is_told_once() {
    let server = RunningServer::start();
    let bridge = Bridge::new(server.address(), &["--proto", "121"]);
    let folder = Folder::new();
    let job = format!("[global]\nwrite_bw_log=log\nlog_avg_msec=10\n{GROUPS}");
    folder.file("job.fio", job);
    let finished = bridge.client(&folder, 1, &["job.fio"]).expect_code(0);
    let lines = format!("{}{}", finished.stdout, finished.stderr);
    let expected = "bridge: version 1 has no IOLOG: the logs of the jobs are lost";
    assert_eq!(lines.matches(expected).count(), 1, "{lines}");
}

#[test]
fn a_mistake_in_a_job_file_reaches_the_client() {
    let server = RunningServer::start();
    for (front, behind) in [(1, 121), (121, 1), (97, 66)] {
        let bridge = Bridge::new(server.address(), &["--proto", &behind.to_string()]);
        let folder = Folder::new();
        folder.file("job.fio", "[job]\nioengine=null\nnonsense=1\nsize=1m\n");
        let finished = bridge.client(&folder, front, &["job.fio"]);
        assert_ne!(finished.code, Some(0), "{front} to {behind}: {finished:#?}");
        let lines = format!("{}{}", finished.stdout, finished.stderr);
        assert!(lines.contains("nonsense"), "{front} to {behind}: {lines}");
    }
}

#[test]
fn stopping_reaches_the_server_and_results_come_back() {
    let server = RunningServer::start();
    for (front, behind) in [(1, 121), (121, 1), (97, 65)] {
        let bridge = Bridge::new(server.address(), &["--proto", &behind.to_string()]);
        let folder = Folder::new();
        folder.file(
            "job.fio",
            "[long]\nioengine=null\nrw=read\nsize=1g\ntime_based=1\nruntime=60\n",
        );
        let front = front.to_string();
        let words = [
            "client",
            "--host",
            &bridge.address,
            "--proto",
            &front,
            "job.fio",
        ];
        let client = spawn(folder.program(words));
        crate::util::wait_for_job(server.id());
        // Its thread is there; so should some of its I/Os be.
        std::thread::sleep(Duration::from_millis(500));
        interrupt(&client);
        let finished = Finished::wait_for(client);
        assert!(
            finished.stdout.contains("IOPS="),
            "{front} to {behind}: {finished:#?}"
        );
        wait_until("the job to end", || !crate::util::runs_jobs(server.id()));
    }
}

#[test]
fn a_client_that_vanishes_stops_its_job() {
    let server = RunningServer::start();
    for (front, behind) in [(1, 121), (121, 1), (97, 97)] {
        let bridge = Bridge::new(server.address(), &["--proto", &behind.to_string()]);
        let folder = Folder::new();
        folder.file(
            "job.fio",
            "[long]\nioengine=null\nrw=read\nsize=1g\ntime_based=1\nruntime=60\n",
        );
        let front = front.to_string();
        let words = [
            "client",
            "--host",
            &bridge.address,
            "--proto",
            &front,
            "job.fio",
        ];
        let mut client = spawn(folder.program(words));
        crate::util::wait_for_job(server.id());
        client.kill().expect("it is running");
        client.wait().expect("it was started");
        wait_until("the job to end", || !crate::util::runs_jobs(server.id()));
    }
}

#[test]
fn an_unknown_version_is_refused_in_its_own_number() {
    let bridge = Bridge::new("127.0.0.1:1", &[]);
    let mut client = TcpStream::connect(&bridge.address).expect("it listens");
    let mut frame = Vec::new();
    Fragments::new(ServerVersion::new(300), Opcode::new(10), Tag(1), &[0; 136])
        .append_to(&mut frame);
    client.write_all(&frame).expect("it reads");
    let mut answer = Vec::new();
    // It closes, possibly with a reset because of what it has not read.
    let _ = client.read_to_end(&mut answer);
    assert_eq!(answer[..2], 300_u16.to_le_bytes());
    let text = String::from_utf8_lossy(&answer);
    assert!(
        text.contains("bad server cmd version 300, known are 1, 65-121"),
        "{text}"
    );
}

#[test]
fn a_server_that_cannot_be_reached_is_told() {
    for version in [1, 97] {
        let bridge = Bridge::new("127.0.0.1:1", &[]);
        let revision = Revision::of(ServerVersion::new(version)).expect("supported");
        let mut client = TcpStream::connect(&bridge.address).expect("it listens");
        client
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a timeout");
        let mut probe = Vec::new();
        let message = ClientMessage::Probe(ProbeRequest::new("127.0.0.1", true));
        message
            .append_to(revision, Tag(0), &mut probe)
            .expect("sendable");
        client.write_all(&probe).expect("it reads");
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).expect("it closes");
        let text = String::from_utf8_lossy(&answer);
        assert!(
            text.contains("bridge: ") && text.contains("cannot connect"),
            "{text}"
        );
    }
}

#[test]
fn no_more_clients_than_allowed() {
    let server = RunningServer::start();
    let bridge = Bridge::new(server.address(), &["--max-clients", "1"]);
    let first = TcpStream::connect(&bridge.address).expect("it listens");
    let mut second = TcpStream::connect(&bridge.address).expect("it listens");
    second
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    assert_eq!(second.read(&mut [0; 8]).expect("it is closed"), 0);
    drop(first);
}

/// The client of fio as it is installed, with a job file.
fn stock_client(address: &str, folder: &Folder, words: &[&str]) -> Finished {
    let mut command = Command::new("fio");
    command
        .arg(format!("--client={}", address.replace(':', ",")))
        .args(words)
        .current_dir(folder.path())
        .stdin(Stdio::null());
    Finished::of(command)
}

fn has_fio() -> bool {
    let found = Command::new("fio").arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "CI needs fio");
    found
}

#[test]
fn fios_own_client_drives_servers_of_any_version() {
    if !has_fio() {
        return;
    }
    let server = RunningServer::start();
    for behind in VERSIONS {
        let bridge = Bridge::new(server.address(), &["--proto", &behind.to_string()]);
        let folder = Folder::new();
        folder.file("job.fio", READS);
        let finished = stock_client(&bridge.address, &folder, &["job.fio"]).expect_code(0);
        for part in [
            "reads: (groupid=0, jobs=1): err= 0",
            "io=1024KiB",
            "total=256,0,0,0",
        ] {
            assert!(
                finished.stdout.contains(part),
                "{part}, {behind}: {finished:#?}"
            );
        }
        // Figures without digits would be zeroes.
        assert!(
            !finished.stdout.contains("IOPS=0,"),
            "{behind}: {finished:#?}"
        );
    }
}

#[test]
fn clients_of_any_version_drive_fios_own_server() {
    let Some(server) = StockServer::start() else {
        return;
    };
    // Found out, as nobody says which it is.
    let bridge = Bridge::new(&server.address(), &[]);
    for front in VERSIONS {
        let results = bridge.run(front, READS);
        let job = &results["client_stats"][0];
        assert_eq!(job["jobname"], "reads", "{front}: {job:#}");
        assert_eq!(job["read"]["total_ios"], 256, "{front}: {job:#}");
        assert_eq!(job["error"], 0, "{front}: {job:#}");
    }
}
