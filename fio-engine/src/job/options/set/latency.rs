//! Latency targets, overlaps, and ramps counted in bytes.

use super::pauses::microseconds;
use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::spec::SubmitMode;

pub(in crate::job::options) fn submit_mode(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.submit_mode = match value.word()? {
        "offload" => SubmitMode::Offload,
        _ => SubmitMode::Inline,
    };
    Ok(())
}

pub(in crate::job::options) fn serialize_overlap(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.serialize_overlap = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn ramp_size(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.ramp_bytes = value.number(u64::MAX)?;
    Ok(())
}

pub(in crate::job::options) fn latency_target(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.latency_target.target = microseconds(value, value.text)?;
    Ok(())
}

pub(in crate::job::options) fn latency_window(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.latency_target.window = microseconds(value, value.text)?;
    Ok(())
}

pub(in crate::job::options) fn latency_percentile(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let text = std::str::from_utf8(value.text).map(str::trim);
    let number = text.ok().and_then(|text| text.parse::<f64>().ok());
    draft.spec.latency_target.percentile = number
        .filter(|share| (0.0..=100.0).contains(share))
        .ok_or_else(|| value.wrong("it is one percentage from 0 to 100, such as 99.9"))?;
    Ok(())
}

pub(in crate::job::options) fn latency_run(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.latency_target.goes_on = value.boolean()?;
    Ok(())
}
