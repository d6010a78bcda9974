//! Buffers for all units of an engine, in the memory the job asks for.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags};

use super::{EngineError, EngineSetup};
use crate::job::{MemoryKind, MemoryOptions};

/// One stretch of memory, cut into equal buffers.
///
/// Unless the job wants it otherwise (`iomem_align`), every buffer begins on a page boundary, as
/// `O_DIRECT` wants. Pages are only backed by memory once they are touched.
#[derive(Debug)]
pub struct AlignedBuffers {
    base: NonNull<u8>,
    /// Bytes of the whole stretch.
    bytes: usize,
    /// Where the first buffer begins.
    first: usize,
    /// From the beginning of one buffer to that of the next.
    stride: usize,
    count: usize,
    /// How the memory is given back.
    kind: MemoryKind,
}

// SAFETY: the memory belongs to this value alone; nothing in it depends on the thread.
unsafe impl Send for AlignedBuffers {}

impl AlignedBuffers {
    /// `count` zeroed buffers of at least `size` bytes, each beginning on a page boundary.
    ///
    /// # Errors
    /// [`EngineError::Buffers`] when the memory cannot be had.
    pub fn new(count: usize, size: usize) -> Result<Self, EngineError> {
        Self::in_memory(count, size, &MemoryOptions::default())
    }

    /// The buffers of an engine: one for each I/O in flight, in the memory of the job's choice.
    ///
    /// # Errors
    /// As [`in_memory`](Self::in_memory).
    pub fn of(setup: &EngineSetup) -> Result<Self, EngineError> {
        Self::in_memory(setup.io_depth, setup.max_block_size, &setup.memory)
    }

    /// `count` buffers of at least `size` bytes. What a file that is mapped holds is in them, other
    /// memory is zeroed.
    ///
    /// # Errors
    /// [`EngineError::Buffers`] when the memory cannot be had, [`EngineError::HugePages`] when
    /// there are no huge pages free, [`EngineError::MemoryFile`] when a file cannot be mapped.
    pub fn in_memory(
        count: usize,
        size: usize,
        memory: &MemoryOptions,
    ) -> Result<Self, EngineError> {
        let page = rustix::param::page_size();
        let layout =
            Layout::new(count, size, memory, page).ok_or_else(|| out_of_memory(usize::MAX))?;
        let base = match memory.kind {
            MemoryKind::SharedMemory | MemoryKind::HugeSharedMemory => {
                shared_memory(layout.bytes, memory)?
            }
            _ => mapping(layout.bytes, memory)?,
        };
        Ok(Self {
            base,
            bytes: layout.bytes,
            first: layout.first,
            stride: layout.stride,
            count,
            kind: memory.kind,
        })
    }

    /// How many buffers there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The buffer of a unit.
    ///
    /// # Panics
    /// If `unit` is not below [`count`](Self::count).
    #[inline]
    pub fn get_mut(&mut self, unit: usize) -> &mut [u8] {
        assert!(unit < self.count, "unit {unit} of {}", self.count);
        // SAFETY: `unit < count`, so the offset is below the size of the memory.
        let start = unsafe { self.base.add(self.first + unit * self.stride) };
        // SAFETY: the range lies inside the memory, which is initialised (zeroed by the kernel or
        // filled from a file) and lives as long as `self`, borrowed mutably here.
        unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), self.stride) }
    }
}

impl Drop for AlignedBuffers {
    fn drop(&mut self) {
        match self.kind {
            MemoryKind::SharedMemory | MemoryKind::HugeSharedMemory => {
                // SAFETY: the segment was attached here and nothing borrows from it any more.
                let detached = unsafe { libc::shmdt(self.base.as_ptr().cast()) };
                debug_assert!(detached == 0, "{}", io::Error::last_os_error());
            }
            _ => {
                // SAFETY: the range was mapped here and nothing borrows from it any more.
                let unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.bytes) };
                debug_assert!(unmapped.is_ok(), "{unmapped:?}");
            }
        }
    }
}

/// Where buffers lie in their memory.
struct Layout {
    bytes: usize,
    first: usize,
    stride: usize,
}

impl Layout {
    /// `None` if that is more than can be addressed.
    fn new(count: usize, size: usize, memory: &MemoryOptions, page: usize) -> Option<Self> {
        let first = memory.alignment as usize;
        let stride = match first {
            0 => size.max(1).checked_next_multiple_of(page)?,
            // As fio has it: the alignment is that of the first buffer, the rest follow the size.
            _ => size.max(1),
        };
        let unit = if memory.kind.is_huge() {
            page.max(memory.huge_page_size as usize)
        } else {
            page
        };
        let bytes = stride
            .checked_mul(count.max(1))?
            .checked_add(first)?
            .checked_next_multiple_of(unit)?;
        (bytes <= isize::MAX as usize).then_some(Self {
            bytes,
            first,
            stride,
        })
    }
}

fn mapping(bytes: usize, memory: &MemoryOptions) -> Result<NonNull<u8>, EngineError> {
    let rights = ProtFlags::READ | ProtFlags::WRITE;
    let flags = match (memory.kind, &memory.file) {
        // A file in hugetlbfs gives huge pages by itself.
        (MemoryKind::HugeMapping, Some(_)) | (MemoryKind::SharedMapping, _) => MapFlags::SHARED,
        (MemoryKind::HugeMapping, None) => MapFlags::PRIVATE | MapFlags::HUGETLB,
        _ => MapFlags::PRIVATE,
    };
    let mapped = if let Some(path) = &memory.file {
        let file = backing_file(path, bytes).map_err(|source| EngineError::MemoryFile {
            path: path.clone(),
            source,
        })?;
        // SAFETY: a mapping at an address of the kernel's choice touches no memory in use; the file
        // is as long as the mapping.
        unsafe { rustix::mm::mmap(std::ptr::null_mut(), bytes, rights, flags, &file, 0) }
    } else {
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches no memory in use.
        unsafe { rustix::mm::mmap_anonymous(std::ptr::null_mut(), bytes, rights, flags) }
    };
    let address = mapped.map_err(|errno| unavailable(bytes, memory, errno.into()))?;
    NonNull::new(address.cast::<u8>()).ok_or_else(|| out_of_memory(bytes))
}

/// The file behind a mapping, at least as long as it.
fn backing_file(path: &Path, bytes: usize) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && metadata.len() < bytes as u64 {
        file.set_len(bytes as u64)?;
    }
    Ok(file)
}

/// A segment of System V shared memory, which is gone when it is detached.
fn shared_memory(bytes: usize, memory: &MemoryOptions) -> Result<NonNull<u8>, EngineError> {
    let huge = if memory.kind.is_huge() {
        libc::SHM_HUGETLB
    } else {
        0
    };
    // SAFETY: makes a new segment and touches no memory.
    let segment = unsafe { libc::shmget(libc::IPC_PRIVATE, bytes, libc::IPC_CREAT | huge | 0o600) };
    if segment < 0 {
        return Err(unavailable(bytes, memory, io::Error::last_os_error()));
    }
    // SAFETY: attaches the segment at an address of the kernel's choice, which touches no memory in use.
    let address = unsafe { libc::shmat(segment, std::ptr::null(), 0) };
    let attached = match address.addr() {
        usize::MAX => Err(unavailable(bytes, memory, io::Error::last_os_error())),
        _ => NonNull::new(address.cast::<u8>()).ok_or_else(|| out_of_memory(bytes)),
    };
    // SAFETY: marks the segment for removal as soon as it is detached; the pointer may be null here.
    unsafe { libc::shmctl(segment, libc::IPC_RMID, std::ptr::null_mut()) };
    attached
}

fn unavailable(bytes: usize, memory: &MemoryOptions, source: io::Error) -> EngineError {
    if memory.kind.is_huge() {
        EngineError::HugePages { bytes, source }
    } else {
        EngineError::Buffers { bytes, source }
    }
}

fn out_of_memory(bytes: usize) -> EngineError {
    EngineError::Buffers {
        bytes,
        source: io::ErrorKind::OutOfMemory.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> usize {
        rustix::param::page_size()
    }

    fn options(kind: MemoryKind) -> MemoryOptions {
        MemoryOptions {
            kind,
            ..MemoryOptions::default()
        }
    }

    /// Every unit keeps what is written to it, up to its last byte.
    fn fill_and_compare(buffers: &mut AlignedBuffers, size: usize) {
        for unit in 0..buffers.count() {
            let buffer = buffers.get_mut(unit);
            assert!(buffer.len() >= size);
            buffer.fill(unit as u8 + 1);
        }
        for unit in 0..buffers.count() {
            let buffer = buffers.get_mut(unit);
            assert!(buffer.iter().all(|byte| *byte == unit as u8 + 1));
        }
    }

    #[test]
    fn buffers_are_aligned_and_apart() {
        for kind in MemoryKind::ALL.into_iter().filter(|kind| !kind.is_huge()) {
            let mut buffers = AlignedBuffers::in_memory(3, 5000, &options(kind)).unwrap();
            for unit in 0..3 {
                let address = buffers.get_mut(unit).as_ptr().addr();
                assert_eq!(address % page(), 0, "{kind:?}");
            }
            fill_and_compare(&mut buffers, 5000);
        }
    }

    /// As strace shows it of fio: the first buffer lies that far behind a page boundary.
    #[test]
    fn an_alignment_moves_the_first_buffer_and_closes_the_gaps() {
        let mut memory = options(MemoryKind::Malloc);
        memory.alignment = 512;
        let mut buffers = AlignedBuffers::in_memory(3, 1000, &memory).unwrap();
        let first = buffers.get_mut(0).as_ptr().addr();
        assert_eq!(first % page(), 512);
        assert_eq!(buffers.get_mut(2).as_ptr().addr() - first, 2000);
        fill_and_compare(&mut buffers, 1000);
    }

    #[test]
    fn a_file_is_mapped_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = options(MemoryKind::SharedMapping);
        let path = folder.path().join("buffers");
        memory.file = Some(path.clone());
        let mut buffers = AlignedBuffers::in_memory(2, 4096, &memory).unwrap();
        buffers.get_mut(1).fill(7);
        drop(buffers);
        let contents = std::fs::read(&path).unwrap();
        assert_eq!((contents.len(), contents[page()]), (2 * page(), 7));
        memory.file = Some(folder.path().join("no/such/folder"));
        let error = AlignedBuffers::in_memory(2, 4096, &memory).unwrap_err();
        assert!(matches!(error, EngineError::MemoryFile { .. }), "{error}");
    }

    /// Where the machine has huge pages to give they are used, else the error says what is missing.
    #[test]
    fn huge_pages_are_had_or_missed_by_name() {
        for kind in [MemoryKind::HugeMapping, MemoryKind::HugeSharedMemory] {
            match AlignedBuffers::in_memory(2, 4096, &options(kind)) {
                Ok(mut buffers) => fill_and_compare(&mut buffers, 4096),
                Err(error) => assert!(error.to_string().contains("nr_hugepages"), "{error}"),
            }
        }
    }

    #[test]
    #[should_panic(expected = "unit 2 of 2")]
    fn a_unit_out_of_range_is_refused() {
        AlignedBuffers::new(2, 512).unwrap().get_mut(2);
    }

    #[test]
    fn an_impossible_size_is_an_error() {
        for kind in MemoryKind::ALL {
            let error = AlignedBuffers::in_memory(usize::MAX, 4096, &options(kind)).unwrap_err();
            assert!(error.to_string().contains("lower iodepth"), "{error}");
        }
    }
}
