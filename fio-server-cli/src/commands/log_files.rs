//! Log files of jobs in this process.

use std::sync::{Mutex, PoisonError};

use fio_engine::logs::{LogBudget, LogFiles, SampleLayout, WrittenLog};
use fio_engine::run::RunOptions;
use fio_engine::workload::RandomRule;

/// Log entries on their way to the files: enough that a disk may pause for a second under a million
/// I/Os.
const LOG_MEMORY: u64 = 64 << 20;

/// Has a run write the logs of its jobs where fio would: relative to the current folder.
pub(super) fn write_log_files(options: &mut RunOptions) {
    // The random rule says which releases of fio the user compares with.
    let layout = match options.random_rule {
        RandomRule::Before335 => SampleLayout::Before337,
        RandomRule::Newest => SampleLayout::Newest,
    };
    options.log_files = Some(LogFiles::new("", layout));
    options.log_budget = LogBudget::new(LOG_MEMORY);
}

/// What went wrong with log files.
#[derive(Default)]
pub(super) struct LogFailures(Mutex<Vec<String>>);

impl LogFailures {
    /// Takes note of what the log files of a job lack.
    pub(super) fn note(&self, logs: &[WrittenLog]) {
        let lacking = logs.iter().filter(|log| log.lost > 0);
        let lacking = lacking.map(|log| {
            let (path, lost) = (log.path.display(), log.lost);
            format!("{path} lacks its last {lost} entries")
        });
        let failed = logs.iter().filter_map(|log| log.failure.clone());
        self.add(failed.chain(lacking));
    }

    /// Takes note of something else.
    pub(super) fn fail(&self, failure: String) {
        self.add([failure]);
    }

    /// All of it, once.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, more: impl IntoIterator<Item = String>) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.extend(more);
    }
}
