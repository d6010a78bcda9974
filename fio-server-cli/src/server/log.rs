//! The server's own log lines: to standard error, to the system log, or to a caller's function.
//!
//! These lines are for the operator. What concerns a job goes to its client as TEXT instead.

use std::fmt;
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How much a log line matters; the numbers are those of RFC 3164.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Severity {
    /// The server cannot do its work.
    Error = 3,
    /// A peer broke the protocol or a limit.
    Warning = 4,
    /// Normal coming and going.
    Info = 6,
}

/// A sink of log lines; clones write to the same place.
#[derive(Clone)]
pub struct Log(Arc<Sink>);

type Sink = dyn Fn(Severity, &str) + Send + Sync;

impl Log {
    /// Writes lines to standard error, from a thread of its own: a pipe that nobody reads must not
    /// hold up the server. Lines that find no room are counted and dropped.
    #[must_use]
    pub fn stderr() -> Self {
        // The thread begins with the first line: many a `Log` is made and never used.
        let lines = OnceLock::new();
        let start = || LineWriter::start(std::io::stderr());
        Self::new(move |_, line| lines.get_or_init(start).write(line))
    }

    /// Writes nowhere.
    #[must_use]
    pub fn none() -> Self {
        Self::new(|_, _| {})
    }

    /// Hands each line, without its end, to `write`.
    #[must_use]
    pub fn new(write: impl Fn(Severity, &str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// Writes to the system log listening at `socket`, normally `/dev/log`.
    ///
    /// Lines are lost while nobody listens there: a daemon has no better place to complain.
    /// They carry no time stamp, since RFC 3164 wants local time and every system logger stamps
    /// what it receives anyway.
    ///
    /// # Errors
    /// If no datagram socket can be made.
    pub fn syslog(socket: &Path) -> std::io::Result<Self> {
        let sender = UnixDatagram::unbound()?;
        // A stuck system logger must not hold up the server.
        sender.set_nonblocking(true)?;
        let socket = socket.to_owned();
        let process = std::process::id();
        Ok(Self::new(move |severity, line| {
            let priority = FACILITY_DAEMON | severity as u8;
            let packet = format!("<{priority}>fio-server-cli[{process}]: {line}");
            let _ = sender.send_to(packet.as_bytes(), &socket);
        }))
    }

    /// Writes one line. Control characters, which may come from a peer, are escaped.
    pub fn write(&self, severity: Severity, line: &str) {
        if line.chars().any(char::is_control) {
            let safe: String = line.chars().flat_map(escape_control).collect();
            (self.0)(severity, &safe);
        } else {
            (self.0)(severity, line);
        }
    }

    pub(super) fn info(&self, line: &str) {
        self.write(Severity::Info, line);
    }

    pub(super) fn warning(&self, line: &str) {
        self.write(Severity::Warning, line);
    }

    pub(super) fn error(&self, line: &str) {
        self.write(Severity::Error, line);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Log")
    }
}

/// Facility 3, system daemons, in its place in the priority.
const FACILITY_DAEMON: u8 = 3 << 3;

/// Writes lines in the background. Dropping it gives the last lines some time to get out.
struct LineWriter {
    lines: Option<SyncSender<String>>,
    dropped: AtomicU64,
    done: Mutex<Receiver<()>>,
}

/// Lines that may wait to be written.
const WAITING_LINES: usize = 1024;

/// How long the last lines may take.
const LAST_LINES_TIME: Duration = Duration::from_secs(1);

impl LineWriter {
    fn start(mut to: impl Write + Send + 'static) -> Self {
        let (lines, waiting) = sync_channel::<String>(WAITING_LINES);
        let (finished, done) = sync_channel(1);
        let write = move || {
            for line in waiting {
                // A closed standard error is no reason to stop serving.
                let _ = writeln!(to, "{line}");
            }
            let _ = finished.send(());
        };
        // Without a thread the lines have no reader and are dropped.
        let _ = std::thread::Builder::new()
            .name("fio-log".to_owned())
            .spawn(write);
        Self {
            lines: Some(lines),
            dropped: AtomicU64::new(0),
            done: Mutex::new(done),
        }
    }

    fn write(&self, line: &str) {
        let Some(lines) = &self.lines else { return };
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        let note = (dropped > 0).then(|| format!("{dropped} log lines dropped"));
        let lost = note
            .into_iter()
            .chain([line.to_owned()])
            .filter(|line| lines.try_send(line.clone()).is_err())
            .count() as u64;
        if lost > 0 {
            // A note that did not get out stands for the lines it counted.
            self.dropped.fetch_add(dropped + 1, Ordering::Relaxed);
        }
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        drop(self.lines.take());
        let done = self.done.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = done.recv_timeout(LAST_LINES_TIME);
    }
}

fn escape_control(character: char) -> impl Iterator<Item = char> {
    let (plain, escaped) = if character.is_control() {
        (None, Some(character.escape_default()))
    } else {
        (Some(character), None)
    };
    plain.into_iter().chain(escaped.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn syslog_packets_carry_priority_name_and_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let receiver = UnixDatagram::bind(&path).unwrap();
        Log::syslog(&path).unwrap().warning("peer left");

        let mut packet = [0; 200];
        let length = receiver.recv(&mut packet).unwrap();
        let wanted = format!("<28>fio-server-cli[{}]: peer left", std::process::id());
        assert_eq!(std::str::from_utf8(&packet[..length]).unwrap(), wanted);
    }

    #[test]
    fn without_a_system_log_lines_are_dropped() {
        Log::syslog(Path::new("/nonexistent/log"))
            .unwrap()
            .error("x");
    }

    #[test]
    fn control_characters_cannot_forge_lines() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let log = Log::new(move |_, line| sink.lock().unwrap().push(line.to_owned()));
        log.info("bad\nerror: forged \u{1b}[2J");
        assert_eq!(*lines.lock().unwrap(), ["bad\\nerror: forged \\u{1b}[2J"]);
    }

    #[test]
    fn a_pipe_nobody_reads_holds_nobody_up() {
        let (reader, writer) = std::io::pipe().unwrap();
        let lines = LineWriter::start(writer);
        let began = Instant::now();
        for _ in 0..100_000 {
            lines.write("a line long enough to fill a pipe of 64 KiB after some time");
        }
        assert!(lines.dropped.load(Ordering::Relaxed) > 0);
        drop(lines);
        assert!(began.elapsed() < Duration::from_secs(10));
        drop(reader);
    }

    #[test]
    fn the_last_lines_get_out() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let lines = LineWriter::start(writer);
        lines.write("first");
        lines.write("last");
        drop(lines);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
        assert_eq!(text, "first\nlast\n");
    }
}
