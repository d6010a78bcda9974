//! The bytes of a job's pattern.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::job::{BufferPattern, JobSpec, MAX_PATTERN_BYTES, PatternPart};

/// Looks whether the job's pattern can be had, before anything runs.
///
/// # Errors
/// The message says which file cannot be read.
pub(in crate::run) fn check(spec: &JobSpec) -> Result<(), String> {
    let pattern = spec.buffers.pattern.as_ref();
    pattern.map_or(Ok(()), |pattern| load(pattern).map(|_| ()))
}

/// The whole pattern, what its files hold included.
///
/// # Errors
/// A file cannot be read, is empty, or finds no room behind what comes before it.
pub(super) fn load(pattern: &BufferPattern) -> Result<Box<[u8]>, String> {
    let mut bytes = Vec::new();
    for part in pattern.parts() {
        match part {
            PatternPart::Bytes(more) => bytes.extend(more),
            PatternPart::File(path) => {
                let room = MAX_PATTERN_BYTES.saturating_sub(bytes.len());
                let before = bytes.len();
                let fault = |problem: String| format!("buffer_pattern: {path:?}: {problem}");
                read(path, room, &mut bytes).map_err(|error| fault(error.to_string()))?;
                if bytes.len() == before {
                    return Err(fault(
                        "it is empty, or the pattern is full before it".to_owned(),
                    ));
                }
            }
        }
    }
    if bytes.is_empty() || bytes.len() > MAX_PATTERN_BYTES {
        return Err(format!(
            "buffer_pattern: a pattern has 1 to {MAX_PATTERN_BYTES} bytes, not {}",
            bytes.len()
        ));
    }
    Ok(bytes.into())
}

/// Appends up to `room` bytes of a file. A pipe without a writer counts as empty.
fn read(path: &Path, room: usize, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    file.take(room as u64).read_to_end(bytes)?;
    Ok(())
}
