//! Statistics of latencies and rates.

mod histogram;
mod moments;

pub use histogram::{BUCKETS, Histogram, MICROSECOND_BUCKETS};
pub use moments::{MomentSums, Moments};
