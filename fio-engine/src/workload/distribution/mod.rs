//! Distributions that make some blocks of a file more popular than others.
//!
//! Each file has a generator of its own, seeded from its name, so that its hot blocks stay the same
//! whatever the other files of the job do. Ranks are scattered over the file by a multiplicative
//! hash: without it the hot blocks would all lie at its beginning.

mod name_hash;
mod normal;
mod pareto;
mod zipf;
mod zoned;

pub use name_hash::name_hash;
pub(super) use zoned::Zoned;

use std::collections::BTreeMap;

use crate::job::Distribution;

use super::random::Tausworthe;
use normal::Normal;
use pareto::Pareto;
use zipf::Zipf;

/// Draws the blocks of one file, or whatever else is numbered from 0.
#[derive(Debug, Clone)]
pub(super) struct Skew {
    generator: Tausworthe,
    count: u64,
    shape: Shape,
    /// What ranks are multiplied by to scatter them.
    scatter: u64,
    /// Added to what is drawn, so that it begins elsewhere.
    shift: u64,
}

#[derive(Debug, Clone)]
enum Shape {
    Zipf(Zipf),
    Pareto(Pareto),
    Normal(Normal),
}

impl Skew {
    /// The next number below the count given to [`SkewMaker::make`].
    pub(super) fn draw(&mut self) -> u64 {
        let Self {
            generator,
            count,
            shape,
            scatter,
            shift,
        } = self;
        let rank = match shape {
            Shape::Zipf(zipf) => zipf.draw(generator, *count),
            Shape::Pareto(pareto) => pareto.draw(generator, *count),
            Shape::Normal(normal) => normal.draw(generator, *count),
        };
        rank.wrapping_mul(*scatter).wrapping_add(*shift) % *count
    }
}

/// Makes the [`Skew`]s of a job. The sum behind Zipf's law takes up to ten million powers, so a file
/// goes on from the sum of the next smaller one.
#[derive(Debug)]
pub(super) struct SkewMaker {
    distribution: Distribution,
    /// Sums by the number of their terms.
    sums: BTreeMap<u64, f64>,
}

impl SkewMaker {
    pub(super) fn new(distribution: &Distribution) -> Self {
        Self {
            distribution: distribution.clone(),
            sums: BTreeMap::new(),
        }
    }

    /// A source of numbers below `count`; `None` if the distribution is not skewed by a formula.
    /// Popular numbers are scattered, or side by side if they are to stay `in_order`.
    pub(super) fn make(&mut self, count: u64, seed: u32, in_order: bool) -> Option<Skew> {
        let count = count.max(1);
        let mut generator = Tausworthe::new(seed);
        let mut anywhere = |center: Option<f64>| {
            let random = u64::from(generator.next_u32());
            center.map_or(random, |center| (count as f64 * center) as u64)
        };
        let (shift, shape) = match self.distribution {
            Distribution::Zipf { theta, center } => {
                let zipf = Zipf::new(&mut self.sums, count, theta);
                (anywhere(center), Shape::Zipf(zipf))
            }
            Distribution::Pareto { power, center } => {
                (anywhere(center), Shape::Pareto(Pareto::new(power)))
            }
            Distribution::Normal { deviation, center } => {
                // fio keeps it in 32 bits, so that left of the middle it is a shift to the right.
                let from_middle = |center| u64::from((count as f64 * (center - 0.5)) as i64 as u32);
                let shift = center.map_or(0, from_middle);
                (shift, Shape::Normal(Normal::new(count, deviation)))
            }
            Distribution::Uniform | Distribution::Zoned(_) => return None,
        };
        Some(Skew {
            generator,
            count,
            shape,
            scatter: if in_order { 1 } else { SCATTER },
            shift,
        })
    }
}

/// Scatters consecutive ranks over all 64-bit numbers when they are multiplied by it (D. Knuth's
/// multiplicative hash with the golden ratio).
const SCATTER: u64 = 0x61C8_8646_80B5_83EB;

/// A number in 0.0..=1.0.
fn unit(generator: &mut Tausworthe) -> f64 {
    f64::from(generator.next_u32()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
