//! Calls for which there is no safe wrapper elsewhere.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::fs::{FallocateFlags, FileType};

/// `BLKDISCARD` of `linux/fs.h`: `_IO(0x12, 119)`.
const BLKDISCARD: libc::c_ulong = 0x1277;

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
