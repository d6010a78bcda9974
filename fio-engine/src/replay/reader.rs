//! A log of any format that is known.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::ReplayError;
use super::blktrace::{ByteOrder, Ios, TraceLog};
use super::merge::MergedTraces;
use super::text::{TextLog, Version};
use crate::job::ReplayOptions;
use crate::workload::RequestKind;

/// Bytes read from a log at once.
pub(super) const PIECE: usize = 64 * 1024;

/// The most bytes of a first line.
const LONGEST_HEADER: u64 = 64;

/// One line or record that means something, or should.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// A file is added, opened or closed.
    File(&'a [u8]),
    Io(Io<'a>),
    /// A line that means nothing.
    Ignored(&'a [u8]),
}

/// An I/O as the log has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Io<'a> {
    /// When it is due, in nanoseconds after the beginning.
    pub(super) at: u64,
    pub(super) kind: RequestKind,
    /// Name of its file.
    pub(super) name: &'a [u8],
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// Reads a log from its beginning to its end, a piece at a time.
#[derive(Debug)]
pub(super) struct Reader {
    path: PathBuf,
    log: Log,
}

#[derive(Debug)]
enum Log {
    Text(TextLog<BufReader<Input>>),
    Trace(TraceLog<BufReader<Input>>),
    /// Several traces as one; the number of the record last read.
    Merged(MergedTraces, Ios, u64),
}

impl Reader {
    /// Opens a log and finds out what it is; `-` is standard input.
    pub(super) fn open(path: &Path) -> Result<Self, ReplayError> {
        let input = Input::open(path).map_err(|error| system("open", path, error))?;
        let mut input = BufReader::with_capacity(PIECE, input);
        let read = |error| system("read", path, error);
        let start = input.fill_buf().map_err(read)?;
        let log = if let Some(order) = ByteOrder::of(start) {
            Log::Trace(TraceLog::new(input, order))
        } else {
            let mut line = Vec::new();
            let mut header = Read::take(&mut input, LONGEST_HEADER);
            header.read_until(b'\n', &mut line).map_err(read)?;
            let version = Version::of(&line).ok_or_else(|| ReplayError::UnknownFormat {
                path: path.to_owned(),
                hint: hint(&line),
            })?;
            Log::Text(TextLog::new(input, version))
        };
        Ok(Self {
            path: path.to_owned(),
            log,
        })
    }

    /// Opens the traces of a job that merges them.
    pub(super) fn open_merged(path: &Path, options: &ReplayOptions) -> Result<Self, ReplayError> {
        let traces = MergedTraces::open(options)?;
        Ok(Self {
            path: path.to_owned(),
            log: Log::Merged(traces, Ios::default(), 0),
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<Item<'_>>, ReplayError> {
        let item = match &mut self.log {
            Log::Merged(traces, ios, number) => {
                *number += 1;
                let record = traces.next()?;
                return Ok(record.and_then(|record| ios.of(&record)).map(Item::Io));
            }
            Log::Text(log) => log.next(),
            Log::Trace(log) => log.next(),
        };
        item.map_err(|error| system("read", &self.path, error))
    }

    /// Whether the times of the log are those of its I/Os, which can be scaled.
    pub(super) fn has_times(&self) -> bool {
        match &self.log {
            Log::Text(log) => log.version() == Version::Three,
            Log::Trace(_) | Log::Merged(..) => true,
        }
    }

    /// Where the last item was.
    pub(super) fn place(&self) -> String {
        match &self.log {
            Log::Text(log) => format!("line {}", log.line_number()),
            Log::Trace(log) => format!("record {}", log.record_number()),
            Log::Merged(_, _, number) => format!("record {number} of the merged traces"),
        }
    }
}

fn hint(line: &[u8]) -> &'static str {
    let numbers = |byte: &u8| byte.is_ascii_digit() || b", \r\n".contains(byte);
    if line.is_empty() {
        "; it is empty"
    } else if line.contains(&b',') && line.iter().all(numbers) {
        "; logs of version 1 have no file names and are not read, by fio neither"
    } else {
        ""
    }
}

pub(super) fn system(action: &'static str, path: &Path, source: io::Error) -> ReplayError {
    ReplayError::System {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Where a log comes from.
#[derive(Debug)]
enum Input {
    File(File),
    Standard(io::Stdin),
}

impl Input {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(if is_standard_input(path) {
            Self::Standard(io::stdin())
        } else {
            Self::File(File::open(path)?)
        })
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Standard(input) => input.lock().read(buffer),
        }
    }
}

/// Whether a log can be read a second time.
pub(super) fn can_be_read_again(path: &Path) -> bool {
    !is_standard_input(path) && std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}
