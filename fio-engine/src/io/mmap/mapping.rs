//! One mapping of one file.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ptr;

use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, MsyncFlags, ProtFlags, madvise, mmap, msync, munmap};

use super::bus_error;

/// A shared mapping of a whole file, as long as the file was when it was made.
#[derive(Debug)]
pub(super) struct Mapping {
    base: *mut c_void,
    length: usize,
    guard: bus_error::Guard,
}

// SAFETY: the mapping belongs to this value alone; nothing in it depends on the thread.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Maps a file, for writing too if it is open for that. Huge pages are advice, which the kernel
    /// need not take.
    pub(super) fn of(file: &File, huge_pages: bool) -> io::Result<Self> {
        let length = size_of_file(file)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let map = |access: ProtFlags| {
            // SAFETY: a new mapping at an address of the kernel's choice replaces nothing.
            unsafe { mmap(ptr::null_mut(), length, access, MapFlags::SHARED, file, 0) }
        };
        let base = match map(ProtFlags::READ | ProtFlags::WRITE) {
            // The job only reads, and so does the mapping.
            Err(Errno::ACCESS) => map(ProtFlags::READ)?,
            other => other?,
        };
        if huge_pages {
            // SAFETY: the advice changes how the new mapping is backed, not what is in it.
            let _ = unsafe { madvise(base, length, Advice::LinuxHugepage) };
        }
        match bus_error::Guard::over(base, length) {
            Ok(guard) => Ok(Self {
                base,
                length,
                guard,
            }),
            Err(error) => {
                // SAFETY: the mapping has just been made and nobody knows of it.
                let _ = unsafe { munmap(base, length) };
                Err(error)
            }
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.length as u64
    }

    /// Bytes from `offset` to the end.
    pub(super) fn available(&self, offset: u64) -> usize {
        // The difference is at most the length, which is a usize.
        self.len().saturating_sub(offset) as usize
    }

    /// Fills `buffer` from `offset` on, which must be available.
    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        assert!(buffer.len() <= self.available(offset));
        let from = self.base.cast::<u8>().wrapping_add(offset as usize);
        // SAFETY: source and target are valid for the length, as just checked, and apart. Others may
        // change the file meanwhile, which at worst mixes old and new bytes. A page that is gone is
        // replaced by the handler of `bus_error`.
        unsafe { ptr::copy_nonoverlapping(from, buffer.as_mut_ptr(), buffer.len()) };
        self.guard.check()
    }

    /// Copies `buffer` to `offset`; there must be so much available.
    pub(super) fn write(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        assert!(buffer.len() <= self.available(offset));
        let to = self.base.cast::<u8>().wrapping_add(offset as usize);
        // SAFETY: as in `read`; nothing here holds a reference into the mapping.
        unsafe { ptr::copy_nonoverlapping(buffer.as_ptr(), to, buffer.len()) };
        self.guard.check()
    }

    /// Waits until a part is on the storage.
    pub(super) fn sync(&self, offset: u64, length: usize) -> io::Result<()> {
        let page = rustix::param::page_size();
        let first = offset as usize / page * page;
        let until = offset as usize + length;
        let start = self.base.wrapping_byte_add(first);
        // SAFETY: the part lies inside the mapping, from the beginning of a page on.
        unsafe { msync(start, until - first, MsyncFlags::SYNC)? };
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.guard.release();
        // SAFETY: the mapping is this value's own, and no reference into it exists.
        let result = unsafe { munmap(self.base, self.length) };
        debug_assert!(result.is_ok());
    }
}

fn size_of_file(file: &File) -> io::Result<usize> {
    use std::io::{Seek as _, SeekFrom};
    // The end of a device is found by seeking only.
    let mut file = file;
    let end = file.seek(SeekFrom::End(0))?;
    usize::try_from(end).map_err(|_| io::Error::from_raw_os_error(libc::EFBIG))
}
