//! The thread that leads a run from the first file to the report.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::thread::{Builder, ScopedJoinHandle};
use std::time::{Duration, Instant, SystemTime};

use super::block_map::BlockMap;
use super::commands::JobCommand;
use super::content::WorkingSet;
use super::event::{Level, Observer, RunEvent};
use super::job_loop::{Flow, JobContext, JobFailure, JobOutcome};
use super::monitors::Monitors;
use super::options::RunOptions;
use super::plan::{JobClone, Plan};
use super::process::{Surroundings, System};
use super::progress::JobState;
use super::results;
use super::start_line::StartLine;
use super::stop::StopHandle;
use super::storage::Storage;
use super::succession::{self, Succession};
use crate::clock::Clock;
use crate::debug::DebugTopic;
use crate::io::Engine;
use crate::job::{ClockSource, JobSpec};
use crate::logs::{FinishedLogs, LogCollector, LogPlace, Say};
use crate::replay::{begin_log, write_merged};
use crate::report::normal::{CpuLine, JobLine, StartingLine};
use crate::report::{Background, DiskMonitor, Report};
use crate::stats::MAX_BLOCKS;
use crate::workload::{Generator, Stream};

/// Stack of a job thread. Everything large is on the heap.
const STACK_BYTES: usize = 512 * 1024;

/// Leads a run.
pub(super) struct Supervisor {
    plan: Plan,
    options: RunOptions,
    stop: StopHandle,
    began: Instant,
    monitors: Arc<Monitors>,
    /// The flows of the jobs, by their number.
    flows: BTreeMap<u32, Arc<Flow>>,
    /// What the jobs share of the system besides I/O.
    system: System,
    logs: LogPlace,
    /// Passed on to the report.
    background: Background,
}

impl Supervisor {
    pub(super) fn new(
        plan: Plan,
        options: RunOptions,
        stop: StopHandle,
        began: Instant,
        monitors: Arc<Monitors>,
    ) -> Self {
        let numbers = plan.clones.iter().map(|clone| clone.spec.flow.id);
        let specs = plan.clones.iter().map(|clone| &*clone.spec);
        let (files, packs) = (options.log_files.as_ref(), options.pack_logs);
        Self {
            flows: numbers.map(|number| (number, Arc::default())).collect(),
            system: System::new(&plan),
            logs: LogPlace::new(&options.log_budget, files, packs, specs),
            plan,
            options,
            stop,
            began,
            monitors,
            background: Background::default(),
        }
    }

    /// Reports this beside measurements.
    pub(super) fn with_background(self, background: Background) -> Self {
        Self { background, ..self }
    }

    /// Runs all waves and reports what they measured.
    pub(super) fn run(self) -> Report {
        let started = SystemTime::now();
        // Calibrated here, so that no job pays for it.
        let _ = Clock::shared();
        self.tell_seeds();
        self.announce();
        // All files are laid out before the first job begins, as fio does.
        let mut storages = self.prepare_all();
        self.monitors.begin(|| self.monitor_disks(&storages));
        let mut outcomes: Vec<JobOutcome> = Vec::with_capacity(self.plan.clones.len());
        for wave in self.plan.waves() {
            let storages = storages.drain(..wave.len()).collect();
            outcomes.extend(self.run_wave(wave, storages));
        }
        let logs = outcomes
            .iter_mut()
            .flat_map(|outcome| std::mem::take(&mut outcome.logs.kept))
            .collect();
        self.tell_crowded_groups(&outcomes);
        let (jobs, groups) = results::collect(&self.plan.clones, outcomes);
        let global_options = self.options.global_options.clone();
        let disks = self.monitors.disks();
        let cpu_idleness = self.monitors.idleness();
        self.tell(RunEvent::Finished);
        self.system.leave();
        Report {
            started,
            finished: SystemTime::now(),
            global_options,
            background: self.background,
            jobs,
            groups,
            disks,
            cpu_idleness,
            remaining: None,
            logs,
        }
    }

    /// Watches the disks of all jobs that want it (`disk_util`).
    fn monitor_disks(&self, storages: &[Result<Storage, JobFailure>]) -> DiskMonitor {
        let watched = storages
            .iter()
            .zip(&self.plan.clones)
            .filter(|(_, clone)| clone.spec.reporting.disks);
        let paths = watched.flat_map(|(storage, _)| storage.iter().flat_map(Storage::paths));
        let disks = DiskMonitor::new(paths);
        self.tell_disks(&disks);
        disks
    }

    fn tell_disks(&self, disks: &DiskMonitor) {
        let first = self.plan.clones.first();
        let topic = DebugTopic::DiskUtilisation;
        if let Some(teller) = first.and_then(|clone| clone.progress.debug(topic)) {
            for disk in disks.names() {
                teller.tell_of_process(topic, format!("add {disk} to list"));
            }
        }
    }

    /// Tells what each clone draws from.
    fn tell_seeds(&self) {
        let topic = DebugTopic::Random;
        for clone in &self.plan.clones {
            let Some(teller) = clone.progress.debug(topic) else {
                continue;
            };
            let seeds = clone.seeds.all();
            teller.tell_of_process(topic, format!("FIO_RAND_NR_OFFS={}", seeds.len()));
            for (stream, seed) in seeds.iter().enumerate() {
                teller.tell_of_process(topic, format!("rand_seeds[{stream}]={seed}"));
            }
        }
    }

    /// The lines fio prints before the first I/O.
    fn announce(&self) {
        let jobs = || {
            self.plan
                .clones
                .iter()
                .filter(|clone| clone.clone_index == 0)
        };
        for job in jobs().filter(|_| self.options.announce_jobs) {
            if let Some(line) = JobLine::new(&job.spec, job.group) {
                self.say(Level::Info, format!("{line}\n"));
            }
        }
        self.tell(RunEvent::Accepted);
        let line = StartingLine::of(jobs().map(|job| &*job.spec));
        self.say(Level::Info, format!("{line}\n"));
    }

    /// Makes the files of all clones ready, one clone after the other but for those that need not
    /// wait for others (`create_serialize=0`).
    fn prepare_all(&self) -> Vec<Result<Storage, JobFailure>> {
        // Files that clones may share are never laid out by two at once.
        let alone = |spec: &JobSpec| spec.file_names.is_empty() && spec.file_name_format.is_none();
        std::thread::scope(|scope| {
            let prepared: Vec<_> = self
                .plan
                .clones
                .iter()
                .map(|clone| {
                    if clone.spec.files.create_in_turn || !alone(&clone.spec) {
                        return Ok(self.prepare(clone));
                    }
                    let thread = Builder::new().name(format!("fio-layout-{}", clone.number()));
                    let thread = thread.stack_size(STACK_BYTES);
                    // Without a thread, this one does it.
                    thread
                        .spawn_scoped(scope, || self.prepare(clone))
                        .map_or_else(|_| Ok(self.prepare(clone)), Err)
                })
                .collect();
            let join = |thread: ScopedJoinHandle<'_, _>| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            prepared
                .into_iter()
                .map(|done| done.unwrap_or_else(join))
                .collect()
        })
    }

    /// Makes the files of a clone ready.
    fn prepare(&self, clone: &JobClone) -> Result<Storage, JobFailure> {
        if self.stop.is_stopped() {
            return Err(JobFailure::stopped());
        }
        let mut report = |line: &str| {
            self.say(Level::Info, format!("{}\n", line.trim_end()));
        };
        let files = self.engine(clone)?.files;
        if let Some(log) = &clone.spec.replay.write_log {
            begin_log(log).map_err(|error| JobFailure::replay(&error))?;
        }
        if clone.clone_index == 0 {
            write_merged(&clone.spec.replay).map_err(|error| JobFailure::replay(&error))?;
        }
        if clone.spec.replay.replays() {
            let guard = self.options.replay_guard.as_ref();
            return Storage::replay(clone, files, guard, self.stop.flag(), &mut report);
        }
        clone.progress.set_state(JobState::SettingUp);
        let storage = Storage::prepare(clone, files, self.stop.flag(), &mut report);
        clone.progress.set_state(JobState::Waiting);
        storage
    }

    /// Runs the clones of one wave: those that wait for none together, the others when those they
    /// wait for have ended.
    fn run_wave(
        &self,
        wave: &[JobClone],
        storages: Vec<Result<Storage, JobFailure>>,
    ) -> Vec<JobOutcome> {
        let (sender, ends) = mpsc::channel();
        let mut storages: Vec<_> = storages.into_iter().map(Some).collect();
        let mut succession = Succession::new(wave);
        std::thread::scope(|scope| {
            let mut threads: Vec<_> = wave.iter().map(|_| None).collect();
            loop {
                let ready = succession.next();
                let start_line = Arc::new(StartLine::default());
                let mut begun = 0;
                for index in ready {
                    let clone = &wave[index];
                    let storage = storages[index].take().expect("a clone begins once");
                    let (line, end) = (start_line.clone(), EndNotice(index, sender.clone()));
                    let life = move || {
                        let _end = end;
                        self.run_clone(clone, storage, &line)
                    };
                    let builder = Builder::new().name(thread_name(clone));
                    // A closure that cannot be run is dropped, which tells of the end.
                    let thread = builder.stack_size(STACK_BYTES).spawn_scoped(scope, life);
                    begun += usize::from(thread.is_ok());
                    threads[index] = Some(thread);
                }
                start_line.open_after(begun);
                if !succession.is_running() {
                    break;
                }
                // This thread has a sender, so there is always an end to wait for.
                ends.recv()
                    .into_iter()
                    .chain(ends.try_iter())
                    .for_each(|index| succession.ended(index));
                for clone in Plan::without_io(wave, &self.options.engines) {
                    clone.ended.store(true, Ordering::Relaxed);
                }
            }
            let ended = threads.into_iter().flatten().zip(wave);
            ended
                .map(|(thread, clone)| self.join(thread, clone))
                .collect()
        })
    }

    fn join(
        &self,
        thread: io::Result<ScopedJoinHandle<'_, JobOutcome>>,
        clone: &JobClone,
    ) -> JobOutcome {
        match thread {
            Ok(thread) => thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(libc::EAGAIN);
                let message = format!("cannot start a thread: {error}; lower numjobs");
                self.end(clone, JobOutcome::failed(JobFailure::new(errno, message)))
            }
        }
    }

    /// The life of one clone, in its own thread.
    fn run_clone(
        &self,
        clone: &JobClone,
        storage: Result<Storage, JobFailure>,
        start_line: &StartLine,
    ) -> JobOutcome {
        let outcome = match storage {
            _ if clone.ended.load(Ordering::Relaxed) => {
                start_line.arrive();
                Ok(JobOutcome::empty())
            }
            Ok(_) if clone.spec.files.create_only => {
                start_line.arrive();
                Ok(JobOutcome::empty())
            }
            Ok(storage) => {
                let outcome = self.run_on(clone, &storage, start_line);
                if let Err(failure) = storage.clean_up(clone) {
                    self.complain(clone, &failure);
                }
                outcome
            }
            Err(failure) => Err(failure),
        };
        let outcome = outcome.unwrap_or_else(|failure| {
            start_line.arrive();
            JobOutcome::failed(failure)
        });
        self.end(clone, outcome)
    }

    /// Runs a clone on its files. On an error it has not arrived at the start line.
    fn run_on(
        &self,
        clone: &JobClone,
        storage: &Storage,
        start_line: &StartLine,
    ) -> Result<JobOutcome, JobFailure> {
        let clone = storage.clone_on_it(clone);
        let rule = self.options.random_rule;
        let engine = self.engine(clone)?;
        let seeds = clone.seeds.clone();
        let mut generator = Generator::seeded(&clone.spec, seeds, storage.regions(), rule)
            .map_err(|error| JobFailure::new(libc::EINVAL, error.to_string()))?;
        if let Some(source) = storage.source()? {
            generator = generator.replaying(source);
        }
        storage.steer(&clone.spec, &mut generator);
        if let Some(teller) = clone.progress.debug(DebugTopic::Random) {
            generator.tell(teller.clone());
        }
        // Its thread shall not be where the job will be.
        let logs = LogCollector::new(
            &clone.spec,
            clone.number(),
            &self.logs,
            &self.complaint(clone),
        )
        .map_err(|error| JobFailure::logs(&error))?;
        if let Some(command) = JobCommand::before(&clone.spec) {
            self.say(Level::Info, command.announcement());
            command.run(Some(&self.stop.of_clone(clone.ended.clone())))?;
        }
        let surroundings = self.enter_surroundings(clone, storage)?;
        let files = storage.open(clone, self.stop.flag())?;
        if let Some(line) = CpuLine::new(&clone.spec) {
            self.say(Level::Info, format!("{line}\n"));
        }
        let outcome = (engine.run)(JobContext {
            spec: &clone.spec,
            files,
            file_names: storage.names(),
            paths: storage.paths_for_engine(),
            slots: storage.slots(&clone.spec).map(|slots| vec![None; slots]),
            source: &storage.opener(&clone.spec),
            generator,
            progress: &clone.progress,
            stop: &self.stop.of_clone(clone.ended.clone()),
            start_line,
            run_began: self.began,
            start_delay: start_delay(clone),
            flow: self.flow_of(clone),
            seeds: &clone.seeds,
            working_sets: self.working_sets(clone, storage),
            logs,
            blocks: self.block_map(clone, storage),
            on_error: &|message| {
                let text = format!("fio: {}: {message}\n", clone.spec.name);
                self.say(Level::Error, text);
            },
            on_start: &|| self.tell(RunEvent::JobStarted { job: clone.index }),
        });
        drop(surroundings);
        if let Some(command) = JobCommand::after(&clone.spec) {
            self.say(Level::Info, command.announcement());
            // It changes nothing of what was measured, and cleans up after a job that was stopped, too.
            if let Err(failure) = command.run(None) {
                self.complain(clone, &failure);
            }
        }
        Ok(outcome)
    }

    /// Brings the calling thread where the clone wants to be, and says what had no effect.
    fn enter_surroundings(
        &self,
        clone: &JobClone,
        storage: &Storage,
    ) -> Result<Surroundings, JobFailure> {
        let name = &clone.spec.name;
        let remark = |text: &str| self.say(Level::Info, format!("{name}: {text}\n"));
        if clone.spec.process.clock == ClockSource::Counter && !Clock::shared().uses_counter() {
            remark("clocksource=cpu: no reliable counter here, clock_gettime is used");
        }
        let paths: Vec<_> = storage.paths().collect();
        self.system.enter(clone, &paths, &remark)
    }

    /// The blocks the clone tells of, if it does; says once for its job that there are more.
    fn block_map(&self, clone: &JobClone, storage: &Storage) -> Option<BlockMap> {
        let blocks = BlockMap::new(&clone.spec, storage.regions())?;
        if let Some(remark) = blocks.remark().filter(|_| clone.clone_index == 0) {
            let text = format!("fio: {}: {remark}\n", clone.spec.name);
            self.say(Level::Warning, text);
        }
        Some(blocks)
    }

    /// Says which groups that report as one have more blocks than a report can.
    fn tell_crowded_groups(&self, outcomes: &[JobOutcome]) {
        let mut counts = BTreeMap::<u32, usize>::new();
        for (clone, outcome) in self.plan.clones.iter().zip(outcomes) {
            if clone.spec.group_reporting {
                *counts.entry(clone.group).or_default() += outcome.statistics.blocks().len();
            }
        }
        for (group, count) in counts.into_iter().filter(|(_, count)| *count > MAX_BLOCKS) {
            let text = format!(
                "fio: group {group}: its report tells of the first {MAX_BLOCKS} of {count} blocks only \
                 (block_error_percentiles); without group_reporting each job tells of its own\n"
            );
            self.say(Level::Warning, text);
        }
    }

    /// The flow the clone takes part in, if it does.
    fn flow_of(&self, clone: &JobClone) -> Option<Arc<Flow>> {
        let options = &clone.spec.flow;
        let taken = options.weight > 0;
        taken.then(|| self.flows.get(&options.id).cloned().unwrap_or_default())
    }

    /// What the clone draws duplicates from: its own working set, or those of all clones that share
    /// theirs (`dedupe_global`).
    fn working_sets(&self, clone: &JobClone, storage: &Storage) -> Vec<WorkingSet> {
        if !clone.spec.buffers.has_working_set() {
            return Vec::new();
        }
        let bytes = storage.regions().iter().map(|region| region.length).sum();
        let global = clone.spec.buffers.dedupe.global;
        let takes_part = |other: &&JobClone| {
            let buffers = &other.spec.buffers;
            let shares = global && buffers.has_working_set() && buffers.dedupe.global;
            other.index == clone.index || shares
        };
        let set =
            |other: &JobClone| WorkingSet::new(&other.spec, other.seeds.of(Stream::Buffer), bytes);
        self.plan
            .clones
            .iter()
            .filter(takes_part)
            .map(set)
            .collect()
    }

    fn end(&self, clone: &JobClone, mut outcome: JobOutcome) -> JobOutcome {
        let failed = outcome.failure.is_some();
        clone.progress.set_state(if failed {
            JobState::Failed
        } else {
            JobState::Finished
        });
        if let Some(failure) = &outcome.failure {
            self.complain(clone, failure);
        }
        if let Some((watch, member)) = clone.progress.steady() {
            watch.leave(*member);
        }
        self.end_others(clone, failed);
        if let Some(interim) = clone.progress.interim() {
            interim.end(&outcome);
        }
        outcome.logs = self.hand_over(clone, outcome.logs);
        self.tell(RunEvent::JobFinished { job: clone.index });
        outcome
    }

    /// `exitall` and `exitall_on_error`.
    fn end_others(&self, clone: &JobClone, failed: bool) {
        let lifecycle = &clone.spec.lifecycle;
        if self.plan.exit_all || (failed && lifecycle.exit_all_on_error) {
            for other in succession::ended_with(&self.plan, clone) {
                other.ended.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Tells of the logs; what is left for the report comes back.
    fn hand_over(&self, clone: &JobClone, logs: FinishedLogs) -> FinishedLogs {
        self.remark_on(clone, &logs);
        let job = clone.index;
        let FinishedLogs { kept, written, .. } = logs;
        if !written.is_empty() {
            let logs = written.into();
            self.tell(RunEvent::LogsWritten { job, logs });
        }
        let mut left = FinishedLogs::default();
        if !kept.is_empty() {
            if self.options.logs_in_report {
                left.kept.clone_from(&kept);
            }
            let logs = kept.into();
            self.tell(RunEvent::JobLogs { job, logs });
        }
        left
    }

    /// Says what the logs lack, and what they have cost the job.
    fn remark_on(&self, clone: &JobClone, logs: &FinishedLogs) {
        let name = &clone.spec.name;
        let lost = logs.kept.iter().filter(|log| log.lost > 0);
        let lost: Vec<_> = lost
            .map(|log| format!("{} of {}", log.lost, log.file_name))
            .collect();
        if !lost.is_empty() {
            let lost = lost.join(", ");
            let limit = self.options.log_budget.limit();
            let packed = if self.options.pack_logs {
                ""
            } else {
                " or compressed (log_compression)"
            };
            let text = format!(
                "fio: {name}: log entries are missing: the {limit} bytes that logs may take are used up. \
                 Lost are {lost}; log over an interval (log_avg_msec){packed}\n"
            );
            self.say(Level::Error, text);
        }
        if logs.waits.count > 0 {
            let waits = logs.waits;
            let (done, instead) = if self.options.log_files.is_some() {
                ("written", " or to a faster disk")
            } else {
                ("packed", "")
            };
            let text = format!(
                "{name}: I/O waited {} times, {:.1?} in all, until log entries were {done}; rates and \
                 latencies include that. Log less (log_avg_msec){instead}\n",
                waits.count, waits.time
            );
            self.say(Level::Warning, text);
        }
    }

    /// Tells of what goes wrong with the logs of a clone while it runs.
    fn complaint(&self, clone: &JobClone) -> Say {
        let observer = self.options.observer.clone();
        let name = clone.spec.name.clone();
        Arc::new(move |problem| {
            if let Some(observer) = &observer {
                let text = format!("fio: {name}: {problem}\n");
                let level = Level::Error;
                observer(RunEvent::Text { level, text });
            }
        })
    }

    fn complain(&self, clone: &JobClone, failure: &JobFailure) {
        self.say(
            Level::Error,
            format!("fio: {}: {}\n", clone.spec.name, failure.message),
        );
    }

    fn engine(&self, clone: &JobClone) -> Result<Engine, JobFailure> {
        // The plan has checked the name, and engines are never taken away.
        let name = &clone.spec.engine;
        let missing = || JobFailure::new(libc::ENOENT, format!("there is no I/O engine {name}"));
        self.options.engines.find(name).ok_or_else(missing)
    }

    fn say(&self, level: Level, text: String) {
        self.tell(RunEvent::Text { level, text });
    }

    fn tell(&self, event: RunEvent) {
        let observer: Option<&Observer> = self.options.observer.as_ref();
        if let Some(observer) = observer {
            observer(event);
        }
    }
}

/// Tells the supervisor that a clone has ended, however it did.
struct EndNotice(usize, Sender<usize>);

impl Drop for EndNotice {
    fn drop(&mut self) {
        // The supervisor waits for all clones, so somebody listens.
        let _ = self.1.send(self.0);
    }
}

/// The name of a clone's thread: the job's own (`comm`), or one that tells its number.
fn thread_name(clone: &JobClone) -> String {
    let own = clone.spec.process.thread_name.clone();
    own.unwrap_or_else(|| format!("fio-job-{}", clone.number()))
}

/// The delay drawn from the clone's `startdelay` range.
fn start_delay(clone: &JobClone) -> Duration {
    let (low, high) = clone.spec.start_delay;
    if high <= low {
        return low;
    }
    let share =
        f64::from(clone.seeds.generator(Stream::StartDelay).next_u32()) / f64::from(u32::MAX);
    low + (high - low).mul_f64(share)
}
