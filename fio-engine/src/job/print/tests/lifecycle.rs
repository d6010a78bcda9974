//! Jobs with options that tie them to other jobs.

use proptest::prelude::*;

use crate::job::spec::errors::{ContinueOn, ErrorOptions, IgnoredErrors};
use crate::job::spec::steady_state::{SteadyMeasure, SteadyStateOptions};
use crate::job::{ExitScope, JobSpec, LifecycleOptions, ReportingOptions, UnifiedReporting};

fn command() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[a-z][a-z |/-]{0,6}[a-z]")
}

prop_compose! {
    fn lifecycle()(
        wait_for in prop::option::of("[a-z][a-z ]{0,6}[a-z]"),
        exit_scope in prop::sample::select(vec![ExitScope::Group, ExitScope::Stonewall, ExitScope::All]),
        flags: [bool; 2],
        command_before in command(),
        command_after in command(),
    ) -> LifecycleOptions {
        LifecycleOptions {
            wait_for,
            exit_all: flags[0],
            exit_scope,
            exit_all_on_error: flags[1],
            command_before,
            command_after,
        }
    }
}

prop_compose! {
    fn reporting()(
        flags: [bool; 2],
        unified in prop::sample::select(vec![
            UnifiedReporting::Separate, UnifiedReporting::Mixed, UnifiedReporting::Both,
        ]),
    ) -> ReportingOptions {
        ReportingOptions { included: flags[0], disks: flags[1], unified }
    }
}

fn errnos() -> impl Strategy<Value = Vec<i32>> {
    prop::collection::vec(0..200, 0..4)
}

prop_compose! {
    fn errors()(
        continue_on in prop::sample::select(ContinueOn::ALL.to_vec()),
        lists in [errnos(), errnos(), errnos()],
        dump: bool,
        by_block: bool,
    ) -> ErrorOptions {
        let [read, write, verify] = lists;
        ErrorOptions { continue_on, ignored: IgnoredErrors { read, write, verify }, dump, by_block }
    }
}

prop_compose! {
    fn steady_state()(
        flags: [bool; 2],
        watched in prop::sample::select(vec![
            SteadyMeasure::Iops, SteadyMeasure::Bandwidth, SteadyMeasure::Latency,
        ]),
        limit in 0_u32..1_000_000,
        times in (0_u64..100, 0_u64..1 << 40, 1_u64..100),
    ) -> SteadyStateOptions {
        let seconds = std::time::Duration::from_secs;
        SteadyStateOptions {
            watched,
            by_slope: flags[0],
            limit: f64::from(limit) * 1000.0,
            in_percent: flags[1],
            duration: seconds(times.0),
            ramp_time: std::time::Duration::from_micros(times.1),
            check_interval: seconds(times.2),
        }
    }
}

/// The jobs that `jobs` draws, with such options.
pub(super) fn added_to(jobs: impl Strategy<Value = JobSpec>) -> impl Strategy<Value = JobSpec> {
    (jobs, lifecycle(), reporting(), errors(), steady_state()).prop_map(
        |(spec, lifecycle, reporting, errors, steady_state)| {
            let mut job = JobSpec {
                errors,
                steady_state,
                lifecycle,
                reporting,
                ..spec
            };
            // What is watched must be measured.
            job.measure.total_latency |= steady_state.watched == SteadyMeasure::Latency;
            job
        },
    )
}
