//! Looking for a steady state over the jobs that are watched together.
//!
//! Each job measures its own rates, exactly, once per interval and hands them over; the sums over
//! all jobs of a group go into a ring, which is looked at whenever it is full. Jobs that are
//! reported together (`group_reporting`) are watched together, as in fio.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::progress::JobProgress;
use crate::job::{JobSpec, SteadyMeasure, SteadyStateOptions};
use crate::report::SteadyState;

/// The watches of a run, while its clones are made.
#[derive(Debug, Default)]
pub(super) struct Watches {
    of_groups: HashMap<u32, Arc<SteadyWatch>>,
}

impl Watches {
    /// The progress of a clone, which knows what watches it.
    pub(super) fn progress_of(
        &mut self,
        spec: &JobSpec,
        group: u32,
        ended: &Arc<AtomicBool>,
    ) -> JobProgress {
        let options = spec.steady_state;
        if !options.is_on() {
            return JobProgress::new();
        }
        let new = || Arc::new(SteadyWatch::new(options));
        let watch = if spec.group_reporting {
            self.of_groups.entry(group).or_insert_with(new).clone()
        } else {
            new()
        };
        let member = watch.join(ended.clone());
        JobProgress::watched_by(watch, member)
    }
}

/// As fio has it, the jobs of a reporting group look for the same steady state or for none: otherwise some would
/// end when the state of others is reached. The error names a job that differs, and what to do.
pub(super) fn check_groups(jobs: &[JobSpec], groups: &[u32]) -> Result<(), (String, String)> {
    let numbered = || jobs.iter().zip(groups);
    for (job, group) in numbered() {
        let mut others = numbered().filter(|(_, other)| *other == group);
        let differs = |(other, _): &(&JobSpec, &u32)| other.steady_state != job.steady_state;
        if let (true, Some((other, _))) = (job.steady_state.is_on(), others.find(differs)) {
            let reason = format!(
                "the steadystate options of the jobs in a reporting group must be the same, and those of \
                 `{}` differ; give each its own group by new_group",
                other.name
            );
            return Err((job.name.clone(), reason));
        }
    }
    Ok(())
}

/// Rates of one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rates {
    /// I/Os per second.
    pub(crate) iops: u64,
    /// Bytes per second.
    pub(crate) bandwidth: u64,
    /// Sum of the total latencies, ns, and their number.
    pub(crate) latency: (u64, u64),
}

impl Rates {
    fn add(&mut self, other: Self) {
        self.iops += other.iops;
        self.bandwidth += other.bandwidth;
        self.latency.0 = self.latency.0.saturating_add(other.latency.0);
        self.latency.1 += other.latency.1;
    }

    /// The mean total latency, ns.
    fn mean_latency(&self) -> u64 {
        self.latency.0 / self.latency.1.max(1)
    }

    fn of(&self, measure: SteadyMeasure) -> u64 {
        match measure {
            SteadyMeasure::Iops => self.iops,
            SteadyMeasure::Bandwidth => self.bandwidth,
            SteadyMeasure::Latency => self.mean_latency(),
        }
    }
}

/// What came of a full ring. Shown as fio tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Judgement {
    by_slope: bool,
    /// Sum of the values, and of their products with their places.
    sums: (f64, f64),
    mean: f64,
    /// The slope, or the largest deviation.
    value: f64,
    criterion: f64,
    limit: f64,
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            by_slope,
            sums: (sum_y, sum_xy),
            mean,
            value,
            criterion,
            limit,
        } = self;
        write!(f, "sum_y: {sum_y:.0}, ")?;
        if *by_slope {
            write!(
                f,
                "sum_xy: {sum_xy:.0}, slope: {value:.6}, criterion: {criterion:.6}"
            )?;
        } else {
            write!(
                f,
                "mean: {mean:.6}, max diff: {value:.6}, objective: {criterion:.6}"
            )?;
        }
        write!(f, ", limit: {limit:.6}")
    }
}

/// Watches the jobs of a group, or one job.
#[derive(Debug)]
pub(crate) struct SteadyWatch {
    options: SteadyStateOptions,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    members: Vec<Member>,
    /// Sums to which a member has not yet added its rates; the first is number `complete`.
    partial: VecDeque<Rates>,
    complete: usize,
    /// The last complete sums.
    ring: VecDeque<Rates>,
    attained: bool,
    criterion: f64,
    deviation: f64,
    slope: f64,
}

#[derive(Debug)]
struct Member {
    /// Told to end when the steady state is reached.
    ended: Arc<AtomicBool>,
    /// How many rates it has handed over; `None` when it has left.
    rates: Option<usize>,
}

impl SteadyWatch {
    pub(crate) fn new(options: SteadyStateOptions) -> Self {
        Self {
            options,
            state: Mutex::default(),
        }
    }

    pub(crate) const fn options(&self) -> &SteadyStateOptions {
        &self.options
    }

    /// Adds a member and gives its number.
    pub(crate) fn join(&self, ended: Arc<AtomicBool>) -> usize {
        let mut state = self.lock();
        state.members.push(Member {
            ended,
            rates: Some(0),
        });
        state.members.len() - 1
    }

    /// Takes the next rates of a member; returns what came of it if that filled the ring.
    pub(crate) fn add(&self, member: usize, rates: Rates) -> Option<Judgement> {
        let mut state = self.lock();
        let complete = state.complete;
        let Some(Member {
            rates: Some(number),
            ..
        }) = state.members.get_mut(member)
        else {
            return None;
        };
        let place = *number - complete;
        *number += 1;
        if place == state.partial.len() {
            state.partial.push_back(Rates::default());
        }
        if let Some(sum) = state.partial.get_mut(place) {
            sum.add(rates);
        }
        self.take_complete(&mut state)
    }

    /// The member has ended; the others are no longer waiting for it.
    pub(crate) fn leave(&self, member: usize) {
        let mut state = self.lock();
        if let Some(member) = state.members.get_mut(member) {
            member.rates = None;
        }
        self.take_complete(&mut state);
    }

    /// What came of it.
    pub(crate) fn report(&self) -> SteadyState {
        let state = self.lock();
        // fio shows zeroes for what was not measured.
        let length = self.options.length();
        let values = |of: fn(&Rates) -> u64| {
            let measured = state.ring.iter().map(of).chain(std::iter::repeat(0));
            measured
                .take(usize::try_from(length).unwrap_or(usize::MAX))
                .collect()
        };
        SteadyState {
            watched: self.options.watched,
            by_slope: self.options.by_slope,
            in_percent: self.options.in_percent,
            attained: state.attained,
            limit: self.options.limit,
            criterion: state.criterion,
            deviation: state.deviation,
            slope: state.slope,
            length,
            iops: values(|rates| rates.iops),
            bandwidth: values(|rates| rates.bandwidth),
            latency: values(Rates::mean_latency),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves sums that all members have added to into the ring; returns the last judgement of it.
    fn take_complete(&self, state: &mut State) -> Option<Judgement> {
        let mut judgement = None;
        while !state.attained && !state.partial.is_empty() {
            let complete = state.complete;
            let waits = |member: &Member| member.rates.is_some_and(|number| number <= complete);
            if state.members.iter().any(waits) {
                break;
            }
            state.complete += 1;
            let sum = state.partial.pop_front().unwrap_or_default();
            state.ring.push_back(sum);
            let length = self.options.length();
            if state.ring.len() as u64 > length {
                state.ring.pop_front();
            }
            if state.ring.len() as u64 == length {
                judgement = Some(self.judge(state));
            }
        }
        judgement
    }

    fn judge(&self, state: &mut State) -> Judgement {
        let values: Vec<f64> = state
            .ring
            .iter()
            .map(|rates| rates.of(self.options.watched) as f64)
            .collect();
        let sum = values.iter().sum::<f64>();
        let mean = sum / values.len() as f64;
        let (value, whole) = if self.options.by_slope {
            state.slope = slope(&values);
            // As in fio, of whole numbers.
            (state.slope, mean.floor())
        } else {
            state.deviation = values
                .iter()
                .map(|value| (value - mean).abs())
                .fold(0.0, f64::max);
            (state.deviation, mean)
        };
        let criterion = match self.options.in_percent {
            true if whole > 0.0 => Some(100.0 * value / whole),
            true => None,
            false => Some(value),
        };
        state.criterion = criterion.unwrap_or(state.criterion);
        if criterion.is_some_and(|criterion| criterion.abs() < self.options.limit) {
            state.attained = true;
            let members = state.members.iter();
            members.for_each(|member| member.ended.store(true, Ordering::Relaxed));
        }
        let products = (0..).zip(&values).map(|(place, y)| f64::from(place) * y);
        Judgement {
            by_slope: self.options.by_slope,
            sums: (sum, products.sum()),
            mean,
            value,
            criterion: state.criterion,
            limit: self.options.limit,
        }
    }
}

/// Least squares slope over the places of the values; 0 for one value.
fn slope(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let places = || (0..values.len()).map(|place| place as f64);
    let sum_x: f64 = places().sum();
    let sum_y: f64 = values.iter().sum();
    let sum_xx: f64 = places().map(|x| x * x).sum();
    let sum_xy: f64 = places().zip(values).map(|(x, y)| x * y).sum();
    let divisor = count * sum_xx - sum_x * sum_x;
    if divisor == 0.0 {
        0.0
    } else {
        (count * sum_xy - sum_x * sum_y) / divisor
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn watch(change: impl FnOnce(&mut SteadyStateOptions)) -> (SteadyWatch, [Arc<AtomicBool>; 2]) {
        let mut options = SteadyStateOptions {
            duration: Duration::from_secs(2),
            ..SteadyStateOptions::default()
        };
        change(&mut options);
        let watch = SteadyWatch::new(options);
        let ended: [Arc<AtomicBool>; 2] = Default::default();
        for (number, ended) in ended.iter().enumerate() {
            assert_eq!(watch.join(Arc::clone(ended)), number);
        }
        (watch, ended)
    }

    fn rates(iops: u64) -> Rates {
        Rates {
            iops,
            bandwidth: iops * 4096,
            latency: (iops * 1000, iops),
        }
    }

    /// The mean of all I/Os, not that of the jobs' means; the limit is met on the second interval.
    #[test]
    fn latencies_are_watched_over_all_ios() {
        let (watch, ended) = watch(|options| {
            options.watched = SteadyMeasure::Latency;
            options.by_slope = false;
            options.in_percent = false;
            options.limit = 101.0;
        });
        let slow = |nanos: u64, ios| Rates {
            latency: (nanos * ios, ios),
            ..Rates::default()
        };
        for (fast_one, slow_one) in [(1000, 5000), (1000, 5400), (1100, 5400)] {
            watch.add(0, slow(fast_one, 3));
            watch.add(1, slow(slow_one, 1));
            if fast_one == 1000 && slow_one == 5000 {
                assert!(!watch.report().attained);
            }
        }
        let report = watch.report();
        assert!(
            report.attained && ended[0].load(Ordering::Relaxed),
            "{report:?}"
        );
        assert_eq!(report.latency, [2000, 2100]);
        assert_eq!((report.mean_latency(), report.deviation), (2050, 50.0));
    }

    /// Two runs of fio 3.33: `iops:50%` over 869 and 1087 IOPS, and `iops_slope:10%` over 1920 and
    /// 2037.
    #[test]
    fn criteria_are_those_of_fio() {
        let criterion = |values: [u64; 2], by_slope| {
            let (watch, _) = watch(|options| {
                options.by_slope = by_slope;
                options.limit = 50.0;
            });
            watch.leave(1);
            for iops in values {
                watch.add(0, rates(iops));
            }
            let report = watch.report();
            assert!(report.attained);
            format!(
                "{:.6} {:.1} {:.1}",
                report.criterion, report.deviation, report.slope
            )
        };
        assert_eq!(criterion([869, 1087], false), "11.145194 109.0 0.0");
        assert_eq!(criterion([1920, 2037], true), "5.915066 0.0 117.0");
        assert_eq!(criterion([805, 1168], false), "18.398378 181.5 0.0");
    }

    #[test]
    fn the_jobs_of_a_group_look_for_the_same() {
        let mut jobs = ["a", "b", "c"].map(JobSpec::new);
        assert_eq!(check_groups(&jobs, &[0, 0, 0]), Ok(()));
        jobs[2].steady_state.duration = Duration::from_secs(2);
        assert_eq!(check_groups(&jobs, &[0, 0, 1]), Ok(()));
        let (job, reason) = check_groups(&jobs, &[0, 0, 0]).expect_err("they differ");
        assert_eq!(job, "c");
        assert!(reason.contains("those of `a` differ"), "{reason}");
        let steady = jobs[2].steady_state;
        jobs.iter_mut().for_each(|job| job.steady_state = steady);
        assert_eq!(check_groups(&jobs, &[0, 0, 0]), Ok(()));
        jobs[1].steady_state.limit = 7.0;
        check_groups(&jobs, &[0, 0, 0]).expect_err("one has another limit");
    }

    /// What fio 3.33 tells of these values with `--debug=steadystate`.
    #[test]
    fn judgements_are_told_as_fio_does() {
        let told = |values: &[u64], by_slope: bool, in_percent: bool| {
            let (watch, _) = watch(|options| {
                options.by_slope = by_slope;
                options.in_percent = in_percent;
                options.limit = if in_percent { 10.0 } else { 5.0 };
                options.duration = Duration::from_secs(values.len() as u64);
            });
            watch.leave(1);
            let judged = values.iter().map(|iops| watch.add(0, rates(*iops)));
            let last = judged.last().flatten().expect("the ring is full");
            last.to_string()
        };
        assert_eq!(
            told(&[1001, 996, 1005], false, true),
            "sum_y: 3002, mean: 1000.666667, max diff: 4.666667, objective: 0.466356, limit: 10.000000"
        );
        assert_eq!(
            told(&[502, 500], true, false),
            "sum_y: 1002, sum_xy: 500, slope: -2.000000, criterion: -2.000000, limit: 5.000000"
        );
    }

    #[test]
    fn rates_of_all_members_are_summed_up_in_order() {
        let (watch, ended) = watch(|options| options.limit = 1.0);
        watch.add(0, rates(100));
        watch.add(0, rates(300));
        assert_eq!(watch.report().iops, [0, 0]);
        watch.add(1, rates(900));
        assert_eq!(watch.report().iops, [1000, 0]);
        watch.add(1, rates(700));
        assert_eq!(watch.report().iops, [1000, 1000]);
        assert!(watch.report().attained);
        assert!(ended.iter().all(|ended| ended.load(Ordering::Relaxed)));
    }

    #[test]
    fn a_member_that_leaves_holds_nobody_up() {
        let (watch, ended) = watch(|options| options.limit = 1.0);
        for iops in [100, 500, 501] {
            watch.add(0, rates(iops));
        }
        watch.add(1, rates(100));
        watch.leave(1);
        let report = watch.report();
        assert_eq!((report.iops, report.attained), (vec![500, 501], true));
        assert!(ended[0].load(Ordering::Relaxed));
    }
}
