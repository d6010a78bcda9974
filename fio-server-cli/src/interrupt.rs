//! Signals: being asked to stop by Ctrl-C, or by SIGTERM from a supervisor, and not dying of others.

use std::io;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for SIGINT and SIGTERM. Once made, these no longer end the process by themselves.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    last: Option<Instant>,
}

/// Signals that follow another this soon are the same wish to stop: `timeout` sends one to the process and one to
/// its group.
const SAME_WISH: Duration = Duration::from_millis(200);

impl Interrupts {
    /// Must be called inside a runtime.
    pub(crate) fn new() -> io::Result<Self> {
        survive_file_size_limit()?;
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            last: None,
        })
    }

    /// Waits for the next one and returns its number. Safe to cancel.
    pub(crate) async fn next(&mut self) -> i32 {
        loop {
            let signal = tokio::select! {
                _ = self.interrupt.recv() => SignalKind::interrupt(),
                _ = self.terminate.recv() => SignalKind::terminate(),
            };
            let now = Instant::now();
            let is_same = |last: Instant| now.duration_since(last) < SAME_WISH;
            if !self.last.is_some_and(is_same) {
                self.last = Some(now);
                return signal.as_raw_value();
            }
        }
    }
}

/// Makes a write past the limit on file sizes (`ulimit -f`) an error of that write: the signal that
/// comes with it would end the process, with all other jobs in it. Must be called inside a runtime.
pub(crate) fn survive_file_size_limit() -> io::Result<()> {
    let number = rustix::process::Signal::XFSZ.as_raw();
    // The handler stays when the stream of signals is dropped.
    signal(SignalKind::from_raw(number)).map(drop)
}
