//! The I/O priority of a thread.

use std::io;

/// `IOPRIO_WHO_PROCESS` of `linux/ioprio.h`; a process is a thread here.
const WHO_PROCESS: libc::c_int = 1;

/// Gives the calling thread an I/O priority, packed as `ioprio_set(2)` wants it.
pub(crate) fn set_thread_priority(priority: u16) -> io::Result<()> {
    // SAFETY: the call takes numbers only.
    let result = unsafe {
        libc::syscall(
            libc::SYS_ioprio_set,
            WHO_PROCESS,
            0 as libc::c_int,
            libc::c_int::from(priority),
        )
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
