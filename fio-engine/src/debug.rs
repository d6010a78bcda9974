//! What a run tells those who look for a fault: fio's `--debug`.
//!
//! A topic costs nothing unless it is asked for: the job loops find its tellers where they look for rates, logs and
//! other rare wishes anyway. What is asked for is told from the threads of the run, I/O by I/O where that is the
//! topic, so an observer that is slow slows the jobs down.

use std::fmt;
use std::sync::Arc;

/// A subject of which a run can tell in detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DebugTopic {
    /// States of clones, from their files to their end.
    Process,
    /// Each I/O, when it is issued and when it is over.
    Io,
    /// The memory of buffers.
    Memory,
    /// The seeds of each clone, and what is drawn for random offsets.
    Random,
    /// Distances between I/Os that are drawn (`rate_process=poisson`).
    Rate,
    /// Measurements and judgements while a steady state is looked for.
    SteadyState,
    /// The disks that are watched.
    DiskUtilisation,
}

impl DebugTopic {
    /// fio's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Io => "io",
            Self::Memory => "mem",
            Self::Random => "random",
            Self::Rate => "rate",
            Self::SteadyState => "steadystate",
            Self::DiskUtilisation => "diskutil",
        }
    }
}

/// What a run is to tell in detail, by [`RunEvent::Debug`](crate::run::RunEvent::Debug). Nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DebugOptions {
    /// Of what.
    pub topics: Vec<DebugTopic>,
    /// Only of the clone with this number, from 1 over all jobs.
    pub only_job: Option<u32>,
}

/// Receives a detail: its topic, the thread it is of, and the text.
pub(crate) type DebugSink = Arc<dyn Fn(DebugTopic, u32, String) + Send + Sync>;

/// Tells of what one clone does, as far as that is asked for.
#[derive(Clone)]
pub(crate) struct DebugTeller {
    topics: Arc<[DebugTopic]>,
    sink: DebugSink,
    /// Number of the clone, from 0.
    pub(crate) job: u32,
    /// Its group, from 0.
    pub(crate) group: u32,
}

impl DebugTeller {
    /// `None` if there is nothing to tell of this clone.
    pub(crate) fn new(
        options: &DebugOptions,
        sink: &DebugSink,
        job: u32,
        group: u32,
    ) -> Option<Self> {
        let is_meant = options.only_job.is_none_or(|number| number == job + 1);
        (is_meant && !options.topics.is_empty()).then(|| Self {
            topics: options.topics.clone().into(),
            sink: sink.clone(),
            job,
            group,
        })
    }

    /// This, if the topic is asked for.
    pub(crate) fn on(&self, topic: DebugTopic) -> Option<&Self> {
        self.topics.contains(&topic).then_some(self)
    }

    /// Tells it as what the calling thread does.
    pub(crate) fn tell(&self, topic: DebugTopic, text: String) {
        (self.sink)(topic, thread_id(), text);
    }

    /// Tells it as what the process does.
    pub(crate) fn tell_of_process(&self, topic: DebugTopic, text: String) {
        (self.sink)(topic, std::process::id(), text);
    }
}

impl fmt::Debug for DebugTeller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DebugTeller").field(&self.topics).finish()
    }
}

/// The calling thread, as the kernel numbers it.
pub(crate) fn thread_id() -> u32 {
    let id = rustix::thread::gettid().as_raw_nonzero().get();
    id.unsigned_abs()
}
