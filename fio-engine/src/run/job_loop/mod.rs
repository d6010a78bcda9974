//! What one clone of a job does, from opening its engine to its last `fsync`.
//!
//! [`job_loop`] is generic over the engine and compiled once for each. Inside, synchronous engines
//! run the loop of [`synchronous`], the others that of [`asynchronous`]; both hand every I/O to
//! [`Recorder`] and look at the time through [`Pace`].

mod asynchronous;
mod blocks;
mod cpu;
mod debug_io;
mod depth_search;
mod errors;
mod failure;
mod flow;
mod judge;
mod minimum;
mod pace;
mod priority;
mod rate;
mod recorder;
mod recording;
mod regulator;
mod reopen;
mod steady;
mod synchronous;
mod think_time;

#[cfg(test)]
mod pacing_tests;
#[cfg(test)]
mod rate_tests;
#[cfg(test)]
mod regulator_tests;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use errors::ErrorLedger;
pub(crate) use failure::JobFailure;
pub(crate) use flow::Flow;
use judge::{Judge, Judgement};
use pace::{Pace, Verdict};
use priority::PriorityChooser;
use recorder::{Recorder, Times, TooLate};
use recording::Recording;
use regulator::Regulator;
pub(crate) use reopen::FileSource;

use super::block_map::BlockMap;
use super::content::{ContentSource, WorkingSet};
use super::progress::{JobProgress, JobState};
use super::start_line::StartLine;
use super::stop::StopHandle;
use crate::clock::{Clock, clock_milliseconds};
use crate::debug::{DebugTopic, thread_id};
use crate::io::priority::set_thread_priority;
use crate::io::{EngineError, EngineSetup, IoEngine, Offload, SyncKind, ThreadUsage, WorkerLife};
use crate::job::JobSpec;
use crate::logs::{FinishedLogs, LogCollector, LoggedIo};
use crate::replay::ReplaySource;
use crate::report::ErrorCount;
use crate::stats::{IntervalSeries, JobStatistics};
use crate::workload::{Generator, Request, Seeds, Stream};

/// The job loop of one engine.
pub(crate) type JobLoop = fn(JobContext<'_>) -> JobOutcome;

/// Everything a clone needs to run.
pub(crate) struct JobContext<'a> {
    pub(crate) spec: &'a JobSpec,
    pub(crate) files: Arc<[File]>,
    /// Paths of the files, for engines that want no more.
    pub(crate) paths: Arc<[PathBuf]>,
    /// Which file is behind each of `files`, if not all of the job's files are open at once.
    pub(crate) slots: Option<Vec<Option<usize>>>,
    /// Opens files while the job runs.
    pub(crate) source: &'a dyn FileSource,
    /// Names of all files, for messages.
    pub(crate) file_names: &'a [String],
    pub(crate) generator: Generator,
    pub(crate) progress: &'a JobProgress,
    pub(crate) stop: &'a StopHandle,
    pub(crate) start_line: &'a StartLine,
    /// When the run began.
    pub(crate) run_began: Instant,
    pub(crate) start_delay: Duration,
    /// Seeds of all that the clone draws.
    pub(crate) seeds: &'a Seeds,
    /// What duplicates are drawn from; empty unless `dedupe_mode=working_set`.
    pub(crate) working_sets: Vec<WorkingSet>,
    /// The flow the job takes part in, if it does.
    pub(crate) flow: Option<Arc<Flow>>,
    /// What gathers the logs, if there are any.
    pub(crate) logs: Option<Box<LogCollector>>,
    /// The blocks the job tells of, if it does.
    pub(crate) blocks: Option<BlockMap>,
    /// Told of each error after which the job goes on, if it wants that.
    pub(crate) on_error: &'a dyn Fn(&str),
    /// Told when I/O begins.
    pub(crate) on_start: &'a dyn Fn(),
}

/// What a clone measured.
#[derive(Debug, Clone)]
pub(crate) struct JobOutcome {
    pub(crate) statistics: JobStatistics,
    pub(crate) logs: FinishedLogs,
    /// What the clone did in each interval.
    pub(crate) series: IntervalSeries,
    pub(crate) failure: Option<JobFailure>,
    /// The depth a latency target has led to.
    pub(crate) latency_depth: Option<u32>,
    /// The errors counted, if the job goes on after any.
    pub(crate) errors: ErrorCount,
    /// The first error after which the job went on.
    pub(crate) survived: Option<JobFailure>,
    /// Time the statistics cover.
    pub(crate) runtime: Duration,
    pub(crate) usage: ThreadUsage,
    pub(crate) thread_id: u32,
    /// When I/O began, if it did.
    pub(crate) started: Option<SystemTime>,
}

/// Runs one clone with engine `E`.
pub(crate) fn job_loop<E: IoEngine>(context: JobContext<'_>) -> JobOutcome {
    job_loop_with(context, E::open)
}

/// Runs one clone whose I/Os are done by other threads.
pub(crate) fn offloaded_job_loop(context: JobContext<'_>, life: WorkerLife) -> JobOutcome {
    job_loop_with(context, |setup| Offload::start(setup, life))
}

fn job_loop_with<E: IoEngine>(
    mut context: JobContext<'_>,
    open_engine: impl FnOnce(&EngineSetup) -> Result<E, EngineError>,
) -> JobOutcome {
    let opened = open(&context, open_engine);
    // Everything that allocates is done before the jobs start together.
    let tells_ios = context.progress.debug(DebugTopic::Io).is_some();
    let mut recorder = Recorder::new(context.spec, context.logs.take(), tells_ios);
    if let Some(blocks) = &context.blocks {
        recorder.expect_blocks(blocks.len());
    }
    context.progress.set_state(JobState::Initialised);
    context.start_line.arrive_and_wait();
    match opened {
        Err(failure) => JobOutcome::failed(failure),
        Ok(_) if context.is_stopped_before_start() => JobOutcome::empty(),
        Ok(opened) => context.run(opened, recorder),
    }
}

/// What a clone works with.
struct Opened<E> {
    engine: E,
    content: ContentSource,
    priorities: Option<PriorityChooser>,
    /// Where what is issued is written down.
    recording: Option<Recording>,
}

fn open<E: IoEngine>(
    context: &JobContext<'_>,
    open_engine: impl FnOnce(&EngineSetup) -> Result<E, EngineError>,
) -> Result<Opened<E>, JobFailure> {
    let spec = context.spec;
    let priorities = PriorityChooser::new(spec, context.seeds.of(Stream::Priority))?;
    if let Some(priority) = spec.priority.of_job() {
        set_thread_priority(priority.bits())
            .map_err(|error| JobFailure::priority(priority, &error))?;
    }
    let sizes = &spec.block_sizes;
    let setup = EngineSetup {
        io_depth: spec.io_depth as usize,
        max_block_size: sizes.0.iter().map(|sizes| sizes.max()).max().unwrap_or(1) as usize,
        direct: spec.direct,
        memory: spec.memory.clone(),
        files: Arc::clone(&context.files),
        lock: spec.files.lock,
        options: spec.engine_options.clone(),
        paths: Arc::clone(&context.paths),
    };
    if let Some(teller) = context.progress.debug(DebugTopic::Memory) {
        let bytes = setup.io_depth * setup.max_block_size;
        teller.tell(DebugTopic::Memory, format!("Alloc {bytes} for buffers"));
    }
    let mut engine =
        open_engine(&setup).map_err(|error| JobFailure::engine(&spec.engine, &error))?;
    let seed = context.seeds.of(Stream::Buffer);
    let mut content = ContentSource::new(spec, seed, &context.working_sets)
        .map_err(|problem| JobFailure::new(libc::EINVAL, problem))?;
    if spec.pattern.write {
        for unit in 0..setup.io_depth {
            content.initialise(engine.buffer(unit));
        }
    }
    Ok(Opened {
        engine,
        content,
        priorities,
        recording: Recording::of(spec, context.file_names)?,
    })
}

impl JobContext<'_> {
    /// Waits for the job's start delay; whether the run was stopped meanwhile.
    fn is_stopped_before_start(&self) -> bool {
        let until = Instant::now() + self.start_delay;
        loop {
            if self.stop.is_stopped() {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(Duration::from_millis(20)));
        }
    }

    fn run<E: IoEngine>(&mut self, opened: Opened<E>, mut recorder: Recorder) -> JobOutcome {
        let Opened {
            mut engine,
            content,
            priorities,
            recording,
        } = opened;
        let clock = Clock::of(self.spec.process.clock);
        self.publish_start();
        let pace = Pace::new(clock, self.spec, self.progress, self.stop, &mut recorder);
        let since = pace.counting_since();
        let mut state = LoopState {
            clock,
            regulator: Regulator::new(self, clock, since, recording),
            judge: Judge::new(self.spec),
            pace,
            recorder,
            content,
            priorities,
            errors: ErrorLedger::default(),
        };
        let is_synchronous = engine.is_synchronous();
        let mut result = if E::USES_CPU_ONLY {
            cpu::run(self, &mut engine, &mut state)
        } else if is_synchronous {
            synchronous::run(self, &mut engine, &mut state)
        } else {
            asynchronous::run(self, &mut engine, &mut state)
        };
        if result.is_ok() {
            result = state.pace.take_failure().map_or(Ok(()), Err);
        }
        if let Some(failure) = self.generator.replay().and_then(ReplaySource::take_failure) {
            result = result.and_then(|()| Err(JobFailure::replay(&failure)));
        }
        if let Some(regulator) = state.regulator.take() {
            // Also what a job has recorded that failed is written.
            let finished = regulator.finish();
            result = result.and(finished);
        }
        let statistics = &mut state.recorder.statistics;
        if let Some(io) = result.as_ref().err().and_then(|error| error.failed_io) {
            // fio counts I/Os when they are issued, also those that fail.
            statistics.record_transfer(io.direction, 0);
        }
        if self.spec.files.fill && result.as_ref().is_err_and(JobFailure::is_full_storage) {
            result = Ok(());
        }
        if is_synchronous {
            statistics.record_all_alone();
        }
        let runtime = state.pace.finish(&mut state.recorder);
        if result.is_ok() {
            result = self.sync_at_end();
        }
        if result.is_ok() {
            result = self.sync_file_systems();
        }
        let helpers = engine.end_helpers();
        let series = std::mem::take(&mut state.recorder.series);
        let (statistics, logs) = state.recorder.finish();
        JobOutcome {
            statistics,
            logs,
            series,
            failure: result.err(),
            latency_depth: state.judge.and_then(|judge| judge.depth()),
            errors: state.errors.count,
            survived: state.errors.survived,
            runtime,
            usage: state.pace.usage().plus(helpers),
            thread_id: thread_id(),
            started: Some(state.pace.started()),
        }
    }

    fn publish_start(&self) {
        self.progress
            .set_began(self.run_began.elapsed().as_nanos() as u64);
        self.progress.set_open_files(self.open_files());
        self.progress.set_target(self.generator.total_bytes());
        (self.on_start)();
    }

    /// Files the job has open, for the status line. As with fio, jobs of engines without files count
    /// those they would have.
    fn open_files(&self) -> usize {
        let spec = self.spec;
        let named = spec.file_names.len();
        let planned = match self.files.len() {
            0 => named.max(usize::try_from(spec.file_count).unwrap_or(usize::MAX)),
            opened => opened,
        };
        let at_once = spec
            .files
            .open_limit
            .map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        at_once.map_or(planned, |most| planned.min(most))
    }

    /// `end_fsync` and `fsync_on_close`. As in fio, no statistics have them.
    fn sync_at_end(&self) -> Result<(), JobFailure> {
        if !(self.spec.end_fsync || self.spec.fsync_on_close) || !self.spec.pattern.write {
            return Ok(());
        }
        self.progress.set_state(JobState::Syncing);
        for slot in (0..self.files.len()).filter(|slot| self.file_in(*slot).is_some()) {
            self.make_durable(slot)?;
        }
        if self.spec.end_fsync && self.slots.is_some() {
            self.make_others_durable()?;
        }
        Ok(())
    }

    /// `end_syncfs`: the file systems of all files, each as often as it has files.
    fn sync_file_systems(&self) -> Result<(), JobFailure> {
        if !self.spec.files.end_sync_file_system || !self.spec.pattern.write {
            return Ok(());
        }
        self.progress.set_state(JobState::Syncing);
        for (slot, file) in self.files.iter().enumerate() {
            rustix::fs::syncfs(file)
                .map_err(|errno| JobFailure::sync(self.file_name(slot), "syncfs", errno.into()))?;
        }
        Ok(())
    }

    /// Hands a range of one file to the storage and records how long that took.
    fn sync_range(&self, request: &Request, state: &mut LoopState<'_>) -> Result<(), JobFailure> {
        let file = request.file as usize;
        let (Some(handle), Some(how)) = (self.files.get(file), self.spec.files.range_sync) else {
            return Ok(());
        };
        let start = state.clock.now();
        let result =
            crate::io::ioctl::sync_file_range(handle.as_fd(), request.offset, request.length, how);
        let end = state.clock.now();
        result.map_err(|error| JobFailure::sync(self.file_name(file), "sync_file_range", error))?;
        let time = state.clock.nanos_between(start, end);
        state.recorder.statistics.record_sync(time);
        Ok(())
    }

    /// Makes one file durable and records how long that took.
    fn sync_file(
        &self,
        file: usize,
        kind: SyncKind,
        state: &mut LoopState<'_>,
    ) -> Result<(), JobFailure> {
        let Some(handle) = self.files.get(file) else {
            return Ok(());
        };
        let start = state.clock.now();
        let (result, call) = match kind {
            SyncKind::Full => (rustix::fs::fsync(handle), "fsync"),
            SyncKind::Data => (rustix::fs::fdatasync(handle), "fdatasync"),
        };
        let end = state.clock.now();
        result.map_err(|errno| JobFailure::sync(self.file_name(file), call, errno.into()))?;
        state
            .recorder
            .statistics
            .record_sync(state.clock.nanos_between(start, end));
        Ok(())
    }
}

/// The time of a clock that the plan has read before, counted from 1970 (`job_start_clock_id`).
fn start_time(clock: u32) -> SystemTime {
    match clock {
        0 => SystemTime::now(),
        _ => UNIX_EPOCH + Duration::from_millis(clock_milliseconds(clock).unwrap_or(0)),
    }
}

/// What changes while a clone does I/O.
struct LoopState<'a> {
    clock: Clock,
    pace: Pace<'a>,
    /// Present if something keeps the job from issuing I/Os at will.
    regulator: Option<Box<Regulator>>,
    /// Present if something depends on what becomes of I/Os.
    judge: Option<Box<Judge>>,
    recorder: Recorder,
    content: ContentSource,
    /// Present if I/Os have priorities of their own.
    priorities: Option<PriorityChooser>,
    errors: ErrorLedger,
}

impl LoopState<'_> {
    /// Records the I/O of a unit that is over; says if it took too long.
    #[inline(always)]
    fn complete(
        &mut self,
        context: &JobContext<'_>,
        unit: usize,
        io: LoggedIo,
        times: Times,
    ) -> Result<(), TooLate> {
        let recorded = self.recorder.complete(&self.clock, io, times);
        if self.recorder.is_observed() {
            self.observe(context, unit, io, times);
        }
        recorded
    }

    #[cold]
    fn observe(&mut self, context: &JobContext<'_>, unit: usize, io: LoggedIo, times: Times) {
        context.record_done(io, &mut self.recorder);
        let regulator = self.regulator.as_deref();
        if let Some(debug) = regulator.and_then(Regulator::debug_io) {
            debug.complete(unit, io);
        }
        if let Some(regulator) = regulator.filter(|regulator| regulator.is_rated()) {
            let intended = regulator.intended(unit);
            let nanos = self.clock.nanos_between(intended, times.completed);
            let statistics = &mut self.recorder.statistics;
            statistics.record_intended_latency(io.direction, nanos);
        }
        let Some(judge) = &mut self.judge else { return };
        let nanos = self.clock.nanos_between(times.created, times.completed);
        match judge.judge(&self.clock, io, nanos, times.completed) {
            Judgement::None => {}
            Judgement::Depth(depth) => {
                if let Some(regulator) = &mut self.regulator {
                    regulator.limit_depth(depth);
                }
            }
            Judgement::RampOver => self.pace.end_ramp_bytes(times.completed),
            Judgement::Done => self.pace.end_job(),
        }
    }
}

impl JobOutcome {
    /// The outcome of a clone that did nothing.
    pub(crate) fn empty() -> Self {
        Self {
            statistics: JobStatistics::new(),
            logs: FinishedLogs::default(),
            series: IntervalSeries::default(),
            failure: None,
            latency_depth: None,
            errors: ErrorCount::default(),
            survived: None,
            runtime: Duration::ZERO,
            usage: ThreadUsage::default(),
            thread_id: std::process::id(),
            started: None,
        }
    }

    /// The outcome of a clone that could not begin.
    pub(crate) fn failed(failure: JobFailure) -> Self {
        Self {
            failure: Some(failure),
            ..Self::empty()
        }
    }
}
