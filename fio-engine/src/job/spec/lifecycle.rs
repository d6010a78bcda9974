//! When a job begins and which jobs end with it: `wait_for`, `exitall`, `exit_what`,
//! `exitall_on_error`.

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
