//! The generator of a job's I/O sequence.

use thiserror::Error;

use crate::direction::{Direction, PerDirection};
use crate::job::{JobSpec, RandomGenerator, SizeOrPercent};

use super::block_size::SizeSource;
use super::file_state::FileState;
use super::map::RandomMap;
use super::mix::Mix;
use super::random::{AnyTausworthe, RandomRule, Seeds, Stream};

/// The part of one file that a job works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRegion {
    /// First byte, from the beginning of the file.
    pub start: u64,
    /// Bytes from `start` on; 0 means the file gets no I/O.
    pub length: u64,
}

/// One I/O to issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub kind: RequestKind,
    /// Position of the file in the list the generator was made with.
    pub file: u32,
    /// First byte, from the beginning of the file; 0 for synchronisation.
    pub offset: u64,
    /// Bytes; 0 for synchronisation.
    pub length: u64,
}

/// What a [`Request`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// Moves or discards data.
    Data(Direction),
    /// Makes the file's data and metadata durable (`fsync`).
    Fsync,
    /// Makes the file's data durable (`fdatasync`).
    Fdatasync,
}

/// Why no sequence can be generated for a job.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// No file has room for even one I/O.
    #[error(
        "job {job:?}: no file has room for a block of {block_size} bytes (largest region: \
         {largest_region} bytes); raise size or filesize, or lower bs"
    )]
    NoRoom {
        /// Name of the job.
        job: String,
        /// The smallest block size of the job.
        block_size: u64,
        /// The longest region among the job's files.
        largest_region: u64,
    },
    /// A block size of zero.
    #[error(
        "job {job:?}: {direction} block size is 0; give bs, bsrange or bssplit a size of at least 1"
    )]
    ZeroBlockSize {
        /// Name of the job.
        job: String,
        /// The direction it was given for.
        direction: Direction,
    },
    /// The random map does not fit into memory.
    #[error(
        "job {job:?}: no memory for the random map of {blocks} blocks; use norandommap, \
         softrandommap or larger blocks"
    )]
    MapMemory {
        /// Name of the job.
        job: String,
        /// Blocks, one bit each, of the file whose map did not fit.
        blocks: u64,
    },
}

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
/// let regions = [FileRegion { start: 0, length: 4 << 20 }];
/// let mut generator = Generator::new(&spec, 1, &regions, RandomRule::Newest)?;
/// let first = generator.next().expect("the file has blocks");
/// assert_eq!((first.offset, first.length), (4_096_000, 4096));
/// # Ok::<(), fio_engine::workload::WorkloadError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Generator {
    path: Path,
    files: Vec<FileState>,
    offsets: AnyTausworthe,
    sizes: PerDirection<SizeSource>,
    alignments: PerDirection<u64>,
    smallest: PerDirection<u64>,
    /// Bytes a bit of the random maps stands for when the maps are made.
    unit: u64,
    /// Present if the job both reads and writes.
    mix: Option<Mix>,
    only: Direction,
    random: bool,
    single_file: bool,
    sync: Option<SyncRule>,
    trim_then_write: bool,
    /// Files with a trimmed block that a write must follow.
    writes_owed: usize,
    next_file: usize,
    progress: Progress,
    restart: Restart,
}

/// Which code yields the next I/O; chosen once, by the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// One file, one direction and size, sequential.
    Sequential { size: u64 },
    /// One file, one direction and size, uniform offsets, each block once.
    RandomMapped { size: u64 },
    /// One file, one direction and size, uniform offsets, `norandommap`.
    RandomUnmapped { size: u64 },
    /// Everything else.
    General,
}

#[derive(Debug, Clone)]
struct SyncRule {
    fsync_every: u64,
    fdatasync_every: u64,
    /// The last request of this pass was a synchronisation.
    just_synced: bool,
}

/// How far the job is, and how far it goes.
#[derive(Debug, Clone)]
struct Progress {
    issued: PerDirection<u64>,
    /// Bytes that count towards `target`: trims that a write follows do not.
    bytes: u64,
    /// Bytes of all directions.
    all_bytes: u64,
    target: u64,
    /// Bytes at the beginning of this pass, to notice a pass without any.
    pass_began: u64,
    passes: u64,
    loops_left: u64,
    /// Bytes (`io_size`) before which passes go on even when all loops are done.
    wanted: Option<u64>,
    largest: u64,
    time_based: bool,
}

/// What a new pass starts from.
#[derive(Debug, Clone)]
struct Restart {
    seeds: Seeds,
    reseed: bool,
    wide: bool,
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
        let seeds = Seeds::new(spec, job_number, rule);
        let shape = Shape::new(spec, regions)?;
        let mut files = Vec::with_capacity(regions.len());
        for region in regions {
            files.push(shape.file(spec, region)?);
        }
        let pattern = spec.pattern;
        let sizes = PerDirection(Direction::ALL.map(|direction| {
            let stream = size_stream(direction, pattern.trim_then_write);
            let generator = seeds.stream(stream, shape.wide);
            let sizes = &spec.block_sizes[direction];
            SizeSource::new(sizes, spec.unaligned_block_sizes, generator)
        }));
        let mut generator = Self {
            path: Path::General,
            files,
            offsets: seeds.stream(Stream::Offset, shape.wide),
            sizes,
            alignments: shape.alignments,
            smallest: shape.smallest,
            unit: shape.unit,
            mix: (pattern.read && pattern.write)
                .then(|| Mix::new(spec.read_mix_percent, seeds.generator(Stream::Mix))),
            only: only_direction(spec),
            random: pattern.random,
            single_file: regions.len() == 1,
            sync: SyncRule::new(spec),
            trim_then_write: pattern.trim_then_write,
            writes_owed: 0,
            next_file: 0,
            progress: Progress::new(spec, regions),
            restart: Restart {
                seeds,
                reseed: spec.repeatable && spec.random_seed.is_none(),
                wide: shape.wide,
            },
        };
        generator.path = generator.choose_path();
        Ok(generator)
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
            Path::General => self.next_general(),
        }
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
        let simple =
            self.single_file && self.mix.is_none() && self.sync.is_none() && !self.trim_then_write;
        let Some(size) = self.sizes[self.only].fixed().filter(|_| simple) else {
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

    #[inline]
    fn next_mapped(&mut self, size: u64) -> Option<Request> {
        if self.progress.bytes >= self.progress.target {
            return None;
        }
        let file = &mut self.files[0];
        let Some(block) = file.random_block(self.only, &mut self.offsets) else {
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
        let block = self.offsets.below(file.blocks[self.only]);
        let request = Request {
            kind: RequestKind::Data(self.only),
            file: 0,
            offset: file.start + block * self.alignments[self.only],
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
        } else if self.progress.another_pass() {
            self.begin_pass();
        } else {
            return None;
        }
        self.next()
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
            if let Some(request) = self.next_in_pass() {
                return Some(request);
            }
            if !self.progress.another_pass() {
                return None;
            }
            self.begin_pass();
        }
    }

    /// The next I/O of this pass; `None` when no file has one.
    fn next_in_pass(&mut self) -> Option<Request> {
        loop {
            let file = self.choose_file()?;
            let kind = self.choose_kind();
            let request = match kind {
                RequestKind::Data(direction) => self.data(file, direction),
                kind => Some(Request {
                    kind,
                    file: file as u32,
                    offset: 0,
                    length: 0,
                }),
            };
            if let Some(sync) = &mut self.sync
                && request.is_some()
            {
                sync.just_synced = !matches!(kind, RequestKind::Data(_));
            }
            if request.is_some() {
                return request;
            }
            self.files[file].done = true;
        }
    }

    /// The next file in turn that is not done.
    #[inline]
    fn choose_file(&mut self) -> Option<usize> {
        for _ in 0..self.files.len() {
            let file = self.next_file;
            self.next_file += 1;
            if self.next_file == self.files.len() {
                self.next_file = 0;
            }
            if !self.files[file].done {
                return Some(file);
            }
        }
        None
    }

    #[inline]
    fn choose_kind(&mut self) -> RequestKind {
        let writes = self.progress.issued[Direction::Write];
        let due = self.sync.as_ref().and_then(|sync| sync.due(writes));
        due.unwrap_or_else(|| {
            RequestKind::Data(match &mut self.mix {
                Some(mix) => mix.next(&self.progress.issued),
                None => self.only,
            })
        })
    }

    /// An I/O in this file; `None` if there is none left in this pass.
    #[inline]
    fn data(&mut self, file: usize, direction: Direction) -> Option<Request> {
        if let Some(trimmed) = self.files[file].trimmed.take() {
            self.writes_owed -= 1;
            self.progress.count(Direction::Write, trimmed.length);
            return Some(Request {
                kind: RequestKind::Data(Direction::Write),
                ..trimmed
            });
        }
        let (position, length) = self.place(file, direction)?;
        let request = Request {
            kind: RequestKind::Data(direction),
            file: file as u32,
            offset: self.files[file].start + position,
            length,
        };
        if self.trim_then_write {
            self.files[file].trimmed = Some(request);
            self.writes_owed += 1;
            self.progress.issued[Direction::Trim] += 1;
            self.progress.all_bytes += length;
        } else {
            self.progress.count(direction, length);
        }
        Some(request)
    }

    /// Position in the region and length of the next I/O.
    #[inline]
    fn place(&mut self, file: usize, direction: Direction) -> Option<(u64, u64)> {
        let state = &mut self.files[file];
        let smallest = self.smallest[direction];
        if smallest > state.length {
            return None;
        }
        if !self.random {
            let mut position = state.positions[direction];
            // With several files, a file that is finished waits for the others.
            if self.single_file && self.progress.time_based && position >= state.length {
                position = 0;
                self.progress.passes += 1;
            }
            let length = self.sizes[direction].draw(state.length - position)?;
            state.positions[direction] = position + length;
            return Some((position, length));
        }
        let block = match state.random_block(direction, &mut self.offsets) {
            None if self.progress.time_based => {
                state.restart();
                self.progress.passes += 1;
                state.random_block(direction, &mut self.offsets)?
            }
            block => block?,
        };
        let position = block * self.alignments[direction];
        let room = state.length.checked_sub(position)?;
        let drawn = self.sizes[direction].draw(room)?;
        let length = state.claim(block, drawn, smallest);
        (length > 0).then_some((position, length))
    }

    fn begin_pass(&mut self) {
        for file in &mut self.files {
            file.restart();
        }
        if let Some(sync) = &mut self.sync {
            sync.just_synced = false;
        }
        if !self.restart.reseed {
            return;
        }
        let Restart { seeds, wide, .. } = &self.restart;
        self.offsets = seeds.stream(Stream::Offset, *wide);
        for direction in Direction::ALL {
            let stream = size_stream(direction, self.trim_then_write);
            let generator = seeds.stream(stream, *wide);
            self.sizes[direction].reseed(generator);
        }
        if let Some(mix) = &mut self.mix {
            mix.reseed(seeds.generator(Stream::Mix));
        }
    }
}

impl SyncRule {
    fn new(spec: &JobSpec) -> Option<Self> {
        let wanted = spec.fsync_every > 0 || spec.fdatasync_every > 0;
        (wanted && spec.pattern.write && !spec.pattern.trim_then_write).then(|| Self {
            fsync_every: u64::from(spec.fsync_every),
            fdatasync_every: u64::from(spec.fdatasync_every),
            just_synced: false,
        })
    }

    /// The synchronisation due now, after this many writes. None follows another directly.
    #[inline]
    fn due(&self, writes: u64) -> Option<RequestKind> {
        let due = |every: u64| every > 0 && writes.is_multiple_of(every);
        if self.just_synced || writes == 0 {
            None
        } else if due(self.fsync_every) {
            Some(RequestKind::Fsync)
        } else if due(self.fdatasync_every) {
            Some(RequestKind::Fdatasync)
        } else {
            None
        }
    }
}

impl Progress {
    fn new(spec: &JobSpec, regions: &[FileRegion]) -> Self {
        let region_bytes: u64 = regions.iter().map(|region| region.length).sum();
        let size = match spec.size {
            Some(SizeOrPercent::Bytes(size)) if size > 0 => size,
            _ => region_bytes,
        };
        let wanted = spec.io_size.map(|io_size| match io_size {
            SizeOrPercent::Bytes(bytes) => bytes,
            SizeOrPercent::Percent(percent) => {
                (u128::from(size) * u128::from(percent) / 100) as u64
            }
        });
        let wanted = wanted.filter(|&bytes| bytes > 0);
        let loops = spec.loops.max(1);
        Self {
            issued: PerDirection::default(),
            bytes: 0,
            all_bytes: 0,
            target: if spec.time_based {
                u64::MAX
            } else {
                wanted.unwrap_or(size).saturating_mul(loops)
            },
            pass_began: 0,
            passes: 0,
            loops_left: loops - 1,
            wanted,
            largest: used_directions(spec)
                .map(|direction| spec.block_sizes[direction].max())
                .max()
                .unwrap_or(0),
            time_based: spec.time_based,
        }
    }

    #[inline]
    fn count(&mut self, direction: Direction, length: u64) {
        self.issued[direction] += 1;
        self.bytes += length;
        self.all_bytes += length;
    }

    /// Whether the job goes over its files once more.
    fn another_pass(&mut self) -> bool {
        let progressed = self.all_bytes > self.pass_began;
        self.pass_began = self.all_bytes;
        self.passes += 1;
        if !progressed {
            return false;
        }
        if self.time_based {
            return true;
        }
        if self.loops_left > 0 {
            self.loops_left -= 1;
            return true;
        }
        self.wanted
            .is_some_and(|wanted| wanted.saturating_sub(self.all_bytes) >= self.largest.max(1))
    }
}

/// What all files of a job have in common.
struct Shape {
    alignments: PerDirection<u64>,
    smallest: PerDirection<u64>,
    unit: u64,
    mapped: bool,
    wide: bool,
}

impl Shape {
    fn new(spec: &JobSpec, regions: &[FileRegion]) -> Result<Self, WorkloadError> {
        let smallest =
            PerDirection(Direction::ALL.map(|direction| spec.block_sizes[direction].min()));
        if let Some(direction) = used_directions(spec).find(|&direction| smallest[direction] == 0) {
            return Err(WorkloadError::ZeroBlockSize {
                job: spec.name.clone(),
                direction,
            });
        }
        // fio sizes the map by the smallest block size of all directions, also of those the job
        // leaves out, but counts blocks of the I/O's own direction in it. So where sizes differ,
        // a pass may end early: that is part of the sequence.
        let unit = smallest
            .0
            .iter()
            .copied()
            .filter(|&size| size > 0)
            .min()
            .unwrap_or(1);
        let largest_region = regions
            .iter()
            .map(|region| region.length)
            .max()
            .unwrap_or(0);
        let used_smallest = used_directions(spec).map(|direction| smallest[direction]);
        let needed = used_smallest.min().unwrap_or(1);
        if largest_region < needed {
            return Err(WorkloadError::NoRoom {
                job: spec.name.clone(),
                block_size: needed,
                largest_region,
            });
        }
        let aligned = used_directions(spec).any(|direction| {
            spec.offset_alignment[direction].is_some_and(|bytes| bytes != smallest[direction])
        });
        Ok(Self {
            alignments: PerDirection(Direction::ALL.map(|direction| {
                let chosen = spec.offset_alignment[direction].filter(|&bytes| bytes > 0);
                chosen.unwrap_or(smallest[direction]).max(1)
            })),
            smallest,
            unit,
            mapped: spec.pattern.random && !spec.no_random_map && !aligned,
            wide: spec.random_generator == RandomGenerator::Tausworthe64
                || largest_region / unit > u64::from(u32::MAX),
        })
    }

    fn file(&self, spec: &JobSpec, region: &FileRegion) -> Result<FileState, WorkloadError> {
        let blocks = region.length / self.unit;
        let map = match self.mapped.then(|| RandomMap::new(blocks)) {
            None => None,
            Some(Ok(map)) => Some(map),
            Some(Err(_)) if spec.soft_random_map => None,
            Some(Err(_)) => {
                return Err(WorkloadError::MapMemory {
                    job: spec.name.clone(),
                    blocks,
                });
            }
        };
        Ok(FileState {
            start: region.start,
            length: region.length,
            positions: PerDirection::splat(0),
            map,
            done: false,
            trimmed: None,
            blocks: PerDirection(Direction::ALL.map(|direction| {
                let alignment = self.alignments[direction];
                let needed = self.smallest[direction].max(alignment);
                (region.length.saturating_sub(needed) / alignment + 1) as f64
            })),
        })
    }
}

fn used_directions(spec: &JobSpec) -> impl Iterator<Item = Direction> {
    let pattern = spec.pattern;
    let used = [pattern.read, pattern.write, pattern.trim];
    Direction::ALL
        .into_iter()
        .filter(move |direction| used[direction.index()])
}

/// The direction of a job that is not mixed; of `trimwrite` the first of each pair.
fn only_direction(spec: &JobSpec) -> Direction {
    if spec.pattern.trim {
        Direction::Trim
    } else if spec.pattern.write {
        Direction::Write
    } else {
        Direction::Read
    }
}

fn size_stream(direction: Direction, trim_then_write: bool) -> Stream {
    match direction {
        Direction::Read => Stream::ReadSize,
        Direction::Trim if !trim_then_write => Stream::TrimSize,
        Direction::Write | Direction::Trim => Stream::WriteSize,
    }
}
