//! What a run tells while it goes.

use std::sync::Arc;

use crate::debug::{DebugSink, DebugTopic};
use crate::logs::{IoLog, WrittenLog};

/// Receives the events of a run, on the run's own threads.
pub type Observer = Arc<dyn Fn(RunEvent) + Send + Sync>;

/// How important a line of text is. The order is that of importance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What happens.
    Info,
    /// Something the user may not have meant.
    Warning,
    /// Something failed.
    Error,
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunEvent {
    /// A line for people, as fio prints it, with its newline.
    Text {
        /// How important it is.
        level: Level,
        /// The line or lines.
        text: String,
    },
    /// A detail that [`RunOptions::debug`](super::RunOptions::debug) asks for.
    Debug {
        /// What it belongs to.
        topic: DebugTopic,
        /// The thread that did it, as the kernel numbers it; the process where it is nobody's.
        thread: u32,
        /// What happened, without a line break.
        text: String,
    },
    /// All jobs have been announced and are about to be started.
    Accepted,
    /// A clone begins its I/O.
    JobStarted {
        /// Number of the clone, from 0 over all jobs.
        job: u32,
    },
    /// The log files a clone has written, before it counts as ended; only with
    /// [`RunOptions::log_files`](super::RunOptions::log_files). A file that failed has been told of as
    /// text, too.
    LogsWritten {
        /// Number of the clone, from 0 over all jobs.
        job: u32,
        /// Its files.
        logs: Arc<[WrittenLog]>,
    },
    /// What a clone logged, before it counts as ended, where no files are written.
    JobLogs {
        /// Number of the clone, from 0 over all jobs.
        job: u32,
        /// Its logs, in the order fio writes them.
        logs: Arc<[IoLog]>,
    },
    /// A clone has ended.
    JobFinished {
        /// Number of the clone, from 0 over all jobs.
        job: u32,
    },
    /// All jobs have ended and the report is complete.
    Finished,
}

/// Hands details on to an observer.
pub(super) fn debug_sink(observer: &Observer) -> DebugSink {
    let observer = observer.clone();
    Arc::new(move |topic, thread, text| {
        observer(RunEvent::Debug {
            topic,
            thread,
            text,
        });
    })
}
