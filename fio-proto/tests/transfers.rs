//! Logs and verify states that releases of fio sent, against what its clients made of them.
//!
//! `tests/data/transfers` holds IOLOG, VTRIGGER and SENDFILE messages of many releases, and the log
//! files fio's own client wrote from them. The folder may be named by `FIO_PROTO_TRANSFERS`, to run
//! the same over a larger collection.

use std::path::PathBuf;

use fio_proto::fragment::Joiner;
use fio_proto::layout::IoLogHeader;
use fio_proto::message::{IoLog, LossCause, Transport};
use fio_proto::opcode::Command;
use fio_proto::{Revision, ServerVersion};

const LIMIT: usize = 64 << 20;

struct Captured {
    revision: Revision,
    command: Command,
    payload: Vec<u8>,
}

fn folder() -> PathBuf {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/transfers");
    std::env::var_os("FIO_PROTO_TRANSFERS").map_or_else(|| data.into(), PathBuf::from)
}

/// The messages of a stream of frames. Each is cut as its sender cut it, so only payloads compare.
fn captured(name: &str) -> Vec<Captured> {
    let stream = std::fs::read(folder().join(name)).unwrap();
    let (mut rest, mut all) = (&stream[..], Vec::new());
    while !rest.is_empty() {
        // A joiner holds a stream to the version of its first frame.
        let version = ServerVersion::new(u16::from_le_bytes([rest[0], rest[1]]));
        let mut joiner = Joiner::new(Some(version), 1 << 24);
        let message = loop {
            let step = joiner.push(rest).unwrap();
            rest = &rest[step.consumed..];
            if let Some(raw) = step.message {
                break Captured {
                    revision: Revision::of(raw.version).unwrap(),
                    command: raw.opcode.command(raw.version).unwrap(),
                    payload: raw.payload.to_vec(),
                };
            }
        };
        all.push(message);
    }
    all
}

fn logs() -> Vec<(Revision, Vec<u8>, IoLog)> {
    let messages = captured("s2c.bin").into_iter();
    let logs = messages.filter(|message| message.command == Command::IoLog);
    logs.map(|message| {
        let log = IoLog::decode(message.revision, &message.payload).unwrap();
        (message.revision, message.payload, log)
    })
    .collect()
}

/// Name and text of every log file, in the order of the messages; `None` for logs that fio's client
/// wrote without understanding.
fn files() -> Vec<(String, Option<Vec<String>>)> {
    let text = std::fs::read_to_string(folder().join("logs.txt")).unwrap();
    let files = text.split("== ").skip(1).map(|file| {
        let mut lines = file.lines().map(String::from);
        let name = lines.next().unwrap();
        let lines: Vec<_> = lines.collect();
        let unknown = lines.first().is_some_and(|line| line == "?");
        (name, (!unknown).then_some(lines))
    });
    files.collect()
}

/// Bytes of a header that releases 3.0 to 3.2 left uninitialised: the flag of offsets, and the name
/// behind its NUL.
fn clear_uninitialised(revision: Revision, payload: &mut [u8]) {
    if revision.version().number() > 66 {
        return;
    }
    payload[20..24].fill(0);
    let end = 28 + payload[28..].iter().position(|byte| *byte == 0).unwrap();
    payload[end..IoLogHeader::size(revision)].fill(0);
}

#[test]
fn decoding_then_encoding_a_log_is_the_identity() {
    let logs = logs();
    assert!(logs.len() > 80);
    for (revision, mut payload, log) in logs {
        clear_uninitialised(revision, &mut payload);
        let (mut again, mut dropped) = (Vec::new(), Vec::new());
        log.encode(revision, &mut again, &mut dropped);
        assert!(again == payload, "{revision} {}", log.name);
        assert_eq!(dropped, []);
    }
}

/// What fio's client reads of a log: as many rows as fit into the announced number of short ones.
fn read_by_fio(log: &IoLog, announced: u64, base: u64) -> u64 {
    let columns = log.contents(LIMIT).columns();
    let size = base + 8 * u64::from(columns.offset) + 8 * u64::from(columns.issue_time);
    announced * base / size
}

const fn base_size(revision: Revision) -> u64 {
    match revision.version().number() {
        ..=73 => 24,
        74..=101 => 32,
        _ => 40,
    }
}

#[test]
fn rows_are_those_fio_wrote() {
    let (logs, files) = (logs(), files());
    assert_eq!(logs.len(), files.len());
    let (mut compared, mut more_than_fio) = (0, 0);
    for ((revision, _, log), (name, lines)) in logs.iter().zip(&files) {
        assert_eq!(log.name, name.as_str());
        let contents = log.contents(LIMIT);
        let Some(lines) = lines else { continue };
        if let Some(histograms) = contents.histograms() {
            let texts = histograms.map(|row| row.text(log.histogram_coarseness).to_string());
            assert!(texts.eq(lines.iter().cloned()), "{revision} {name}");
            assert_eq!(contents.rows().len() as u64, log.announced());
            compared += lines.len();
            continue;
        }
        if log.is_of_histograms() {
            // Sent plain: fio's client wrote what it found behind its pointers, if it lived.
            continue;
        }
        let columns = contents.columns();
        let texts = contents.rows().map(|row| {
            let text = row.text(columns).to_string();
            match revision.version().number() {
                // The last column, the priority, is not there yet.
                ..=80 => text.rsplit_once(", ").unwrap().0.to_string(),
                _ => text,
            }
        });
        let texts: Vec<_> = texts.collect();
        let read = read_by_fio(log, log.announced(), base_size(*revision));
        assert_eq!(lines.len() as u64, read, "{revision} {name}");
        assert!(texts[..lines.len()] == lines[..], "{revision} {name}");
        assert_eq!(texts.len() as u64, log.announced(), "{revision} {name}");
        compared += lines.len();
        more_than_fio += texts.len() - lines.len();
    }
    println!("{compared} rows compared, {more_than_fio} that fio's clients left out");
    assert!(compared > 500 && more_than_fio > 50);
}

#[test]
fn loss_is_told() {
    let mut lost = Vec::new();
    for (revision, _, log) in logs() {
        let contents = log.contents(LIMIT);
        if let Some(loss) = contents.loss() {
            lost.push((revision.version().number(), loss.cause, loss.rows));
        }
    }
    // The one capture in which the missing end of the stream held data.
    assert_eq!(lost, [(70, LossCause::CutOff, Some(1))]);
}

#[test]
fn logs_cross_to_every_layout_and_back() {
    let newest = logs().last().unwrap().0;
    for (revision, _, log) in logs() {
        let rows: Vec<_> = log.contents(LIMIT).rows().collect();
        let (mut payload, mut dropped) = (Vec::new(), Vec::new());
        log.encode(newest, &mut payload, &mut dropped);
        let lossy = log.contents(LIMIT).loss().is_some();
        assert_eq!(dropped.len(), usize::from(lossy), "{revision} {}", log.name);
        let crossed = IoLog::decode(newest, &payload).unwrap();
        assert_eq!(crossed.transport(), log.transport());
        let contents = crossed.contents(LIMIT);
        assert_eq!(contents.loss(), None);
        assert!(
            contents.rows().eq(rows.iter().copied()),
            "{revision} {}",
            log.name
        );
        if log.transport() != Transport::Stored {
            // Converted rows are announced so that fio's client reads all of them.
            let read = read_by_fio(&crossed, crossed.announced(), base_size(newest));
            let same_layout = base_size(revision) == 40;
            assert!(
                same_layout || read == rows.len() as u64,
                "{revision} {}",
                log.name
            );
        }
        let histograms = |log: &IoLog| {
            let contents = log.contents(LIMIT);
            let all = contents.histograms()?.map(|row| row.counts.total());
            Some(all.collect::<Vec<_>>())
        };
        assert_eq!(histograms(&crossed), histograms(&log));
    }
}

#[test]
fn logs_of_stock_servers_are_mended_for_stock_clients() {
    let mut mended = 0;
    for (revision, _, log) in logs() {
        let rows: Vec<_> = log.contents(LIMIT).rows().collect();
        let read = read_by_fio(&log, log.announced(), base_size(revision));
        let whole = log.clone().announcing_all_rows(LIMIT);
        let contents = whole.contents(LIMIT);
        assert!(
            contents.rows().eq(rows.iter().copied()),
            "{revision} {}",
            log.name
        );
        if log.transport() == Transport::Stored || log.contents(LIMIT).loss().is_some() {
            assert_eq!(whole, log);
            continue;
        }
        assert_eq!(contents.loss(), None, "{revision} {}", log.name);
        let read_now = read_by_fio(&whole, whole.announced(), base_size(revision));
        assert_eq!(read_now, rows.len() as u64, "{revision} {}", log.name);
        mended += usize::from(read_now > read);
        assert_eq!(whole == log, read_now == read);
    }
    assert!(mended > 10);
}
