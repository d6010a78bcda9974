//! Statistics of latencies and rates.
//!
//! The job thread writes to one [`JobStatistics`] per job. It is made of [`LatencyRecorder`]s
//! (exact sums and a [`Histogram`]), a [`LatencyDistribution`], and counters. When the job is done
//! it is turned into a report, where sums become [`Moments`]. Merging is exact up to that point,
//! and histograms merge exactly afterwards, too, also between hosts.

pub(crate) mod blocks;
mod depth;
mod distribution;
mod histogram;
mod moments;
mod priorities;
mod recorder;
mod series;

pub use blocks::{BlockInfo, BlockState, BlockSummary, MAX_BLOCKS};
pub use depth::{BATCH_LABELS, DEPTH_BUCKETS, DEPTH_LABELS, batch_bucket, depth_bucket};
pub use distribution::LatencyDistribution;
pub use histogram::{BUCKETS, Histogram, MICROSECOND_BUCKETS};
pub use moments::{MomentSums, Moments};
pub use priorities::PriorityLatency;
pub use recorder::{DirectionCounters, DirectionLatencies, JobStatistics, LatencyRecorder};
pub use series::{Interval, IntervalCounts, IntervalSeries};
