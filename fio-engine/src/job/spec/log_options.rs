//! Which log files a job writes, and what is in them.

use std::time::Duration;

use crate::job::value_error::ValueError;

/// The log files of a job (manual, "Measurements and reporting").
///
/// A log is written when it has a name here; an empty name stands for the job's own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogOptions {
    /// Bandwidth log (`write_bw_log`).
    pub bandwidth: Option<String>,
    /// Submission, completion and total latency logs (`write_lat_log`).
    pub latency: Option<String>,
    /// IOPS log (`write_iops_log`).
    pub iops: Option<String>,
    /// Log of completion latency histograms (`write_hist_log`); empty without
    /// `histogram_interval`.
    pub histogram: Option<String>,
    /// One entry for each direction and this much time; zero means one for each I/O
    /// (`log_avg_msec`).
    pub interval: Duration,
    /// Which value of the interval is logged (`log_window_value`, `log_max_value`).
    pub window_value: WindowValue,
    /// Time between two histograms; zero means none (`log_hist_msec`).
    pub histogram_interval: Duration,
    /// How often the number of bins of a histogram is halved, 0..=6 (`log_hist_coarseness`).
    pub histogram_coarseness: u8,
    /// Entries have the offset of the I/O (`log_offset`).
    pub offset: bool,
    /// Entries have the whole priority of the I/O (`log_prio`).
    pub priority: bool,
    /// Entries have the time the I/O was issued (`log_issue_time`).
    pub issue_time: bool,
    /// Each clone has its own files, numbered (`per_job_logs`).
    pub per_job: bool,
    /// Entries there is room for from the beginning, 1024..=1048576 (`log_entries`). Where a log is
    /// written while the job runs, or compressed, other than the default is the size of a piece.
    pub entries: u32,
    /// Logs that stay in memory are compressed there, beside the job (`log_compression`). fio does so
    /// in pieces of this many bytes; here pieces are of `entries`.
    pub compression: Option<u64>,
    /// CPUs for the thread that writes or compresses the logs (`log_compression_cpus`); `None` means
    /// all.
    pub compression_cpus: Option<Vec<usize>>,
    /// The files are compressed (`log_store_compressed`).
    pub store_compressed: bool,
    /// Times are those of [`epoch_clock`](Self::epoch_clock) instead of since the job's start
    /// (`log_alternate_epoch`, `log_unix_epoch`).
    pub alternate_epoch: bool,
    /// The clock of the alternate epoch, a number for `clock_gettime`; 0 is `CLOCK_REALTIME`
    /// (`log_alternate_epoch_clock_id`).
    pub epoch_clock: u32,
}

/// What is logged of the values in an interval: `log_window_value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WindowValue {
    /// Their mean.
    #[default]
    Average,
    /// The largest.
    Maximum,
    /// The mean and the largest, in two columns.
    Both,
}

/// The most halvings of a histogram's bins: `log_hist_coarseness` of the manual.
pub const MAX_HISTOGRAM_COARSENESS: u8 = 6;

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            bandwidth: None,
            latency: None,
            iops: None,
            histogram: None,
            interval: Duration::ZERO,
            window_value: WindowValue::Average,
            histogram_interval: Duration::ZERO,
            histogram_coarseness: 0,
            offset: false,
            priority: false,
            issue_time: false,
            per_job: true,
            entries: 1024,
            compression: None,
            compression_cpus: None,
            store_compressed: false,
            alternate_epoch: false,
            epoch_clock: 0,
        }
    }
}

impl LogOptions {
    /// Whether any log is written.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.bandwidth.is_some()
            || self.latency.is_some()
            || self.iops.is_some()
            || self.histogram.is_some()
    }

    /// The most files there can be.
    pub(crate) fn count(&self) -> usize {
        // Latency is in three.
        self.names().count() + if self.latency.is_some() { 2 } else { 0 }
    }

    /// The names given, with the option each was given to.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("write_bw_log", &self.bandwidth),
            ("write_lat_log", &self.latency),
            ("write_iops_log", &self.iops),
            ("write_hist_log", &self.histogram),
        ]
        .into_iter()
        .filter_map(|(option, name)| Some((option, name.as_deref()?)))
    }

    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let fault = |problem: String| Err(ValueError::Conflict(problem));
        if let Some((option, _)) = self.names().find(|(_, name)| name.contains('\0')) {
            return fault(format!("{option} cannot have a NUL character"));
        }
        if self.histogram_coarseness > MAX_HISTOGRAM_COARSENESS {
            return fault(format!(
                "histogram_coarseness (log_hist_coarseness) must be between 0 and \
                 {MAX_HISTOGRAM_COARSENESS}, not {}",
                self.histogram_coarseness
            ));
        }
        if self.compression_cpus.as_ref().is_some_and(Vec::is_empty) {
            return fault("compression_cpus (log_compression_cpus) must name a CPU".to_owned());
        }
        if !(1024..=1 << 20).contains(&self.entries) {
            return fault(format!(
                "entries (log_entries) must be between 1024 and 1048576, not {}",
                self.entries
            ));
        }
        Ok(())
    }
}
