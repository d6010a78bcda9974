//! What a job has to do with the system, with its errors and with its own end.

use fio_engine::job::{
    ErrorOptions, PriorityOptions, ProcessOptions, SteadyMeasure, SteadyStateOptions,
};
use fio_proto::layout::ThreadOptions;

use super::microseconds;

/// The number of the clock stays out: releases number them differently.
pub(super) fn set_process(process: &ProcessOptions, options: &mut ThreadOptions) {
    options.nice = i32::from(process.niceness).cast_unsigned();
    options.thread_name = process.thread_name.as_deref().unwrap_or_default().into();
    options.user_id = process.user.unwrap_or(u32::MAX);
    options.group_id = process.group.unwrap_or(u32::MAX);
    options.locked_memory = process.locked_memory;
    options.io_scheduler = process.io_scheduler.as_deref().unwrap_or_default().into();
    let group = &process.control_group;
    options.cgroup = group.name.as_deref().unwrap_or_default().into();
    options.cgroup_weight = group.weight.unwrap_or_default().into();
    options.cgroup_keep = group.keep.into();
    options.time_cpu = process.clock_cpu.unwrap_or_default();
    options.job_start_clock = process.start_clock;
}

pub(super) fn set_priorities(priority: &PriorityOptions, options: &mut ThreadOptions) {
    options.io_priority = priority.level.unwrap_or_default().into();
    options.io_priority_class = priority.class.unwrap_or_default().into();
    options.io_priority_hint = priority.hint.unwrap_or_default().into();
}

pub(super) fn set_steady_state(steady: &SteadyStateOptions, options: &mut ThreadOptions) {
    use fio_proto::layout::SteadyState as Wire;
    options.steady_state_limit = steady.limit;
    if !steady.is_on() {
        return;
    }
    let flag = |set: bool, flag: u32| if set { flag } else { 0 };
    options.steady_state = flag(steady.watched == SteadyMeasure::Iops, Wire::IOPS)
        | flag(steady.watched == SteadyMeasure::Bandwidth, Wire::BANDWIDTH)
        | flag(steady.by_slope, Wire::SLOPE)
        | flag(steady.in_percent, Wire::PERCENT);
    options.steady_state_duration = microseconds(steady.duration);
    options.steady_state_ramp_time = microseconds(steady.ramp_time);
    options.steady_state_check_interval = microseconds(steady.check_interval);
}

/// One bit for each kind of error: reads, writes, verification.
pub(super) fn set_errors(errors: &ErrorOptions, options: &mut ThreadOptions) {
    let kinds = (0..).zip(errors.kinds());
    options.continue_on_error = kinds
        .map(|(bit, set): (u32, _)| u32::from(set) << bit)
        .sum();
    let ignored = &errors.ignored;
    let lists = [&ignored.read, &ignored.write, &ignored.verify];
    options.ignore_error =
        lists.map(|list| list.iter().map(|errno| errno.unsigned_abs()).collect());
    options.ignore_error_count = lists.map(|list| u32::try_from(list.len()).unwrap_or(u32::MAX));
    options.error_dump = errors.dump.into();
    options.block_error_histogram = errors.by_block.into();
}

#[cfg(test)]
mod tests {
    use fio_engine::job::JobSpec;

    use super::super::job_definition;

    #[test]
    fn what_a_job_asks_of_the_system_is_told() {
        let mut spec = JobSpec::new("a");
        let options = job_definition(1, 0, &spec, fio_proto::ServerVersion::NEWEST).options;
        assert_eq!((options.user_id, options.group_id), (u32::MAX, u32::MAX));
        spec.process.niceness = -5;
        spec.process.user = Some(1000);
        spec.process.locked_memory = 1 << 20;
        spec.process.thread_name = Some("reader".to_owned());
        spec.process.control_group.name = Some("bench".to_owned());
        spec.process.control_group.weight = Some(500);
        let options = job_definition(1, 0, &spec, fio_proto::ServerVersion::NEWEST).options;
        assert_eq!(options.nice.cast_signed(), -5);
        assert_eq!((options.user_id, options.group_id), (1000, u32::MAX));
        assert_eq!(
            (options.locked_memory, options.cgroup_weight),
            (1 << 20, 500)
        );
        assert_eq!(
            (options.thread_name, options.cgroup),
            ("reader".into(), "bench".into())
        );
    }
}
