//! The `steadystate` family.

use std::time::Duration;

use crate::job::SteadyMeasure;
use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::units::{parse_decimal, parse_size, parse_time};

/// `CRITERION:LIMIT`, the limit with a `%` if it is a share of the mean. fio does not say what a bare
/// latency counts, so it is not guessed.
pub(in crate::job::options) fn steady_state(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let form = "a criterion and its limit are wanted, as in iops:5% or bw_slope:1m";
    let mut parts = value.text.splitn(2, |byte| *byte == b':');
    let (Some(criterion), Some(limit)) = (parts.next(), parts.next()) else {
        return Err(value.wrong(form));
    };
    let (measure, by_slope) = match criterion.strip_suffix(b"_slope") {
        Some(measure) => (measure, true),
        None => (criterion, false),
    };
    let watched = match measure {
        b"iops" => SteadyMeasure::Iops,
        b"bw" => SteadyMeasure::Bandwidth,
        b"lat" => SteadyMeasure::Latency,
        _ => return Err(value.wrong(form)),
    };
    let percent = limit.strip_suffix(b"%");
    let steady = &mut draft.spec.steady_state;
    steady.limit = match percent {
        Some(percent) => parse_decimal(percent)?,
        None => match watched {
            SteadyMeasure::Iops => parse_decimal(limit)?,
            // Whole bytes: of a number without a unit fio leaves out what is behind the point.
            SteadyMeasure::Bandwidth => match parse_decimal(limit) {
                Ok(bytes) if !limit.starts_with(b".") => bytes.trunc(),
                _ => parse_size(limit, value.kb_base)? as f64,
            },
            SteadyMeasure::Latency if limit.iter().all(u8::is_ascii_digit) => {
                return Err(value.wrong("a latency has a unit, as in lat:50us, or is a percentage"));
            }
            SteadyMeasure::Latency => parse_time(limit)?.as_nanos() as f64,
        },
    };
    steady.in_percent = percent.is_some();
    (steady.watched, steady.by_slope) = (watched, by_slope);
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
