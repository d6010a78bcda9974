//! What the job does, how deep, how long and where.

use super::files::at_least_one;
use super::order;
use crate::job::limits::MAX_IO_DEPTH;
use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::shown::shown;
use crate::job::spec::engine_options::EngineOptions;
use crate::job::spec::priority::CommandPriority;
use crate::job::spec::{Pattern, RandomGenerator};
use crate::job::units::{parse_size, parse_time_range};
use crate::job::value_error::ValueError;

/// `name` in a `[global]` section has no effect in fio; the parser leaves it out there.
pub(in crate::job::options) fn name(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.name = value.lossy();
    Ok(())
}

pub(in crate::job::options) fn description(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.description = Some(value.lossy());
    Ok(())
}

pub(in crate::job::options) fn pattern(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let (name, modifier) = match value.text.iter().position(|byte| *byte == b':') {
        Some(colon) => (&value.text[..colon], &value.text[colon + 1..]),
        None => (value.text, &b""[..]),
    };
    let word = Value {
        text: name,
        ..value
    };
    draft.spec.pattern = match word.word()? {
        "read" => Pattern::READ,
        "write" => Pattern::WRITE,
        "trim" => Pattern::TRIM,
        "randread" => Pattern::RANDOM_READ,
        "randwrite" => Pattern::RANDOM_WRITE,
        "randtrim" => Pattern::RANDOM_TRIM,
        "randrw" => Pattern::RANDOM_READ_WRITE,
        "trimwrite" => Pattern::TRIM_WRITE,
        "randtrimwrite" => Pattern::RANDOM_TRIM_WRITE,
        _ => Pattern::READ_WRITE,
    };
    order::modifier(draft, value, modifier)
}

pub(in crate::job::options) fn read_mix(draft: &mut Draft, value: Value<'_>) -> Outcome {
    // The table's limit is 100.
    draft.spec.read_mix_percent = value.u32()? as u8;
    Ok(())
}

/// The later of `rwmixread` and `rwmixwrite` decides, as fio's manual has it.
pub(in crate::job::options) fn write_mix(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.read_mix_percent = 100 - value.u32()? as u8;
    Ok(())
}

/// `allrandrepeat` is another name since fio 3.35; before, it also chose another seed, which the
/// older random rule needs to know.
pub(in crate::job::options) fn repeatable(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.repeatable = value.boolean()?;
    if value.written_as == b"allrandrepeat" {
        draft.spec.all_repeatable = draft.spec.repeatable;
    }
    Ok(())
}

pub(in crate::job::options) fn random_seed(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.random_seed = Some(value.number(u64::MAX)?);
    Ok(())
}

pub(in crate::job::options) fn no_random_map(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.no_random_map = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn soft_random_map(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.soft_random_map = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn random_generator(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.random_generator = match value.word()? {
        "tausworthe64" => RandomGenerator::Tausworthe64,
        "lfsr" => RandomGenerator::Lfsr,
        _ => RandomGenerator::Tausworthe,
    };
    Ok(())
}

/// Any name will do: programs can register engines of their own, and the run knows which there are.
pub(in crate::job::options) fn engine(draft: &mut Draft, value: Value<'_>) -> Outcome {
    if value.text.starts_with(b"external") {
        return Err(value.unsupported("engines in shared objects are never loaded"));
    }
    let engine = match value.text {
        // fio's other names for it.
        b"linuxaio" | b"aio" => "libaio".to_owned(),
        _ => value.lossy(),
    };
    let spec = &mut draft.spec;
    if spec.engine != engine {
        // As fio, options of the engine before are forgotten.
        spec.engine_options = EngineOptions::default();
        spec.priority.reads = CommandPriority::default();
        spec.priority.writes = CommandPriority::default();
        spec.engine = engine;
    }
    Ok(())
}

pub(in crate::job::options) fn io_depth(draft: &mut Draft, value: Value<'_>) -> Outcome {
    // The bound fits in 32 bits.
    draft.spec.io_depth = value.number(MAX_IO_DEPTH.into())? as u32;
    Ok(())
}

pub(in crate::job::options) fn submit_batch(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.submit_batch = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn complete_batch_min(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.complete_batch_min = value.u32()?;
    Ok(())
}

/// 0 counts as not given, as in fio.
pub(in crate::job::options) fn complete_batch_max(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.complete_batch_max = Some(value.u32()?).filter(|maximum| *maximum > 0);
    Ok(())
}

pub(in crate::job::options) fn io_depth_low(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.io_depth_low = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn loops(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.loops = at_least_one(value)?.into();
    Ok(())
}

pub(in crate::job::options) fn clones(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.clones = at_least_one(value)?;
    Ok(())
}

pub(in crate::job::options) fn start_delay(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.start_delay = parse_time_range(value.text)?;
    Ok(())
}

/// 0 means no limit.
pub(in crate::job::options) fn runtime(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.runtime = Some(value.time()?).filter(|time| !time.is_zero());
    Ok(())
}

pub(in crate::job::options) fn time_based(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.time_based = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn ramp_time(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.ramp_time = value.time()?;
    Ok(())
}

pub(in crate::job::options) fn stonewall(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.stonewall = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn new_group(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.new_group = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn thread(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.thread = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn cpu_mask(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let mask = value.number(u64::MAX)?;
    let cpus: Vec<usize> = (0..64).filter(|cpu| mask >> cpu & 1 == 1).collect();
    allow_cpus(draft, cpus, value)
}

pub(in crate::job::options) fn cpus_allowed(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let cpus = cpu_list(draft, value)?;
    allow_cpus(draft, cpus, value)
}

/// CPUs and ranges of them: `0,5,8-15`.
pub(super) fn cpu_list(draft: &Draft, value: Value<'_>) -> Result<Vec<usize>, ValueError> {
    let mut cpus = Vec::new();
    for entry in value.text.split(|byte| matches!(byte, b',' | b':')) {
        let mut bounds = entry.splitn(2, |byte| *byte == b'-');
        let first = cpu(bounds.next().unwrap_or_default(), draft, value)?;
        let last = bounds
            .next()
            .map_or(Ok(first), |text| cpu(text, draft, value))?;
        cpus.extend(first.min(last)..=first.max(last));
        cpus.sort_unstable();
        cpus.dedup();
    }
    Ok(cpus)
}

pub(in crate::job::options) fn cpus_allowed_policy(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.split_cpus = value.word()? == "split";
    Ok(())
}

fn cpu(text: &[u8], draft: &Draft, value: Value<'_>) -> Result<usize, ValueError> {
    let number = parse_size(text, value.kb_base)?;
    usize::try_from(number)
        .ok()
        .filter(|cpu| *cpu < draft.cpus)
        .ok_or_else(|| no_such_cpu(text, draft))
}

fn allow_cpus(draft: &mut Draft, cpus: Vec<usize>, value: Value<'_>) -> Outcome {
    match cpus.last() {
        None => return Err(value.wrong("it allows no CPU")),
        Some(last) if *last >= draft.cpus => return Err(no_such_cpu(value.text, draft)),
        Some(_) => draft.spec.cpus_allowed = Some(cpus),
    }
    Ok(())
}

fn no_such_cpu(text: &[u8], draft: &Draft) -> ValueError {
    ValueError::OutOfRange {
        value: shown(text),
        minimum: 0,
        maximum: draft.cpus.saturating_sub(1) as u64,
    }
}
