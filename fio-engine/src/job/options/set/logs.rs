//! Log files.

use super::workload::cpu_list;
use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::spec::log_options::WindowValue;

pub(in crate::job::options) fn bandwidth_log(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.bandwidth = Some(value.lossy());
    Ok(())
}

pub(in crate::job::options) fn latency_log(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.latency = Some(value.lossy());
    Ok(())
}

pub(in crate::job::options) fn iops_log(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.iops = Some(value.lossy());
    Ok(())
}

pub(in crate::job::options) fn histogram_log(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.histogram = Some(value.lossy());
    Ok(())
}

pub(in crate::job::options) fn log_interval(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.interval = value.milliseconds()?;
    Ok(())
}

pub(in crate::job::options) fn histogram_interval(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.histogram_interval = value.milliseconds()?;
    Ok(())
}

pub(in crate::job::options) fn histogram_coarseness(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    // The table's limit fits a byte.
    draft.spec.logs.histogram_coarseness = value.u32()? as u8;
    Ok(())
}

pub(in crate::job::options) fn window_value(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.window_value = match value.word()? {
        "max" | "1" => WindowValue::Maximum,
        "both" => WindowValue::Both,
        _ => WindowValue::Average,
    };
    Ok(())
}

pub(in crate::job::options) fn log_offset(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.offset = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn log_priority(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.priority = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn log_issue_time(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.issue_time = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn per_job_logs(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.per_job = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn log_entries(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.entries = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn log_compression(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.compression = Some(value.u32()?.into());
    Ok(())
}

pub(in crate::job::options) fn log_store_compressed(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    draft.spec.logs.store_compressed = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn log_alternate_epoch(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.alternate_epoch = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn log_epoch_clock(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.logs.epoch_clock = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn log_compression_cpus(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    draft.spec.logs.compression_cpus = Some(cpu_list(draft, value)?);
    Ok(())
}
