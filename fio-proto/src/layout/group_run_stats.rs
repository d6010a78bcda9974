//! `group_run_stats`: totals of a group of jobs.

use super::wire_struct;
use crate::version::revisions::*;

wire_struct! {
    /// Totals of a group of jobs (fio's `group_run_stats`). Arrays are ordered read, write, trim.
    ///
    /// Minima of directions without I/O are all ones, as fio sends them.
    pub struct GroupRunStats, view GroupRunStatsView, "group_run_stats" {
        /// Longest time a job of the group ran, ms.
        pub max_runtime_ms: [u64; 3],
        /// Shortest time a job of the group ran, ms.
        pub min_runtime_ms: [u64; 3],
        /// Bandwidth of the fastest job, KiB/s.
        pub max_bandwidth: [u64; 3],
        /// Bandwidth of the slowest job, KiB/s.
        pub min_bandwidth: [u64; 3],
        /// Data moved by all jobs, KiB (`io_kb`).
        pub io_kib: [u64; 3],
        /// Bandwidth of all jobs together, KiB/s (`agg`).
        pub bandwidth: [u64; 3],
        /// 1024 or 1000: what reports call a kilobyte.
        pub kb_base: u32,
        /// The group, counted from 0. Meaningless inside a TS message.
        pub group_id: u32,
    }
    rows {
        V1..=V1 => max_runtime_ms: [u64; 2], "max_run", Milliseconds;
        V1..=V1 => min_runtime_ms: [u64; 2], "min_run", Milliseconds;
        V1..=V1 => max_bandwidth: [u64; 2], "max_bw", KilobytesPerSecond;
        V1..=V1 => min_bandwidth: [u64; 2], "min_bw", KilobytesPerSecond;
        V1..=V1 => io_kib: [u64; 2], "io_kb", Kilobytes;
        V1..=V1 => bandwidth: [u64; 2], "agg", KilobytesPerSecond;
        V1..=V1 => kb_base: u32, "kb_base", None;
        V1..=V1 => group_id: u32, "groupid", None;
    }
}
