//! What a log asks for, as a whole.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ReplayError;
use super::reader::{Io, Item, Reader, can_be_read_again};
use super::source::{Limits, ReplaySource};
use crate::direction::{Direction, PerDirection};
use crate::job::{MAX_BLOCK_SIZE, MAX_FILES, ReplayOptions, shown};
use crate::workload::{Request, RequestKind};

/// I/Os of a log that are kept in memory; a longer one is read again while it is replayed.
const KEPT: usize = 1 << 18;

/// The same for input that cannot be read again.
const KEPT_OF_PIPES: usize = 1 << 22;

/// An I/O of a log as it is done here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// When it is due, in nanoseconds after the beginning of the job.
    pub(super) due: u64,
    pub(super) request: Request,
}

/// A log that has been looked through.
#[derive(Debug)]
pub(crate) struct ReplayPlan {
    log: LogOfClone,
    shape: Arc<Shape>,
    names: Arc<Names>,
    totals: Totals,
    /// All I/Os, if there are few.
    kept: Option<Arc<[Entry]>>,
    remark: Option<String>,
}

/// What one clone replays.
#[derive(Debug)]
enum LogOfClone {
    Log(PathBuf),
    /// Several traces as one, and the name of that.
    Merged(PathBuf, Box<ReplayOptions>),
}

impl LogOfClone {
    /// Merged traces are for all clones, other logs for one after the other in turn.
    fn new(options: &ReplayOptions, clone: u32) -> Self {
        if let Some(path) = options.merged() {
            return Self::Merged(path.to_owned(), Box::new(options.clone()));
        }
        let logs = &options.read_logs;
        let path = logs.get(clone as usize % logs.len().max(1));
        Self::Log(path.cloned().unwrap_or_default())
    }

    fn path(&self) -> &Path {
        match self {
            Self::Log(path) | Self::Merged(path, _) => path,
        }
    }

    fn can_be_read_again(&self) -> bool {
        match self {
            Self::Log(path) => can_be_read_again(path),
            Self::Merged(_, options) => {
                options.read_logs.iter().all(|path| can_be_read_again(path))
            }
        }
    }

    fn open(&self) -> Result<Reader, ReplayError> {
        match self {
            Self::Log(path) => Reader::open(path),
            Self::Merged(path, options) => Reader::open_merged(path, options),
        }
    }
}

/// What a log moves.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    requests: PerDirection<u64>,
    moved: PerDirection<u64>,
    synchronisations: u64,
    /// Bytes of all directions.
    bytes: u64,
    /// Bytes of the largest I/O.
    largest: u64,
}

impl ReplayPlan {
    /// Looks through the log of one clone of a job that replays, counted from 0. Setting `cancel`
    /// ends the work.
    ///
    /// # Errors
    /// The log cannot be read, is of no known format, or asks for more than a job can do.
    pub(crate) fn new(
        options: &ReplayOptions,
        clone: u32,
        cancel: &AtomicBool,
    ) -> Result<Self, ReplayError> {
        let log = LogOfClone::new(options, clone);
        let path = log.path().to_owned();
        let again = log.can_be_read_again();
        let reader = log.open()?;
        let mut pass = Pass {
            shape: Shape::new(options, reader.has_times()),
            names: Names::new(options.redirect.as_deref()),
            totals: Totals::default(),
            kept: (!(options.chunked && again)).then(Vec::new),
            most: if again { KEPT } else { KEPT_OF_PIPES },
            again,
            ignored: 0,
            first_ignored: None,
        };
        pass.run(reader, &path, cancel)?;
        Ok(Self {
            remark: pass.remark(&path),
            shape: Arc::new(pass.shape),
            names: Arc::new(pass.names),
            totals: pass.totals,
            kept: pass.kept.map(Into::into),
            log,
        })
    }

    /// The files, in the order requests number them.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.names.paths
    }

    /// Whether there are I/Os of a direction.
    pub(crate) fn has(&self, direction: Direction) -> bool {
        self.totals.requests[direction] > 0
    }

    /// I/Os and bytes of each direction, and synchronisations.
    pub(crate) fn counts(&self) -> (PerDirection<u64>, PerDirection<u64>, u64) {
        let Totals {
            requests,
            moved,
            synchronisations,
            ..
        } = self.totals;
        (requests, moved, synchronisations)
    }

    /// Bytes of the largest I/O; 0 if there is none.
    pub(crate) fn largest(&self) -> u64 {
        self.totals.largest
    }

    /// The log, as given.
    pub(crate) fn path(&self) -> &Path {
        self.log.path()
    }

    /// What should be said of the log.
    pub(crate) fn remark(&self) -> Option<&str> {
        self.remark.as_deref()
    }

    /// The I/Os, from the first.
    ///
    /// # Errors
    /// The log cannot be opened again.
    pub(crate) fn source(&self) -> Result<ReplaySource, ReplayError> {
        match &self.kept {
            Some(entries) => Ok(ReplaySource::kept(
                Arc::clone(entries),
                self.totals.bytes,
                self.shape.stalls,
            )),
            None => {
                let (shape, names) = (Arc::clone(&self.shape), Arc::clone(&self.names));
                let reader = self.log.open()?;
                let path = self.log.path().to_owned();
                let limits = Limits {
                    bytes: self.totals.bytes,
                    largest: self.totals.largest,
                };
                Ok(ReplaySource::streamed(reader, path, shape, names, limits))
            }
        }
    }
}

/// The first pass over a log.
struct Pass {
    shape: Shape,
    names: Names,
    totals: Totals,
    kept: Option<Vec<Entry>>,
    most: usize,
    again: bool,
    ignored: u64,
    first_ignored: Option<String>,
}

impl Pass {
    fn run(
        &mut self,
        mut reader: Reader,
        path: &Path,
        cancel: &AtomicBool,
    ) -> Result<(), ReplayError> {
        let too_many = || ReplayError::TooManyFiles {
            path: path.to_owned(),
            limit: MAX_FILES,
        };
        while let Some(item) = reader.next()? {
            if cancel.load(Ordering::Relaxed) {
                return Err(ReplayError::Cancelled {
                    path: path.to_owned(),
                });
            }
            match item {
                Item::File(name) => {
                    self.names.add(name).ok_or_else(too_many)?;
                }
                Item::Ignored([]) => {}
                Item::Ignored(line) => {
                    let text = shown(line);
                    self.ignored += 1;
                    self.first_ignored
                        .get_or_insert_with(|| format!("{}: `{text}`", reader.place()));
                }
                Item::Io(io) => {
                    let number = self.names.add(io.name).ok_or_else(too_many)?;
                    let Some(entry) = self.shape.entry(&io, number) else {
                        continue;
                    };
                    if entry.request.length > MAX_BLOCK_SIZE {
                        return Err(ReplayError::TooLarge {
                            path: path.to_owned(),
                            place: reader.place(),
                            length: entry.request.length,
                            limit: MAX_BLOCK_SIZE,
                        });
                    }
                    self.take(entry, path)?;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, entry: Entry, path: &Path) -> Result<(), ReplayError> {
        self.totals.count(&entry.request);
        let Some(kept) = &mut self.kept else {
            return Ok(());
        };
        if kept.len() < self.most {
            kept.push(entry);
        } else if self.again {
            self.kept = None;
        } else {
            return Err(ReplayError::TooLong {
                path: path.to_owned(),
                limit: self.most,
            });
        }
        Ok(())
    }

    fn remark(&self, path: &Path) -> Option<String> {
        let first = self.first_ignored.as_ref()?;
        let (count, path) = (self.ignored, path.display());
        Some(format!(
            "I/O log {path}: {count} lines mean nothing and are passed over; the first is {first}"
        ))
    }
}

impl Totals {
    fn count(&mut self, request: &Request) {
        if let RequestKind::Data(direction) = request.kind {
            self.requests[direction] += 1;
            self.moved[direction] = self.moved[direction].saturating_add(request.length);
            self.bytes = self.bytes.saturating_add(request.length);
            self.largest = self.largest.max(request.length);
        } else {
            self.synchronisations += 1;
        }
    }
}

/// How the I/Os of a log are changed before they are done.
#[derive(Debug)]
pub(super) struct Shape {
    scale: u64,
    align: u64,
    /// Percent; `None` leaves times alone.
    time_scale: Option<u64>,
    /// I/Os wait for their time.
    pub(super) stalls: bool,
    skips: PerDirection<bool>,
    skips_syncs: bool,
}

impl Shape {
    fn new(options: &ReplayOptions, has_times: bool) -> Self {
        let skip = options.skip;
        Self {
            scale: options.scale.max(1).into(),
            align: options.align.max(1).into(),
            time_scale: has_times.then_some(options.time_scale.max(1).into()),
            stalls: !options.no_stall,
            skips: PerDirection([skip.read, skip.write, skip.trim]),
            skips_syncs: skip.sync,
        }
    }

    /// `None` for what is left out.
    pub(super) fn entry(&self, io: &Io<'_>, file: u32) -> Option<Entry> {
        let skipped = match io.kind {
            RequestKind::Data(direction) => self.skips[direction],
            _ => self.skips_syncs,
        };
        if skipped {
            return None;
        }
        let moves = matches!(io.kind, RequestKind::Data(_));
        let offset = io.offset / self.scale;
        let due = match self.time_scale {
            Some(percent) => (u128::from(io.at) * 100 / u128::from(percent)) as u64,
            None => io.at,
        };
        Some(Entry {
            due,
            request: Request {
                kind: io.kind,
                file,
                offset: if moves {
                    offset - offset % self.align
                } else {
                    0
                },
                length: if moves { io.length } else { 0 },
            },
        })
    }
}

/// The files of a log, numbered as they appear.
#[derive(Debug)]
pub(super) struct Names {
    numbers: HashMap<Box<[u8]>, u32>,
    paths: Vec<PathBuf>,
    /// All names mean one file.
    redirected: bool,
}

impl Names {
    fn new(redirect: Option<&Path>) -> Self {
        Self {
            numbers: HashMap::new(),
            paths: redirect.map(Path::to_owned).into_iter().collect(),
            redirected: redirect.is_some(),
        }
    }

    /// The number of a name, which is new if it was not known; `None` if there are too many.
    fn add(&mut self, name: &[u8]) -> Option<u32> {
        if let Some(number) = self.find(name) {
            return Some(number);
        }
        let number = u32::try_from(self.paths.len())
            .ok()
            .filter(|count| *count < MAX_FILES)?;
        self.numbers.insert(name.into(), number);
        self.paths.push(OsStr::from_bytes(name).into());
        Some(number)
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<u32> {
        if self.redirected {
            return Some(0);
        }
        self.numbers.get(name).copied()
    }
}
