//! How a job goes from zone to zone of its files (`zonemode=strided`).

use crate::job::StridedZones;

use super::file_state::FileState;

/// Keeps count of what was moved since the last change of zones.
///
/// The count is one for all files of a job, as in fio: the file that is worked on when it is
/// reached changes to its next zone, while the others stay where they are.
#[derive(Debug, Clone)]
pub(super) struct ZoneWalk {
    size: u64,
    range: u64,
    /// From the beginning of one zone to that of the next.
    step: u64,
    /// Bytes moved since the last change.
    moved: u64,
    /// The first I/O is done.
    begun: bool,
}

impl ZoneWalk {
    pub(super) const fn new(zones: StridedZones) -> Self {
        Self {
            size: zones.size,
            range: zones.range,
            step: zones.range.saturating_add(zones.skip),
            moved: 0,
            begun: false,
        }
    }

    /// Puts the file into the zone of its next I/O. A range that has been gone over begins anew; so does
    /// that of a file which is turned to when another one had no I/O in the zone it changed to.
    #[inline]
    pub(super) fn enter(&mut self, file: &mut FileState) {
        if self.moved >= self.size {
            self.moved = 0;
            let next = file.zone.saturating_add(self.step);
            file.zone = if next < file.length { next } else { 0 };
            file.begin_zone();
        } else if self.begun && self.moved.is_multiple_of(self.range) {
            file.begin_zone();
        }
    }

    /// Counts an I/O.
    #[inline]
    pub(super) const fn count(&mut self, length: u64) {
        self.moved += length;
        self.begun = true;
    }

    /// Begins another pass over the files.
    pub(super) const fn restart(&mut self) {
        self.moved = 0;
    }
}
