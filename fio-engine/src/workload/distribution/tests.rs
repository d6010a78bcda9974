//! Whether what is drawn follows the formulas: χ² and Kolmogorov-Smirnov tests with fixed seeds.

use super::*;
use crate::job::{Zone, ZoneList};
use crate::workload::random::AnyTausworthe;

const DRAWS: u64 = 200_000;

/// How often each number below `count` is drawn.
fn counts(distribution: Distribution, count: u64) -> Vec<u64> {
    let mut skew = SkewMaker::new(&distribution)
        .make(count, 4711, false)
        .expect("a skewed distribution");
    let mut counts = vec![0; count as usize];
    for _ in 0..DRAWS {
        counts[skew.draw() as usize] += 1;
    }
    counts
}

/// The counts of the ranks `0..count`, whatever block each rank is scattered to.
fn by_rank(counts: &[u64], shift: u64) -> Vec<u64> {
    let count = counts.len() as u64;
    (0..count)
        .map(|rank| counts[(rank.wrapping_mul(SCATTER).wrapping_add(shift) % count) as usize])
        .collect()
}

#[test]
fn zipf_follows_its_law() {
    for theta in [0.6, 0.9, 1.2, 2.0] {
        let count = 1 << 10;
        let center = Some(0.0);
        let drawn = by_rank(&counts(Distribution::Zipf { theta, center }, count), 0);
        let sum: f64 = (1..=count).map(|rank| (rank as f64).powf(-theta)).sum();
        let mut expected = 0.0;
        let mut found = 0;
        for (rank, count) in (1..).zip(drawn) {
            expected += f64::from(rank).powf(-theta) / sum;
            found += count;
            // Gray's formula is exact for the two most popular blocks and interpolates the others.
            let allowed = if rank < 3 { 0.005 } else { 0.05 };
            let share = found as f64 / DRAWS as f64;
            assert!(
                (share - expected).abs() < allowed,
                "theta {theta}, the first {rank}: {share} in place of {expected}"
            );
        }
    }
}

#[test]
fn pareto_follows_its_law() {
    for power in [0.1, 0.2, 0.4] {
        let count: u64 = 1 << 10;
        let center = Some(0.0);
        let drawn = by_rank(&counts(Distribution::Pareto { power, center }, count), 0);
        let exponent = (1.0_f64 - power).ln() / power.ln();
        let mut found = 0;
        for (rank, drawn) in drawn.into_iter().enumerate() {
            found += drawn;
            let expected = (((rank + 1) as f64) / (count - 1) as f64).powf(exponent);
            let share = found as f64 / DRAWS as f64;
            // The critical value of Kolmogorov and Smirnov for a level of 0.1 % is 1.95 / √n.
            let allowed = 1.95 / (DRAWS as f64).sqrt();
            assert!(
                (share - expected.min(1.0)).abs() < allowed,
                "power {power}, the first {rank}: {share} in place of {expected}"
            );
        }
    }
}

#[test]
fn normal_has_its_mean_and_width() {
    for deviation in [0.0, 5.0, 20.0] {
        let count: u64 = 1 << 12;
        let center = None;
        let drawn = by_rank(
            &counts(Distribution::Normal { deviation, center }, count),
            0,
        );
        let moment = |power: i32, around: f64| {
            let sum: f64 = (0_u32..)
                .zip(&drawn)
                .map(|(rank, &count)| (f64::from(rank) - around).powi(power) * count as f64)
                .sum();
            sum / DRAWS as f64
        };
        let mean = moment(1, 0.0);
        assert!((mean - count as f64 / 2.0).abs() < 10.0, "{mean}");
        // A mean of twelve uniform numbers has a variance of n²/144, and the uniform part around it
        // adds w²/12.
        let width = count as f64 * deviation / 100.0;
        let expected = (count as f64 / 12.0).powi(2) + width * width / 12.0;
        let found = moment(2, mean);
        assert!((found / expected - 1.0).abs() < 0.02, "{found} {expected}");
    }
}

#[test]
fn zones_get_their_shares() {
    let zones = [(60, 10), (30, 20), (8, 30), (2, 40)];
    let list = zones.map(|(share, size)| Zone { share, size }).into();
    let mut zoned = Zoned::new(ZoneList::Percent(list), Tausworthe::new(16));
    let mut offsets = AnyTausworthe::Narrow(Tausworthe::new(6));
    let mut counts = [0_u64; 4];
    for _ in 0..DRAWS {
        let (first, count) = zoned.draw(1000, 4096);
        let block = first + offsets.below(count as f64);
        counts[[100, 300, 600, 1000]
            .iter()
            .position(|&end| block < end)
            .expect("in the file")] += 1;
    }
    let chi_square: f64 = counts
        .iter()
        .zip(zones)
        .map(|(&count, (share, _))| {
            let expected = DRAWS as f64 * f64::from(share) / 100.0;
            (count as f64 - expected).powi(2) / expected
        })
        .sum();
    // The critical value of χ² for 3 degrees of freedom and a level of 0.1 %.
    assert!(chi_square < 16.27, "{counts:?}: {chi_square}");
}

#[test]
fn a_centre_moves_the_hottest_block() {
    let theta = 1.5;
    let hottest = |center| {
        let counts = counts(Distribution::Zipf { theta, center }, 1000);
        (0..1000).max_by_key(|&block| counts[block])
    };
    assert_eq!(hottest(Some(0.0)), Some(0));
    assert_eq!(hottest(Some(0.25)), Some(250));
}

#[test]
fn files_have_hot_blocks_of_their_own() {
    let center = None;
    let mut maker = SkewMaker::new(&Distribution::Zipf { theta: 1.2, center });
    let mut draw = |name: &[u8]| {
        let skew = maker.make(1 << 20, name_hash(name), false);
        let mut skew = skew.expect("a skewed distribution");
        [(); 8].map(|()| skew.draw())
    };
    assert_eq!(draw(b"a"), draw(b"a"));
    assert_ne!(draw(b"a"), draw(b"b"));
}
