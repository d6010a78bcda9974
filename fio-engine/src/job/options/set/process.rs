//! How a job stands to the system it runs on.

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::shown::shown;
use crate::job::spec::process::{ClockSource, MAX_NUMA_NODE, MemoryPolicy, NodeSet};
use crate::job::units::parse_size;
use crate::job::value_error::ValueError;

pub(in crate::job::options) fn niceness(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let (text, sign) = match value.text.strip_prefix(b"-") {
        Some(text) => (text, -1),
        None => (value.text, 1),
    };
    let number = parse_size(text, value.kb_base)?;
    // Whatever is too large for i64 is out of bounds anyway.
    let number = i64::try_from(number).unwrap_or(i64::MAX) * sign;
    if !(-20..=19).contains(&number) {
        return Err(value.wrong("niceness goes from -20 to 19"));
    }
    draft.spec.process.niceness = number as i8;
    Ok(())
}

pub(in crate::job::options) fn thread_name(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.thread_name = Some(value.lossy());
    Ok(())
}

pub(in crate::job::options) fn user(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.user = Some(id(value)?);
    Ok(())
}

pub(in crate::job::options) fn group(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.group = Some(id(value)?);
    Ok(())
}

/// The largest number stands for no change.
fn id(value: Value<'_>) -> Result<u32, ValueError> {
    // `number` has just been found to be below u32::MAX.
    value.number((u32::MAX - 1).into()).map(|id| id as u32)
}

pub(in crate::job::options) fn locked_memory(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.locked_memory = value.number(u64::MAX)?;
    Ok(())
}

pub(in crate::job::options) fn io_scheduler(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.io_scheduler = Some(value.lossy());
    Ok(())
}

pub(in crate::job::options) fn control_group(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.control_group.name = Some(value.lossy());
    Ok(())
}

pub(in crate::job::options) fn control_group_weight(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    // The table bounds it by 1000.
    draft.spec.process.control_group.weight = Some(value.u32()? as u16);
    Ok(())
}

pub(in crate::job::options) fn keep_control_group(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.control_group.keep = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn clock_source(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.clock = match value.word()? {
        "gettimeofday" => ClockSource::TimeOfDay,
        "clock_gettime" => ClockSource::Monotonic,
        _ => ClockSource::Counter,
    };
    Ok(())
}

pub(in crate::job::options) fn clock_cpu(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.clock_cpu = Some(value.u32()?);
    Ok(())
}

pub(in crate::job::options) fn start_clock(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.start_clock = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn cpu_nodes(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.process.cpu_nodes = Some(nodes(value, value.text)?);
    Ok(())
}

/// `MODE[:NODES]`; which modes need nodes is as `fio` has it.
pub(in crate::job::options) fn memory_policy(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let mut parts = value.text.splitn(2, |byte| *byte == b':');
    let mode = parts.next().unwrap_or_default();
    let list = parts.next().filter(|list| !list.is_empty());
    let policy = match (mode, list) {
        (b"default", None) => MemoryPolicy::Default,
        (b"local", None) => MemoryPolicy::Local,
        (b"default" | b"local", Some(_)) => {
            return Err(value.wrong("default and local have no list of nodes"));
        }
        (b"prefer", Some(list)) => match nodes(value, list)? {
            NodeSet::Listed(nodes) if nodes.len() == 1 => MemoryPolicy::Prefer(nodes[0]),
            _ => return Err(value.wrong("prefer has one node, as in prefer:0")),
        },
        (b"bind", Some(list)) => MemoryPolicy::Bind(nodes(value, list)?),
        (b"interleave", Some(list)) => MemoryPolicy::Interleave(nodes(value, list)?),
        (b"prefer" | b"bind" | b"interleave", None) => {
            return Err(value.wrong("it needs nodes, as in bind:0,2-3"));
        }
        _ => {
            return Err(value
                .wrong("a policy is default, local, prefer:NODE, bind:NODES or interleave:NODES"));
        }
    };
    draft.spec.process.memory_policy = Some(policy);
    Ok(())
}

/// Numbers and ranges of them, or `all`.
fn nodes(value: Value<'_>, text: &[u8]) -> Result<NodeSet, ValueError> {
    if text == b"all" {
        return Ok(NodeSet::All);
    }
    let mut nodes = Vec::new();
    for entry in text.split(|byte| *byte == b',') {
        let mut bounds = entry.splitn(2, |byte| *byte == b'-');
        let first = node(bounds.next().unwrap_or_default(), value)?;
        let last = bounds.next().map_or(Ok(first), |text| node(text, value))?;
        nodes.extend(first.min(last)..=first.max(last));
    }
    nodes.sort_unstable();
    nodes.dedup();
    Ok(NodeSet::Listed(nodes))
}

fn node(text: &[u8], value: Value<'_>) -> Result<u32, ValueError> {
    let number = parse_size(text.trim_ascii(), value.kb_base)?;
    let node = u32::try_from(number).ok();
    node.filter(|node| *node <= MAX_NUMA_NODE)
        .ok_or_else(|| ValueError::OutOfRange {
            value: shown(text),
            minimum: 0,
            maximum: MAX_NUMA_NODE.into(),
        })
}
