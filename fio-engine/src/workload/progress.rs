//! How far a job is: when passes, jobs and stretches between synchronisations end.

use crate::direction::{Direction, PerDirection};
use crate::job::{JobSpec, SizeOrPercent};

use super::preconditioner::bytes_of_pass;
use super::request::{FileRegion, Request, RequestKind};

/// How far the job is, and how far it goes.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    pub(super) issued: PerDirection<u64>,
    /// Bytes that count towards `target`: trims that a write follows do not.
    pub(super) bytes: u64,
    /// Bytes of all directions.
    pub(super) all_bytes: u64,
    pub(super) target: u64,
    /// Bytes at the beginning of this pass, to notice a pass without any.
    pub(super) pass_began: u64,
    pub(super) passes: u64,
    pub(super) loops_left: u64,
    /// Bytes (`io_size`) before which passes go on even when all loops are done.
    pub(super) wanted: Option<u64>,
    pub(super) largest: u64,
    pub(super) time_based: bool,
    /// I/Os after which the job ends (`number_ios`).
    most_ios: u64,
    trim_then_write: bool,
}

impl Progress {
    pub(super) fn new(spec: &JobSpec, regions: &[FileRegion]) -> Self {
        let region_bytes: u64 = regions.iter().map(|region| region.length).sum();
        let size = match spec.size {
            // Small files (filesize) end a job that could do more.
            Some(SizeOrPercent::Bytes(size)) if size > 0 => size.min(region_bytes),
            _ => region_bytes,
        };
        // Of a pass that preconditions, the blocks that are written again count, too.
        let size = match &spec.order.preconditioning {
            Some(one) => bytes_of_pass(one, spec, regions),
            None => size,
        };
        let wanted = spec.io_size.map(|io_size| match io_size {
            SizeOrPercent::Bytes(bytes) => bytes,
            // As in fio, of the files, which can be larger than `size`.
            SizeOrPercent::Percent(percent) => {
                let share = u128::from(region_bytes) * u128::from(percent) / 100;
                (share as u64).min(size)
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
            // As in fio, of directions that are not used as well.
            largest: spec
                .block_sizes
                .iter()
                .map(|(_, sizes)| sizes.max())
                .max()
                .unwrap_or(0),
            time_based: spec.time_based,
            most_ios: match spec.order.number_of_ios {
                // As in fio, time alone ends such a job.
                _ if spec.time_based => u64::MAX,
                number => number.map_or(u64::MAX, |number| {
                    // Of pairs of a trim and a write it is the number.
                    let each = if spec.pattern.trim_then_write { 2 } else { 1 };
                    number.saturating_mul(loops).saturating_mul(each)
                }),
            },
            trim_then_write: spec.pattern.trim_then_write,
        }
    }

    #[inline]
    pub(super) fn count(&mut self, direction: Direction, length: u64) {
        self.issued[direction] += 1;
        self.bytes += length;
        self.all_bytes += length;
    }

    /// Whether the job has issued as many I/Os as it may.
    #[inline]
    pub(super) fn has_all_ios(&self) -> bool {
        if self.most_ios == u64::MAX {
            return false;
        }
        self.issued.0.iter().sum::<u64>() >= self.most_ios
    }

    /// Whether another pass follows one that has issued as many I/Os as it may: in fio, jobs that
    /// write what they trim go on with their loops.
    pub(super) const fn goes_on(&self) -> bool {
        self.trim_then_write && self.loops_left > 0
    }

    /// Lets the pass that begins issue more I/Os: in fio, each pass of a job that writes what it trims
    /// has twice as many as all before.
    pub(super) const fn begin_pass(&mut self) {
        if self.trim_then_write {
            self.most_ios = self.most_ios.saturating_mul(2);
        }
    }

    /// Whether the job goes over its files once more.
    pub(super) fn another_pass(&mut self) -> bool {
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

/// A range without a byte, whose beginning and end give way to any other.
const NOTHING: (u64, u64) = (u64::MAX, 0);

#[derive(Debug, Clone)]
pub(super) struct SyncRule {
    pub(super) fsync_every: u64,
    pub(super) fdatasync_every: u64,
    pub(super) range_every: u64,
    /// The range of each file written since its last `sync_file_range`; empty if the end is not
    /// behind the beginning. No entries if none are synchronised.
    ranges: Vec<(u64, u64)>,
    /// The last request of this pass was a synchronisation.
    pub(super) just_synced: bool,
}

impl SyncRule {
    pub(super) fn new(spec: &JobSpec, files: usize) -> Option<Self> {
        let range = spec.files.range_sync;
        let wanted = spec.fsync_every > 0 || spec.fdatasync_every > 0 || range.is_some();
        (wanted && spec.pattern.write && !spec.pattern.trim_then_write).then(|| Self {
            fsync_every: u64::from(spec.fsync_every),
            fdatasync_every: u64::from(spec.fdatasync_every),
            range_every: range.map_or(0, |range| range.every.into()),
            ranges: range.map_or_else(Vec::new, |_| vec![NOTHING; files]),
            just_synced: false,
        })
    }

    /// Takes note of what was just issued for a file.
    pub(super) fn note(&mut self, file: usize, request: &Request) {
        self.just_synced = !matches!(request.kind, RequestKind::Data(_));
        let Some(range) = self.ranges.get_mut(file) else {
            return;
        };
        match request.kind {
            RequestKind::Data(Direction::Write) => {
                let (begin, end) = *range;
                *range = (
                    begin.min(request.offset),
                    end.max(request.offset + request.length),
                );
            }
            RequestKind::SyncRange => *range = NOTHING,
            _ => {}
        }
    }

    /// The written range of a file: its first byte and its length.
    pub(super) fn range(&self, file: usize) -> Option<(u64, u64)> {
        let (begin, end) = *self.ranges.get(file)?;
        (end > begin).then(|| (begin, end - begin))
    }

    /// The synchronisation of a file due now, after this many writes. None follows another
    /// directly.
    #[inline]
    pub(super) fn due(&self, file: usize, writes: u64) -> Option<RequestKind> {
        let due = |every: u64| every > 0 && writes.is_multiple_of(every);
        if self.just_synced || writes == 0 {
            None
        } else if due(self.fsync_every) {
            Some(RequestKind::Fsync)
        } else if due(self.fdatasync_every) {
            Some(RequestKind::Fdatasync)
        } else if due(self.range_every) && self.range(file).is_some() {
            Some(RequestKind::SyncRange)
        } else {
            None
        }
    }
}
