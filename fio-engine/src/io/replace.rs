//! Another file behind an open descriptor.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// Puts what `with` has open behind the descriptor of `slot`, and closes what that had open. The
/// number of the descriptor stays, so all who share `slot` see the other file.
///
/// # Errors
/// What the kernel says; `slot` is then as it was.
pub(crate) fn replace(slot: &File, with: File) -> io::Result<()> {
    let with = OwnedFd::from(with);
    loop {
        // SAFETY: both descriptors are open, and that of `slot` stays open and owned by it, only
        // with another file behind it.
        let result = unsafe { libc::dup3(with.as_raw_fd(), slot.as_raw_fd(), libc::O_CLOEXEC) };
        if result != -1 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn all_who_share_a_slot_see_the_other_file() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| folder.path().join(name);
        for name in ["one", "two"] {
            std::fs::write(path(name), name).expect("a writable directory");
        }
        let mut slot = File::open(path("one")).expect("a file");
        replace(&slot, File::open(path("two")).expect("a file")).expect("open descriptors");
        let mut text = String::new();
        slot.read_to_string(&mut text).expect("a readable file");
        assert_eq!(text, "two");
    }
}
