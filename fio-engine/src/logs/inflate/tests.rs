use proptest::prelude::*;

use super::super::io_log::IoLog;
use super::super::model::{LogCompression, LogKind};
use super::*;

fn samples(count: u64, averaged: bool) -> Vec<LogSample> {
    (0..count)
        .map(|number| LogSample {
            time_ms: number / 3,
            value: if averaged { 8000 + number } else { 1 },
            maximum: 0,
            direction: Direction::ALL[number as usize % 3],
            block_size: if averaged { 0 } else { 4096 },
            offset: if averaged { 0 } else { number * 4096 },
            priority: 0,
            issue_time: 0,
        })
        .collect()
}

fn log(samples: Vec<LogSample>, columns: LogColumns) -> IoLog {
    let mut log = IoLog::from_samples(LogKind::Iops, String::new(), samples);
    log.columns = columns;
    log.compression = LogCompression::Stored;
    log
}

fn stored(log: &IoLog, layout: SampleLayout) -> Vec<u8> {
    let mut stored = Vec::new();
    log.write_stored(layout, &mut stored).unwrap();
    stored
}

fn text(log: &IoLog) -> String {
    let mut text = Vec::new();
    log.write_text(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn inflated(stored: &[u8], layout: Option<SampleLayout>) -> (Result<u64, InflateError>, String) {
    let mut text = Vec::new();
    let result = inflate_log(stored, layout, &mut text);
    (result, String::from_utf8(text).unwrap())
}

const LAYOUTS: [SampleLayout; 2] = [SampleLayout::Before337, SampleLayout::Newest];

#[test]
fn layouts_are_told_apart() {
    let plain = LogColumns::default();
    let columns = [
        plain,
        LogColumns {
            offset: true,
            ..plain
        },
        LogColumns {
            offset: true,
            priority: true,
            ..plain
        },
        LogColumns {
            priority: true,
            ..plain
        },
    ];
    for (count, averaged, columns) in [1, 2, 5, 100, 9_000]
        .into_iter()
        .flat_map(|count| [false, true].map(|averaged| (count, averaged)))
        .flat_map(|(count, averaged)| columns.map(|columns| (count, averaged, columns)))
    {
        let log = log(samples(count, averaged), columns);
        for layout in LAYOUTS {
            let (result, inflated) = inflated(&stored(&log, layout), None);
            let case = format!("{count} {averaged} {columns:?} {layout:?}");
            assert_eq!(result.unwrap(), count, "{case}");
            assert!(inflated == text(&log), "{case}");
        }
    }
}

#[test]
fn columns_of_the_newest_release_come_back() {
    let columns = LogColumns {
        maximum: true,
        offset: true,
        priority: true,
        issue_time: true,
    };
    let mut samples = samples(1000, false);
    for sample in &mut samples {
        sample.maximum = sample.value + 5;
        sample.issue_time = 77;
        sample.priority = 0x2003;
    }
    let log = log(samples, columns);
    let (result, inflated) = inflated(&stored(&log, SampleLayout::Newest), None);
    assert_eq!(result.unwrap(), 1000);
    assert_eq!(inflated, text(&log));
}

#[test]
fn histograms_come_back_with_all_their_bins() {
    let histograms = (0..20_u16).map(|number| HistogramSample {
        time_ms: 100 * u64::from(number),
        direction: Direction::Write,
        block_size: 4096,
        offset: 0,
        counts: vec![(number, 1), (700, 1 << 20)],
    });
    let log = IoLog::from_histograms(String::new(), histograms.collect());
    for layout in LAYOUTS {
        let (result, inflated) = inflated(&stored(&log, layout), None);
        assert_eq!(result.unwrap(), 20);
        assert_eq!(inflated, text(&log));
    }
}

#[test]
fn streams_follow_each_other() {
    let log = log(samples(10, false), LogColumns::default());
    let twice = stored(&log, SampleLayout::Before337).repeat(2);
    let (result, inflated) = inflated(&twice, Some(SampleLayout::Before337));
    assert_eq!(result.unwrap(), 20);
    assert_eq!(inflated, text(&log).repeat(2));
    let (result, inflated) = self::inflated(&[], None);
    assert_eq!((result.unwrap(), &*inflated), (0, ""));
}

#[test]
fn what_is_there_of_a_cut_off_log_is_written() {
    let log = log(samples(10_000, false), LogColumns::default());
    let stored = stored(&log, SampleLayout::Newest);
    let (result, inflated) = inflated(&stored[..stored.len() / 2], None);
    let Err(InflateError::CutOff { entries }) = result else {
        panic!("{result:?}");
    };
    assert!(entries > 1000);
    assert_eq!(inflated.lines().count() as u64, entries);
    assert!(text(&log).starts_with(&inflated));
}

#[test]
fn what_is_no_log_is_refused() {
    let (result, _) = inflated(b"hello, this is no log", None);
    assert!(
        matches!(result, Err(InflateError::Corrupt { entries: 0 })),
        "{result:?}"
    );
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&[0xff; 4000]).unwrap();
    let (result, text) = inflated(&encoder.finish().unwrap(), None);
    assert!(
        matches!(result, Err(InflateError::NoLog { entries: 0 })),
        "{result:?}"
    );
    assert_eq!(text, "");
}

proptest! {
    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..20_000), pack: bool) {
        let mut stored = bytes.clone();
        if pack {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&bytes).unwrap();
            stored = encoder.finish().unwrap();
        }
        let (_, text) = inflated(&stored, None);
        prop_assert!(text.len() <= 20 * bytes.len());
    }
}
