//! `jobs_eta`: how far the jobs are.

use super::{SumOf, wire_struct};
use crate::version::revisions::*;

wire_struct! {
    /// How far the jobs are (fio's `jobs_eta`). Arrays are ordered read, write, trim.
    pub struct JobsEta, view JobsEtaView, "jobs_eta" {
        /// Threads that run.
        pub running: u32,
        /// Threads that run but do not count yet (`nr_ramp`).
        pub ramping: u32,
        /// Threads that have not started.
        pub pending: u32,
        /// Files the jobs have open.
        pub files_open: u32,
        /// Bandwidth the jobs must keep up, KiB/s (`m_rate`). Version 1 has one figure for all
        /// directions, kept in the first.
        pub minimum_rate: [u64; 3],
        /// Bandwidth the jobs are held to, KiB/s (`t_rate`), as above.
        pub rate_limit: [u64; 3],
        /// I/Os per second the jobs must keep up (`m_iops`), as above.
        pub minimum_iops: [u64; 3],
        /// I/Os per second the jobs are held to (`t_iops`), as above.
        pub iops_limit: [u64; 3],
        /// Bandwidth of late, in units of 1000 bytes per second: bytes per millisecond.
        pub rate: [u64; 3],
        /// I/Os per second of late.
        pub iops: [u64; 3],
        /// Time since the start, s. Servers of version 1 send the number of running threads instead:
        /// see [`elapsed`](Self::elapsed).
        pub elapsed_sec: u64,
        /// Time to the end, s; 2147483647 when unknown: see [`remaining`](Self::remaining).
        pub eta_sec: u64,
        /// Threads in all; as many characters describe their states.
        pub threads: u32,
    }
    rows {
        V1..=V1 => running: u32, "nr_running", None;
        V1..=V1 => ramping: u32, "nr_ramp", None;
        V1..=V1 => pending: u32, "nr_pending", None;
        V1..=V1 => files_open: u32, "files_open", None;
        V1..=V1 => minimum_rate: SumOf<u32>, "m_rate", KilobytesPerSecond;
        V1..=V1 => rate_limit: SumOf<u32>, "t_rate", KilobytesPerSecond;
        V1..=V1 => minimum_iops: SumOf<u32>, "m_iops", PerSecond;
        V1..=V1 => iops_limit: SumOf<u32>, "t_iops", PerSecond;
        V1..=V1 => rate: [u32; 2], "rate", ThousandBytesPerSecond;
        V1..=V1 => iops: [u32; 2], "iops", PerSecond;
        V1..=V1 => elapsed_sec: u64, "elapsed_sec", Seconds;
        V1..=V1 => eta_sec: u64, "eta_sec", Seconds;
        V1..=V1 => threads: u32, "nr_threads", None;
        V1..=V1 => pad(4);
    }
}

/// What fio sends for a time it cannot tell; sums of it occur, so anything above counts too.
const UNKNOWN: u64 = 0x7fff_ffff;

impl JobsEta {
    /// Seconds since the start; `None` where the figure equals the number of running threads, which
    /// is what servers of version 1 send in its place.
    pub fn elapsed(&self) -> Option<u64> {
        (self.elapsed_sec != u64::from(self.running)).then_some(self.elapsed_sec)
    }

    /// Seconds to the end; `None` where the server cannot tell.
    pub fn remaining(&self) -> Option<u64> {
        (self.eta_sec < UNKNOWN).then_some(self.eta_sec)
    }

    /// What to send for a time that cannot be told.
    pub const UNKNOWN_ETA: u64 = UNKNOWN;
}
