//! The line shown while a run goes on.
//!
//! ```text
//! Jobs: 2 (f=2): [_(1),M(1)][24.8%][r=20.5MiB/s,w=23.5MiB/s][r=82,w=94 IOPS][eta 01m:31s]
//! ```
//!
//! A [`Status`] comes from a run in this process or from a server; [`Status::merge`] adds up
//! those of several servers.

use std::fmt::{self, Display};
use std::time::Duration;

use super::units::{Prefix, ScaledNumber, Unit};
use crate::direction::{Direction, PerDirection};
use crate::job::Pattern;

/// What a job is doing, for its character in the status line (manual, "Interpreting the output").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobState {
    /// Set up, but not started: `P`.
    NotStarted,
    /// Created: `C`.
    Created,
    /// Initialized, waiting or generating data: `I`.
    Initialized,
    /// In the ramp time: `/`.
    Ramping,
    /// Doing I/O of this pattern: `R`, `W`, `M`, `D`, in lower case when random.
    Running(Pattern),
    /// Waiting for an `fsync`: `F`.
    Syncing,
    /// Verifying what it wrote: `V`.
    Verifying,
    /// Finishing: `f`.
    Finishing,
    /// Ended, not reaped yet: `E`.
    Exited,
    /// Reaped: `_`.
    Reaped,
    /// Reaped after an error: `X`.
    Failed,
    /// Reaped after a signal: `K`.
    Killed,
}

impl JobState {
    /// The character of this state.
    #[must_use]
    pub const fn character(self) -> char {
        match self {
            Self::NotStarted => 'P',
            Self::Created => 'C',
            Self::Initialized => 'I',
            Self::Ramping => '/',
            Self::Running(pattern) => Self::running_character(pattern),
            Self::Syncing => 'F',
            Self::Verifying => 'V',
            Self::Finishing => 'f',
            Self::Exited => 'E',
            Self::Reaped => '_',
            Self::Failed => 'X',
            Self::Killed => 'K',
        }
    }

    const fn running_character(pattern: Pattern) -> char {
        let sequential = match (pattern.read, pattern.write) {
            (true, true) => 'M',
            (true, false) => 'R',
            (false, true) => 'W',
            (false, false) => 'D',
        };
        if pattern.random {
            sequential.to_ascii_lowercase()
        } else {
            sequential
        }
    }
}

/// The characters of the jobs, in order, equal neighbours counted: `_(1),M(10)`.
#[must_use]
pub fn run_string(states: impl IntoIterator<Item = JobState>) -> String {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for character in states.into_iter().map(JobState::character) {
        match runs.last_mut() {
            Some((last, count)) if *last == character => *count += 1,
            _ => runs.push((character, 1)),
        }
    }
    let texts: Vec<_> = runs
        .iter()
        .map(|(character, count)| format!("{character}({count})"))
        .collect();
    texts.join(",")
}

/// Appends a run string to another, so that a thousand hosts in the same state are `r(1000)`.
fn append_runs(runs: &mut String, more: &str) {
    if runs.is_empty() || more.is_empty() {
        return runs.push_str(more);
    }
    let last = runs.rfind(',').map_or(0, |comma| comma + 1);
    let (first, rest) = more.split_once(',').unwrap_or((more, ""));
    match joined(&runs[last..], first) {
        Some(run) => {
            runs.truncate(last);
            runs.push_str(&run);
            if !rest.is_empty() {
                runs.push(',');
                runs.push_str(rest);
            }
        }
        None => {
            runs.push(',');
            runs.push_str(more);
        }
    }
}

/// Two runs of the same character as one.
fn joined(run: &str, next: &str) -> Option<String> {
    let (character, count) = counted(run)?;
    let (same, more) = counted(next)?;
    (character == same).then(|| format!("{character}({})", count.saturating_add(more)))
}

fn counted(run: &str) -> Option<(&str, u64)> {
    let (character, count) = run.strip_suffix(')')?.rsplit_once('(')?;
    Some((character, count.parse().ok()?))
}

/// Rates of one direction over the last interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    /// Bytes per second.
    pub bytes_per_second: u64,
    /// I/Os per second.
    pub ios_per_second: u64,
}

/// Least and intended rates of all running jobs together, direction by direction: `rate_min` and
/// `rate`, or the same in I/Os. 0 means not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimits {
    /// Bytes per second: least, intended.
    pub bytes_per_second: (PerDirection<u64>, PerDirection<u64>),
    /// I/Os per second: least, intended.
    pub ios_per_second: (PerDirection<u64>, PerDirection<u64>),
}

/// The state of a run at one moment: fio's `jobs_eta`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Jobs doing I/O.
    pub running: u32,
    /// Of these, jobs in their ramp time.
    pub ramping: u32,
    /// Jobs that have not started, without those that set up their files.
    pub pending: u32,
    /// Jobs whose files are being made ready.
    pub setting_up: u32,
    /// Jobs that have ended.
    pub done: u32,
    /// Open files.
    pub open_files: u32,
    /// What each job is doing, as [`run_string`] writes it.
    pub run_string: String,
    /// Rates over the last interval.
    pub rates: PerDirection<Rate>,
    /// What the jobs were told to keep to.
    pub limits: RateLimits,
    /// Time since the run began.
    pub elapsed: Duration,
    /// Time to the end of the run; `None` if unknown.
    pub eta: Option<Duration>,
    /// 1024 or 1000.
    pub kb_base: u32,
    /// 0, 8 (bytes) or 1 (bits).
    pub unit_base: u32,
    /// Digits of printed numbers.
    pub significant_figures: u32,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            running: 0,
            ramping: 0,
            pending: 0,
            setting_up: 0,
            done: 0,
            open_files: 0,
            run_string: String::new(),
            rates: PerDirection::default(),
            limits: RateLimits::default(),
            elapsed: Duration::ZERO,
            eta: None,
            kb_base: 1024,
            unit_base: 0,
            significant_figures: 4,
        }
    }
}

impl Status {
    /// The part of the run that is over, 0.0..=1.0; `None` if its end is unknown.
    #[must_use]
    pub fn completed(&self) -> Option<f64> {
        let total = self.elapsed + self.eta?;
        if total.is_zero() {
            return Some(0.0);
        }
        Some(self.elapsed.as_secs_f64() / total.as_secs_f64())
    }

    /// Adds the status of another host. Jobs, files and rates add up; time is that of the host
    /// that takes longest, and unknown if it is unknown for one.
    pub fn merge(&mut self, other: &Self) {
        self.running = self.running.saturating_add(other.running);
        self.ramping = self.ramping.saturating_add(other.ramping);
        self.pending = self.pending.saturating_add(other.pending);
        self.setting_up = self.setting_up.saturating_add(other.setting_up);
        self.done = self.done.saturating_add(other.done);
        self.open_files = self.open_files.saturating_add(other.open_files);
        append_runs(&mut self.run_string, &other.run_string);
        for (direction, rate) in other.rates.iter() {
            let mine = &mut self.rates[direction];
            mine.bytes_per_second = mine.bytes_per_second.saturating_add(rate.bytes_per_second);
            mine.ios_per_second = mine.ios_per_second.saturating_add(rate.ios_per_second);
        }
        self.limits = self.limits.plus(other.limits);
        self.elapsed = self.elapsed.max(other.elapsed);
        self.eta = self
            .eta
            .zip(other.eta)
            .map(|(mine, theirs)| mine.max(theirs));
    }

    fn bytes(&self, value: u64) -> ScaledNumber {
        ScaledNumber {
            value,
            digits: self.significant_figures,
            prefix: Prefix::of_base(self.kb_base),
            unit: Unit::of_rate(self.unit_base),
        }
    }

    fn ios(&self, value: u64) -> ScaledNumber {
        ScaledNumber {
            value,
            digits: self.significant_figures,
            prefix: Prefix::Decimal,
            unit: Unit::None,
        }
    }

    /// The line as fio has it: jobs and limits alone while no job runs or the time to the end is unknown.
    #[must_use]
    pub const fn as_fio(&self) -> AsFio<'_> {
        AsFio(self)
    }

    fn write_jobs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jobs: {} (f={})", self.running, self.open_files)?;
        self.write_limits(f)
    }

    fn write_limits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As fio does: over all directions.
        let bytes = in_all(self.limits.bytes_per_second);
        let ios = in_all(self.limits.ios_per_second);
        if bytes != (0, 0) {
            write!(f, ", {}-{}", self.bytes(bytes.0), self.bytes(bytes.1))
        } else if ios != (0, 0) {
            write!(f, ", {}-{} IOPS", self.ios(ios.0), self.ios(ios.1))
        } else {
            Ok(())
        }
    }

    fn write_rates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let active = || {
            self.rates
                .iter()
                .filter(|(_, rate)| **rate != Rate::default())
        };
        if active().next().is_none() {
            return Ok(());
        }
        f.write_str("[")?;
        write_list(
            f,
            active().map(|(of, rate)| (of, self.bytes(rate.bytes_per_second))),
        )?;
        f.write_str("][")?;
        write_list(
            f,
            active().map(|(of, rate)| (of, self.ios(rate.ios_per_second))),
        )?;
        f.write_str(" IOPS]")
    }
}

impl RateLimits {
    /// The limits of two sets of jobs together.
    pub(crate) fn plus(self, other: Self) -> Self {
        let sums = |a: PerDirection<u64>, b: PerDirection<u64>| {
            PerDirection(std::array::from_fn(|index| {
                a.0[index].saturating_add(b.0[index])
            }))
        };
        let (bytes, ios) = (self.bytes_per_second, self.ios_per_second);
        let (more_bytes, more_ios) = (other.bytes_per_second, other.ios_per_second);
        Self {
            bytes_per_second: (sums(bytes.0, more_bytes.0), sums(bytes.1, more_bytes.1)),
            ios_per_second: (sums(ios.0, more_ios.0), sums(ios.1, more_ios.1)),
        }
    }
}

/// The least and the intended rate of all directions together.
fn in_all(limits: (PerDirection<u64>, PerDirection<u64>)) -> (u64, u64) {
    let sum = |of: PerDirection<u64>| of.0.into_iter().fold(0, u64::saturating_add);
    (sum(limits.0), sum(limits.1))
}

/// The line, without a newline or carriage return.
impl Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_jobs(f)?;
        write!(f, ": [{}]", self.run_string)?;
        match self.completed() {
            Some(completed) => write!(f, "[{:.1}%]", completed * 100.0)?,
            None => f.write_str("[-.-%]")?,
        }
        self.write_rates(f)?;
        match self.eta {
            Some(eta) => write!(f, "[eta {}]", Remaining(eta)),
            None => f.write_str("[eta --]"),
        }
    }
}

/// A [`Status`] whose line is fio's: see [`Status::as_fio`].
#[derive(Debug, Clone, Copy)]
pub struct AsFio<'a>(&'a Status);

impl Display for AsFio<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.eta {
            Some(_) if self.0.running > 0 => Display::fmt(self.0, f),
            _ => self.0.write_jobs(f),
        }
    }
}

fn write_list(
    f: &mut fmt::Formatter<'_>,
    rates: impl Iterator<Item = (Direction, ScaledNumber)>,
) -> fmt::Result {
    for (index, (direction, rate)) in rates.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let letter = &direction.name()[..1];
        write!(f, "{comma}{letter}={rate}")?;
    }
    Ok(())
}

/// Remaining time: `00m:05s`, `03h:46m:37s`, `01d:03h:46m:37s`.
struct Remaining(Duration);

impl Display for Remaining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        if days > 0 {
            write!(f, "{days:02}d:")?;
        }
        if days > 0 || hours > 0 {
            write!(f, "{hours:02}h:")?;
        }
        write!(f, "{minutes:02}m:{:02}s", seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(mib: u64, ios_per_second: u64) -> Rate {
        Rate {
            bytes_per_second: mib << 20,
            ios_per_second,
        }
    }

    fn status() -> Status {
        let states = [JobState::Reaped, JobState::Running(Pattern::READ_WRITE)];
        Status {
            running: 1,
            open_files: 1,
            run_string: run_string(states),
            rates: PerDirection([rate(20, 82), rate(160, 94_000), Rate::default()]),
            elapsed: Duration::from_secs(30),
            eta: Some(Duration::from_secs(91)),
            ..Status::default()
        }
    }

    #[test]
    fn the_line_reads_as_in_the_manual() {
        assert_eq!(
            status().to_string(),
            "Jobs: 1 (f=1): [_(1),M(1)][24.8%][r=20.0MiB/s,w=160MiB/s][r=82,w=94.0k IOPS]\
             [eta 01m:31s]"
        );
    }

    #[test]
    fn what_is_unknown_is_shown_as_unknown() {
        let unknown = Status {
            eta: None,
            ..Status::default()
        };
        assert_eq!(unknown.to_string(), "Jobs: 0 (f=0): [][-.-%][eta --]");
    }

    /// As observed with fio 3.33: `Jobs: 1 (f=1), 0-1000 IOPS` at first, `Jobs: 0 (f=0)` between jobs.
    #[test]
    fn fio_tells_jobs_alone_until_it_knows_the_time() {
        assert_eq!(status().as_fio().to_string(), status().to_string());
        let mut unknown = Status {
            eta: None,
            ..status()
        };
        assert_eq!(unknown.as_fio().to_string(), "Jobs: 1 (f=1)");
        unknown.limits.ios_per_second.1.0[0] = 1000;
        assert_eq!(unknown.as_fio().to_string(), "Jobs: 1 (f=1), 0-1000 IOPS");
        let between = Status {
            running: 0,
            open_files: 0,
            ..status()
        };
        assert_eq!(between.as_fio().to_string(), "Jobs: 0 (f=0)");
    }

    #[test]
    fn limits_follow_the_files() {
        let mut limited = status();
        limited.limits.ios_per_second.1[Direction::Read] = 1;
        assert!(
            limited
                .to_string()
                .starts_with("Jobs: 1 (f=1), 0-1 IOPS: [")
        );
        limited.limits.bytes_per_second.1[Direction::Read] = 1 << 20;
        limited.limits.bytes_per_second.1[Direction::Write] = 3 << 20;
        assert!(
            limited
                .to_string()
                .starts_with("Jobs: 1 (f=1), 0B/s-4096KiB/s: [")
        );
    }

    #[test]
    fn equal_states_are_counted_and_order_is_kept() {
        let running = JobState::Running(Pattern::RANDOM_WRITE);
        let states = [running, running, JobState::NotStarted, running];
        assert_eq!(run_string(states), "w(2),P(1),w(1)");
        assert_eq!(run_string([]), "");
    }

    #[test]
    fn remaining_time_grows_fields_as_needed() {
        for (seconds, text) in [
            (5, "00m:05s"),
            (3_599, "59m:59s"),
            (13_597, "03h:46m:37s"),
            (99_997, "01d:03h:46m:37s"),
        ] {
            assert_eq!(Remaining(Duration::from_secs(seconds)).to_string(), text);
        }
    }

    #[test]
    fn hosts_add_up_and_the_slowest_decides() {
        let mut sum = status();
        let other = Status {
            eta: Some(Duration::from_secs(5)),
            ..status()
        };
        sum.merge(&other);
        assert_eq!(
            (sum.running, sum.open_files, sum.run_string.as_str()),
            (2, 2, "_(1),M(1),_(1),M(1)")
        );
        assert_eq!(sum.rates[Direction::Read], rate(40, 164));
        assert_eq!(sum.eta, Some(Duration::from_secs(91)));
        sum.merge(&Status::default());
        assert_eq!((sum.eta, sum.completed()), (None, None));
    }

    #[test]
    fn equal_neighbours_of_two_hosts_are_counted_together() {
        for (first, second, sum) in [
            ("r(1)", "r(1)", "r(2)"),
            ("P(1),r(9)", "r(1),_(2)", "P(1),r(10),_(2)"),
            ("r(1)", "w(1)", "r(1),w(1)"),
            ("", "r(1)", "r(1)"),
            ("r(1)", "", "r(1)"),
            ("r", "r", "r,r"),
        ] {
            let mut runs = first.to_owned();
            append_runs(&mut runs, second);
            assert_eq!(runs, sum, "{first} and {second}");
        }
    }
}
