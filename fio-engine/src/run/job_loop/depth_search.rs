//! The greatest I/O depth that keeps a latency target: the `latency_target` family.
//!
//! The search begins with the job's own depth and halves it as long as the target is missed; from
//! the first depth that keeps it on, it goes half way up to the least depth known to miss it. As
//! observed of fio, a job that keeps its target at its own depth is done after one window, and one
//! that misses it even at depth 1 goes on at that depth. What is counted while the search lasts
//! stays in the statistics.

use crate::clock::{Clock, Ticks};
use crate::job::{JobSpec, LatencyTargetOptions};

/// Windows in a row that must keep the target before a job that goes on tries more depth again.
const PATIENCE: u32 = 10;

/// Where the search is.
#[derive(Debug)]
pub(super) struct DepthSearch {
    options: LatencyTargetOptions,
    target_nanos: u64,
    /// The depth tried now.
    pub(super) depth: u32,
    /// The job's own depth.
    most: u32,
    /// The greatest depth known to keep the target, or 0.
    kept: u32,
    /// The least depth known to miss it, or one more than the job's own.
    missed: u32,
    window_began: Option<Ticks>,
    ios: u64,
    late: u64,
    /// Windows in a row that kept the target since the depth was found.
    steady: u32,
}

/// What came of an I/O.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing new.
    Stay,
    /// Another depth is tried.
    Change,
    /// The depth is found, and the job ends with that.
    Found,
}

impl DepthSearch {
    /// `None` if the job has no target.
    pub(super) fn new(spec: &JobSpec) -> Option<Self> {
        let options = spec.latency_target;
        (!options.target.is_zero()).then(|| Self {
            options,
            target_nanos: u64::try_from(options.target.as_nanos()).unwrap_or(u64::MAX),
            depth: spec.io_depth,
            most: spec.io_depth,
            kept: 0,
            missed: spec.io_depth + 1,
            window_began: None,
            ios: 0,
            late: 0,
            steady: 0,
        })
    }

    /// An I/O is over that took so long.
    pub(super) fn complete(&mut self, clock: &Clock, nanos: u64, now: Ticks) -> Step {
        self.ios += 1;
        self.late += u64::from(nanos > self.target_nanos);
        let began = *self.window_began.get_or_insert(now);
        // When all must keep it, the first that does not decides.
        let hopeless = self.late > 0 && self.options.percentile >= 100.0;
        if clock.between(began, now) < self.options.window && !hopeless {
            return Step::Stay;
        }
        let kept = (self.ios - self.late) as f64 * 100.0 / self.ios as f64;
        let success = kept >= self.options.percentile;
        (self.window_began, self.ios, self.late) = (None, 0, 0);
        if success { self.succeed() } else { self.fail() }
    }

    fn succeed(&mut self) -> Step {
        self.kept = self.depth;
        if self.depth + 1 < self.missed {
            self.depth = self.depth.midpoint(self.missed);
            return Step::Change;
        }
        if !self.options.goes_on {
            return Step::Found;
        }
        self.steady += 1;
        if self.steady < PATIENCE || self.depth == self.most {
            return Step::Stay;
        }
        self.steady = 0;
        self.missed = (self.depth + 2).min(self.most + 1);
        self.depth += 1;
        Step::Change
    }

    fn fail(&mut self) -> Step {
        self.steady = 0;
        if self.depth == 1 {
            // What was known of greater depths need not hold any longer either.
            self.missed = 2.min(self.most + 1);
            return Step::Stay;
        }
        self.missed = self.depth;
        if self.kept >= self.depth {
            self.kept = 0;
        }
        self.depth = if self.kept == 0 {
            self.depth / 2
        } else {
            self.depth.midpoint(self.kept)
        };
        if self.depth == self.kept && !self.options.goes_on {
            return Step::Found;
        }
        Step::Change
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Depths tried by a job of depth 32 on storage that keeps the target up to `limit`.
    fn search(limit: u32, goes_on: bool, windows: usize) -> (Vec<u32>, Option<u32>) {
        let mut spec = JobSpec::new("search");
        spec.io_depth = 32;
        spec.latency_target.target = Duration::from_nanos(100);
        spec.latency_target.goes_on = goes_on;
        let (clock, mut tried) = (Clock::monotonic(), Vec::new());
        let mut search = DepthSearch::new(&spec).unwrap();
        for _ in 0..windows {
            tried.push(search.depth);
            let nanos = if search.depth <= limit { 100 } else { 101 };
            if search.complete(&clock, nanos, clock.now()) == Step::Found {
                return (tried, Some(search.depth));
            }
        }
        (tried, None)
    }

    #[test]
    fn every_limit_is_found() {
        for limit in 1..=32 {
            let (tried, found) = search(limit, false, 100);
            assert_eq!(found, Some(limit), "{tried:?}");
        }
        assert_eq!(search(32, false, 100).0, [32]);
        assert_eq!(search(5, false, 100).0, [32, 16, 8, 4, 6, 5]);
    }

    #[test]
    fn without_a_depth_that_keeps_the_target_the_job_goes_on_at_depth_1() {
        let (tried, found) = search(0, false, 20);
        assert_eq!((found, tried.last()), (None, Some(&1)));
    }

    #[test]
    fn a_job_that_goes_on_tries_more_now_and_then() {
        let (tried, found) = search(5, true, 60);
        assert_eq!(found, None);
        let settled = &tried[10..];
        assert!(
            settled.iter().all(|depth| [5, 6].contains(depth)),
            "{tried:?}"
        );
        assert!(settled.contains(&6), "{tried:?}");
        let at_limit = settled.iter().filter(|depth| **depth == 5).count();
        assert!(at_limit > 40, "{tried:?}");
    }

    #[test]
    fn the_share_is_judged_over_the_whole_window() {
        let mut spec = JobSpec::new("share");
        spec.io_depth = 4;
        spec.latency_target.target = Duration::from_nanos(100);
        spec.latency_target.window = Duration::from_millis(5);
        spec.latency_target.percentile = 50.0;
        let clock = Clock::monotonic();
        let mut search = DepthSearch::new(&spec).unwrap();
        let began = clock.now();
        let end = clock.after(began, Duration::from_millis(5));
        assert_eq!(search.complete(&clock, 500, began), Step::Stay);
        assert_eq!(search.complete(&clock, 500, began), Step::Stay);
        assert_eq!(search.complete(&clock, 50, began), Step::Stay);
        assert_eq!(search.complete(&clock, 50, end), Step::Found);
    }
}
