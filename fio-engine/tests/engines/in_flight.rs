//! I/Os of `libaio` and `io_uring` that fail or fall short in the kernel: for the time of one
//! submission another file is behind the job's descriptor.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fio_engine::Direction;

use super::bytes;
use super::faults::{
    ASYNCHRONOUS, ASYNCHRONOUS_CALLS, BLOCK, IOS, PATTERN, Place, check_fourth_failed,
    check_only_fourth_failed, check_whole,
};
use super::injection::{Answer, Call, supervised};

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
        let starts = is_submission(call);
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

/// Whether a call starts I/Os.
const fn is_submission(call: &Call) -> bool {
    match call.number {
        libc::SYS_io_submit => true,
        libc::SYS_io_uring_enter => call.arguments[1] > 0,
        _ => false,
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
    let more = [
        ("io_uring", "--registerfiles=1"),
        ("io_uring", "--gtod_reduce=1"),
    ];
    for (engine, options) in ASYNCHRONOUS.into_iter().chain(more) {
        for (errno, go_on) in [
            (libc::EIO, "--continue_on_error=all"),
            (libc::ENOSPC, "--ignore_error=,ENOSPC"),
        ] {
            let fail_fourth = |more: &str| {
                let place = Place::new();
                let options = format!("{options} {more}");
                let mut submissions = 0;
                let answer = |call: &Call| {
                    submissions += u32::from(is_submission(call));
                    match is_submission(call) && submissions == 4 {
                        true => Answer::Fail(errno),
                        false => Answer::Pass,
                    }
                };
                let work = || place.run(engine, Direction::Write, &options);
                let job = supervised(&ASYNCHRONOUS_CALLS, answer, work);
                (job, place)
            };
            check_fourth_failed(&fail_fourth("").0, Direction::Write, errno, engine);
            let (job, place) = fail_fourth(go_on);
            check_only_fourth_failed(&job, Direction::Write, errno, engine);
            place.check_contents(3 * BLOCK..4 * BLOCK, engine);
        }
    }
}

/// Where several I/Os are refused with one call, each is an error, and those in flight are not lost.
#[test]
fn refused_submissions_lose_no_io_in_flight() {
    for (engine, options) in ASYNCHRONOUS {
        let place = Place::new();
        let mut submissions = 0;
        let answer = |call: &Call| {
            submissions += u32::from(is_submission(call));
            match is_submission(call) && submissions == 3 {
                true => Answer::Fail(libc::EIO),
                false => Answer::Pass,
            }
        };
        let options = format!("{options} --iodepth=8 --iodepth_batch=2 --continue_on_error=all");
        let work = || place.run(engine, Direction::Read, &options);
        let job = supervised(&ASYNCHRONOUS_CALLS, answer, work);
        assert!(!job.has_failed(), "{engine}: {}", job.error_message);
        let read = &job.directions[Direction::Read];
        let refused = job.errors.total;
        assert!((1..=2).contains(&refused), "{engine}: {refused} errors");
        assert_eq!(job.total_ios() as usize, IOS, "{engine}");
        assert_eq!(
            read.bytes as usize,
            (IOS - refused as usize) * BLOCK,
            "{engine}"
        );
    }
}

/// The kernel may have no room for a while.
#[test]
fn submissions_without_room_are_made_again() {
    for (engine, options) in ASYNCHRONOUS {
        let place = Place::new();
        let (mut count, mut refused) = (0, 0);
        let answer = |call: &Call| {
            let starts = is_submission(call);
            count += u32::from(starts);
            match starts && count % 3 == 0 {
                true => {
                    refused += 1;
                    Answer::Fail(libc::EAGAIN)
                }
                false => Answer::Pass,
            }
        };
        let options = format!("{options} --iodepth=4 --iodepth_batch=2");
        let work = || place.run(engine, Direction::Write, &options);
        let job = supervised(&ASYNCHRONOUS_CALLS, answer, work);
        check_whole(&job, Direction::Write, engine);
        place.check_contents(0..0, engine);
        assert!(refused > 0, "{engine}");
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

/// The reads of the fourth submission wait for data that come only after the job was told to stop.
#[test]
fn a_stop_waits_for_ios_that_take_long() {
    for (engine, options) in ASYNCHRONOUS {
        for depth in [1, 4] {
            let place = Place::new();
            let (output, mut input) = io::pipe().expect("a pipe");
            let output = OwnedFd::from(output);
            let mut swap = Swap::default();
            let waiting = AtomicBool::new(false);
            let answer = |call: &Call| {
                let answer = swap.during_fourth(&place, &output, call);
                waiting.fetch_or(swap.submissions >= 4, Ordering::SeqCst);
                answer
            };
            let work = || {
                let more = format!(
                    "{options} --iodepth={depth} --iodepth_batch={depth} --time_based --runtime=60"
                );
                let run = place.start(engine, Direction::Read, &more);
                while !waiting.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                run.stop();
                std::thread::sleep(Duration::from_millis(50));
                input.write_all(&vec![1; depth * BLOCK]).expect("room");
                run.wait().jobs.remove(0)
            };
            let began = Instant::now();
            let job = supervised(&ASYNCHRONOUS_CALLS, answer, work);
            let what = format!("{engine} {depth}: {}", job.error_message);
            assert_eq!(job.error, 0, "{what}");
            assert!(began.elapsed() < Duration::from_secs(30), "{what}");
            // With more in flight, others are done while those wait.
            let ios = job.total_ios();
            assert!(ios == 4 || depth > 1 && ios > 4, "{what}: {ios} I/Os");
            let moved = bytes(&job, Direction::Read);
            assert_eq!(moved, ios * BLOCK as u64, "{what}");
        }
    }
}

/// The thread of the kernel that takes new I/Os cannot be woken when it sleeps, or what it does cannot be
/// waited for.
#[test]
fn errors_of_calls_beside_a_kernel_thread_end_the_job_and_are_told() {
    // `IORING_ENTER_GETEVENTS` and `IORING_ENTER_SQ_WAKEUP` of `linux/io_uring.h`.
    const GETEVENTS: u64 = 1 << 0;
    const SQ_WAKEUP: u64 = 1 << 1;
    const TRIES: usize = 50;
    // The thread sleeps after a second without work: the second I/O has to wake it. (On a busy machine
    // already the first.) I/Os that are over when they are first looked for are not waited for.
    let all_but_one = (IOS - 1) * BLOCK;
    for (flag, pause, most) in [(GETEVENTS, "0", all_but_one), (SQ_WAKEUP, "1500ms", BLOCK)] {
        for always in [false, true] {
            let options = format!("--sqthread_poll=1 --thinktime={pause} --continue_on_error=all");
            let run = || {
                let place = Place::new();
                let mut failed = 0;
                let answer = |call: &Call| {
                    let fails = call.arguments[3] & flag != 0 && (always || failed == 0);
                    failed += u32::from(fails);
                    match fails {
                        true => Answer::Fail(libc::EIO),
                        false => Answer::Pass,
                    }
                };
                let work = || place.run("io_uring", Direction::Read, &options);
                let job = supervised(&[libc::SYS_io_uring_enter], answer, work);
                (failed > 0).then_some(job)
            };
            let job = (0..TRIES).find_map(|_| run());
            let job = job.expect("a call of this kind in one of the tries");
            let what = format!("{flag} {always}: {}", job.error_message);
            assert!(job.has_failed(), "{what}");
            assert_eq!(job.error, libc::EIO, "{what}");
            assert!(job.error_message.contains("I/Os: "), "{what}");
            assert!(bytes(&job, Direction::Read) <= most as u64, "{what}");
        }
    }
}
