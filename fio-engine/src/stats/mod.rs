//! Statistics of latencies and rates.

mod histogram;
mod moments;

pub use histogram::Histogram;
pub use moments::{MomentSums, Moments};
