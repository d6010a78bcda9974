//! How a run is done.

use super::event::Observer;
use crate::debug::DebugOptions;
use crate::idle::IdleDetail;
use crate::io::Engines;
use crate::logs::{LogBudget, LogFiles};
use crate::replay::ReplayGuard;
use crate::workload::RandomRule;

/// How a run is done, beside its jobs.
#[derive(Clone)]
#[non_exhaustive]
pub struct RunOptions {
    /// The engines that jobs may name.
    pub engines: Engines,
    /// Which release's random sequences are drawn.
    pub random_rule: RandomRule,
    /// Options of the `[global]` section as written, copied into the report.
    pub global_options: Vec<(String, String)>,
    /// What the user should know of the job files, copied into the report.
    pub notices: Vec<String>,
    /// Whether the report has an [explanation](crate::explain) of its jobs. It is made before they
    /// start, and draws their I/Os for that.
    pub explains: bool,
    /// Told what happens, from the threads of the run but never per I/O unless `debug` asks for that.
    pub observer: Option<Observer>,
    /// What the observer is told in detail.
    pub debug: DebugOptions,
    /// Where log files are written while the jobs run. `None` keeps the logs in memory, for the events
    /// and the report.
    pub log_files: Option<LogFiles>,
    /// What the logs of all jobs may take in memory. With `log_files` that is what is on its way to
    /// them; when it is used up jobs wait for the log files.
    pub log_budget: LogBudget,
    /// Whether logs that stay in memory are packed, as `log_compression` has those of single jobs: three
    /// to four times as many entries fit the budget, and a thread beside each job is busy with it.
    pub pack_logs: bool,
    /// Whether the report has the logs that are in memory; a program that takes them from the events
    /// can do without.
    pub logs_in_report: bool,
    /// Asked before a log is replayed; `None` allows everything.
    pub replay_guard: Option<ReplayGuard>,
    /// Most clones of all jobs together.
    pub max_jobs: usize,
    /// Whether commands of jobs (`exec_prerun`, `exec_postrun`) are run, by `/bin/sh` and with the rights of
    /// this process. Off by default: such jobs are refused then. Leave it off for jobs of others.
    pub runs_commands: bool,
    /// Whether [`Run::interim_report`](super::Run::interim_report) can be asked. Costs a copy of its statistics, about 200 KiB, for
    /// each job.
    pub interim_reports: bool,
    /// Whether to measure how idle the CPUs are, and what to tell of it.
    pub idleness: Option<IdleDetail>,
    /// Whether the run begins with the lines that announce its jobs; a server has sent them when it
    /// read the jobs.
    pub announce_jobs: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            engines: Engines::standard(),
            random_rule: RandomRule::default(),
            global_options: Vec::new(),
            notices: Vec::new(),
            explains: false,
            observer: None,
            debug: DebugOptions::default(),
            log_files: None,
            log_budget: LogBudget::default(),
            pack_logs: false,
            logs_in_report: true,
            replay_guard: None,
            max_jobs: 4096,
            runs_commands: false,
            interim_reports: false,
            idleness: None,
            announce_jobs: true,
        }
    }
}
