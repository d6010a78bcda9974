//! One run of a peer's jobs, from their text to their results, in a thread of its own.
//!
//! Parsing a large job file, laying out files and joining job threads all take time; none of it
//! may hold up the thread that serves the clients.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use fio_engine::run::{Run, RunEvent, RunOptions};

use super::job_request::JobRequest;
use super::mailbox::Mailbox;
use super::policy::Policy;

/// What the runs of a server have in common.
#[derive(Clone)]
pub(super) struct RunnerContext {
    pub(super) policy: Arc<Policy>,
    pub(super) run_options: RunOptions,
}

impl fmt::Debug for RunnerContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut context = formatter.debug_struct("RunnerContext");
        context
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// A run in progress. Dropping it stops the run without waiting for it.
#[derive(Debug)]
pub(super) struct RunHandle {
    mailbox: Arc<Mailbox>,
    signals: Sender<Signal>,
}

#[derive(Debug)]
enum Signal {
    Stop,
    Finished,
}

impl RunHandle {
    /// Parses and runs the jobs in a thread of their own.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn start(request: JobRequest, context: RunnerContext) -> std::io::Result<Self> {
        let limits = context.policy.limits();
        let mailbox = Arc::new(Mailbox::new(limits.pending_text_bytes));
        let (signals, received) = mpsc::channel();
        let supervisor = Supervisor {
            context,
            out: EndGuard(mailbox.clone()),
            signals: signals.clone(),
            received,
        };
        std::thread::Builder::new()
            .name("fio-run".to_owned())
            .spawn(move || supervisor.run(&request))?;
        Ok(Self { mailbox, signals })
    }

    /// Asks the jobs to end; what they measured still comes.
    pub(super) fn stop(&self) {
        // Without a receiver the run is over.
        let _ = self.signals.send(Signal::Stop);
    }

    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }
}

impl Drop for RunHandle {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Ends the run in the mailbox even if its thread panics, so that no client waits for ever.
struct EndGuard(Arc<Mailbox>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.put_text("fio: the run failed inside the server\n");
        }
        self.0.put_end(None);
    }
}

struct Supervisor {
    context: RunnerContext,
    out: EndGuard,
    signals: Sender<Signal>,
    received: Receiver<Signal>,
}

impl Supervisor {
    fn run(self, request: &JobRequest) {
        let parsed = match request.parse(self.context.policy.limits()) {
            Ok(parsed) => parsed,
            Err(error) => return self.refuse(&error),
        };
        if let Some(notice) = request.notices() {
            self.out.0.put_text(&format!("fio: {notice}\n"));
        }
        for notice in &parsed.notices {
            self.out.0.put_text(&format!("fio: {notice}\n"));
        }
        if parsed.jobs.is_empty() {
            return self.out.0.put_started();
        }
        let _slots = match self.context.policy.admit(&parsed.jobs) {
            Ok(slots) => slots,
            Err(refusal) => return self.refuse(&refusal),
        };
        let mut options = self.context.run_options.clone();
        options.global_options = parsed.global_options;
        options.observer = Some(self.observer());
        match Run::start(parsed.jobs, options) {
            Ok(run) => self.follow(run),
            Err(error) => self.refuse(&error),
        }
    }

    fn refuse(&self, error: &dyn fmt::Display) {
        for line in error.to_string().lines() {
            self.out.0.put_text(&format!("fio: {line}\n"));
        }
    }

    fn observer(&self) -> Arc<dyn Fn(RunEvent) + Send + Sync> {
        let mailbox = self.out.0.clone();
        let signals = self.signals.clone();
        Arc::new(move |event| match event {
            RunEvent::Text { text, .. } => mailbox.put_text(&text),
            RunEvent::Accepted => mailbox.put_started(),
            RunEvent::Finished => {
                let _ = signals.send(Signal::Finished);
            }
            _ => {}
        })
    }

    /// Publishes the status until the run is over, then its results.
    fn follow(&self, run: Run) {
        let interval = self.context.policy.limits().status_interval;
        let mut next_status = Instant::now() + interval;
        loop {
            let wait = next_status.saturating_duration_since(Instant::now());
            match self
                .received
                .recv_timeout(wait.max(Duration::from_millis(1)))
            {
                Ok(Signal::Stop) => run.stop(),
                Ok(Signal::Finished) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    if run.is_finished() {
                        break;
                    }
                    self.out.0.put_status(run.status());
                    next_status += interval;
                }
            }
        }
        self.out.0.put_end(Some(Box::new(run.wait())));
    }
}
