//! What every engine must do when the kernel interrupts a call, moves less than asked, or fails: calls
//! are answered in the kernel's place.

use std::fs;
use std::io;
use std::os::fd::RawFd;
use std::path::PathBuf;

use fio_engine::Direction;
use fio_engine::report::JobReport;
use fio_engine::run::Run;

use super::injection::{Answer, Call, supervised};
use super::{bytes, folder, start};

/// I/Os of each job, and bytes of each I/O.
pub(super) const IOS: usize = 16;
pub(super) const BLOCK: usize = 16 << 10;

/// What is written: a pattern whose length divides no block, so that data in a wrong place show.
pub(super) const PATTERN: &[u8] = b"abcdefg";

/// Synchronous engines, with the calls in which they move data.
const SYNCHRONOUS: [(&str, [libc::c_long; 2]); 6] = [
    ("sync", [libc::SYS_read, libc::SYS_write]),
    ("psync", [libc::SYS_pread64, libc::SYS_pwrite64]),
    ("vsync", [libc::SYS_readv, libc::SYS_writev]),
    ("pvsync", [libc::SYS_preadv, libc::SYS_pwritev]),
    ("pvsync2", [libc::SYS_preadv2, libc::SYS_pwritev2]),
    ("splice", [libc::SYS_splice, libc::SYS_splice]),
];

/// Engines that leave I/Os with the kernel, in the ways in which they describe them. (With
/// `force_async` the kernel looks at descriptors later, in a thread of its own.)
pub(super) const ASYNCHRONOUS: [(&str, &str); 5] = [
    ("libaio", ""),
    ("libaio", "--libaio_vectored=1"),
    ("io_uring", ""),
    ("io_uring", "--fixedbufs=1"),
    ("io_uring", "--nonvectored=0"),
];

pub(super) const ASYNCHRONOUS_CALLS: [libc::c_long; 3] = [
    libc::SYS_io_submit,
    libc::SYS_io_getevents,
    libc::SYS_io_uring_enter,
];

/// A folder with the file of a job.
pub(super) struct Place {
    folder: tempfile::TempDir,
    file: PathBuf,
}

impl Place {
    /// The file is full of zeros.
    pub(super) fn new() -> Self {
        let folder = folder();
        // As links of descriptors show it.
        let file = folder.path().canonicalize().expect("a folder").join("f");
        fs::write(&file, vec![0; IOS * BLOCK]).expect("writable");
        Self { folder, file }
    }

    pub(super) fn run(&self, engine: &str, direction: Direction, options: &str) -> JobReport {
        self.start(engine, direction, options).wait().jobs.remove(0)
    }

    pub(super) fn start(&self, engine: &str, direction: Direction, options: &str) -> Run {
        let pattern = std::str::from_utf8(PATTERN).expect("text");
        let words = format!(
            "--ioengine={engine} --rw={} --bs={BLOCK} --size={} --filename=f --invalidate=0 \
             --buffer_pattern=\"{pattern}\" {options}",
            direction_word(direction),
            IOS * BLOCK,
        );
        start(self.folder.path(), &words)
    }

    /// Whether a call is about the file, by descriptor.
    fn is_of(&self, call: &Call) -> bool {
        let used = match call.number {
            libc::SYS_splice => &[0, 2][..],
            _ => &[0],
        };
        used.iter()
            .any(|&place| self.is_behind(call.arguments[place] as RawFd))
    }

    fn is_behind(&self, descriptor: RawFd) -> bool {
        fs::read_link(format!("/proc/self/fd/{descriptor}")).is_ok_and(|link| link == self.file)
    }

    pub(super) fn descriptors(&self) -> Vec<RawFd> {
        let open = fs::read_dir("/proc/self/fd").expect("proc(5)").flatten();
        let open = open.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        open.filter(|&one| self.is_behind(one)).collect()
    }

    /// The blocks of the file hold what a job has written there; so many bytes from `hole` on, which
    /// went elsewhere, are zeros.
    pub(super) fn check_contents(&self, hole: std::ops::Range<usize>, engine: &str) {
        let block = PATTERN.iter().copied().cycle().take(BLOCK);
        let mut expected: Vec<u8> = block.collect::<Vec<_>>().repeat(IOS);
        expected[hole].fill(0);
        let found = fs::read(&self.file).expect("a file");
        let wrong = (found.iter().zip(&expected)).position(|(found, expected)| found != expected);
        assert_eq!((wrong, found.len()), (None, expected.len()), "{engine}");
    }
}

const fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Read => "read",
        Direction::Write => "write",
        Direction::Trim => "trim",
    }
}

pub(super) fn check_whole(job: &JobReport, direction: Direction, engine: &str) {
    assert_eq!((job.error, job.error_message.as_str()), (0, ""), "{engine}");
    assert_eq!(job.total_ios(), IOS as u64, "{engine}");
    assert_eq!(bytes(job, direction), (IOS * BLOCK) as u64, "{engine}");
}

/// The fourth I/O failed, and the report says so.
pub(super) fn check_fourth_failed(job: &JobReport, direction: Direction, errno: i32, engine: &str) {
    let what = format!("{engine} {direction:?}: {}", job.error_message);
    assert_eq!(job.error, errno, "{what}");
    assert!(job.has_failed(), "{what}");
    assert_eq!(bytes(job, direction), 3 * BLOCK as u64, "{what}");
    let offset = format!("of {BLOCK} bytes at offset {} of ", 3 * BLOCK);
    let told = [direction_word(direction), &offset, "/f:"];
    for part in told {
        assert!(job.error_message.contains(part), "{what}: no {part:?}");
    }
}

/// The fourth I/O failed, and the job went on.
pub(super) fn check_only_fourth_failed(
    job: &JobReport,
    direction: Direction,
    errno: i32,
    engine: &str,
) {
    let what = format!("{engine} {direction:?}: {}", job.error_message);
    assert!(!job.has_failed(), "{what}");
    assert_eq!((job.errors.total, job.errors.first), (1, errno), "{what}");
    assert_eq!(bytes(job, direction), ((IOS - 1) * BLOCK) as u64, "{what}");
}

/// Every call is interrupted once, as by a signal whose handler does not restart calls.
#[test]
fn a_signal_in_a_call_is_no_error_and_loses_nothing() {
    let synchronous = SYNCHRONOUS
        .iter()
        .map(|(name, calls)| (*name, "", &calls[..]));
    let asynchronous = ASYNCHRONOUS.map(|(name, options)| (name, options, &ASYNCHRONOUS_CALLS[..]));
    let forced = ("io_uring", "--force_async=1", &ASYNCHRONOUS_CALLS[..]);
    for (engine, options, calls) in synchronous.chain(asynchronous).chain([forced]) {
        let by_descriptor = calls.len() == 2;
        for direction in [Direction::Read, Direction::Write] {
            let place = Place::new();
            let mut interrupted = 0;
            let mut again = false;
            let answer = |call: &Call| {
                if by_descriptor && !place.is_of(call) {
                    return Answer::Pass;
                }
                again = !again;
                if !again {
                    return Answer::Pass;
                }
                interrupted += 1;
                Answer::Fail(libc::EINTR)
            };
            let job = supervised(calls, answer, || place.run(engine, direction, options));
            check_whole(&job, direction, engine);
            assert!(interrupted >= IOS, "{engine} {direction:?}: {interrupted}");
            if direction == Direction::Write {
                place.check_contents(0..0, engine);
            }
        }
    }
}

/// Every I/O moves half of what is asked, then the rest.
#[test]
fn short_ios_of_synchronous_engines_are_gone_on_with() {
    for (engine, calls) in SYNCHRONOUS {
        for direction in [Direction::Read, Direction::Write] {
            for options in ["", "--iodepth=4 --iodepth_batch=4"] {
                let place = Place::new();
                let mut shortened = 0;
                let mut rest = false;
                let answer = |call: &Call| {
                    if !place.is_of(call) {
                        return Answer::Pass;
                    }
                    rest = !rest;
                    if !rest {
                        return Answer::Pass;
                    }
                    shortened += 1;
                    Answer::Return(perform_half(call))
                };
                let job = supervised(&calls, answer, || place.run(engine, direction, options));
                check_whole(&job, direction, engine);
                assert!(shortened >= IOS / 4, "{engine} {direction:?}: {shortened}");
                // A splice goes on by itself, and several I/Os with one call are done one by one.
                if engine != "splice" && options.is_empty() {
                    let short = job.directions[direction].short_ios;
                    assert_eq!(short, shortened as u64, "{engine} {direction:?}");
                }
                if direction == Direction::Write {
                    place.check_contents(0..0, engine);
                }
            }
        }
    }
}

/// Performs a call for the thread that waits for it, which shares its memory and files with this one,
/// but moves half as much.
fn perform_half(call: &Call) -> i64 {
    let mut arguments = call.arguments;
    let mut parts = Vec::new();
    match call.number {
        libc::SYS_splice => arguments[4] /= 2,
        libc::SYS_read | libc::SYS_write | libc::SYS_pread64 | libc::SYS_pwrite64 => {
            arguments[2] /= 2;
        }
        _ => {
            parts = first_half(arguments[1], arguments[2] as usize);
            arguments[1] = parts.as_ptr().expose_provenance() as u64;
            arguments[2] = parts.len() as u64;
        }
    }
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the call is one that a thread of this process makes and waits for, with less of its
    // own memory; `parts` is alive.
    let moved = unsafe { libc::syscall(call.number, a, b, c, d, e, f) };
    drop(parts);
    assert!(moved > 0, "{call:?}: {}", io::Error::last_os_error());
    moved
}

/// The first half of the bytes of a list of buffers.
fn first_half(list: u64, count: usize) -> Vec<libc::iovec> {
    let list = std::ptr::with_exposed_provenance::<libc::iovec>(list as usize);
    // SAFETY: the list and its length are those of a `readv` or its like that waits meanwhile.
    let list = unsafe { std::slice::from_raw_parts(list, count) };
    let mut left = list.iter().map(|part| part.iov_len).sum::<usize>() / 2;
    let mut half = Vec::new();
    for part in list {
        let iov_len = part.iov_len.min(left);
        left -= iov_len;
        if iov_len > 0 {
            half.push(libc::iovec { iov_len, ..*part });
        }
    }
    half
}

#[test]
fn errors_of_calls_end_the_job_and_are_told() {
    for (engine, calls) in SYNCHRONOUS {
        for (direction, errno, go_on) in [
            (Direction::Read, libc::EIO, "--continue_on_error=all"),
            (Direction::Write, libc::EIO, "--continue_on_error=all"),
            (Direction::Write, libc::ENOSPC, "--ignore_error=,ENOSPC"),
        ] {
            let fail_fourth = |options: &str| {
                let place = Place::new();
                let mut count = 0;
                let answer = |call: &Call| {
                    let counts = place.is_of(call);
                    count += u32::from(counts);
                    match counts && count == 4 {
                        true => Answer::Fail(errno),
                        false => Answer::Pass,
                    }
                };
                let job = supervised(&calls, answer, || place.run(engine, direction, options));
                (job, place)
            };
            check_fourth_failed(&fail_fourth("").0, direction, errno, engine);
            let (job, place) = fail_fourth(go_on);
            check_only_fourth_failed(&job, direction, errno, engine);
            if direction == Direction::Write {
                place.check_contents(3 * BLOCK..4 * BLOCK, engine);
            }
        }
    }
}

/// Of a mapping whose writes are direct, each is followed by a call that can fail.
#[test]
fn errors_of_writing_a_mapping_back_end_the_job_and_are_told() {
    for errno in [libc::EIO, libc::ENOSPC] {
        let place = Place::new();
        let mut count = 0;
        let answer = |_: &Call| {
            count += 1;
            match count {
                4 => Answer::Fail(errno),
                _ => Answer::Pass,
            }
        };
        let work = || place.run("mmap", Direction::Write, "--direct=1");
        let job = supervised(&[libc::SYS_msync], answer, work);
        check_fourth_failed(&job, Direction::Write, errno, "mmap");
    }
}
