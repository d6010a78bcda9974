//! Logs and verify states that releases of fio sent, against what its clients made of them.
//!
//! `tests/data/transfers` holds IOLOG, VTRIGGER and SENDFILE messages of many releases, the logs and
//! state files fio's own client wrote from them, and the layouts as debug information has them. The
//! folder may be named by `FIO_PROTO_TRANSFERS`, to run the same over a larger collection.

use std::path::PathBuf;

use fio_proto::describe::{Direction, describe_stream};
use fio_proto::fragment::Joiner;
use fio_proto::layout::{Histogram, IoLogHeader, Row, ThreadIoList, fields, size};
use fio_proto::message::{
    ClientMessage, DataDirection, IoLog, LogColumns, LogRow, LogType, LossCause, Message,
    ServerMessage, Transport, VerifyProgress, VerifyState,
};
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

/// Bytes a server left uninitialised: behind the NUL of the path in SENDFILE.
fn cleared(message: &Captured) -> Vec<u8> {
    let mut payload = message.payload.clone();
    if message.command == Command::SendFile && payload.len() == 256 {
        let end = payload.iter().position(|byte| *byte == 0).unwrap();
        payload[end..].fill(0);
    }
    payload
}

#[test]
fn decoding_then_encoding_states_and_files_is_the_identity() {
    let (mut states, mut files) = (0, 0);
    for message in captured("s2c.bin") {
        let opcode = message.command.opcode(message.revision.version()).unwrap();
        let decoded = ServerMessage::decode(message.revision, opcode, &message.payload).unwrap();
        let (mut again, mut dropped) = (Vec::new(), Vec::new());
        decoded
            .encode_payload(message.revision, &mut again, &mut dropped)
            .unwrap();
        if message.command != Command::IoLog {
            assert!(
                again == cleared(&message),
                "{} {}",
                message.revision,
                message.command
            );
        }
        assert_eq!(dropped, []);
        states += usize::from(message.command == Command::VerifyTrigger);
        files += usize::from(message.command == Command::SendFile);
    }
    assert!(states >= 29 && files >= 28, "{states} {files}");
    for message in captured("c2s.bin") {
        let opcode = message.command.opcode(message.revision.version()).unwrap();
        let decoded = ClientMessage::decode(message.revision, opcode, &message.payload).unwrap();
        let (mut again, mut dropped) = (Vec::new(), Vec::new());
        decoded
            .encode_payload(message.revision, &mut again, &mut dropped)
            .unwrap();
        assert!(
            again == message.payload && dropped.is_empty(),
            "{}",
            message.revision
        );
        if let ClientMessage::SendFileReply(reply) = decoded {
            let progress = VerifyProgress::decode_file(&reply.data).unwrap();
            assert_eq!(progress.name, "vt");
            assert!(progress.encode_file(message.revision, &mut dropped) == reply.data);
            files -= 1;
        }
    }
    assert_eq!(files, 0, "every file asked for was sent");
}

/// The state files that fio's clients stored after VTRIGGER: version and length in front of each.
fn stored_states() -> Vec<(ServerVersion, Vec<u8>)> {
    let bytes = std::fs::read(folder().join("states.bin")).unwrap();
    let (mut rest, mut all) = (&bytes[..], Vec::new());
    while let [a, b, c, d, file @ ..] = rest {
        let (file, behind) = file.split_at(u16::from_le_bytes([*c, *d]).into());
        all.push((
            ServerVersion::new(u16::from_le_bytes([*a, *b])),
            file.to_vec(),
        ));
        rest = behind;
    }
    all
}

#[test]
fn state_files_are_those_fio_stored() {
    let stored = stored_states();
    assert_eq!(stored.len(), 29);
    let answers: Vec<_> = captured("s2c.bin")
        .into_iter()
        .filter(|message| message.command == Command::VerifyTrigger)
        .map(|message| {
            let state = VerifyState::decode(message.revision, &message.payload).unwrap();
            (message.revision, state)
        })
        .collect();
    for (version, file) in stored {
        let mut dropped = Vec::new();
        // A client that asks again and again stores the last answer.
        let (revision, state) = answers
            .iter()
            .rfind(|(revision, _)| revision.version() == version)
            .unwrap();
        let [thread] = &state.threads[..] else {
            panic!("one thread verifies")
        };
        assert_eq!(thread.file_name("127.0.0.1"), "127.0.0.1-vt-0-verify.state");
        assert!(
            thread.encode_file(*revision, &mut dropped) == file,
            "{version}"
        );
        assert_eq!(VerifyProgress::decode_file(&file).as_ref(), Ok(thread));
        assert_eq!(dropped, []);
    }
}

/// A structure as the debug information of real builds has it.
struct Layout {
    structure: String,
    size: usize,
    revisions: Vec<Revision>,
    /// Field, offset, bytes.
    fields: Vec<(String, usize, usize)>,
}

fn layouts() -> Vec<Layout> {
    let text = std::fs::read_to_string(folder().join("layouts.txt")).unwrap();
    let mut all = Vec::<Layout>::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<_> = line.split_whitespace().collect();
        if let (true, [field, offset, size]) = (line.starts_with(' '), &words[..]) {
            let place = (
                (*field).to_string(),
                offset.parse().unwrap(),
                size.parse().unwrap(),
            );
            all.last_mut().unwrap().fields.push(place);
            continue;
        }
        let revisions = words[2..].iter().map(|release| {
            let (version, name) = release.split_once(':').unwrap();
            let version = ServerVersion::new(version.parse().unwrap());
            Revision::identify(version, name.as_bytes()).unwrap()
        });
        all.push(Layout {
            structure: words[0].to_string(),
            size: words[1].parse().unwrap(),
            revisions: revisions.collect(),
            fields: Vec::new(),
        });
    }
    all
}

#[test]
fn tables_have_the_offsets_of_real_builds() {
    let tables: [(&str, &[Row]); 2] = [
        ("cmd_iolog_pdu", IoLogHeader::ROWS),
        ("thread_io_list", ThreadIoList::ROWS),
    ];
    for (structure, rows) in tables {
        let mut checked = Vec::new();
        for layout in layouts()
            .iter()
            .filter(|layout| layout.structure == structure)
        {
            let mut known = layout.fields.clone();
            if let Some(start) = known.iter().position(|field| field.0.starts_with("rand.")) {
                // One field here: which of the two states it is, and both in one place.
                known.retain(|field| !field.0.starts_with("rand.state"));
                (known[start].0, known[start].2) = ("rand".to_string(), 56);
            }
            for revision in &layout.revisions {
                assert_eq!(size(rows, *revision), layout.size, "{structure} {revision}");
                let ours = fields(rows, *revision).filter(|(_, row)| !row.c_name.is_empty());
                let ours = ours
                    .map(|(offset, row)| (row.c_name.to_string(), offset, row.shape.size()))
                    .collect::<Vec<_>>();
                assert_eq!(ours, known, "{structure} {revision}");
                checked.push(*revision);
            }
        }
        checked.sort_unstable();
        assert!(
            checked.into_iter().eq(Revision::all().skip(1)),
            "{structure}"
        );
    }
}

#[test]
fn rows_have_the_offsets_of_real_builds() {
    let row = LogRow {
        time_ms: 0x1111_1111,
        direction: DataDirection(2),
        value: 0x2222_2222,
        maximum: Some(0x3333_3333),
        block_size: 0x4444_4444,
        priority: 0x2000,
        ..LogRow::default()
    };
    let columns = LogColumns {
        maximum: true,
        ..LogColumns::default()
    };
    let log = IoLog::from_rows("x", LogType::LATENCY, 1, columns, [row]);
    let histogram = Histogram::from_counts([7]);
    let histograms = IoLog::from_histograms("x", 1, 0, [(row, &histogram)]);
    for layout in layouts() {
        for revision in &layout.revisions {
            let header = IoLogHeader::size(*revision);
            let mut payload = Vec::new();
            log.encode(*revision, &mut payload, &mut Vec::new());
            let sample = &payload[header..];
            if layout.structure == "io_u_plat_entry" {
                let mut payload = Vec::new();
                histograms.encode(*revision, &mut payload, &mut Vec::new());
                let received = IoLog::decode(*revision, &payload).unwrap();
                let all = received.contents(LIMIT).size();
                assert_eq!(all, sample.len() + layout.size, "{revision}");
            }
            if layout.structure != "io_sample" {
                continue;
            }
            assert_eq!(sample.len(), layout.size, "{revision}");
            for (field, offset, length) in &layout.fields {
                let mut bytes = [0; 8];
                bytes[..*length].copy_from_slice(&sample[*offset..offset + length]);
                let marked_maximum = 2 | 1 << 29;
                let expected = match field.as_str() {
                    "time" => 0x1111_1111,
                    "data.val" | "data.val.val0" => 0x2222_2222,
                    "data.val.val1" => 0x3333_3333,
                    "__ddir" if revision.version().number() >= 103 => marked_maximum,
                    "__ddir" => 2,
                    "bs" => 0x4444_4444,
                    "priority" => 0x2000,
                    "priority_bit" => 1,
                    other => panic!("unknown field {other}"),
                };
                assert_eq!(u64::from_le_bytes(bytes), expected, "{field} {revision}");
            }
        }
    }
}

#[test]
fn logs_and_states_are_explained_field_by_field() {
    let mut lines = Vec::new();
    for (name, direction) in [
        ("s2c.bin", Direction::ServerToClient),
        ("c2s.bin", Direction::ClientToServer),
    ] {
        for known in [direction, Direction::Unknown] {
            let stream = std::fs::read(folder().join(name)).unwrap();
            for message in describe_stream(&stream, known) {
                let message = message.unwrap();
                let texts = message
                    .fields
                    .as_ref()
                    .unwrap()
                    .iter()
                    .map(ToString::to_string);
                lines.extend(texts.map(|text| format!("v{} {text}", message.version)));
            }
        }
    }
    for line in [
        "v121 0x0000 nr_samples u64 = 50",
        "v121 0x0160 samples[1] io_sample = {time: 20, value: 2333, direction: 0, block_size: 4096, \
         priority: 0, offset: 929787904, issue_time: 20015703}",
        "v97 0x0148 samples[1] io_sample = {time: 500, value: 3200, direction: 1, block_size: 0, \
         offset: 0}",
        "v65 0x0180 (note) pad[0] = \"sent plain, without its histograms\"",
        "v70 0x02a1 (note) pad[0] = \"the compressed log is cut off, rows missing: 1\"",
        "v65 0x0000 threads u64 = 1",
        "v65 0x00a0 state[0].comps [file_comp; 1] = [{fileno: 0, offset: 659456}]",
        "v121 0x0098 state[0].inflight [u64; 1] = [2^64-1]",
        "v97 0x0000 path char[256] = \"127.0.0.1-vt-0-verify.state\"",
        "v97 0x0018 data.crc u64 = 3110787936",
        "v97 0x00b8 data.state.comps [file_comp; 1] = [{fileno: 0, offset: 3764224}]",
    ] {
        let times = lines.iter().filter(|text| *text == line).count();
        assert!(times >= 2, "{line}");
    }
    let histogram =
        "v70 0x0120 samples[1].io_u_plat [u32; 1856] = [1856 values; 40:29, 41:1, 50:355";
    assert!(lines.iter().any(|text| text.starts_with(histogram)));
}
