//! Which direction the next I/O of a mixed job takes.

use crate::direction::{Direction, PerDirection};

use super::random::Tausworthe;

/// Keeps reads and writes at their shares. fio's counterpart is `get_rand_ddir`.
///
/// A direction is kept until it has issued as many I/Os as its limit allows; then the generator
/// decides anew. Drawing at every I/O would give the same shares, but not fio's sequence.
#[derive(Debug, Clone)]
pub(super) struct Mix {
    read_percent: u8,
    current: Direction,
    limit: u64,
    generator: Tausworthe,
}

impl Mix {
    pub(super) const fn new(read_percent: u8, generator: Tausworthe) -> Self {
        Self {
            read_percent,
            current: Direction::Read,
            limit: 0,
            generator,
        }
    }

    /// Begins another pass: the limit is gone, the direction stays.
    pub(super) const fn restart(&mut self) {
        self.limit = 0;
    }

    pub(super) fn reseed(&mut self, generator: Tausworthe) {
        self.generator = generator;
    }

    /// The next direction, given how many I/Os each has issued.
    #[inline]
    pub(super) fn next(&mut self, issued: &PerDirection<u64>) -> Direction {
        if issued[self.current] < self.limit {
            return self.current;
        }
        let read = self.generator.percent() <= u32::from(self.read_percent);
        let (drawn, percent) = if read {
            (Direction::Read, self.read_percent)
        } else {
            (Direction::Write, 100 - self.read_percent)
        };
        if drawn != self.current {
            self.limit = issued[self.current] * u64::from(percent) / 100;
            self.current = drawn;
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_kept() {
        for percent in [0, 1, 30, 50, 70, 99, 100] {
            let mut mix = Mix::new(percent, Tausworthe::new(4));
            let mut issued = PerDirection::<u64>::default();
            for _ in 0..100_000 {
                let direction = mix.next(&issued);
                issued[direction] += 1;
            }
            let reads = issued[Direction::Read].abs_diff(u64::from(percent) * 1000);
            assert!(reads < 1500, "{percent} %: {issued:?}");
        }
    }
}
