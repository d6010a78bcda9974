//! Recording and replaying whole jobs, also across Debian's fio: each replays what the other has
//! recorded, in the same sequence.
//!
//! Without `fio` the tests that need it say so and pass, except in CI (`CI` set).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use fio_engine::Direction;
use fio_engine::job::{ParseOptions, parse_words};
use fio_engine::logs::LogKind;
use fio_engine::report::Report;
use fio_engine::run::{Run, RunOptions};
use fio_engine::workload::RandomRule;

/// A folder with a file of random bytes.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("data"), vec![7; 1 << 20]).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn option(&self, name: &str, file: &str) -> String {
        format!("--{name}={}", self.path(file).display())
    }

    /// Runs a job here, with the random sequences of Debian's fio.
    fn ours(&self, words: &[String]) -> Report {
        let parsed = parse_words(words, &ParseOptions::default());
        let jobs = parsed.unwrap_or_else(|error| panic!("{error}")).jobs;
        let mut options = RunOptions::default();
        options.random_rule = RandomRule::Before335;
        Run::start(jobs, options).unwrap().wait()
    }

    /// Runs a job with fio; `None` if there is none.
    fn fio(&self, words: &[String]) -> Option<()> {
        let mut command = Command::new("fio");
        let command = command.args(words).current_dir(self.folder.path());
        let Ok(output) = command.arg("--output=fio.out").output() else {
            assert!(std::env::var_os("CI").is_none(), "fio is not installed");
            eprintln!("skipped: fio is not installed");
            return None;
        };
        assert!(output.status.success(), "{words:?}: {output:?}");
        Some(())
    }

    /// The I/Os of a recording: action, file, offset, length.
    fn recorded(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("fio version 3 iolog"));
        let ios = lines.filter_map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            words[0].parse::<u64>().expect("a time");
            (words.len() == 5).then(|| words[1..].join(" "))
        });
        ios.collect()
    }
}

fn words(text: &[&str], more: &[String]) -> Vec<String> {
    let text = text.iter().map(|word| (*word).to_owned());
    text.chain(more.iter().cloned()).collect()
}

/// Direction, offset and length of each I/O in a latency log that has offsets.
type Moved = (u8, u64, u64);

fn moved_here(report: &Report) -> Vec<Moved> {
    let log = report
        .logs
        .iter()
        .find(|log| log.kind == LogKind::CompletionLatency);
    let samples = log.expect("a latency log").samples();
    let direction = |direction: Direction| direction.index() as u8;
    samples
        .map(|sample| {
            (
                direction(sample.direction),
                sample.offset,
                sample.block_size,
            )
        })
        .collect()
}

fn moved_by_fio(place: &Place) -> Vec<Moved> {
    let text = std::fs::read_to_string(place.path("theirs_clat.1.log")).unwrap();
    let number = |field: &str| field.trim().parse::<u64>().expect("a number");
    text.lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (
                number(fields[2]) as u8,
                number(fields[4]),
                number(fields[3]),
            )
        })
        .collect()
}

/// The same in a recording, synchronisations left out.
fn moved_in(recording: &[String]) -> Vec<Moved> {
    let words = recording
        .iter()
        .map(|line| line.split(' ').collect::<Vec<_>>());
    words
        .filter_map(|words| {
            let direction = match words[1] {
                "read" => 0,
                "write" => 1,
                "trim" => 2,
                _ => return None,
            };
            Some((
                direction,
                words[2].parse().unwrap(),
                words[3].parse().unwrap(),
            ))
        })
        .collect()
}

const JOBS: [&[&str]; 6] = [
    &["--rw=randrw", "--bs=4k"],
    &[
        "--rw=write",
        "--bsrange=512-16k",
        "--fsync=5",
        "--fdatasync=7",
    ],
    &["--rw=randread", "--bssplit=1k/50:8k/50", "--norandommap"],
    &[
        "--rw=rw",
        "--bs=4k",
        "--nrfiles=3",
        "--filename=one:two:three",
    ],
    &[
        "--rw=randwrite",
        "--bs=8k",
        "--ioengine=libaio",
        "--iodepth=8",
    ],
    &["--rw=read", "--bs=64k", "--offset=128k", "--size=256k"],
];

fn job(place: &Place, options: &[&str], more: &[String]) -> Vec<String> {
    let names = options
        .iter()
        .find_map(|option| option.strip_prefix("--filename="));
    let names = names.unwrap_or("data").split(':');
    let paths: Vec<String> = names
        .map(|name| place.path(name).display().to_string())
        .collect();
    let mut words = vec!["--name=job".to_owned(), "--size=384k".to_owned()];
    words.extend(
        options
            .iter()
            .filter(|option| !option.starts_with("--filename"))
            .map(|option| (*option).to_owned()),
    );
    words.push(format!("--filename={}", paths.join(":")));
    words.extend(more.iter().cloned());
    words
}

#[test]
fn recordings_have_the_same_ios_as_those_of_fio() {
    for options in JOBS {
        let place = Place::new();
        let log = |name: &str| job(&place, options, &[place.option("write_iolog", name)]);
        if place.fio(&log("theirs")).is_none() {
            return;
        }
        place.ours(&log("ours"));
        let (ours, theirs) = (place.recorded("ours"), place.recorded("theirs"));
        assert_eq!(moved_in(&ours), moved_in(&theirs), "{options:?}");
        let kinds = |lines: &[String]| {
            let mut kinds = BTreeMap::new();
            for line in lines {
                let action = line.split(' ').nth(1).unwrap_or_default().to_owned();
                *kinds.entry(action).or_insert(0) += 1;
            }
            kinds
        };
        assert_eq!(kinds(&ours), kinds(&theirs), "{options:?}");
    }
}

#[test]
fn each_replays_what_the_other_has_recorded() {
    for options in JOBS {
        let place = Place::new();
        let record = |name: &str| job(&place, options, &[place.option("write_iolog", name)]);
        if place.fio(&record("theirs")).is_none() {
            return;
        }
        place.ours(&record("ours"));
        for (recording, chunked) in [("theirs", "0"), ("theirs", "1"), ("ours", "1")] {
            let expected = moved_in(&place.recorded(recording));
            assert!(!expected.is_empty());
            let replay = |log: &str| {
                let chunked = format!("--read_iolog_chunked={chunked}");
                let options = [
                    "--name=replay",
                    "--replay_no_stall=1",
                    "--log_offset=1",
                    &chunked,
                ];
                let log = place.option("write_lat_log", log);
                words(&options, &[place.option("read_iolog", recording), log])
            };
            let report = place.ours(&replay("ours"));
            assert_eq!(report.jobs[0].error, 0);
            assert_eq!(
                moved_here(&report),
                expected,
                "{options:?} from {recording}"
            );
            place.fio(&replay("theirs"));
            assert_eq!(
                moved_by_fio(&place),
                expected,
                "{options:?} from {recording}"
            );
        }
    }
}

fn log_with(place: &Place, lines: &[(u64, &str)]) -> Vec<String> {
    let data = place.path("data").display().to_string();
    let mut text = format!("fio version 3 iolog\n0 {data} add\n0 {data} open\n");
    for (time, line) in lines {
        text += &format!("{time} {data} {line}\n");
    }
    std::fs::write(place.path("log"), text).unwrap();
    words(&["--name=replay"], &[place.option("read_iolog", "log")])
}

#[test]
fn times_of_the_log_are_kept_scaled_or_left() {
    let place = Place::new();
    let lines = [
        (0, "read 0 4096"),
        (100_000, "write 4096 512"),
        (200_000, "sync 0 0"),
        (300_000, "read 0 512"),
    ];
    for engine in ["psync", "libaio"] {
        for (option, expected) in [
            ("", 300),
            ("--replay_time_scale=200", 150),
            ("--replay_no_stall=1", 0),
        ] {
            let mut job = log_with(&place, &lines);
            job.extend([format!("--ioengine={engine}"), "--iodepth=4".to_owned()]);
            job.extend((!option.is_empty()).then(|| option.to_owned()));
            let began = Instant::now();
            let report = place.ours(&job);
            assert!(began.elapsed() < Duration::from_secs(5));
            let runtime = runtime_of(&report);
            assert!(
                (expected..expected + 100).contains(&runtime),
                "{engine} {option}: {runtime} ms"
            );
            let directions = &report.jobs[0].directions.0;
            assert_eq!((directions[0].total_ios, directions[1].total_ios), (2, 1));
            assert_eq!((directions[0].bytes, directions[1].bytes), (4608, 512));
        }
    }
}

/// Milliseconds the job took.
fn runtime_of(report: &Report) -> u64 {
    let runtimes = report.jobs[0]
        .directions
        .0
        .iter()
        .map(|direction| direction.runtime);
    runtimes.max().unwrap().as_millis() as u64
}

/// What `rw`, `bs`, `size`, `loops` and the rest say has no effect, as in fio.
#[test]
fn the_log_decides_what_is_done() {
    let place = Place::new();
    let mut job = log_with(&place, &[(0, "write 0 4096"), (0, "read 8192 1024")]);
    let options = "--rw=randread --bs=512 --size=4k --io_size=1m --loops=3 --offset=4k --filename=/no/such/file";
    job.extend(options.split(' ').map(str::to_owned));
    job.extend(["--log_offset=1".to_owned(), "--write_lat_log=x".to_owned()]);
    let report = place.ours(&job);
    assert_eq!(moved_here(&report), [(1, 0, 4096), (0, 8192, 1024)]);
    // Files that only reads need are not made; those of writes are.
    let missing = place.path("missing").display().to_string();
    for (action, made) in [("read", false), ("write", true)] {
        let text = format!("fio version 3 iolog\n0 {missing} add\n0 {missing} {action} 0 512\n");
        std::fs::write(place.path("log"), text).unwrap();
        let report = place.ours(&words(
            &["--name=replay"],
            &[place.option("read_iolog", "log")],
        ));
        assert_eq!(report.jobs[0].error == 0, made, "{action}");
        assert_eq!(Path::new(&missing).exists(), made);
    }
}

#[test]
fn a_replay_can_be_kept_to_a_rate_and_redirected() {
    let place = Place::new();
    let lines: Vec<_> = (0..20).map(|_| (0, "write 0 4096")).collect();
    let mut job = log_with(&place, &lines);
    job.extend([
        "--rate_iops=100".to_owned(),
        place.option("replay_redirect", "other"),
    ]);
    let report = place.ours(&job);
    let runtime = runtime_of(&report);
    assert!((180..400).contains(&runtime), "{runtime} ms");
    assert_eq!(std::fs::metadata(place.path("other")).unwrap().len(), 4096);
    assert!(
        std::fs::read(place.path("data"))
            .unwrap()
            .iter()
            .all(|byte| *byte == 7)
    );
}

/// A record of `blkparse -d`: time, sector, bytes, category and action.
fn record(time: u64, sector: u64, bytes: u32, category: u32, action: u32) -> Vec<u8> {
    let words = [0x6561_7400_u32 | 7, 1];
    let mut record: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    record.extend([time, sector].into_iter().flat_map(u64::to_le_bytes));
    let words = [bytes, category << 16 | action, 77, 7 << 20, 0, 0];
    record.extend(words.into_iter().flat_map(u32::to_le_bytes));
    record
}

#[test]
fn traces_of_the_block_layer_are_replayed_as_by_fio() {
    let place = Place::new();
    let records = [
        record(1000, 0, 0, 1 << 10, 0),
        record(6000, 8, 4096, 1 | 1 << 4, 1),
        record(6500, 8, 4096, 1, 7),
        record(7000, 100, 512, 2 | 1 << 4, 1),
        record(8000, 64, 8192, 2 | 1 << 3 | 1 << 4, 1),
        record(9000, 0, 0, 2 | 1 << 2 | 1 << 4, 1),
        record(10_000, 16, 1024, 1 | 1 << 4, 1),
    ];
    std::fs::write(place.path("trace"), records.concat()).unwrap();
    let replay = |log: &str| {
        words(
            &["--name=replay", "--log_offset=1"],
            &[
                place.option("read_iolog", "trace"),
                place.option("replay_redirect", "data"),
                place.option("write_lat_log", log),
            ],
        )
    };
    let expected = [
        (0, 4096, 4096),
        (1, 51200, 512),
        (1, 32768, 8192),
        (0, 8192, 1024),
    ];
    assert_eq!(moved_here(&place.ours(&replay("ours"))), expected);
    if place.fio(&replay("theirs")).is_some() {
        assert_eq!(moved_by_fio(&place), expected);
    }
}
