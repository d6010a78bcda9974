//! What clients print while jobs run (`--status-interval`): our client at servers of ours and of fio, and fio's client
//! at both.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use fio_proto::crc::crc16;
use serde_json::Value;

use crate::running_server::RunningServer;
use crate::stock_server::StockServer;
use crate::util::{Finished, Folder, spawn, wait_until};

/// Two jobs that run for four seconds, each with a number of I/Os that is known at the end.
const JOB: &str = "[global]\nioengine=null\nbs=4k\nrate_iops=500\nsize=8m\n[a]\n[b]\nrw=write\n";

/// I/Os of each job.
const IOS: u64 = 2048;

/// A server of any kind.
enum Server {
    Own(RunningServer),
    Stock(StockServer),
}

impl Server {
    fn own() -> Self {
        Self::Own(RunningServer::start())
    }

    /// Those there are: without fio only ours.
    fn all_kinds() -> Vec<Self> {
        let stock = StockServer::start().map(Self::Stock);
        std::iter::once(Self::own()).chain(stock).collect()
    }

    fn address(&self) -> String {
        match self {
            Self::Own(server) => server.address().replace(':', ","),
            Self::Stock(server) => server.address(),
        }
    }
}

/// Runs our client at these servers.
fn client(servers: &[Server], flags: &[&str]) -> Finished {
    let folder = Folder::new();
    folder.file("job.fio", JOB);
    let mut words = vec!["client".to_owned(), "--status-interval=1".to_owned()];
    words.extend(
        servers
            .iter()
            .map(|server| format!("--host={}", server.address())),
    );
    words.extend(flags.iter().map(|flag| (*flag).to_owned()));
    words.push("job.fio".to_owned());
    folder.run(words)
}

/// Runs fio's command line at a server.
fn fio_form(server: &Server, flags: &[&str], stock: bool) -> Finished {
    let folder = Folder::new();
    folder.file("job.fio", JOB);
    let client = format!("--client={}", server.address());
    let words = [&client, "job.fio", "--status-interval=1", "--eta=never"];
    let words = [&words, flags].concat();
    if !stock {
        return folder.run([&["fio"], words.as_slice()].concat());
    }
    let mut command = Command::new("fio");
    command
        .args(words)
        .current_dir(folder.path())
        .stdin(Stdio::null());
    Finished::of(command)
}

/// All documents of a text that is nothing but JSON documents.
fn documents(text: &str) -> Vec<Value> {
    let documents = serde_json::Deserializer::from_str(text).into_iter();
    documents
        .map(|document| document.unwrap_or_else(|error| panic!("{error}: {text}")))
        .collect()
}

/// Reads and writes of a job of a document.
fn ios(job: &Value) -> u64 {
    let of = |direction: &str| job[direction]["total_ios"].as_u64().expect("a number");
    of("read") + of("write")
}

/// At least two reports before the last, never less than before, and all I/Os at the end.
#[track_caller]
fn assert_grows(counts: &[u64], end: u64) {
    assert!(counts.len() > 2, "{counts:?}");
    assert!(counts.is_sorted() && counts[0] < end, "{counts:?}");
    assert!(counts[counts.len() - 2] > 0, "{counts:?}");
    assert_eq!(counts.last(), Some(&end), "{counts:?}");
}

#[test]
fn documents_tell_what_all_servers_have_measured_so_far() {
    let mut servers = Server::all_kinds();
    servers.push(Server::own());
    for format in ["json", "json+"] {
        let format = format!("--output-format={format}");
        let finished = client(&servers, &[&format]).expect_code(0);
        let documents = documents(&finished.stdout);
        let mut sums = Vec::new();
        for document in &documents {
            let stats = document["client_stats"].as_array().expect("a list");
            let (all, jobs) = stats.split_last().expect("results");
            // A server that is late is missing at first.
            assert!(jobs.len() > 1 && jobs.len() % 2 == 0, "{document}");
            assert_eq!(all["jobname"], "All clients");
            assert_eq!(ios(all), jobs.iter().map(ios).sum::<u64>());
            for job in jobs.iter().filter(|job| job["jobname"] == "b") {
                assert_eq!(job["job options"]["rw"], "write", "{document}");
            }
            sums.push(ios(all));
        }
        assert_grows(&sums, 2 * IOS * servers.len() as u64);
    }
}

#[test]
fn our_own_documents_come_meanwhile_too() {
    for server in Server::all_kinds() {
        let finished = client(&[server], &["--output-format=native"]).expect_code(0);
        let documents = documents(&finished.stdout);
        let counts: Vec<u64> = documents
            .iter()
            .map(|document| {
                let results = document["hosts"][0]["results"].as_array();
                let results = results.expect("a list").iter();
                results
                    .flat_map(|job| ["read", "write"].map(|direction| &job[direction]["ios"]))
                    .filter_map(Value::as_u64)
                    .sum()
            })
            .collect();
        assert_grows(&counts, 2 * IOS);
    }
}

#[test]
fn text_for_people_is_repeated_whole() {
    for server in Server::all_kinds() {
        let finished = client(&[server], &["--output-format=normal,terse"]).expect_code(0);
        assert_eq!(finished.stderr, "");
        let text = &finished.stdout;
        let count = |part: &str| text.matches(part).count();
        let reports = count("\na: (groupid=0, jobs=1): err= 0");
        assert!(reports > 2, "{text}");
        for part in [
            "\nb: (groupid=0, jobs=1): err= 0",
            "\nRun status group 0",
            "\nAll clients: (groupid=0, jobs=2)",
            ";a;0;0;",
            ";b;0;0;",
            ";All clients;0;0;",
        ] {
            assert!(count(part) >= reports, "{part}: {text}");
        }
        assert!(text.contains(&format!("issued rwts: total={IOS},{IOS},0,0")));
    }
}

#[test]
fn terse_lines_alone_are_repeated() {
    let servers = [Server::own(), Server::own()];
    let finished = client(&servers, &["--minimal"]).expect_code(0);
    let lines: Vec<_> = finished.stdout.lines().collect();
    assert!(lines.iter().all(|line| line.starts_with("3;")), "{lines:?}");
    let names: Vec<_> = lines
        .iter()
        .filter_map(|line| line.split(';').nth(2))
        .collect();
    assert!(names.len() > 10 && names.len() % 5 == 0, "{names:?}");
    for report in names.chunks(5) {
        assert_eq!(report, ["a", "b", "a", "b", "All clients"]);
    }
}

#[test]
fn the_embedded_server_tells_meanwhile_too() {
    let folder = Folder::new();
    let words = [
        "client",
        "--status-interval=500ms",
        "--output-format=json",
        "--",
        "--name=a",
        "--ioengine=null",
        "--size=8m",
        "--rate_iops=500",
    ];
    let documents = documents(&folder.run(words).expect_code(0).stdout);
    let counts: Vec<_> = documents
        .iter()
        .map(|document| ios(&document["client_stats"][0]))
        .collect();
    assert_grows(&counts, IOS);
}

#[test]
fn a_server_that_can_tell_only_at_the_end_is_named() {
    let server = Server::own();
    let finished = client(&[server], &["--proto=1", "--output-format=json"]).expect_code(0);
    let warning = "tells what it measured at its end only (--status-interval)";
    assert!(finished.stderr.contains(warning), "{finished:?}");
    assert_eq!(documents(&finished.stdout).len(), 1);
}

/// What it told last stays: it is all there is.
#[test]
fn what_a_server_told_before_it_went_away_is_not_lost() {
    let server = RunningServer::start();
    let folder = Folder::new();
    folder.file("job.fio", JOB.replace("size=8m", "size=1g"));
    let host = format!("--host={}", server.address());
    let words = [
        "client",
        &host,
        "--status-interval=1",
        "--output=out",
        "--output-format=json",
        "job.fio",
    ];
    let child = spawn(folder.program(words));
    let out = folder.path().join("out");
    let text = || std::fs::read_to_string(&out).unwrap_or_default();
    wait_until("a document", || text().contains("\n}\n"));
    drop(server);
    Finished::wait_for(child).expect_code(3);
    let documents = documents(&text());
    let [first, .., last] = documents.as_slice() else {
        panic!("{documents:?}");
    };
    let count = |document: &Value| ios(&document["client_stats"][2]);
    assert!(0 < count(first) && count(first) <= count(last), "{last}");
}

/// The lines of a text that do not depend on what was measured, with the number of each.
fn outline(text: &str) -> Vec<String> {
    let own_version = concat!("-server-cli-", env!("CARGO_PKG_VERSION"));
    let text = text.replace(own_version, "");
    let lines = text.lines().filter(|line| !line.starts_with("  "));
    lines
        .map(|line| match line.starts_with("3;") {
            true => line.split(';').nth(2).unwrap_or_default().to_owned(),
            false => line.split_once(')').unwrap_or((line, "")).0.to_owned(),
        })
        .collect()
}

/// The reports of an outline, each from its first line on, and what stands before and behind them.
fn reports(lines: &[String], first: &str) -> (Vec<String>, Vec<Vec<String>>, bool) {
    let starts: Vec<_> = (0..lines.len())
        .filter(|line| lines[*line].starts_with(first))
        .collect();
    let head = lines[..starts.first().copied().unwrap_or(lines.len())].to_vec();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    let is_of_job = |line: &&String| !line.starts_with("All clients") && !line.starts_with('<');
    let bodies = starts.iter().zip(ends).map(|(start, end)| {
        let body = lines[*start..end].iter().filter(is_of_job);
        body.cloned().collect()
    });
    let closes = lines
        .last()
        .is_some_and(|line| line.starts_with("All clients"));
    (head, bodies.collect(), closes)
}

/// fio holds back what a server measured until it is done; otherwise the same is printed.
#[test]
fn fios_form_prints_what_fios_client_prints() {
    for server in Server::all_kinds() {
        for (format, first) in [("normal", "a: (groupid=0"), ("terse", "a")] {
            let format = format!("--output-format={format}");
            let ours = fio_form(&server, &[&format], false).expect_code(0);
            let outline_of = |finished: &Finished| reports(&outline(&finished.stdout), first);
            let (head, bodies, closes) = outline_of(&ours);
            assert!(bodies.len() > 2 && closes, "{ours:?}");
            assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
            if !matches!(server, Server::Stock(_)) && StockServer::start().is_none() {
                continue;
            }
            let theirs = fio_form(&server, &[&format], true).expect_code(0);
            let (their_head, their_bodies, their_closes) = outline_of(&theirs);
            assert!(their_bodies.len() > 2 && their_closes, "{theirs:?}");
            assert_eq!(bodies[0], their_bodies[0]);
            // Without the empty line before the results, and the release that this server of ours follows.
            let named = |head: Vec<String>| {
                let lines = head.into_iter().filter(|line| !line.ends_with("> "));
                let lines = lines.map(|line| line.replace("fio=fio-3.42", "fio=fio-3.33"));
                lines.collect::<Vec<_>>()
            };
            assert_eq!(named(head), named(their_head));
        }
    }
}

/// One document with the results of every interval. fio repeats the options for each, and adds up those it was
/// told first as "All clients".
#[test]
fn fios_form_has_every_interval_in_one_document() {
    for server in Server::all_kinds() {
        let finished = fio_form(&server, &["--output-format=json"], false).expect_code(0);
        assert!(finished.stdout.starts_with("\n{\n"), "{finished:?}");
        let document = finished.json();
        let stats = document["client_stats"].as_array().expect("a list");
        let (all, jobs) = stats.split_last().expect("results");
        assert_eq!(
            (ios(all), &all["jobname"]),
            (2 * IOS, &Value::from("All clients"))
        );
        let counts: Vec<_> = jobs
            .chunks(2)
            .map(|pair| {
                assert_eq!(
                    (&pair[0]["jobname"], &pair[1]["jobname"]),
                    (&"a".into(), &"b".into())
                );
                ios(&pair[0]) + ios(&pair[1])
            })
            .collect();
        assert_grows(&counts, 2 * IOS);
        if matches!(server, Server::Stock(_)) {
            let theirs = fio_form(&server, &["--output-format=json"], true).expect_code(0);
            let theirs = theirs.json();
            let theirs = theirs["client_stats"].as_array().expect("a list");
            let mut of_jobs = theirs.iter().filter(|job| job["jobname"] != "All clients");
            assert_eq!(ios(of_jobs.next_back().expect("a job")), IOS);
        }
    }
}

/// A server whose release does not know the flag: between it and the client the flag becomes another, as long,
/// that means nothing to a server.
fn without_the_flag(server: &RunningServer) -> String {
    const JOBLINE: u16 = 4;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let server = server.address().to_owned();
    std::thread::spawn(move || -> std::io::Result<()> {
        let (mut client, _) = listener.accept()?;
        let mut server = TcpStream::connect(server)?;
        let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
        std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
        loop {
            let mut header = [0; 24];
            client.read_exact(&mut header)?;
            let length = u32::from_le_bytes(header[16..20].try_into().expect("four bytes"));
            let mut payload = vec![0; length as usize];
            client.read_exact(&mut payload)?;
            if header[..4] == [&[121, 0][..], &JOBLINE.to_le_bytes()].concat() {
                let (flag, other) = (b"--status-interval=", b"--trigger-timeout=");
                let place = payload.windows(flag.len()).position(|at| at == flag);
                let place = place.expect("the flag is sent");
                payload[place..place + flag.len()].copy_from_slice(other);
                header[22..].copy_from_slice(&crc16(&payload).to_le_bytes());
            }
            server.write_all(&[&header[..], &payload].concat())?;
        }
    });
    address
}

#[test]
fn a_server_that_has_told_nothing_meanwhile_is_named() {
    let server = RunningServer::start();
    let folder = Folder::new();
    folder.file("job.fio", JOB);
    let host = format!("--host={}", without_the_flag(&server));
    let words = [
        "client",
        &host,
        "--status-interval=1",
        "--minimal",
        "job.fio",
    ];
    let finished = folder.run(words).expect_code(0);
    let warning = "the server told what it measured at its end only";
    assert!(finished.stderr.contains(warning), "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 3, "{finished:?}");
}
