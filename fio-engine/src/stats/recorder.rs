//! What one job thread records, I/O by I/O.
//!
//! [`JobStatistics`] belongs to the thread that does the I/O: recording takes no lock, allocates
//! nothing and shares no cache line. It is about 160 KB, nearly all of it histograms, of which
//! a steady job touches a few lines.

use std::ops::Range;
use std::time::Duration;

use super::PriorityLatency;
use super::blocks::{self, BlockInfo, MAX_BLOCKS};
use super::depth::{DEPTH_BUCKETS, batch_bucket, depth_bucket};
use super::moments::Sums;
use super::priorities::PriorityLatencies;
use super::{Histogram, LatencyDistribution, MomentSums, Moments};
use crate::direction::{Direction, PerDirection};

/// One kind of latency in nanoseconds: exact sums and the histogram.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LatencyRecorder {
    /// The number of values is not counted a second time: the histogram knows it.
    sums: Sums,
    histogram: Histogram,
}

impl LatencyRecorder {
    /// Counts a latency in nanoseconds and says which histogram bucket it fell into.
    #[inline]
    pub fn record(&mut self, nanoseconds: u64) -> usize {
        if !self.sums.covers(nanoseconds) {
            return self.record_any(nanoseconds);
        }
        self.sums.add_covered(nanoseconds);
        let bucket = Histogram::exact_bucket_index(nanoseconds);
        self.histogram.record_indexed(bucket);
        bucket
    }

    #[cold]
    #[inline(never)]
    fn record_any(&mut self, nanoseconds: u64) -> usize {
        self.sums.add_any(nanoseconds);
        let bucket = Histogram::bucket_index(nanoseconds);
        self.histogram.record_indexed(bucket);
        bucket
    }

    /// Adds the latencies of another recorder, exactly.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
        self.histogram.merge(&other.histogram);
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.sums = Sums::EMPTY;
        self.histogram.clear();
    }

    /// Count, extremes, mean and deviation, nanoseconds.
    #[must_use]
    pub fn moments(&self) -> Moments {
        self.sums().moments()
    }

    /// Count and exact sums, nanoseconds.
    #[must_use]
    pub fn sums(&self) -> MomentSums {
        MomentSums::with_samples(self.histogram.count(), self.sums)
    }

    /// The distribution.
    #[must_use]
    pub const fn histogram(&self) -> &Histogram {
        &self.histogram
    }
}

/// The three latencies of one direction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectionLatencies {
    /// From the creation of an I/O to its submission (`slat`).
    pub submission: LatencyRecorder,
    /// From submission to completion (`clat`).
    pub completion: LatencyRecorder,
    /// From creation to completion (`lat`).
    pub total: LatencyRecorder,
}

/// What a job counts of one direction, apart from latencies.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DirectionCounters {
    /// Bytes moved.
    pub bytes: u64,
    /// I/Os completed (`total_io_u`).
    pub ios: u64,
    /// I/Os that moved less than asked (`short_io_u`).
    pub short_ios: u64,
    /// I/Os dropped before they were issued (`drop_io_u`).
    pub dropped_ios: u64,
    /// Bandwidth samples, KiB/s.
    pub bandwidth: Moments,
    /// IOPS samples.
    pub iops: Moments,
}

impl DirectionCounters {
    fn merge(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.ios += other.ios;
        self.short_ios += other.short_ios;
        self.dropped_ios += other.dropped_ios;
        self.bandwidth.add_concurrent(&other.bandwidth);
        self.iops.add_concurrent(&other.iops);
    }
}

/// Where the last sample of one rate was taken: time, and the counter of each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct SampleMark {
    elapsed: Duration,
    counts: PerDirection<u64>,
}

/// All statistics of one job, written by its own thread.
#[derive(Debug, PartialEq)]
pub struct JobStatistics {
    counters: PerDirection<DirectionCounters>,
    distribution: LatencyDistribution,
    depth_map: [u64; DEPTH_BUCKETS],
    submit_map: [u64; DEPTH_BUCKETS],
    complete_map: [u64; DEPTH_BUCKETS],
    total_submit: u64,
    total_complete: u64,
    syncs: u64,
    bandwidth_mark: SampleMark,
    iops_mark: SampleMark,
    latencies: Box<[DirectionLatencies; 3]>,
    sync: Box<LatencyRecorder>,
    /// Only jobs with a rate measure it.
    intended: Option<Box<[LatencyRecorder; 3]>>,
    /// Nothing is expected in jobs whose I/Os all have one priority.
    priorities: PerDirection<PriorityLatencies>,
    /// None in jobs that are not to tell of them.
    blocks: Vec<BlockInfo>,
}

/// As a derived one, but the large parts never stand on the stack, which is small in job threads.
impl Clone for JobStatistics {
    fn clone(&self) -> Self {
        Self {
            counters: self.counters,
            distribution: self.distribution,
            depth_map: self.depth_map,
            submit_map: self.submit_map,
            complete_map: self.complete_map,
            total_submit: self.total_submit,
            total_complete: self.total_complete,
            syncs: self.syncs,
            bandwidth_mark: self.bandwidth_mark,
            iops_mark: self.iops_mark,
            latencies: on_the_heap(self.latencies.to_vec()),
            sync: self.sync.clone(),
            intended: self.intended.clone(),
            priorities: self.priorities.clone(),
            blocks: self.blocks.clone(),
        }
    }
}

/// The latencies of the three directions.
fn on_the_heap(latencies: Vec<DirectionLatencies>) -> Box<[DirectionLatencies; 3]> {
    latencies
        .into_boxed_slice()
        .try_into()
        .expect("there are three directions")
}

impl JobStatistics {
    /// Statistics of a job that has done nothing.
    ///
    /// The large parts are made on the heap, so that small thread stacks do.
    #[must_use]
    pub fn new() -> Self {
        Self {
            counters: PerDirection::default(),
            distribution: LatencyDistribution::new(),
            depth_map: [0; DEPTH_BUCKETS],
            submit_map: [0; DEPTH_BUCKETS],
            complete_map: [0; DEPTH_BUCKETS],
            total_submit: 0,
            total_complete: 0,
            syncs: 0,
            bandwidth_mark: SampleMark::default(),
            iops_mark: SampleMark::default(),
            latencies: on_the_heap(vec![DirectionLatencies::default(); 3]),
            sync: Box::default(),
            intended: None,
            priorities: PerDirection::default(),
            blocks: Vec::new(),
        }
    }

    /// Records a submission latency, ns.
    #[inline]
    pub fn record_submission(&mut self, direction: Direction, nanoseconds: u64) {
        self.latencies[direction.index()]
            .submission
            .record(nanoseconds);
    }

    /// Records a completed I/O: the bytes it moved, its completion and its total latency, ns.
    ///
    /// The same as [`record_transfer`](Self::record_transfer),
    /// [`record_completion_latency`](Self::record_completion_latency) and
    /// [`record_total_latency`](Self::record_total_latency), which serve jobs that do not measure
    /// everything.
    #[inline]
    pub fn record_completion(
        &mut self,
        direction: Direction,
        bytes: u64,
        completion_ns: u64,
        total_ns: u64,
    ) {
        self.record_transfer(direction, bytes);
        self.record_completion_latency(direction, completion_ns);
        self.record_total_latency(direction, total_ns);
    }

    /// Records that an I/O moved this many bytes.
    #[inline]
    pub fn record_transfer(&mut self, direction: Direction, bytes: u64) {
        let counters = &mut self.counters[direction];
        counters.bytes += bytes;
        counters.ios += 1;
    }

    /// Records a completion latency, ns, also in the distribution by ranges.
    #[inline]
    pub fn record_completion_latency(&mut self, direction: Direction, nanoseconds: u64) {
        let bucket = self.latencies[direction.index()]
            .completion
            .record(nanoseconds);
        self.distribution.record_indexed(bucket, nanoseconds);
    }

    /// Records a total latency, ns.
    #[inline]
    pub fn record_total_latency(&mut self, direction: Direction, nanoseconds: u64) {
        self.latencies[direction.index()].total.record(nanoseconds);
    }

    /// Makes room for latencies from the intended start; without it, none are recorded.
    pub fn expect_intended(&mut self) {
        self.intended.get_or_insert_default();
    }

    /// Records a latency from when the I/O should have been issued to its completion, ns.
    pub fn record_intended_latency(&mut self, direction: Direction, nanoseconds: u64) {
        if let Some(intended) = &mut self.intended {
            intended[direction.index()].record(nanoseconds);
        }
    }

    /// Makes room for latencies by priority: recording any but these records nothing. The order is
    /// that of [`priorities`](Self::priorities).
    pub fn expect_priorities(
        &mut self,
        direction: Direction,
        priorities: impl IntoIterator<Item = u16>,
    ) {
        self.priorities[direction].expect(priorities);
    }

    /// Records the latency of an I/O of an expected priority, ns.
    pub fn record_priority(&mut self, direction: Direction, priority: u16, nanoseconds: u64) {
        self.priorities[direction].record(priority, nanoseconds);
    }

    /// Makes room for so many blocks, at most [`MAX_BLOCKS`]; without it, none are recorded.
    pub fn expect_blocks(&mut self, count: usize) {
        let count = count.min(MAX_BLOCKS);
        self.blocks.resize(count, BlockInfo::default());
    }

    /// Records what became of blocks, from 0, in an I/O that is over; those that are not expected
    /// are left out.
    pub fn record_blocks(&mut self, blocks: Range<usize>, direction: Direction, succeeded: bool) {
        let expected = self.blocks.len();
        let known = blocks.start.min(expected)..blocks.end.min(expected);
        for block in self.blocks.get_mut(known).unwrap_or_default() {
            block.note(direction, succeeded);
        }
    }

    /// Records that an I/O moved less than asked; the transfer itself is recorded as usual.
    pub fn record_short(&mut self, direction: Direction) {
        self.counters[direction].short_ios += 1;
    }

    /// Records that an I/O was dropped before it was issued.
    pub fn record_dropped(&mut self, direction: Direction) {
        self.counters[direction].dropped_ios += 1;
    }

    /// Records an `fsync`, `fdatasync` or `sync_file_range` that took this long, ns.
    pub fn record_sync(&mut self, nanoseconds: u64) {
        self.syncs += 1;
        self.sync.record(nanoseconds);
    }

    /// Records that an I/O was submitted as the `depth`th in flight, itself included.
    #[inline]
    pub fn record_depth(&mut self, depth: u32) {
        self.depth_map[depth_bucket(depth)] += 1;
    }

    /// Records a call that submitted `count` I/Os.
    #[inline]
    pub fn record_submit_batch(&mut self, count: u32) {
        self.submit_map[batch_bucket(count)] += 1;
        self.total_submit += 1;
    }

    /// Records a call that reaped `count` I/Os.
    #[inline]
    pub fn record_complete_batch(&mut self, count: u32) {
        self.complete_map[batch_bucket(count)] += 1;
        self.total_complete += 1;
    }

    /// Fills the depth and batch maps of a job whose I/Os were all submitted and reaped alone.
    ///
    /// A synchronous job calls this once at its end, instead of counting ones for every I/O.
    pub fn record_all_alone(&mut self) {
        let ios = self.ios().0.iter().sum();
        self.depth_map[depth_bucket(1)] = ios;
        self.submit_map[batch_bucket(1)] = ios;
        self.complete_map[batch_bucket(1)] = ios;
        self.total_submit = ios;
        self.total_complete = ios;
    }

    /// Bytes moved so far.
    #[must_use]
    pub fn bytes(&self) -> PerDirection<u64> {
        self.counters.map(|counters| counters.bytes)
    }

    /// I/Os done so far.
    #[must_use]
    pub fn ios(&self) -> PerDirection<u64> {
        self.counters.map(|counters| counters.ios)
    }

    /// Takes a bandwidth and an IOPS sample over the time since the last ones.
    ///
    /// `elapsed` is the time since statistics began to count. As in fio, a direction that moved
    /// nothing in the interval gives no sample.
    pub fn sample(&mut self, elapsed: Duration) {
        self.sample_bandwidth(elapsed);
        self.sample_iops(elapsed);
    }

    /// Takes a bandwidth sample, KiB/s, of each direction and gives them; see
    /// [`sample`](Self::sample).
    pub fn sample_bandwidth(&mut self, elapsed: Duration) -> PerDirection<Option<u64>> {
        let bytes = self.counters.map(|counters| counters.bytes);
        let rates = self.bandwidth_mark.advance(elapsed, bytes);
        let rates = rates.map(|bytes_per_second| Some(bytes_per_second? / 1024));
        for (direction, rate) in rates.iter() {
            if let Some(rate) = *rate {
                self.counters[direction].bandwidth.record(rate);
            }
        }
        rates
    }

    /// Takes an IOPS sample of each direction and gives them; see [`sample`](Self::sample).
    pub fn sample_iops(&mut self, elapsed: Duration) -> PerDirection<Option<u64>> {
        let ios = self.counters.map(|counters| counters.ios);
        let rates = self.iops_mark.advance(elapsed, ios);
        for (direction, rate) in rates.iter() {
            if let Some(ios_per_second) = *rate {
                self.counters[direction].iops.record(ios_per_second);
            }
        }
        rates
    }

    /// Forgets everything but the history of blocks, whose trims count whenever they were: the end of
    /// the ramp time. Time counts from zero again.
    pub fn reset(&mut self) {
        for direction in self.latencies.iter_mut() {
            direction.submission.reset();
            direction.completion.reset();
            direction.total.reset();
        }
        self.intended
            .iter_mut()
            .flat_map(|intended| intended.iter_mut())
            .for_each(LatencyRecorder::reset);
        self.sync.reset();
        self.priorities
            .0
            .iter_mut()
            .for_each(PriorityLatencies::reset);
        self.counters = PerDirection::default();
        self.distribution = LatencyDistribution::new();
        self.depth_map = [0; DEPTH_BUCKETS];
        self.submit_map = [0; DEPTH_BUCKETS];
        self.complete_map = [0; DEPTH_BUCKETS];
        (self.total_submit, self.total_complete, self.syncs) = (0, 0, 0);
        self.bandwidth_mark = SampleMark::default();
        self.iops_mark = SampleMark::default();
    }

    /// Adds the statistics of another job. Rates add up, as of jobs that ran at the same time; its
    /// blocks come behind those of this one, up to [`MAX_BLOCKS`] in all.
    pub fn merge(&mut self, other: &Self) {
        for (direction, theirs) in other.counters.iter() {
            self.counters[direction].merge(theirs);
            let mine = &mut self.latencies[direction.index()];
            let theirs = &other.latencies[direction.index()];
            mine.submission.merge(&theirs.submission);
            mine.completion.merge(&theirs.completion);
            mine.total.merge(&theirs.total);
            self.priorities[direction].merge(&other.priorities[direction]);
        }
        if let Some(theirs) = &other.intended {
            let mine = self.intended.get_or_insert_default();
            mine.iter_mut()
                .zip(theirs.iter())
                .for_each(|(mine, theirs)| mine.merge(theirs));
        }
        self.sync.merge(&other.sync);
        self.syncs += other.syncs;
        self.distribution.merge(&other.distribution);
        add_counts(&mut self.depth_map, &other.depth_map);
        add_counts(&mut self.submit_map, &other.submit_map);
        add_counts(&mut self.complete_map, &other.complete_map);
        self.total_submit += other.total_submit;
        self.total_complete += other.total_complete;
        blocks::append(&mut self.blocks, &other.blocks);
    }
}

/// Reading what was recorded.
impl JobStatistics {
    /// Counters of a direction.
    #[must_use]
    pub const fn counters(&self, direction: Direction) -> &DirectionCounters {
        &self.counters.0[direction.index()]
    }

    /// Latencies of a direction.
    #[must_use]
    pub const fn latencies(&self, direction: Direction) -> &DirectionLatencies {
        &self.latencies[direction.index()]
    }

    /// Latencies of a direction by priority, also of expected priorities that no I/O had.
    #[must_use]
    pub fn priorities(&self, direction: Direction) -> &[PriorityLatency] {
        self.priorities[direction].as_slice()
    }

    /// Latencies from the intended start of I/Os to their completion; `None` for jobs without a rate,
    /// whose I/Os are intended to start when they do.
    #[must_use]
    pub fn intended_latency(&self, direction: Direction) -> Option<&LatencyRecorder> {
        Some(&self.intended.as_ref()?[direction.index()])
    }

    /// What became of each block; empty in jobs that are not to tell.
    #[must_use]
    pub fn blocks(&self) -> &[BlockInfo] {
        &self.blocks
    }

    /// Latencies of `fsync` and its like.
    #[must_use]
    pub const fn sync_latency(&self) -> &LatencyRecorder {
        &self.sync
    }

    /// Number of `fsync` and its like.
    #[must_use]
    pub const fn syncs(&self) -> u64 {
        self.syncs
    }

    /// I/Os by range of completion latency.
    #[must_use]
    pub const fn distribution(&self) -> &LatencyDistribution {
        &self.distribution
    }

    /// I/Os by depth at submission (`io_u_map`).
    #[must_use]
    pub const fn depth_map(&self) -> &[u64; DEPTH_BUCKETS] {
        &self.depth_map
    }

    /// Submitting calls by number of I/Os (`io_u_submit`).
    #[must_use]
    pub const fn submit_map(&self) -> &[u64; DEPTH_BUCKETS] {
        &self.submit_map
    }

    /// Reaping calls by number of I/Os (`io_u_complete`).
    #[must_use]
    pub const fn complete_map(&self) -> &[u64; DEPTH_BUCKETS] {
        &self.complete_map
    }

    /// Number of submitting calls (`total_submit`).
    #[must_use]
    pub const fn total_submit(&self) -> u64 {
        self.total_submit
    }

    /// Number of reaping calls (`total_complete`).
    #[must_use]
    pub const fn total_complete(&self) -> u64 {
        self.total_complete
    }
}

impl Default for JobStatistics {
    fn default() -> Self {
        Self::new()
    }
}

impl SampleMark {
    /// Moves to a new time and new counts; gives the rate per second of each that grew.
    fn advance(
        &mut self,
        elapsed: Duration,
        counts: PerDirection<u64>,
    ) -> PerDirection<Option<u64>> {
        let nanoseconds = elapsed.saturating_sub(self.elapsed).as_nanos();
        let mut rates = PerDirection::default();
        if nanoseconds == 0 {
            return rates;
        }
        for (direction, count) in counts.iter() {
            let grown = u128::from(count.saturating_sub(self.counts[direction]));
            let rate = grown * 1_000_000_000 / nanoseconds;
            rates[direction] = (grown > 0).then(|| u64::try_from(rate).unwrap_or(u64::MAX));
        }
        *self = Self { elapsed, counts };
        rates
    }
}

fn add_counts(mine: &mut [u64; DEPTH_BUCKETS], theirs: &[u64; DEPTH_BUCKETS]) {
    for (count, other) in mine.iter_mut().zip(theirs) {
        *count += other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_io(statistics: &mut JobStatistics, seed: u64) {
        for i in 0..100 {
            let direction = Direction::ALL[(seed + i) as usize % 3];
            let latency = (seed + i) * (seed + 7 * i) % 3_000_000;
            statistics.record_submission(direction, latency / 10);
            statistics.record_completion(direction, 4096, latency, latency + latency / 10);
            statistics.record_depth(1 + i as u32 % 40);
        }
        statistics.record_sync(seed * 1000);
        statistics.record_submit_batch(8);
        statistics.record_complete_batch(3);
        statistics.record_short(Direction::Read);
        statistics.record_dropped(Direction::Write);
    }

    #[test]
    fn merging_jobs_equals_recording_everything_in_one() {
        let (mut left, mut right, mut both) = (
            JobStatistics::new(),
            JobStatistics::new(),
            JobStatistics::new(),
        );
        some_io(&mut left, 11);
        some_io(&mut right, 5000);
        some_io(&mut both, 11);
        some_io(&mut both, 5000);
        left.merge(&right);
        assert_eq!(left, both);
    }

    #[test]
    fn reset_leaves_nothing_behind() {
        let mut statistics = JobStatistics::new();
        some_io(&mut statistics, 3);
        statistics.sample(Duration::from_secs(1));
        statistics.reset();
        assert_eq!(statistics, JobStatistics::new());
    }

    #[test]
    fn blocks_keep_their_history_and_come_behind_those_of_others() {
        let mut one = JobStatistics::new();
        one.record_blocks(0..3, Direction::Trim, true);
        assert!(one.blocks().is_empty(), "none are expected");
        one.expect_blocks(2);
        one.record_blocks(1..9, Direction::Trim, true);
        one.record_blocks(5..9, Direction::Trim, true);
        one.reset();
        let trims = |of: &JobStatistics| -> Vec<u32> {
            of.blocks().iter().map(|block| block.trims()).collect()
        };
        assert_eq!(trims(&one), [0, 1]);
        let mut many = JobStatistics::new();
        many.expect_blocks(usize::MAX);
        one.merge(&many);
        assert_eq!((one.blocks().len(), many.blocks().len()), (8192, 8192));
        assert_eq!(trims(&one)[..2], [0, 1]);
    }

    #[test]
    fn every_kind_of_record_reaches_its_counter() {
        let mut statistics = JobStatistics::new();
        some_io(&mut statistics, 0);
        let read = statistics.counters(Direction::Read);
        assert_eq!((read.ios, read.bytes, read.short_ios), (34, 34 * 4096, 1));
        assert_eq!(statistics.counters(Direction::Write).dropped_ios, 1);
        assert_eq!(
            statistics
                .latencies(Direction::Read)
                .submission
                .moments()
                .samples,
            34
        );
        assert_eq!(
            statistics
                .latencies(Direction::Trim)
                .total
                .histogram()
                .count(),
            33
        );
        assert_eq!(
            (
                statistics.syncs(),
                statistics.sync_latency().moments().samples
            ),
            (1, 1)
        );
        assert_eq!(statistics.depth_map().iter().sum::<u64>(), 100);
        assert_eq!(statistics.submit_map(), &[0, 0, 1, 0, 0, 0, 0]);
        assert_eq!(statistics.complete_map(), &[0, 1, 0, 0, 0, 0, 0]);
        let distribution = statistics.distribution();
        let counted = distribution.nanoseconds().iter().sum::<u64>()
            + distribution.microseconds().iter().sum::<u64>()
            + distribution.milliseconds().iter().sum::<u64>();
        assert_eq!(counted, 100);
    }

    #[test]
    fn samples_are_rates_over_the_interval_since_the_last() {
        let mut statistics = JobStatistics::new();
        statistics.record_transfer(Direction::Read, 1 << 20);
        statistics.sample(Duration::from_millis(500));
        statistics.sample(Duration::from_millis(1000));
        statistics.record_transfer(Direction::Read, 1 << 20);
        statistics.record_transfer(Direction::Read, 1 << 20);
        statistics.sample(Duration::from_millis(2000));
        let read = statistics.counters(Direction::Read);
        assert_eq!(
            (
                read.bandwidth.samples,
                read.bandwidth.min,
                read.bandwidth.max
            ),
            (2, 2048, 2048)
        );
        assert_eq!((read.iops.samples, read.iops.min, read.iops.max), (2, 2, 2));
        assert_eq!(statistics.counters(Direction::Write).bandwidth.samples, 0);
    }

    #[test]
    fn statistics_of_a_job_stay_small() {
        let bytes = size_of::<JobStatistics>()
            + size_of::<[DirectionLatencies; 3]>()
            + size_of::<LatencyRecorder>();
        assert!(bytes <= 160 * 1024, "{bytes}");
    }
}
