//! The bucket rule against values seen in fio's output, percentiles against sorted samples.

use proptest::prelude::*;

use super::*;

/// Latencies as they occur: every octave is equally likely.
fn latencies() -> impl Strategy<Value = Vec<u64>> {
    let latency = (0_u32..40, any::<u64>()).prop_map(|(bits, value)| value & ((1 << bits) - 1));
    prop::collection::vec(latency, 1..400)
}

fn histogram_of(values: &[u64]) -> Histogram {
    let mut histogram = Histogram::new();
    for value in values {
        histogram.record(*value);
    }
    histogram
}

/// Value and the bin fio 3.33 and 3.42 showed it in: maxima that were alone in their bin.
#[test]
fn buckets_are_reported_as_fio_reports_them() {
    for (value, bin) in [
        (0, 0),
        (27, 27),
        (127, 127),
        (8643, 8640),
        (8833, 8896),
        (9675, 9664),
        (8342, 8384),
        (6230, 6240),
        (7371, 7392),
        (30_285, 30_336),
        (145_356, 144_384),
        (12_039_539, 11_993_088),
    ] {
        assert_eq!(
            Histogram::bucket_value(Histogram::bucket_index(value)),
            bin,
            "{value}"
        );
    }
}

#[test]
fn buckets_follow_each_other_without_gap() {
    let mut next = 0;
    for index in 0..BUCKETS {
        let (low, high) = Histogram::bucket_range(index);
        assert_eq!(low, next);
        assert_eq!(Histogram::bucket_index(low), index);
        assert_eq!(Histogram::bucket_index(high), index);
        assert!((low..=high).contains(&Histogram::bucket_value(index)));
        next = high + 1;
    }
    assert_eq!(next, 1 << 34);
    assert_eq!(Histogram::bucket_index(1 << 34), BUCKETS - 1);
    assert_eq!(Histogram::bucket_index(u64::MAX), BUCKETS - 1);
}

/// Bins and percentiles of one JSON+ document of fio 3.42.
#[test]
fn percentiles_equal_those_of_a_fio_run() {
    let mut histogram = Histogram::new();
    let bins = [
        (0, 27),
        (1, 12),
        (9, 19),
        (10, 3918),
        (11, 57),
        (19, 5),
        (20, 56),
        (30, 1),
        (8384, 1),
    ];
    for (value, count) in bins {
        histogram.add(Histogram::bucket_index(value), count);
    }
    assert_eq!(histogram.count(), 4096);
    assert_eq!(
        histogram.percentiles(&[1.0, 5.0, 50.0, 99.0, 99.9, 99.95, 99.99]),
        [9, 10, 10, 20, 20, 20, 8384]
    );
}

#[test]
fn percentile_limits_and_disorder_are_defined() {
    let histogram = histogram_of(&[5, 10, 15, 20]);
    let percents = [
        100.0,
        50.0,
        0.0,
        -3.0,
        300.0,
        f64::NAN,
        f64::MIN_POSITIVE,
        25.0,
        75.1,
    ];
    assert_eq!(
        histogram.percentiles(&percents),
        [20, 10, 5, 5, 20, 5, 5, 5, 20]
    );
    assert_eq!(Histogram::new().percentile(99.0), 0);
}

#[test]
fn ranks_are_exact_where_doubles_round() {
    assert_eq!(rank(99.9, 1000), 1000);
    assert_eq!(rank(50.0, 1000), 500);
    assert_eq!(rank(100.0, u64::MAX), u64::MAX);
    assert_eq!(rank(1e-18, 1000), 1);
    assert_eq!(rank(1e-30, 1000), 1);
    assert_eq!(rank(0.0, 1000), 0);
    assert_eq!(rank(50.0, 0), 0);
}

#[test]
fn microsecond_counts_survive_the_way_there_and_back_up_to_65_microseconds() {
    let mut counts = [0_u32; MICROSECOND_BUCKETS];
    for (index, count) in counts.iter_mut().take(66).enumerate() {
        *count = index as u32 + 1;
    }
    let back =
        Histogram::from_microsecond_counts(&counts).to_microsecond_counts::<MICROSECOND_BUCKETS>();
    assert!(
        counts
            .iter()
            .zip(back.iter())
            .all(|(a, b)| u64::from(*a) == *b)
    );
}

proptest! {
    #[test]
    fn percentiles_agree_with_sorted_samples(
        mut values in latencies(), percents in prop::collection::vec(0.001_f64..=100.0, 1..8),
    ) {
        let histogram = histogram_of(&values);
        values.sort_unstable();
        for (percent, got) in percents.iter().zip(histogram.percentiles(&percents)) {
            let index = (percent / 100.0 * values.len() as f64).ceil() as usize;
            // A double may round across a whole number, which moves the rank by one.
            let near = [index.saturating_sub(2), index.saturating_sub(1), index]
                .map(|at| Histogram::bucket_index(values[at.min(values.len() - 1)]));
            prop_assert!(near.contains(&Histogram::bucket_index(got)));
        }
    }

    #[test]
    fn ranks_agree_with_rational_arithmetic(hundredths in 0_u64..=10_000, total in any::<u32>()) {
        // Multiples of 1/64 are exact doubles, so the rational result is known.
        let sixty_fourths = hundredths * 64 / 100;
        let expected = (sixty_fourths * u64::from(total)).div_ceil(6400);
        prop_assert_eq!(rank(sixty_fourths as f64 / 64.0, total.into()), expected);
    }

    #[test]
    fn merging_equals_recording_everything_in_one(left in latencies(), right in latencies()) {
        let mut merged = histogram_of(&left);
        merged.merge(&histogram_of(&right));
        prop_assert_eq!(merged.count(), (left.len() + right.len()) as u64);
        prop_assert_eq!(merged, histogram_of(&[left, right].concat()));
    }

    #[test]
    fn a_bucket_is_at_most_a_64th_of_its_values(value in 0_u64..1 << 34) {
        let (low, high) = Histogram::bucket_range(Histogram::bucket_index(value));
        prop_assert!((low..=high).contains(&value));
        prop_assert!(high - low <= value / 64);
    }

    #[test]
    fn microseconds_move_by_at_most_two_buckets(values in latencies()) {
        let counts = histogram_of(&values).to_microsecond_counts::<MICROSECOND_BUCKETS>();
        prop_assert_eq!(counts.iter().sum::<u64>(), values.len() as u64);
        let mut measured: Vec<_> = values.iter()
            .map(|value| Histogram::bucket_index(value / 1000).min(MICROSECOND_BUCKETS - 1))
            .collect();
        measured.sort_unstable();
        let mut translated = Vec::new();
        for (index, count) in counts.iter().enumerate() {
            translated.extend((0..*count).map(|_| index));
        }
        for (ours, exact) in translated.iter().zip(&measured) {
            prop_assert!(ours.abs_diff(*exact) <= 2, "{ours} {exact}");
        }
    }

    #[test]
    fn microsecond_histograms_keep_their_percentiles(values in latencies()) {
        let values: Vec<u64> = values.iter().map(|value| value % (1 << 24)).collect();
        let microseconds = histogram_of(&values);
        let nanoseconds = Histogram::from_microsecond_counts(microseconds.counts());
        for percent in [1.0, 50.0, 99.0] {
            let expected = microseconds.percentile(percent) * 1000;
            let got = nanoseconds.percentile(percent);
            prop_assert!(got.abs_diff(expected) <= expected / 64, "{got} {expected}");
        }
    }
}
