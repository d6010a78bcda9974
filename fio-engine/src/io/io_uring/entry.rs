//! What the kernel is told of one I/O.

use io_uring::{opcode, squeue, types};

use crate::direction::Direction;
use crate::io::Io;
use crate::io::transfer::flags;
use crate::job::EngineOptions;

/// Writes entries in the form that the job's options ask for.
#[derive(Debug)]
pub(super) struct Entries {
    form: Form,
    registered_files: bool,
    /// `RWF_` flags of every I/O.
    flags: i32,
    /// Every so manyth I/O is not tried first; 0 means none.
    force_async: u32,
    since_forced: u32,
    /// One for each unit if I/Os name lists, else none.
    lists: Box<[List]>,
}

/// How an I/O names its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Buffer,
    /// One of the buffers registered with the ring: that of the unit.
    Registered,
    List,
}

/// `struct iovec`, which the kernel may read until the I/O is over.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
struct List(libc::iovec);

impl Entries {
    /// Whether files are named by their place among the registered ones.
    pub(super) const fn are_files_registered(&self) -> bool {
        self.registered_files
    }

    pub(super) fn new(options: &EngineOptions, registered_files: bool, depth: usize) -> Self {
        let form = match &options.io_uring {
            of_ring if of_ring.fixed_buffers => Form::Registered,
            of_ring if of_ring.vectored => Form::List,
            _ => Form::Buffer,
        };
        let empty = List(libc::iovec {
            iov_base: std::ptr::null_mut(),
            iov_len: 0,
        });
        let lists = if form == Form::List { depth } else { 0 };
        Self {
            form,
            registered_files,
            flags: flags(options),
            force_async: options.io_uring.force_async,
            since_forced: 0,
            lists: vec![empty; lists].into(),
        }
    }

    /// The entry of an I/O on this file and memory.
    #[inline]
    pub(super) fn entry(&mut self, io: &Io, file: i32, buffer: &mut [u8]) -> squeue::Entry {
        let file = types::Fd(if self.registered_files {
            io.file as i32
        } else {
            file
        });
        let writes = io.direction == Direction::Write;
        let length = buffer.len() as u32;
        let entry = match (self.form, writes) {
            (Form::Buffer, false) => opcode::Read::new(file, buffer.as_mut_ptr(), length)
                .offset(io.offset)
                .ioprio(io.priority)
                .rw_flags(self.flags)
                .build(),
            (Form::Buffer, true) => opcode::Write::new(file, buffer.as_ptr(), length)
                .offset(io.offset)
                .ioprio(io.priority)
                .rw_flags(self.flags)
                .build(),
            (Form::Registered, _) => self.registered(io, file, buffer),
            (Form::List, _) => self.list(io, file, buffer),
        };
        entry.flags(self.entry_flags()).user_data(io.unit as u64)
    }

    fn registered(&self, io: &Io, file: types::Fd, buffer: &mut [u8]) -> squeue::Entry {
        let length = buffer.len() as u32;
        // A depth is at most 32768, what the kernel's ring can have.
        let index = io.unit as u16;
        if io.direction == Direction::Write {
            opcode::WriteFixed::new(file, buffer.as_ptr(), length, index)
                .offset(io.offset)
                .ioprio(io.priority)
                .rw_flags(self.flags)
                .build()
        } else {
            opcode::ReadFixed::new(file, buffer.as_mut_ptr(), length, index)
                .offset(io.offset)
                .ioprio(io.priority)
                .rw_flags(self.flags)
                .build()
        }
    }

    fn list(&mut self, io: &Io, file: types::Fd, buffer: &mut [u8]) -> squeue::Entry {
        let list = &mut self.lists[io.unit].0;
        list.iov_base = buffer.as_mut_ptr().cast();
        list.iov_len = buffer.len();
        let list = std::ptr::from_ref(list);
        if io.direction == Direction::Write {
            opcode::Writev::new(file, list, 1)
                .offset(io.offset)
                .ioprio(io.priority)
                .rw_flags(self.flags)
                .build()
        } else {
            opcode::Readv::new(file, list, 1)
                .offset(io.offset)
                .ioprio(io.priority)
                .rw_flags(self.flags)
                .build()
        }
    }

    #[inline]
    fn entry_flags(&mut self) -> squeue::Flags {
        let mut flags = squeue::Flags::empty();
        if self.registered_files {
            flags |= squeue::Flags::FIXED_FILE;
        }
        if self.force_async > 0 {
            self.since_forced += 1;
            if self.since_forced == self.force_async {
                self.since_forced = 0;
                flags |= squeue::Flags::ASYNC;
            }
        }
        flags
    }
}
