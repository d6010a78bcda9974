//! What of a job is reported: `stats`, `disk_util`.

/// Which parts of a report a job has a share in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportingOptions {
    /// The job is part of the report (`stats`).
    pub included: bool,
    /// The disks behind the job's files are part of the report (`disk_util`).
    pub disks: bool,
}

impl Default for ReportingOptions {
    fn default() -> Self {
        Self {
            included: true,
            disks: true,
        }
    }
}
