//! Rates: `rate`, `rate_iops`, `rate_min`, `rate_iops_min`, `rate_process`, `rate_cycle`.

use std::time::Duration;

use crate::direction::PerDirection;
use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::options::value::per_direction;
use crate::job::spec::rate::RateProcess;

pub(in crate::job::options) fn rate(draft: &mut Draft, value: Value<'_>) -> Outcome {
    limits(&mut draft.spec.rate.bandwidth, value, u64::MAX)
}

pub(in crate::job::options) fn rate_iops(draft: &mut Draft, value: Value<'_>) -> Outcome {
    limits(&mut draft.spec.rate.iops, value, u32::MAX.into())
}

pub(in crate::job::options) fn rate_minimum(draft: &mut Draft, value: Value<'_>) -> Outcome {
    limits(&mut draft.spec.rate.minimum_bandwidth, value, u64::MAX)
}

pub(in crate::job::options) fn rate_iops_minimum(draft: &mut Draft, value: Value<'_>) -> Outcome {
    limits(&mut draft.spec.rate.minimum_iops, value, u32::MAX.into())
}

pub(in crate::job::options) fn rate_process(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.rate.process = match value.word()? {
        "poisson" => RateProcess::Poisson,
        _ => RateProcess::Linear,
    };
    Ok(())
}

pub(in crate::job::options) fn rate_cycle(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.rate.cycle = match value.milliseconds()? {
        Duration::ZERO => return Err(value.wrong("a cycle has at least 1 millisecond")),
        cycle => cycle,
    };
    Ok(())
}

/// 0 takes a limit away, as in fio; an empty entry leaves it as it is.
fn limits(current: &mut PerDirection<Option<u64>>, value: Value<'_>, largest: u64) -> Outcome {
    let given = per_direction(value, |text| value.in_bounds(text, largest))?;
    for (current, given) in current.0.iter_mut().zip(given) {
        if let Some(given) = given {
            *current = Some(given).filter(|limit| *limit > 0);
        }
    }
    Ok(())
}
