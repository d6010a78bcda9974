//! Where I/O buffers lie: `mem`, `iomem_align`, `hugepage-size`.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::job::value_error::ValueError;

/// Memory of a job's I/O buffers.
///
/// ```
/// use fio_engine::job::{JobSpec, MemoryKind};
///
/// let mut job = JobSpec::new("shared");
/// job.memory.kind = MemoryKind::SharedMemory;
/// job.memory.alignment = 512;
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryOptions {
    /// How the memory is had (`mem`).
    pub kind: MemoryKind,
    /// File that is mapped (`mem=mmap:FILE`); only for the kinds of mappings. It is made, or
    /// extended, and stays.
    pub file: Option<PathBuf>,
    /// Bytes between a page boundary and the first buffer (`iomem_align`). If it is not 0, the
    /// buffers follow each other without gaps, so that the block size decides how the others lie.
    pub alignment: u32,
    /// Size of a huge page in bytes (`hugepage-size`); what is asked for is rounded up to it.
    pub huge_page_size: u32,
}

/// How the memory of buffers is had: `mem`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemoryKind {
    /// Memory of the process (`malloc`), in whole pages here.
    Malloc,
    /// System V shared memory (`shm`).
    SharedMemory,
    /// System V shared memory in huge pages (`shmhuge`).
    HugeSharedMemory,
    /// A private mapping, anonymous or of a file (`mmap`).
    Mapping,
    /// A shared mapping, anonymous or of a file (`mmapshared`).
    SharedMapping,
    /// A mapping in huge pages, anonymous or of a file in hugetlbfs (`mmaphuge`).
    HugeMapping,
}

impl MemoryKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Malloc,
        Self::SharedMemory,
        Self::HugeSharedMemory,
        Self::Mapping,
        Self::SharedMapping,
        Self::HugeMapping,
    ];

    /// fio's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malloc => "malloc",
            Self::SharedMemory => "shm",
            Self::HugeSharedMemory => "shmhuge",
            Self::Mapping => "mmap",
            Self::SharedMapping => "mmapshared",
            Self::HugeMapping => "mmaphuge",
        }
    }

    /// Whether a file can be mapped for it.
    #[must_use]
    pub const fn maps_files(self) -> bool {
        matches!(
            self,
            Self::Mapping | Self::SharedMapping | Self::HugeMapping
        )
    }

    /// Whether it takes huge pages.
    #[must_use]
    pub const fn is_huge(self) -> bool {
        matches!(self, Self::HugeSharedMemory | Self::HugeMapping)
    }
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self {
            kind: MemoryKind::Malloc,
            file: None,
            alignment: 0,
            huge_page_size: 2 << 20,
        }
    }
}

impl MemoryOptions {
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let fault = |problem: String| Err(ValueError::Conflict(problem));
        if let Some(file) = &self.file {
            if !self.kind.maps_files() {
                let name = self.kind.name();
                return fault(format!("memory (mem={name}) has no file; remove it"));
            }
            let name = file.as_os_str().as_bytes();
            if name.is_empty() || name.contains(&0) {
                return fault("memory (mem) needs a file name without NUL characters".to_owned());
            }
        }
        Ok(())
    }
}
