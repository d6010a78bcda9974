//! `SIGBUS` of a mapping, as an error.
//!
//! The handler finds the faulting address in a table of the mappings of this process. If it is in
//! one, it puts anonymous memory in the place of the page, so that the copy that touched it goes on,
//! and notes it; the copy looks at the note when it is done. Any other fault goes to the handler that
//! was there before.
//!
//! Only what signal handlers may do is done there: atomics and the `mmap` system call.

use std::ffi::{c_int, c_void};
use std::io;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// Mappings of this process that can be watched at once.
const SLOTS: usize = 4096;

static TABLE: [Slot; SLOTS] = [const { Slot::free() }; SLOTS];

/// The handler that was there before.
static FORMER: OnceLock<libc::sigaction> = OnceLock::new();

/// A mapping in the table. The start is written last and cleared first, so that whoever sees it
/// sees the rest.
struct Slot {
    taken: AtomicBool,
    start: AtomicPtr<c_void>,
    length: AtomicUsize,
    failed: AtomicBool,
}

impl Slot {
    const fn free() -> Self {
        Self {
            taken: AtomicBool::new(false),
            start: AtomicPtr::new(ptr::null_mut()),
            length: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
        }
    }

    fn has(&self, address: usize) -> bool {
        let start = self.start.load(Ordering::Acquire) as usize;
        let length = self.length.load(Ordering::Relaxed);
        start != 0 && address.wrapping_sub(start) < length
    }
}

/// Watches one mapping.
#[derive(Debug)]
pub(super) struct Guard {
    slot: usize,
}

impl Guard {
    /// Watches a mapping from now on.
    ///
    /// # Errors
    /// `ENOMEM` if too many are watched already.
    pub(super) fn over(start: *mut c_void, length: usize) -> io::Result<Self> {
        let free = TABLE.iter().position(|slot| {
            let (no, yes) = (Ordering::Relaxed, Ordering::Acquire);
            slot.taken.compare_exchange(false, true, yes, no).is_ok()
        });
        let Some(index) = free else {
            return Err(io::Error::from_raw_os_error(libc::ENOMEM));
        };
        let slot = &TABLE[index];
        slot.length.store(length, Ordering::Relaxed);
        slot.failed.store(false, Ordering::Relaxed);
        slot.start.store(start, Ordering::Release);
        Ok(Self { slot: index })
    }

    /// Whether all pages touched so far were there.
    ///
    /// # Errors
    /// `EIO` if one was not; from then on always, because the mapping is not the file's any more.
    pub(super) fn check(&self) -> io::Result<()> {
        if TABLE[self.slot].failed.load(Ordering::Relaxed) {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        Ok(())
    }

    /// Ends the watch; the mapping is about to go.
    pub(super) fn release(&self) {
        let slot = &TABLE[self.slot];
        slot.start.store(ptr::null_mut(), Ordering::Release);
        slot.taken.store(false, Ordering::Release);
    }
}

/// Installs the handler, once for the process.
///
/// # Errors
/// When the system refuses.
pub(super) fn watch() -> io::Result<()> {
    if FORMER.get().is_some() {
        return Ok(());
    }
    // SAFETY: all-zero bytes are a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let mut former: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: reads the present action; the pointers are to whole structures.
    let result = unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), &raw mut former) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // Known before the handler can need it. Who comes second finds the first's and does the rest again.
    if FORMER.set(former).is_err() {
        return Ok(());
    }
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = handle;
    action.sa_sigaction = handler as usize;
    // On the alternate stack where a thread has one, as the standard library's handler is.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler does only what handlers may, and stays for the life of the process.
    let result = unsafe { libc::sigaction(libc::SIGBUS, &raw const action, ptr::null_mut()) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

extern "C" fn handle(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid structure.
    let info_of_signal = unsafe { &*info };
    // SAFETY: of SIGBUS the address is the part that was filled.
    let address = unsafe { info_of_signal.si_addr() } as usize;
    match TABLE.iter().find(|slot| slot.has(address)) {
        Some(slot) if replace_page(address) => slot.failed.store(true, Ordering::Relaxed),
        _ => hand_on(signal, info, context),
    }
}

/// Puts zeroes in the place of the page.
fn replace_page(address: usize) -> bool {
    // The smallest page there is: what lies behind it faults again and is replaced in turn.
    const PAGE: usize = 4096;
    let start = (address / PAGE * PAGE) as *mut c_void;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    // SAFETY: the page lies in a mapping of ours, to which nobody has a reference.
    let page = unsafe { libc::mmap(start, PAGE, access, flags, -1, 0) };
    page != libc::MAP_FAILED
}

/// Does what would have been done without this handler.
fn hand_on(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let former = FORMER.get();
    match former.map(|former| (former.sa_sigaction, former.sa_flags)) {
        Some((action, flags)) if action != libc::SIG_DFL && action != libc::SIG_IGN => {
            if flags & libc::SA_SIGINFO == 0 {
                // SAFETY: without SA_SIGINFO the value is a handler of this type.
                let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(action) };
                handler(signal);
            } else {
                // SAFETY: with SA_SIGINFO the value is a handler of this type.
                let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
                    unsafe { std::mem::transmute(action) };
                handler(signal, info, context);
            }
        }
        _ => {
            // SAFETY: back to the default; the access is tried again and ends the process.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
}
