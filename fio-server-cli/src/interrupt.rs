//! Signals: being asked to stop by Ctrl-C, or by SIGTERM from a supervisor, and not dying of others.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for SIGINT and SIGTERM. Once made, these no longer end the process by themselves.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Must be called inside a runtime.
    pub(crate) fn new() -> io::Result<Self> {
        survive_file_size_limit()?;
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one. Safe to cancel.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
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
