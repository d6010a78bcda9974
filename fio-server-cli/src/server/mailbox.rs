//! What a run has to tell its client, between the run's threads and the connection.
//!
//! The run must never wait for the client, and the client must never cost unbounded memory. So
//! lines are kept up to a number of bytes, beyond which they are counted instead. The results wait
//! at the end.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fio_engine::report::Report;
use fio_engine::run::Level;
use tokio::sync::Notify;

/// One thing a run has to tell.
#[derive(Debug)]
pub(super) enum RunOutput {
    /// A line for the user, with its newline.
    Text(Level, String),
    /// A thread of a job has begun.
    JobStarted,
    /// A log of a job: the payload of IOLOG.
    Log(Vec<u8>),
    /// What the run has measured up to now.
    Interim(Box<Report>),
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
    interim: Option<Box<Report>>,
    end: Option<Option<Box<Report>>>,
    ended: bool,
}

#[derive(Debug)]
enum Line {
    Text(Level, String),
    JobsStarted(u32),
    Log(Vec<u8>),
}

impl Mailbox {
    pub(super) fn new(max_text_bytes: usize) -> Self {
        Self {
            state: Mutex::default(),
            filled: Notify::new(),
            max_text_bytes,
        }
    }

    /// Puts text, line by line: clients put the host before each message, not each line.
    pub(super) fn put_text(&self, level: Level, text: &str) {
        let mut state = self.lock();
        for line in text.split_inclusive('\n') {
            if state.text_bytes.saturating_add(line.len()) > self.max_text_bytes {
                state.dropped_lines += 1;
                continue;
            }
            state.text_bytes += line.len();
            state.lines.push_back(Line::Text(level, line.to_owned()));
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Puts text about a failure.
    pub(super) fn put_error(&self, text: &str) {
        self.put_text(Level::Error, text);
    }

    /// A thread of a job has begun.
    pub(super) fn put_job_started(&self) {
        let mut state = self.lock();
        match state.lines.back_mut() {
            Some(Line::JobsStarted(count)) => *count += 1,
            _ => state.lines.push_back(Line::JobsStarted(1)),
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Puts the payload of a log. What logs may take is bounded where they are made.
    pub(super) fn put_log(&self, payload: Vec<u8>) {
        self.lock().lines.push_back(Line::Log(payload));
        self.filled.notify_one();
    }

    /// Puts what was measured up to now. One that was not taken yet is replaced, so that a client that
    /// is slow to read costs no more than one.
    pub(super) fn put_interim(&self, report: Box<Report>) {
        self.lock().interim = Some(report);
        self.filled.notify_one();
    }

    /// Ends the run. Later calls have no effect.
    pub(super) fn put_end(&self, report: Option<Box<Report>>) {
        let mut state = self.lock();
        if !state.ended {
            state.ended = true;
            state.end = Some(report);
        }
        drop(state);
        self.filled.notify_one();
    }

    /// The next thing to tell, if there is one.
    pub(super) fn take(&self) -> Option<RunOutput> {
        let mut state = self.lock();
        match state.lines.pop_front() {
            Some(Line::Text(level, text)) => {
                state.text_bytes -= text.len();
                return Some(RunOutput::Text(level, text));
            }
            Some(Line::JobsStarted(count)) => {
                if count > 1 {
                    state.lines.push_front(Line::JobsStarted(count - 1));
                }
                return Some(RunOutput::JobStarted);
            }
            Some(Line::Log(payload)) => return Some(RunOutput::Log(payload)),
            None => {}
        }
        if state.dropped_lines > 0 {
            let count = std::mem::take(&mut state.dropped_lines);
            let text = format!("fio: {count} lines dropped because they were not read in time\n");
            return Some(RunOutput::Text(Level::Error, text));
        }
        if let Some(report) = state.interim.take() {
            return Some(RunOutput::Interim(report));
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
                RunOutput::Text(_, text) => text,
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn things_come_out_in_order_and_the_end_last() {
        let mailbox = Mailbox::new(100);
        mailbox.put_text(Level::Info, "a\n...\n");
        mailbox.put_job_started();
        mailbox.put_job_started();
        mailbox.put_text(Level::Info, "b\n");
        mailbox.put_end(None);
        mailbox.put_error("late\n");
        assert_eq!(
            texts(&mailbox),
            [
                "a\n",
                "...\n",
                "JobStarted",
                "JobStarted",
                "b\n",
                "late\n",
                "Ended(None)"
            ]
        );
    }

    #[test]
    fn lines_beyond_the_limit_are_counted() {
        let mailbox = Mailbox::new(4);
        for _ in 0..5 {
            mailbox.put_text(Level::Info, "a\n");
        }
        let told = texts(&mailbox);
        assert_eq!(told[..2], ["a\n", "a\n"]);
        assert!(told[2].contains("3 lines dropped"), "{told:?}");
        mailbox.put_text(Level::Info, "b\n");
        assert_eq!(texts(&mailbox), ["b\n"]);
    }
}
