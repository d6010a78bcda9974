//! Setters of options that exist only together with an engine.

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::spec::priority::{IoPriority, SizedPriority};
use crate::job::units;
use crate::job::value_error::ValueError;
use crate::job::{CommandPriority, CpuWork, StatCall};

pub(in crate::job::options) fn polled(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.polled = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn no_wait(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.no_wait = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn uncached(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.uncached = value.u32()? != 0;
    Ok(())
}

pub(in crate::job::options) fn polled_percentage(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.pvsync2.polled_percentage = value.number(100)? as u8;
    Ok(())
}

pub(in crate::job::options) fn huge_pages(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.mmap.huge_pages = value.u32()? != 0;
    Ok(())
}

pub(in crate::job::options) fn stat_call(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.file_stat.call = match value.word()? {
        "lstat" => StatCall::Lstat,
        "statx" => StatCall::Statx,
        _ => StatCall::Stat,
    };
    Ok(())
}

/// As in fio, more than 100 counts as 100.
pub(in crate::job::options) fn cpu_load(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.cpu.load = value.u32()?.min(100) as u8;
    Ok(())
}

pub(in crate::job::options) fn cpu_chunk(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.cpu.chunk_microseconds = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn cpu_work(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.cpu.work = match value.word()? {
        "qsort" => CpuWork::Sort,
        _ => CpuWork::Idle,
    };
    Ok(())
}

pub(in crate::job::options) fn exit_with_io(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.cpu.exit_with_io = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn fixed_buffers(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.io_uring.fixed_buffers = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn registered_files(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.io_uring.registered_files = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn kernel_thread(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.io_uring.kernel_thread = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn kernel_thread_cpu(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let cpu = value.number(i32::MAX as u64)? as u32;
    draft.spec.engine_options.io_uring.kernel_thread_cpu = Some(cpu);
    Ok(())
}

/// As in fio, -1 leaves the choice to the engine, which then writes no lists.
pub(in crate::job::options) fn non_vectored(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let vectored = value.text != b"-1" && value.u32()? == 0;
    draft.spec.engine_options.io_uring.vectored = vectored;
    Ok(())
}

pub(in crate::job::options) fn force_async(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.io_uring.force_async = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn libaio_vectored(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.libaio.vectored = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn userspace_reap(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.engine_options.libaio.userspace_reap = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn command_percentage(draft: &mut Draft, value: Value<'_>) -> Outcome {
    // The table bounds all four numbers.
    reads_and_writes(draft, value, |command, number| {
        command.percentage = number as u8
    })
}

pub(in crate::job::options) fn command_class(draft: &mut Draft, value: Value<'_>) -> Outcome {
    reads_and_writes(draft, value, |command, number| {
        command.class = Some(number as u8)
    })
}

pub(in crate::job::options) fn command_level(draft: &mut Draft, value: Value<'_>) -> Outcome {
    reads_and_writes(draft, value, |command, number| command.level = number as u8)
}

pub(in crate::job::options) fn command_hint(draft: &mut Draft, value: Value<'_>) -> Outcome {
    reads_and_writes(draft, value, |command, number| command.hint = number as u16)
}

/// One number for reads and writes, or two; an empty one changes nothing. What follows the second is
/// of trims, which have no priorities, and must only be numbers.
fn reads_and_writes(
    draft: &mut Draft,
    value: Value<'_>,
    set: fn(&mut CommandPriority, u64),
) -> Outcome {
    let mut numbers = Vec::new();
    for part in value.text.split(|byte| *byte == b',') {
        let part = part.trim_ascii();
        numbers.push(match part {
            b"" => None,
            part => Some(value.in_bounds(part, u16::MAX.into())?),
        });
    }
    let priority = &mut draft.spec.priority;
    let of_writes = if numbers.len() == 1 {
        numbers[0]
    } else {
        numbers[1]
    };
    if let Some(number) = numbers[0] {
        set(&mut priority.reads, number);
    }
    if let Some(number) = of_writes {
        set(&mut priority.writes, number);
    }
    Ok(())
}

/// `size/percentage` or `size/percentage/class/level[/hint]` entries, separated by colons; a comma
/// ends those of reads.
pub(in crate::job::options) fn command_split(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let mut directions = value.text.split(|byte| *byte == b',');
    let reads = entries(value, directions.next().unwrap_or_default())?;
    let writes = match directions.next() {
        Some(writes) => entries(value, writes)?,
        None => reads.clone(),
    };
    draft.spec.priority.reads.by_size = reads;
    draft.spec.priority.writes.by_size = writes;
    Ok(())
}

fn entries(value: Value<'_>, text: &[u8]) -> Result<Vec<SizedPriority>, ValueError> {
    text.split(|byte| *byte == b':')
        .map(<[u8]>::trim_ascii)
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let parts: Vec<&[u8]> = entry.split(|byte| *byte == b'/').collect();
            entry_of(value, &parts)
        })
        .collect()
}

/// Numbers beyond their limits count as these, and a missing percentage as 0, as in fio.
fn entry_of(value: Value<'_>, parts: &[&[u8]]) -> Result<SizedPriority, ValueError> {
    let number = |part: &[u8]| units::parse_size(part, value.kb_base);
    let capped = |part, limit: u16| Ok::<u16, ValueError>(number(part)?.min(limit.into()) as u16);
    let percentage = match parts.get(1).copied() {
        None | Some(b"") => 0,
        Some(part) => capped(part, 100)? as u8,
    };
    let priority = match parts {
        [_] | [_, _] => None,
        [_, _, class, level, hint @ ..] if hint.len() <= 1 => Some(IoPriority::new(
            capped(class, IoPriority::MAX_CLASS.into())? as u8,
            capped(level, IoPriority::MAX_LEVEL.into())? as u8,
            hint.first()
                .map_or(Ok(0), |hint| capped(hint, IoPriority::MAX_HINT))?,
        )),
        _ => return Err(value.wrong("write size/percentage or size/percentage/class/level")),
    };
    Ok(SizedPriority {
        block_size: number(parts[0])?,
        percentage,
        priority,
    })
}
