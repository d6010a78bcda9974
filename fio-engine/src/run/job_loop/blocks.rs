//! From I/Os that are over to the blocks they were in (`block_error_percentiles`).
//!
//! Jobs without that option never come here.

use std::ops::Range;

use super::JobContext;
use super::recorder::Recorder;
use crate::io::Io;
use crate::logs::LoggedIo;

impl JobContext<'_> {
    /// The numbered blocks that bytes of an open file lie in.
    fn blocks_of(&self, slot: usize, bytes: Range<u64>) -> Range<usize> {
        let numbers = self.blocks.as_ref().zip(self.file_in(slot));
        numbers.map_or(0..0, |(map, file)| map.numbers(file, bytes))
    }

    /// Records what became of the blocks of an I/O that succeeded.
    pub(super) fn record_done(&self, io: LoggedIo, recorder: &mut Recorder) {
        let blocks = self.blocks_of(io.slot, io.offset..io.offset + io.length);
        recorder
            .statistics
            .record_blocks(blocks, io.direction, true);
    }

    /// Records what became of the blocks of an I/O that failed. What it moved before succeeded.
    #[cold]
    pub(super) fn record_failed(&self, io: &Io, recorder: &mut Recorder) {
        let begin = io.offset - io.buffer_offset as u64;
        let all = self.blocks_of(io.file, begin..io.offset + io.length as u64);
        let failed = self.blocks_of(io.file, io.offset..io.offset + io.length as u64);
        let statistics = &mut recorder.statistics;
        statistics.record_blocks(all.start..failed.start, io.direction, true);
        statistics.record_blocks(failed, io.direction, false);
    }
}
