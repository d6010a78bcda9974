//! What a job's thread gathers for its logs.
//!
//! The thread calls it for each I/O, so nothing here locks or allocates until a piece of a list is
//! full. Jobs without logs have no collector at all.

use std::time::Duration;

use super::budget::LogBudget;
use super::error::LogFileError;
use super::finished::{FinishedLogs, heads_of};
use super::io_log::IoLog;
use super::keeper::{FileKeeper, Keeper, LogThread, MemoryKeeper, Say, SharedEpoch};
use super::lists::{Lists, Outlet};
use super::place::LogPlace;
use super::records::{Completed, Submitted};
use super::writing::LogFile;
use crate::clock::{Clock, Ticks, clock_milliseconds};
use crate::direction::{Direction, PerDirection};
use crate::job::{IoPriority, JobSpec, Measure, WindowValue};
use crate::stats::JobStatistics;

/// Gathers the logs of one job.
#[derive(Debug)]
pub(crate) struct LogCollector {
    window_value: WindowValue,
    /// The clock that times are of, if not the job's.
    epoch_clock: Option<u32>,
    pub(super) measure: Measure,
    /// False during the ramp time.
    counting: bool,
    since: Ticks,
    pub(super) epoch: SharedEpoch,
    pub(super) lists: Lists,
    /// Of I/Os that have none of their own.
    job_priority: u16,
    /// Whether entries are handed over now and then although their piece is not full.
    passes_on: bool,
    /// When that is due.
    pass_on: Ticks,
    pub(super) budget: LogBudget,
    /// The logs without their entries; none where files have them.
    pub(super) heads: Vec<IoLog>,
    /// What takes the entries, if they do not stay in the lists. Ends after these.
    pub(super) thread: Option<LogThread>,
}

/// The I/O that an entry is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoggedIo {
    /// The file's place among those that are open.
    pub(crate) slot: usize,
    pub(crate) direction: Direction,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// 0 is the job's.
    pub(crate) priority: u16,
}

/// Entries wait no longer than this for their piece to be full, so that files are nearly up to date.
const PASS_ON_INTERVAL: Duration = Duration::from_millis(500);

impl LogCollector {
    /// The collector of a job that writes logs. Its log thread is a child of the calling thread.
    pub(crate) fn new(
        spec: &JobSpec,
        thread_number: u32,
        place: &LogPlace,
        say: &Say,
    ) -> Result<Option<Box<Self>>, LogFileError> {
        let options = &spec.logs;
        if !options.any() {
            return Ok(None);
        }
        let mut heads = heads_of(spec, thread_number);
        let epoch = SharedEpoch::default();
        let keeper = if let Some(files) = &place.files {
            let heads = std::mem::take(&mut heads);
            let files = heads.into_iter().map(|log| LogFile::open(files, log));
            let files = files.collect::<Result<_, _>>()?;
            let keeper = FileKeeper::new(files, epoch.clone(), spec.measure, say.clone());
            Some(Keeper::Files(keeper))
        } else {
            let packed = place.packs || options.compression.is_some();
            packed.then(|| {
                let keeper = MemoryKeeper::new(&place.budget, options.offset);
                Keeper::Memory(Box::new(keeper))
            })
        };
        let cpus = options.compression_cpus.as_deref();
        let started = keeper.map(|keeper| LogThread::start(keeper, thread_number, cpus));
        let (thread, sender) = started.transpose()?.unzip();
        let outlet = Outlet {
            place,
            thread: sender,
        };
        Ok(Some(Box::new(Self {
            window_value: options.window_value,
            epoch_clock: options.alternate_epoch.then_some(options.epoch_clock),
            measure: spec.measure,
            counting: false,
            since: Ticks::NEVER,
            epoch,
            lists: Lists::new(options, spec.measure, &outlet),
            job_priority: spec.priority.of_job().map_or(0, IoPriority::bits),
            passes_on: place.files.is_some(),
            pass_on: Ticks::NEVER,
            budget: place.budget.clone(),
            heads,
            thread,
        })))
    }

    /// Begins to count, from nothing: at the job's start or at the end of its ramp time.
    pub(crate) fn start(&mut self, now: Ticks) {
        self.counting = true;
        self.since = now;
        if self.passes_on {
            self.pass_on = now;
        }
        if let Some(clock) = self.epoch_clock {
            // The plan has checked that the clock can be read.
            self.epoch
                .set(clock_milliseconds(clock).unwrap_or_default());
        }
        if let Some(histograms) = &mut self.lists.histograms {
            histograms.clear();
        }
    }

    /// Takes note of a completed I/O; latencies in nanoseconds.
    #[inline]
    pub(crate) fn complete(
        &mut self,
        clock: &Clock,
        io: LoggedIo,
        completed: Ticks,
        completion_latency: u64,
        total_latency: u64,
    ) {
        if !self.counting {
            return;
        }
        let priority = self.priority_of(io);
        if let Some(records) = &mut self.lists.completed {
            records.push(Completed {
                completed: clock.nanos_between(self.since, completed),
                completion_latency,
                total_latency,
                offset: io.offset,
                // A block has at most `MAX_BLOCK_SIZE` bytes.
                length: io.length as u32,
                priority,
                direction: io.direction,
            });
        } else if let Some(windows) = &mut self.lists.windows {
            windows.complete(io.direction, completion_latency, total_latency);
        }
        if let Some(histograms) = &mut self.lists.histograms {
            histograms.note(io.direction, io.length, io.offset);
        }
    }

    #[inline]
    const fn priority_of(&self, io: LoggedIo) -> u16 {
        if io.priority == 0 {
            self.job_priority
        } else {
            io.priority
        }
    }

    /// Takes note of a submitted I/O; the latency in nanoseconds.
    #[inline]
    pub(crate) fn submit(&mut self, clock: &Clock, io: LoggedIo, submitted: Ticks, latency: u64) {
        if !self.counting {
            return;
        }
        let priority = self.priority_of(io);
        if let Some(records) = &mut self.lists.submitted {
            records.push(Submitted {
                submitted: clock.nanos_between(self.since, submitted),
                submission_latency: latency,
                offset: io.offset,
                length: io.length as u32,
                priority,
                direction: io.direction,
            });
        } else if let Some(windows) = &mut self.lists.windows {
            windows.submit(io.direction, latency);
        }
    }

    /// The interval is over: one entry for each latency and direction that had any.
    pub(crate) fn end_interval(&mut self, elapsed: Duration) {
        let time_ms = self.time(elapsed);
        let value = self.window_value;
        if let (Some(windows), true) = (&mut self.lists.windows, self.counting) {
            windows.end(time_ms, value);
        }
    }

    /// Takes note of bandwidths, KiB/s.
    pub(crate) fn bandwidth(&mut self, elapsed: Duration, rates: PerDirection<Option<u64>>) {
        let time_ms = self.time(elapsed);
        if let (Some(windows), true) = (&mut self.lists.windows, self.counting) {
            windows.log_bandwidth(time_ms, rates);
        }
    }

    /// Takes note of I/Os per second.
    pub(crate) fn iops(&mut self, elapsed: Duration, rates: PerDirection<Option<u64>>) {
        let time_ms = self.time(elapsed);
        if let (Some(windows), true) = (&mut self.lists.windows, self.counting) {
            windows.log_iops(time_ms, rates);
        }
    }

    /// The histogram interval is over: one entry for each direction that completed I/Os in it.
    pub(crate) fn end_histogram(&mut self, elapsed: Duration, statistics: &JobStatistics) {
        let time_ms = self.time(elapsed);
        let (Some(histograms), true) = (&mut self.lists.histograms, self.counting) else {
            return;
        };
        for direction in Direction::ALL {
            let now = statistics.latencies(direction).completion.histogram();
            histograms.end(time_ms, direction, now);
        }
    }

    /// Lets the log thread have what there is, now and then.
    pub(crate) fn pass_on(&mut self, clock: &Clock, now: Ticks) {
        if now >= self.pass_on {
            self.pass_on = clock.after(now, PASS_ON_INTERVAL);
            self.lists.pass_on();
        }
    }

    /// The logs, all entries in.
    pub(crate) fn finish(self: Box<Self>) -> FinishedLogs {
        FinishedLogs::of(*self)
    }

    fn time(&self, elapsed: Duration) -> u64 {
        self.epoch.get() + elapsed.as_millis() as u64
    }
}
