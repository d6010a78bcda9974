//! What a job takes of the machine, as far as that is known before it begins.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use fio_engine::files;
use fio_engine::job::{Distribution, JobSpec, SizeOrPercent, SubmitMode};

/// Bytes one clone needs for its I/O buffers, its random map, its files, what it measures, and what it
/// locks, at least.
pub(super) fn memory_of(job: &JobSpec) -> u64 {
    let parts = [
        buffers_of(job),
        random_map_of(job),
        waiting_blocks_of(job),
        file_count(job).saturating_mul(BYTES_PER_FILE),
        steady_state_of(job),
        job.process.locked_memory,
        // Each thread has its stack, and each that I/O is offloaded to a buffer.
        BYTES_PER_CLONE.saturating_mul(threads_of(job) as u64),
    ];
    parts.into_iter().fold(0, u64::saturating_add)
}

/// Threads of one clone: its own, and those its I/Os are offloaded to.
pub(super) fn threads_of(job: &JobSpec) -> usize {
    match job.submit_mode {
        SubmitMode::Inline => 1,
        SubmitMode::Offload => (job.io_depth as usize).saturating_add(1),
    }
}

/// Files of one clone.
pub(super) fn file_count(job: &JobSpec) -> u64 {
    let named = job.file_names.len() as u64;
    named.max(job.file_count.into())
}

/// Powers that one clone sums up before its first I/O, for Zipf's law.
pub(super) fn powers_of(job: &JobSpec) -> u64 {
    match job.order.distribution {
        Distribution::Zipf { .. } if job.pattern.random => blocks_of(job).min(MOST_TERMS),
        _ => 0,
    }
}

/// Terms the engine sums up at most for one file.
const MOST_TERMS: u64 = 10_000_000;

/// Statistics and stack of a clone, most of the latter never touched.
const BYTES_PER_CLONE: u64 = 256 << 10;

/// What a job remembers of each file, names included: about 500 bytes were measured.
const BYTES_PER_FILE: u64 = 512;

/// What is kept of each I/O in flight besides its buffer.
const BYTES_PER_UNIT: u64 = 256;

/// A measurement for a steady state, while it is taken and in the report.
const BYTES_PER_MEASUREMENT: u64 = 64;

/// Bytes of the I/O buffers of one clone; without an alignment of its own each has whole pages.
fn buffers_of(job: &JobSpec) -> u64 {
    let largest = job.block_sizes.iter().map(|(_, sizes)| sizes.max()).max();
    let largest = largest.unwrap_or(0);
    let stride = match job.memory.alignment {
        0 => rounded_up(largest, 4096),
        _ => largest,
    };
    let each = stride.saturating_add(BYTES_PER_UNIT);
    let copies = 1 + u64::from(job.submit_mode == SubmitMode::Offload);
    let buffers = each
        .saturating_mul(job.io_depth.into())
        .saturating_mul(copies);
    let bytes = buffers.saturating_add(job.memory.alignment.into());
    if job.memory.kind.is_huge() {
        rounded_up(bytes, job.memory.huge_page_size.max(1).into())
    } else {
        bytes
    }
}

fn rounded_up(bytes: u64, unit: u64) -> u64 {
    bytes.checked_next_multiple_of(unit).unwrap_or(u64::MAX)
}

/// Bytes of the map that has one bit per block.
fn random_map_of(job: &JobSpec) -> u64 {
    let preconditions = job.order.preconditioning.is_some();
    if !job.pattern.random || job.no_random_map || job.soft_random_map || preconditions {
        return 0;
    }
    blocks_of(job) / 8
}

/// Bytes of the numbers of blocks that a job which preconditions an SSD has yet to write again: those of
/// at most three regions.
fn waiting_blocks_of(job: &JobSpec) -> u64 {
    job.order.preconditioning.map_or(0, |one| {
        let writes = blocks_of(job) as f64 * (1.0 + one.over_provisioning);
        let region = (writes / f64::from(one.regions.max(1))) as u64;
        region.saturating_mul(3 * size_of::<u64>() as u64)
    })
}

/// Blocks of the smallest size in the files of one clone.
fn blocks_of(job: &JobSpec) -> u64 {
    let smallest = job.block_sizes.iter().map(|(_, sizes)| sizes.min()).min();
    region_of(job) / smallest.unwrap_or(1).max(1)
}

/// Bytes one clone works on. Where only the files tell, those that exist are asked.
fn region_of(job: &JobSpec) -> u64 {
    let of_files = job.file_size.map_or(0, |(_, high)| {
        high.saturating_mul(u64::from(job.file_count))
    });
    match job.size {
        Some(SizeOrPercent::Bytes(bytes)) => bytes.max(of_files),
        _ if of_files > 0 => of_files,
        _ => existing_bytes(job),
    }
}

/// Bytes of the files that the first clone would find now. Names that make no sense are refused
/// elsewhere.
fn existing_bytes(job: &JobSpec) -> u64 {
    let paths = files::paths(job, 0).into_iter().flatten();
    paths
        .map(|path| length_of(&path))
        .fold(0, u64::saturating_add)
}

/// Bytes of a file or a block device; 0 of what cannot be looked at.
fn length_of(path: &Path) -> u64 {
    let Ok(found) = fs::metadata(path) else {
        return 0;
    };
    if !found.file_type().is_block_device() {
        return found.len();
    }
    // The numbers of a device, as Linux packs them.
    let device = found.rdev();
    let major = (device >> 8 & 0xfff) | (device >> 32 & 0xffff_f000);
    let minor = (device & 0xff) | (device >> 12 & 0xffff_ff00);
    let sectors = fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/size"));
    let sectors = sectors
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok());
    sectors.unwrap_or(0).saturating_mul(512)
}

/// Bytes of the measurements a steady state is looked for in.
fn steady_state_of(job: &JobSpec) -> u64 {
    if !job.steady_state.is_on() {
        return 0;
    }
    job.steady_state
        .length()
        .saturating_mul(BYTES_PER_MEASUREMENT)
}
