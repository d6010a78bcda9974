//! TS and its parts of varying length, as a hostile server might send them.

use fio_proto::error::DecodeError;
use fio_proto::layout::{
    Counters, GroupRunStats, Histogram, IoStat, PriorityStat, SteadyState, ThreadStat, fields,
};
use fio_proto::message::ThreadReport;
use fio_proto::{Revision, ServerVersion};

fn revision(number: u16) -> Revision {
    Revision::of(ServerVersion::new(number)).unwrap()
}

/// Where a field of `thread_stat` is in the message.
fn place(revision: Revision, name: &str) -> usize {
    let mut rows = fields(ThreadStat::ROWS, revision);
    rows.find(|(_, row)| row.c_name == name).unwrap().0
}

/// A report with two priorities of reads, one of trims, and three measurements.
fn report() -> ThreadReport {
    let mut report = ThreadReport::new(ThreadStat::default(), GroupRunStats::default());
    let priority = |number| {
        let mut stat = PriorityStat::default();
        stat.priority = number;
        stat.histogram = Histogram::from_counts([number.into(), 2, 3]);
        stat.latency = IoStat {
            samples: 5,
            mean: 1.5,
            ..IoStat::default()
        };
        stat
    };
    report.priorities = [vec![priority(1), priority(2)], vec![], vec![priority(3)]];
    report.steady_state = Some(SteadyState::new(
        vec![1, 2, 3],
        vec![4, 5, 6],
        vec![7, 8, 9],
    ));
    report.thread.steady_state_flags = SteadyState::DATA | SteadyState::IOPS;
    report.thread.steady_state_length = 3;
    report
}

fn payload(number: u16) -> Vec<u8> {
    let (mut payload, mut dropped) = (Vec::new(), Vec::new());
    report().encode(revision(number), &mut payload, &mut dropped);
    payload
}

#[test]
fn tails_survive() {
    let bytes = payload(121);
    let fixed = ThreadReport::fixed_size(revision(121));
    assert_eq!(bytes.len(), fixed + 3 * 14912 + 3 * 24);
    assert_eq!(
        ThreadReport::decode(revision(121), &bytes).unwrap(),
        report()
    );
    let older = payload(95);
    assert_eq!(older.len(), ThreadReport::fixed_size(revision(95)) + 2 * 24);
    let got = ThreadReport::decode(revision(95), &older).unwrap();
    let rings = got.steady_state.unwrap();
    assert_eq!(
        (rings.iops, rings.bandwidth),
        (vec![1, 2, 3], vec![4, 5, 6])
    );
    assert_eq!((rings.latency.len(), got.priorities[0].len()), (0, 0));
}

/// Decodes the message of the newest version with a number written over it.
fn spoilt(name: &str, index: usize, value: u64, size: usize) -> Result<ThreadReport, DecodeError> {
    let (revision, mut bytes) = (revision(121), payload(121));
    let offset = place(revision, name) + index * size;
    bytes[offset..offset + size].copy_from_slice(&value.to_le_bytes()[..size]);
    ThreadReport::decode(revision, &bytes)
}

#[test]
fn counts_beyond_the_message_are_refused() {
    for count in [4, 1 << 20, u64::from(u32::MAX)] {
        let error = spoilt("nr_clat_prio", 0, count, 4).unwrap_err();
        assert!(
            matches!(error, DecodeError::OutOfRange { field: "nr_clat_prio", value, limit: 3, .. } if value == count),
            "{error}"
        );
    }
    for count in [10, 1 << 40, u64::MAX] {
        let error = spoilt("ss_dur", 0, count, 8).unwrap_err();
        assert!(
            matches!(error, DecodeError::OutOfRange { field: "ss_dur", value, .. } if value == count),
            "{error}"
        );
    }
}

#[test]
fn parts_must_lie_inside_and_apart() {
    for (name, index) in [
        ("clat_prio_offset", 2),
        ("ss_bw_data_offset", 0),
        ("ss_lat_data_offset", 0),
    ] {
        for inside in [0, 100, ThreadReport::fixed_size(revision(121)) as u64 + 1] {
            let error = spoilt(name, index, inside, 8).unwrap_err();
            assert!(
                matches!(error, DecodeError::Overlap { value, .. } if value == inside),
                "{name}: {error}"
            );
        }
        for beyond in [10 << 20, u64::MAX] {
            let error = spoilt(name, index, beyond, 8).unwrap_err();
            assert!(
                matches!(error, DecodeError::OutOfRange { value, .. } if value == beyond),
                "{name}: {error}"
            );
        }
    }
    let error = spoilt("ss_iops_data_offset", 0, 5, 8).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("cmd_ts_pdu.ss_iops_data_offset at offset 183824 is 5, inside"),
        "{text}"
    );
}

#[test]
fn nothing_may_follow_and_nothing_may_miss() {
    for number in [65, 95, 96, 121] {
        let (revision, bytes) = (revision(number), payload(number));
        let longer = [&bytes[..], &[0]].concat();
        let error = ThreadReport::decode(revision, &longer).unwrap_err();
        assert!(
            matches!(error, DecodeError::TrailingBytes { got: 1, .. }),
            "{error}"
        );
        for length in [
            0,
            1000,
            ThreadReport::fixed_size(revision) - 1,
            bytes.len() - 1,
        ] {
            assert!(ThreadReport::decode(revision, &bytes[..length]).is_err());
        }
    }
}

#[test]
fn recent_statistics_can_be_read_in_place() {
    let mut thread = ThreadStat::default();
    thread.completion_histogram[2] = Histogram::from_counts([0, 7, 9]);
    thread.sync_histogram = Histogram::from_counts([1]);
    thread.block_infos = vec![4, 5];
    thread.steady_state_criterion = 2.5;
    for number in [70, 82, 121] {
        let (revision, mut bytes) = (revision(number), Vec::new());
        thread.encode(revision, &mut bytes, &mut Vec::new());
        let view = ThreadStat::view(revision, &bytes).unwrap();
        let counters = view.completion_histogram().unwrap().get(2).unwrap();
        assert_eq!(matches!(counters, Counters::U64(_)), number > 70);
        assert_eq!((counters.get(1), counters.total()), (Some(7), 16));
        assert_eq!(view.sync_histogram().unwrap().total(), 1);
        assert_eq!(view.total_histogram().is_some(), number > 70);
        assert_eq!(view.steady_state_criterion(), Some(2.5));
        assert_eq!(view.job_start_ms().is_some(), number == 121);
    }
}
