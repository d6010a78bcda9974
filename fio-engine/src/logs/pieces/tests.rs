use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::super::exchange::Batch;
use super::super::model::LogKind;
use super::super::records::Completed;
use super::*;

fn record(number: u64) -> Completed {
    Completed {
        completed: number,
        ..Completed::default()
    }
}

fn numbers<'a>(entries: impl IntoIterator<Item = &'a Completed>) -> Vec<u64> {
    entries.into_iter().map(|entry| entry.completed).collect()
}

fn kept(pieces: Pieces<Completed>) -> Stock<Completed> {
    match pieces.finish() {
        Ended::Kept(stock) => stock,
        Ended::Handed { .. } => panic!("the list keeps its entries"),
    }
}

#[test]
fn entries_stay_in_order_over_pieces() {
    let budget = LogBudget::default();
    let mut pieces = Pieces::kept_with_room(10, &budget);
    let count = 40_000;
    (0..count).for_each(|number| pieces.push(record(number)));
    let stock = kept(pieces);
    assert!(stock.values().map(|entry| entry.completed).eq(0..count));
    assert_eq!((stock.len() as u64, stock.lost()), (count, 0));
}

#[test]
fn what_finds_no_room_is_counted_and_room_comes_back() {
    let piece = 16 * 1024;
    let size = size_of::<Completed>() as u64;
    let budget = LogBudget::new(size * (10 + piece));
    let mut pieces = Pieces::kept_with_room(10, &budget);
    (0..piece + 15).for_each(|number| pieces.push(record(number)));
    assert_eq!(budget.left(), 0);
    pieces.push_with(record(0), 1);
    let stock = kept(pieces);
    assert_eq!((stock.len() as u64, stock.lost()), (piece + 10, 6));
    drop(stock);
    assert_eq!(budget.left(), budget.limit());
}

/// A list of pieces of four entries, with room for `more` pieces, and the log thread's side of it.
fn handed(more: u64) -> (Pieces<Completed>, mpsc::Receiver<Batch>) {
    let (thread, batches) = mpsc::channel();
    let piece = 4 * size_of::<Completed>() as u64;
    let budget = LogBudget::new((2 + more) * piece);
    let exchange = Exchange::new(LogKind::Iops, 4, thread, &budget);
    (Pieces::handed_with_room(exchange), batches)
}

fn entries(batch: &Batch) -> &[Completed] {
    match batch {
        Batch::Completed(piece) => &piece.entries,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pieces_are_added_while_the_budget_lasts() {
    let (mut pieces, batches) = handed(3);
    (0..20).for_each(|number| pieces.push(record(number)));
    let sent: Vec<Batch> = batches.try_iter().collect();
    assert_eq!(sent.len(), 4, "the fifth is being filled");
    assert!(matches!(
        pieces.finish(),
        Ended::Handed { lost: 0, waits } if waits == LogWaits::default()
    ));
    let all = sent.iter().flat_map(entries).chain([]);
    assert_eq!(numbers(all), (0..16).collect::<Vec<_>>());
    let last = batches.recv().unwrap();
    assert_eq!(numbers(entries(&last)), [16, 17, 18, 19]);
}

#[test]
fn a_job_waits_for_a_slow_log_thread_and_loses_nothing() {
    let (mut pieces, batches) = handed(0);
    let thread = thread::spawn(move || {
        let mut seen = Vec::new();
        for batch in batches {
            thread::sleep(Duration::from_millis(2));
            seen.extend(numbers(entries(&batch)));
        }
        seen
    });
    (0..400).for_each(|number| pieces.push(record(number)));
    let Ended::Handed { lost, waits } = pieces.finish() else {
        panic!("the list hands its entries over");
    };
    assert_eq!(lost, 0);
    assert!(waits.count > 10 && waits.time > Duration::from_millis(10));
    assert_eq!(thread.join().unwrap(), (0..400).collect::<Vec<_>>());
}

#[test]
fn a_stuck_log_thread_costs_rows_and_not_the_job() {
    let (mut pieces, batches) = handed(1);
    let Outlet::Handed(exchange) = &mut pieces.outlet else {
        panic!("the list hands its entries over");
    };
    exchange.wait_at_most(Duration::from_millis(1));
    (0..20).for_each(|number| pieces.push(record(number)));
    assert!(matches!(pieces.finish(), Ended::Handed { lost: 8, waits } if waits.count == 1));
    assert_eq!(batches.try_iter().count(), 3);
}

#[test]
fn entries_can_go_early_when_a_piece_is_at_hand() {
    let (mut pieces, batches) = handed(0);
    pieces.pass_on();
    assert!(batches.try_recv().is_err(), "there was nothing");
    pieces.push(record(1));
    pieces.pass_on();
    let first = batches.try_recv().unwrap();
    assert_eq!(numbers(entries(&first)), [1]);
    pieces.push(record(2));
    pieces.pass_on();
    assert!(batches.try_recv().is_err(), "no piece was at hand");
    drop(first);
    pieces.pass_on();
    assert_eq!(numbers(entries(&batches.try_recv().unwrap())), [2]);
}
