//! The client against recorded servers of 2011.

use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use fio_proto::Revision;
use fio_proto::frame::Tag;
use fio_proto::message::{Message as _, ServerMessage};

use crate::fake_server::{FakeServer, JOB, Message, Script};
use crate::util::{Finished, Folder, interrupt, spawn};

const JOB_FILE: &str = "[rr]\nioengine=null\nsize=1g # big\n";

/// Runs the client against recordings, one server each.
fn play(scripts: &[Script], flags: &[&str]) -> (Finished, Vec<Vec<Message>>) {
    let folder = Folder::new();
    folder.file("job.fio", JOB_FILE);
    let servers: Vec<_> = scripts.iter().cloned().map(FakeServer::start).collect();
    let mut words = vec!["client"];
    for server in &servers {
        words.extend(["--host", server.address()]);
    }
    words.extend(flags);
    words.push("job.fio");
    let finished = folder.run(&words);
    let received = servers.into_iter().map(FakeServer::finish).collect();
    (finished, received)
}

#[test]
fn a_recorded_session_is_printed_as_fio_prints_it() {
    let (finished, received) = play(&[Script::recorded("null_randread")], &[]);
    let finished = finished.expect_code(0);
    let mut lines = finished.stdout.lines();
    for expected in [
        "<127.0.0.1> hostname=vm, be=0, fio=1.99.0",
        "<127.0.0.1> rr: (g=0): rw=randread, bs=4K-4K/4K-4K, ioengine=null, iodepth=4",
        "<127.0.0.1> Starting 1 process",
        "<127.0.0.1> ",
    ] {
        assert_eq!(lines.next(), Some(expected), "{}", finished.stdout);
    }
    for part in [
        "rr: (groupid=0, jobs=1): err= 0: pid=23170:",
        "  read: IOPS=1310k, BW=5116MiB/s",
        "cpu          : usr=42.47%",
        "issued rwts: total=3928737,0,0,0",
        "lat (usec)   : 2=99.97%",
        "Run status group 0 (all jobs):\n   READ: bw=5116MiB/s",
    ] {
        assert!(
            finished.stdout.contains(part),
            "{part}: {}",
            finished.stdout
        );
    }
    assert_eq!(finished.stderr, "");
    let job = (JOB, b"[rr]\nioengine=null\nsize=1g\n\n".to_vec());
    assert_eq!(
        received[0][1..],
        [job],
        "the comment stays here, and nothing follows the job"
    );
}

#[test]
fn it_does_not_matter_how_the_bytes_are_cut() {
    for segment in [1, 7, 65536] {
        let script = Script {
            segment,
            ..Script::recorded("err_enospc")
        };
        let (finished, _) = play(&[script], &["--output-format=json"]);
        assert_eq!(
            finished.expect_code(1).json()["client_stats"][0]["error"],
            28
        );
    }
}

#[test]
fn several_jobs_of_one_server_are_summed_up() {
    let (finished, _) = play(&[Script::recorded("multi_job")], &["--output-format=json"]);
    let json = finished.expect_code(0).json();
    let jobs = json["client_stats"].as_array().expect("jobs");
    let names: Vec<_> = jobs
        .iter()
        .map(|job| job["jobname"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["seq", "rnd", "rnd", "rnd", "All clients"]);
    assert_eq!(jobs[4]["write"]["total_ios"], 3 * 256);
    assert_eq!(jobs[4]["read"]["io_bytes"], 1 << 20);
}

#[test]
fn two_hosts_are_told_apart_and_merged() {
    let scripts = [
        Script::recorded("null_randread"),
        Script::recorded("sigint"),
    ];
    let (finished, _) = play(&scripts, &["--output-format=normal,json"]);
    let finished = finished.expect_code(0);
    let (normal, json) = finished.stdout.split_once("\n{\n").expect("two formats");
    assert_eq!(normal.matches("rr: (groupid=0, jobs=1)").count(), 2);
    assert_eq!(
        normal.matches("All clients: (groupid=0, jobs=2)").count(),
        1
    );
    let hosts: Vec<_> = normal
        .lines()
        .filter_map(|line| line.strip_suffix(" Starting 1 process"))
        .collect();
    assert_eq!(hosts.len(), 2);
    assert_ne!(
        hosts[0], hosts[1],
        "the port tells servers on one host apart"
    );
    let json: serde_json::Value = serde_json::from_str(&format!("{{{json}")).expect("JSON");
    assert_eq!(
        json["client_stats"][2]["read"]["total_ios"],
        3_928_737 + 1_759_516
    );
}

#[test]
fn a_job_file_the_server_refuses_ends_with_2() {
    for (name, said) in [
        ("err_badopt", "Bad option <no_such_option>"),
        ("err_nodir", "fio: failed parsing directory="),
    ] {
        let script = Script {
            close: true,
            ..Script::recorded(name)
        };
        let (finished, _) = play(&[script], &["--output-format=json"]);
        let finished = finished.expect_code(2);
        assert!(finished.stderr.contains(said), "{finished:?}");
        assert!(
            finished.stderr.contains("the server refused job.fio"),
            "{finished:?}"
        );
        assert_eq!(
            finished.json()["client_stats"].as_array().map(Vec::len),
            Some(0)
        );
    }
}

#[test]
fn a_job_that_failed_is_named_with_its_host() {
    let (finished, _) = play(&[Script::recorded("err_enospc")], &[]);
    let finished = finished.expect_code(1);
    assert!(
        finished
            .stderr
            .contains("error: 127.0.0.1: job full failed: "),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("No space left on device"),
        "{finished:?}"
    );
}

#[test]
fn a_session_cut_anywhere_ends_with_an_error_that_names_the_host() {
    let script = Script::recorded("err_enospc");
    let length = script.length();
    for cut in [
        0,
        1,
        24,
        100,
        116,
        117,
        150,
        300,
        length / 2,
        length - 24,
        length - 1,
    ] {
        let (finished, _) = play(&[script.clone().cut(cut)], &[]);
        assert!(
            matches!(finished.code, Some(2 | 3)),
            "cut at {cut}: {finished:?}"
        );
        let line = finished
            .stderr
            .lines()
            .find(|line| line.starts_with("error: 127.0.0.1,"));
        assert!(line.is_some(), "cut at {cut}: {finished:?}");
    }
}

#[test]
fn one_host_that_dies_does_not_take_the_others_results() {
    let dying = Script::recorded("null_randread").cut(3000);
    let (finished, _) = play(
        &[dying, Script::recorded("sigint")],
        &["--output-format=json"],
    );
    let finished = finished.expect_code(3);
    let json = finished.json();
    assert_eq!(json["client_stats"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        finished.stderr.matches("error: ").count(),
        1,
        "{finished:?}"
    );
}

#[test]
fn damaged_bytes_are_an_error_of_the_protocol() {
    let mut script = Script::recorded("null_randread");
    let middle = script.rest.len() / 2;
    script.rest[middle] ^= 0x40;
    let (finished, _) = play(&[script], &[]);
    let finished = finished.expect_code(3);
    assert!(finished.stderr.contains("checksum"), "{finished:?}");
}

#[test]
fn a_server_of_another_version_than_the_only_one_allowed_is_named_with_its_version() {
    // What fio 3.33 answers: a TEXT frame of version 97 that complains, then the end.
    let complaint = b"\x03\0\0\0fio: bad server cmd version 1\n";
    let mut frame = Vec::new();
    frame.extend(97_u16.to_le_bytes());
    frame.extend(5_u16.to_le_bytes());
    frame.extend([0; 12]);
    frame.extend((complaint.len() as u32).to_le_bytes());
    frame.extend(fio_proto::crc::crc16(&frame).to_le_bytes());
    frame.extend(fio_proto::crc::crc16(complaint).to_le_bytes());
    frame.extend(complaint);
    let script = Script {
        greeting: frame,
        rest: Vec::new(),
        segment: 1460,
        close: true,
    };
    let (finished, _) = play(&[script], &["--proto=1"]);
    let finished = finished.expect_code(3);
    assert!(
        finished.stderr.contains("protocol version 97"),
        "{finished:?}"
    );
}

#[test]
fn a_peer_that_is_no_fio_server_is_an_error() {
    let greeting = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec();
    let script = Script {
        greeting,
        rest: Vec::new(),
        segment: 1460,
        close: true,
    };
    play(&[script], &[]).0.expect_code(3);
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let folder = Folder::new();
    folder.file("job.fio", JOB_FILE);
    let words = [
        "client",
        "--reply-timeout=500ms",
        "--host",
        &address,
        "job.fio",
    ];
    let finished = folder.run(words).expect_code(3);
    assert!(
        finished.stderr.contains("0.5 s") || finished.stderr.contains("500ms"),
        "{finished:?}"
    );
}

#[test]
fn servers_that_cannot_be_reached_are_named() {
    let folder = Folder::new();
    folder.file("job.fio", JOB_FILE);
    // Bound and dropped: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("bound")
        .port();
    let table = [
        (
            format!("127.0.0.1,{port}"),
            "cannot connect; is a server running there?",
        ),
        (
            "no-such-host.invalid".to_owned(),
            "cannot resolve the host name",
        ),
        ("sock:none".to_owned(), "there is no such socket"),
    ];
    for (address, expected) in table {
        // A resolver without a network may take long to say so.
        let words = [
            "client",
            "--connect-timeout=2m",
            "--host",
            &address,
            "job.fio",
        ];
        let finished = folder.run(words).expect_code(3);
        assert!(finished.stderr.contains(expected), "{finished:?}");
        assert!(
            finished.stderr.contains(address.trim_end_matches(",8765")),
            "{finished:?}"
        );
    }
}

#[test]
fn a_host_that_is_away_is_given_up() {
    let folder = Folder::new();
    folder.file("job.fio", JOB_FILE);
    // An address reserved for documentation: nobody has it.
    let words = [
        "client",
        "--connect-timeout=500ms",
        "--host",
        "192.0.2.1",
        "job.fio",
    ];
    let finished = folder.run(words).expect_code(3);
    assert!(
        finished.stderr.starts_with("error: 192.0.2.1,8765: "),
        "{finished:?}"
    );
}

#[test]
fn variables_and_included_files_are_put_in_before_sending() {
    let folder = Folder::new();
    folder.file("more.fio", "bs=${BLOCK}\n");
    folder.file(
        "job.fio",
        "[other]\nrw=write\n[rr]\ninclude more.fio\nsize=1g\n",
    );
    let server = FakeServer::start(Script::recorded("null_randread"));
    let mut command = folder.program([
        "client",
        "--section=rr",
        "--host",
        server.address(),
        "job.fio",
    ]);
    command.env("BLOCK", "8k");
    Finished::of(command).expect_code(0);
    let text = String::from_utf8(server.finish()[1].1.clone()).expect("text");
    assert_eq!(text.trim(), "[rr]\nbs=8k\n\nsize=1g");
}

#[test]
fn a_host_list_names_servers_one_per_line() {
    let folder = Folder::new();
    folder.file("job.fio", JOB_FILE);
    let server = FakeServer::start(Script::recorded("null_randread"));
    let mut list = std::fs::File::create(folder.path().join("hosts")).expect("writable");
    writeln!(list, "# all\n{}\n", server.address()).expect("writable");
    folder
        .run(["client", "--hosts=hosts", "job.fio"])
        .expect_code(0);
    server.finish();
}

/// A server that says it has begun and never comes to an end.
fn endless() -> Script {
    let mut script = Script::recorded("null_randread");
    // Up to the first status message: the job has begun.
    script.rest.truncate(300);
    script
}

#[test]
fn a_second_interrupt_gives_up_a_server_that_does_not_stop() {
    let folder = Folder::new();
    folder.file("job.fio", JOB_FILE);
    let server = FakeServer::start(endless());
    let words = ["client", "--host", server.address(), "job.fio"];
    let child = spawn(folder.program(words));
    std::thread::sleep(Duration::from_millis(700));
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(300));
    interrupt(&child);
    let finished = Finished::wait_for(child).expect_code(130);
    assert!(
        finished
            .stderr
            .contains("abandoned before the server reported"),
        "{finished:?}"
    );
    let messages = server.finish();
    let quits = messages.iter().filter(|message| message.0 == 1).count();
    assert_eq!(quits, 1, "the first interrupt sent QUIT: {messages:?}");
}

#[test]
fn a_stopped_server_has_a_time_to_report_in() {
    let folder = Folder::new();
    folder.file("job.fio", JOB_FILE);
    let server = FakeServer::start(endless());
    let words = [
        "client",
        "--stop-timeout=500ms",
        "--host",
        server.address(),
        "job.fio",
    ];
    let child = spawn(folder.program(words));
    std::thread::sleep(Duration::from_millis(700));
    interrupt(&child);
    let finished = Finished::wait_for(child).expect_code(130);
    let expected = "no results after it was told to stop within 0.5 s";
    assert!(finished.stderr.contains(expected), "{finished:?}");
}

#[test]
fn what_a_server_says_in_place_of_who_it_is_is_quoted() {
    let mut frame = Vec::new();
    ServerMessage::text("this server serves one client at a time\n")
        .append_to(Revision::V1, Tag(0), &mut frame)
        .expect("fits");
    let script = Script {
        greeting: frame,
        rest: Vec::new(),
        segment: 1460,
        close: true,
    };
    let (finished, _) = play(&[script], &["--proto", "1"]);
    let finished = finished.expect_code(3);
    let quoted = finished.stderr.lines().any(|line| {
        line.starts_with("error: ") && line.ends_with(": this server serves one client at a time")
    });
    assert!(quoted, "{finished:?}");
}
