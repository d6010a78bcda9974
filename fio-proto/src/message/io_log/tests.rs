use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::version::revisions::*;

const LIMIT: usize = 1 << 20;

const ALL_COLUMNS: LogColumns = LogColumns {
    offset: true,
    priority: true,
    maximum: true,
    issue_time: true,
};

fn rows(count: u64) -> Vec<LogRow> {
    let row = |n| LogRow {
        time_ms: 10 * n,
        direction: DataDirection(u32::try_from(n % 3).unwrap()),
        value: 1000 + n,
        maximum: Some(2000 + n),
        block_size: 4096,
        priority: 0x2004,
        offset: Some(4096 * n),
        issue_time: Some(99 * n),
    };
    (0..count).map(row).collect()
}

fn log(columns: LogColumns, count: u64) -> IoLog {
    IoLog::from_rows("a_lat.1.log", LogType::LATENCY, 1, columns, rows(count))
}

fn crossed(log: &IoLog, revision: Revision) -> (IoLog, Vec<String>) {
    let (mut payload, mut dropped) = (vec![], vec![]);
    log.encode(revision, &mut payload, &mut dropped);
    let names = dropped.iter().map(|dropped| dropped.field.to_string());
    (IoLog::decode(revision, &payload).unwrap(), names.collect())
}

#[test]
fn old_versions_carry_fewer_columns() {
    let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let log = log(ALL_COLUMNS, 5);
    let cases: [(_, &[&str], _); 6] = [
        (V121, &[], "10, 1001, 2001, 1, 4096, 4096, 0x2004, 99"),
        (
            V103,
            &["issue_time"],
            "10, 1001, 2001, 1, 4096, 4096, 0x2004",
        ),
        (
            V94,
            &["maximum", "issue_time"],
            "10, 1001, 1, 4096, 4096, 0x2004",
        ),
        (
            V89,
            &["maximum", "priority", "issue_time"],
            "10, 1001, 1, 4096, 4096, 1",
        ),
        (
            V74,
            &["maximum", "priority", "issue_time"],
            "10, 1001, 1, 4096, 4096, 0",
        ),
        (
            V65,
            &["maximum", "priority", "issue_time"],
            "10, 1001, 1, 4096, 4096, 0",
        ),
    ];
    for (revision, lost, second) in cases {
        let (arrived, dropped) = crossed(&log, revision);
        assert_eq!(dropped, names(lost), "{revision}");
        let contents = arrived.contents(LIMIT);
        let texts = contents
            .rows()
            .map(|row| row.text(contents.columns()).to_string());
        assert_eq!(texts.collect::<Vec<_>>()[1], second, "{revision}");
        assert_eq!(contents.loss(), None);
    }
}

#[test]
fn large_blocks_and_counters_are_cut_for_old_versions() {
    let row = LogRow {
        block_size: 1 << 33,
        ..LogRow::default()
    };
    let log = IoLog::from_rows("a", LogType::BANDWIDTH, 1, LogColumns::default(), [row]);
    let (arrived, dropped) = crossed(&log, V73);
    assert_eq!(dropped, ["block_size"]);
    let size = arrived.contents(LIMIT).rows().next().unwrap().block_size;
    assert_eq!(size, u64::from(u32::MAX));

    let histogram = Histogram::from_counts([1, u64::from(u32::MAX) + 1]);
    let log = IoLog::from_histograms("h", 2, 3, [(LogRow::default(), &histogram)]);
    let (arrived, dropped) = crossed(&log, V70);
    assert_eq!(dropped, ["histogram"]);
    let contents = arrived.contents(LIMIT);
    let first = contents.histograms().unwrap().next().unwrap();
    assert_eq!(first.counts.get(1), Some(u32::MAX.into()));
    assert_eq!(crossed(&log, V72).1, Vec::<String>::new());
}

#[test]
fn a_shared_log_stays_shared_where_that_can_be_said() {
    let shared = IoLog {
        per_job: Some(false),
        ..log(LogColumns::default(), 1)
    };
    assert_eq!(crossed(&shared, V121).0.per_job, Some(false));
    let (arrived, dropped) = crossed(&shared, V101);
    assert_eq!(
        (arrived.per_job, dropped),
        (None, vec!["per_job".to_string()])
    );
    assert_eq!(crossed(&arrived, V121).0.per_job, Some(true));
}

#[test]
fn announcements_make_fio_read_every_row() {
    for count in 0..40 {
        for columns in [
            LogColumns::default(),
            LogColumns {
                offset: true,
                ..ALL_COLUMNS
            },
        ] {
            let log = log(columns, count);
            let size = if columns.offset { 56 } else { 40 };
            assert_eq!(log.announced() * 40 / size, count);
            // Never more bytes than were sent.
            assert_eq!(
                log.announced() * 40,
                u64::try_from(log.raw().len()).unwrap()
            );
            let deflated = log.clone().travelling(Transport::Deflated, LIMIT);
            assert_eq!(deflated.announced(), log.announced());
            assert_eq!(deflated.contents(LIMIT).loss(), None);
            assert_eq!(deflated.travelling(Transport::Plain, LIMIT), log);
            let stored = log.clone().travelling(Transport::Stored, LIMIT);
            assert_eq!(
                (stored.announced(), stored.contents(LIMIT).loss()),
                (0, None)
            );
            assert_eq!(stored.contents(LIMIT).size() as u64, count * size);
        }
    }
}

#[test]
fn histograms_are_never_sent_plain() {
    let histogram = Histogram::from_counts([0, 3, 4]);
    let row = LogRow {
        time_ms: 500,
        block_size: 4096,
        ..LogRow::default()
    };
    let log = IoLog::from_histograms("h", 1, 6, [(row, &histogram), (row, &histogram)]);
    assert_eq!(log.announced(), 2);
    let log = log.travelling(Transport::Plain, LIMIT);
    assert_eq!(log.transport(), Transport::Deflated);
    let contents = log.contents(LIMIT);
    let text = contents
        .histograms()
        .unwrap()
        .next()
        .unwrap()
        .text(6)
        .to_string();
    assert_eq!(text, ["500, 0, 4096, 7", &", 0".repeat(28)].concat());
    assert_eq!(contents.histograms().unwrap().len(), 2);
}

/// What a log is encoded to, and what that costs.
fn encoded(log: &IoLog, revision: Revision) -> (Vec<u8>, Vec<Dropped>) {
    let (mut payload, mut dropped) = (vec![], vec![]);
    log.encode(revision, &mut payload, &mut dropped);
    (payload, dropped)
}

fn written(mut writer: LogWriter, rows: &[LogRow]) -> (Vec<u8>, Vec<Dropped>) {
    let mut dropped = vec![];
    rows.iter().for_each(|row| writer.row(row));
    (writer.finish(&mut dropped), dropped)
}

const TRANSPORTS: [Transport; 3] = [Transport::Plain, Transport::Deflated, Transport::Stored];

#[test]
fn what_is_written_row_by_row_is_what_a_whole_log_is_encoded_to() {
    let columns = (0..16_u8).map(|bits| LogColumns {
        offset: bits & 1 != 0,
        priority: bits & 2 != 0,
        maximum: bits & 4 != 0,
        issue_time: bits & 8 != 0,
    });
    let cases = columns.flat_map(|columns| [0, 1, 7].map(|count| (columns, count)));
    for (columns, count) in cases {
        let rows = rows(count);
        // Compressing takes long.
        let all = columns == ALL_COLUMNS && count == 7;
        let transports = &TRANSPORTS[..if all { 3 } else { 1 }];
        for (revision, transport) in Revision::all()
            .flat_map(|revision| transports.iter().map(move |form| (revision, *form)))
        {
            let whole = log(columns, count).travelling(transport, usize::MAX);
            let whole = IoLog {
                per_job: Some(false),
                ..whole
            };
            let writer = LogWriter::new(revision, "a_lat.1.log", LogType::LATENCY, 1, columns)
                .per_job(false)
                .travelling(transport);
            let case = (revision, transport, columns, count);
            assert_eq!(
                written(writer, &rows),
                encoded(&whole, revision),
                "{case:?}"
            );
        }
    }
}

#[test]
fn histograms_are_written_as_they_are_encoded() {
    let histogram = Histogram::from_counts([0, 3, u64::MAX]);
    let rows = rows(3);
    let whole = rows.iter().map(|row| (*row, &histogram));
    let whole = IoLog::from_histograms("h", 2, 5, whole);
    for revision in Revision::all() {
        let writer = LogWriter::new(revision, "h", LogType::HISTOGRAM, 2, ALL_COLUMNS);
        let mut writer = writer.travelling(Transport::Plain).histogram_coarseness(5);
        for row in &rows {
            writer.histogram(row, [0, 3, u64::MAX]);
        }
        let mut dropped = vec![];
        let payload = writer.finish(&mut dropped);
        assert_eq!((payload, dropped), encoded(&whole, revision), "{revision}");
    }
}

/// Pieces of a stream are compressed as the stream in one piece.
#[test]
fn long_logs_too() {
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 33
    };
    let rows: Vec<_> = (0..5000)
        .map(|number| LogRow {
            time_ms: number / 100,
            value: 50_000 + random() % 5000,
            block_size: 4096,
            offset: Some(random() << 12),
            ..LogRow::default()
        })
        .collect();
    let columns = LogColumns {
        offset: true,
        ..LogColumns::default()
    };
    let whole = IoLog::from_rows("x", LogType::LATENCY, 1, columns, rows.iter().copied());
    for revision in [V65_FIO_2_99, V94, V121] {
        for transport in TRANSPORTS {
            let writer = LogWriter::new(revision, "x", LogType::LATENCY, 1, columns);
            let payload = written(writer.travelling(transport), &rows).0;
            let whole = whole.clone().travelling(transport, usize::MAX);
            assert!(
                payload == encoded(&whole, revision).0,
                "{revision} {transport:?}"
            );
        }
    }
}

#[test]
fn missing_rows_are_counted() {
    let loss = |log: &IoLog, limit| {
        log.contents(limit)
            .loss()
            .map(|loss| (loss.cause, loss.rows))
    };
    let whole = log(LogColumns::default(), 100);
    let mut short = whole.clone();
    short.samples.bytes.truncate(40 * 90 + 1);
    assert_eq!(loss(&short, LIMIT), Some((LossCause::Missing, Some(10))));

    let deflated = whole.clone().travelling(Transport::Deflated, LIMIT);
    assert_eq!(
        loss(&deflated, 40 * 60),
        Some((LossCause::TooLong, Some(40)))
    );
    let mut cut = deflated.clone();
    cut.samples.bytes.truncate(deflated.raw().len() - 4);
    assert_eq!(loss(&cut, LIMIT), None, "only the checksum is missing");
    cut.samples.bytes.truncate(deflated.raw().len() / 2);
    assert!(matches!(
        loss(&cut, LIMIT),
        Some((LossCause::CutOff, Some(1..=99)))
    ));
    let mut broken = deflated;
    broken.samples.bytes[0] = 0;
    assert_eq!(loss(&broken, LIMIT), Some((LossCause::Corrupt, Some(100))));

    let mut stored = whole.travelling(Transport::Stored, LIMIT);
    stored.samples.bytes.pop();
    assert_eq!(loss(&stored, LIMIT), Some((LossCause::CutOff, None)));
    let told = stored.contents(LIMIT).loss().unwrap().to_string();
    assert_eq!(told, "the compressed log is cut off, rows are missing");
}

#[test]
fn only_logs_of_peers_are_bounded_when_converted() {
    let own = log(ALL_COLUMNS, 3);
    let packed = own.clone().travelling(Transport::Deflated, LIMIT);
    assert_eq!(
        [own, packed.clone()].map(|log| log.conversion_limit()),
        [usize::MAX; 2]
    );
    let peers = crossed(&packed, V97).0;
    assert_eq!(peers.conversion_limit(), Limits::default().max_inflated);
    let peers = peers
        .travelling(Transport::Plain, LIMIT)
        .announcing_all_rows(LIMIT);
    assert_eq!(peers.conversion_limit(), Limits::default().max_inflated);
}

#[test]
fn an_unknown_form_is_refused() {
    let (mut payload, mut dropped) = (vec![], vec![]);
    log(ALL_COLUMNS, 2).encode(V97, &mut payload, &mut dropped);
    payload[16] = 3;
    let refused = IoLog::decode(V97, &payload).unwrap_err().to_string();
    assert_eq!(
        refused,
        "cmd_iolog_pdu.compressed at offset 16 is 3, at most 2 allowed"
    );
    for length in 0..288 {
        assert!(IoLog::decode(V97, &payload[..length]).is_err(), "{length}");
    }
}

proptest! {
    /// Nothing a peer may send makes reading it fail, or yields more than it holds.
    #[test]
    fn any_bytes_are_readable(
        revision in prop::sample::select(vec![V65, V70, V72, V74, V82, V97, V103, V107, V121]),
        compressed in 0_u8..3, log_type in 0_u8..8, announced in any::<u64>(), deflate in any::<bool>(),
        body in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut payload = vec![0; IoLogHeader::size(revision)];
        payload[..8].copy_from_slice(&announced.to_le_bytes());
        (payload[12], payload[16]) = (log_type, compressed);
        let body = if deflate { miniz_oxide::deflate::compress_to_vec_zlib(&body, 1) } else { body };
        payload.extend_from_slice(&body);
        let log = IoLog::decode(revision, &payload).unwrap();
        let contents = log.contents(300);
        prop_assert!(contents.rows().len() * 24 <= contents.size());
        prop_assert_eq!(contents.rows().count(), contents.rows().len());
        let histograms = contents.histograms().map(|all| all.map(|row| row.counts.len()).sum::<usize>());
        prop_assert!(histograms.unwrap_or(0).is_multiple_of(1856));
        for other in [V65, V82, V121] {
            let (arrived, _) = crossed(&log, other);
            let (before, after) = (log.contents(LIMIT).rows().len(), arrived.contents(LIMIT).rows().len());
            prop_assert!(after <= before, "{before} rows became {after} in {other}, body {}", log.raw().len());
        }
        let mended = log.clone().announcing_all_rows(LIMIT);
        prop_assert_eq!(mended.contents(LIMIT).rows().len(), log.contents(LIMIT).rows().len());
    }
}
