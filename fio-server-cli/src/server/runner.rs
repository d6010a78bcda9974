//! One run of a peer's jobs in a thread of its own.
//!
//! Laying out files and joining job threads take time; neither may hold up the thread that serves
//! the clients.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use fio_engine::logs::IoLog;
use fio_engine::report::status::Status;
use fio_engine::run::{CloneProgress, Run, RunEvent, RunOptions, StatusHandle, StopHandle};
use fio_proto::Revision;

use super::job_folders::JobFolders;
use super::log_payload::LogForm;
use super::mailbox::Mailbox;
use super::policy::Policy;
use super::preparation::PreparedJobs;

/// What the runs of a server have in common.
#[derive(Clone)]
pub(super) struct RunnerContext {
    pub(super) policy: Arc<Policy>,
    pub(super) job_folders: Arc<JobFolders>,
    pub(super) run_options: RunOptions,
    /// The address of the client, if it came over a network: part of file names.
    pub(super) client: Option<String>,
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
    shared: Arc<Shared>,
    /// What is told of the run until it has begun.
    pending: Status,
}

#[derive(Debug)]
struct Shared {
    mailbox: Mailbox,
    /// A job has begun.
    began: AtomicBool,
    /// Somebody wants the run to end, perhaps before it has begun.
    stop: AtomicBool,
    handles: OnceLock<(StopHandle, StatusHandle)>,
}

impl Shared {
    fn stop_if_asked(&self) {
        // Both sides first write, then look at what the other has written, so one of them sees it.
        if self.stop.load(Ordering::SeqCst)
            && let Some((stop, _)) = self.handles.get()
        {
            stop.stop();
        }
    }
}

impl RunHandle {
    /// Runs the jobs in a thread of their own; with an interval, what they measured is told meanwhile,
    /// too.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn start(
        jobs: PreparedJobs,
        context: RunnerContext,
        form: LogForm,
        interval: Option<Duration>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            mailbox: Mailbox::new(context.policy.limits().pending_text_bytes),
            began: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            handles: OnceLock::new(),
        });
        let pending = jobs.pending_status();
        let out = EndGuard(shared.clone());
        std::thread::Builder::new()
            .name("fio-run".to_owned())
            .spawn(move || run(jobs, context, form, interval, &out))?;
        Ok(Self { shared, pending })
    }

    /// Asks the jobs to end; what they measured still comes.
    pub(super) fn stop(&self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shared.stop_if_asked();
    }

    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.shared.mailbox
    }

    /// What each clone has done; nothing until they begin.
    pub(super) fn jobs(&self) -> Vec<CloneProgress> {
        let handles = self.shared.handles.get();
        handles.map_or_else(Vec::new, |(_, status)| status.jobs())
    }

    /// How far the jobs are.
    pub(super) fn status(&self) -> Status {
        match self.shared.handles.get() {
            Some((_, status)) => status.status(),
            None => self.pending.clone(),
        }
    }
}

impl Drop for RunHandle {
    fn drop(&mut self) {
        self.shared.mailbox.abandon();
        self.stop();
    }
}

/// Ends the run in the mailbox even if its thread panics, so that no client waits for ever.
struct EndGuard(Arc<Shared>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .mailbox
                .put_error("fio: the run failed inside the server\n");
        }
        self.0.mailbox.put_end(None);
    }
}

/// The run's thread, from the first file to the report.
fn run(
    jobs: PreparedJobs,
    context: RunnerContext,
    form: LogForm,
    interval: Option<Duration>,
    out: &EndGuard,
) {
    let shared = &out.0;
    let mut options = context.run_options;
    options.global_options = jobs.global_options;
    options.announce_jobs = false;
    let policy = context.policy;
    options.replay_guard = Some(Arc::new(move |needs| {
        let allowed = policy.check_replay(needs);
        allowed.map_err(|refusal| refusal.to_string())
    }));
    options.observer = Some(observer(shared.clone(), form));
    options.logs_in_report = false;
    options.interim_reports = interval.is_some();
    match Run::start(jobs.specs, options) {
        Ok(run) => {
            // Set only here, so it cannot have been set before.
            let _ = shared.handles.set((run.stop_handle(), run.status_handle()));
            shared.stop_if_asked();
            if let Some(interval) = interval {
                tell_meanwhile(shared, &run, interval);
            }
            shared.mailbox.put_end(Some(Box::new(run.wait())));
        }
        Err(error) => shared.mailbox.put_error(&format!("fio: {error}\n")),
    }
    // The jobs count until here.
    drop(jobs.slots);
}

/// Tells what the run has measured, once for each interval, until it is over.
fn tell_meanwhile(shared: &Shared, run: &Run, interval: Duration) {
    /// How soon the end of the run is noticed.
    const GLANCE: Duration = Duration::from_millis(20);
    let mut due = Instant::now() + interval;
    while !run.is_finished() {
        std::thread::sleep(GLANCE);
        if Instant::now() < due {
            continue;
        }
        due = Instant::now() + interval;
        let wanted = shared.began.load(Ordering::Relaxed)
            && !shared.mailbox.is_abandoned()
            && !run.is_finished();
        if let Some(report) = wanted.then(|| run.interim_report()).flatten() {
            shared.mailbox.put_interim(Box::new(report));
        }
    }
}

fn observer(shared: Arc<Shared>, form: LogForm) -> Arc<dyn Fn(RunEvent) + Send + Sync> {
    Arc::new(move |event| match event {
        RunEvent::Text { level, text } => shared.mailbox.put_text(level, &text),
        RunEvent::JobStarted { .. } => {
            shared.began.store(true, Ordering::Relaxed);
            shared.mailbox.put_job_started();
        }
        RunEvent::JobLogs { logs, .. } => put_logs(&shared, &logs, form),
        _ => {}
    })
}

fn put_logs(shared: &Shared, logs: &[IoLog], form: LogForm) {
    let mailbox = &shared.mailbox;
    let lost = logs.iter().filter(|log| log.lost > 0);
    let lost: Vec<_> = lost
        .map(|log| format!("{} of {}", log.lost, log.file_name))
        .collect();
    // The client has been told by the run; one of version 1 takes no logs anyway.
    if !lost.is_empty() && form.revision != Revision::V1 {
        mailbox.put_logs_lost(format!(
            "the memory for logs is used up, entries lost: {}",
            lost.join(", ")
        ));
    }
    for log in logs {
        // Compressing takes long, for nobody.
        let Some(room) = mailbox.room_for_log() else {
            return;
        };
        match form.payload(log) {
            Some(payload) => room.put(payload),
            None => mailbox.put_error(&format!(
                "fio: {} cannot be sent: clients of version 1 take no logs, and histograms only \
                 travel to those with zlib\n",
                log.file_name
            )),
        }
    }
}
