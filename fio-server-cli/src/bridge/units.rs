//! Figures that mean different things in different versions.
//!
//! The neutral structures have the same unit for most figures in all versions. What is left:
//!
//! | figure | differs |
//! |---|---|
//! | latencies of TS | microseconds in version 1, nanoseconds later |
//! | histograms of TS | buckets of these |
//! | counts of latencies below 1 us | in version 1 part of those up to 2 us |
//! | the one histogram of versions 65 to 80 | of total latency if percentiles of that were asked for |
//! | the unit of reported rates | not in version 1; 8 for bytes up to version 72, 4 since |
//! | significant figures | not in versions up to 66, not filled in 69; 0 makes a client print nothing but 0 |
//! | precision of percentiles | not in version 1 |
//! | statistics of low priority | in versions 82 to 95 those of all I/Os, where there is no other priority |
//! | minima without samples | all ones, which is no figure that could get lost |

use fio_engine::stats::{self, MICROSECOND_BUCKETS};
use fio_proto::layout::{GroupRunStats, Histogram, IoStat, ThreadStat};
use fio_proto::message::ServerMessage;
use fio_proto::{Revision, ServerVersion};

const V73: ServerVersion = ServerVersion::new(73);
const V82: ServerVersion = ServerVersion::new(82);

/// fio's defaults, for clients that want to be told.
const SIGNIFICANT_FIGURES: u32 = 4;
const PERCENTILE_PRECISION: u64 = 2;

/// Makes a server's message of one version say the same in another.
pub(super) fn convert(message: &mut ServerMessage, from: Revision, to: Revision) {
    let (from, to) = (from.version(), to.version());
    match message {
        ServerMessage::ThreadReport(report) => {
            convert_thread(&mut report.thread, from, to);
            convert_group(&mut report.group, from, to);
        }
        ServerMessage::GroupStats(group) => convert_group(group, from, to),
        ServerMessage::Eta(eta) => {
            let status = &mut eta.status;
            if from == ServerVersion::V1 {
                // It tells reports to count in powers of two, as old servers do unless told not to.
                status.powers_of_two = true;
            }
            convert_unit_base(&mut status.unit_base, from, to);
            fill(&mut status.significant_figures, SIGNIFICANT_FIGURES);
        }
        _ => {}
    }
}

fn convert_thread(stat: &mut ThreadStat, from: ServerVersion, to: ServerVersion) {
    for latency in latencies(stat).filter(|latency| latency.samples == 0) {
        *latency = IoStat::default();
    }
    for series in stat.bandwidth.iter_mut().chain(&mut stat.iops) {
        if series.samples == 0 {
            *series = IoStat::default();
        }
    }
    forget_one_priority(stat);
    convert_unit_base(&mut stat.unit_base, from, to);
    fill(&mut stat.significant_figures, SIGNIFICANT_FIGURES);
    match (from == ServerVersion::V1, to == ServerVersion::V1) {
        (true, false) => to_nanoseconds(stat),
        (false, true) => to_microseconds(stat),
        _ => {}
    }
    if has_one_histogram(from) && !has_one_histogram(to) && is_of_total_latency(stat) {
        stat.total_histogram = std::mem::take(&mut stat.completion_histogram);
    } else if !has_one_histogram(from) && has_one_histogram(to) && is_of_total_latency(stat) {
        stat.completion_histogram = std::mem::take(&mut stat.total_histogram);
    }
}

/// Servers of versions 82 to 95 count all I/Os as of low priority where none has another. That says nothing
/// that completion latency does not.
fn forget_one_priority(stat: &mut ThreadStat) {
    for direction in 0..3 {
        let low = stat.low_priority_latency[direction].samples;
        if low > 0 && low == stat.completion_latency[direction].samples {
            stat.low_priority_latency[direction] = IoStat::default();
            stat.low_priority_histogram[direction] = Histogram::default();
        }
    }
}

fn convert_group(group: &mut GroupRunStats, from: ServerVersion, to: ServerVersion) {
    convert_unit_base(&mut group.unit_base, from, to);
    fill(&mut group.significant_figures, SIGNIFICANT_FIGURES);
    if to == ServerVersion::V1 && group.io_bytes[2] == 0 {
        // It has no trims, and there were none.
        group.min_runtime_ms[2] = 0;
        group.min_bandwidth[2] = 0;
    }
}

/// Sets what the server's version does not tell.
fn fill<N: Default + PartialEq>(figure: &mut N, default: N) {
    if *figure == N::default() {
        *figure = default;
    }
}

/// Between 8 and 4 for bytes; what else there is was never seen on the wire.
fn convert_unit_base(unit_base: &mut u32, from: ServerVersion, to: ServerVersion) {
    let bytes = |version: ServerVersion| if version < V73 { 8 } else { 4 };
    if *unit_base == bytes(from) || *unit_base == 0 {
        *unit_base = bytes(to);
    }
}

/// Version 1's is always of completion latency.
fn has_one_histogram(version: ServerVersion) -> bool {
    version > ServerVersion::V1 && version < V82
}

const fn is_of_total_latency(stat: &ThreadStat) -> bool {
    stat.total_percentiles != 0
}

fn latencies(stat: &mut ThreadStat) -> impl Iterator<Item = &mut IoStat> {
    let by_direction = [
        &mut stat.completion_latency,
        &mut stat.submission_latency,
        &mut stat.total_latency,
        &mut stat.high_priority_latency,
        &mut stat.low_priority_latency,
    ];
    let all = by_direction.into_iter().flatten();
    all.chain([&mut stat.sync_latency])
}

fn to_nanoseconds(stat: &mut ThreadStat) {
    fill(&mut stat.percentile_precision, PERCENTILE_PRECISION);
    for latency in latencies(stat) {
        if latency.samples > 0 {
            latency.min = latency.min.saturating_mul(1000);
            latency.max = latency.max.saturating_mul(1000);
            latency.mean *= 1e3;
            latency.squares *= 1e6;
        }
    }
    for histogram in &mut stat.completion_histogram {
        let counts =
            stats::Histogram::from_microsecond_counts(&histogram.counts()[..MICROSECOND_BUCKETS]);
        *histogram = Histogram::from_counts(counts.counts().iter().copied());
    }
}

fn to_microseconds(stat: &mut ThreadStat) {
    for latency in latencies(stat) {
        if latency.samples > 0 {
            latency.min /= 1000;
            latency.max /= 1000;
            latency.mean /= 1e3;
            latency.squares /= 1e6;
        }
    }
    for histogram in &mut stat.completion_histogram {
        let counts = stats::Histogram::from_count_iter(histogram.counts().iter().copied());
        let counts = counts.to_microsecond_counts::<MICROSECOND_BUCKETS>();
        *histogram = Histogram::from_counts(counts.iter().copied());
    }
    let below = stat
        .latency_ns
        .iter()
        .fold(0_u64, |sum, count| sum.saturating_add(*count));
    stat.latency_us[0] = stat.latency_us[0].saturating_add(below);
    stat.latency_ns = [0; 10];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat() -> ThreadStat {
        let mut stat = ThreadStat::default();
        stat.completion_latency[0] = IoStat {
            max: 2_000_000,
            min: 3_000,
            samples: 10,
            mean: 5_500.0,
            squares: 4e6,
        };
        stat.completion_histogram[0].counts_mut()[stats::Histogram::bucket_index(5_500)] = 10;
        stat.latency_ns[4] = 3;
        stat.latency_us[0] = 4;
        stat.unit_base = 4;
        stat
    }

    #[test]
    fn version_1_has_microseconds() {
        let mut old = stat();
        convert_thread(&mut old, ServerVersion::new(97), ServerVersion::V1);
        let latency = old.completion_latency[0];
        assert_eq!((latency.min, latency.max, latency.samples), (3, 2000, 10));
        assert_eq!((latency.mean, latency.squares), (5.5, 4.0));
        assert_eq!(old.completion_histogram[0].counts()[5], 10);
        assert_eq!((old.latency_us[0], old.latency_ns), (7, [0; 10]));

        let mut new = old;
        convert_thread(&mut new, ServerVersion::V1, ServerVersion::new(121));
        let latency = new.completion_latency[0];
        assert_eq!((latency.min, latency.max), (3_000, 2_000_000));
        assert_eq!((latency.mean, latency.squares), (5_500.0, 4e6));
        let bucket = stats::Histogram::bucket_index(5_000);
        assert_eq!(new.completion_histogram[0].total(), 10);
        assert_eq!(new.completion_histogram[0].counts()[bucket], 10);
    }

    #[test]
    fn the_one_histogram_is_of_what_was_asked_for() {
        let (old, new) = (ServerVersion::new(80), ServerVersion::new(121));
        let mut told = stat();
        told.total_percentiles = 1;
        convert_thread(&mut told, old, new);
        assert_eq!(told.total_histogram[0].total(), 10);
        assert_eq!(told.completion_histogram[0].total(), 0);
        convert_thread(&mut told, new, old);
        assert_eq!(told.completion_histogram[0].total(), 10);

        let mut told = stat();
        convert_thread(&mut told, old, new);
        assert_eq!(told.completion_histogram[0].total(), 10);
    }

    #[test]
    fn bytes_are_numbered_as_the_version_does() {
        let mut told = stat();
        convert_thread(&mut told, ServerVersion::new(97), ServerVersion::new(66));
        assert_eq!(told.unit_base, 8);
        convert_thread(&mut told, ServerVersion::new(66), ServerVersion::new(121));
        assert_eq!(told.unit_base, 4);
    }

    #[test]
    fn clients_get_the_figures_they_print_by() {
        let mut eta = ServerMessage::Eta(fio_proto::message::Eta::default());
        let newest = Revision::of(ServerVersion::NEWEST).expect("a supported version");
        convert(&mut eta, Revision::V1, newest);
        let ServerMessage::Eta(eta) = eta else {
            panic!("another message");
        };
        let status = eta.status;
        assert_eq!((status.significant_figures, status.unit_base), (4, 4));
        let mut told = ThreadStat::default();
        told.sync_latency.min = u64::MAX;
        convert_thread(&mut told, ServerVersion::V1, ServerVersion::new(97));
        assert_eq!(
            (told.significant_figures, told.percentile_precision),
            (4, 2)
        );
        assert_eq!(told.sync_latency.min, 0, "there was none");
    }
}
