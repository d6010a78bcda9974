//! Going into the background without `fork`: the program starts itself again.
//!
//! A process with threads cannot fork safely, and this crate has no `unsafe` code. So the
//! foreground process starts the same program with the same words and one hidden flag, waits
//! until that one has said on its standard output how its start went, and passes this on: a port
//! in use is an error of the command the operator typed, not a line in some log.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use super::error::ServerError;

/// The hidden flag that tells the program that it is the background process.
pub const BACKGROUND_FLAG: &str = "--in-background";

/// What the background process says when it listens.
const READY: &str = "ready";

/// Starts this program again in the background with `words` (without the program's name) and
/// returns its process number once it listens.
///
/// # Errors
/// With what the background process said if it could not start.
pub fn start_in_background(words: &[OsString]) -> Result<u32, ServerError> {
    let failed = |reason: std::io::Error| ServerError::Daemon {
        reason: reason.to_string(),
    };
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        // Under the name fio the words would be fio's.
        .arg0("fio-server-cli")
        .args(words)
        .arg(BACKGROUND_FLAG)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let process = child.id();
    let mut said = String::new();
    if let Some(output) = child.stdout.take() {
        // One line, however long a confused child goes on.
        BufReader::new(output.take(4096))
            .read_line(&mut said)
            .map_err(failed)?;
    }
    if said.trim_end() == READY {
        return Ok(process);
    }
    let status = child.wait().map_err(failed)?;
    let reason = match said.trim_end() {
        "" => format!("it ended at once ({status})"),
        reason => reason.to_owned(),
    };
    Err(ServerError::Daemon { reason })
}

/// To be called first in the background process: leaves the operator's session and terminal.
///
/// The working folder stays, since jobs name files relative to it.
///
/// # Errors
/// If the system refuses, as it does when the process already leads a session.
pub fn leave_session() -> Result<(), ServerError> {
    rustix::process::setsid()
        .map(drop)
        .map_err(|error| ServerError::Daemon {
            reason: error.to_string(),
        })
}

/// To be called in the background process once it listens.
pub fn report_ready() {
    report(READY);
}

/// To be called in the background process when its start failed.
pub fn report_failure(error: &dyn std::fmt::Display) {
    report(&error.to_string().replace('\n', " "));
}

fn report(line: &str) {
    // The foreground process may have been ended meanwhile; the server goes on.
    let mut output = std::io::stdout();
    let _ = writeln!(output, "{line}");
    let _ = output.flush();
}
