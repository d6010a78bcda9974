//! Logs of every format, from files to I/Os.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::*;
use crate::direction::Direction;
use crate::job::{ReplayOptions, SkippedActions, TraceMerge};
use crate::workload::{Request, RequestKind};

const READ: RequestKind = RequestKind::Data(Direction::Read);
const WRITE: RequestKind = RequestKind::Data(Direction::Write);
const TRIM: RequestKind = RequestKind::Data(Direction::Trim);

fn plan_of(options: &ReplayOptions, clone: u32) -> Result<ReplayPlan, ReplayError> {
    ReplayPlan::new(options, clone, &AtomicBool::new(false))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn log(&self, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join("log");
        std::fs::write(&path, contents).unwrap();
        path
    }
}

fn options(path: &Path) -> ReplayOptions {
    ReplayOptions {
        read_logs: vec![path.to_owned()],
        ..ReplayOptions::default()
    }
}

/// Kind, file, offset and length, with the nanosecond each is due.
type Row = (RequestKind, u32, u64, u64, u64);

/// What a log gives, from memory and a piece at a time.
fn rows(options: &ReplayOptions) -> Vec<Row> {
    let all = |chunked: bool| {
        let options = ReplayOptions {
            chunked,
            ..options.clone()
        };
        let plan = plan_of(&options, 0).unwrap();
        let mut source = plan.source().unwrap();
        let mut rows = Vec::new();
        while let Some(Request {
            kind,
            file,
            offset,
            length,
        }) = source.next()
        {
            rows.push((kind, file, offset, length, source.due()));
        }
        assert!(source.take_failure().is_none());
        rows
    };
    let kept = all(false);
    assert_eq!(kept, all(true));
    kept
}

const LOG: &str = "fio version 3 iolog\n\
    0 /a add\n0 /b add\n1 /a open\n2 /b open\n\
    10 /a read 0 4096\n20 /b write 12345 1000\n30 /a trim 8192 4096\n\
    40 /b sync 12345 0\n50 /b datasync 0 0\n60 /a close\n";

#[test]
fn version_three_has_times() {
    let folder = Folder::new();
    let options = options(&folder.log(LOG));
    let expected = [
        (READ, 0, 0, 4096, 10_000),
        (WRITE, 1, 12345, 1000, 20_000),
        (TRIM, 0, 8192, 4096, 30_000),
        (RequestKind::Fsync, 1, 0, 0, 40_000),
        (RequestKind::Fdatasync, 1, 0, 0, 50_000),
    ];
    assert_eq!(rows(&options), expected);
    let plan = plan_of(&options, 0).unwrap();
    assert_eq!(plan.files(), [Path::new("/a"), Path::new("/b")]);
    assert_eq!((plan.largest(), plan.remark()), (4096, None));
    assert_eq!(plan.source().unwrap().total_bytes(), 9192);
    assert!(Direction::ALL.map(|direction| plan.has(direction)) == [true; 3]);
}

/// As fio 3.33 takes `wait`: milliseconds after the beginning, nothing below 100.
#[test]
fn version_two_waits() {
    let folder = Folder::new();
    let log = "fio version 2 iolog\n/a add\n/a open\n/a read 0 512\n/a wait 99 0\n/a read 512 512\n\
        /a wait 500 0\n/a write 0 512\n/a wait 700 0\n/a read 0 512\n/a close\n";
    let mut options = options(&folder.log(log));
    let due = |options: &ReplayOptions| {
        rows(options)
            .iter()
            .map(|row| row.4 / 1_000_000)
            .collect::<Vec<_>>()
    };
    assert_eq!(due(&options), [0, 0, 500, 700]);
    options.time_scale = 200;
    assert_eq!(due(&options), [0, 0, 500, 700]);
}

#[test]
fn options_change_what_is_replayed() {
    let folder = Folder::new();
    let path = folder.log(LOG);
    let of = |change: fn(&mut ReplayOptions)| {
        let mut options = options(&path);
        change(&mut options);
        rows(&options)
    };
    let offsets = |rows: &[Row]| rows.iter().map(|row| row.2).collect::<Vec<_>>();
    assert_eq!(
        offsets(&of(|options| options.scale = 2)),
        [0, 6172, 4096, 0, 0]
    );
    assert_eq!(
        offsets(&of(|options| options.align = 4096)),
        [0, 12288, 8192, 0, 0]
    );
    let both = of(|options| (options.scale, options.align) = (2, 512));
    assert_eq!(offsets(&both), [0, 6144, 4096, 0, 0]);
    let slow = of(|options| options.time_scale = 50);
    assert_eq!(
        slow.iter().map(|row| row.4).collect::<Vec<_>>(),
        [20_000, 40_000, 60_000, 80_000, 100_000]
    );
    let one = of(|options| options.redirect = Some("/c".into()));
    assert!(one.iter().all(|row| row.1 == 0));
    let reads = of(|options| {
        options.skip = SkippedActions {
            read: false,
            write: true,
            trim: true,
            sync: true,
        };
    });
    assert_eq!(reads, [(READ, 0, 0, 4096, 10_000)]);
}

#[test]
fn lines_without_meaning_are_told() {
    let folder = Folder::new();
    let plan = |log: &str| plan_of(&options(&folder.log(log)), 0).unwrap();
    let log = "fio version 3 iolog\n\n0 /a add\nwhat\n1 /a read 0 512\n2 /a wait 5 0";
    let plan = plan(log);
    let remark = plan.remark().unwrap();
    assert!(
        remark.contains("2 lines") && remark.contains("line 4: `what`"),
        "{remark}"
    );
}

#[test]
fn what_is_no_log_is_refused() {
    let folder = Folder::new();
    let fault = |contents: &[u8]| {
        let error = plan_of(&options(&folder.log(contents)), 0).unwrap_err();
        error.to_string()
    };
    assert!(fault(b"").contains("it is empty"));
    assert!(fault(b"hello\n").contains("neither an I/O log"));
    assert!(fault(b"fio version 4 iolog\n").contains("neither an I/O log"));
    assert!(fault(b"0, 0, 4096\n").contains("version 1"));
    let large = format!("fio version 3 iolog\n0 /a read 0 {}\n", 1_u64 << 31);
    assert!(fault(large.as_bytes()).contains("line 2"));
    let missing = plan_of(&options(Path::new("/no/such/log")), 0).unwrap_err();
    assert_eq!(missing.error_number(), libc::ENOENT);
}

#[test]
fn looking_through_a_log_can_be_cancelled() {
    let folder = Folder::new();
    let options = options(&folder.log(LOG));
    let error = ReplayPlan::new(&options, 0, &AtomicBool::new(true)).unwrap_err();
    assert_eq!(error.error_number(), libc::EINTR);
}

#[test]
fn clones_take_the_logs_in_turn() {
    let folders = [Folder::new(), Folder::new()];
    let logs = [LOG, "fio version 3 iolog\n0 /only add\n"];
    let read_logs = std::iter::zip(&folders, logs).map(|(folder, log)| folder.log(log));
    let options = ReplayOptions {
        read_logs: read_logs.collect(),
        ..ReplayOptions::default()
    };
    let files = |clone| plan_of(&options, clone).unwrap().files().len();
    assert_eq!([0, 1, 2].map(files), [2, 1, 2]);
}

/// Between the passes, files and buffers are made for what the first has found.
#[test]
fn a_log_that_changes_while_it_is_replayed_ends_the_job() {
    for (more, what) in [
        ("9 /c read 0 512\n", "another file"),
        ("9 /a read 0 8192\n", "larger"),
    ] {
        let folder = Folder::new();
        let mut options = options(&folder.log(LOG));
        options.chunked = true;
        let plan = plan_of(&options, 0).unwrap();
        folder.log(format!("{LOG}{more}"));
        let mut source = plan.source().unwrap();
        while source.next().is_some() {}
        let failure = source.take_failure().unwrap().to_string();
        assert!(failure.contains(what), "{failure}");
    }
}

/// A record of `blkparse -d`: time, sector, bytes and action.
fn record(time: u64, sector: u64, bytes: u32, action: u32, following: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    record.extend((0x6561_7400_u32 | 7).to_le_bytes());
    record.extend(1_u32.to_le_bytes());
    record.extend(time.to_le_bytes());
    record.extend(sector.to_le_bytes());
    record.extend(bytes.to_le_bytes());
    record.extend(action.to_le_bytes());
    record.extend(77_u32.to_le_bytes());
    record.extend((250_u32 << 20 | 9).to_le_bytes());
    record.extend([0; 6]);
    record.extend((following.len() as u16).to_le_bytes());
    record.extend(following);
    record
}

#[test]
fn records_of_the_block_layer_are_replayed_where_they_were_queued() {
    const QUEUED: u32 = 1;
    let of = |category: u32, action: u32| category << 16 | action;
    let records = [
        record(5_000, 0, 0, of(1 << 10, 0), b"a process's name"),
        record(6_000, 8, 4096, of(1, QUEUED), b""),
        record(6_500, 8, 4096, of(1, 7), b""),
        record(7_000, 100, 512, of(2, QUEUED | 1 << 8), b"a group "),
        record(8_000, 64, 1 << 20, of(1 << 13 | 2, QUEUED), b""),
        record(9_000, 0, 0, of(1 << 2 | 2, QUEUED), b""),
    ];
    let folder = Folder::new();
    let mut redirected = options(&folder.log(records.concat()));
    let expected = [
        (READ, 0, 4096, 4096, 0),
        (WRITE, 0, 51200, 512, 1000),
        (TRIM, 0, 32768, 1 << 20, 2000),
        (RequestKind::Fsync, 0, 0, 0, 3000),
    ];
    assert_eq!(rows(&redirected), expected);
    let plan = plan_of(&redirected, 0).unwrap();
    assert_eq!(plan.files(), [Path::new("/dev/block/250:9")]);
    redirected.redirect = Some("/c".into());
    assert_eq!(plan_of(&redirected, 0).unwrap().files(), [Path::new("/c")]);
    let cut = [records.concat(), b"tail".to_vec()].concat();
    let error = plan_of(&options(&folder.log(cut)), 0).unwrap_err();
    assert!(error.to_string().contains("cannot read"), "{error}");
}

#[test]
fn what_is_recorded_can_be_replayed() {
    let folder = Folder::new();
    let path = folder.0.path().join("recorded");
    begin_log(&path).unwrap();
    let names = ["/x".to_owned(), "/with a blank".to_owned()];
    let request = |kind, file, offset, length| Request {
        kind,
        file,
        offset,
        length,
    };
    let requests = [
        request(READ, 0, 0, 4096),
        request(WRITE, 1, 512, 512),
        request(TRIM, 0, 1 << 40, 8192),
        request(RequestKind::Fsync, 1, 0, 0),
        request(RequestKind::Fdatasync, 0, 0, 0),
    ];
    let mut recording = Recording::new(&path, &names).unwrap();
    // More than is collected before it is written.
    for round in 0..2000 {
        for (index, request) in requests.iter().enumerate() {
            recording.issue(round * 10 + index as u64, request);
        }
    }
    recording.finish(30_000).unwrap();
    let rows = rows(&options(&path));
    assert_eq!(rows.len(), 10_000);
    for (index, row) in rows.iter().enumerate() {
        let Request {
            kind,
            file,
            offset,
            length,
        } = requests[index % 5];
        let due = (index / 5 * 10 + index % 5) as u64 * 1000;
        assert_eq!(*row, (kind, file, offset, length, due));
    }
}

#[test]
fn clones_that_share_a_recording_keep_their_lines_apart() {
    let folder = Folder::new();
    let path = folder.0.path().join("shared");
    begin_log(&path).unwrap();
    std::thread::scope(|scope| {
        for clone in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let mut recording = Recording::new(path, &[format!("/{clone}")]).unwrap();
                for offset in 0..5000 {
                    let request = Request {
                        kind: READ,
                        file: 0,
                        offset,
                        length: 512,
                    };
                    recording.issue(0, &request);
                }
                recording.finish(0).unwrap();
            });
        }
    });
    assert_eq!(rows(&options(&path)).len(), 20_000);
    let plan = plan_of(&options(&path), 0).unwrap();
    assert_eq!((plan.files().len(), plan.remark()), (4, None));
}

#[test]
fn a_log_that_cannot_be_written_says_so() {
    let missing = Path::new("/no/such/folder/log");
    assert!(
        begin_log(missing)
            .unwrap_err()
            .to_string()
            .contains("cannot write")
    );
    let mut full = Recording::new(Path::new("/dev/full"), &["/x".to_owned()]).unwrap();
    let request = Request {
        kind: READ,
        file: 0,
        offset: 0,
        length: 512,
    };
    full.issue(1, &request);
    assert_eq!(full.finish(2).unwrap_err().error_number(), libc::ENOSPC);
}

/// The merged trace of two, the second of which is gone over twice at half the time.
#[test]
fn traces_are_merged_in_the_order_of_their_scaled_times() {
    const QUEUED: u32 = 1;
    let read = |time: u64, sector: u64| record(time, sector, 512, QUEUED, b"");
    let folder = Folder::new();
    let trace = |name: &str, records: &[Vec<u8>]| {
        let path = folder.0.path().join(name);
        std::fs::write(&path, records.concat()).unwrap();
        path
    };
    let one = trace(
        "one",
        &[read(1000, 1), read(3000, 2), record(3500, 9, 512, 7, b"")],
    );
    let other = trace("other", &[read(2000, 3), read(4000, 4)]);
    let merged = folder.0.path().join("merged");
    let options = ReplayOptions {
        read_logs: vec![one, other],
        merge: TraceMerge {
            file: Some(merged.clone()),
            time_percents: vec![100.0, 50.0],
            iterations: vec![1, 2],
        },
        ..ReplayOptions::default()
    };
    // Times are those of the second: 1000 and 2000, then 2000 later.
    let expected = [(1, 0), (3, 0), (4, 1000), (2, 2000), (3, 2000), (4, 3000)]
        .map(|(sector, at)| (READ, 0, sector * 512, 512, at));
    assert_eq!(rows(&options), expected);
    // Every clone replays it.
    assert_eq!(plan_of(&options, 1).unwrap().counts().0[Direction::Read], 6);
    assert!(!merged.exists(), "looking through traces writes nothing");
    write_merged(&options).unwrap();
    let mut names: Vec<_> = std::fs::read_dir(folder.0.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["merged", "one", "other"]);
    assert_eq!(rows(&self::options(&merged)), expected);
}

#[test]
fn what_is_no_trace_is_not_merged_and_leaves_no_file() {
    let folder = Folder::new();
    let merged = folder.0.path().join("merged");
    let options = ReplayOptions {
        merge: TraceMerge {
            file: Some(merged),
            ..TraceMerge::default()
        },
        ..options(&folder.log(LOG))
    };
    let error = write_merged(&options).unwrap_err().to_string();
    assert!(error.contains("no binary file of blkparse"), "{error}");
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 1);
    assert!(plan_of(&options, 0).is_err());
}
