//! Latencies from the intended start of I/Os in place of those from their submission.
//!
//! A job with a rate that is held up by one slow I/O issues the ones behind it late. Counted from their
//! submission, these are fast, and a stall of a second is a single slow I/O among thousands. Counted
//! from when the job's rate would have had them start, all that came due meanwhile are slow, as they
//! are for users who do not wait for each other (Tene, "How NOT to Measure Latency", 2013, calls the
//! difference coordinated omission).

use super::model::{DirectionReport, JobReport, LatencyReport, Report};
use crate::stats::LatencyDistribution;

impl Report {
    /// Reports the latencies of all jobs with a rate from the intended start of their I/Os. See
    /// [`JobReport::count_from_intended_start`].
    pub fn count_from_intended_start(&mut self) {
        self.jobs
            .iter_mut()
            .for_each(JobReport::count_from_intended_start);
    }
}

impl JobReport {
    /// Puts the latencies from the intended start of I/Os to their completion in the place of
    /// completion and total latencies; there is no submission latency then. Nothing changes in a job
    /// without a rate, whose I/Os are intended to start when they do.
    ///
    /// Latencies by priority and logs stay as they are.
    pub fn count_from_intended_start(&mut self) {
        let directions = &mut self.directions.0;
        if directions.iter().all(|one| one.intended.is_none()) {
            return;
        }
        let mut distribution = LatencyDistribution::new();
        for direction in directions {
            direction.count_from_intended_start();
            let histogram = direction.total.histogram.iter();
            for (bucket, count) in histogram.flat_map(|histogram| histogram.nonzero()) {
                distribution.add(bucket, count);
            }
        }
        self.latency_ns = distribution.nanoseconds();
        self.latency_us = distribution.microseconds();
        self.latency_ms = distribution.milliseconds();
    }
}

impl DirectionReport {
    fn count_from_intended_start(&mut self) {
        if let Some(intended) = &self.intended {
            self.completion = intended.clone();
            self.total = intended.clone();
            self.submission = LatencyReport::default();
        }
    }

    /// Merges the latencies from the intended start. An I/O of a job without a rate is intended to
    /// start when it does. Comes before total latencies are merged.
    pub(super) fn merge_intended(&mut self, other: &Self) {
        if self.intended.is_none() && other.intended.is_none() {
            return;
        }
        let mine = self.intended.get_or_insert_with(|| self.total.clone());
        mine.merge(other.intended.as_ref().unwrap_or(&other.total));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobSpec;
    use crate::stats::LatencyRecorder;

    fn latencies(nanoseconds: impl IntoIterator<Item = u64>) -> LatencyReport {
        let mut recorder = LatencyRecorder::default();
        for one in nanoseconds {
            recorder.record(one);
        }
        LatencyReport::of(&recorder)
    }

    /// A hundred I/Os of 10 µs that were due each millisecond; the first took 50 ms.
    fn stalled() -> JobReport {
        let mut job = JobReport::new(&JobSpec::new("stalled"), 0);
        let reads = &mut job.directions.0[0];
        reads.submission = latencies([100; 100]);
        let slow_first = |one: u64| if one == 0 { 50_000_000 } else { 10_000 };
        reads.completion = latencies((0..100).map(slow_first));
        reads.total = reads.completion.clone();
        let late = |one: u64| 10_000 + 50_000_000_u64.saturating_sub(one * 1_000_000);
        reads.intended = Some(latencies((0..100).map(late)));
        job
    }

    #[test]
    fn a_stall_shows_in_all_that_came_due() {
        let mut job = stalled();
        let median = |job: &JobReport| {
            let histogram = job.directions.0[0].total.histogram.as_ref();
            histogram.map(|histogram| histogram.percentile(40.0))
        };
        assert!(median(&job) < Some(11_000));
        job.count_from_intended_start();
        assert!(median(&job) < Some(11_000) && median(&job).is_some());
        let total = &job.directions.0[0].total;
        let at_90 = total
            .histogram
            .as_ref()
            .map(|histogram| histogram.percentile(90.0));
        assert!(at_90 > Some(39_000_000), "{at_90:?}");
        assert_eq!(job.directions.0[0].completion, *total);
        assert_eq!(job.directions.0[0].submission.moments.samples, 0);
        let counted = [&job.latency_ns[..], &job.latency_us, &job.latency_ms].concat();
        assert_eq!(counted.iter().sum::<u64>(), 100);
        assert!(job.latency_ms[4] > 20, "20 to 50 ms: {:?}", job.latency_ms);
    }

    #[test]
    fn jobs_without_a_rate_stay_as_they_are_and_count_in_sums() {
        let mut plain = JobReport::new(&JobSpec::new("plain"), 0);
        plain.directions.0[0].total = latencies([7; 5]);
        let before = plain.clone();
        plain.count_from_intended_start();
        assert_eq!(plain, before);
        for (mut one, other) in [(plain.clone(), stalled()), (stalled(), plain)] {
            one.merge(&other);
            let reads = &one.directions.0[0];
            let samples = |report: &LatencyReport| report.moments.samples;
            assert_eq!(samples(&reads.total), 105);
            assert_eq!(reads.intended.as_ref().map(samples), Some(105));
        }
    }
}
