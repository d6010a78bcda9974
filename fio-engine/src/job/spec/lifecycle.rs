//! When a job begins, which jobs end with it, and what runs before and after it: `wait_for`, `exitall`,
//! `exit_what`, `exitall_on_error`, `exec_prerun`, `exec_postrun`.

/// What a job has to do with the beginning and the end of others. Nothing by default.
///
/// ```
/// use fio_engine::job::{ExitScope, JobSpec};
///
/// let mut leader = JobSpec::new("leader");
/// leader.lifecycle.exit_all = true;
/// leader.lifecycle.exit_scope = ExitScope::All;
/// let mut successor = JobSpec::new("successor");
/// successor.lifecycle.wait_for = Some("leader".to_owned());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LifecycleOptions {
    /// The job begins when all clones of the job of this name have ended (`wait_for`). The name
    /// must be that of exactly one earlier job of the run.
    pub wait_for: Option<String>,
    /// When a job ends, others are ended as well (`exitall`). As in fio, one job that has it makes
    /// this so for all jobs of the run.
    pub exit_all: bool,
    /// Which others are ended with this job (`exit_what`).
    pub exit_scope: ExitScope,
    /// When this job fails, others are ended as well (`exitall_on_error`).
    pub exit_all_on_error: bool,
    /// A command that the shell runs before the job (`exec_prerun`); the job fails if it does. Its output
    /// goes to the file `NAME.prerun.txt` in the current folder. Only where
    /// [`RunOptions::runs_commands`](crate::run::RunOptions::runs_commands) allows it.
    pub command_before: Option<String>,
    /// A command that the shell runs after the job, whatever came of its I/O (`exec_postrun`), in the same
    /// way. Its output goes to `NAME.postrun.txt`.
    pub command_after: Option<String>,
}

/// Which jobs end with one that ends others: `exit_what`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExitScope {
    /// Those of its reporting group.
    #[default]
    Group,
    /// Those that run beside it; the run goes on behind the next `stonewall`.
    Stonewall,
    /// Those of the whole run, also those that have not begun.
    All,
}

impl ExitScope {
    /// fio's word, as in `exit_what=group`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Stonewall => "stonewall",
            Self::All => "all",
        }
    }
}
