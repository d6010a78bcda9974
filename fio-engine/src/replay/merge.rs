//! Several traces as one (`merge_blktrace_file`).
//!
//! The records in which I/Os were queued come in the order of their times, which are those of each
//! trace times its scale. A trace that is gone over several times begins anew when its last I/O was queued.
//! The traces are read a piece at a time and never held in memory.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::ReplayError;
use super::blktrace::{ByteOrder, Record, Records};
use super::reader::{PIECE, system};
use crate::job::ReplayOptions;

/// The queued I/Os of several traces in order.
#[derive(Debug)]
pub(super) struct MergedTraces {
    traces: Vec<Trace>,
}

#[derive(Debug)]
struct Trace {
    path: PathBuf,
    records: Records<BufReader<File>>,
    /// What its times are multiplied by.
    scale: f64,
    /// How often it is gone over after this time.
    left: u32,
    /// When this time began, nanoseconds.
    began: u64,
    /// The record that is next.
    next: Option<Record>,
}

impl MergedTraces {
    /// Opens the traces.
    pub(super) fn open(options: &ReplayOptions) -> Result<Self, ReplayError> {
        let merge = &options.merge;
        let traces = options.read_logs.iter().enumerate().map(|(index, path)| {
            let percent = merge.time_percents.get(index).copied().unwrap_or(100.0);
            let iterations = merge.iterations.get(index).copied().unwrap_or(1);
            Trace::open(path, percent / 100.0, iterations)
        });
        Ok(Self {
            traces: traces.collect::<Result<_, _>>()?,
        })
    }

    /// The next record, its time that of the merged trace. Of several at one time, those of traces named
    /// first come first.
    pub(super) fn next(&mut self) -> Result<Option<Record>, ReplayError> {
        let waiting = self.traces.iter_mut().filter(|trace| trace.next.is_some());
        let first = waiting.min_by_key(|trace| trace.next.as_ref().map(|record| record.time));
        match first {
            Some(trace) => trace.take(),
            None => Ok(None),
        }
    }
}

impl Trace {
    fn open(path: &Path, scale: f64, iterations: u32) -> Result<Self, ReplayError> {
        let mut trace = Self {
            path: path.to_owned(),
            records: records(path)?,
            scale,
            left: iterations.saturating_sub(1),
            began: 0,
            next: None,
        };
        trace.advance(0)?;
        Ok(trace)
    }

    fn take(&mut self) -> Result<Option<Record>, ReplayError> {
        let taken = self.next.take();
        if let Some(record) = &taken {
            self.advance(record.time)?;
        }
        Ok(taken)
    }

    /// Reads the record after one of this time.
    fn advance(&mut self, last: u64) -> Result<(), ReplayError> {
        let read = |records: &mut Records<_>, path: &Path| {
            records
                .next_queued()
                .map_err(|error| system("read", path, error))
        };
        let mut record = read(&mut self.records, &self.path)?;
        if record.is_none() && self.left > 0 {
            self.left -= 1;
            self.began = last;
            self.records = records(&self.path)?;
            record = read(&mut self.records, &self.path)?;
        }
        self.next = record.map(|record| {
            let scaled = (record.time as f64 * self.scale) as u64;
            record.at(self.began.saturating_add(scaled))
        });
        Ok(())
    }
}

fn records(path: &Path) -> Result<Records<BufReader<File>>, ReplayError> {
    use std::io::BufRead as _;
    let file = File::open(path).map_err(|error| system("open", path, error))?;
    let mut input = BufReader::with_capacity(PIECE, file);
    let start = input
        .fill_buf()
        .map_err(|error| system("read", path, error))?;
    let order = ByteOrder::of(start).ok_or_else(|| ReplayError::NoTrace {
        path: path.to_owned(),
    })?;
    Ok(Records::new(input, order))
}

/// Writes the merged trace of a job to its file, whole or not at all.
///
/// # Errors
/// A trace cannot be read, or the file cannot be written.
pub(crate) fn write_merged(options: &ReplayOptions) -> Result<(), ReplayError> {
    let Some(path) = options.merged() else {
        return Ok(());
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let written = write(options, &beside).and_then(|()| {
        std::fs::rename(&beside, path).map_err(|error| system("write", path, error))
    });
    if written.is_err() {
        // What is left of it is of no use; that it is not there is no error.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn write(options: &ReplayOptions, path: &Path) -> Result<(), ReplayError> {
    let failed = |error| system("write", path, error);
    let mut traces = MergedTraces::open(options)?;
    let mut file = BufWriter::with_capacity(PIECE, File::create(path).map_err(failed)?);
    let mut number = 0_u32;
    while let Some(record) = traces.next()? {
        number = number.wrapping_add(1);
        file.write_all(&record.to_bytes(number)).map_err(failed)?;
    }
    file.flush().map_err(failed)
}
