//! The measurements behind a `thread_stat` by which a job's steady state was looked for.

use alloc::vec::Vec;

/// One measurement per interval, in a ring whose oldest entry `ss_head` of the `thread_stat` names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct SteadyState {
    /// I/Os per second.
    pub iops: Vec<u64>,
    /// Bandwidth, B/s.
    pub bandwidth: Vec<u64>,
    /// Mean latency, ns. Since version 120.
    pub latency: Vec<u64>,
}

impl SteadyState {
    /// Measurements of equal number; the latency may be empty.
    pub const fn new(iops: Vec<u64>, bandwidth: Vec<u64>, latency: Vec<u64>) -> Self {
        Self {
            iops,
            bandwidth,
            latency,
        }
    }
}
