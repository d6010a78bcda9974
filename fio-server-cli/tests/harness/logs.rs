//! Logs that are compressed in memory (`log_compression`) or on disk (`log_store_compressed`), with single I/Os
//! and with intervals, with offsets and without.

use std::collections::BTreeSet;

use super::{Ran, both, rows};
use crate::comparison::fio;

const IOS: u64 = 2048;

fn job(options: &str) -> String {
    format!(
        "[job]\nioengine=null\nrw=randread\nbs=4k\nsize=8m\nwrite_lat_log=l\nwrite_iops_log=l\nwrite_bw_log=l\n{options}\n"
    )
}

/// The text of a log, compressed or not; compressed ones are inflated by both programs.
fn text(ran: &Ran, kind: &str, stored: bool) -> String {
    let name = format!("l_{kind}.1.log");
    if !stored {
        return ran.file(&name);
    }
    assert!(!ran.folder.files().contains(&name), "{}", ran.who);
    let flag = format!("--inflate-log={name}.fz");
    let inflated = match ran.who {
        "fio" => fio(&ran.folder, &[&flag]),
        _ => ran.folder.run(["fio", &flag]),
    };
    inflated.expect_code(0).stdout
}

/// A line for each I/O, each block once.
fn check_ios(ran: &Ran, text: &str, with_offset: bool) {
    let rows = rows(text);
    assert_eq!(rows.len() as u64, IOS, "{}", ran.who);
    let columns = if with_offset { 6 } else { 5 };
    assert!(
        rows.iter()
            .all(|row| row.len() == columns && row[2] == 0 && row[3] == 4096),
        "{}",
        ran.who
    );
    assert!(rows.is_sorted_by_key(|row| row[0]), "{}", ran.who);
    if with_offset {
        let offsets: BTreeSet<_> = rows.iter().map(|row| row[4]).collect();
        assert_eq!(
            offsets,
            (0..IOS).map(|block| block * 4096).collect(),
            "{}",
            ran.who
        );
    }
}

#[test]
fn every_io_is_in_a_compressed_log() {
    for (storing, stored) in [
        ("log_compression=8k", false),
        ("log_compression=8k\nlog_store_compressed=1", true),
    ] {
        for with_offset in [false, true] {
            let offset = format!("log_offset={}", u8::from(with_offset));
            for ran in both(
                &job(&format!("{storing}\n{offset}")),
                &["--eta=never", "job.fio"],
            ) {
                assert_eq!(
                    ran.finished.code,
                    Some(0),
                    "{}: {:?}",
                    ran.who,
                    ran.finished
                );
                for kind in ["lat", "clat", "iops", "bw"] {
                    check_ios(&ran, &text(&ran, kind, stored), with_offset);
                }
            }
        }
    }
}

#[test]
fn intervals_are_in_a_compressed_log() {
    for (storing, stored) in [
        ("log_compression=8k", false),
        ("log_compression=8k\nlog_store_compressed=1", true),
    ] {
        let options = format!(
            "{storing}\nlog_avg_msec=100\nlog_offset=1\ntime_based\nruntime=1\nrate_iops=1000"
        );
        for ran in both(&job(&options), &["--eta=never", "job.fio"]) {
            assert_eq!(
                ran.finished.code,
                Some(0),
                "{}: {:?}",
                ran.who,
                ran.finished
            );
            for kind in ["lat", "clat"] {
                let rows = rows(&text(&ran, kind, stored));
                let who = ran.who;
                assert!((5..=11).contains(&rows.len()), "{who}: {kind}: {rows:?}");
                for row in &rows {
                    assert_eq!(
                        (row.len(), &row[2..5]),
                        (6, &[0, 0, 0][..]),
                        "{who}: {kind}"
                    );
                }
                assert!(
                    rows.windows(2)
                        .all(|pair| pair[0][0] + 100 <= pair[1][0] + 20),
                    "{who}: {rows:?}"
                );
            }
        }
    }
}
