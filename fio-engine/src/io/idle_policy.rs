//! The scheduling policy for work that is done when nobody else wants the CPU.

use std::io;

/// Has the calling thread run only while its CPU would be idle otherwise (`SCHED_IDLE`, `sched(7)`).
pub(crate) fn run_when_idle() -> io::Result<()> {
    // SAFETY: all-zero bytes are a valid `sched_param`, and priority 0 is the only one of this policy.
    let parameters: libc::sched_param = unsafe { std::mem::zeroed() };
    // SAFETY: 0 is the calling thread, and the pointer is to a whole `sched_param`.
    let result = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameters) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
