//! Jobs with latency targets.

use std::time::Duration;

use proptest::prelude::*;

use crate::job::{JobSpec, LatencyTargetOptions, SubmitMode};

prop_compose! {
    fn target()(times in [0_u64..1 << 40, 0_u64..1 << 40], percentile in 0_u32..=100_000, goes_on: bool) -> LatencyTargetOptions {
        let [target, window] = times.map(Duration::from_micros);
        LatencyTargetOptions { target, window, percentile: f64::from(percentile) / 1000.0, goes_on }
    }
}

/// The jobs that `jobs` draws, with such options.
pub(super) fn added_to(jobs: impl Strategy<Value = JobSpec>) -> impl Strategy<Value = JobSpec> {
    let mode = prop_oneof![Just(SubmitMode::Inline), Just(SubmitMode::Offload)];
    let more = (target(), any::<bool>(), any::<u64>(), mode);
    (jobs, more).prop_map(
        |(spec, (latency_target, serialize_overlap, ramp_bytes, submit_mode))| JobSpec {
            latency_target,
            serialize_overlap,
            ramp_bytes,
            submit_mode,
            ..spec
        },
    )
}
