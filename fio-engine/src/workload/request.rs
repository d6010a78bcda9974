//! What a generator is made from and what it yields.

use thiserror::Error;

use crate::direction::Direction;

/// The part of one file that a job works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileRegion {
    /// First byte, from the beginning of the file.
    pub start: u64,
    /// Bytes from `start` on; 0 means the file gets no I/O.
    pub length: u64,
    /// [`name_hash`](super::name_hash) of the file's path; it seeds distributions that are skewed.
    pub name_hash: u32,
}

/// One I/O to issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub kind: RequestKind,
    /// Position of the file in the list the generator was made with, or among those that are open
    /// ([`Generator::open_at_most`](super::Generator::open_at_most)).
    pub file: u32,
    /// First byte, from the beginning of the file; 0 for synchronisation of a whole file. For
    /// [`RequestKind::Open`] the number of the file in the list the generator was made with.
    pub offset: u64,
    /// Bytes; 0 for synchronisation of a whole file.
    pub length: u64,
}

/// What a [`Request`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// Moves or discards data.
    Data(Direction),
    /// Makes the file's data and metadata durable (`fsync`).
    Fsync,
    /// Makes the file's data durable (`fdatasync`).
    Fdatasync,
    /// Hands a range of the file to the storage (`sync_file_range`).
    SyncRange,
    /// Opens another file in the place of the list that [`Request::file`] says; which one,
    /// [`Generator::file_in`](super::Generator::file_in) tells. Only after
    /// [`Generator::open_at_most`](super::Generator::open_at_most).
    Open,
    /// The job goes over this file once more. Only after
    /// [`Generator::announce_passes`](super::Generator::announce_passes).
    Restart,
    /// The job goes over all its files once more; `file` says nothing. Only after
    /// [`Generator::announce_passes`](super::Generator::announce_passes).
    NextPass,
}

/// Why no sequence can be generated for a job.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// No file has room for even one I/O.
    #[error(
        "job {job:?}: no file has room for a block of {block_size} bytes (largest region: \
         {largest_region} bytes); raise size or filesize, or lower bs"
    )]
    NoRoom {
        /// Name of the job.
        job: String,
        /// The smallest block size of the job.
        block_size: u64,
        /// The longest region among the job's files.
        largest_region: u64,
    },
    /// A block size of zero.
    #[error(
        "job {job:?}: {direction} block size is 0; give bs, bsrange or bssplit a size of at least 1"
    )]
    ZeroBlockSize {
        /// Name of the job.
        job: String,
        /// The direction it was given for.
        direction: Direction,
    },
    /// Zones without room for one I/O.
    #[error(
        "job {job:?}: zones of {range} bytes have no room for a block of {block_size} bytes; raise \
         zonerange or lower bs"
    )]
    SmallZones {
        /// Name of the job.
        job: String,
        /// The smallest block size of the job.
        block_size: u64,
        /// Bytes of a zone that are used.
        range: u64,
    },
    /// Regions of a pass that preconditions an SSD without room for a block, or for its cache.
    #[error(
        "job {job:?}: each of {regions} regions (spr_num_regions) would have {bytes} bytes, less than \
         {needed} (the block size, and spr_cs); give at most {most} regions"
    )]
    SmallRegions {
        /// Name of the job.
        job: String,
        /// Regions of a file.
        regions: u32,
        /// Bytes of each, spare space included.
        bytes: u64,
        /// Bytes it must have.
        needed: u64,
        /// Regions that would have so many.
        most: u64,
    },
    /// The random map, or the list of blocks to be written again, does not fit into memory.
    #[error(
        "job {job:?}: no memory for the random map of {blocks} blocks; use norandommap, \
         softrandommap or larger blocks (with sprandom, more regions or larger blocks)"
    )]
    MapMemory {
        /// Name of the job.
        job: String,
        /// Blocks, one bit each, of the file whose map did not fit.
        blocks: u64,
    },
}
