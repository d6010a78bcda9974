//! What is measured and how it is reported.

use crate::job::limits::MAX_PERCENTILES;
use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::shown::shown;
use crate::job::units::parse_decimal;
use crate::job::value_error::ValueError;

pub(in crate::job::options) fn group_reporting(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.group_reporting = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn bandwidth_interval(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.bandwidth_interval = Some(value.milliseconds()?);
    Ok(())
}

pub(in crate::job::options) fn iops_interval(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.iops_interval = Some(value.milliseconds()?);
    Ok(())
}

pub(in crate::job::options) fn completion_percentiles(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    draft.spec.percentiles.completion = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn submission_percentiles(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    draft.spec.percentiles.submission = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn total_percentiles(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.percentiles.total = value.boolean()?;
    Ok(())
}

/// The list is sorted and each percentile kept once, since reports have one entry for each.
pub(in crate::job::options) fn percentile_list(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let mut list = Vec::new();
    for entry in value.text.split(|byte| *byte == b':') {
        if list.len() == MAX_PERCENTILES {
            return Err(ValueError::TooMany {
                value: shown(value.text),
                maximum: MAX_PERCENTILES,
            });
        }
        let percentile = parse_decimal(entry)?;
        if percentile > 100.0 {
            return Err(ValueError::OutOfRange {
                value: shown(entry),
                minimum: 0,
                maximum: 100,
            });
        }
        list.push(percentile);
    }
    list.sort_by(f64::total_cmp);
    list.dedup();
    draft.spec.percentile_list = list;
    Ok(())
}

pub(in crate::job::options) fn significant_figures(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.significant_figures = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn reduce_clock_reads(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.reduce_clock_reads = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn no_total_latency(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.measure.total_latency = !value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn no_completion_latency(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    draft.spec.measure.completion_latency = !value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn no_submission_latency(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    draft.spec.measure.submission_latency = !value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn no_bandwidth(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.measure.bandwidth = !value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn kb_base(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.kb_base = if value.word()? == "1000" { 1000 } else { 1024 };
    Ok(())
}

pub(in crate::job::options) fn unit_base(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.unit_base = match value.word()? {
        "8" => 8,
        "1" => 1,
        _ => 0,
    };
    Ok(())
}
