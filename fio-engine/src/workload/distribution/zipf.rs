//! Zipf's law: the n-th most popular block is drawn in proportion to n^−θ.

use std::collections::BTreeMap;

use super::super::random::Tausworthe;
use super::unit;

/// The formula of J. Gray et al., "Quickly generating billion-record synthetic databases", SIGMOD
/// 1994: it needs one power per draw and no table.
#[derive(Debug, Clone)]
pub(super) struct Zipf {
    sum: f64,
    /// Up to here it is the second block.
    second: f64,
    alpha: f64,
    eta: f64,
}

/// Terms summed at most, as in fio; those of the remaining blocks hardly count.
const MOST_TERMS: u64 = 10_000_000;

impl Zipf {
    /// Zipf's law for `count` blocks. `sums` has the sums of this θ that are known already, by the
    /// number of their terms.
    pub(super) fn new(sums: &mut BTreeMap<u64, f64>, count: u64, theta: f64) -> Self {
        let terms = count.min(MOST_TERMS);
        let (done, known) = sums
            .range(..=terms)
            .next_back()
            .map_or((0, 0.0), |(terms, sum)| (*terms, *sum));
        let sum = (done + 1..=terms).fold(known, |sum, rank| sum + (1.0 / rank as f64).powf(theta));
        sums.insert(terms, sum);
        let second = 1.0 + 0.5_f64.powf(theta);
        Self {
            sum,
            second,
            alpha: 1.0 / (1.0 - theta),
            eta: (1.0 - (2.0 / count as f64).powf(1.0 - theta)) / (1.0 - second / sum),
        }
    }

    /// A rank, from 0 on.
    pub(super) fn draw(&self, generator: &mut Tausworthe, count: u64) -> u64 {
        let chosen = unit(generator);
        let part = chosen * self.sum;
        if part < 1.0 {
            0
        } else if part < self.second {
            1
        } else {
            (count as f64 * (self.eta * chosen - self.eta + 1.0).powf(self.alpha)) as u64
        }
    }
}
