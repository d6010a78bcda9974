//! `jobs_eta`: how far the jobs are.

use super::{Bool, Scaled, SumOf, wire_struct};
use crate::version::revisions::*;

wire_struct! {
    /// How far the jobs are (fio's `jobs_eta`). Arrays are ordered read, write, trim.
    ///
    /// Bandwidths travel in different units: here they are bytes per second, and encoding rounds down.
    pub struct JobsEta, view JobsEtaView, "jobs_eta" {
        /// Threads that run.
        pub running: u32,
        /// Threads that run but do not count yet (`nr_ramp`).
        pub ramping: u32,
        /// Threads that have not started.
        pub pending: u32,
        /// Threads that prepare their files (`nr_setting_up`). Since version 65.
        pub setting_up: u32,
        /// Files the jobs have open.
        pub files_open: u32,
        /// Bandwidth the jobs must keep up, B/s (`m_rate`). Version 1 has one figure for all
        /// directions, kept in the first.
        pub minimum_rate: [u64; 3],
        /// Bandwidth the jobs are held to, B/s (`t_rate`), as above.
        pub rate_limit: [u64; 3],
        /// I/Os per second the jobs must keep up (`m_iops`), as above.
        pub minimum_iops: [u64; 3],
        /// I/Os per second the jobs are held to (`t_iops`), as above.
        pub iops_limit: [u64; 3],
        /// Bandwidth of late, B/s. Units of 1000 B/s travel in version 1, of 1024 B/s later.
        pub rate: [u64; 3],
        /// I/Os per second of late.
        pub iops: [u64; 3],
        /// Time since the start, s. Servers of version 1 send the number of running threads instead:
        /// see [`elapsed`](Self::elapsed).
        pub elapsed_sec: u64,
        /// Time to the end, s; 2147483647 when unknown: see [`remaining`](Self::remaining).
        pub eta_sec: u64,
        /// Whether reports count in powers of two (`is_pow2`). Since version 65.
        pub powers_of_two: bool,
        /// Bits or bytes in reports: 8 for bytes, 1 for bits, 0 for the default. Since version 65.
        pub unit_base: u32,
        /// Significant figures in reports (`sig_figs`). Since version 69.
        pub significant_figures: u32,
        /// Threads in all; as many letters describe their states.
        pub threads: u32,
    }
    rows {
        V1..=NOW => running: u32, "nr_running", None;
        V1..=NOW => ramping: u32, "nr_ramp", None;
        V1..=NOW => pending: u32, "nr_pending", None;
        V1..=V1 => files_open: u32, "files_open", None;
        V65_FIO_2_99..=NOW => setting_up: u32, "nr_setting_up", None;
        V1..=V1 => minimum_rate: SumOf<Scaled<u32, 1000>>, "m_rate", ThousandBytesPerSecond;
        V65_FIO_2_99..=NOW => minimum_rate: [u64; 3], "m_rate", BytesPerSecond;
        V1..=V1 => rate_limit: SumOf<Scaled<u32, 1000>>, "t_rate", ThousandBytesPerSecond;
        V65_FIO_2_99..=NOW => rate_limit: [u64; 3], "t_rate", BytesPerSecond;
        V65_FIO_2_99..=NOW => rate: [Scaled<u64, 1024>; 3], "rate", KilobytesPerSecond;
        V1..=V1 => minimum_iops: SumOf<u32>, "m_iops", PerSecond;
        V65_FIO_2_99..=NOW => minimum_iops: [u32; 3], "m_iops", PerSecond;
        V1..=V1 => iops_limit: SumOf<u32>, "t_iops", PerSecond;
        V65_FIO_2_99..=NOW => iops_limit: [u32; 3], "t_iops", PerSecond;
        V1..=V1 => rate: [Scaled<u32, 1000>; 2], "rate", ThousandBytesPerSecond;
        V1..=V1 => iops: [u32; 2], "iops", PerSecond;
        V65_FIO_2_99..=NOW => iops: [u32; 3], "iops", PerSecond;
        V80..=NOW => pad(4);
        V1..=NOW => elapsed_sec: u64, "elapsed_sec", Seconds;
        V1..=NOW => eta_sec: u64, "eta_sec", Seconds;
        V65_FIO_2_99..=NOW => powers_of_two: Bool<u32>, "is_pow2", None;
        V65_FIO_2_99..=NOW => unit_base: u32, "unit_base", None;
        V69..=NOW => significant_figures: u32, "sig_figs", None;
        V65_FIO_2_99..=NOW => files_open: u32, "files_open", None;
        V1..=NOW => threads: u32, "nr_threads", None;
        V1..=V1 => pad(4);
        V80..=NOW => pad(4);
    }
}

/// What fio sends for a time it cannot tell; sums of it occur, so anything above counts too.
const UNKNOWN: u64 = 0x7fff_ffff;

impl JobsEta {
    /// Seconds since the start; `None` where the figure equals the number of running threads, which
    /// is what servers of version 1 send in its place. For those only.
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
