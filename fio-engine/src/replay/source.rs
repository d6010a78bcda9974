//! The I/Os of a log, one by one.

use std::path::PathBuf;
use std::sync::Arc;

use super::ReplayError;
use super::plan::{Entry, Names, Shape};
use super::reader::{Item, Reader};
use crate::job::shown;
use crate::workload::Request;

/// Yields the I/Os of a log in its order.
#[derive(Debug)]
pub(crate) struct ReplaySource {
    entries: Entries,
    /// Bytes of all I/Os.
    total_bytes: u64,
    stalls: bool,
    /// When the I/O yielded last is due, in nanoseconds after the beginning.
    due: u64,
    failure: Option<ReplayError>,
}

#[derive(Debug)]
enum Entries {
    Kept { all: Arc<[Entry]>, next: usize },
    Streamed(Box<Stream>),
}

#[derive(Debug)]
struct Stream {
    reader: Reader,
    path: PathBuf,
    shape: Arc<Shape>,
    names: Arc<Names>,
    limits: Limits,
}

/// What the first pass found, which files and buffers are made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of all I/Os together.
    pub(super) bytes: u64,
    /// Bytes of the largest I/O.
    pub(super) largest: u64,
}

impl ReplaySource {
    pub(super) fn kept(all: Arc<[Entry]>, total_bytes: u64, stalls: bool) -> Self {
        Self::new(Entries::Kept { all, next: 0 }, total_bytes, stalls)
    }

    pub(super) fn streamed(
        reader: Reader,
        path: PathBuf,
        shape: Arc<Shape>,
        names: Arc<Names>,
        limits: Limits,
    ) -> Self {
        let stalls = shape.stalls;
        let stream = Stream {
            reader,
            path,
            shape,
            names,
            limits,
        };
        Self::new(Entries::Streamed(Box::new(stream)), limits.bytes, stalls)
    }

    fn new(entries: Entries, total_bytes: u64, stalls: bool) -> Self {
        Self {
            entries,
            total_bytes,
            stalls,
            due: 0,
            failure: None,
        }
    }

    /// Bytes of all I/Os together.
    pub(crate) const fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Whether I/Os wait for their time.
    pub(crate) const fn stalls(&self) -> bool {
        self.stalls
    }

    /// When the I/O yielded last is due, in nanoseconds after the beginning.
    pub(crate) const fn due(&self) -> u64 {
        self.due
    }

    /// Why there are no more I/Os, if it is not the end of the log.
    pub(crate) fn take_failure(&mut self) -> Option<ReplayError> {
        self.failure.take()
    }

    /// The next I/O; `None` at the end of the log, or when it cannot be read any more.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Request> {
        let entry = match &mut self.entries {
            Entries::Kept { all, next } => {
                let entry = *all.get(*next)?;
                *next += 1;
                entry
            }
            Entries::Streamed(stream) => match stream.next() {
                Ok(entry) => entry?,
                Err(failure) => {
                    self.failure = Some(failure);
                    return None;
                }
            },
        };
        self.due = entry.due;
        Some(entry.request)
    }
}

impl Stream {
    fn next(&mut self) -> Result<Option<Entry>, ReplayError> {
        while let Some(item) = self.reader.next()? {
            let Item::Io(io) = item else { continue };
            let changed = |what: String| ReplayError::Changed {
                path: self.path.clone(),
                what,
            };
            let Some(file) = self.names.find(io.name) else {
                let name = shown(io.name);
                return Err(changed(format!("it names another file, `{name}`")));
            };
            let Some(entry) = self.shape.entry(&io, file) else {
                continue;
            };
            if entry.request.length > self.limits.largest {
                return Err(changed("it has a larger I/O".to_owned()));
            }
            return Ok(Some(entry));
        }
        Ok(None)
    }
}
