//! What all sessions are told together.

/// What all sessions are told together. Each wish is stronger than those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wish {
    /// Send the jobs and have them understood.
    Prepare,
    /// Run them.
    Run,
    /// End the jobs and report.
    Stop,
    /// Give up.
    Abandon,
}
