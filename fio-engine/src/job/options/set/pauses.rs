//! Pauses, flows and the longest latency.

use std::time::Duration;

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::options::value::per_direction;
use crate::job::spec::think_time::ThinkTrigger;
use crate::job::units::{parse_size, parse_time};
use crate::job::value_error::ValueError;

pub(in crate::job::options) fn think_time(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.think_time.time = microseconds(value, value.text)?;
    Ok(())
}

pub(in crate::job::options) fn think_time_spin(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.think_time.spin = microseconds(value, value.text)?;
    Ok(())
}

pub(in crate::job::options) fn think_cycles(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.think_time.cycles = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn think_time_blocks(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.think_time.blocks = Some(value.u32()?);
    Ok(())
}

pub(in crate::job::options) fn think_trigger(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.think_time.trigger = match value.word()? {
        "issue" => ThinkTrigger::Issue,
        _ => ThinkTrigger::Complete,
    };
    Ok(())
}

/// Without a unit in seconds, unlike the other times of the family.
pub(in crate::job::options) fn think_io_time(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.think_time.io_time = value.time()?;
    Ok(())
}

pub(in crate::job::options) fn rate_ignores_think_time(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    draft.spec.rate.ignores_think_time = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn flow_id(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.flow.id = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn flow(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.flow.weight = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn flow_sleep(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.flow.sleep = Duration::from_micros(value.u32()?.into());
    Ok(())
}

/// 0 takes a limit away; an empty entry leaves it as it is.
pub(in crate::job::options) fn max_latency(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let given = per_direction(value, |text| microseconds(value, text))?;
    let current = &mut draft.spec.max_latency.0;
    for (current, given) in current.iter_mut().zip(given) {
        if let Some(given) = given {
            *current = Some(given).filter(|limit| !limit.is_zero());
        }
    }
    Ok(())
}

/// A time that without a unit is in microseconds.
pub(super) fn microseconds(value: Value<'_>, text: &[u8]) -> Result<Duration, ValueError> {
    let is_bare = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if is_bare {
        Ok(parse_size(text, value.kb_base).map(Duration::from_micros)?)
    } else {
        Ok(parse_time(text)?)
    }
}
