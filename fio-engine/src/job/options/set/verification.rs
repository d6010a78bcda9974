//! Verification, and other options that jobs here do without: what asks for nothing is taken.

use super::workload::cpu_list;
use crate::job::options::draft::Draft;
use crate::job::options::info::{OptionType, Outcome, Value};
use crate::job::options::nearest::nearest;
use crate::job::shown::shown;
use crate::job::value_error::ValueError;

/// `verify=0`, which many job files have, asks for nothing; fio's other words are refused by name.
pub(in crate::job::options) fn verification(_: &mut Draft, value: Value<'_>) -> Outcome {
    if value.text == b"0" {
        return Ok(());
    }
    let accepted = value.option.values;
    let shown = shown(value.text);
    if accepted.contains(&shown.as_str()) {
        return Err(ValueError::Unsupported {
            value: shown,
            advice: "what is read is not compared with what was written; write verify=0",
        });
    }
    Err(ValueError::NotOneOf {
        nearest: nearest(value.text, accepted.iter().copied()),
        value: shown,
        accepted,
    })
}

/// Options that say how to verify: job files have them with verify=0 or without it, and then they do
/// nothing. (`verify_pattern` does: it switches verification on.)
pub(in crate::job::options) fn of_verify(draft: &mut Draft, value: Value<'_>) -> Outcome {
    match (value.option.value_type, value.option.values) {
        (OptionType::Boolean | OptionType::Flag, _) => drop(value.boolean()?),
        (OptionType::Text, []) if value.option.name == "verify_async_cpus" => {
            drop(cpu_list(draft, value)?);
        }
        (_, []) => drop(value.u32()?),
        (_, _) => drop(value.word()?),
    }
    draft.remark(&format!(
        "{} has no effect without verify, in fio neither",
        value.option.name
    ));
    Ok(())
}

/// Options that change nothing at their default, which is all they may be.
pub(in crate::job::options) fn at_default(_: &mut Draft, value: Value<'_>) -> Outcome {
    let is_default = match value.option.value_type {
        OptionType::Boolean => !value.boolean()?,
        _ => value.u32()? <= 1,
    };
    if is_default {
        return Ok(());
    }
    Err(value.unsupported(match value.option.name {
        "num_range" => {
            "each trim has one range; several in one command are for ioengine=io_uring_cmd, which is not \
             here"
        }
        "verify_state_load" => "no verify states are kept here",
        _ => "its sequence of offsets is not documented; use another random_distribution",
    }))
}

/// For options that fio itself accepts without effect.
pub(in crate::job::options) fn nothing(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.remark(&format!(
        "{} has no effect, in fio neither",
        value.option.name
    ));
    Ok(())
}
