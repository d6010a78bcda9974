//! Pareto's law: with power h, a share of 1 − h of the draws goes to a share h of the blocks.

use super::super::random::Tausworthe;
use super::unit;

/// The self-similar distribution of J. Gray et al., "Quickly generating billion-record synthetic
/// databases", SIGMOD 1994.
#[derive(Debug, Clone)]
pub(super) struct Pareto {
    exponent: f64,
}

impl Pareto {
    pub(super) fn new(power: f64) -> Self {
        Self {
            exponent: power.ln() / (1.0 - power).ln(),
        }
    }

    /// A rank, from 0 on.
    pub(super) fn draw(&self, generator: &mut Tausworthe, count: u64) -> u64 {
        ((count - 1) as f64 * unit(generator).powf(self.exponent)) as u64
    }
}
