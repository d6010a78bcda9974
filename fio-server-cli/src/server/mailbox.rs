//! What a run has to tell its client, between the run's threads and the connection.
//!
//! The run must never wait for the client, and the client must never cost unbounded memory. So
//! lines are kept up to a number of bytes, beyond which they are counted instead; of the status
//! only the newest is kept; the results wait at the end.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fio_engine::report::Report;
use fio_engine::report::status::Status;
use tokio::sync::Notify;

/// One thing a run has to tell.
#[derive(Debug)]
pub(super) enum RunOutput {
    /// A line for the user, with its newline.
    Text(String),
    /// The jobs were understood and begin.
    Started,
    /// How far the jobs are.
    Status(Status),
    /// The run is over: what it measured, or `None` if it never began.
    Ended(Option<Box<Report>>),
}

/// See the module's text. The run's side puts, the connection takes.
#[derive(Debug)]
pub(super) struct Mailbox {
    state: Mutex<State>,
    filled: Notify,
    max_text_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Line>,
    text_bytes: usize,
    dropped_lines: u64,
    status: Option<Status>,
    end: Option<Option<Box<Report>>>,
    ended: bool,
}

#[derive(Debug)]
enum Line {
    Text(String),
    Started,
}

impl Mailbox {
    pub(super) fn new(max_text_bytes: usize) -> Self {
        Self {
            state: Mutex::default(),
            filled: Notify::new(),
            max_text_bytes,
        }
    }

    /// Puts text, line by line: a client of 2011 puts the host before each message, not each line.
    pub(super) fn put_text(&self, text: &str) {
        let mut state = self.lock();
        for line in text.split_inclusive('\n') {
            if state.text_bytes.saturating_add(line.len()) > self.max_text_bytes {
                state.dropped_lines += 1;
                continue;
            }
            state.text_bytes += line.len();
            state.lines.push_back(Line::Text(line.to_owned()));
        }
        drop(state);
        self.filled.notify_one();
    }

    pub(super) fn put_started(&self) {
        self.lock().lines.push_back(Line::Started);
        self.filled.notify_one();
    }

    /// Replaces a status nobody has taken yet.
    pub(super) fn put_status(&self, status: Status) {
        self.lock().status = Some(status);
        self.filled.notify_one();
    }

    /// Ends the run. Later calls have no effect.
    pub(super) fn put_end(&self, report: Option<Box<Report>>) {
        let mut state = self.lock();
        if !state.ended {
            state.ended = true;
            // A status is news only while there are no results.
            state.status = None;
            state.end = Some(report);
        }
        drop(state);
        self.filled.notify_one();
    }

    /// The next thing to tell, if there is one.
    pub(super) fn take(&self) -> Option<RunOutput> {
        let mut state = self.lock();
        if let Some(line) = state.lines.pop_front() {
            return Some(match line {
                Line::Started => RunOutput::Started,
                Line::Text(text) => {
                    state.text_bytes -= text.len();
                    RunOutput::Text(text)
                }
            });
        }
        if state.dropped_lines > 0 {
            let count = std::mem::take(&mut state.dropped_lines);
            return Some(RunOutput::Text(format!(
                "fio: {count} lines dropped because they were not read in time\n"
            )));
        }
        if let Some(status) = state.status.take() {
            return Some(RunOutput::Status(status));
        }
        state.end.take().map(RunOutput::Ended)
    }

    /// Waits until something was put since the last wait. Safe to cancel.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every update is complete before it can panic, so a poisoned state is still sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(mailbox: &Mailbox) -> Vec<String> {
        std::iter::from_fn(|| mailbox.take())
            .map(|output| match output {
                RunOutput::Text(text) => text,
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn things_come_out_in_order_and_the_end_last() {
        let mailbox = Mailbox::new(100);
        mailbox.put_text("a\n...\n");
        mailbox.put_started();
        mailbox.put_text("b\n");
        mailbox.put_end(None);
        mailbox.put_text("late\n");
        assert_eq!(
            texts(&mailbox),
            ["a\n", "...\n", "Started", "b\n", "late\n", "Ended(None)"]
        );
    }

    #[test]
    fn lines_beyond_the_limit_are_counted() {
        let mailbox = Mailbox::new(4);
        for _ in 0..5 {
            mailbox.put_text("a\n");
        }
        let told = texts(&mailbox);
        assert_eq!(told[..2], ["a\n", "a\n"]);
        assert!(told[2].contains("3 lines dropped"), "{told:?}");
        mailbox.put_text("b\n");
        assert_eq!(texts(&mailbox), ["b\n"]);
    }
}
