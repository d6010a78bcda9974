//! The kernel's asynchronous I/O context: system calls, their structures, and the event ring.
//!
//! Layouts are those of `linux/aio_abi.h`; the ring is the one liburing's predecessor libaio reads
//! in its `io_getevents`, recognised by its magic number.

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::io::{EngineError, Io};

const COMMAND_READ: u16 = 0;
const COMMAND_WRITE: u16 = 1;
/// Added to a command, makes its buffer a list of buffers.
const VECTORED: u16 = 7;
/// `IOCB_FLAG_IOPRIO`: the priority field counts.
const FLAG_PRIORITY: u32 = 2;
const RING_MAGIC: u32 = 0xa10a_10a1;

/// `struct iocb`: one I/O as the kernel is told of it.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(super) struct ControlBlock {
    data: u64,
    key: u32,
    rw_flags: u32,
    command: u16,
    priority: i16,
    file: u32,
    buffer: u64,
    length: u64,
    offset: i64,
    reserved: u64,
    flags: u32,
    event_file: u32,
}

const _: () = assert!(size_of::<ControlBlock>() == 64);

impl ControlBlock {
    #[inline]
    pub(super) fn transfer(
        write: bool,
        file: i32,
        buffer: NonNull<u8>,
        flags: i32,
        io: &Io,
    ) -> Self {
        Self {
            data: io.unit as u64,
            command: if write { COMMAND_WRITE } else { COMMAND_READ },
            file: file as u32,
            buffer: buffer.as_ptr().expose_provenance() as u64,
            length: io.length as u64,
            rw_flags: flags.cast_unsigned(),
            offset: io.offset as i64,
            priority: io.priority.cast_signed(),
            flags: if io.priority == 0 { 0 } else { FLAG_PRIORITY },
            ..Self::default()
        }
    }
}

impl ControlBlock {
    /// Makes the buffer a list of one buffer, kept in `list`.
    pub(super) fn name_by_list(&mut self, list: &mut libc::iovec) {
        list.iov_base = std::ptr::with_exposed_provenance_mut(self.buffer as usize);
        list.iov_len = self.length as usize;
        self.buffer = std::ptr::from_mut(list).expose_provenance() as u64;
        self.length = 1;
        self.command += VECTORED;
    }
}

/// `struct io_event`: one I/O that is over.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Event {
    data: u64,
    object: u64,
    result: i64,
    result2: i64,
}

impl Event {
    pub(super) fn unit(&self) -> usize {
        self.data as usize
    }

    pub(super) fn result(&self) -> io::Result<usize> {
        match self.result {
            moved @ 0.. => Ok(moved as usize),
            error => Err(io::Error::from_raw_os_error(-error as i32)),
        }
    }
}

/// Head of the ring of events that the kernel maps into the process.
#[repr(C)]
struct Ring {
    id: u32,
    slots: u32,
    head: AtomicU32,
    tail: AtomicU32,
    magic: u32,
    compatible_features: u32,
    incompatible_features: u32,
    header_length: u32,
}

/// An `aio_context_t`.
#[derive(Debug)]
pub(super) struct Context {
    id: libc::c_ulong,
    /// The ring, where it has the form we know.
    ring: Option<NonNull<Ring>>,
    pointers: Vec<*mut ControlBlock>,
}

// SAFETY: the context and its ring belong to this value alone; the kernel does not care which
// thread of the process uses them. `pointers` is scratch space, empty between calls.
unsafe impl Send for Context {}

impl Context {
    /// A context for `depth` I/Os in flight.
    pub(super) fn new(depth: usize) -> Result<Self, EngineError> {
        let mut id: libc::c_ulong = 0;
        // SAFETY: `id` is zeroed, as the call wants, and receives the context.
        let result =
            unsafe { libc::syscall(libc::SYS_io_setup, depth as libc::c_long, &raw mut id) };
        if result < 0 {
            let source = io::Error::last_os_error();
            return Err(EngineError::AsyncContext {
                io_depth: depth,
                source,
            });
        }
        Ok(Self {
            id,
            ring: known_ring(id),
            pointers: Vec::with_capacity(depth),
        })
    }

    /// Starts the I/Os of these units, in order, and returns how many were started.
    pub(super) fn submit(
        &mut self,
        blocks: &mut [ControlBlock],
        units: &[usize],
    ) -> io::Result<usize> {
        self.pointers.clear();
        let first = blocks.as_mut_ptr();
        for &unit in units {
            assert!(unit < blocks.len(), "unit {unit} of {}", blocks.len());
            // SAFETY: the assertion keeps the pointer inside the slice.
            self.pointers.push(unsafe { first.add(unit) });
        }
        // SAFETY: every pointer is to a control block filled by `ControlBlock::transfer`, whose
        // buffer stays mapped and untouched, and whose file stays open, until the I/O is reaped
        // or the context is destroyed: `LibAio` keeps both behind the context.
        let result = unsafe {
            libc::syscall(
                libc::SYS_io_submit,
                self.id,
                self.pointers.len() as libc::c_long,
                self.pointers.as_mut_ptr(),
            )
        };
        if result < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(result as usize)
        }
    }

    /// Takes up to `maximum` events that are there already, without a system call.
    #[expect(
        clippy::needless_pass_by_ref_mut,
        reason = "taking events is exclusive: two takers would read the same slot"
    )]
    #[inline]
    pub(super) fn take_ready(&mut self, maximum: usize, events: &mut Vec<Event>) {
        let Some(ring) = self.ring else { return };
        // SAFETY: the kernel keeps the ring mapped until the context is destroyed, and changes
        // behind our back only the atomics and the slots between head and tail.
        let header = unsafe { ring.as_ref() };
        let slots = header.slots;
        let mut head = header.head.load(Ordering::Relaxed);
        let tail = header.tail.load(Ordering::Acquire);
        let before = events.len();
        while head != tail && events.len() - before < maximum {
            // SAFETY: the slots follow the header directly, in the same mapping.
            let slots_begin = unsafe { ring.add(1) }.cast::<Event>();
            // SAFETY: `head` is below the number of slots.
            let slot = unsafe { slots_begin.add(head as usize) };
            // SAFETY: the kernel wrote this slot before it moved the tail that was read above.
            events.push(unsafe { slot.read() });
            head = if head + 1 >= slots { 0 } else { head + 1 };
        }
        if events.len() > before {
            header.head.store(head, Ordering::Release);
        }
    }

    /// Waits for at least `minimum` events and takes up to `maximum`. With `patience` it waits no
    /// longer than that, and may find fewer.
    pub(super) fn wait(
        &mut self,
        minimum: usize,
        maximum: usize,
        patience: Option<Duration>,
        events: &mut Vec<Event>,
    ) -> io::Result<()> {
        let mut timeout = patience.map(|patience| libc::timespec {
            tv_sec: patience.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        });
        let timeout = timeout
            .as_mut()
            .map_or(std::ptr::null_mut(), std::ptr::from_mut);
        let mut missing = minimum;
        let mut room = maximum;
        while missing > 0 {
            events.reserve(room);
            let spare = events.spare_capacity_mut();
            let count = room.min(spare.len());
            // SAFETY: `spare` has room for `count` events, which the call writes from its start;
            // `timeout` is null or a time that outlives the call.
            let result = unsafe {
                libc::syscall(
                    libc::SYS_io_getevents,
                    self.id,
                    missing as libc::c_long,
                    count as libc::c_long,
                    spare.as_mut_ptr(),
                    timeout,
                )
            };
            if result < 0 {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
                continue;
            }
            let taken = result as usize;
            // SAFETY: the call has written `taken` events behind the old length.
            unsafe { events.set_len(events.len() + taken) };
            if patience.is_some() {
                break;
            }
            missing = missing.saturating_sub(taken);
            room -= taken.min(room);
        }
        Ok(())
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context is ours and not used again. The call cancels or waits for all I/Os.
        let result = unsafe { libc::syscall(libc::SYS_io_destroy, self.id) };
        debug_assert_eq!(result, 0);
    }
}

/// The context's identifier is the address of its ring.
fn known_ring(id: libc::c_ulong) -> Option<NonNull<Ring>> {
    let ring = NonNull::new(std::ptr::with_exposed_provenance_mut::<Ring>(id as usize))?;
    // SAFETY: `io_setup` maps at least one page here and returns its address as the identifier.
    let header = unsafe { ring.as_ref() };
    let known = header.magic == RING_MAGIC
        && header.incompatible_features == 0
        && header.header_length as usize == size_of::<Ring>();
    known.then_some(ring)
}
