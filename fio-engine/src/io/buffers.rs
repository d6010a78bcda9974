//! Page-aligned buffers for all units of an engine.

use std::ptr::NonNull;

use super::EngineError;

/// One anonymous mapping, cut into equal buffers that are aligned to pages, as `O_DIRECT` wants.
///
/// Pages are only backed by memory once they are touched.
#[derive(Debug)]
pub struct AlignedBuffers {
    base: NonNull<u8>,
    bytes: usize,
    stride: usize,
    count: usize,
}

// SAFETY: the mapping belongs to this value alone; nothing in it depends on the thread.
unsafe impl Send for AlignedBuffers {}

impl AlignedBuffers {
    /// `count` zeroed buffers of at least `size` bytes, each beginning on a page boundary.
    ///
    /// # Errors
    /// [`EngineError::Buffers`] when the memory cannot be had.
    pub fn new(count: usize, size: usize) -> Result<Self, EngineError> {
        let page = rustix::param::page_size();
        let too_large = || EngineError::Buffers {
            bytes: usize::MAX,
            source: std::io::ErrorKind::OutOfMemory.into(),
        };
        let stride = size
            .max(1)
            .checked_next_multiple_of(page)
            .ok_or_else(too_large)?;
        let bytes = stride.checked_mul(count.max(1)).ok_or_else(too_large)?;
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches no memory in use.
        let mapping = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                bytes,
                rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE,
                rustix::mm::MapFlags::PRIVATE,
            )
        };
        let mapping = mapping.map_err(|source| EngineError::Buffers {
            bytes,
            source: source.into(),
        })?;
        let base = NonNull::new(mapping.cast::<u8>()).ok_or_else(too_large)?;
        Ok(Self {
            base,
            bytes,
            stride,
            count,
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
        // SAFETY: `unit < count`, so the offset is below the size of the mapping.
        let start = unsafe { self.base.add(unit * self.stride) };
        // SAFETY: the range lies inside the mapping, which is initialised (zeroed by the kernel)
        // and lives as long as `self`, borrowed mutably here.
        unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), self.stride) }
    }
}

impl Drop for AlignedBuffers {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `new` and nothing borrows from it any more.
        let unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.bytes) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_aligned_and_apart() {
        let mut buffers = AlignedBuffers::new(3, 5000).unwrap();
        for unit in 0..3 {
            let buffer = buffers.get_mut(unit);
            assert_eq!(buffer.as_ptr().addr() % rustix::param::page_size(), 0);
            assert!(buffer.len() >= 5000);
            buffer.fill(unit as u8 + 1);
        }
        for unit in 0..3 {
            assert!(
                buffers
                    .get_mut(unit)
                    .iter()
                    .all(|byte| *byte == unit as u8 + 1)
            );
        }
    }

    #[test]
    #[should_panic(expected = "unit 2 of 2")]
    fn a_unit_out_of_range_is_refused() {
        AlignedBuffers::new(2, 512).unwrap().get_mut(2);
    }

    #[test]
    fn an_impossible_size_is_an_error() {
        let error = AlignedBuffers::new(usize::MAX, 4096).unwrap_err();
        assert!(error.to_string().contains("lower iodepth"), "{error}");
    }
}
