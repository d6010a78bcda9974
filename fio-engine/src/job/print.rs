//! Jobs written back as job files.

mod buffers;
mod engine_options;
mod errors;
mod files;
mod latency;
mod lifecycle;
mod order;
mod pauses;
mod process;
mod replay;
mod steady_state;

use std::fmt::Display;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use crate::direction::{Direction, PerDirection};

use super::error::{JobFileError, Position, Problem};
use super::options;
use super::options::info::OptionType;
use super::shown::shown;
use super::spec::log_options::{LogOptions, WindowValue};
use super::spec::rate::{RateOptions, RateProcess};
use super::spec::{BlockSizes, Fallocate, JobSpec, RandomGenerator, SyncMode};
use crate::job::units::number::SizeOrPercent;

impl JobSpec {
    /// The job as a section of a job file, with the options that differ from their defaults.
    ///
    /// Reading it gives the same job, but for [`JobSpec::given_options`], which then are the
    /// printed ones. Times are given to the microsecond.
    ///
    /// # Errors
    /// [`Problem::Unprintable`] for a name or text that no job file can hold: job files have no
    /// escapes for `#`, `;`, `${` and line breaks.
    pub fn to_job_file(&self) -> Result<String, JobFileError> {
        let title = self.files.stem.as_ref().unwrap_or(&self.name);
        let plain = title != "global" && !title.contains(['[', ']']);
        let section = if plain { title } else { "job" };
        let mut text = format!("[{}]\n", self.printable("name", section)?);
        if section != self.name {
            text += &format!("name={}\n", self.printable("name", &self.name)?);
        }
        for (name, value) in self.to_options() {
            text += &format!("{name}={}\n", self.printable(name, &value)?);
        }
        Ok(text)
    }

    /// The options, by their main names, that make this job of a new one; its name is not among
    /// them.
    #[must_use]
    pub fn to_options(&self) -> Vec<(&'static str, String)> {
        let mut printer = Printer {
            options: Vec::new(),
            default: Self::new("default"),
        };
        printer.workload(self);
        printer.block_sizes(&self.block_sizes);
        printer.order(&self.order);
        printer.queue(self);
        printer.engine_options(self);
        printer.files(self);
        printer.life(self);
        printer.lifecycle(&self.lifecycle);
        printer.errors(&self.errors);
        printer.steady_state(&self.steady_state);
        printer.reporting(self.reporting);
        printer.rate(&self.rate);
        printer.pauses(self);
        printer.latency(self);
        printer.syncs(self);
        printer.replay(&self.replay);
        printer.buffers(&self.buffers);
        printer.memory(&self.memory);
        printer.priority(&self.priority);
        printer.process(&self.process);
        printer.reports(self);
        printer.logs(&self.logs);
        printer.options
    }

    fn printable<'t>(&self, option: &str, value: &'t str) -> Result<&'t str, JobFileError> {
        let variable = ["${", "$pagesize", "$mb_memory", "$ncpus"]
            .iter()
            .any(|variable| value.contains(variable));
        let breaks = value.contains(['\n', '\0', '#', ';', char::REPLACEMENT_CHARACTER]);
        let trimmed = value.as_bytes().trim_ascii().len() == value.len();
        let empty = value.is_empty() && !may_be_empty(option);
        if empty || variable || breaks || !trimmed {
            let problem = Problem::Unprintable(shown(value.as_bytes()));
            let error = JobFileError::new("job", Position::Whole, problem);
            return Err(error
                .in_section(self.name.as_bytes())
                .in_option(option.as_bytes()));
        }
        Ok(value)
    }
}

struct Printer {
    options: Vec<(&'static str, String)>,
    default: JobSpec,
}

impl Printer {
    fn put(&mut self, name: &'static str, value: impl Display) {
        self.options.push((name, value.to_string()));
    }

    fn number<T: PartialEq + Display>(&mut self, name: &'static str, value: T, default: T) {
        if value != default {
            self.put(name, value);
        }
    }

    fn boolean(&mut self, name: &'static str, value: bool, default: bool) {
        self.number(name, u8::from(value), u8::from(default));
    }

    fn time(&mut self, name: &'static str, value: Duration) {
        if !value.is_zero() {
            self.put(name, microseconds(value));
        }
    }

    fn workload(&mut self, spec: &JobSpec) {
        if let Some(description) = &spec.description {
            self.put("description", description);
        }
        self.pattern(spec.pattern, &spec.order);
        self.number("rwmixread", spec.read_mix_percent, 50);
        self.boolean("bs_unaligned", spec.unaligned_block_sizes, false);
        self.boolean("norandommap", spec.no_random_map, false);
        self.boolean("softrandommap", spec.soft_random_map, false);
        match spec.random_generator {
            RandomGenerator::Tausworthe => {}
            RandomGenerator::Tausworthe64 => self.put("random_generator", "tausworthe64"),
            RandomGenerator::Lfsr => self.put("random_generator", "lfsr"),
        }
        // The first sets both values, the second one of them.
        self.boolean("allrandrepeat", spec.all_repeatable, false);
        self.boolean("randrepeat", spec.repeatable, true);
        if let Some(seed) = spec.random_seed {
            self.put("randseed", seed);
        }
        let alignment = spec.offset_alignment;
        if alignment.iter().any(|(_, value)| value.is_some()) {
            self.put(
                "ba",
                comma_list(&alignment, |value| value.map(|value| value.to_string())),
            );
        }
    }

    fn block_sizes(&mut self, sizes: &PerDirection<BlockSizes>) {
        if *sizes == self.default.block_sizes {
            return;
        }
        let fixed = |sizes: &BlockSizes| match sizes {
            BlockSizes::Fixed(size) => Some(size.to_string()),
            _ => None,
        };
        let range = |sizes: &BlockSizes| match sizes {
            BlockSizes::Range(low, high) => Some(format!("{low}-{high}")),
            _ => None,
        };
        let split = |sizes: &BlockSizes| match sizes {
            BlockSizes::Split(entries) => Some(
                entries
                    .iter()
                    .map(|(size, share)| format!("{size}/{share}"))
                    .collect::<Vec<_>>()
                    .join(":"),
            ),
            _ => None,
        };
        for (name, list) in [
            ("bs", comma_list(sizes, fixed)),
            ("bsrange", comma_list(sizes, range)),
            ("bssplit", comma_list(sizes, split)),
        ] {
            if list != ",," {
                self.put(name, list);
            }
        }
    }

    fn queue(&mut self, spec: &JobSpec) {
        if spec.engine != self.default.engine {
            self.put("ioengine", &spec.engine);
        }
        self.number("iodepth", spec.io_depth, 1);
        self.number("iodepth_batch", spec.submit_batch, 1);
        self.number("iodepth_batch_complete_min", spec.complete_batch_min, 1);
        if let Some(maximum) = spec.complete_batch_max {
            self.put("iodepth_batch_complete_max", maximum);
        }
        self.number("iodepth_low", spec.io_depth_low, 0);
        self.boolean("direct", spec.direct, false);
    }

    fn files(&mut self, spec: &JobSpec) {
        for (name, size) in [("size", spec.size), ("io_size", spec.io_size)] {
            if let Some(size) = size {
                self.put(name, bytes_or_percent(size));
            }
        }
        if spec.offset != self.default.offset {
            self.put("offset", bytes_or_percent(spec.offset));
        }
        if let Some((low, high)) = spec.file_size {
            self.put("filesize", format!("{low}-{high}"));
        }
        // With names it is their number; with a folder it is given only as a limit.
        match (&spec.files.folder, spec.files.most) {
            (Some(_), Some(most)) => self.put("nrfiles", most),
            (None, _) if spec.file_names.is_empty() => {
                self.number("nrfiles", spec.file_count, 1);
            }
            _ => {}
        }
        self.paths("filename", spec.file_names.iter().map(String::as_bytes));
        let folders = spec.directories.iter();
        self.paths("directory", folders.map(|path| path.as_os_str().as_bytes()));
        if let Some(format) = &spec.file_name_format {
            self.put("filename_format", format);
        }
        match spec.fallocate {
            Fallocate::Native => {}
            Fallocate::None => self.put("fallocate", "none"),
            Fallocate::Posix => self.put("fallocate", "posix"),
            Fallocate::KeepSize => self.put("fallocate", "keep"),
            Fallocate::Truncate => self.put("fallocate", "truncate"),
        }
        self.boolean("invalidate", spec.invalidate, true);
        self.boolean("overwrite", spec.overwrite, false);
        self.boolean("unlink", spec.unlink, false);
        self.file_options(&spec.files);
    }

    /// A path that a list cannot hold makes the value one that cannot be printed.
    fn paths<'p>(&mut self, name: &'static str, paths: impl Iterator<Item = &'p [u8]>) {
        let escaped: Vec<String> = paths.map(escaped_path).collect();
        if !escaped.is_empty() {
            self.put(name, escaped.join(":"));
        }
    }

    fn life(&mut self, spec: &JobSpec) {
        self.time("runtime", spec.runtime.unwrap_or_default());
        self.boolean("time_based", spec.time_based, false);
        self.time("ramp_time", spec.ramp_time);
        let (low, high) = spec.start_delay;
        if !high.is_zero() {
            self.put(
                "startdelay",
                format!("{}-{}", microseconds(low), microseconds(high)),
            );
        }
        self.number("loops", spec.loops, 1);
        self.number("numjobs", spec.clones, 1);
        self.boolean("thread", spec.thread, false);
        self.boolean("stonewall", spec.stonewall, false);
        self.boolean("new_group", spec.new_group, false);
        self.boolean("group_reporting", spec.group_reporting, false);
        if let Some(cpus) = &spec.cpus_allowed {
            self.put("cpus_allowed", cpu_list(cpus));
        }
        if spec.split_cpus {
            self.put("cpus_allowed_policy", "split");
        }
    }

    fn rate(&mut self, rate: &RateOptions) {
        for (name, list) in rate.lists() {
            let values = comma_list(list, |value| value.map(|value| value.to_string()));
            if values != ",," {
                self.put(name, values);
            }
        }
        if rate.process == RateProcess::Poisson {
            self.put("rate_process", "poisson");
        }
        self.number("rate_cycle", rate.cycle.as_millis(), 1000);
    }

    fn syncs(&mut self, spec: &JobSpec) {
        match spec.sync_mode {
            SyncMode::None => {}
            SyncMode::Sync => self.put("sync", "sync"),
            SyncMode::DataSync => self.put("sync", "dsync"),
        }
        self.number("fsync", spec.fsync_every, 0);
        self.number("fdatasync", spec.fdatasync_every, 0);
        self.boolean("end_fsync", spec.end_fsync, false);
        self.boolean("fsync_on_close", spec.fsync_on_close, false);
    }

    fn reports(&mut self, spec: &JobSpec) {
        let measure = spec.measure;
        self.boolean("disable_slat", !measure.submission_latency, false);
        self.boolean("disable_clat", !measure.completion_latency, false);
        self.boolean("disable_lat", !measure.total_latency, false);
        self.boolean("disable_bw_measurement", !measure.bandwidth, false);
        self.boolean("slat_percentiles", spec.percentiles.submission, false);
        self.boolean("clat_percentiles", spec.percentiles.completion, true);
        self.boolean("lat_percentiles", spec.percentiles.total, false);
        if spec.percentile_list != self.default.percentile_list {
            let list: Vec<String> = spec.percentile_list.iter().map(f64::to_string).collect();
            self.put("percentile_list", list.join(":"));
        }
        if let Some(interval) = spec.bandwidth_interval {
            self.put("bwavgtime", interval.as_millis());
        }
        if let Some(interval) = spec.iops_interval {
            self.put("iopsavgtime", interval.as_millis());
        }
        self.number("kb_base", spec.kb_base, 1024);
        self.number("unit_base", spec.unit_base, 0);
        self.number("significant_figures", spec.significant_figures, 4);
    }

    fn logs(&mut self, logs: &LogOptions) {
        for (option, name) in logs.names() {
            self.put(option, name);
        }
        self.number("log_avg_msec", logs.interval.as_millis(), 0);
        match logs.window_value {
            WindowValue::Average => {}
            // The word that older releases of fio know, too.
            WindowValue::Maximum => self.put("log_max_value", 1),
            WindowValue::Both => self.put("log_window_value", "both"),
        }
        self.number("log_hist_msec", logs.histogram_interval.as_millis(), 0);
        self.number("log_hist_coarseness", logs.histogram_coarseness, 0);
        self.boolean("log_offset", logs.offset, false);
        self.boolean("log_prio", logs.priority, false);
        self.boolean("log_issue_time", logs.issue_time, false);
        self.boolean("per_job_logs", logs.per_job, true);
        self.number("log_entries", logs.entries, 1024);
        if let Some(bytes) = logs.compression {
            self.put("log_compression", bytes);
        }
        if let Some(cpus) = &logs.compression_cpus {
            self.put("log_compression_cpus", cpu_list(cpus));
        }
        self.boolean("log_store_compressed", logs.store_compressed, false);
        self.boolean("log_alternate_epoch", logs.alternate_epoch, false);
        self.number("log_alternate_epoch_clock_id", logs.epoch_clock, 0);
    }
}

fn cpu_list(cpus: &[usize]) -> String {
    let cpus: Vec<String> = cpus.iter().map(usize::to_string).collect();
    cpus.join(",")
}

/// A path as an entry of a list that is separated by colons.
fn escaped_path(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok("") | Err(_) => char::REPLACEMENT_CHARACTER.to_string(),
        // Before the colon that follows, its last character would escape it.
        Ok(path) if path.ends_with('\\') => char::REPLACEMENT_CHARACTER.to_string(),
        Ok(path) => path.replace(':', "\\:"),
    }
}

/// A path that stands alone.
fn path_text(path: &Path) -> String {
    escaped_path(path.as_os_str().as_bytes())
}

/// Whether an option may be written without a value.
fn may_be_empty(option: &str) -> bool {
    options::find(option.as_bytes())
        .is_some_and(|option| option.value_type == OptionType::OptionalText)
}

fn comma_list<T>(values: &PerDirection<T>, print: impl Fn(&T) -> Option<String>) -> String {
    Direction::ALL
        .map(|direction| print(&values[direction]).unwrap_or_default())
        .join(",")
}

fn bytes_or_percent(size: SizeOrPercent) -> String {
    match size {
        SizeOrPercent::Bytes(bytes) => bytes.to_string(),
        SizeOrPercent::Percent(percent) => format!("{percent}%"),
    }
}

fn microseconds(time: Duration) -> String {
    format!("{}us", time.as_micros())
}

#[cfg(test)]
mod tests;
