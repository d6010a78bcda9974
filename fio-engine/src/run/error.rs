//! Why a run does not begin.

use crate::idle::IdleError;

/// Why a run could not be started. No job has run and no file was touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The list of jobs is empty.
    #[error("no jobs to run; a job file needs at least one section besides [global]")]
    NoJobs,
    /// There are more jobs than allowed.
    #[error("{count} jobs (numjobs included) are more than the limit of {limit}; lower numjobs")]
    TooManyJobs {
        /// Clones of all jobs.
        count: usize,
        /// The limit: [`RunOptions::max_jobs`](super::RunOptions::max_jobs).
        limit: usize,
    },
    /// The jobs would open more files at the same time than the process may have.
    #[error(
        "the jobs open {files} files at the same time, but this process can open no more than \
         {available}; lower nrfiles or numjobs, or raise the limit of open files (ulimit -Hn)"
    )]
    TooManyFiles {
        /// Files open at the same time.
        files: u64,
        /// Files the process could still open.
        available: u64,
    },
    /// A job names an engine that is not registered.
    #[error("job `{job}`: there is no I/O engine `{engine}` here; there are {known}")]
    UnknownEngine {
        /// Name of the job.
        job: String,
        /// The engine it names.
        engine: String,
        /// Engines there are.
        known: String,
    },
    /// A job names an engine of fio that is not here.
    #[error("job `{job}`: ioengine={engine} of fio is not here: {reason}")]
    AbsentEngine {
        /// Name of the job.
        job: String,
        /// The engine it names.
        engine: String,
        /// What it would need, and what to use instead.
        reason: &'static str,
    },
    /// A job makes no sense.
    #[error("job `{job}`: {reason}")]
    InvalidJob {
        /// Name of the job.
        job: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A job has a command, and none are run.
    #[error(
        "job `{job}`: {option}: commands of jobs are not run here; leave it out, or allow them \
         (RunOptions::runs_commands)"
    )]
    Command {
        /// Name of the job.
        job: String,
        /// fio's name of the option it is in.
        option: &'static str,
    },
    /// The idleness of the CPUs was to be measured, and cannot.
    #[error(transparent)]
    Idleness(#[from] IdleError),
    /// The system could not start the supervising thread.
    #[error("cannot start a thread: {0}")]
    Thread(String),
}
