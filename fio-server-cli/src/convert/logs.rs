//! What a job logged, as IOLOG.
//!
//! The engine and the protocol each write logs as text, because neither knows the other; a test here
//! holds the two to the same bytes, so that a log looks the same wherever its job ran.

use fio_engine::logs::{IoLog as JobLog, LogCompression, LogKind, LogSample};
use fio_engine::stats::BUCKETS;
use fio_proto::Revision;
use fio_proto::message::{DataDirection, LogColumns, LogRow, LogType, LogWriter, Transport};

/// The payload of IOLOG that carries a log to a client of this revision that has zlib or not. Columns the
/// revision lacks are left out.
///
/// Logs travel deflated where the client can inflate them. Those of jobs with `log_store_compressed`
/// travel as they go into the client's file; `log_compression` alone does not make them so, as fio's
/// client would put a compressed log into a file called `.log`.
///
/// Entries that are packed stay so: they are taken out and compressed a few at a time.
///
/// `None` where the client has no form for it: version 1 has no logs, and histograms only travel
/// deflated.
#[must_use]
pub fn payload(log: &JobLog, revision: Revision, zlib: bool) -> Option<Vec<u8>> {
    let is_of_histograms = log.kind == LogKind::Histogram;
    if revision == Revision::V1 || (is_of_histograms && !zlib) {
        return None;
    }
    let transport = match (log.compression, zlib) {
        (LogCompression::Stored, _) => Transport::Stored,
        (_, true) => Transport::Deflated,
        (_, false) => Transport::Plain,
    };
    let (name, kind) = (log.file_name.as_str(), log_type(log.kind));
    let mut writer = LogWriter::new(revision, name, kind, log.thread_number, columns(log))
        .travelling(transport)
        .per_job(log.per_job)
        .histogram_coarseness(log.histogram_coarseness.into());
    for sample in log.samples() {
        writer.row(&row(&sample, log));
    }
    for sample in log.histograms() {
        let row = LogRow {
            time_ms: sample.time_ms,
            direction: DataDirection(sample.direction as u32),
            block_size: sample.block_size,
            ..LogRow::default()
        };
        writer.histogram(&row, of_all_buckets(&sample.counts));
    }
    Some(writer.finish(&mut Vec::new()))
}

/// The counts of all buckets, from those that are not empty.
fn of_all_buckets(counts: &[(u16, u64)]) -> impl Iterator<Item = u64> {
    let mut counts = counts.iter().peekable();
    (0..BUCKETS).map(move |bucket| {
        let count = counts.next_if(|(of, _)| usize::from(*of) == bucket);
        count.map_or(0, |(_, count)| *count)
    })
}

/// Servers of every release give all three latency logs the number of total latency; only their names
/// tell them apart.
const fn log_type(kind: LogKind) -> LogType {
    match kind {
        LogKind::TotalLatency | LogKind::CompletionLatency | LogKind::SubmissionLatency => {
            LogType::LATENCY
        }
        LogKind::Bandwidth => LogType::BANDWIDTH,
        LogKind::Iops => LogType::IOPS,
        LogKind::Histogram => LogType::HISTOGRAM,
    }
}

const fn columns(log: &JobLog) -> LogColumns {
    let columns = log.columns;
    LogColumns {
        offset: columns.offset,
        priority: columns.priority,
        maximum: columns.maximum,
        issue_time: columns.issue_time,
    }
}

fn row(sample: &LogSample, log: &JobLog) -> LogRow {
    let columns = log.columns;
    LogRow {
        time_ms: sample.time_ms,
        direction: DataDirection(sample.direction as u32),
        value: sample.value,
        maximum: columns.maximum.then_some(sample.maximum),
        block_size: sample.block_size,
        priority: sample.priority,
        offset: columns.offset.then_some(sample.offset),
        issue_time: columns.issue_time.then_some(sample.issue_time),
    }
}

#[cfg(test)]
mod tests {
    use fio_engine::job::parse_words;
    use fio_engine::run::{Run, RunOptions};
    use fio_proto::ServerVersion;
    use fio_proto::message::IoLog;

    use super::*;

    /// The logs of a job with these options.
    fn logs(words: &[&str]) -> Vec<JobLog> {
        let always = ["--name=a", "--ioengine=null", "--rw=randrw", "--size=256k"];
        let words = [&always, words].concat();
        let jobs = parse_words(&words, &Default::default()).unwrap().jobs;
        let report = Run::start(jobs, RunOptions::default()).unwrap().wait();
        assert!(!report.logs.is_empty());
        report.logs
    }

    const LOGS: [&str; 3] = [
        "--write_lat_log=x",
        "--write_bw_log=x",
        "--write_iops_log=x",
    ];

    fn text(log: &JobLog) -> String {
        let mut text = Vec::new();
        log.write_text(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn text_of_message(message: &IoLog) -> String {
        let contents = message.contents(usize::MAX);
        assert_eq!(contents.loss(), None);
        if let Some(histograms) = contents.histograms() {
            let line = |row: fio_proto::message::HistogramRow<'_>| {
                format!("{}\n", row.text(message.histogram_coarseness))
            };
            return histograms.map(line).collect();
        }
        let columns = contents.columns();
        let lines = contents
            .rows()
            .map(|row| format!("{}\n", row.text(columns)));
        lines.collect()
    }

    /// The message as the newest release would receive it.
    fn sent(log: &JobLog, zlib: bool) -> IoLog {
        let revision = Revision::of(ServerVersion::NEWEST).unwrap();
        IoLog::decode(revision, &payload(log, revision, zlib).unwrap()).unwrap()
    }

    #[test]
    fn a_sent_log_reads_like_a_local_one() {
        for columns in [
            &[][..],
            &["--log_offset=1"],
            &["--log_prio=1", "--log_issue_time=1"],
            &["--log_offset=1", "--log_prio=1", "--log_issue_time=1"],
        ] {
            for log in logs(&[&LOGS, columns].concat()) {
                for zlib in [false, true] {
                    let received = sent(&log, zlib);
                    assert_eq!(text_of_message(&received), text(&log), "{columns:?}");
                    assert_eq!(received.name.to_string(), log.file_name);
                    let expected = if zlib {
                        Transport::Deflated
                    } else {
                        Transport::Plain
                    };
                    assert_eq!(received.transport(), expected);
                }
            }
        }
    }

    const INTERVALS: [&str; 7] = [
        "--time_based",
        "--runtime=250ms",
        "--log_avg_msec=100",
        "--log_window_value=both",
        "--write_hist_log=x",
        "--log_hist_msec=100",
        "--log_hist_coarseness=4",
    ];

    #[test]
    fn intervals_and_histograms_too() {
        let mut histograms = 0;
        for log in logs(&[&LOGS[..], &INTERVALS].concat()) {
            if log.kind == LogKind::Histogram {
                histograms += 1;
                assert!(log.len() >= 4);
                let newest = Revision::of(ServerVersion::NEWEST).unwrap();
                assert_eq!(payload(&log, newest, false), None);
            }
            assert_eq!(text_of_message(&sent(&log, true)), text(&log));
        }
        assert_eq!(histograms, 1);
    }

    #[test]
    fn only_what_is_stored_compressed_travels_so() {
        for (option, expected) in [
            ("--log_store_compressed=1", Transport::Stored),
            ("--log_compression=1k", Transport::Deflated),
            ("--per_job_logs=0", Transport::Deflated),
        ] {
            for log in logs(&[&LOGS[..], &[option]].concat()) {
                let message = sent(&log, true);
                assert_eq!(message.transport(), expected, "{option}");
                assert_eq!(text_of_message(&message), text(&log));
                assert_eq!(message.per_job, Some(option != "--per_job_logs=0"));
            }
        }
    }
}
