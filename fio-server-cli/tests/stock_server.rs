//! The client against servers of fio as it is installed here.
//!
//! Without fio there is nothing to test against; in CI that is a failure.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::running_server::RunningServer;
use crate::util::{Finished, Folder, interrupt, spawn, wait_until};

/// `fio --server`, ended with the test.
pub(crate) struct StockServer {
    child: Child,
    port: u16,
    folder: Folder,
}

impl StockServer {
    /// Listens on a port that was free a moment ago; `None` without fio.
    pub(crate) fn start() -> Option<Self> {
        if Command::new("fio").arg("--version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "CI needs fio");
            return None;
        }
        let folder = Folder::new();
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("bound").port();
        drop(free);
        let child = Command::new("fio")
            .arg(format!("--server=127.0.0.1,{port}"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("fio is there");
        wait_until("fio to listen", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Some(Self {
            child,
            port,
            folder,
        })
    }

    /// Waits until it has a process for a connection, one for a run, and one for a job.
    #[track_caller]
    pub(crate) fn wait_for_job(&self) {
        wait_until("a job of fio to begin", || {
            children_of(self.child.id()).len() > 2
        });
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1,{}", self.port)
    }

    /// Ends it without a chance to say goodbye, with the process that serves our connection: fio makes
    /// one for each.
    pub(crate) fn kill(&mut self) {
        for process in children_of(self.child.id()) {
            let id = rustix::process::Pid::from_raw(process).expect("not 0");
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for StockServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Children of a process, and theirs.
fn children_of(process: u32) -> Vec<i32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    let mut all = Vec::new();
    for child in children.split_whitespace() {
        let child: i32 = child.parse().expect("a number");
        all.extend(children_of(child.unsigned_abs()));
        all.push(child);
    }
    all
}

/// Runs the client against fio in a folder of its own with a job file.
fn drive(server: &StockServer, job: &str, flags: &[&str]) -> (Finished, Folder) {
    let folder = Folder::new();
    folder.file("job.fio", job);
    let address = server.address();
    let mut words = vec!["client", "--host", &address, "job.fio"];
    words.extend(flags);
    let finished = folder.run(&words);
    (finished, folder)
}

const NULL: &str = "[null]\nioengine=null\nsize=4m\nrw=randread\n";
const LONG: &str = "[long]\nioengine=null\nsize=1g\nrw=randread\ntime_based\nruntime=60\n";

/// All printed results of a group of jobs.
const ISSUED: &str = "issued rwts: total=";

#[test]
fn one_job_is_reported_as_fio_reports_it() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let (finished, _folder) = drive(&server, NULL, &["--output-format=normal,json"]);
    let finished = finished.expect_code(0);
    assert_eq!(finished.stderr, "");
    for part in [
        "<127.0.0.1> hostname=",
        "fio=fio-3.",
        "<127.0.0.1> null: (g=0): rw=randread",
        "<127.0.0.1> Starting 1 process",
        "null: (groupid=0, jobs=1): err= 0",
        "issued rwts: total=1024,0,0,0",
        "Run status group 0 (all jobs):",
    ] {
        assert!(finished.stdout.contains(part), "{part}: {finished:?}");
    }
    let (_, json) = finished.stdout.split_once("\n{\n").expect("two formats");
    let json: serde_json::Value = serde_json::from_str(&format!("{{{json}")).expect("JSON");
    let job = &json["client_stats"][0];
    assert_eq!(job["jobname"], "null");
    assert_eq!(job["hostname"], "127.0.0.1");
    assert_eq!(job["port"], server.port);
    assert_eq!(job["read"]["io_bytes"], 4 << 20);
    assert_eq!(job["job options"]["rw"], "randread");
    assert_eq!(job["read"]["clat_ns"]["N"], 1024);
}

#[test]
fn terse_lines_are_those_of_fios_own_client() {
    let Some(server) = StockServer::start() else {
        return;
    };
    // Two groups, so that a share is not that of all; long enough for samples of bandwidth.
    let job = "[global]\nsize=1m\ntime_based\nruntime=2\nrate=4m\n[reads]\nfilename=a\n\
               [others]\nfilename=b\ncontinue_on_error=all\n[writes]\nnew_group\nfilename=c\nrw=write\n";
    for version in ["2", "3", "5"] {
        let flags = ["--output-format=terse", "--terse-version", version];
        let (ours, folder) = drive(&server, job, &flags);
        let ours = ours.expect_code(0).stdout;
        let theirs = Command::new("fio")
            .arg(format!("--client={}", server.address()))
            .arg("--output-format=terse")
            .arg(format!("--terse-version={version}"))
            // Its status line would stand in front of a line of values.
            .args(["--eta=never", "job.fio"])
            .current_dir(folder.path())
            .output()
            .expect("fio is installed");
        let theirs = String::from_utf8_lossy(&theirs.stdout);
        let (ours, theirs) = (terse_lines(&ours, version), terse_lines(&theirs, version));
        assert_eq!(ours.len(), theirs.len(), "{ours:#?}\n{theirs:#?}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_alike(ours, theirs);
        }
    }
}

/// The lines of values: of jobs without the release, and of disks.
fn terse_lines(text: &str, version: &str) -> Vec<Vec<String>> {
    let head = format!("{version};");
    let lines = text
        .lines()
        .filter(|line| line.starts_with(&head) || line.starts_with(';'));
    lines
        .map(|line| {
            let values = line.split(';').filter(|value| !value.starts_with("fio-"));
            values.map(ToOwned::to_owned).collect()
        })
        .collect()
}

/// As many values, the same names and errors, and the same shares of bandwidth, about.
fn assert_alike(ours: &[String], theirs: &[String]) {
    assert_eq!(ours.len(), theirs.len(), "{ours:?}\n{theirs:?}");
    // What a disk did differs.
    let same = if ours[0].is_empty() { 2 } else { 4 };
    assert_eq!(ours[..same], theirs[..same]);
    // Values of a direction: 41, with samples of IOPS 47. The share is the 39th.
    let of_direction = if ours[0] == "5" { 47 } else { 41 };
    let name = &ours[1];
    for place in [42, 42 + of_direction] {
        let share = |line: &[String]| {
            let value = line.get(place)?.strip_suffix('%')?;
            value.parse::<f64>().ok()
        };
        // The line of a disk ends before.
        let (Some(ours), Some(theirs)) = (share(ours), share(theirs)) else {
            assert!(ours.len() < 42, "{ours:?}");
            continue;
        };
        // fio's client adds the bandwidth of a group to the sum once for each of its jobs.
        let of_all = name == "All clients" && ours > 85.0;
        assert!(
            of_all || (ours - theirs).abs() < 15.0,
            "{name}: {ours} {theirs}"
        );
    }
}

#[test]
fn our_json_has_the_figures_of_fios_own_client() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let job = "[global]\nioengine=null\nbs=8k\n[a]\nsize=1m\nrw=write\n[b]\nsize=2m\nrw=read\n";
    let (ours, folder) = drive(&server, job, &["--output-format=json+"]);
    let ours = ours.expect_code(0).json();
    let theirs = Command::new("fio")
        .args([&format!("--client={}", server.address()), "job.fio"])
        .arg("--output-format=json+")
        .current_dir(folder.path())
        .output()
        .expect("fio is there");
    let theirs = String::from_utf8(theirs.stdout).expect("text");
    let start = theirs.find("\n{\n").expect("a document");
    let theirs: serde_json::Value = serde_json::from_str(&theirs[start..]).expect("JSON");
    assert_eq!(ours["global options"], theirs["global options"]);
    for (job, direction) in [(0, "write"), (1, "read"), (2, "read"), (2, "write")] {
        let (ours, theirs) = (&ours["client_stats"][job], &theirs["client_stats"][job]);
        for member in ["jobname", "error", "job options", "hostname", "port"] {
            assert_eq!(ours[member], theirs[member], "{job} {member}");
        }
        for member in ["io_bytes", "io_kbytes", "total_ios", "short_ios"] {
            let (ours, theirs) = (&ours[direction][member], &theirs[direction][member]);
            assert_eq!(ours, theirs, "{job} {member}");
        }
        let latency = |document: &serde_json::Value| document[direction]["clat_ns"]["N"].clone();
        assert_eq!(latency(ours), latency(theirs), "{job}");
        // fio's own client has no percentiles and bins of all clients together.
        if job < 2 {
            assert_eq!(
                binned(&theirs[direction]),
                binned(&ours[direction]),
                "{job}"
            );
        }
    }
}

/// I/Os in the bins of completion latency.
fn binned(direction: &serde_json::Value) -> u64 {
    let bins = direction["clat_ns"]["bins"].as_object().expect("bins");
    bins.values()
        .map(|count| count.as_u64().expect("a count"))
        .sum()
}

#[test]
fn several_jobs_and_group_reporting() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let job = "[global]\nioengine=null\nsize=1m\n[a]\nrw=read\n\
               [b]\nnew_group\nrw=write\nnumjobs=3\ngroup_reporting\n";
    let (finished, _folder) = drive(&server, job, &["--output-format=json"]);
    let json = finished.expect_code(0).json();
    let jobs = json["client_stats"].as_array().expect("jobs");
    let names: Vec<_> = jobs.iter().map(|job| job["jobname"].as_str()).collect();
    assert_eq!(names, [Some("a"), Some("b"), Some("All clients")]);
    assert_eq!(jobs[1]["groupid"], 1);
    assert_eq!(jobs[1]["write"]["io_bytes"], 3 << 20);
    assert_eq!(jobs[2]["read"]["io_bytes"], 1 << 20);
}

#[test]
fn fio_and_this_project_serve_one_run() {
    let (Some(stock), ours) = (StockServer::start(), RunningServer::start()) else {
        return;
    };
    let folder = Folder::new();
    folder.file("job.fio", NULL);
    folder.file(
        "hosts",
        format!("{}\n{}\n", stock.address(), ours.address()),
    );
    let words = ["client", "--hosts=hosts", "--output-format=json", "job.fio"];
    let finished = folder.run(words).expect_code(0);
    let json = finished.json();
    let jobs = json["client_stats"].as_array().expect("jobs");
    assert_eq!(jobs.len(), 3);
    assert_eq!(jobs[0]["port"], stock.port);
    assert_eq!(jobs[2]["jobname"], "All clients");
    assert_eq!(jobs[2]["read"]["total_ios"], 2048);
    assert_eq!(jobs[2]["read"]["clat_ns"]["N"], 2048);
    assert!(finished.stderr.contains("were told to run within"));
}

#[test]
fn logs_arrive_whole_in_every_form() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let job = "[global]\nioengine=null\nsize=400k\nrw=read\n";
    for (name, options, file, columns) in [
        ("zlib", "write_bw_log=x", "x_bw.1.log", 5),
        ("offset", "write_lat_log=x\nlog_offset=1", "x_clat.1.log", 6),
        (
            "store",
            "write_lat_log=x\nlog_compression=1m",
            "x_clat.1.log",
            5,
        ),
        (
            "histogram",
            "write_hist_log=x\nlog_hist_msec=1\ntime_based\nruntime=1",
            "x_clat_hist.1.log",
            1859,
        ),
    ] {
        let job = format!("{job}[a]\n{options}\n");
        let (finished, folder) = drive_until_logs_are_whole(&server, &job);
        let path = folder.path().join(format!("{file}.127.0.0.1"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{name}: {error}: {finished:?}"));
        let rows: Vec<_> = text.lines().collect();
        if name == "histogram" {
            assert!(!rows.is_empty(), "{name}");
        } else {
            assert_eq!(rows.len(), 100, "{name}");
        }
        for row in rows {
            assert_eq!(row.split(", ").count(), columns, "{name}: {row}");
        }
    }
}

/// Runs a job until its logs arrive whole. fio deflates a log in pieces and now and then does not send the
/// last bytes of a stream, which depends on what was measured; then our client must say how many of the
/// hundred rows are missing.
fn drive_until_logs_are_whole(server: &StockServer, job: &str) -> (Finished, Folder) {
    const CUT_OFF: &str = " is incomplete: the compressed log is cut off, rows missing: ";
    for _ in 0..5 {
        let (finished, folder) = drive(server, job, &[]);
        if finished.code == Some(0) {
            return (finished, folder);
        }
        let finished = finished.expect_code(3);
        let cut_off = finished
            .stderr
            .lines()
            .filter_map(|line| line.split_once(CUT_OFF));
        let cut_off: Vec<_> = cut_off.collect();
        assert!(!cut_off.is_empty(), "{finished:?}");
        for (log, missing) in cut_off {
            let name = log.rsplit(' ').next().expect("a name");
            let text = std::fs::read_to_string(folder.path().join(format!("{name}.127.0.0.1")));
            let arrived = text.expect("what arrived").lines().count();
            let missing: usize = missing.parse().expect("a number");
            // How many histograms there are depends on the machine.
            if !name.contains("hist") {
                assert_eq!(arrived + missing, 100, "{name}: {finished:?}");
            }
        }
    }
    panic!("fio cuts logs off at every attempt: {job}");
}

#[test]
fn logs_kept_compressed_stay_so_and_logs_stay_in_their_folder() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("logs")).expect("can be made");
    let outside = folder.path().join("outside");
    let job = format!(
        "[a]\nioengine=null\nsize=400k\nrw=read\nwrite_lat_log={}\nlog_compression=1m\n\
         log_store_compressed=1\n",
        outside.display()
    );
    folder.file("job.fio", job);
    let words = [
        "client",
        "--log-dir=logs",
        "--host",
        &server.address(),
        "job.fio",
    ];
    folder.run(words).expect_code(0);
    assert_eq!(folder.files(), ["job.fio", "logs"]);
    let log = folder.path().join("logs/outside_clat.1.log.fz.127.0.0.1");
    let inflated = Command::new("fio")
        .arg(format!("--inflate-log={}", log.display()))
        .output()
        .expect("fio is there");
    assert_eq!(
        String::from_utf8_lossy(&inflated.stdout).lines().count(),
        100
    );
}

#[test]
fn a_verifying_job_runs_on_it() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let job = format!(
        "[v]\ndirectory={}\nsize=1m\nrw=write\nverify=crc32c\ndo_verify=1\nioengine=psync\n",
        server.folder.path().display()
    );
    let (finished, _folder) = drive(&server, &job, &["--output-format=json"]);
    let json = finished.expect_code(0).json();
    assert_eq!(json["client_stats"][0]["read"]["io_bytes"], 1 << 20);
    assert_eq!(json["client_stats"][0]["write"]["io_bytes"], 1 << 20);
}

#[test]
fn a_state_of_a_verification_is_sent_only_if_it_was_named() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let job = format!(
        "[v]\ndirectory={}\nsize=64k\nrw=randwrite\nverify=crc32c\nioengine=psync\n\
         verify_state_load=1\n",
        server.folder.path().display()
    );
    let (finished, _folder) = drive(&server, &job, &["--reply-timeout=5s"]);
    assert!(
        finished
            .stderr
            .contains("-verify.state and was told that there is no such file"),
        "{finished:?}"
    );
}

#[test]
fn what_fio_refuses_is_refused_with_its_reason() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let (finished, _folder) = drive(&server, "[a]\nno_such_option=1\n", &[]);
    let finished = finished.expect_code(2);
    assert!(
        finished.stderr.contains("the server refused job.fio: "),
        "{finished:?}"
    );
    assert!(finished.stderr.contains("no_such_option"), "{finished:?}");

    let job = "[a]\ndirectory=/no/such/folder\nsize=1m\nrw=read\n";
    let (finished, _folder) = drive(&server, job, &[]);
    let finished = finished.expect_code(2);
    assert!(finished.stdout.contains("/no/such/folder"), "{finished:?}");
}

#[test]
fn a_job_that_fails_ends_with_1() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let job = "[a]\nfilename=/dev/full\nsize=64k\nrw=write\nioengine=psync\n";
    let (finished, _folder) = drive(&server, job, &[]);
    let finished = finished.expect_code(1);
    assert!(finished.stderr.contains("job a failed"), "{finished:?}");
    assert!(
        finished
            .stderr
            .contains("the jobs ended with exit status 1"),
        "{finished:?}"
    );
}

#[test]
fn a_remote_job_file_is_loaded_by_the_server() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let remote = server.folder.file("remote.fio", NULL);
    let folder = Folder::new();
    let remote_config = format!("--remote-config={}", remote.display());
    let address = server.address();
    let words = [
        "client",
        "--host",
        &address,
        &remote_config,
        "--output-format=json",
    ];
    let json = folder.run(words).expect_code(0).json();
    assert_eq!(json["client_stats"][0]["jobname"], "null");
    let words = ["client", "--host", &address, "--remote-config=/no/such.fio"];
    let finished = folder.run(words).expect_code(2);
    assert!(
        finished.stderr.contains("refused /no/such.fio"),
        "{finished:?}"
    );
}

#[test]
fn words_and_variables_are_sent_as_a_job() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let folder = Folder::new();
    let address = server.address();
    let words = [
        "client",
        "--host",
        &address,
        "--output-format=json",
        "--",
        "--name=w",
        "--ioengine=null",
        "--rw=write",
        "--size=64k",
    ];
    let json = folder.run(words).expect_code(0).json();
    assert_eq!(json["client_stats"][0]["write"]["io_bytes"], 64 << 10);

    folder.file("job.fio", NULL.replace("4m", "${SIZE}"));
    let words = [
        "client",
        "--host",
        &address,
        "--output-format=json",
        "job.fio",
    ];
    let mut command = folder.program(words);
    command.env("SIZE", "128k");
    let json = Finished::of(command).expect_code(0).json();
    assert_eq!(json["client_stats"][0]["read"]["io_bytes"], 128 << 10);
}

/// Starts a run of a minute and waits until it has begun.
fn long_run(folder: &Folder, server: &StockServer, more: &[&str]) -> Child {
    let log = folder.path().join("stderr");
    let address = server.address();
    let mut words = vec!["client", "--host", &address, "--eta=always", "job.fio"];
    words.extend(more);
    folder.file("job.fio", LONG);
    let mut command = folder.program(&words);
    command.stderr(std::fs::File::create(&log).expect("writable"));
    command.stdout(Stdio::piped());
    let child = command.spawn().expect("can be started");
    wait_until("a status line with a rate", || {
        let lines = std::fs::read_to_string(&log).unwrap_or_default();
        lines.contains("Jobs: 1") && lines.contains("IOPS")
    });
    child
}

fn stderr_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("stderr")).expect("readable")
}

#[test]
fn an_interrupt_stops_the_jobs_and_still_reports_them() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let folder = Folder::new();
    let child = long_run(&folder, &server, &[]);
    interrupt(&child);
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(130));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains(ISSUED), "{stdout}");
}

#[test]
fn a_server_that_is_killed_is_named_and_the_others_report() {
    let (Some(mut dying), Some(living)) = (StockServer::start(), StockServer::start()) else {
        return;
    };
    let folder = Folder::new();
    folder.file("short.fio", NULL);
    let other = living.address();
    let child = long_run(&folder, &dying, &["--host", &other, "short.fio"]);
    dying.kill();
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(3));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("issued rwts: total=1024,0,0,0"), "{stdout}");
    let stderr = stderr_of(folder.path());
    let expected = format!(
        "error: {}: the server closed the connection",
        dying.address()
    );
    assert!(stderr.contains(&expected), "{stderr}");
}

#[test]
fn a_client_that_is_interrupted_before_the_start_leaves_nothing_behind() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let folder = Folder::new();
    folder.file("job.fio", LONG);
    // One server is never ready, so the other must not start.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = silent.local_addr().expect("bound").to_string();
    let address = server.address();
    let words = ["client", "--host", &address, "--host", &silent, "job.fio"];
    let child = spawn(folder.program(words));
    std::thread::sleep(Duration::from_millis(1500));
    interrupt(&child);
    let finished = Finished::wait_for(child).expect_code(130);
    assert!(!finished.stdout.contains(ISSUED), "{finished:?}");
}

/// fio has no output of blocks to compare with: its own client aborts.
#[test]
fn the_blocks_fio_tells_of_are_shown() {
    let Some(server) = StockServer::start() else {
        return;
    };
    let job = "[blocks]\nioengine=null\nrw=trimwrite\nbs=64k\nsize=1m\nblock_error_percentiles=1\n";
    let (finished, _folder) = drive(&server, job, &["--output-format=json"]);
    let document = finished.expect_code(0).json();
    let block = &document["client_stats"][0]["block"];
    assert_eq!(block["total"], 16, "{document}");
    assert_eq!(block["trims_to_failure"]["N"], 0);
}
