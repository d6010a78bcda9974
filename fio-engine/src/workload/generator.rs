//! The generator of a job's I/O sequence.

use crate::debug::DebugTeller;
use crate::direction::{Direction, PerDirection};
use crate::job::JobSpec;
use crate::replay::ReplaySource;

use super::file_chooser::FileChooser;
use super::file_state::FileState;
use super::mix::Mix;
use super::open_files::OpenFiles;
use super::placement::Placement;
use super::progress::{Progress, SyncRule};
use super::random::{RandomRule, Seeds, Stream};
use super::request::{FileRegion, Request, RequestKind, WorkloadError};
use super::sequencer::Sequencer;
use super::shape::{Shape, only_direction};

/// Yields a job's I/Os in fio's order.
///
/// **[`Generator::next`] counts an I/O as issued when it yields it**; there is no giving back.
///
/// ```
/// use fio_engine::job::{JobSpec, Pattern};
/// use fio_engine::workload::{FileRegion, Generator, RandomRule};
///
/// let mut spec = JobSpec::new("example");
/// spec.pattern = Pattern::RANDOM_READ;
/// let regions = [FileRegion { start: 0, length: 4 << 20, ..FileRegion::default() }];
/// let mut generator = Generator::new(&spec, 1, &regions, RandomRule::Newest)?;
/// let first = generator.next().expect("the file has blocks");
/// assert_eq!((first.offset, first.length), (4_096_000, 4096));
/// # Ok::<(), fio_engine::workload::WorkloadError>(())
/// ```
#[derive(Debug)]
pub struct Generator {
    path: Path,
    files: Vec<FileState>,
    placement: Placement,
    /// Bytes a bit of the random maps stands for when the maps are made.
    unit: u64,
    /// Present if the job both reads and writes.
    mix: Option<Mix>,
    only: Direction,
    /// Decides in place of the mix.
    preferred: Option<Direction>,
    random: bool,
    sync: Option<SyncRule>,
    trim_then_write: bool,
    chooser: FileChooser,
    progress: Progress,
    /// Where the I/Os come from if they are not made up.
    replay: Option<Box<ReplaySource>>,
    /// What a repeatable job draws each of its passes from.
    reseed: Option<Box<Seeds>>,
    /// Present if not all files may be open.
    open_files: Option<OpenFiles>,
    /// Passes are told of.
    announces: bool,
    /// What is to be told before the next request.
    restarted: Option<RequestKind>,
    /// The request that waits until that is told, and the path to go on with.
    held: Option<(Request, Path)>,
    /// Yields the requests whose draws are told of.
    told: Path,
}

/// How often files begin anew in vain before one is done. An attempt may succeed where the one before
/// did not, as it need not be random; where none does, fio goes on for ever.
const MOST_BEGINNINGS: u32 = 1 << 16;

/// Which code yields the next I/O; chosen once, by the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// One file, one direction and size, sequential.
    Sequential { size: u64 },
    /// One file, one direction and size, uniform offsets, each block once.
    RandomMapped { size: u64 },
    /// One file, one direction and size, uniform offsets, `norandommap`.
    RandomUnmapped { size: u64 },
    /// The I/Os of a log.
    Replayed,
    /// Everything else.
    General,
    /// Everything else where not all files may be open.
    InTurn,
    /// Yields the request that is held back.
    Held,
    /// Another one, whose draws are told of.
    Told,
}

impl Generator {
    /// A generator for one clone of a job.
    ///
    /// `job_number` counts from 1 over all clones of all jobs of a run; it is part of the seeds.
    ///
    /// # Errors
    /// A block size is 0, no region has room for an I/O, or the random map finds no memory.
    pub fn new(
        spec: &JobSpec,
        job_number: u32,
        regions: &[FileRegion],
        rule: RandomRule,
    ) -> Result<Self, WorkloadError> {
        Self::seeded(spec, Seeds::new(spec, job_number, rule), regions, rule)
    }

    /// A generator that draws from these seeds.
    pub(crate) fn seeded(
        spec: &JobSpec,
        seeds: Seeds,
        regions: &[FileRegion],
        rule: RandomRule,
    ) -> Result<Self, WorkloadError> {
        let mut shape = Shape::new(spec, regions, rule)?;
        let mut files = Vec::with_capacity(regions.len());
        for region in regions {
            files.push(shape.file(spec, region, &seeds)?);
        }
        let pattern = spec.pattern;
        let mut generator = Self {
            path: Path::General,
            files,
            placement: Placement::new(spec, &shape, &seeds, regions.len()),
            unit: shape.unit,
            mix: (pattern.read && pattern.write)
                .then(|| Mix::new(spec.read_mix_percent, seeds.generator(Stream::Mix))),
            only: only_direction(spec),
            preferred: None,
            random: pattern.random,
            sync: SyncRule::new(spec, regions.len()),
            trim_then_write: pattern.trim_then_write,
            chooser: FileChooser::new(spec, regions.len(), &seeds, shape.wide_sizes),
            progress: Progress::new(spec, regions),
            replay: None,
            reseed: (spec.repeatable && spec.random_seed.is_none()).then(|| Box::new(seeds)),
            open_files: None,
            announces: false,
            restarted: None,
            held: None,
            told: Path::General,
        };
        if Sequencer::is_plain(&spec.order)
            && spec.order.number_of_ios.is_none()
            && spec.order.zones.is_none()
            && shape.uniform
            && !shape.ordered()
            && !spec.order.sizes_by_order
        {
            generator.path = generator.choose_path();
        }
        Ok(generator)
    }

    /// Yields the I/Os of a log instead of making them up.
    pub(crate) fn replaying(mut self, source: ReplaySource) -> Self {
        self.progress.target = source.total_bytes();
        self.progress.time_based = false;
        self.path = Path::Replayed;
        self.replay = Some(Box::new(source));
        self
    }

    /// Tells from now on what is drawn for offsets. To be called last before the first request.
    pub(crate) fn tell(&mut self, teller: DebugTeller) {
        self.placement.begin_telling(teller);
        self.told = std::mem::replace(&mut self.path, Path::Told);
    }

    /// The log the I/Os come from, if they do.
    pub(crate) fn replay(&mut self) -> Option<&mut ReplaySource> {
        self.replay.as_deref_mut()
    }

    /// The next I/O; `None` when the job has issued all its bytes. A time-based job never ends.
    #[expect(
        clippy::should_implement_trait,
        reason = "the job loop calls it directly; the adapters of Iterator would only hide the hot path"
    )]
    #[inline]
    pub fn next(&mut self) -> Option<Request> {
        match self.path {
            Path::RandomMapped { size } => self.next_mapped(size),
            Path::Sequential { size } => self.next_sequential(size),
            Path::RandomUnmapped { size } => self.next_unmapped(size),
            Path::Replayed => self.next_replayed(),
            Path::General => self.next_general(),
            Path::InTurn => self.next_in_turn(),
            Path::Held => self.next_held(),
            Path::Told => self.next_told(),
        }
    }

    /// Keeps at most so many files open: a file is opened, which is told by a
    /// [`RequestKind::Open`], before its first I/O, and another takes its place when it is done.
    /// Does nothing if all files may be open. To be called before the first request.
    pub fn open_at_most(&mut self, limit: usize) {
        if (1..self.files.len()).contains(&limit) {
            self.open_files = Some(OpenFiles::new(limit, self.files.len()));
            self.path = Path::InTurn;
        }
    }

    /// The file that is to be opened in this place of those that are open.
    #[must_use]
    pub fn file_in(&self, slot: usize) -> usize {
        let open = self.open_files.as_ref();
        open.map_or(slot, |open| open.file_in(slot))
    }

    /// Tells from now on when files are gone over once more, by a [`RequestKind::Restart`] or
    /// [`RequestKind::NextPass`] before the first I/O of it.
    pub const fn announce_passes(&mut self) {
        self.announces = true;
    }

    /// Makes a job that reads and writes issue this direction instead of drawing one; `None` makes
    /// it draw again. It is how a direction that has to wait for its rate lets the other one go on.
    /// Jobs of one direction do not care.
    pub const fn prefer(&mut self, direction: Option<Direction>) {
        self.preferred = direction;
    }

    /// Bytes the job issues in all if nothing fails; `None` for time-based jobs.
    ///
    /// The last I/O may go a little beyond it, and passes that end with less than a block left in
    /// their files stay below it.
    #[must_use]
    pub const fn total_bytes(&self) -> Option<u64> {
        if self.progress.time_based {
            None
        } else {
            Some(self.progress.target)
        }
    }

    /// Bytes issued so far. A trim that a write follows (`trimwrite`) does not count.
    #[must_use]
    pub const fn bytes_issued(&self) -> u64 {
        self.progress.bytes
    }

    /// I/Os issued so far by direction, synchronisations not counted.
    #[must_use]
    pub const fn issued(&self) -> &PerDirection<u64> {
        &self.progress.issued
    }

    /// How often the job started over. A time-based job starts over in each file, and sequential
    /// reads and writes do so each on their own.
    #[must_use]
    pub const fn passes(&self) -> u64 {
        self.progress.passes
    }

    fn choose_path(&self) -> Path {
        let simple = self.files.len() == 1
            && self.mix.is_none()
            && self.sync.is_none()
            && !self.trim_then_write;
        let Some(size) = self.placement.fixed_size(self.only).filter(|_| simple) else {
            return Path::General;
        };
        let mapped = self.files[0].map.is_some();
        if !self.random {
            Path::Sequential { size }
        } else if mapped && size == self.unit {
            Path::RandomMapped { size }
        } else if !mapped {
            Path::RandomUnmapped { size }
        } else {
            Path::General
        }
    }

    #[inline(never)]
    fn next_replayed(&mut self) -> Option<Request> {
        let request = self.replay.as_mut()?.next()?;
        if let RequestKind::Data(direction) = request.kind {
            self.progress.count(direction, request.length);
        }
        Some(request)
    }

    #[inline]
    fn next_mapped(&mut self, size: u64) -> Option<Request> {
        if self.progress.bytes >= self.progress.target {
            return None;
        }
        let file = &mut self.files[0];
        let Some(block) = file.uniform_block(self.only, &mut self.placement.offsets) else {
            return self.next_after_full_map();
        };
        if let Some(map) = &mut file.map {
            map.mark_one(block);
        }
        let request = Request {
            kind: RequestKind::Data(self.only),
            file: 0,
            offset: file.start + block * size,
            length: size,
        };
        self.progress.count(self.only, size);
        Some(request)
    }

    #[inline]
    fn next_unmapped(&mut self, size: u64) -> Option<Request> {
        if self.progress.bytes >= self.progress.target {
            return None;
        }
        let file = &self.files[0];
        // The factor leaves room for the I/O behind every block that can be drawn.
        let block = self.placement.offsets.below(file.blocks[self.only]);
        let request = Request {
            kind: RequestKind::Data(self.only),
            file: 0,
            offset: file.start + block * self.placement.alignments[self.only],
            length: size,
        };
        self.progress.count(self.only, size);
        Some(request)
    }

    /// Goes on when a draw found no free block; the draw is lost, as in fio.
    #[cold]
    fn next_after_full_map(&mut self) -> Option<Request> {
        if self.progress.time_based {
            self.files[0].restart();
            self.progress.passes += 1;
            self.restarted = self.announces.then_some(RequestKind::Restart);
        } else if self.progress.another_pass() {
            self.begin_pass();
        } else {
            return None;
        }
        match self.restarted.take() {
            Some(kind) => Some(announcement(kind, 0)),
            None => self.next(),
        }
    }

    #[inline]
    fn next_sequential(&mut self, size: u64) -> Option<Request> {
        let file = &mut self.files[0];
        let position = file.positions[self.only];
        if position + size > file.length || self.progress.bytes >= self.progress.target {
            return self.next_general();
        }
        file.positions[self.only] = position + size;
        let request = Request {
            kind: RequestKind::Data(self.only),
            file: 0,
            offset: file.start + position,
            length: size,
        };
        self.progress.count(self.only, size);
        Some(request)
    }

    #[inline(never)]
    fn next_general(&mut self) -> Option<Request> {
        loop {
            if self.progress.bytes >= self.progress.target {
                return None;
            }
            let has_all = self.progress.has_all_ios();
            if has_all && !self.progress.goes_on() {
                return None;
            }
            if let Some(request) = (!has_all).then(|| self.next_in_pass()).flatten() {
                return Some(match self.restarted.take() {
                    None => request,
                    Some(kind) => self.hold(kind, request),
                });
            }
            if !self.progress.another_pass() {
                return None;
            }
            self.begin_pass();
        }
    }

    /// Tells what comes before a request, which is next.
    #[cold]
    fn hold(&mut self, kind: RequestKind, request: Request) -> Request {
        self.held = Some((request, self.path));
        self.path = Path::Held;
        announcement(kind, request.file)
    }

    #[cold]
    fn next_held(&mut self) -> Option<Request> {
        let (request, path) = self.held.take()?;
        self.path = path;
        Some(match &mut self.open_files {
            Some(open) => open.translate(request),
            None => request,
        })
    }

    #[cold]
    fn next_told(&mut self) -> Option<Request> {
        self.path = self.told;
        let request = self.next();
        self.told = std::mem::replace(&mut self.path, Path::Told);
        self.placement.tell_draws();
        request
    }

    #[inline(never)]
    fn next_in_turn(&mut self) -> Option<Request> {
        let held = self.open_files.as_mut().and_then(OpenFiles::take_held);
        if held.is_some() {
            return held;
        }
        let request = self.next_general()?;
        let open = self.open_files.as_mut()?;
        Some(open.translate(request))
    }

    /// The next I/O of this pass; `None` when no file has one.
    fn next_in_pass(&mut self) -> Option<Request> {
        // Files begun anew in vain; those that stay without an I/O are done.
        let mut begun: u32 = 0;
        loop {
            let file = self.chooser.choose(&self.files, self.open_files.as_ref())?;
            let kind = self.choose_kind(file);
            let request = match kind {
                RequestKind::Data(direction) => self.data(file, direction),
                kind => {
                    self.placement.forget_attempts();
                    Some(self.synchronisation(file, kind))
                }
            };
            if let (Some(sync), Some(request)) = (&mut self.sync, &request) {
                sync.note(file, request);
            }
            if request.is_some() {
                return request;
            }
            if self.chooser.begins_files_anew() && begun < MOST_BEGINNINGS {
                begun += 1;
                self.begin_anew(file);
                continue;
            }
            self.files[file].done = true;
            self.chooser.finished();
            if let Some(open) = &mut self.open_files {
                open.close(file);
            }
        }
    }

    /// Lets a file without a further I/O begin anew on its own.
    #[cold]
    fn begin_anew(&mut self, file: usize) {
        self.files[file].begin_zone();
        self.progress.passes += 1;
        self.restarted = self.announces.then_some(RequestKind::Restart);
    }

    fn synchronisation(&self, file: usize, kind: RequestKind) -> Request {
        let range = self.sync.as_ref().and_then(|sync| sync.range(file));
        let (offset, length) = match kind {
            RequestKind::SyncRange => range.unwrap_or_default(),
            _ => (0, 0),
        };
        Request {
            kind,
            file: file as u32,
            offset,
            length,
        }
    }

    #[inline]
    fn choose_kind(&mut self, file: usize) -> RequestKind {
        let writes = self.progress.issued[Direction::Write];
        let due = self.sync.as_ref().and_then(|sync| sync.due(file, writes));
        due.unwrap_or_else(|| {
            RequestKind::Data(match &mut self.mix {
                Some(mix) => match self.preferred {
                    None => mix.next(&self.progress.issued),
                    Some(direction) => direction,
                },
                None => self.only,
            })
        })
    }

    /// An I/O in this file; `None` if there is none left in this pass.
    #[inline]
    fn data(&mut self, file: usize, direction: Direction) -> Option<Request> {
        let direction = match self.files[file].trimmed {
            Some(_) => Direction::Write,
            None => direction,
        };
        let passes = self.progress.passes;
        let placed =
            self.placement
                .place(&mut self.files[file], direction, &mut self.progress.passes);
        if self.progress.passes != passes {
            self.restarted = self.announces.then_some(RequestKind::Restart);
        }
        let (position, length) = placed?;
        let request = Request {
            kind: RequestKind::Data(direction),
            file: file as u32,
            offset: self.files[file].start + position,
            length,
        };
        if self.trim_then_write && direction == Direction::Trim {
            self.files[file].trimmed = Some((position, length));
            self.progress.issued[Direction::Trim] += 1;
            self.progress.all_bytes += length;
        } else {
            self.progress.count(direction, length);
        }
        Some(request)
    }

    fn begin_pass(&mut self) {
        self.progress.begin_pass();
        self.restarted = self.announces.then_some(RequestKind::NextPass);
        for file in &mut self.files {
            file.restart();
        }
        if let Some(sync) = &mut self.sync {
            sync.just_synced = false;
        }
        if let Some(mix) = &mut self.mix {
            mix.restart();
        }
        self.placement.restart();
        self.chooser.restart(self.reseed.as_deref());
        let Some(seeds) = &self.reseed else {
            return;
        };
        self.placement.reseed(seeds);
        if let Some(mix) = &mut self.mix {
            mix.reseed(seeds.generator(Stream::Mix));
        }
    }
}

const fn announcement(kind: RequestKind, file: u32) -> Request {
    Request {
        kind,
        file,
        offset: 0,
        length: 0,
    }
}
