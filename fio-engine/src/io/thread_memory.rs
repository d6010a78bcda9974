//! Memory of a thread: where it comes from, and how much of it is taken away.

use std::ffi::c_void;
use std::io;
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags};

/// Words of a mask of NUMA nodes: 1024 nodes, as many as `libnuma` knows.
pub(crate) const NODE_WORDS: usize = 1024 / u64::BITS as usize;

/// Modes of `set_mempolicy(2)`, of `linux/mempolicy.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum NodeMode {
    Default = 0,
    Preferred = 1,
    Bind = 2,
    Interleave = 3,
    Local = 4,
}

/// Says from which NUMA nodes memory comes that the calling thread touches from now on.
pub(crate) fn set_memory_policy(mode: NodeMode, nodes: &[u64; NODE_WORDS]) -> io::Result<()> {
    // Modes without nodes want none.
    let named = nodes.iter().any(|word| *word != 0);
    let mask = if named {
        nodes.as_ptr()
    } else {
        std::ptr::null()
    };
    // The kernel takes one bit less than it is told of.
    let bits: libc::c_ulong = if named { 1024 + 1 } else { 0 };
    // SAFETY: the mask is null or has as many bits as the kernel reads, and is only read.
    let result = unsafe { libc::syscall(libc::SYS_set_mempolicy, mode as libc::c_int, mask, bits) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Memory that is taken away from the system, until this is dropped.
#[derive(Debug)]
pub(crate) struct LockedMemory {
    base: NonNull<c_void>,
    bytes: usize,
}

// SAFETY: nobody uses the memory; nothing of it depends on the thread.
unsafe impl Send for LockedMemory {}

impl LockedMemory {
    /// Takes so many bytes, at least 1, and keeps them in memory (`mlock(2)`).
    pub(crate) fn new(bytes: usize) -> io::Result<Self> {
        // SAFETY: a new private mapping at an address of the kernel's choice touches no other memory.
        let base = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                bytes,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE,
            )
        }?;
        let base = NonNull::new(base).ok_or(io::ErrorKind::OutOfMemory)?;
        let memory = Self { base, bytes };
        // SAFETY: the range is the mapping just made.
        unsafe { rustix::mm::mlock(base.as_ptr(), bytes) }?;
        Ok(memory)
    }
}

impl Drop for LockedMemory {
    fn drop(&mut self) {
        // SAFETY: the range was mapped here, and nothing borrows from it. It is unlocked with that.
        let unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr(), self.bytes) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked_kib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmLck:"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.unwrap().parse().unwrap()
    }

    /// No other test of this binary locks this much.
    #[test]
    fn memory_is_locked_until_it_is_dropped() {
        let memory = LockedMemory::new(6 << 20).unwrap();
        assert!(locked_kib() >= 6 << 10);
        drop(memory);
        assert!(locked_kib() < 6 << 10);
    }

    #[test]
    fn policies_without_nodes_can_be_set() {
        let none = [0; NODE_WORDS];
        for mode in [NodeMode::Local, NodeMode::Default] {
            match set_memory_policy(mode, &none) {
                Ok(()) => {}
                // Containers and kernels without NUMA may forbid it.
                Err(error) => {
                    let errno = error.raw_os_error();
                    assert!(matches!(errno, Some(libc::EPERM | libc::ENOSYS)), "{error}");
                }
            }
        }
        let error = set_memory_policy(NodeMode::Bind, &none).unwrap_err();
        let errno = error.raw_os_error();
        assert!(
            matches!(errno, Some(libc::EINVAL | libc::EPERM | libc::ENOSYS)),
            "{error}"
        );
    }
}
