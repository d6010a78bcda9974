//! Engines and profiles of fio that are not here.
//!
//! Job files that name such an engine cannot run here as they were meant. They are refused with what
//! the engine would need and what measures the same storage instead.

use crate::job::error::Problem;
use crate::job::shown::shown;

/// Engines of fio that this crate does not have, and why not.
#[rustfmt::skip] // one engine, one line
const ENGINES: &[(&[&str], &str)] = &[
    (&["rbd", "rados"], "it needs a Ceph cluster; map the image (rbd map) or mount CephFS, and use any engine on that"),
    (&["http"], "it needs an S3, Swift or WebDAV server; mount the store, and use any engine on its files"),
    (&["gfapi", "gfapi_async"], "it needs a GlusterFS volume; mount it, and use any engine on its files"),
    (&["nfs"], "it needs an NFS server; mount the export, and use any engine on its files"),
    (&["libhdfs", "hdfs"], "it needs a Hadoop cluster; mount HDFS, and use any engine on its files"),
    (&["dfs"], "it needs a DAOS pool; mount it (dfuse), and use any engine on its files"),
    (&["ime_psync", "ime_psyncv", "ime_aio"], "it needs storage of DDN IME; mount it, and use psync, pvsync or libaio"),
    (&["libiscsi"], "it needs an iSCSI target; log in with open-iscsi, and use io_uring or libaio with direct=1"),
    (&["nbd"], "it needs an NBD server; attach it with nbd-client, and use io_uring or libaio with direct=1"),
    (&["spdk", "spdk_bdev"], "it needs SPDK and a device taken away from the kernel; leave it to the kernel, and use io_uring with direct=1"),
    (&["xnvme", "libblkio"], "it reaches devices through a library of that name; use io_uring with direct=1 on the block device"),
    (&["libcufile"], "it needs GPUDirect Storage, for buffers on a GPU; use io_uring with direct=1"),
    (&["libpmem", "dev-dax", "pmemblk"], "it needs persistent memory; use mmap on a file system that is mounted with DAX"),
    (&["libzbc"], "it needs a zoned disk, and sends it commands past the kernel"),
    (&["sg", "io_uring_cmd", "binject"], "it sends commands to a device past the block layer; use io_uring with direct=1 on the block device"),
    (&["mtd"], "it needs raw flash memory (/dev/mtd*); with a translation layer (mtdblock, UBI) use any engine"),
    (&["net", "netsplice", "rdma", "librpma_apm_client", "librpma_apm_server", "librpma_gpspm_client", "librpma_gpspm_server"], "it measures a network and no storage"),
    (&["exec"], "it starts a program, and commands are never run"),
    (&["e4defrag"], "it moves extents between files of ext4, which is no I/O; use any engine for the load beside it"),
    (&["page_fault"], "it measures page faults of memory and no storage; mmap does I/O by page faults"),
    (&["dircreate", "dirstat", "dirdelete"], "directories are not made as I/O; filecreate, filestat and filedelete measure files"),
    (&["cpp_null"], "it is fio's example of an engine in C++; null does the same"),
    (&["windowsaio", "solarisaio"], "it belongs to another system; use io_uring or libaio"),
    (&["guasi", "syslet-rw"], "fio has removed it; use io_uring or libaio"),
];

/// Why an engine of fio is not here; `None` for names that fio does not have, or that are here.
///
/// ```
/// use fio_engine::job::absent_engine;
///
/// assert!(absent_engine("rbd").is_some_and(|reason| reason.contains("Ceph")));
/// assert!(absent_engine("psync").is_none());
/// ```
#[must_use]
pub fn absent_engine(name: &str) -> Option<&'static str> {
    let found = ENGINES.iter().find(|(names, _)| names.contains(&name));
    found.map(|(_, reason)| *reason)
}

/// The names of all engines of fio that are not here.
pub fn absent_engines() -> impl Iterator<Item = &'static str> {
    ENGINES.iter().flat_map(|(names, _)| names.iter().copied())
}

/// The complaint about options of an engine of fio that is not here; `None` if there is none.
pub(super) fn engine_not_here(engine: &str) -> Option<Problem> {
    absent_engine(engine).map(|reason| Problem::AbsentEngine {
        engine: shown(engine.as_bytes()),
        reason,
    })
}

/// What to do in place of a profile.
pub(in crate::job) const INSTEAD_OF_PROFILE: &str = "its jobs can be written as a file: tiobench is one job each for rw=write, randwrite, read and \
     randread, behind a stonewall";
