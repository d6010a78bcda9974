//! Contents and memory of buffers.

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::spec::buffers::DedupeMode;
use crate::job::spec::memory::MemoryKind;
use crate::job::spec::pattern::BufferPattern;

pub(in crate::job::options) fn zero_buffers(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.buffers.zero = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn refill_buffers(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.buffers.refill = Some(value.boolean()?);
    Ok(())
}

pub(in crate::job::options) fn scramble_buffers(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.buffers.scramble = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn buffer_pattern(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.buffers.pattern = Some(BufferPattern::parse(value.text)?);
    Ok(())
}

pub(in crate::job::options) fn compress_percent(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.buffers.compress_percent = Some(percent(value)?);
    Ok(())
}

pub(in crate::job::options) fn compress_chunk(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.buffers.compress_chunk = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn dedupe_percent(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.buffers.dedupe.percent = Some(percent(value)?);
    Ok(())
}

pub(in crate::job::options) fn dedupe_mode(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.buffers.dedupe.mode = match value.word()? {
        "working_set" => DedupeMode::WorkingSet,
        _ => DedupeMode::Repeat,
    };
    Ok(())
}

pub(in crate::job::options) fn dedupe_working_set(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.buffers.dedupe.working_set_percent = percent(value)?;
    Ok(())
}

pub(in crate::job::options) fn dedupe_global(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.buffers.dedupe.global = value.boolean()?;
    Ok(())
}

/// A kind of memory, for mappings with a file behind a colon. As in fio, what other kinds have
/// behind a colon is left alone.
pub(in crate::job::options) fn memory(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let colon = value.text.iter().position(|byte| *byte == b':');
    let (word, file) = value.text.split_at(colon.unwrap_or(value.text.len()));
    if word == b"cudamalloc" {
        return Err(value.unsupported("buffers on a GPU need a fio built with CUDA; use malloc"));
    }
    let name = Value {
        text: word,
        ..value
    }
    .word()?;
    let kind = MemoryKind::ALL.into_iter().find(|kind| kind.name() == name);
    let memory = &mut draft.spec.memory;
    memory.kind = kind.unwrap_or(MemoryKind::Malloc);
    memory.file = None;
    if let Some(file) = file.get(1..).filter(|_| memory.kind.maps_files()) {
        let file = Value {
            text: file,
            ..value
        }
        .paths()
        .into_iter()
        .next();
        memory.file =
            Some(file.ok_or_else(|| value.wrong("a file name is missing behind the colon"))?);
    }
    Ok(())
}

pub(in crate::job::options) fn memory_alignment(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.memory.alignment = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn huge_page_size(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.memory.huge_page_size = value.u32()?;
    Ok(())
}

/// The table's limit fits a byte.
fn percent(value: Value<'_>) -> Result<u8, crate::job::value_error::ValueError> {
    Ok(u8::try_from(value.u32()?).unwrap_or(u8::MAX))
}
