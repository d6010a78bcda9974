//! What every engine must do when the kernel interrupts a call, moves less than asked, or fails.
//!
//! Calls of synchronous engines are answered in the kernel's place. The I/Os of `libaio` and
//! `io_uring` fail in the kernel itself: for the time of one submission another file is behind the
//! job's descriptor.

use std::ffi::CStr;
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

use fio_engine::Direction;
use fio_engine::report::JobReport;

use super::injection::{Answer, Call, supervised};
use super::{bytes, folder, only};

/// I/Os of each job, and bytes of each I/O.
const IOS: usize = 16;
const BLOCK: usize = 16 << 10;

/// What is written: a pattern whose length divides no block, so that data in a wrong place show.
const PATTERN: &[u8] = b"abcdefg";

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
const ASYNCHRONOUS: [(&str, &str); 5] = [
    ("libaio", ""),
    ("libaio", "--libaio_vectored=1"),
    ("io_uring", ""),
    ("io_uring", "--fixedbufs=1"),
    ("io_uring", "--nonvectored=0"),
];

const ASYNCHRONOUS_CALLS: [libc::c_long; 3] = [
    libc::SYS_io_submit,
    libc::SYS_io_getevents,
    libc::SYS_io_uring_enter,
];

/// A folder with the file of a job.
struct Place {
    folder: tempfile::TempDir,
    file: PathBuf,
}

impl Place {
    /// The file is full of zeros.
    fn new() -> Self {
        let folder = folder();
        // As links of descriptors show it.
        let file = folder.path().canonicalize().expect("a folder").join("f");
        fs::write(&file, vec![0; IOS * BLOCK]).expect("writable");
        Self { folder, file }
    }

    fn run(&self, engine: &str, direction: Direction, options: &str) -> JobReport {
        let pattern = std::str::from_utf8(PATTERN).expect("text");
        let words = format!(
            "--ioengine={engine} --rw={} --bs={BLOCK} --size={} --filename=f --invalidate=0 \
             --buffer_pattern=\"{pattern}\" {options}",
            direction_word(direction),
            IOS * BLOCK,
        );
        only(self.folder.path(), &words)
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

    fn descriptors(&self) -> Vec<RawFd> {
        let open = fs::read_dir("/proc/self/fd").expect("proc(5)").flatten();
        let open = open.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        open.filter(|&one| self.is_behind(one)).collect()
    }

    /// The blocks of the file hold what a job has written there; so many bytes from `hole` on, which
    /// went elsewhere, are zeros.
    fn check_contents(&self, hole: std::ops::Range<usize>, engine: &str) {
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

fn check_whole(job: &JobReport, direction: Direction, engine: &str) {
    assert_eq!((job.error, job.error_message.as_str()), (0, ""), "{engine}");
    assert_eq!(job.total_ios(), IOS as u64, "{engine}");
    assert_eq!(bytes(job, direction), (IOS * BLOCK) as u64, "{engine}");
}

/// The fourth I/O failed, and the report says so.
fn check_fourth_failed(job: &JobReport, direction: Direction, errno: i32, engine: &str) {
    let what = format!("{engine} {direction:?}: {}", job.error_message);
    assert_eq!(job.error, errno, "{what}");
    assert!(job.failed, "{what}");
    assert_eq!(bytes(job, direction), 3 * BLOCK as u64, "{what}");
    let offset = format!("of {BLOCK} bytes at offset {} of ", 3 * BLOCK);
    let told = [direction_word(direction), &offset, "/f:"];
    for part in told {
        assert!(job.error_message.contains(part), "{what}: no {part:?}");
    }
}

/// The fourth I/O failed, and the job went on.
fn check_only_fourth_failed(job: &JobReport, direction: Direction, errno: i32, engine: &str) {
    let what = format!("{engine} {direction:?}: {}", job.error_message);
    assert!(!job.failed, "{what}");
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
                supervised(&calls, answer, || place.run(engine, direction, options))
            };
            check_fourth_failed(&fail_fourth(""), direction, errno, engine);
            check_only_fourth_failed(&fail_fourth(go_on), direction, errno, engine);
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

/// Puts other files behind the descriptors of a job, and the right ones back.
#[derive(Default)]
struct Swap {
    originals: Vec<(RawFd, OwnedFd)>,
    submissions: usize,
}

impl Swap {
    /// Lets a call pass, with `other` behind the descriptors of the file if it is the fourth that
    /// starts an I/O, else the file.
    fn during_fourth(&mut self, place: &Place, other: &OwnedFd, call: &Call) -> Answer {
        for (descriptor, original) in self.originals.drain(..) {
            put_behind(descriptor, original.as_raw_fd());
        }
        let starts = match call.number {
            libc::SYS_io_submit => true,
            libc::SYS_io_uring_enter => call.arguments[1] > 0,
            _ => false,
        };
        self.submissions += usize::from(starts);
        if starts && self.submissions == 4 {
            for descriptor in place.descriptors() {
                // SAFETY: the descriptor is the job's, whose thread waits for the answer.
                let original = unsafe { BorrowedFd::borrow_raw(descriptor) };
                let original = original.try_clone_to_owned().expect("a descriptor");
                self.originals.push((descriptor, original));
                put_behind(descriptor, other.as_raw_fd());
            }
            assert!(!self.originals.is_empty(), "the job has its file open");
        }
        Answer::Pass
    }
}

fn put_behind(descriptor: RawFd, file: RawFd) {
    // SAFETY: both descriptors are open, and what is behind `descriptor` is open elsewhere too.
    let result = unsafe { libc::dup3(file, descriptor, libc::O_CLOEXEC) };
    assert_eq!(result, descriptor, "{}", io::Error::last_os_error());
}

/// A side of a terminal whose other side is closed, that fails with `EIO`: reads do on the side of the
/// program that shows it, writes on the other.
fn dead_terminal(direction: Direction) -> OwnedFd {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: the call takes flags only.
    let shown = unsafe { libc::posix_openpt(flags) };
    assert!(shown >= 0, "{}", io::Error::last_os_error());
    // SAFETY: the call returned a new descriptor, which nobody else has.
    let shown = unsafe { OwnedFd::from_raw_fd(shown) };
    // SAFETY: the descriptor is that of a terminal.
    let unlocked = unsafe { libc::unlockpt(shown.as_raw_fd()) };
    assert_eq!(unlocked, 0, "{}", io::Error::last_os_error());
    // SAFETY: the call takes flags and returns a new descriptor.
    let used = unsafe { libc::ioctl(shown.as_raw_fd(), libc::TIOCGPTPEER, flags) };
    assert!(used >= 0, "{}", io::Error::last_os_error());
    // SAFETY: as above.
    let used = unsafe { OwnedFd::from_raw_fd(used) };
    let (side, plain) = match direction {
        Direction::Read => {
            drop(used);
            let plain = rustix::io::read(&shown, &mut [0; 1]);
            (shown, plain)
        }
        _ => {
            drop(shown);
            let plain = rustix::io::write(&used, &[0; 1]);
            (used, plain)
        }
    };
    assert_eq!(plain, Err(rustix::io::Errno::IO), "a plain call");
    side
}

#[test]
fn errors_of_ios_in_flight_end_the_job_and_are_told() {
    for (engine, options) in ASYNCHRONOUS {
        for direction in [Direction::Read, Direction::Write] {
            let fail_fourth = |more: &str| {
                let place = Place::new();
                let options = format!("{options} {more}");
                let terminal = dead_terminal(direction);
                let mut swap = Swap::default();
                let answer = |call: &Call| swap.during_fourth(&place, &terminal, call);
                let work = || place.run(engine, direction, &options);
                supervised(&ASYNCHRONOUS_CALLS, answer, work)
            };
            check_fourth_failed(&fail_fourth(""), direction, libc::EIO, engine);
            let job = fail_fourth("--continue_on_error=all");
            check_only_fourth_failed(&job, direction, libc::EIO, engine);
        }
    }
}

/// The kernel may refuse to start an I/O at all.
#[test]
fn errors_of_submissions_are_errors_of_an_io() {
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
        let calls = [libc::SYS_io_submit];
        let work = || place.run("libaio", Direction::Write, "");
        let job = supervised(&calls, answer, work);
        check_fourth_failed(&job, Direction::Write, errno, "libaio");
    }
}

/// The fourth read finds 1000 bytes in a pipe and the rest in the file; of the fourth write as much
/// goes into a pipe as that has room for.
#[test]
fn short_ios_in_flight_are_gone_on_with() {
    const PAGE: usize = 4096;
    for (engine, options) in ASYNCHRONOUS {
        let place = Place::new();
        let (output, mut input) = io::pipe().expect("a pipe");
        input.write_all(&[1; 1000]).expect("room");
        let output = OwnedFd::from(output);
        let mut swap = Swap::default();
        let answer = |call: &Call| swap.during_fourth(&place, &output, call);
        let work = || place.run(engine, Direction::Read, options);
        let job = supervised(&ASYNCHRONOUS_CALLS, answer, work);
        check_whole(&job, Direction::Read, engine);
        assert_eq!(job.directions[Direction::Read].short_ios, 1, "{engine}");
        assert_eq!(swap.submissions, IOS + 1, "{engine}: one for the rest");

        let place = Place::new();
        let (mut output, input) = io::pipe().expect("a pipe");
        rustix::pipe::fcntl_setpipe_size(&input, PAGE).expect("a small pipe");
        rustix::io::ioctl_fionbio(&input, true).expect("a pipe that never waits");
        let input = OwnedFd::from(input);
        let mut swap = Swap::default();
        let answer = |call: &Call| swap.during_fourth(&place, &input, call);
        let work = || place.run(engine, Direction::Write, options);
        let job = supervised(&ASYNCHRONOUS_CALLS, answer, work);
        check_whole(&job, Direction::Write, engine);
        assert_eq!(job.directions[Direction::Write].short_ios, 1, "{engine}");
        assert_eq!(swap.submissions, IOS + 1, "{engine}: one for the rest");
        place.check_contents(3 * BLOCK..3 * BLOCK + PAGE, engine);
        let mut beginning = vec![0; PAGE];
        output.read_exact(&mut beginning).expect("a full pipe");
        let expected = PATTERN.iter().cycle();
        assert!(beginning.iter().zip(expected).all(|(a, b)| a == b));
    }
}

/// Engines that change files and move no data, with the calls in which they do it.
const CHANGERS: [(&str, &str, &[libc::c_long]); 5] = [
    ("falloc", "--rw=write", &[libc::SYS_fallocate]),
    ("ftruncate", "--rw=write", &[libc::SYS_ftruncate]),
    ("filecreate", "--rw=read", OPENING),
    ("filestat", "--rw=read --stat_type=lstat", LOOKING),
    ("filedelete", "--rw=read", REMOVING),
];

const OPENING: &[libc::c_long] = &[
    libc::SYS_openat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
];

const LOOKING: &[libc::c_long] = &[
    libc::SYS_newfstatat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
];

const REMOVING: &[libc::c_long] = &[
    libc::SYS_unlinkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
];

/// The path a call is about.
fn path_of(call: &Call) -> PathBuf {
    match call.number {
        libc::SYS_fallocate | libc::SYS_ftruncate => {
            let link = format!("/proc/self/fd/{}", call.arguments[0]);
            return fs::read_link(link).unwrap_or_default();
        }
        _ => {}
    }
    let place = match call.number {
        libc::SYS_openat | libc::SYS_newfstatat | libc::SYS_unlinkat => 1,
        _ => 0,
    };
    let path = std::ptr::with_exposed_provenance(call.arguments[place] as usize);
    // SAFETY: the argument is the path of a call of this process that waits meanwhile.
    let path = unsafe { CStr::from_ptr(path) };
    PathBuf::from(path.to_string_lossy().into_owned())
}

fn run_changer(
    engine: &str,
    options: &str,
    calls: &[libc::c_long],
    mut answer: impl FnMut() -> Answer,
) -> JobReport {
    let folder = folder();
    let path = folder.path().canonicalize().expect("a folder");
    let is_of_job = |call: &Call| path_of(call).parent() == Some(path.as_path());
    let answer = |call: &Call| {
        if is_of_job(call) {
            answer()
        } else {
            Answer::Pass
        }
    };
    let words = format!(
        "--ioengine={engine} {options} --bs=4k --filesize=4k --nrfiles={IOS} --fallocate=none \
         --size={}",
        IOS * 4096
    );
    supervised(calls, answer, || only(&path, &words))
}

#[test]
fn engines_that_move_no_data_go_on_after_signals() {
    for (engine, options, calls) in CHANGERS {
        let mut again = false;
        let mut interrupted = 0;
        let answer = || {
            again = !again;
            if again {
                interrupted += 1;
                Answer::Fail(libc::EINTR)
            } else {
                Answer::Pass
            }
        };
        let job = run_changer(engine, options, calls, answer);
        assert_eq!((job.error, job.error_message.as_str()), (0, ""), "{engine}");
        assert_eq!(job.total_ios(), IOS as u64, "{engine}");
        assert!(interrupted >= IOS, "{engine}: {interrupted}");
    }
}

#[test]
fn errors_of_engines_that_move_no_data_are_told() {
    for (engine, options, calls) in CHANGERS {
        for errno in [libc::EIO, libc::ENOSPC] {
            // Laying files out may make these calls as well: the last of them fails.
            let mut all = 0;
            run_changer(engine, options, calls, || {
                all += 1;
                Answer::Pass
            });
            assert!(all >= IOS, "{engine}: {all}");
            let mut count = 0;
            let job = run_changer(engine, options, calls, || {
                count += 1;
                match count == all {
                    true => Answer::Fail(errno),
                    false => Answer::Pass,
                }
            });
            let what = format!("{engine}: {}", job.error_message);
            assert_eq!((job.error, job.failed), (errno, true), "{what}");
            let moved = job.directions.0.iter().map(|one| one.bytes).sum::<u64>();
            assert_eq!(moved, (IOS as u64 - 1) * 4096, "{what}");
            assert!(job.error_message.contains("offset 0 of /"), "{what}");
            assert!(job.error_message.contains("job.0.15:"), "{what}");
        }
    }
}

/// With `direct=1` an engine succeeds where a plain call does, and fails as that does.
#[test]
fn alignment_is_the_business_of_the_kernel() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let file = folder.path().join("f");
    fs::write(&file, vec![5; 64 << 10]).expect("writable");
    for engine in super::MOVERS {
        for block in [4096, 1000] {
            let words = format!(
                "--ioengine={engine} --rw=read --direct=1 --bs={block} --size={} --iodepth=4 \
                 --filename=f",
                block * 16
            );
            let job = only(folder.path(), &words);
            // A mapping knows no alignment.
            let expected = match engine {
                "mmap" => Ok(()),
                _ => read_directly(&file, block),
            };
            let what = format!("{engine} {block}: {}", job.error_message);
            match expected {
                Ok(()) => {
                    assert_eq!(job.error, 0, "{what}");
                    assert_eq!(bytes(&job, Direction::Read), block as u64 * 16, "{what}");
                }
                Err(errno) => {
                    assert_eq!(job.error, errno, "{what}");
                    assert!(job.error_message.contains("offset "), "{what}");
                }
            }
        }
    }
}

/// A read of so many bytes with `O_DIRECT`, to an address that suits every device.
fn read_directly(file: &Path, length: usize) -> Result<(), i32> {
    use std::os::unix::fs::{FileExt, OpenOptionsExt};
    let mut options = fs::OpenOptions::new();
    let errno = |error: io::Error| error.raw_os_error().expect("an error of the kernel");
    let options = options.read(true).custom_flags(libc::O_DIRECT);
    let file = options.open(file).map_err(errno)?;
    let mut buffer = vec![0; length + 4096];
    let aligned = buffer.as_ptr().align_offset(4096);
    let target = &mut buffer[aligned..][..length];
    file.read_at(target, 0).map(drop).map_err(errno)
}
