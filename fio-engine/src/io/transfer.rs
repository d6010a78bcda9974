//! What the synchronous engines share: trims, and going on after a signal.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use super::ioctl;
use crate::job::EngineOptions;

/// Repeats a call as long as a signal interrupts it.
#[inline]
pub(super) fn uninterrupted(
    mut call: impl FnMut() -> rustix::io::Result<usize>,
) -> io::Result<usize> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return other.map_err(io::Error::from),
        }
    }
}

/// Discards a range and returns its length.
pub(super) fn trim(file: &File, offset: u64, length: usize) -> io::Result<usize> {
    ioctl::trim(file.as_fd(), offset, length as u64)?;
    Ok(length)
}

/// `RWF_UNCACHED`, now `RWF_DONTCACHE`, of `linux/fs.h`.
const FLAG_UNCACHED: i32 = 0x80;

/// The `RWF_` flags that the options of a job's engine ask for, for every I/O.
pub(super) const fn flags(options: &EngineOptions) -> i32 {
    let no_wait = if options.no_wait { libc::RWF_NOWAIT } else { 0 };
    let uncached = if options.uncached { FLAG_UNCACHED } else { 0 };
    no_wait | uncached
}
