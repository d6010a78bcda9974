//! What a job publishes of itself while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use super::interim::Interim;
use super::steady_state::SteadyWatch;
use crate::debug::{DebugTeller, DebugTopic, thread_id};
use crate::direction::PerDirection;

/// Where a clone is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum JobState {
    /// Waits for earlier jobs.
    Waiting,
    /// Its files are being made ready; after that it waits for its turn.
    SettingUp,
    /// Its thread exists and has opened its engine.
    Initialised,
    /// Does I/O that does not count yet.
    Ramping,
    /// Does I/O.
    Running,
    /// Makes its files durable.
    Syncing,
    /// Has ended well.
    Finished,
    /// Has ended with an error.
    Failed,
}

impl JobState {
    /// fio's word for it.
    const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "CREATED",
            Self::SettingUp => "SETTING_UP",
            Self::Initialised => "INITIALIZED",
            Self::Ramping => "RAMP",
            Self::Running => "RUNNING",
            Self::Syncing => "FSYNCING",
            Self::Finished | Self::Failed => "EXITED",
        }
    }

    /// It has no thread yet.
    const fn is_before_its_thread(self) -> bool {
        matches!(self, Self::Waiting | Self::SettingUp)
    }

    /// It has ended, well or not.
    pub(crate) const fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Failed)
    }

    fn from_number(number: u8) -> Self {
        const STATES: [JobState; 7] = [
            JobState::Waiting,
            JobState::SettingUp,
            JobState::Initialised,
            JobState::Ramping,
            JobState::Running,
            JobState::Syncing,
            JobState::Finished,
        ];
        STATES
            .get(usize::from(number))
            .copied()
            .unwrap_or(Self::Failed)
    }
}

/// Counters of one clone, written by its thread a few times a second and read by the status line.
///
/// Aligned so that two clones never share a cache line.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct JobProgress {
    state: AtomicU8,
    bytes: [AtomicU64; 3],
    ios: [AtomicU64; 3],
    /// Bytes the job will move in all; `u64::MAX` while that is unknown.
    target: AtomicU64,
    open_files: AtomicU32,
    /// Nanoseconds after the run's start at which I/O began.
    began: AtomicU64,
    /// Present if a steady state is looked for, with the clone's number there.
    steady: Option<(Arc<SteadyWatch>, usize)>,
    /// Present if the run tells what it has measured before it is over.
    interim: Option<Interim>,
    /// Present if something of the clone is to be told in detail.
    pub(super) debug: Option<DebugTeller>,
}

impl JobProgress {
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU8::new(JobState::Waiting as u8),
            bytes: Default::default(),
            ios: Default::default(),
            target: AtomicU64::new(u64::MAX),
            open_files: AtomicU32::new(0),
            began: AtomicU64::new(0),
            steady: None,
            interim: None,
            debug: None,
        }
    }

    /// Of a clone that is watched for a steady state.
    pub(crate) fn watched_by(watch: Arc<SteadyWatch>, member: usize) -> Self {
        Self {
            steady: Some((watch, member)),
            ..Self::new()
        }
    }

    /// The same, of a clone that tells what it has measured before it is over.
    pub(crate) fn with_interim(self) -> Self {
        Self {
            interim: Some(Interim::default()),
            ..self
        }
    }

    /// Where the clone leaves what it has measured, if it is to.
    pub(crate) const fn interim(&self) -> Option<&Interim> {
        self.interim.as_ref()
    }

    /// What watches the clone for a steady state, and its number there.
    pub(crate) const fn steady(&self) -> Option<&(Arc<SteadyWatch>, usize)> {
        self.steady.as_ref()
    }

    pub(crate) fn state(&self) -> JobState {
        JobState::from_number(self.state.load(Ordering::Relaxed))
    }

    pub(crate) fn set_state(&self, state: JobState) {
        let before = self.state.swap(state as u8, Ordering::Relaxed);
        if let Some(teller) = self.debug(DebugTopic::Process) {
            let before = JobState::from_number(before).name();
            let thread = match state.is_before_its_thread() {
                true => 0,
                false => thread_id(),
            };
            let text = format!("pid={thread}: runstate {before} -> {}", state.name());
            teller.tell(DebugTopic::Process, text);
        }
    }

    /// What tells of the topic, if it is asked for.
    pub(crate) fn debug(&self, topic: DebugTopic) -> Option<&DebugTeller> {
        self.debug.as_ref()?.on(topic)
    }

    pub(crate) fn set_began(&self, nanos: u64) {
        self.began.store(nanos, Ordering::Relaxed);
    }

    pub(crate) fn began(&self) -> u64 {
        self.began.load(Ordering::Relaxed)
    }

    /// Publishes the counters since the job began, ramp time included.
    pub(crate) fn publish(&self, bytes: PerDirection<u64>, ios: PerDirection<u64>) {
        for (cell, value) in self.bytes.iter().zip(bytes.0) {
            cell.store(value, Ordering::Relaxed);
        }
        for (cell, value) in self.ios.iter().zip(ios.0) {
            cell.store(value, Ordering::Relaxed);
        }
    }

    pub(crate) fn bytes(&self) -> PerDirection<u64> {
        PerDirection([0, 1, 2].map(|index: usize| self.bytes[index].load(Ordering::Relaxed)))
    }

    pub(crate) fn ios(&self) -> PerDirection<u64> {
        PerDirection([0, 1, 2].map(|index: usize| self.ios[index].load(Ordering::Relaxed)))
    }

    pub(crate) fn set_open_files(&self, count: usize) {
        self.open_files
            .store(u32::try_from(count).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    pub(crate) fn open_files(&self) -> u32 {
        self.open_files.load(Ordering::Relaxed)
    }

    pub(crate) fn set_target(&self, bytes: Option<u64>) {
        self.target
            .store(bytes.unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn target(&self) -> Option<u64> {
        Some(self.target.load(Ordering::Relaxed)).filter(|bytes| *bytes != u64::MAX)
    }
}
