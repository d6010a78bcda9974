//! Logs as text and compressed.

use std::io::Read;

use super::*;
use crate::direction::Direction;
use crate::stats::BUCKETS;

fn sample() -> LogSample {
    LogSample {
        time_ms: 12,
        value: 61562,
        maximum: 70000,
        direction: Direction::Write,
        block_size: 4096,
        offset: 253_952,
        priority: 0x2004,
        issue_time: 33319,
    }
}

fn text(log: &IoLog) -> String {
    let mut text = Vec::new();
    log.write_text(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn line(columns: LogColumns) -> String {
    let samples = vec![sample()];
    let mut log = IoLog::from_samples(LogKind::CompletionLatency, String::new(), samples);
    log.columns = columns;
    text(&log)
}

#[test]
fn columns_are_those_of_fio() {
    let plain = LogColumns::default();
    assert_eq!(line(plain), "12, 61562, 1, 4096, 1\n");
    let offset = LogColumns {
        offset: true,
        ..plain
    };
    assert_eq!(line(offset), "12, 61562, 1, 4096, 253952, 1\n");
    let all = LogColumns {
        maximum: true,
        offset: true,
        priority: true,
        issue_time: true,
    };
    assert_eq!(
        line(all),
        "12, 61562, 70000, 1, 4096, 253952, 0x2004, 33319\n"
    );
}

fn histogram() -> IoLog {
    let entry = HistogramSample {
        time_ms: 402,
        direction: Direction::Read,
        block_size: 4096,
        offset: 0,
        counts: vec![(0, 1), (63, 2), (64, 4), (1855, 8)],
    };
    IoLog::from_histograms("x_clat_hist.1.log".to_owned(), vec![entry])
}

#[test]
fn each_step_of_coarseness_halves_the_bins() {
    for coarseness in 0..=6 {
        let mut log = histogram();
        log.histogram_coarseness = coarseness;
        let text = text(&log);
        let fields: Vec<u64> = text
            .trim_end()
            .split(", ")
            .map(|field| field.parse().unwrap())
            .collect();
        assert_eq!(fields[..3], [402, 0, 4096]);
        let bins = &fields[3..];
        assert_eq!(bins.len(), BUCKETS >> coarseness);
        assert_eq!(bins.iter().sum::<u64>(), 15);
        assert_eq!(bins[bins.len() - 1], 8);
        assert_eq!(bins[64 >> coarseness], 4);
        assert_eq!(bins[0], if coarseness == 6 { 3 } else { 1 });
    }
}

fn inflated(log: &IoLog, layout: SampleLayout) -> Vec<u8> {
    let mut stored = Vec::new();
    log.write_stored(layout, &mut stored).unwrap();
    let mut bytes = Vec::new();
    let mut stream = flate2::read::ZlibDecoder::new(&*stored);
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn compressed_entries_have_the_layout_of_the_release() {
    let samples = vec![sample()];
    let mut log = IoLog::from_samples(LogKind::TotalLatency, String::new(), samples);
    log.columns.offset = true;
    log.columns.issue_time = true;
    let old = inflated(&log, SampleLayout::Before337);
    assert_eq!(old.len(), 40);
    assert_eq!(old[16..20], 0x8000_0001_u32.to_le_bytes());
    assert_eq!(old[32..40], 253_952_u64.to_le_bytes());
    let new = inflated(&log, SampleLayout::Newest);
    assert_eq!(new.len(), 56);
    assert_eq!(new[24..28], 0x9000_0001_u32.to_le_bytes());
    assert_eq!(new[48..56], 33319_u64.to_le_bytes());
}

#[test]
fn compressed_histograms_carry_their_counts() {
    let bytes = inflated(&histogram(), SampleLayout::Newest);
    assert_eq!(bytes.len(), 40 + 16 + 8 * BUCKETS);
    assert_eq!(bytes[bytes.len() - 8..], 8_u64.to_le_bytes());
}

#[test]
fn file_names_are_those_of_fio() {
    let name = |number, compressed| file_name("dir/x", LogKind::Histogram, number, compressed);
    assert_eq!(name(Some(2), false), "dir/x_clat_hist.2.log");
    assert_eq!(name(None, true), "dir/x_clat_hist.log.fz");
}

#[test]
fn clones_that_share_a_file_append_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let files = LogFiles::new(folder.path(), SampleLayout::Newest);
    let mut log = IoLog::from_samples(LogKind::Iops, "x_iops.log".to_owned(), vec![sample()]);
    let lines = || {
        let text = std::fs::read_to_string(folder.path().join("x_iops.log")).unwrap();
        text.lines().count()
    };
    files.write(&log).unwrap();
    files.write(&log).unwrap();
    assert_eq!(lines(), 1);
    log.per_job = false;
    files.write(&log).unwrap();
    files.write(&log).unwrap();
    assert_eq!(lines(), 3);
    log.file_name = "missing/x_iops.log".to_owned();
    let error = files.write(&log).unwrap_err();
    assert!(error.to_string().contains("missing/x_iops.log"), "{error}");
}
