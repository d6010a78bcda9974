//! `clat_prio_stat`: completion latency of the I/Os of one priority.

use super::{Histogram, IoStat, IoStatWire, wire_struct};
use crate::version::revisions::*;

wire_struct! {
    /// Completion latency of the I/Os of one direction and priority (fio's `clat_prio_stat`). Since
    /// version 96.
    pub struct PriorityStat, view PriorityStatView, "clat_prio_stat" {
        /// Latencies, ns (`io_u_plat`).
        pub histogram: Histogram,
        /// Their extremes, mean and spread, ns (`clat_stat`).
        pub latency: IoStat,
        /// The priority: class, hint and level as Linux packs them (`ioprio`).
        pub priority: u32,
    }
    rows {
        V96..=NOW => histogram: [u64; 1856], "io_u_plat", None;
        V96..=NOW => latency: IoStatWire, "clat_stat", Nanoseconds;
        V96..=NOW => priority: u32, "ioprio", None;
        V96..=NOW => pad(4);
    }
}
