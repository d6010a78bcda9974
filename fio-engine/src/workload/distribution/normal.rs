//! The normal distribution, as far as sums of uniform numbers approach it.

use super::super::random::Tausworthe;

/// A mean of twelve uniform draws, and around it a part whose width is the deviation.
#[derive(Debug, Clone)]
pub(super) struct Normal {
    /// Numbers the second part is drawn from.
    width: u64,
}

/// Uniform draws that are added up.
const DRAWS: u64 = 12;

impl Normal {
    pub(super) fn new(count: u64, deviation: f64) -> Self {
        let width = (count as f64 * deviation / 100.0).ceil() as u64;
        Self {
            width: width.min(count / 2),
        }
    }

    /// A number that may reach `count`.
    pub(super) fn draw(&self, generator: &mut Tausworthe, count: u64) -> u64 {
        let sum: u64 = (0..DRAWS)
            .map(|_| u64::from(generator.next_u32()) % (count + 1))
            .sum();
        let mean = sum.div_ceil(DRAWS);
        let mut place = mean;
        if self.width > 0 {
            let drawn = (self.width * u64::from(generator.next_u32())) >> 32;
            let mut deviation = drawn as i64 - (self.width / 2) as i64;
            // Below 0 the sum wraps to a huge number, which is too large, too.
            while mean.wrapping_add_signed(deviation) >= count && deviation != 0 {
                deviation /= 2;
            }
            place = mean.wrapping_add_signed(deviation);
        }
        place
    }
}
