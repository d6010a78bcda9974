//! Where the logs of a run go.

use super::budget::LogBudget;
use super::files::LogFiles;
use super::records::Completed;
use crate::job::JobSpec;

/// Where the logs of a run go, and the size of the pieces they go in.
#[derive(Debug)]
pub(crate) struct LogPlace {
    pub(super) budget: LogBudget,
    /// Files to write while the jobs run; otherwise the logs stay in memory.
    pub(super) files: Option<LogFiles>,
    /// I/Os in a piece for a log thread.
    pub(super) piece_entries: usize,
}

/// Large enough that handing a piece over costs nothing per I/O, small enough for a CPU's cache.
const LARGEST_PIECE: usize = 4096;
/// Below that, waking the log thread would cost more than recording.
const SMALLEST_PIECE: usize = 256;

impl LogPlace {
    /// For a run of these clones. The pieces of many clones are smaller, so that those which each list
    /// has from the beginning fit the budget.
    pub(crate) fn new<'a>(
        budget: &LogBudget,
        files: Option<&LogFiles>,
        clones: impl Iterator<Item = &'a JobSpec>,
    ) -> Self {
        let each_io = clones.filter(|spec| spec.logs.any() && spec.logs.interval.is_zero());
        let lists: u64 = each_io
            .map(|spec| 1 + u64::from(spec.logs.latency.is_some()))
            .sum();
        let bytes = budget.limit() / lists.max(1) / 2;
        let entries = bytes / size_of::<Completed>() as u64;
        let entries = usize::try_from(entries).unwrap_or(usize::MAX);
        Self {
            budget: budget.clone(),
            files: files.cloned(),
            piece_entries: entries.clamp(SMALLEST_PIECE, LARGEST_PIECE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_pieces_fit_the_budget() {
        let mut spec = JobSpec::new("logged");
        let budget = LogBudget::new(64 << 20);
        let entries = |spec: &JobSpec, clones| {
            LogPlace::new(&budget, None, std::iter::repeat_n(spec, clones)).piece_entries
        };
        assert_eq!(entries(&spec, 4096), LARGEST_PIECE);
        spec.logs.latency = Some(String::new());
        assert_eq!(entries(&spec, 1), LARGEST_PIECE);
        let of_many = entries(&spec, 1000);
        assert!((SMALLEST_PIECE..LARGEST_PIECE).contains(&of_many));
        assert!(of_many * size_of::<Completed>() * 4000 <= 64 << 20);
    }
}
