//! `disk_util_stat` and `disk_util_agg`: what disks did while the jobs ran.

use super::{Chars, wire_struct};
use crate::byte_string::ByteString;
use crate::version::revisions::*;

wire_struct! {
    /// What one disk did while the jobs ran (fio's `disk_util_stat`). Arrays are ordered read, write.
    pub struct DiskStats, view DiskStatsView, "disk_util_stat" {
        /// Name of the disk, at most 63 bytes.
        pub name: ByteString,
        /// I/Os done.
        pub ios: [u64; 2],
        /// I/Os merged with others.
        pub merges: [u64; 2],
        /// Sectors of 512 bytes moved.
        pub sectors: [u64; 2],
        /// Time I/Os took, added up, ms.
        pub ticks: [u64; 2],
        /// Time the disk was busy, ms.
        pub io_ticks: u64,
        /// Time I/Os waited or were being done, added up, ms.
        pub time_in_queue: u64,
        /// Time measured, ms.
        pub elapsed: u64,
    }
    rows {
        V65_FIO_2_99..=NOW => name: Chars<64>, "name", None;
        V65_FIO_2_99..=NOW => ios: [u64; 2], "s.ios", None;
        V65_FIO_2_99..=NOW => merges: [u64; 2], "s.merges", None;
        V65_FIO_2_99..=NOW => sectors: [u64; 2], "s.sectors", None;
        V65_FIO_2_99..=NOW => ticks: [u64; 2], "s.ticks", Milliseconds;
        V65_FIO_2_99..=NOW => io_ticks: u64, "s.io_ticks", Milliseconds;
        V65_FIO_2_99..=NOW => time_in_queue: u64, "s.time_in_queue", Milliseconds;
        V65_FIO_2_99..=NOW => elapsed: u64, "s.msec", Milliseconds;
    }
}

wire_struct! {
    /// What the disks below one did, added up (fio's `disk_util_agg`). Zero for a disk that is not made
    /// of others. Arrays are ordered read, write.
    pub struct DiskAggregate, view DiskAggregateView, "disk_util_agg" {
        /// I/Os done.
        pub ios: [u64; 2],
        /// I/Os merged with others.
        pub merges: [u64; 2],
        /// Sectors of 512 bytes moved.
        pub sectors: [u64; 2],
        /// Time I/Os took, added up, ms.
        pub ticks: [u64; 2],
        /// Time the disks were busy, ms.
        pub io_ticks: u64,
        /// Time I/Os waited or were being done, added up, ms.
        pub time_in_queue: u64,
        /// Disks added up (`slavecount`).
        pub disks: u32,
        /// The busiest disk's share of time, percent.
        pub max_utilization: f64,
    }
    rows {
        V65_FIO_2_99..=NOW => ios: [u64; 2], "ios", None;
        V65_FIO_2_99..=NOW => merges: [u64; 2], "merges", None;
        V65_FIO_2_99..=NOW => sectors: [u64; 2], "sectors", None;
        V65_FIO_2_99..=NOW => ticks: [u64; 2], "ticks", Milliseconds;
        V65_FIO_2_99..=NOW => io_ticks: u64, "io_ticks", Milliseconds;
        V65_FIO_2_99..=NOW => time_in_queue: u64, "time_in_queue", Milliseconds;
        V65_FIO_2_99..=NOW => disks: u32, "slavecount", None;
        V65_FIO_2_99..=NOW => pad(4);
        V65_FIO_2_99..=NOW => max_utilization: f64, "max_util", Percent;
    }
}
