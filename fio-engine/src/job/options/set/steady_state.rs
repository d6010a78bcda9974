//! The `steadystate` family.

use std::time::Duration;

use super::{Draft, Outcome, Value};
use crate::job::units::{parse_decimal, parse_size};

/// `CRITERION:LIMIT`, the limit with a `%` if it is a share of the mean.
pub(in crate::job::options) fn steady_state(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let form = "a criterion and its limit are wanted, as in iops:5% or bw_slope:1m";
    let mut parts = value.text.splitn(2, |byte| *byte == b':');
    let (Some(criterion), Some(limit)) = (parts.next(), parts.next()) else {
        return Err(value.wrong(form));
    };
    let (of_bandwidth, by_slope) = match criterion {
        b"iops" => (false, false),
        b"iops_slope" => (false, true),
        b"bw" => (true, false),
        b"bw_slope" => (true, true),
        b"lat" | b"lat_slope" => {
            return Err(value.unsupported("watch iops or bw; mean latency is not watched"));
        }
        _ => return Err(value.wrong(form)),
    };
    let percent = limit.strip_suffix(b"%");
    let steady = &mut draft.spec.steady_state;
    steady.limit = match percent {
        Some(percent) => parse_decimal(percent)?,
        None if of_bandwidth => parse_size(limit, value.kb_base)? as f64,
        None => parse_decimal(limit)?,
    };
    steady.in_percent = percent.is_some();
    (steady.of_bandwidth, steady.by_slope) = (of_bandwidth, by_slope);
    Ok(())
}

pub(in crate::job::options) fn steady_duration(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.steady_state.duration = value.time()?;
    Ok(())
}

pub(in crate::job::options) fn steady_ramp_time(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.steady_state.ramp_time = value.time()?;
    Ok(())
}

pub(in crate::job::options) fn steady_interval(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.steady_state.check_interval = match value.time()? {
        Duration::ZERO => return Err(value.wrong("an interval has at least 1 millisecond")),
        interval => interval,
    };
    Ok(())
}
