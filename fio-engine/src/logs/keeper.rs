//! The log thread of a job, which keeps full pieces off the job's own thread.
//!
//! It writes entries to files, or packs those that stay in memory. Each job has its own, so that logs
//! of many jobs are not held up by one CPU; most of the time it sleeps.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use rustix::thread::{CpuSet, sched_setaffinity};

use super::budget::LogBudget;
use super::error::LogFileError;
use super::exchange::Batch;
use super::model::{HistogramSample, LogKind, LogSample};
use super::packed::Packer;
use super::records::{Completed, Submitted};
use super::stock::Stock;
use super::text::Lines;
use super::writing::LogFile;
use crate::job::Measure;

/// Told of a log that cannot be written.
pub(crate) type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// The thread, and the way to it.
#[derive(Debug)]
pub(super) struct LogThread {
    thread: JoinHandle<Keeper>,
}

/// What becomes of entries.
pub(super) enum Keeper {
    Files(FileKeeper),
    Memory(Box<MemoryKeeper>),
}

/// Writes entries to files.
pub(super) struct FileKeeper {
    pub(super) files: Vec<LogFile>,
    lines: Lines,
    epoch: SharedEpoch,
    measure: Measure,
    say: Say,
}

/// Packs entries.
pub(super) struct MemoryKeeper {
    pub(super) stocks: Stocks,
    packer: Packer,
    /// Whether anybody will see offsets.
    offsets: bool,
}

/// What is added to the time of records, milliseconds; known when the job begins to count.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedEpoch(Arc<AtomicU64>);

/// Lists in memory, each there if anything was logged to it.
#[derive(Debug, Default)]
pub(super) struct Stocks {
    pub(super) completed: Option<Stock<Completed>>,
    pub(super) submitted: Option<Stock<Submitted>>,
    pub(super) samples: Vec<(LogKind, Stock<LogSample>)>,
    pub(super) histograms: Option<Stock<HistogramSample>>,
    budget: LogBudget,
}

impl SharedEpoch {
    /// Set before any record is handed over, which makes it visible to the log thread.
    pub(super) fn set(&self, milliseconds: u64) {
        self.0.store(milliseconds, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl LogThread {
    /// Starts the thread, on these CPUs if any are named.
    pub(super) fn start(
        mut keeper: Keeper,
        number: u32,
        cpus: Option<&[usize]>,
    ) -> Result<(Self, Sender<Batch>), LogFileError> {
        let cpus = cpus.map(<[usize]>::to_vec);
        let (sender, batches) = mpsc::channel();
        let (ready, started) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name(format!("fio-log-{number}"))
            .spawn(move || {
                // Whoever started it waits.
                let _ = ready.send(cpus.map_or(Ok(()), move_to));
                keeper.take_all(&batches);
                keeper
            })
            .map_err(|source| LogFileError::Thread { source })?;
        // It ends without an answer only by a panic, which joining it shows.
        started.recv().unwrap_or(Ok(()))?;
        Ok((Self { thread }, sender))
    }

    /// Waits until everything is kept; all senders are gone.
    pub(super) fn finish(self) -> Keeper {
        self.thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Moves the calling thread to these CPUs.
fn move_to(cpus: Vec<usize>) -> Result<(), LogFileError> {
    let mut set = CpuSet::new();
    let known = cpus.iter().filter(|cpu| **cpu < CpuSet::MAX_CPU);
    known.for_each(|cpu| set.set(*cpu));
    sched_setaffinity(None, &set).map_err(|errno| {
        let source = io::Error::from(errno);
        LogFileError::Cpus { cpus, source }
    })
}

impl Keeper {
    fn take_all(&mut self, batches: &Receiver<Batch>) {
        for batch in batches {
            match self {
                Self::Files(keeper) => keeper.take(&batch),
                Self::Memory(keeper) => keeper.take(batch),
            }
        }
    }
}

impl FileKeeper {
    pub(super) fn new(files: Vec<LogFile>, epoch: SharedEpoch, measure: Measure, say: Say) -> Self {
        Self {
            files,
            lines: Lines::default(),
            epoch,
            measure,
            say,
        }
    }

    fn take(&mut self, batch: &Batch) {
        let epoch = self.epoch.get();
        let lines = &mut self.lines;
        for file in &mut self.files {
            let kind = file.log.kind;
            let of_completions = kind.has_completions(self.measure);
            let failure = match batch {
                Batch::Completed(piece) if of_completions => {
                    let sample = |record: &Completed| record.sample(kind, epoch);
                    file.write_samples(lines, piece.entries.iter().map(sample))
                }
                Batch::Submitted(piece) if kind == LogKind::SubmissionLatency => {
                    let sample = |record: &Submitted| record.sample(epoch);
                    file.write_samples(lines, piece.entries.iter().map(sample))
                }
                Batch::Samples(of, piece) if *of == kind => {
                    file.write_samples(lines, piece.entries.iter().copied())
                }
                Batch::Histograms(piece) if kind == LogKind::Histogram => {
                    file.write_histograms(lines, &piece.entries)
                }
                _ => None,
            };
            if let Some(failure) = failure {
                (self.say)(&failure.to_string());
            }
        }
    }
}

impl MemoryKeeper {
    pub(super) fn new(budget: &LogBudget, offsets: bool) -> Self {
        Self {
            stocks: Stocks::new(budget),
            packer: Packer::new(),
            offsets,
        }
    }

    fn take(&mut self, batch: Batch) {
        let packer = &mut self.packer;
        let budget = &self.stocks.budget;
        match batch {
            Batch::Completed(mut piece) => {
                if !self.offsets {
                    piece.entries.iter_mut().for_each(|one| one.offset = 0);
                }
                let stock = &mut self.stocks.completed;
                let stock = stock.get_or_insert_with(|| Stock::new(budget));
                stock.pack(&piece.entries, packer);
            }
            Batch::Submitted(mut piece) => {
                if !self.offsets {
                    piece.entries.iter_mut().for_each(|one| one.offset = 0);
                }
                let stock = &mut self.stocks.submitted;
                let stock = stock.get_or_insert_with(|| Stock::new(budget));
                stock.pack(&piece.entries, packer);
            }
            Batch::Samples(kind, piece) => {
                self.stocks.samples_of(kind).pack(&piece.entries, packer);
            }
            Batch::Histograms(piece) => {
                let stock = &mut self.stocks.histograms;
                let stock = stock.get_or_insert_with(|| Stock::new(budget));
                stock.pack(&piece.entries, packer);
            }
        }
    }
}

impl Stocks {
    pub(super) fn new(budget: &LogBudget) -> Self {
        Self {
            budget: budget.clone(),
            ..Self::default()
        }
    }

    fn samples_of(&mut self, kind: LogKind) -> &mut Stock<LogSample> {
        let found = self.samples.iter().position(|(of, _)| *of == kind);
        let index = found.unwrap_or_else(|| {
            self.samples.push((kind, Stock::new(&self.budget)));
            self.samples.len() - 1
        });
        &mut self.samples[index].1
    }
}
