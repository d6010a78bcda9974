//! Jobs with options that tie them to other jobs.

use proptest::prelude::*;

use crate::job::errors::{ContinueOn, ErrorOptions, IgnoredErrors};
use crate::job::{ExitScope, JobSpec, LifecycleOptions, ReportingOptions, UnifiedReporting};

prop_compose! {
    fn lifecycle()(
        wait_for in prop::option::of("[a-z][a-z ]{0,6}[a-z]"),
        exit_scope in prop::sample::select(vec![ExitScope::Group, ExitScope::Stonewall, ExitScope::All]),
        flags: [bool; 2],
    ) -> LifecycleOptions {
        LifecycleOptions { wait_for, exit_all: flags[0], exit_scope, exit_all_on_error: flags[1] }
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
    ) -> ErrorOptions {
        let [read, write, verify] = lists;
        ErrorOptions { continue_on, ignored: IgnoredErrors { read, write, verify }, dump }
    }
}

/// The jobs that `jobs` draws, with such options.
pub(super) fn added_to(jobs: impl Strategy<Value = JobSpec>) -> impl Strategy<Value = JobSpec> {
    (jobs, lifecycle(), reporting(), errors()).prop_map(|(spec, lifecycle, reporting, errors)| {
        JobSpec {
            errors,
            lifecycle,
            reporting,
            ..spec
        }
    })
}
