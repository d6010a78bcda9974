//! The list a job's thread appends entries to, a piece at a time.

use super::budget::LogBudget;
use super::exchange::{Entry, Exchange, LogWaits};
use super::stock::Stock;

/// A list of entries: the piece that is being filled, and what becomes of full ones.
#[derive(Debug)]
pub(super) struct Pieces<T> {
    current: Vec<T>,
    outlet: Outlet<T>,
}

/// What becomes of full pieces.
#[derive(Debug)]
enum Outlet<T> {
    /// They stay here.
    Kept(Stock<T>),
    /// The log thread takes them.
    Handed(Exchange<T>),
}

impl<T: Entry> Pieces<T> {
    /// A list that keeps its entries, without room.
    pub(super) fn kept(budget: &LogBudget) -> Self {
        Self {
            current: Vec::new(),
            outlet: Outlet::Kept(Stock::new(budget)),
        }
    }

    /// A list whose entries go to the log thread.
    pub(super) fn handed(mut exchange: Exchange<T>) -> Self {
        Self {
            current: exchange.first(Vec::with_capacity),
            outlet: Outlet::Handed(exchange),
        }
    }

    /// Appends an entry, or counts it as lost.
    #[inline]
    pub(super) fn push(&mut self, entry: T) {
        if self.current.len() < self.current.capacity() {
            self.current.push(entry);
        } else {
            self.push_to_new_piece(entry);
        }
    }

    /// Appends an entry that holds this many bytes elsewhere. Lists of the log thread have so few of
    /// these in a piece that it is enough to count them there.
    pub(super) fn push_with(&mut self, entry: T, bytes_elsewhere: u64) {
        let is_free = match &mut self.outlet {
            Outlet::Kept(stock) => stock.make_room(bytes_elsewhere),
            Outlet::Handed(_) => true,
        };
        if is_free {
            self.push(entry);
        }
    }

    #[cold]
    #[inline(never)]
    fn push_to_new_piece(&mut self, entry: T) {
        let full = std::mem::take(&mut self.current);
        let next = match &mut self.outlet {
            Outlet::Kept(stock) => stock.exchange(full),
            Outlet::Handed(exchange) => exchange.exchange(full),
        };
        match (next, &mut self.outlet) {
            (Some(piece), _) => {
                self.current = piece;
                self.current.push(entry);
            }
            (None, Outlet::Kept(stock)) => stock.lose(1),
            (None, Outlet::Handed(exchange)) => exchange.lose(1),
        }
    }

    /// Lets the log thread have what there is, if it takes entries early.
    pub(super) fn pass_on(&mut self) {
        if let Outlet::Handed(exchange) = &self.outlet {
            exchange.pass_on(&mut self.current);
        }
    }

    /// The end of the list: its entries if it kept them, what was lost and waited for if not.
    pub(super) fn finish(self) -> Ended<T> {
        match self.outlet {
            Outlet::Kept(mut stock) => {
                stock.keep(self.current);
                Ended::Kept(stock)
            }
            Outlet::Handed(exchange) => {
                let (lost, waits) = (exchange.lost(), exchange.waits());
                if lost == 0 && !self.current.is_empty() {
                    exchange.send(self.current);
                }
                Ended::Handed { lost, waits }
            }
        }
    }
}

/// With memory that is there already, not only promised.
impl<T: Entry + Copy + Default> Pieces<T> {
    /// A list that keeps its entries and has room for so many.
    pub(super) fn kept_with_room(entries: usize, budget: &LogBudget) -> Self {
        let mut stock = Stock::new(budget);
        let promised = stock.piece(entries);
        Self {
            current: promised.map_or_else(Vec::new, |_| touched(entries)),
            outlet: Outlet::Kept(stock),
        }
    }

    /// A list whose entries go to the log thread.
    pub(super) fn handed_with_room(mut exchange: Exchange<T>) -> Self {
        Self {
            current: exchange.first(touched),
            outlet: Outlet::Handed(exchange),
        }
    }
}

fn touched<T: Copy + Default>(entries: usize) -> Vec<T> {
    let mut piece = vec![T::default(); entries];
    piece.clear();
    piece
}

/// See [`Pieces::finish`].
#[derive(Debug)]
pub(super) enum Ended<T> {
    Kept(Stock<T>),
    Handed { lost: u64, waits: LogWaits },
}

#[cfg(test)]
mod tests;
