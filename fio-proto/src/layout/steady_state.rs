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

/// The constants are bits of [`ThreadStat::steady_state_flags`](super::ThreadStat::steady_state_flags).
impl SteadyState {
    /// IOPS are watched.
    pub const IOPS: u32 = 1;
    /// Bandwidth is watched.
    pub const BANDWIDTH: u32 = 1 << 1;
    /// Their slope is watched, not their deviation from the mean.
    pub const SLOPE: u32 = 1 << 2;
    /// The steady state was reached.
    pub const ATTAINED: u32 = 1 << 3;
    /// The ramp time before the measurements is over.
    pub const RAMP_OVER: u32 = 1 << 4;
    /// TS has the measurements.
    pub const DATA: u32 = 1 << 5;
    /// The limit is a percentage.
    pub const PERCENT: u32 = 1 << 6;
    /// The ring of measurements is full.
    pub const BUFFER_FULL: u32 = 1 << 7;

    /// Measurements of equal number; the latency may be empty.
    pub const fn new(iops: Vec<u64>, bandwidth: Vec<u64>, latency: Vec<u64>) -> Self {
        Self {
            iops,
            bandwidth,
            latency,
        }
    }
}
