//! The linear feedback shift register behind `random_generator=lfsr`.
//!
//! A register of maximal length goes through all its states but one before it repeats any. With as
//! many bits as the number of blocks needs, and states that are no block left out, it gives each
//! block once per round in a scattered order, and needs no map of what is used: a few instructions
//! per block and no memory, whatever the size of the file.
//!
//! The register shifts right and feeds back with exclusive NOR, so that the state it never reaches
//! is the one with all bits set. Its feedback is that of P. Alfke, "Efficient Shift Registers, LFSR
//! Counters, and Long Pseudo-Random Sequence Generators", Xilinx application note XAPP 052 (1996),
//! and for 32 bits that of fio, which differs. With fio's seed it gives fio's sequence.

/// Gives the numbers below a count, each once per round.
#[derive(Debug, Clone)]
pub(super) struct Lfsr {
    state: u64,
    /// What each round but the first begins at.
    seed: u64,
    count: u64,
    /// Numbers left in this round.
    left: u64,
    /// The register's highest bit.
    highest: u64,
    feedback: u64,
}

impl Lfsr {
    /// A register for the numbers below `count`, which is at least 1 and below 2⁶³.
    ///
    /// The seed's bits that the register has no room for are dropped. Where they leave the one state
    /// that has no next one (fio then ends the job at once or never), it begins at 0.
    pub(super) fn new(count: u64, seed: u64) -> Self {
        let count = count.clamp(1, (1 << LARGEST_WIDTH) - 1);
        // Of so many bits all numbers are states but the highest.
        let width = (u64::BITS - count.leading_zeros()).max(SMALLEST_WIDTH);
        let mask = (1 << width) - 1;
        let seed = if seed & mask == mask { 0 } else { seed & mask };
        let taps = TAPS[(width - SMALLEST_WIDTH) as usize];
        let mut lfsr = Self {
            state: seed,
            seed,
            count,
            left: count,
            highest: 1 << (width - 1),
            feedback: taps.iter().fold(0, |bits, tap| bits | 1 << (tap - 1)),
        };
        lfsr.step();
        lfsr
    }

    /// The next number; `None` after the last one of a round.
    #[inline]
    pub(super) fn draw(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        loop {
            self.step();
            if self.state < self.count {
                return Some(self.state);
            }
        }
    }

    /// Begins another round. All but the first round begin a step earlier, as in fio.
    pub(super) const fn restart(&mut self) {
        self.state = self.seed;
        self.left = self.count;
    }

    #[inline]
    const fn step(&mut self) {
        let fed_back = if self.state & 1 == 1 {
            self.highest
        } else {
            self.feedback
        };
        self.state = (self.state >> 1) ^ fed_back;
    }
}

/// Bits of the smallest register.
const SMALLEST_WIDTH: u32 = 3;
/// Bits for the blocks of any file: files have fewer than 2⁶³ bytes.
const LARGEST_WIDTH: u32 = 63;

/// Which bits, counted from 1, the register's output is fed back to besides its highest, by the
/// register's width.
#[rustfmt::skip] // in rows of ten widths
const TAPS: [&[u32]; 61] = [
    &[2], &[3], &[3], &[5], &[6], &[6, 5, 4], &[5],
    &[7], &[9], &[6, 4, 1], &[4, 3, 1], &[5, 3, 1], &[14], &[15, 13, 4], &[14], &[11], &[6, 2, 1],
    &[17], &[19], &[21], &[18], &[23, 22, 17], &[22], &[6, 2, 1], &[5, 2, 1], &[25], &[27],
    &[6, 4, 1], &[28], &[31, 29, 1], &[20], &[27, 2, 1], &[33], &[25], &[5, 4, 3, 2, 1], &[6, 5, 1], &[35],
    &[38, 21, 19], &[38], &[41, 20, 19], &[42, 38, 37], &[43, 18, 17], &[44, 42, 41], &[45, 26, 25], &[42], &[47, 21, 20], &[40],
    &[49, 24, 23], &[50, 36, 35], &[49], &[52, 38, 37], &[53, 18, 17], &[31], &[55, 35, 34], &[50], &[39], &[58, 38, 37],
    &[59], &[60, 46, 45], &[61, 6, 5], &[62],
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_number_once_per_round(count in 1_u64..5000, seed: u64) {
            let mut lfsr = Lfsr::new(count, seed);
            for round in 0..3 {
                let mut seen = vec![false; count as usize];
                for _ in 0..count {
                    let number = lfsr.draw().expect("a number of the round") as usize;
                    prop_assert!(!std::mem::replace(&mut seen[number], true), "{} in {}", number, round);
                }
                prop_assert_eq!(lfsr.draw(), None);
                lfsr.restart();
            }
        }
    }

    /// What fio 3.33 issues for as many blocks, its seed being 0xb1899bed times the job's number.
    #[test]
    fn sequences_are_fios() {
        let first = |count, job: u64, many| {
            let mut lfsr = Lfsr::new(count, 0xb189_9bed * job);
            let mut draw = || {
                let next = lfsr.draw();
                next.or_else(|| {
                    lfsr.restart();
                    lfsr.draw()
                })
            };
            (0..many).map_while(|_| draw()).collect::<Vec<_>>()
        };
        assert_eq!(first(1, 1, 2), [0, 0]);
        assert_eq!(first(3, 4, 3), [2, 1, 0]);
        assert_eq!(first(7, 1, 7), [1, 4, 0, 2, 3, 5, 6]);
        // The second round begins at the seed.
        let second = first(16, 4, 32);
        assert_eq!(second[..5], [3, 8, 0, 4, 6]);
        assert_eq!(second[16..], [[14].as_slice(), &second[..15]].concat());
        assert_eq!(first(1024, 1, 4), [1019, 639, 762, 125]);
        assert_eq!(first((1 << 32) - 1, 1, 1), [0x3c62_66fa]);
        assert_eq!(first((1 << 53) - 1, 1, 1), [0x0030_2c62_66fb]);
    }

    #[test]
    fn registers_have_maximal_length() {
        for width in SMALLEST_WIDTH..=LARGEST_WIDTH {
            let steps = (1 << width) - 1;
            let powers = powers(width);
            assert!(returns_after(steps, &powers), "{width} bits");
            for factor in prime_factors_of_states(width) {
                assert!(
                    !returns_after(steps / factor, &powers),
                    "{width} bits, {factor}"
                );
            }
        }
    }

    /// A step of the register as a matrix of columns, squared again and again. It is that of the
    /// difference of two states, which the constant part of exclusive NOR is no part of.
    fn powers(width: u32) -> Vec<Vec<u64>> {
        let lfsr = Lfsr::new((1 << width) - 1, 0);
        let column = |bit: u32| match bit {
            0 => lfsr.highest ^ lfsr.feedback,
            _ => 1 << (bit - 1),
        };
        let step: Vec<u64> = (0..width).map(column).collect();
        let square = |matrix: &Vec<u64>| {
            let columns = matrix.iter().map(|&column| times(matrix, column));
            Some(columns.collect())
        };
        std::iter::successors(Some(step), square)
            .take(width as usize)
            .collect()
    }

    /// Whether the register is back where it began after so many steps.
    fn returns_after(steps: u64, powers: &[Vec<u64>]) -> bool {
        let taken = powers
            .iter()
            .enumerate()
            .filter(|(bit, _)| steps >> bit & 1 == 1);
        taken.fold(1, |state, (_, power)| times(power, state)) == 1
    }

    fn times(matrix: &[u64], vector: u64) -> u64 {
        let columns = matrix
            .iter()
            .enumerate()
            .filter(|(bit, _)| vector >> bit & 1 == 1);
        columns.fold(0, |sum, (_, column)| sum ^ column)
    }

    /// The prime factors of 2ʷ − 1.
    fn prime_factors_of_states(width: u32) -> Vec<u64> {
        match width {
            // A prime, and too large to show it here.
            61 => vec![(1 << 61) - 1],
            _ if width.is_multiple_of(2) => {
                let half = 1 << (width / 2);
                [prime_factors(half - 1), prime_factors(half + 1)].concat()
            }
            _ => prime_factors((1 << width) - 1),
        }
    }

    fn prime_factors(number: u64) -> Vec<u64> {
        let (mut rest, mut factors, mut factor) = (number, Vec::new(), 2);
        while factor * factor <= rest {
            if rest.is_multiple_of(factor) {
                factors.push(factor);
                rest /= factor;
            } else {
                factor += 1;
            }
        }
        if rest > 1 {
            factors.push(rest);
        }
        factors
    }
}
