//! Rates: when the next I/O of a limited direction may be issued.
//!
//! Each limited direction has a schedule in bytes, as in fio: the next I/O is due when the bytes
//! issued so far would have been issued at the rate. So lateness does not add up: an I/O that was
//! late is followed by others until the schedule is met again.

use std::time::Duration;

use crate::clock::{Clock, Ticks};
use crate::debug::{DebugTeller, DebugTopic};
use crate::direction::{Direction, PerDirection};
use crate::job::{JobSpec, RateProcess};
use crate::workload::{Generator, Seeds, Stream, Tausworthe};

/// Keeps a job to its rates.
#[derive(Debug)]
pub(super) struct RateLimiter {
    clock: Clock,
    /// When the schedules began.
    since: Ticks,
    schedules: PerDirection<Option<Schedule>>,
    /// The job reads and writes, so that one direction can go on while the other waits.
    mixed: bool,
    ignores_think_time: bool,
    /// What statistics count from, as far as the schedules know.
    counting_since: Ticks,
    /// Told what is drawn.
    teller: Option<DebugTeller>,
}

/// When the I/Os of one direction are due.
#[derive(Debug)]
struct Schedule {
    bytes_per_second: u64,
    /// Bytes issued since the beginning.
    issued: u64,
    /// Draws the distances of a Poisson process; `None` for even ones.
    arrivals: Option<Tausworthe>,
    /// When the next I/O is due, in nanoseconds after the beginning.
    next: u64,
    due: Ticks,
}

impl RateLimiter {
    /// `None` if the job has no limit. `since` is when it began.
    pub(super) fn new(spec: &JobSpec, seeds: &Seeds, clock: Clock, since: Ticks) -> Option<Self> {
        let schedule = |direction: Direction| {
            let smallest = spec.block_sizes[direction].min();
            let bytes_per_second = spec.rate.limit(direction, smallest)?;
            let seed = seeds.of(Stream::Arrival) as u32;
            let arrivals = (spec.rate.process == RateProcess::Poisson)
                .then(|| Tausworthe::new(seed.wrapping_add(direction.index() as u32)));
            let mut schedule = Schedule {
                bytes_per_second,
                issued: 0,
                arrivals,
                next: 0,
                due: since,
            };
            schedule.begin(&clock, since, smallest);
            Some(schedule)
        };
        let schedules = PerDirection(Direction::ALL.map(schedule));
        schedules.0.iter().any(Option::is_some).then_some(Self {
            clock,
            since,
            schedules,
            mixed: spec.pattern.read && spec.pattern.write,
            ignores_think_time: spec.rate.ignores_think_time,
            counting_since: since,
            teller: None,
        })
    }

    /// The same, which tells what it draws if there is somebody to tell it to.
    pub(super) fn told_by(self, teller: Option<&DebugTeller>) -> Self {
        let teller = teller.cloned();
        Self { teller, ..self }
    }

    /// Begins the schedules anew if statistics have begun to count since: the rate then holds
    /// exactly over the time that is reported.
    pub(super) fn count_since(&mut self, since: Ticks) {
        if since == self.counting_since {
            return;
        }
        (self.counting_since, self.since) = (since, since);
        for schedule in self.schedules.0.iter_mut().flatten() {
            (schedule.issued, schedule.next, schedule.due) = (0, 0, since);
        }
    }

    /// Leaves a pause out of the schedules, if the job wants that.
    pub(super) fn leave_out(&mut self, pause: Duration) {
        if !self.ignores_think_time {
            return;
        }
        self.since = self.clock.after(self.since, pause);
        for schedule in self.schedules.0.iter_mut().flatten() {
            schedule.due = self.clock.after(schedule.due, pause);
        }
    }

    /// Lets the direction that is due, or due sooner, go first. Where both are due, or both at the
    /// same time, the job's mix decides.
    pub(super) fn steer(&self, generator: &mut Generator, now: Ticks) {
        if !self.mixed {
            return;
        }
        let [read, write] = [Direction::Read, Direction::Write].map(|of| self.due(of).max(now));
        generator.prefer(match read.cmp(&write) {
            std::cmp::Ordering::Less => Some(Direction::Read),
            std::cmp::Ordering::Greater => Some(Direction::Write),
            std::cmp::Ordering::Equal => None,
        });
    }

    /// Whether a direction has a limit.
    pub(super) fn is_limited(&self, direction: Direction) -> bool {
        self.schedules[direction].is_some()
    }

    /// When the next I/O of a direction is due.
    pub(super) fn due(&self, direction: Direction) -> Ticks {
        self.schedules[direction]
            .as_ref()
            .map_or(self.since, |schedule| schedule.due)
    }

    pub(super) fn issue(&mut self, direction: Direction, bytes: u64) {
        if let Some(schedule) = &mut self.schedules[direction] {
            schedule.issued = schedule.issued.saturating_add(bytes);
            let before = schedule.next;
            schedule.advance(bytes);
            schedule.due = self
                .clock
                .after(self.since, Duration::from_nanos(schedule.next));
            if let (Some(teller), Some(_)) = (&self.teller, &schedule.arrivals) {
                let iops = 1_000_000_000 / (schedule.next - before).max(1);
                let direction = direction.index();
                let text = format!("poisson rate iops={iops}, ddir={direction}");
                teller.tell(DebugTopic::Rate, text);
            }
        }
    }
}

impl Schedule {
    /// The first I/O of an even schedule is due at once; that of a Poisson process comes as all of
    /// its I/Os do.
    fn begin(&mut self, clock: &Clock, since: Ticks, smallest: u64) {
        if self.arrivals.is_some() {
            self.advance(smallest);
            self.due = clock.after(since, Duration::from_nanos(self.next));
        }
    }

    /// `bytes` have just been issued.
    fn advance(&mut self, bytes: u64) {
        const NANOS: u128 = 1_000_000_000;
        self.next = match &mut self.arrivals {
            None => {
                let nanos = u128::from(self.issued) * NANOS / u128::from(self.bytes_per_second);
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
            Some(generator) => {
                // In 2⁻³²..=1, so that the logarithm is finite.
                let share = (f64::from(generator.next_u32()) + 1.0) / 4_294_967_296.0;
                let mean = bytes as f64 * NANOS as f64 / self.bytes_per_second as f64;
                self.next.saturating_add((-share.ln() * mean) as u64)
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::BlockSizes;
    use crate::workload::RandomRule;

    const MINUTES: Duration = Duration::from_secs(600);

    /// When a job with these options issues its I/Os within this time, in nanoseconds, on a machine
    /// that is never late. No time passes.
    fn issues(within: Duration, change: impl FnOnce(&mut JobSpec)) -> Vec<u64> {
        let mut spec = JobSpec::new("rated");
        spec.block_sizes = PerDirection::splat(BlockSizes::Fixed(4096));
        change(&mut spec);
        let clock = Clock::monotonic();
        let since = clock.now();
        let seeds = Seeds::new(&spec, 1, RandomRule::Newest);
        let mut limiter = RateLimiter::new(&spec, &seeds, clock, since).expect("a rate");
        let end = clock.after(since, within);
        let mut times = Vec::new();
        while limiter.due(Direction::Read) < end {
            times.push(clock.nanos_between(since, limiter.due(Direction::Read)));
            limiter.issue(Direction::Read, 4096);
        }
        times
    }

    #[test]
    fn rates_hold_within_a_percent_over_ten_seconds() {
        for rate in [100_u64, 999, 20_000, 123_457] {
            let most = issues(Duration::from_secs(10), |spec| {
                spec.rate.iops = PerDirection::splat(Some(rate));
            });
            assert!(
                (most.len() as u64).abs_diff(10 * rate) <= rate / 10,
                "{rate} IOPS"
            );
            let bytes = issues(Duration::from_secs(10), |spec| {
                spec.rate.bandwidth = PerDirection::splat(Some(rate * 4096));
            });
            assert!(
                (bytes.len() as u64).abs_diff(10 * rate) <= rate / 10,
                "{rate} blocks"
            );
        }
    }

    /// Kolmogorov's and Smirnov's test against the exponential distribution, fixed seed.
    #[test]
    fn distances_of_a_poisson_process_are_exponential() {
        let rate = 100;
        let times = issues(MINUTES, |spec| {
            spec.rate.iops = PerDirection::splat(Some(rate));
            spec.rate.process = RateProcess::Poisson;
        });
        let mut distances: Vec<f64> = times
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) as f64 / 1e9 * rate as f64)
            .collect();
        let count = distances.len() as f64;
        // Its standard deviation is the root of 60,000.
        assert!((count - 60_000.0).abs() < 4.0 * 245.0, "{count} I/Os");
        distances.sort_by(f64::total_cmp);
        let largest = distances.iter().enumerate().map(|(index, distance)| {
            let expected = 1.0 - (-distance).exp();
            (index as f64 / count - expected).abs()
        });
        let largest = largest.fold(0.0, f64::max);
        // Exceeded by one in a thousand sequences.
        assert!(largest < 1.95 / count.sqrt(), "{largest}");
        // Neighbours have nothing to do with each other.
        let pairs = times.windows(3).map(|three| {
            let (left, right) = (three[1] - three[0], three[2] - three[1]);
            (left as f64 / 1e9 * rate as f64 - 1.0) * (right as f64 / 1e9 * rate as f64 - 1.0)
        });
        let covariance = pairs.sum::<f64>() / count;
        assert!(covariance.abs() < 4.0 / count.sqrt(), "{covariance}");
    }
}
