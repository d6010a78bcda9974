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
    /// What stays in memory is packed, whatever the jobs say of that.
    pub(super) packs: bool,
    /// I/Os in a piece for a log thread.
    pub(super) piece_entries: usize,
    /// Pieces that a list which is packed may have beside its first two, before its job waits for the log
    /// thread.
    pub(super) more_to_pack: usize,
}

/// Large enough that handing a piece over costs nothing per I/O, small enough for a CPU's cache.
const LARGEST_PIECE: usize = 4096;
/// Below that, waking the log thread would cost more than recording.
const SMALLEST_PIECE: usize = 256;
/// A list that is packed may have at least so many pieces beside its first two.
const LEAST_MORE: usize = 8;

impl LogPlace {
    /// For a run of these clones. The pieces of many clones are smaller, so that those which each list
    /// has from the beginning fit the budget.
    pub(crate) fn new<'a>(
        budget: &LogBudget,
        files: Option<&LogFiles>,
        packs: bool,
        clones: impl Iterator<Item = &'a JobSpec>,
    ) -> Self {
        let each_io = clones.filter(|spec| spec.logs.any() && spec.logs.interval.is_zero());
        let lists: u64 = each_io
            .map(|spec| 1 + u64::from(spec.logs.latency.is_some()))
            .sum();
        // Pieces for files may have all of it; those to be packed a quarter, as memory is for what is.
        let (share, pieces) = match files {
            Some(_) => (1, 2),
            None => (4, 2 + LEAST_MORE),
        };
        let entries = budget.limit() / lists.max(1) / share / size_of::<Completed>() as u64;
        let entries = usize::try_from(entries).unwrap_or(usize::MAX);
        let piece_entries = (entries / pieces).clamp(SMALLEST_PIECE, LARGEST_PIECE);
        Self {
            budget: budget.clone(),
            files: files.cloned(),
            packs,
            piece_entries,
            more_to_pack: (entries / piece_entries).saturating_sub(2).max(LEAST_MORE),
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
            LogPlace::new(&budget, None, false, std::iter::repeat_n(spec, clones)).piece_entries
        };
        assert_eq!(entries(&spec, 4096), LARGEST_PIECE);
        spec.logs.latency = Some(String::new());
        assert_eq!(entries(&spec, 1), LARGEST_PIECE);
        let of_many = entries(&spec, 1000);
        assert!((SMALLEST_PIECE..LARGEST_PIECE).contains(&of_many));
        assert!(of_many * size_of::<Completed>() * 4000 <= 64 << 20);
    }

    #[test]
    fn pieces_to_be_packed_take_a_quarter() {
        let spec = JobSpec::new("logged");
        let place = |bytes| {
            let budget = LogBudget::new(bytes);
            LogPlace::new(&budget, None, true, std::iter::once(&spec))
        };
        for bytes in [1 << 20, 256 << 20] {
            let place = place(bytes);
            let pieces = 2 + place.more_to_pack;
            let taken = (pieces * place.piece_entries * size_of::<Completed>()) as u64;
            assert!(taken * 4 <= bytes && taken * 5 >= bytes, "{place:?}");
        }
        assert_eq!(place(0).more_to_pack, LEAST_MORE);
    }
}
