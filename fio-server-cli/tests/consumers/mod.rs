//! Those who read fio's results, reading ours: each the way its scripts do, knowing nothing of this
//! project. `tools` runs the tools of Debian's package; fio-plot and bench-fio are in `.ci/consumers`.

mod bins;
mod json;
mod latency_log;
mod terse;
mod tools;

use crate::util::Folder;

/// The text of a log that a run has left.
fn log(folder: &Folder, name: &str) -> String {
    let path = folder.path().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The bucket of fio's histograms that a latency of so many nanoseconds is in, first and last value:
/// 64 of them double the value, and below 128 ns each value has its own (manual of the scripts that
/// come with fio, `fiologparser_hist.py`).
fn bucket_of(nanoseconds: u64) -> (u64, u64) {
    if nanoseconds < 128 {
        return (nanoseconds, nanoseconds);
    }
    let width = 1 << (nanoseconds.ilog2() - 6);
    let first = nanoseconds / width * width;
    (first, first + width - 1)
}

/// What a histogram log means by its bin of this number: the middle of the bucket.
fn value_of_bin(bin: usize) -> u64 {
    let bin = bin as u64;
    if bin < 128 {
        return bin;
    }
    let shift = bin / 64 - 1;
    let first = (64 + bin % 64) << shift;
    first + (1 << (shift - 1))
}

/// The value below which this share of `counts` is, as fio finds percentiles: the first bin at which the
/// sum reaches it. Bins are in ascending order.
fn percentile(counts: &[(u64, u64)], percent: f64) -> u64 {
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let mut sum = 0;
    for (value, count) in counts {
        sum += count;
        if sum as f64 >= percent / 100.0 * total as f64 {
            return *value;
        }
    }
    panic!("{percent} % of {total} latencies");
}

#[test]
fn the_readers_know_the_buckets() {
    assert_eq!(bucket_of(127), (127, 127));
    assert_eq!(bucket_of(128), (128, 129));
    assert_eq!(bucket_of(1_000_000), (999_424, 1_007_615));
    assert_eq!(value_of_bin(127), 127);
    assert_eq!(value_of_bin(128), 129);
    let (first, last) = bucket_of(value_of_bin(700));
    assert!(first < last && value_of_bin(699) < first && value_of_bin(701) > last);
    assert_eq!(percentile(&[(1, 5), (2, 4), (3, 1)], 50.0), 1);
    assert_eq!(percentile(&[(1, 5), (2, 4), (3, 1)], 90.1), 3);
}
