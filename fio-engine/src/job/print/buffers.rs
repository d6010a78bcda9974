//! Contents and memory of buffers.

use super::{Printer, path_text};
use crate::job::spec::buffers::{BufferOptions, DedupeMode};
use crate::job::spec::memory::MemoryOptions;

impl Printer {
    pub(super) fn buffers(&mut self, buffers: &BufferOptions) {
        if let Some(refill) = buffers.refill {
            self.put("refill_buffers", u8::from(refill));
        }
        self.boolean("scramble_buffers", buffers.scramble, true);
        self.boolean("zero_buffers", buffers.zero, false);
        if let Some(pattern) = &buffers.pattern {
            self.put("buffer_pattern", pattern);
        }
        if let Some(percent) = buffers.compress_percent {
            self.put("buffer_compress_percentage", percent);
        }
        self.number("buffer_compress_chunk", buffers.compress_chunk, 512);
        let dedupe = &buffers.dedupe;
        if let Some(percent) = dedupe.percent {
            self.put("dedupe_percentage", percent);
        }
        if dedupe.mode == DedupeMode::WorkingSet {
            self.put("dedupe_mode", "working_set");
        }
        self.number(
            "dedupe_working_set_percentage",
            dedupe.working_set_percent,
            5,
        );
        self.boolean("dedupe_global", dedupe.global, false);
    }

    pub(super) fn memory(&mut self, memory: &MemoryOptions) {
        let default = MemoryOptions::default();
        let kind = memory.kind.name();
        match &memory.file {
            Some(file) => self.put("mem", format!("{kind}:{}", path_text(file))),
            None => self.number("mem", kind, default.kind.name()),
        }
        self.number("iomem_align", memory.alignment, default.alignment);
        self.number(
            "hugepage-size",
            memory.huge_page_size,
            default.huge_page_size,
        );
    }
}
