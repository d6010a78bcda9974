//! The client against what servers of every release have sent, and against what fio's own client made
//! of it.
//!
//! A few recordings are kept with the crate; where a folder `shared/wire/captures` lies beside the
//! workspace, all in it are played, too.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fio_engine::report::json::{Style, write_client_report};
use fio_proto::ServerVersion;
use fio_server_cli::client::{
    Assignment, ClientError, Fleet, FleetOptions, HostEvent, Target, Work,
};
use fio_server_cli::job_text::JobText;
use serde_json::Value;

use crate::fake_server::read_message;

/// What came of a recording.
struct Played {
    json: Value,
    texts: String,
    end: Result<(), Arc<ClientError>>,
    lost_logs: usize,
    logs: tempfile::TempDir,
}

/// Plays the server's half to a client.
fn play(folder: &Path, version: u16) -> Played {
    let stream = contents(&folder.join("s2c.bin")).expect("a recording");
    play_bytes(stream, version)
}

fn play_bytes(stream: Vec<u8>, version: u16) -> Played {
    let logs = tempfile::tempdir().expect("a temporary folder");
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let server = std::thread::spawn(move || serve(theirs, &stream));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let played = runtime.block_on(follow(ours, version, logs));
    server.join().expect("does not panic");
    played
}

/// The answer to PROBE, then, after the job, everything else; as servers do, it stays until the client
/// leaves.
fn serve(mut socket: UnixStream, stream: &[u8]) {
    let mut rest = stream;
    read_message(&mut rest);
    let (greeting, rest) = stream.split_at(stream.len() - rest.len());
    read_message(&mut socket);
    let _ = socket.write_all(greeting);
    read_message(&mut socket);
    // The client may leave before the end: after QUIT it needs nothing more.
    let _ = socket.write_all(rest);
    let _ = socket.shutdown(std::net::Shutdown::Write);
    let _ = socket.read_to_end(&mut Vec::new());
}

async fn follow(socket: UnixStream, version: u16, logs: tempfile::TempDir) -> Played {
    let job = JobText {
        name: "job.fio".to_owned(),
        text: b"[a]\n".to_vec(),
        notices: Vec::new(),
    };
    let assignment = Assignment {
        target: Target::Connected(socket, ServerVersion::new(version)),
        work: [Work::Text(job)].into(),
    };
    let options = FleetOptions {
        logs: logs.path().to_owned(),
        ask_every: None,
        ..FleetOptions::default()
    };
    let mut fleet = Fleet::start(vec![assignment], options);
    let mut texts = String::new();
    while let Some((_, event)) = fleet.next().await {
        if let HostEvent::Text(text) = event {
            texts.push_str(&String::from_utf8_lossy(&text));
        }
    }
    let host = &fleet.hosts()[0];
    let (end, lost_logs) = (host.end.clone().expect("over"), host.lost_logs.len());
    let mut json = String::new();
    let style = Style {
        version: "x".to_owned(),
        bins: false,
    };
    write_client_report(&mut json, &fleet.into_report(), &style).expect("a string");
    Played {
        json: serde_json::from_str(&json).expect("JSON"),
        texts,
        end,
        lost_logs,
        logs,
    }
}

/// A file, or its compressed form.
fn contents(path: &Path) -> Option<Vec<u8>> {
    if let Ok(bytes) = std::fs::read(path) {
        return Some(bytes);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    std::fs::read(name).ok().map(|bytes| gunzip(&bytes))
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut contents = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(bytes);
    decoder.read_to_end(&mut contents).expect("sound");
    contents
}

/// Folders of recordings, with their version and scenario.
fn recordings(root: &Path) -> Vec<(u16, String, PathBuf)> {
    let mut all = Vec::new();
    for version in folders(root) {
        let name = version.file_name().expect("named").to_string_lossy();
        let Some(number) = name
            .strip_prefix('v')
            .and_then(|number| number.parse().ok())
        else {
            continue;
        };
        for scenario in folders(&version) {
            let name = scenario.file_name().expect("named").to_string_lossy();
            all.push((number, name.into_owned(), scenario.clone()));
        }
    }
    all.sort();
    all
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).expect("readable").flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

fn roots() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = own
        .ancestors()
        .map(|folder| folder.join("shared/wire/captures"))
        .find(|folder| folder.is_dir());
    [Some(own.join("tests/data/captures")), all]
        .into_iter()
        .flatten()
        .collect()
}

/// Every recording whose scenario is wanted.
fn each(wanted: impl Fn(&str) -> bool, check: impl Fn(&str, &Path, Played, u16)) -> usize {
    let mut count = 0;
    for (version, scenario, folder) in roots().iter().flat_map(|root| recordings(root)) {
        // In versions 1 and 84 the servers answer some requests by dying.
        let answered = contents(&folder.join("s2c.bin")).is_some_and(|stream| stream.len() > 1500);
        if wanted(&scenario) && answered {
            let name = format!("v{version} {scenario}");
            check(&name, &folder, play(&folder, version), version);
            count += 1;
        }
    }
    count
}

/// The JSON document among what fio's client printed.
fn document(folder: &Path) -> Option<Value> {
    let printed = contents(&folder.join("client.out")).expect("what the client printed");
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let start = printed.find("\n{\n")?;
    let mut values = serde_json::Deserializer::from_str(&printed[start..]).into_iter::<Value>();
    values.next().and_then(Result::ok)
}

/// Figures that must be the same to the last digit.
const EXACT: [&str; 6] = [
    "io_bytes",
    "io_kbytes",
    "runtime",
    "total_ios",
    "short_ios",
    "drop_ios",
];

/// Everything fio's JSON says of one direction must be what ours says, if both say it.
fn compare(name: &str, theirs: &Value, ours: &Value) {
    for member in EXACT {
        assert_eq!(ours[member], theirs[member], "{name} {member}");
    }
    close(name, &theirs["iops"], &ours["iops"]);
    for latency in ["slat_ns", "clat_ns", "lat_ns"] {
        let (theirs, ours) = (&theirs[latency], &ours[latency]);
        let name = format!("{name} {latency}");
        for member in ["min", "max"] {
            assert_eq!(ours[member], theirs[member], "{name} {member}");
        }
        close(&name, &theirs["mean"], &ours["mean"]);
        close(&name, &theirs["stddev"], &ours["stddev"]);
        let Some(percentiles) = theirs["percentile"].as_object() else {
            continue;
        };
        // Early releases have percentiles of nothing.
        if !ours["percentile"].is_object() && ours["N"] == 0 {
            continue;
        }
        // Releases before 3.6 fill the list up with zeros.
        let asked = percentiles.iter().filter(|(percent, _)| *percent != "0.00");
        for (percent, value) in asked {
            assert_eq!(&ours["percentile"][percent], value, "{name} {percent}");
        }
    }
}

fn close(name: &str, theirs: &Value, ours: &Value) {
    let (theirs, ours) = (theirs.as_f64(), ours.as_f64());
    let (Some(theirs), Some(ours)) = (theirs, ours) else {
        assert_eq!(theirs, ours, "{name}");
        return;
    };
    let bound = theirs.abs().max(1.0) * 1e-6;
    assert!((theirs - ours).abs() <= bound, "{name}: {theirs} {ours}");
}

#[test]
fn json_has_the_figures_fios_client_has() {
    let is_json = |scenario: &str| scenario.contains("json");
    let count = each(is_json, |name, folder, played, version| {
        let Some(theirs) = document(folder) else {
            return;
        };
        let theirs = theirs["client_stats"].as_array().expect("jobs");
        let ours = played.json["client_stats"].as_array().expect("jobs");
        // The client of 3.3 lost the statistics of one session, because QUIT came before them.
        if theirs.is_empty() && version == 69 {
            return;
        }
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (theirs, ours) in theirs.iter().zip(ours) {
            assert_eq!(ours["jobname"], theirs["jobname"], "{name}");
            if theirs["jobname"] == "All clients" {
                continue;
            }
            for member in ["groupid", "error"] {
                assert_eq!(ours[member], theirs[member], "{name} {member}");
            }
            same_steady_state(name, &theirs["steadystate"], &ours["steadystate"]);
            same_options(name, &theirs["job options"], &ours["job options"]);
            for direction in ["read", "write", "trim"] {
                let place = format!("{name} {} {direction}", ours["jobname"]);
                compare(&place, &theirs[direction], &ours[direction]);
            }
        }
        assert!(played.end.is_ok(), "{name}: {:?}", played.end);
    });
    assert!(count >= 5);
}

fn same_steady_state(name: &str, theirs: &Value, ours: &Value) {
    let criterion = |state: &Value| {
        let text = state["criterion"].as_str().unwrap_or_default();
        Value::from(text.trim_end_matches('%').parse::<f64>().ok())
    };
    let without = |state: &Value| {
        let mut state = state.clone();
        if let Some(state) = state.as_object_mut() {
            state.remove("criterion");
        }
        state
    };
    assert_eq!(without(ours), without(theirs), "{name}");
    // fio rounds a last digit of 5 either way.
    close(name, &criterion(theirs), &criterion(ours));
}

/// Early releases leave out options without a value.
fn same_options(name: &str, theirs: &Value, ours: &Value) {
    let (Some(theirs), Some(ours)) = (theirs.as_object(), ours.as_object()) else {
        panic!("{name}: no options")
    };
    for (option, value) in theirs {
        assert_eq!(&ours[option], value, "{name} {option}");
    }
    let more = ours
        .iter()
        .filter(|(option, _)| !theirs.contains_key(*option));
    more.for_each(|(option, value)| assert_eq!(value, "", "{name} {option}"));
}

/// `issued rwts: total=1,2,3,4 …` of every job, older releases without the syncs.
fn issued(printed: &str) -> Vec<Vec<u64>> {
    let lines = printed.lines().filter(|line| line.contains("issued r"));
    lines
        .map(|line| {
            let (_, totals) = line.split_once("total=").expect("totals");
            let totals = totals.split(' ').next().unwrap_or_default();
            let totals = totals.trim_end_matches(',').split([',', '/']);
            totals
                .map(|total| total.parse().expect("a number"))
                .collect()
        })
        .collect()
}

#[test]
fn every_session_ends_with_the_jobs_fios_client_reported() {
    let is_normal = |scenario: &str| !scenario.contains("json");
    let count = each(is_normal, |name, folder, played, version| {
        let printed = contents(&folder.join("client.out")).expect("what the client printed");
        let printed = String::from_utf8_lossy(&printed);
        let jobs = played.json["client_stats"].as_array().expect("jobs");
        let jobs = jobs.iter().filter(|job| job["jobname"] != "All clients");
        let ours: Vec<[u64; 3]> = jobs
            .map(|job| {
                ["read", "write", "trim"]
                    .map(|direction| job[direction]["total_ios"].as_u64().expect("a count"))
            })
            .collect();
        let theirs = issued(&printed);
        // A job without I/O is not printed; the block of all clients is.
        let ours: Vec<_> = ours.into_iter().filter(|ios| *ios != [0; 3]).collect();
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let trims = if version == 1 { 2 } else { 3 };
            assert_eq!(ours[..trims], theirs[..trims], "{name}");
        }
        let blocks = theirs.len();
        assert!(
            ours.len() == blocks || (ours.len() > 1 && ours.len() + 1 == blocks),
            "{name}: {} of {blocks} jobs",
            ours.len()
        );
        if name.contains("clat_prio") && version >= 96 {
            let lines = printed.lines();
            let theirs = lines.filter(|line| line.contains("clat prio") && line.contains("min="));
            assert_eq!(priorities(&played.json), theirs.count(), "{name}");
        }
        let refused = name.contains("badopt") || name.contains("nodir");
        match &played.end {
            Ok(()) => assert!(!refused, "{name}"),
            Err(error) if refused => {
                assert!(
                    matches!(**error, ClientError::Refused { .. }),
                    "{name}: {error}"
                );
                assert!(!played.texts.is_empty(), "{name}");
            }
            // Some servers do not survive a trigger, and none a state it asked for in vain.
            Err(_) if name.contains("vtrigger") || name.contains("vstate") => {}
            Err(error) => panic!("{name}: {error}"),
        }
    });
    assert!(count >= 4, "{count}");
}

/// Priorities with figures of their own, over all jobs and directions.
fn priorities(json: &Value) -> usize {
    let jobs = json["client_stats"].as_array().expect("jobs").iter();
    let directions = jobs.flat_map(|job| ["read", "write", "trim"].map(|name| &job[name]["prios"]));
    directions
        .map(|priorities| priorities.as_array().map_or(0, Vec::len))
        .sum()
}

#[test]
fn logs_have_every_row_fios_client_wrote() {
    let has_logs = |scenario: &str| scenario.starts_with("iolog");
    let count = each(has_logs, |name, folder, played, _| {
        // fio's client reads past the end of these, and ours says what is lost.
        if name.contains("hist_plain") {
            assert!(played.lost_logs > 0, "{name}");
            return;
        }
        let Ok(files) = std::fs::read_dir(folder.join("client_files")) else {
            return;
        };
        for file in files.flatten() {
            let file = file.path();
            let file = if file.extension().is_some_and(|end| end == "gz") {
                file.with_extension("")
            } else {
                file
            };
            let log = file.file_name().expect("named").to_string_lossy();
            let Some(log) = log.strip_suffix(".127.0.0.1") else {
                continue;
            };
            let theirs = contents(&file).expect("readable");
            let path = played.logs.path().join(format!("{log}.localhost"));
            let ours = std::fs::read(&path).unwrap_or_else(|error| panic!("{name} {log}: {error}"));
            same_rows(&format!("{name} {log}"), &theirs, &ours);
        }
    });
    assert!(count >= 2);
}

/// Ours has more rows where fio's client loses some, and more columns than those of early releases.
fn same_rows(name: &str, theirs: &[u8], ours: &[u8]) {
    if name.ends_with(".fz") {
        assert_eq!(ours, theirs, "{name}");
        return;
    }
    // Without `.fz` fio's client leaves the compressed bytes in the file.
    let Ok(theirs) = std::str::from_utf8(theirs) else {
        return;
    };
    let ours = std::str::from_utf8(ours).expect("rows");
    assert!(ours.lines().count() >= theirs.lines().count(), "{name}");
    for (ours, theirs) in ours.lines().zip(theirs.lines()) {
        assert!(ours.starts_with(theirs), "{name}: {ours} {theirs}");
    }
}

/// Where the messages with these numbers begin and end, from the first of them to the last.
fn span(stream: &[u8], opcodes: &[u16]) -> std::ops::Range<usize> {
    let mut rest = stream;
    let mut span = stream.len()..0;
    loop {
        let begin = stream.len() - rest.len();
        let Some((opcode, _)) = read_message(&mut rest) else {
            return span;
        };
        if opcodes.contains(&opcode) {
            span = span.start.min(begin)..stream.len() - rest.len();
        }
    }
}

/// Servers repeat their results while jobs run if they are told to (`--status-interval`, or a file named
/// `fio-dump-status` on their side); only the last ones count.
#[test]
fn results_of_the_moment_are_replaced_by_later_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/captures/v073/multi_job");
    let stream = contents(&folder.join("s2c.bin")).expect("a recording");
    let once = play_bytes(stream.clone(), 73);
    // JOB_OPT, TS, GS, DU.
    let results = span(&stream, &[22, 6, 7, 13]);
    let (before, behind) = stream.split_at(results.start);
    let moment = &stream[results];
    let repeated = play_bytes([before, moment, moment, behind].concat(), 73);
    assert!(repeated.end.is_ok(), "{:?}", repeated.end);
    assert_eq!(
        repeated.json["client_stats"].as_array().map(Vec::len),
        Some(5)
    );
    assert_eq!(repeated.json["client_stats"], once.json["client_stats"]);
    assert_eq!(repeated.json["global options"], once.json["global options"]);
}
