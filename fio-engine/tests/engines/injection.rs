//! Answers chosen system calls of a job in the kernel's place.
//!
//! A thread, and those it starts, get a seccomp filter that hands these calls to a supervisor
//! (`SECCOMP_RET_USER_NOTIF` of `seccomp(2)`), which lets them pass, fails them, or does a part of
//! them. That needs no privilege, leaves other threads of the process alone, and engines run
//! the code that users run.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::mpsc;

/// Milliseconds after which the supervisor looks whether the work is over.
const PATIENCE: libc::c_int = 20;

/// A call that waits for its answer; its thread does nothing meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) number: libc::c_long,
    pub(crate) arguments: [u64; 6],
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The kernel performs it.
    Pass,
    /// It fails with this `errno`, and nothing happens.
    Fail(i32),
    /// It returns this; the supervisor has done what that means.
    Return(i64),
}

/// Does the work on a thread of its own, whose calls with these numbers are answered by `answer`.
pub(crate) fn supervised<T: Send>(
    numbers: &[libc::c_long],
    mut answer: impl FnMut(&Call) -> Answer,
    work: impl FnOnce() -> T + Send,
) -> T {
    std::thread::scope(|threads| {
        let (sender, receiver) = mpsc::channel();
        let worker = threads.spawn(move || {
            let listener = filter(numbers).expect("seccomp(2) with a listener");
            sender.send(listener).expect("the supervisor waits");
            work()
        });
        let listener = receiver.recv().expect("a filter");
        while !worker.is_finished() {
            if let Some((id, call)) = next_call(&listener) {
                reply(&listener, id, answer(&call));
            }
        }
        worker.join().expect("the work ends")
    })
}

/// Gives this thread the filter, and returns where its calls are waited for.
fn filter(numbers: &[libc::c_long]) -> io::Result<OwnedFd> {
    let count = u8::try_from(numbers.len()).expect("few calls");
    let statement = |code: u32, value| libc::sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k: value,
    };
    // The number of the call is the first word of `struct seccomp_data`.
    let mut program = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
    program.extend(numbers.iter().zip(0..).map(|(number, index)| {
        let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        libc::sock_filter {
            jt: count - index,
            ..statement(equal, *number as u32)
        }
    }));
    let end = libc::BPF_RET | libc::BPF_K;
    program.push(statement(end, libc::SECCOMP_RET_ALLOW));
    program.push(statement(end, libc::SECCOMP_RET_USER_NOTIF));
    let program = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the call takes numbers only. It is what lets a thread without privilege have a filter.
    let denied = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(denied, 0, "{}", io::Error::last_os_error());
    // SAFETY: the program and its length outlive the call, which copies them.
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const program,
        )
    };
    if listener < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call returned a new descriptor, which nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(listener as i32) })
}

/// The next call that waits, if one comes soon.
fn next_call(listener: &OwnedFd) -> Option<(u64, Call)> {
    let mut poll = libc::pollfd {
        fd: listener.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: `poll` is one structure.
    let ready = unsafe { libc::poll(&raw mut poll, 1, PATIENCE) };
    if ready != 1 || poll.revents & libc::POLLIN == 0 {
        return None;
    }
    // SAFETY: a structure of integers, which the kernel wants zeroed.
    let mut request: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    let receive = libc::SECCOMP_IOCTL_NOTIF_RECV;
    // SAFETY: the call fills the structure it is named for.
    let result = unsafe { libc::ioctl(listener.as_raw_fd(), receive, &raw mut request) };
    // It fails if a signal has ended the call meanwhile.
    (result == 0).then(|| {
        let number = libc::c_long::from(request.data.nr);
        let arguments = request.data.args;
        (request.id, Call { number, arguments })
    })
}

fn reply(listener: &OwnedFd, id: u64, answer: Answer) {
    let mut response = libc::seccomp_notif_resp {
        id,
        val: 0,
        error: 0,
        flags: 0,
    };
    match answer {
        Answer::Pass => response.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
        Answer::Fail(errno) => response.error = -errno,
        Answer::Return(value) => response.val = value,
    }
    // SAFETY: the call reads the structure it is named for. It fails if a signal has ended the call
    // meanwhile, which then comes anew.
    unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_SEND,
            &raw const response,
        )
    };
}
