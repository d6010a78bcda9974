//! Jobs that ask something of the system.

use proptest::prelude::*;

use crate::job::{
    ClockSource, ControlGroupOptions, JobSpec, MemoryPolicy, NodeSet, ProcessOptions,
};

fn nodes() -> impl Strategy<Value = NodeSet> {
    let listed = prop::collection::btree_set(0_u32..1024, 1..4);
    prop_oneof![
        Just(NodeSet::All),
        listed.prop_map(|nodes| NodeSet::Listed(nodes.into_iter().collect())),
    ]
}

fn policy() -> impl Strategy<Value = MemoryPolicy> {
    prop_oneof![
        Just(MemoryPolicy::Default),
        Just(MemoryPolicy::Local),
        (0_u32..1024).prop_map(MemoryPolicy::Prefer),
        nodes().prop_map(MemoryPolicy::Bind),
        nodes().prop_map(MemoryPolicy::Interleave),
    ]
}

prop_compose! {
    fn control_group()(
        name in prop::option::of("/?[a-z]{1,5}(/[a-z]{1,5}){0,2}"),
        weight in prop::option::of(100_u16..=1000),
        keep: bool,
    ) -> ControlGroupOptions {
        ControlGroupOptions { name, weight, keep }
    }
}

prop_compose! {
    fn process()(
        niceness in -20_i8..20,
        names in [prop::option::of("[a-z]{1,20}"), prop::option::of("[a-z]{1,20}")],
        ids in [prop::option::of(0..u32::MAX), prop::option::of(0..u32::MAX)],
        locked_memory: u64,
        control_group in control_group(),
        cpu_nodes in prop::option::of(nodes()),
        memory_policy in prop::option::of(policy()),
        clock in prop::sample::select(vec![
            ClockSource::Automatic, ClockSource::TimeOfDay, ClockSource::Monotonic,
            ClockSource::Counter,
        ]),
        clock_cpu: Option<u32>,
        start_clock: u32,
    ) -> ProcessOptions {
        let [thread_name, io_scheduler] = names;
        let [user, group] = ids;
        ProcessOptions {
            niceness, thread_name, user, group, locked_memory, io_scheduler, control_group,
            cpu_nodes, memory_policy, clock, clock_cpu, start_clock,
        }
    }
}

/// The jobs that `jobs` draws, with such options.
pub(super) fn added_to(jobs: impl Strategy<Value = JobSpec>) -> impl Strategy<Value = JobSpec> {
    (jobs, process()).prop_map(|(spec, process)| JobSpec { process, ..spec })
}
