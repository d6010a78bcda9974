//! Log files that are written while their job runs.
//!
//! A file is opened before the job begins, so that one that cannot be written is an error then and not
//! after the run. What it held from another run stays until there is something to put in its place.
//! From then on whole lines are written, as they come: what a crash leaves is a shorter log.
//!
//! Clones that share a file (`per_job_logs=0`) each have a part of it beside it, `NAME.NUMBER.part`,
//! which is put behind the others when they end: entries of clones are not mixed, as in fio.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::error::LogFileError;
use super::files::{LogFiles, WrittenLog};
use super::io_log::IoLog;
use super::model::{HistogramSample, LogCompression, LogSample};
use super::stored::{append_histogram, append_sample};
use super::text::Lines;

/// One log file of one job.
#[derive(Debug)]
pub(super) struct LogFile {
    /// The log without its entries.
    pub(super) log: IoLog,
    files: LogFiles,
    /// What is written to: the file, or the clone's part of it.
    path: PathBuf,
    output: Option<Output>,
    entries: u64,
    lost: u64,
    failure: Option<LogFileError>,
}

#[derive(Debug)]
enum Output {
    /// Opened, and as it was.
    Untouched(File),
    Text(File),
    Stored(Box<ZlibEncoder<File>>),
}

impl LogFile {
    /// Opens the file of a log.
    pub(super) fn open(files: &LogFiles, log: IoLog) -> Result<Self, LogFileError> {
        let whole = files.path_of(&log);
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(false);
        let open = |path: &Path| {
            options.open(path).map_err(|source| LogFileError::Write {
                path: path.to_owned(),
                source,
            })
        };
        let file = open(&whole)?;
        let (path, file) = if log.per_job {
            (whole, file)
        } else {
            let part = part_of(&whole, log.thread_number);
            let file = open(&part)?;
            (part, file)
        };
        Ok(Self {
            log,
            files: files.clone(),
            path,
            output: Some(Output::Untouched(file)),
            entries: 0,
            lost: 0,
            failure: None,
        })
    }

    /// Writes entries, or counts them as lost; the failure, the first time there is one. `lines` is
    /// used to work in.
    pub(super) fn write_samples(
        &mut self,
        lines: &mut Lines,
        samples: impl ExactSizeIterator<Item = LogSample>,
    ) -> Option<&LogFileError> {
        let (columns, layout) = (self.log.columns, self.files.layout());
        self.write(samples.len() as u64, |output| {
            let stored = output.is_stored();
            let sink = output.sink();
            for sample in samples {
                if stored {
                    append_sample(lines.bytes(), &sample, columns, layout);
                } else {
                    lines.sample(&sample, columns);
                }
                lines.write_full(sink)?;
            }
            lines.write(sink)
        })
    }

    /// The same for histograms.
    pub(super) fn write_histograms(
        &mut self,
        lines: &mut Lines,
        histograms: &[HistogramSample],
    ) -> Option<&LogFileError> {
        let (columns, layout) = (self.log.columns, self.files.layout());
        let coarseness = self.log.histogram_coarseness;
        self.write(histograms.len() as u64, |output| {
            let stored = output.is_stored();
            let sink = output.sink();
            for histogram in histograms {
                if stored {
                    append_histogram(lines.bytes(), histogram, columns, layout);
                } else {
                    lines.histogram(histogram, coarseness);
                }
                lines.write_full(sink)?;
            }
            lines.write(sink)
        })
    }

    /// Counts entries that the job could not hand over.
    pub(super) const fn lose(&mut self, entries: u64) {
        self.lost += entries;
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> WrittenLog {
        let ended = self.end();
        if let Err(source) = ended {
            self.fail(source);
        }
        WrittenLog {
            kind: self.log.kind,
            path: self.files.path_of(&self.log),
            entries: self.entries,
            lost: self.lost,
            failure: self.failure.map(|failure| failure.to_string()),
        }
    }

    fn write(
        &mut self,
        count: u64,
        write: impl FnOnce(&mut Output) -> io::Result<()>,
    ) -> Option<&LogFileError> {
        if self.failure.is_some() {
            self.lost += count;
            return None;
        }
        let written = self.begun().and_then(write);
        match written {
            Ok(()) => self.entries += count,
            Err(source) => {
                // Some may be there; which, nobody knows.
                self.lost += count;
                self.fail(source);
            }
        }
        self.failure.as_ref()
    }

    fn fail(&mut self, source: io::Error) {
        let path = self.path.clone();
        self.failure
            .get_or_insert(LogFileError::Write { path, source });
    }

    /// The output, emptied of what was there before.
    fn begun(&mut self) -> io::Result<&mut Output> {
        let output = self.output.take();
        let begun = match output {
            Some(Output::Untouched(file)) => {
                // A pipe or a device has no length.
                if file.metadata()?.is_file() {
                    file.set_len(0)?;
                }
                if self.log.compression == LogCompression::Stored {
                    let stream = ZlibEncoder::new(file, Compression::default());
                    Output::Stored(Box::new(stream))
                } else {
                    Output::Text(file)
                }
            }
            Some(begun) => begun,
            None => return Err(io::ErrorKind::NotConnected.into()),
        };
        Ok(self.output.insert(begun))
    }

    fn end(&mut self) -> io::Result<()> {
        if self.failure.is_none() {
            // A log without entries is an empty file.
            self.begun()?;
        }
        match self.output.take() {
            Some(Output::Stored(stream)) => drop(stream.finish()?),
            other => drop(other),
        }
        if !self.log.per_job {
            let alone = self.files.alone();
            append(&self.path, &self.files.path_of(&self.log))?;
            drop(alone);
            std::fs::remove_file(&self.path)?;
        }
        Ok(())
    }
}

impl Output {
    const fn is_stored(&self) -> bool {
        matches!(self, Self::Stored(_))
    }

    fn sink(&mut self) -> &mut dyn Write {
        match self {
            Self::Untouched(file) | Self::Text(file) => file,
            Self::Stored(stream) => stream,
        }
    }
}

/// The part of a shared file that one clone writes.
fn part_of(whole: &Path, thread_number: u32) -> PathBuf {
    let mut name = whole.as_os_str().to_owned();
    name.push(format!(".{thread_number}.part"));
    name.into()
}

/// Puts one file behind another.
fn append(part: &Path, whole: &Path) -> io::Result<()> {
    let mut part = File::open(part)?;
    let mut whole = OpenOptions::new().append(true).open(whole)?;
    let before = whole.seek(SeekFrom::End(0))?;
    let copied = io::copy(&mut part, &mut whole).and_then(|_| whole.flush());
    // A part that does not fit as a whole stays beside the file, where nothing of it is lost.
    copied.inspect_err(|_| drop(whole.set_len(before)))
}
