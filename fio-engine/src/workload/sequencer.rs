//! Whether an I/O continues where the one before ended, and where that is.

use crate::direction::{Direction, PerDirection};
use crate::job::{JobSpec, OrderOptions, Sequencer as Between};

use super::file_state::FileState;
use super::random::Tausworthe;
use super::shape::Shape;

/// Decides of each I/O whether its offset is random, and finds the offsets of those that are not.
///
/// The count of `rw=randread:8` goes over all directions and files, while each file and direction
/// has a position of its own: that is fio's sequence.
#[derive(Debug, Clone)]
pub(super) struct Sequencer {
    random: bool,
    /// I/Os for each random one.
    every: u32,
    /// I/Os up to the next that may be random, itself included.
    left: u32,
    percent: PerDirection<u8>,
    /// One for each direction, all of one seed.
    draws: PerDirection<Tausworthe>,
    identical: bool,
    stride: i64,
    zoned: bool,
    /// Where fio up to 3.34 does not keep to its manual, it is followed.
    strays: bool,
}

/// Where an I/O goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// To an offset that is drawn.
    Random,
    /// On from the end of the one before.
    Sequential,
    /// Again where the one before began (`rw_sequencer=identical`).
    Identical,
}

impl Sequencer {
    pub(super) fn new(spec: &JobSpec, shape: &Shape, draws: Tausworthe) -> Self {
        let order = &spec.order;
        Self {
            random: spec.pattern.random,
            every: order.random_every,
            left: 1,
            percent: order.random_percent,
            draws: PerDirection::splat(draws),
            identical: spec.pattern.random && order.sequencer == Between::Identical,
            stride: order.stride,
            zoned: order.zones.is_some(),
            strays: shape.strays,
        }
    }

    /// Whether all I/Os of a random job are random, and those of a sequential one leave no gaps.
    pub(super) fn is_plain(order: &OrderOptions) -> bool {
        order.random_every == 1 && order.stride == 0 && order.random_percent.0 == [100; 3]
    }

    pub(super) fn reseed(&mut self, draws: Tausworthe) {
        self.draws = PerDirection::splat(draws);
    }

    /// Where the next I/O goes. Each call counts as one I/O.
    #[inline]
    pub(super) fn step(&mut self, direction: Direction) -> Step {
        if !self.random {
            return Step::Sequential;
        }
        let between = if self.identical {
            Step::Identical
        } else {
            Step::Sequential
        };
        if self.every == 0 {
            return between;
        }
        self.left -= 1;
        if self.left > 0 {
            return between;
        }
        self.left = self.every;
        // What `percentage_random` leaves goes on, also among I/Os that repeat.
        let random = match self.percent[direction] {
            0 => false,
            100 => true,
            percent => self.draws[direction].percent() <= u32::from(percent),
        };
        if random {
            Step::Random
        } else {
            Step::Sequential
        }
    }

    /// The offset of an I/O that is not random, in the file's region; it may lie behind its end.
    /// `None` if the last I/O reached the end.
    #[inline]
    pub(super) fn position(
        &self,
        file: &FileState,
        direction: Direction,
        step: Step,
    ) -> Option<u64> {
        if step == Step::Identical {
            return Some(file.last[direction]);
        }
        if self.zoned && !self.strays {
            return self.position_in_zone(file, direction);
        }
        let mut position = file.positions[direction];
        // What ends behind the zone is followed by its beginning. A stride goes on from the end of an I/O,
        // and may leave the zone.
        if self.zoned && position >= file.zone.saturating_add(file.range) {
            position = file.zone;
        }
        if position >= file.length {
            None
        } else if self.stride == 0 {
            Some(position)
        } else {
            let start = file.start.saturating_add(file.zone);
            let position = position.wrapping_sub(file.zone);
            Some(strided(position, start, file.length, self.stride).wrapping_add(file.zone))
        }
    }
}

impl Sequencer {
    /// As [`Self::position`], in the range of the zone the file is in: behind its end, I/O goes on
    /// at its beginning, and with strides that go down the other way round.
    fn position_in_zone(&self, file: &FileState, direction: Direction) -> Option<u64> {
        let position = file.positions[direction];
        let end = file.zone.saturating_add(file.range);
        if position >= file.length {
            return None;
        }
        let stepped = if position == file.zone {
            Some(position)
        } else {
            position.checked_add_signed(self.stride)
        };
        let position = match stepped {
            Some(stepped) if (file.zone..end).contains(&stepped) => stepped,
            _ if self.stride >= 0 => file.zone,
            _ => end
                .saturating_sub(self.stride.unsigned_abs())
                .max(file.zone),
        };
        (position < file.length).then_some(position)
    }
}

/// The position a stride away from `position`, both relative to `start`, with fio's ways of starting
/// over: behind the end of the file, upwards strides go on at the distance of the region's start, and
/// downwards strides that would leave the beginning go on from the end.
fn strided(position: u64, start: u64, length: u64, stride: i64) -> u64 {
    let mut position = position;
    if position == 0 {
        if stride > 0 || start == 0 {
            return 0;
        }
        position = length.wrapping_sub(start);
    }
    if position != 0 {
        position = position.wrapping_add_signed(stride);
    }
    // What has become negative is a huge number here.
    if position < start.saturating_add(length) {
        position
    } else if stride > 0 {
        start
    } else {
        length.wrapping_add_signed(stride)
    }
}
