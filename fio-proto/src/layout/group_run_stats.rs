//! `group_run_stats`: totals of a group of jobs.

use super::{Scaled, wire_struct};
use crate::version::revisions::*;

wire_struct! {
    /// Totals of a group of jobs (fio's `group_run_stats`). Arrays are ordered read, write, trim.
    ///
    /// Minima of directions without I/O are all ones, as fio sends them. Version 1 sends KiB where later
    /// versions send bytes; here they are bytes, and encoding for version 1 rounds down.
    pub struct GroupRunStats, view GroupRunStatsView, "group_run_stats" {
        /// Longest time a job of the group ran, ms.
        pub max_runtime_ms: [u64; 3],
        /// Shortest time a job of the group ran, ms.
        pub min_runtime_ms: [u64; 3],
        /// Bandwidth of the fastest job, B/s.
        pub max_bandwidth: [u64; 3],
        /// Bandwidth of the slowest job, B/s.
        pub min_bandwidth: [u64; 3],
        /// Bytes moved by all jobs (`iobytes`, `io_kb` in version 1).
        pub io_bytes: [u64; 3],
        /// Bandwidth of all jobs together, B/s (`agg`).
        pub bandwidth: [u64; 3],
        /// 1024 or 1000: what reports call a kilobyte.
        pub kb_base: u32,
        /// Bits or bytes in reports: 8 for bytes, 1 for bits, 0 for the default. Since version 65.
        pub unit_base: u32,
        /// Significant figures in reports (`sig_figs`). Since version 69, filled since 70.
        pub significant_figures: u32,
        /// The group, counted from 0. Meaningless inside a TS message.
        pub group_id: u32,
        /// How directions are reported (`unified_rw_rep`): 0 apart, 1 as one, 2 both ways.
        pub unified_report: u32,
    }
    rows {
        V1..=V1 => max_runtime_ms: [u64; 2], "max_run", Milliseconds;
        V65_FIO_2_99..=NOW => max_runtime_ms: [u64; 3], "max_run", Milliseconds;
        V1..=V1 => min_runtime_ms: [u64; 2], "min_run", Milliseconds;
        V65_FIO_2_99..=NOW => min_runtime_ms: [u64; 3], "min_run", Milliseconds;
        V1..=V1 => max_bandwidth: [Scaled<u64, 1024>; 2], "max_bw", KilobytesPerSecond;
        V65_FIO_2_99..=NOW => max_bandwidth: [u64; 3], "max_bw", BytesPerSecond;
        V1..=V1 => min_bandwidth: [Scaled<u64, 1024>; 2], "min_bw", KilobytesPerSecond;
        V65_FIO_2_99..=NOW => min_bandwidth: [u64; 3], "min_bw", BytesPerSecond;
        V1..=V1 => io_bytes: [Scaled<u64, 1024>; 2], "io_kb", Kilobytes;
        V65_FIO_2_99..=NOW => io_bytes: [u64; 3], "iobytes", Bytes;
        V1..=V1 => bandwidth: [Scaled<u64, 1024>; 2], "agg", KilobytesPerSecond;
        V65_FIO_2_99..=NOW => bandwidth: [u64; 3], "agg", BytesPerSecond;
        V1..=NOW => kb_base: u32, "kb_base", None;
        V65_FIO_2_99..=NOW => unit_base: u32, "unit_base", None;
        V69..=NOW => significant_figures: u32, "sig_figs", None;
        V1..=NOW => group_id: u32, "groupid", None;
        V65_FIO_2_99..=NOW => unified_report: u32, "unified_rw_rep", None;
    }
}
