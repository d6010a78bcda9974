//! Full pieces of entries for the log thread, empty ones back.
//!
//! A list has two pieces from the beginning, which change places when one is full: recording an I/O
//! neither allocates nor locks. Where the log thread lags, pieces are added as far as the budget goes.
//! Beyond that the job waits for the log thread, which is counted: rows that are late are better than
//! rows that are lost, and better told than a memory that grows with the run.

use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use super::budget::{LogBudget, Share, bytes_of};
use super::model::{HistogramSample, LogKind, LogSample};
use super::records::{Completed, Submitted};

/// How long a job waits for one piece. A log thread that has written none for so long is taken for
/// stuck: its rows are lost from there on, and the job goes on.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How often and how long a job has waited until the log thread took its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LogWaits {
    pub(crate) count: u64,
    pub(crate) time: Duration,
}

impl LogWaits {
    pub(super) fn add(&mut self, other: Self) {
        self.count += other.count;
        self.time += other.time;
    }
}

/// Entries of one list on their way.
#[derive(Debug)]
pub(super) enum Batch {
    Completed(Piece<Completed>),
    Submitted(Piece<Submitted>),
    Samples(LogKind, Piece<LogSample>),
    Histograms(Piece<HistogramSample>),
}

/// What goes through an exchange.
pub(super) trait Entry: Sized {
    fn batch(kind: LogKind, piece: Piece<Self>) -> Batch;
}

/// Entries that return as an empty piece when they are dropped.
#[derive(Debug)]
pub(super) struct Piece<T> {
    pub(super) entries: Vec<T>,
    home: Sender<Vec<T>>,
}

impl<T> Drop for Piece<T> {
    fn drop(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.clear();
        // A job that has ended needs no more pieces.
        let _ = self.home.send(entries);
    }
}

/// A list's way to the log thread.
#[derive(Debug)]
pub(super) struct Exchange<T> {
    kind: LogKind,
    thread: Sender<Batch>,
    home: Sender<Vec<T>>,
    returned: Receiver<Vec<T>>,
    /// Entries of a piece.
    entries: usize,
    /// How many pieces may still be added.
    more: usize,
    share: Share,
    waits: LogWaits,
    longest_wait: Duration,
    /// Entries that were not taken.
    lost: u64,
}

impl<T: Entry> Exchange<T> {
    pub(super) fn new(
        kind: LogKind,
        entries: usize,
        thread: Sender<Batch>,
        budget: &LogBudget,
    ) -> Self {
        let (home, returned) = mpsc::channel();
        Self {
            kind,
            thread,
            home,
            returned,
            entries,
            more: usize::MAX,
            share: Share::of(budget),
            waits: LogWaits::default(),
            longest_wait: LONGEST_WAIT,
            lost: 0,
        }
    }

    /// Adds no more than `more` pieces, where the budget is for something else.
    pub(super) const fn growing_by(mut self, more: usize) -> Self {
        self.more = more;
        self
    }

    /// The two pieces there are from the beginning, one of them put aside.
    pub(super) fn first(&mut self, make: impl Fn(usize) -> Vec<T>) -> Vec<T> {
        // Also where the budget has them not: without a piece nothing could be logged.
        self.share.take(bytes_of::<T>(2 * self.entries));
        // The receiver is here, too.
        let _ = self.home.send(make(self.entries));
        make(self.entries)
    }

    /// Sends a full piece and returns an empty one, or none if the log thread is stuck.
    pub(super) fn exchange(&mut self, full: Vec<T>) -> Option<Vec<T>> {
        if self.lost > 0 {
            return None;
        }
        self.send(full);
        self.returned
            .try_recv()
            .ok()
            .or_else(|| self.another())
            .or_else(|| self.wait())
    }

    /// Sends entries before their piece is full, if an empty one is at hand.
    pub(super) fn pass_on(&self, piece: &mut Vec<T>) {
        if !piece.is_empty()
            && let Ok(empty) = self.returned.try_recv()
        {
            self.send(std::mem::replace(piece, empty));
        }
    }

    pub(super) fn send(&self, entries: Vec<T>) {
        let piece = Piece {
            entries,
            home: self.home.clone(),
        };
        // The thread takes all there is before it ends.
        let _ = self.thread.send(T::batch(self.kind, piece));
    }

    #[cfg(test)]
    pub(super) const fn wait_at_most(&mut self, time: Duration) {
        self.longest_wait = time;
    }

    pub(super) const fn lose(&mut self, entries: u64) {
        self.lost += entries;
    }

    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    pub(super) const fn waits(&self) -> LogWaits {
        self.waits
    }

    fn another(&mut self) -> Option<Vec<T>> {
        let free = self.more > 0 && self.share.take(bytes_of::<T>(self.entries));
        self.more -= usize::from(free);
        free.then(|| Vec::with_capacity(self.entries))
    }

    #[cold]
    fn wait(&mut self) -> Option<Vec<T>> {
        let began = Instant::now();
        let piece = self.returned.recv_timeout(self.longest_wait).ok();
        self.waits.add(LogWaits {
            count: 1,
            time: began.elapsed(),
        });
        piece
    }
}

impl Entry for Completed {
    fn batch(_: LogKind, piece: Piece<Self>) -> Batch {
        Batch::Completed(piece)
    }
}

impl Entry for Submitted {
    fn batch(_: LogKind, piece: Piece<Self>) -> Batch {
        Batch::Submitted(piece)
    }
}

impl Entry for LogSample {
    fn batch(kind: LogKind, piece: Piece<Self>) -> Batch {
        Batch::Samples(kind, piece)
    }
}

impl Entry for HistogramSample {
    fn batch(_: LogKind, piece: Piece<Self>) -> Batch {
        Batch::Histograms(piece)
    }
}
