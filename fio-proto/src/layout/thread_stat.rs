//! `thread_stat`: everything measured by one thread, or by a group of threads reporting together.

use super::{Chars, Histogram, IoStat, IoStatWire, wire_struct};
use crate::byte_string::ByteString;
use crate::version::revisions::*;

wire_struct! {
    /// What one thread measured, or several that report as a group (fio's `thread_stat`).
    ///
    /// Arrays by direction are ordered read, write, trim. Latencies are in microseconds in version 1
    /// and in nanoseconds since version 65; nothing here converts them.
    ///
    /// Servers of version 1 never fill three things, which read as zero then: the
    /// [percentile list](Self::percentile_list), the [IOPS statistics](Self::iops), and the
    /// [last two latency counts](Self::latency_ms). This crate sends whatever it is given.
    pub struct ThreadStat, view ThreadStatView, "thread_stat" {
        /// Name of the job.
        pub name: ByteString,
        /// What went wrong, empty when nothing did (`verror`).
        pub error_text: ByteString,
        /// The errno the thread ended with, 0 for none.
        pub error: u32,
        /// Group the job belongs to, counted from 0.
        pub group_id: u32,
        /// Process or thread number on the server.
        pub process_id: u32,
        /// The job's `description` option.
        pub description: ByteString,
        /// Threads these statistics are the sum of.
        pub members: u32,
        /// Completion latency by direction (`clat_stat`).
        pub completion_latency: [IoStat; 3],
        /// Submission latency by direction (`slat_stat`).
        pub submission_latency: [IoStat; 3],
        /// Total latency by direction (`lat_stat`).
        pub total_latency: [IoStat; 3],
        /// Samples of bandwidth by direction, KiB/s (`bw_stat`).
        pub bandwidth: [IoStat; 3],
        /// Samples of I/Os per second by direction (`iops_stat`).
        pub iops: [IoStat; 3],
        /// CPU time spent in user mode, ms.
        pub user_time_ms: u64,
        /// CPU time spent in the kernel, ms.
        pub system_time_ms: u64,
        /// Context switches.
        pub context_switches: u64,
        /// Page faults served without I/O.
        pub minor_faults: u64,
        /// Page faults that needed I/O.
        pub major_faults: u64,
        /// Not 0 when the job asks for percentiles of completion latency.
        pub completion_percentiles: u64,
        /// The percentiles asked for, ended by a zero; all zero when unknown.
        pub percentile_list: [f64; 20],
        /// I/Os by depth when they were submitted: 1, 2, 4 … 64 and more (`io_u_map`).
        pub depth_map: [u64; 7],
        /// Submissions by the number of I/Os in them: 0, up to 4, 8, 16, 32, 64, more (`io_u_submit`).
        pub submit_map: [u64; 7],
        /// Completions by the number of I/Os in them, as for submissions (`io_u_complete`).
        pub complete_map: [u64; 7],
        /// I/Os by latency below 2, 4, 10, 20, 50, 100, 250, 500, 750, 1000 us (`io_u_lat_u`).
        pub latency_us: [u64; 10],
        /// I/Os by latency below 2, 4, 10, 20, 50, 100, 250, 500, 750, 1000, 2000 ms, and above
        /// (`io_u_lat_m`).
        pub latency_ms: [u64; 12],
        /// Completion latencies by direction (`io_u_plat`).
        pub completion_histogram: [Histogram; 3],
        /// I/Os by direction (`total_io_u`).
        pub total_ios: [u64; 3],
        /// Syncs, which version 1 keeps as the third element of `total_io_u`.
        pub total_syncs: u64,
        /// I/Os that moved less than asked, by direction (`short_io_u`).
        pub short_ios: [u64; 3],
        /// Syncs among those, which version 1 keeps as the third element of `short_io_u`.
        pub short_syncs: u64,
        /// I/Os submitted.
        pub submitted: u64,
        /// I/Os completed.
        pub completed: u64,
        /// Bytes moved by direction.
        pub io_bytes: [u64; 3],
        /// Time spent by direction, ms.
        pub runtime_ms: [u64; 3],
        /// Time spent by all members together, ms.
        pub total_runtime_ms: u64,
        /// The job's `continue_on_error` option.
        pub continue_on_error: u16,
        /// Errors passed over because of that option.
        pub total_errors: u64,
        /// The first of them.
        pub first_error: u32,
        /// 1024 or 1000: what reports call a kilobyte.
        pub kb_base: u32,
    }
    rows {
        V1..=V1 => name: Chars<128>, "name", None;
        V1..=V1 => error_text: Chars<128>, "verror", None;
        V1..=V1 => error: u32, "error", None;
        V1..=V1 => group_id: u32, "groupid", None;
        V1..=V1 => process_id: u32, "pid", None;
        V1..=V1 => description: Chars<128>, "description", None;
        V1..=V1 => members: u32, "members", None;
        V1..=V1 => completion_latency: [IoStatWire; 2], "clat_stat", Microseconds;
        V1..=V1 => submission_latency: [IoStatWire; 2], "slat_stat", Microseconds;
        V1..=V1 => total_latency: [IoStatWire; 2], "lat_stat", Microseconds;
        V1..=V1 => bandwidth: [IoStatWire; 2], "bw_stat", KilobytesPerSecond;
        V1..=V1 => iops: [IoStatWire; 2], "iops_stat", PerSecond;
        V1..=V1 => user_time_ms: u64, "usr_time", Milliseconds;
        V1..=V1 => system_time_ms: u64, "sys_time", Milliseconds;
        V1..=V1 => context_switches: u64, "ctx", None;
        V1..=V1 => minor_faults: u64, "minf", None;
        V1..=V1 => major_faults: u64, "majf", None;
        V1..=V1 => completion_percentiles: u64, "clat_percentiles", None;
        V1..=V1 => percentile_list: [f64; 20], "percentile_list", Percent;
        V1..=V1 => depth_map: [u32; 7], "io_u_map", None;
        V1..=V1 => submit_map: [u32; 7], "io_u_submit", None;
        V1..=V1 => complete_map: [u32; 7], "io_u_complete", None;
        V1..=V1 => latency_us: [u32; 10], "io_u_lat_u", None;
        V1..=V1 => latency_ms: [u32; 12], "io_u_lat_m", None;
        V1..=V1 => completion_histogram: [[u32; 1216]; 2], "io_u_plat", None;
        V1..=V1 => pad(4);
        V1..=V1 => total_ios: [u64; 2], "total_io_u", None;
        V1..=V1 => total_syncs: u64, "total_io_u[2]", None;
        V1..=V1 => short_ios: [u64; 2], "short_io_u", None;
        V1..=V1 => short_syncs: u64, "short_io_u[2]", None;
        V1..=V1 => submitted: u64, "total_submit", None;
        V1..=V1 => completed: u64, "total_complete", None;
        V1..=V1 => io_bytes: [u64; 2], "io_bytes", Bytes;
        V1..=V1 => runtime_ms: [u64; 2], "runtime", Milliseconds;
        V1..=V1 => total_runtime_ms: u64, "total_run_time", Milliseconds;
        V1..=V1 => continue_on_error: u16, "continue_on_error", None;
        V1..=V1 => pad(6);
        V1..=V1 => total_errors: u64, "total_err_count", None;
        V1..=V1 => first_error: u32, "first_error", None;
        V1..=V1 => kb_base: u32, "kb_base", None;
    }
}

impl ThreadStat {
    /// The percentiles asked for, if the server said which; servers of version 1 do not.
    pub fn percentiles(&self) -> Option<&[f64]> {
        let asked = self
            .percentile_list
            .split(|percentile| *percentile == 0.0)
            .next()?;
        (self.completion_percentiles != 0 && !asked.is_empty()).then_some(asked)
    }

    /// I/Os with a total latency that no latency count has: those of a second and more, which servers
    /// of version 1 leave out.
    pub fn uncounted_latencies(&self) -> u64 {
        let sum = |counts: &[u64]| {
            counts
                .iter()
                .fold(0_u64, |sum, count| sum.saturating_add(*count))
        };
        let measured = self
            .completion_latency
            .iter()
            .fold(0_u64, |sum, stat| sum.saturating_add(stat.samples));
        measured
            .saturating_sub(sum(&self.latency_us))
            .saturating_sub(sum(&self.latency_ms))
    }
}
