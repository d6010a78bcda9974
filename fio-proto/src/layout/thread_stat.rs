//! `thread_stat`: everything measured by one thread, or by a group of threads reporting together.
//!
//! 11.4 KB in version 1, 57 KB in version 65, 273 KB in versions 82 to 95 and 184 KB since version 96, most of
//! it histograms and most of those zero.

use alloc::vec::Vec;

use super::{Chars, Histogram, IoStat, IoStatWire, wire_struct};
use crate::byte_string::ByteString;
use crate::version::revisions::*;

wire_struct! {
    /// What one thread measured, or several that report as a group (fio's `thread_stat`).
    ///
    /// Arrays by direction are ordered read, write, trim. Latencies are in microseconds in version 1
    /// and in nanoseconds since version 65; nothing here converts them.
    ///
    /// A field may exist and still not be filled by the servers of some versions. Version 1 never fills
    /// the [percentile list](Self::percentile_list), the [IOPS statistics](Self::iops), and the
    /// [last two latency counts](Self::latency_ms). Sync latency exists since version 70 and is filled
    /// since 82, zone resets exist since 74 and are filled since 78. This crate sends whatever it is given.
    pub struct ThreadStat, view ThreadStatView, "thread_stat" {
        /// Name of the job.
        pub name: ByteString,
        /// What went wrong, empty when nothing did (`verror`).
        pub error_text: ByteString,
        /// The errno the thread ended with, 0 for none.
        pub error: u32,
        /// Number of the job's first thread, counted from 1.
        pub thread_number: u32,
        /// Group the job belongs to, counted from 0.
        pub group_id: u32,
        /// When the job started by the server's clock, ms since 1970. Since version 101.
        pub job_start_ms: u64,
        /// Process or thread number on the server.
        pub process_id: u32,
        /// The job's `description` option.
        pub description: ByteString,
        /// Threads these statistics are the sum of.
        pub members: u32,
        /// How directions are reported (`unified_rw_rep`): 0 apart, 1 as one, 2 both ways.
        pub unified_report: u32,
        /// Not 0 when the job asked for no statistics by priority (`disable_prio_stat`).
        pub priorities_disabled: u32,
        /// Latency of syncs (`sync_stat`).
        pub sync_latency: IoStat,
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
        /// Not 0 when the job asks for percentiles of total latency. Since version 66.
        pub total_percentiles: u32,
        /// Not 0 when the job asks for percentiles of submission latency. Since version 82.
        pub submission_percentiles: u32,
        /// Digits behind the point of percentiles in reports.
        pub percentile_precision: u64,
        /// The percentiles asked for, ended by a zero; all zero when unknown.
        pub percentile_list: [f64; 20],
        /// I/Os by depth when they were submitted: 1, 2, 4 … 64 and more (`io_u_map`).
        pub depth_map: [u64; 7],
        /// Submissions by the number of I/Os in them: 0, up to 4, 8, 16, 32, 64, more (`io_u_submit`).
        pub submit_map: [u64; 7],
        /// Completions by the number of I/Os in them, as for submissions (`io_u_complete`).
        pub complete_map: [u64; 7],
        /// I/Os by latency below 2, 4, 10, 20, 50, 100, 250, 500, 750, 1000 ns (`io_u_lat_n`). Since
        /// version 65.
        pub latency_ns: [u64; 10],
        /// I/Os by latency below 2, 4, 10, 20, 50, 100, 250, 500, 750, 1000 us (`io_u_lat_u`).
        pub latency_us: [u64; 10],
        /// I/Os by latency below 2, 4, 10, 20, 50, 100, 250, 500, 750, 1000, 2000 ms, and above
        /// (`io_u_lat_m`).
        pub latency_ms: [u64; 12],
        /// Submission latencies by direction (`io_u_plat[0]`). Since version 82.
        pub submission_histogram: [Histogram; 3],
        /// Completion latencies by direction (`io_u_plat[1]`). In versions 66 to 80 there is one set of
        /// histograms: of total latencies if [`total_percentiles`](Self::total_percentiles) is not 0.
        pub completion_histogram: [Histogram; 3],
        /// Total latencies by direction (`io_u_plat[2]`). Since version 82.
        pub total_histogram: [Histogram; 3],
        /// Latencies of syncs (`io_u_sync_plat`). Since version 70.
        pub sync_histogram: Histogram,
        /// I/Os by direction (`total_io_u`).
        pub total_ios: [u64; 3],
        /// Syncs: the third element of `total_io_u` in version 1, its fourth since version 70.
        pub total_syncs: u64,
        /// I/Os that moved less than asked, by direction (`short_io_u`).
        pub short_ios: [u64; 3],
        /// Syncs among those, which version 1 keeps as the third element of `short_io_u`.
        pub short_syncs: u64,
        /// I/Os dropped by `latency_target` and the like, by direction (`drop_io_u`). Since version 65.
        pub dropped_ios: [u64; 3],
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
        /// Blocks of a trim test that are tracked (`nr_block_infos`).
        pub block_count: u64,
        /// State and trim count of each tracked block: the state in the upper 3 bits. Up to 8192; trailing
        /// zeros are left out. Since version 65.
        pub block_infos: Vec<u32>,
        /// 1024 or 1000: what reports call a kilobyte.
        pub kb_base: u32,
        /// Bits or bytes in reports: 8 for bytes, 1 for bits, 0 for the default. Since version 65.
        pub unit_base: u32,
        /// Zones reset (`nr_zone_resets`). Since version 74.
        pub zone_resets: u64,
        /// Not 0 when zone resets were counted (`count_zone_resets`). Since version 120.
        pub zone_resets_counted: u16,
        /// Queue depth that `latency_target` arrived at.
        pub latency_depth: u32,
        /// The `latency_target` option, ns.
        pub latency_target: u64,
        /// The `latency_percentile` option.
        pub latency_percentile: f64,
        /// The `latency_window` option, us.
        pub latency_window: u64,
        /// Significant figures in reports (`sig_figs`). Since version 69.
        pub significant_figures: u32,
        /// Measurements of the steady state (`ss_dur`). In TS as many as follow, if any do.
        pub steady_state_length: u64,
        /// How a steady state is looked for and what came of it (`ss_state`), see
        /// [`SteadyState`](super::SteadyState).
        pub steady_state_flags: u32,
        /// Place of the oldest measurement in their ring (`ss_head`).
        pub steady_state_head: u32,
        /// The limit asked for: a slope or a deviation, percent or absolute (`ss_limit`).
        pub steady_state_limit: f64,
        /// Slope of the measurements (`ss_slope`).
        pub steady_state_slope: f64,
        /// Largest deviation of a measurement from their mean (`ss_deviation`).
        pub steady_state_deviation: f64,
        /// What was compared with the limit (`ss_criterion`).
        pub steady_state_criterion: f64,
        /// The job's I/O priority as Linux packs it (`ioprio`). Since version 96.
        pub io_priority: u32,
        /// Where TS has the IOPS of the steady state. Since version 96. This and the other offsets and
        /// counts are [`ThreadReport`](crate::message::ThreadReport)'s business: it fills them in when
        /// it encodes and leaves them 0 when it decodes.
        pub steady_state_iops_offset: u64,
        /// Where TS has the bandwidth of the steady state. Since version 96.
        pub steady_state_bandwidth_offset: u64,
        /// Where TS has the latency of the steady state. Since version 120.
        pub steady_state_latency_offset: u64,
        /// Where TS has the statistics by priority, by direction. Since version 96.
        pub priority_offsets: [u64; 3],
        /// Priorities in those, by direction (`nr_clat_prio`). Since version 96.
        pub priority_counts: [u32; 3],
        /// Completion latencies of I/Os of high priority (`io_u_plat_high_prio`). Versions 82 to 95.
        pub high_priority_histogram: [Histogram; 3],
        /// Completion latencies of I/Os of low priority (`io_u_plat_low_prio`). Versions 82 to 95.
        pub low_priority_histogram: [Histogram; 3],
        /// Completion latency of I/Os of high priority (`clat_high_prio_stat`). Versions 82 to 95.
        pub high_priority_latency: [IoStat; 3],
        /// Completion latency of I/Os of low priority (`clat_low_prio_stat`). Versions 82 to 95.
        pub low_priority_latency: [IoStat; 3],
        /// I/Os an engine served from its cache, where it tells (`cachehit`). Since version 78.
        pub cache_hits: u64,
        /// I/Os it did not. Since version 78.
        pub cache_misses: u64,
    }
    rows {
        V1..=NOW => name: Chars<128>, "name", None;
        V1..=NOW => error_text: Chars<128>, "verror", None;
        V1..=NOW => error: u32, "error", None;
        V65_FIO_2_99..=NOW => thread_number: u32, "thread_number", None;
        V1..=NOW => group_id: u32, "groupid", None;
        V101..=NOW => job_start_ms: u64, "job_start", Milliseconds;
        V1..=NOW => process_id: u32, "pid", None;
        V1..=V1 => description: Chars<128>, "description", None;
        V65_FIO_2_99..=NOW => description: Chars<256>, "description", None;
        V1..=NOW => members: u32, "members", None;
        V65_FIO_2_99..=NOW => unified_report: u32, "unified_rw_rep", None;
        V96..=NOW => priorities_disabled: u32, "disable_prio_stat", None;
        V96..=NOW => pad(4);
        V70..=NOW => sync_latency: IoStatWire, "sync_stat", Nanoseconds;
        V1..=V1 => completion_latency: [IoStatWire; 2], "clat_stat", Microseconds;
        V65_FIO_2_99..=NOW => completion_latency: [IoStatWire; 3], "clat_stat", Nanoseconds;
        V1..=V1 => submission_latency: [IoStatWire; 2], "slat_stat", Microseconds;
        V65_FIO_2_99..=NOW => submission_latency: [IoStatWire; 3], "slat_stat", Nanoseconds;
        V1..=V1 => total_latency: [IoStatWire; 2], "lat_stat", Microseconds;
        V65_FIO_2_99..=NOW => total_latency: [IoStatWire; 3], "lat_stat", Nanoseconds;
        V1..=V1 => bandwidth: [IoStatWire; 2], "bw_stat", KilobytesPerSecond;
        V65_FIO_2_99..=NOW => bandwidth: [IoStatWire; 3], "bw_stat", KilobytesPerSecond;
        V1..=V1 => iops: [IoStatWire; 2], "iops_stat", PerSecond;
        V65_FIO_2_99..=NOW => iops: [IoStatWire; 3], "iops_stat", PerSecond;
        V1..=NOW => user_time_ms: u64, "usr_time", Milliseconds;
        V1..=NOW => system_time_ms: u64, "sys_time", Milliseconds;
        V1..=NOW => context_switches: u64, "ctx", None;
        V1..=NOW => minor_faults: u64, "minf", None;
        V1..=NOW => major_faults: u64, "majf", None;
        V1..=V65 => completion_percentiles: u64, "clat_percentiles", None;
        V66_FIO_3_1..=NOW => completion_percentiles: u32, "clat_percentiles", None;
        V66_FIO_3_1..=NOW => total_percentiles: u32, "lat_percentiles", None;
        V82..=NOW => submission_percentiles: u32, "slat_percentiles", None;
        V82..=NOW => pad(4);
        V65_FIO_2_99..=NOW => percentile_precision: u64, "percentile_precision", None;
        V1..=NOW => percentile_list: [f64; 20], "percentile_list", Percent;
        V1..=V70 => depth_map: [u32; 7], "io_u_map", None;
        V72..=NOW => depth_map: [u64; 7], "io_u_map", None;
        V1..=V70 => submit_map: [u32; 7], "io_u_submit", None;
        V72..=NOW => submit_map: [u64; 7], "io_u_submit", None;
        V1..=V70 => complete_map: [u32; 7], "io_u_complete", None;
        V72..=NOW => complete_map: [u64; 7], "io_u_complete", None;
        V65_FIO_2_99..=V70 => latency_ns: [u32; 10], "io_u_lat_n", None;
        V72..=NOW => latency_ns: [u64; 10], "io_u_lat_n", None;
        V1..=V70 => latency_us: [u32; 10], "io_u_lat_u", None;
        V72..=NOW => latency_us: [u64; 10], "io_u_lat_u", None;
        V1..=V70 => latency_ms: [u32; 12], "io_u_lat_m", None;
        V72..=NOW => latency_ms: [u64; 12], "io_u_lat_m", None;
        V82..=NOW => submission_histogram: [[u64; 1856]; 3], "io_u_plat[0]", None;
        V82..=NOW => completion_histogram: [[u64; 1856]; 3], "io_u_plat[1]", None;
        V82..=NOW => total_histogram: [[u64; 1856]; 3], "io_u_plat[2]", None;
        V1..=V1 => completion_histogram: [[u32; 1216]; 2], "io_u_plat", None;
        V65_FIO_2_99..=V70 => completion_histogram: [[u32; 1856]; 3], "io_u_plat", None;
        V72..=V80 => completion_histogram: [[u64; 1856]; 3], "io_u_plat", None;
        V70..=V70 => sync_histogram: [u32; 1856], "io_u_sync_plat", None;
        V72..=NOW => sync_histogram: [u64; 1856], "io_u_sync_plat", None;
        V1..=V70 => pad(4);
        V1..=V1 => total_ios: [u64; 2], "total_io_u", None;
        V65_FIO_2_99..=NOW => total_ios: [u64; 3], "total_io_u", None;
        V70..=NOW => total_syncs: u64, "total_io_u[3]", None;
        V65_FIO_2_99..=NOW => short_ios: [u64; 3], "short_io_u", None;
        V65_FIO_2_99..=NOW => dropped_ios: [u64; 3], "drop_io_u", None;
        V1..=V1 => total_syncs: u64, "total_io_u[2]", None;
        V1..=V1 => short_ios: [u64; 2], "short_io_u", None;
        V1..=V1 => short_syncs: u64, "short_io_u[2]", None;
        V1..=NOW => submitted: u64, "total_submit", None;
        V1..=NOW => completed: u64, "total_complete", None;
        V1..=V1 => io_bytes: [u64; 2], "io_bytes", Bytes;
        V65_FIO_2_99..=NOW => io_bytes: [u64; 3], "io_bytes", Bytes;
        V1..=V1 => runtime_ms: [u64; 2], "runtime", Milliseconds;
        V65_FIO_2_99..=NOW => runtime_ms: [u64; 3], "runtime", Milliseconds;
        V1..=NOW => total_runtime_ms: u64, "total_run_time", Milliseconds;
        V1..=NOW => continue_on_error: u16, "continue_on_error", None;
        V1..=V1 => pad(6);
        V65_FIO_2_99..=NOW => pad(2);
        V1..=V1 => total_errors: u64, "total_err_count", None;
        V1..=NOW => first_error: u32, "first_error", None;
        V65_FIO_2_99..=NOW => total_errors: u64, "total_err_count", None;
        V74..=V113 => zone_resets: u64, "nr_zone_resets", None;
        V65_FIO_2_99..=NOW => block_count: u64, "nr_block_infos", None;
        V65_FIO_2_99..=NOW => block_infos: [u32; 8192], "block_infos", None;
        V1..=NOW => kb_base: u32, "kb_base", None;
        V65_FIO_2_99..=NOW => unit_base: u32, "unit_base", None;
        V120..=NOW => zone_resets: u64, "nr_zone_resets", None;
        V120..=NOW => zone_resets_counted: u16, "count_zone_resets", None;
        V120..=NOW => pad(2);
        V65_FIO_2_99..=NOW => latency_depth: u32, "latency_depth", None;
        V65_FIO_2_99..=V113 => pad(4);
        V65_FIO_2_99..=NOW => latency_target: u64, "latency_target", Nanoseconds;
        V65_FIO_2_99..=NOW => latency_percentile: f64, "latency_percentile", Percent;
        V65_FIO_2_99..=NOW => latency_window: u64, "latency_window", Microseconds;
        V69..=NOW => significant_figures: u32, "sig_figs", None;
        V65_FIO_2_99..=NOW => steady_state_length: u64, "ss_dur", None;
        V65_FIO_2_99..=NOW => steady_state_flags: u32, "ss_state", None;
        V65_FIO_2_99..=NOW => steady_state_head: u32, "ss_head", None;
        V65_FIO_2_99..=NOW => steady_state_limit: f64, "ss_limit", None;
        V65_FIO_2_99..=NOW => steady_state_slope: f64, "ss_slope", None;
        V65_FIO_2_99..=NOW => steady_state_deviation: f64, "ss_deviation", None;
        V65_FIO_2_99..=NOW => steady_state_criterion: f64, "ss_criterion", None;
        V96..=NOW => io_priority: u32, "ioprio", None;
        V96..=NOW => steady_state_iops_offset: u64, "ss_iops_data_offset", None;
        V96..=NOW => steady_state_bandwidth_offset: u64, "ss_bw_data_offset", None;
        V120..=NOW => steady_state_latency_offset: u64, "ss_lat_data_offset", None;
        V96..=NOW => priority_offsets: [u64; 3], "clat_prio_offset", None;
        V96..=NOW => priority_counts: [u32; 3], "nr_clat_prio", None;
        V65_FIO_2_99..=V69 => pad(16);
        V70..=V77 => pad(20);
        V82..=V95 => pad(4);
        V82..=V95 => high_priority_histogram: [[u64; 1856]; 3], "io_u_plat_high_prio", None;
        V82..=V95 => low_priority_histogram: [[u64; 1856]; 3], "io_u_plat_low_prio", None;
        V82..=V95 => high_priority_latency: [IoStatWire; 3], "clat_high_prio_stat", Nanoseconds;
        V82..=V95 => low_priority_latency: [IoStatWire; 3], "clat_low_prio_stat", Nanoseconds;
        V78..=V95 => pad(16);
        V78..=NOW => cache_hits: u64, "cachehit", None;
        V78..=NOW => cache_misses: u64, "cachemiss", None;
        V78..=V80 => pad(4);
        V96..=NOW => pad(4);
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
            .saturating_sub(sum(&self.latency_ns))
            .saturating_sub(sum(&self.latency_us))
            .saturating_sub(sum(&self.latency_ms))
    }
}
