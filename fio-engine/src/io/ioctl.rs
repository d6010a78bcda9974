//! Calls for which there is no safe wrapper elsewhere.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::fs::{FallocateFlags, FileType};

use crate::job::RangeSync;

/// `BLKDISCARD` of `linux/fs.h`: `_IO(0x12, 119)`.
const BLKDISCARD: libc::c_ulong = 0x1277;

/// `F_SET_RW_HINT` of `linux/fcntl.h`: `F_LINUX_SPECIFIC_BASE + 12`.
const F_SET_RW_HINT: libc::c_int = 1036;

/// Discards a range: `BLKDISCARD` on a block device, a punched hole in a regular file.
///
/// # Errors
/// What the kernel says; `EOPNOTSUPP` where the device or file system cannot discard.
pub(crate) fn trim(file: BorrowedFd<'_>, offset: u64, length: u64) -> io::Result<()> {
    if FileType::from_raw_mode(rustix::fs::fstat(file)?.st_mode) == FileType::BlockDevice {
        return discard(file, offset, length);
    }
    let mode = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    Ok(rustix::fs::fallocate(file, mode, offset, length)?)
}

/// Tells the kernel how long data written to a file will live.
///
/// # Errors
/// What the kernel says; `EINVAL` for a number it does not know.
pub(crate) fn set_lifetime_hint(file: BorrowedFd<'_>, hint: u64) -> io::Result<()> {
    // SAFETY: the descriptor is open and `F_SET_RW_HINT` reads one u64 from the pointer given.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), F_SET_RW_HINT, &raw const hint) };
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Hands a range of a file to the storage.
///
/// # Errors
/// What the kernel says; `ESPIPE` for what has no ranges.
pub(crate) fn sync_file_range(
    file: BorrowedFd<'_>,
    offset: u64,
    length: u64,
    how: RangeSync,
) -> io::Result<()> {
    let flags = [
        (how.wait_before, libc::SYNC_FILE_RANGE_WAIT_BEFORE),
        (how.write, libc::SYNC_FILE_RANGE_WRITE),
        (how.wait_after, libc::SYNC_FILE_RANGE_WAIT_AFTER),
    ];
    let flags = flags.iter().filter(|(given, _)| *given);
    let flags = flags.fold(0, |all, (_, flag)| all | flag);
    let (offset, length) = (offset as libc::off64_t, length as libc::off64_t);
    // SAFETY: the descriptor is open; the call takes numbers alone.
    let result = unsafe { libc::sync_file_range(file.as_raw_fd(), offset, length, flags) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn discard(file: BorrowedFd<'_>, offset: u64, length: u64) -> io::Result<()> {
    let range: [u64; 2] = [offset, length];
    // SAFETY: the descriptor is open and `BLKDISCARD` reads two u64 from the pointer given.
    let result = unsafe { libc::ioctl(file.as_raw_fd(), BLKDISCARD, range.as_ptr()) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
