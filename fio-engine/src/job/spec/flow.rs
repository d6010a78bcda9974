//! Shares of activity among jobs: fio's `flow` family.

use std::time::Duration;

/// How much of the I/Os of its flow a job issues.
///
/// Jobs with the same flow id, that run at the same time, issue I/Os in proportion to their weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FlowOptions {
    /// The flow the job belongs to (`flow_id`).
    pub id: u32,
    /// Its weight there (`flow`), up to 1000; 0 means that it takes no part.
    pub weight: u32,
    /// How long a job waits that is ahead of its share (`flow_sleep`); zero means as short as can be.
    pub sleep: Duration,
}
