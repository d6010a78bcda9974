//! What the synchronous engines share: trims, and going on after a signal.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use super::ioctl;

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
