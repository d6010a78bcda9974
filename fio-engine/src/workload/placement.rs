//! Where in its file an I/O goes, and how long it is.

use crate::debug::DebugTeller;
use crate::direction::{Direction, PerDirection};
use crate::job::{FileService, JobSpec};

use super::block_size::SizeSource;
use super::distribution::Zoned;
use super::file_state::FileState;
use super::random::{AnyTausworthe, Seeds, Stream};
use super::sequencer::{Sequencer, Step};
use super::shape::{Shape, size_stream};
use super::told_draws::ToldDraws;
use super::zone_walk::ZoneWalk;

/// Places the I/Os of a job: at random, or where the one before ended.
///
/// The files' own part of it, what is used already and how far sequential I/O got, is in
/// [`FileState`]; here is what all files share, most of it random streams.
#[derive(Debug)]
pub(super) struct Placement {
    random: bool,
    pub(super) offsets: AnyTausworthe,
    sizes: PerDirection<SizeSource>,
    pub(super) alignments: PerDirection<u64>,
    smallest: PerDirection<u64>,
    sequencer: Sequencer,
    /// Present if the distribution of offsets is zoned.
    zones: Option<Zoned>,
    /// Present if the job goes from zone to zone.
    zone_walk: Option<ZoneWalk>,
    /// Sizes belong to the order of an I/O in place of its direction.
    sizes_by_order: bool,
    time_based: bool,
    /// A file begins anew as soon as all its blocks are used.
    renews: bool,
    /// A sequential job has no other file to turn to at the end of this one.
    single_file: bool,
    /// An attempt at this I/O was not random: even if the next one is, its blocks count as unused.
    /// That is fio's way, and part of its sequence.
    unclaimed: bool,
    wide_offsets: bool,
    wide_sizes: bool,
    trim_then_write: bool,
    /// Tells what is drawn for offsets.
    told: Option<Box<ToldDraws>>,
    /// Where fio up to 3.34 does not keep to its manual, it is followed.
    strays: bool,
}

impl Placement {
    /// For as many files as `shape` was made of.
    pub(super) fn new(spec: &JobSpec, shape: &Shape, seeds: &Seeds, files: usize) -> Self {
        let pattern = spec.pattern;
        let sizes = Direction::ALL.map(|direction| {
            let stream = size_stream(direction, pattern.trim_then_write);
            let generator = seeds.stream(stream, shape.wide_sizes);
            let sizes = &spec.block_sizes[direction];
            SizeSource::new(sizes, spec.unaligned_block_sizes, generator)
        });
        Self {
            random: pattern.random,
            offsets: seeds.stream(Stream::Offset, shape.wide_offsets),
            sizes: PerDirection(sizes),
            alignments: shape.alignments,
            smallest: shape.smallest,
            sequencer: Sequencer::new(spec, shape, seeds.generator(Stream::RandomShare)),
            zones: (shape.zones.clone())
                .map(|zones| Zoned::new(zones, seeds.generator(Stream::Zone))),
            zone_walk: spec.order.zones.map(ZoneWalk::new),
            sizes_by_order: spec.order.sizes_by_order,
            time_based: spec.time_based,
            renews: spec.time_based
                || matches!(spec.order.file_service, FileService::Skewed(_)) && files > 1,
            single_file: files == 1,
            unclaimed: false,
            wide_offsets: shape.wide_offsets,
            wide_sizes: shape.wide_sizes,
            trim_then_write: pattern.trim_then_write,
            told: None,
            strays: shape.strays,
        }
    }

    /// From now on, [`Self::tell_draws`] has something to tell.
    pub(super) fn begin_telling(&mut self, teller: DebugTeller) {
        self.told = Some(Box::new(ToldDraws::new(teller, &self.offsets)));
    }

    /// Tells what was drawn for offsets since the last time.
    pub(super) fn tell_draws(&mut self) {
        if let Some(told) = &mut self.told {
            told.catch_up(&self.offsets);
        }
    }

    /// The size of all I/Os of a direction if they are alike.
    pub(super) fn fixed_size(&self, direction: Direction) -> Option<u64> {
        self.sizes[direction].fixed()
    }

    /// Begins another pass over the files.
    pub(super) fn restart(&mut self) {
        if let Some(walk) = &mut self.zone_walk {
            walk.restart();
        }
    }

    /// Something else was issued since the last attempt.
    pub(super) const fn forget_attempts(&mut self) {
        self.unclaimed = false;
    }

    /// A write of the block that was trimmed before: it is a step in the order of I/Os, too.
    #[inline]
    fn follow(&mut self, file: &mut FileState) -> Option<(u64, u64)> {
        if self.strays {
            return self.follow_astray(file);
        }
        let (position, length) = file.trimmed.take()?;
        let _ = self.sequencer.step(Direction::Write);
        self.count(length);
        Some((position, length))
    }

    /// As fio up to 3.34 writes after a random trim: the distance of the region and of the zone counts
    /// twice. So the write hits another block, and is repeated there, unless both are 0.
    #[cold]
    fn follow_astray(&mut self, file: &mut FileState) -> Option<(u64, u64)> {
        if let Some(walk) = &mut self.zone_walk {
            walk.enter(file);
        }
        let _ = self.sequencer.step(Direction::Write);
        self.unclaimed = true;
        let (trimmed, length) = file.trimmed?;
        let distance = file.start.checked_add(file.zone)?;
        let position = trimmed.checked_add(distance)?;
        if file.length.checked_sub(position)? < length {
            return None;
        }
        file.note_write(position);
        self.unclaimed = false;
        self.count(length);
        Some((position, length))
    }

    /// Counts the bytes of an I/O.
    #[inline]
    const fn count(&mut self, length: u64) {
        if let Some(walk) = &mut self.zone_walk {
            walk.count(length);
        }
    }

    /// Draws the same places again.
    pub(super) fn reseed(&mut self, seeds: &Seeds) {
        self.tell_draws();
        self.offsets = seeds.stream(Stream::Offset, self.wide_offsets);
        if let Some(told) = &mut self.told {
            told.follow(&self.offsets);
        }
        for direction in Direction::ALL {
            let stream = size_stream(direction, self.trim_then_write);
            let generator = seeds.stream(stream, self.wide_sizes);
            self.sizes[direction].reseed(generator);
        }
        self.sequencer.reseed(seeds.generator(Stream::RandomShare));
        if let Some(zones) = &mut self.zones {
            zones.reseed(seeds.generator(Stream::Zone));
        }
    }

    /// Position in the file's region and length of the next I/O; `None` if this pass has no further
    /// one for the file. A file that begins anew on its own counts as a pass.
    #[inline]
    pub(super) fn place(
        &mut self,
        file: &mut FileState,
        direction: Direction,
        passes: &mut u64,
    ) -> Option<(u64, u64)> {
        if self.smallest[direction] > file.length {
            return None;
        }
        let follows = self.trim_then_write && direction == Direction::Write;
        if follows && (self.random || !self.strays) {
            return self.follow(file);
        }
        if let Some(walk) = &mut self.zone_walk {
            walk.enter(file);
        }
        let step = self.sequencer.step(direction);
        if step != Step::Random {
            self.unclaimed = true;
            if let Some(position) = self.next_position(file, direction, step, passes) {
                return self.place_at(file, direction, position);
            }
            // At the end of the file a random job draws another place to go on from.
            if !self.random {
                return None;
            }
        }
        let block = self.random_block_of_pass(file, direction, passes)?;
        let distance = block.checked_mul(self.alignments[direction])?;
        let position = file.zone.checked_add(distance)?;
        let room = file.length.checked_sub(position)?;
        // An I/O that draws a place for want of one to go on from is none of the random ones.
        let by_order = match step {
            Step::Random => Direction::Write,
            Step::Sequential | Step::Identical => Direction::Read,
        };
        let drawn = self.size(direction, by_order, room)?;
        let length = if self.unclaimed {
            drawn
        } else {
            file.claim(block, drawn, self.smallest[direction])
        };
        self.unclaimed = false;
        file.advance(direction, position, length);
        self.count(length);
        (length > 0).then_some((position, length))
    }

    /// Where an I/O that is not random goes; `None` at the end of the file.
    #[inline]
    fn next_position(
        &self,
        file: &FileState,
        direction: Direction,
        step: Step,
        passes: &mut u64,
    ) -> Option<u64> {
        let position = self.sequencer.position(file, direction, step);
        // With several files, a file that is finished waits for the others.
        if position.is_none() && self.single_file && self.time_based {
            *passes += 1;
            return Some(file.zone);
        }
        position
    }

    /// Position and length of an I/O that is not random.
    #[inline]
    fn place_at(
        &mut self,
        file: &mut FileState,
        direction: Direction,
        position: u64,
    ) -> Option<(u64, u64)> {
        let room = file.length.checked_sub(position)?;
        let length = self.size(direction, Direction::Read, room)?;
        if self.trim_then_write && direction == Direction::Write {
            file.note_write(position);
        }
        file.advance(direction, position, length);
        self.unclaimed = false;
        self.count(length);
        Some((position, length))
    }

    /// A size of the direction, or of `by_order` if sizes belong to the order of I/Os.
    #[inline]
    fn size(&mut self, direction: Direction, by_order: Direction, room: u64) -> Option<u64> {
        let direction = if self.sizes_by_order {
            by_order
        } else {
            direction
        };
        self.sizes[direction].draw(room)
    }

    /// A block as [`Self::random_block`] gives it, of another pass if the file begins anew.
    #[inline]
    fn random_block_of_pass(
        &mut self,
        file: &mut FileState,
        direction: Direction,
        passes: &mut u64,
    ) -> Option<u64> {
        let block = self.random_block(file, direction);
        if block.is_some() || !(self.renews || self.zone_walk.is_some() && !self.strays) {
            return block;
        }
        file.begin_zone();
        *passes += u64::from(self.zone_walk.is_none());
        self.random_block(file, direction)
    }

    /// A block of the direction's alignment; `None` if all are used.
    #[inline]
    fn random_block(&mut self, file: &mut FileState, direction: Direction) -> Option<u64> {
        if let Some(zones) = &mut self.zones {
            let blocks = file.blocks[direction] as u64;
            let (first, count) = zones.draw(blocks, self.alignments[direction]);
            let block = match &mut file.ordered {
                Some(ordered) => ordered.draw()?,
                None => self.offsets.below(count as f64),
            };
            return Some(first.saturating_add(block));
        }
        match (&mut file.skew, &mut file.ordered) {
            (Some(skew), _) => Some(skew.draw()),
            (None, Some(ordered)) => ordered.draw(),
            (None, None) => file.uniform_block(direction, &mut self.offsets),
        }
    }
}
