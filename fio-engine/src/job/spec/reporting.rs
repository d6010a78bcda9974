//! What of a job is reported, and how: `stats`, `disk_util`, `unified_rw_reporting`.

/// Which parts of a report a job has a share in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportingOptions {
    /// The job is part of the report (`stats`).
    pub included: bool,
    /// The disks behind the job's files are part of the report (`disk_util`).
    pub disks: bool,
    /// Whether directions are reported apart (`unified_rw_reporting`).
    pub unified: UnifiedReporting,
}

/// Whether the directions of a job are reported apart: `unified_rw_reporting`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnifiedReporting {
    /// Each for itself.
    #[default]
    Separate,
    /// All of them as one.
    Mixed,
    /// Each for itself, and then all of them as one.
    Both,
}

impl Default for ReportingOptions {
    fn default() -> Self {
        Self {
            included: true,
            disks: true,
            unified: UnifiedReporting::Separate,
        }
    }
}
