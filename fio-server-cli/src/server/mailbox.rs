//! What a run has to tell its client, between the run's threads and the connection.
//!
//! The run must never wait for the client, and the client must never cost unbounded memory. So
//! lines are kept up to a number of bytes, beyond which they are counted instead. The results wait
//! at the end. Only jobs that have ended wait: their logs are made ready to be sent, which takes more
//! memory than keeping them, when those before have left.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;

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
    /// Entries of logs are lost; for the server's own log.
    LogsLost(String),
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
    /// Notified when there may be room for a log.
    room: Condvar,
    max_text_bytes: usize,
}

/// Bytes of logs that wait to be sent; while there are so many, none is added.
const WAITING_LOG_BYTES: usize = 16 << 20;

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Line>,
    text_bytes: usize,
    dropped_lines: u64,
    interim: Option<Box<Report>>,
    end: Option<Option<Box<Report>>>,
    ended: bool,
    /// Bytes of the logs among the lines.
    log_bytes: usize,
    /// Logs that are being made ready.
    logs_in_making: usize,
    /// Nobody takes anything any more.
    abandoned: bool,
}

#[derive(Debug)]
enum Line {
    Text(Level, String),
    JobsStarted(u32),
    Log(Vec<u8>),
    LogsLost(String),
}

/// Room for a log, while it is made ready.
#[derive(Debug)]
pub(super) struct LogRoom<'m>(&'m Mailbox);

impl LogRoom<'_> {
    /// Puts the payload of the log.
    pub(super) fn put(self, payload: Vec<u8>) {
        let mut state = self.0.lock();
        state.log_bytes += payload.len();
        state.lines.push_back(Line::Log(payload));
        drop(state);
        self.0.filled.notify_one();
    }
}

impl Drop for LogRoom<'_> {
    fn drop(&mut self) {
        self.0.lock().logs_in_making -= 1;
        self.0.room.notify_all();
    }
}

impl Mailbox {
    pub(super) fn new(max_text_bytes: usize) -> Self {
        Self {
            state: Mutex::default(),
            filled: Notify::new(),
            room: Condvar::new(),
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

    /// Waits until a log may be made ready: one for each CPU at the same time, and none while many bytes
    /// of those before wait for the client. `None` when nobody wants it any more.
    pub(super) fn room_for_log(&self) -> Option<LogRoom<'_>> {
        let most = available_parallelism().map_or(1, usize::from);
        let full = |state: &mut State| {
            let is_full = state.logs_in_making >= most || state.log_bytes >= WAITING_LOG_BYTES;
            is_full && !state.abandoned
        };
        let waited = self.room.wait_while(self.lock(), full);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.abandoned {
            return None;
        }
        state.logs_in_making += 1;
        Some(LogRoom(self))
    }

    /// Entries of logs are lost, as the server's own log is to tell.
    pub(super) fn put_logs_lost(&self, warning: String) {
        self.lock().lines.push_back(Line::LogsLost(warning));
        self.filled.notify_one();
    }

    /// Nobody takes anything any more.
    pub(super) fn abandon(&self) {
        self.lock().abandoned = true;
        self.room.notify_all();
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().abandoned
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
            Some(Line::Log(payload)) => {
                state.log_bytes -= payload.len();
                self.room.notify_all();
                return Some(RunOutput::Log(payload));
            }
            Some(Line::LogsLost(warning)) => return Some(RunOutput::LogsLost(warning)),
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
    use std::time::Duration;

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

    #[test]
    fn logs_are_made_when_those_before_have_left() {
        let mailbox = Mailbox::new(100);
        mailbox
            .room_for_log()
            .unwrap()
            .put(vec![0; WAITING_LOG_BYTES]);
        std::thread::scope(|scope| {
            let job = scope.spawn(|| mailbox.room_for_log().map(|room| room.put(vec![1])));
            // Long enough for one that does not wait.
            std::thread::sleep(Duration::from_millis(50));
            assert!(!job.is_finished());
            assert!(matches!(mailbox.take(), Some(RunOutput::Log(log)) if log[0] == 0));
            assert!(job.join().unwrap().is_some());
        });
        assert!(matches!(mailbox.take(), Some(RunOutput::Log(log)) if log == [1]));
        // One that does not come to be makes room again.
        let all = available_parallelism().map_or(1, usize::from);
        for _ in 0..=all {
            drop(mailbox.room_for_log().unwrap());
        }
    }

    #[test]
    fn nobody_waits_for_a_client_that_has_left() {
        let mailbox = Mailbox::new(100);
        mailbox
            .room_for_log()
            .unwrap()
            .put(vec![0; WAITING_LOG_BYTES]);
        std::thread::scope(|scope| {
            let job = scope.spawn(|| mailbox.room_for_log().is_none());
            mailbox.abandon();
            assert!(job.join().unwrap());
        });
    }
}
