//! Settings of the system that a peer's jobs may not touch.

use fio_engine::job::JobSpec;

use super::Refusal;

/// Refuses what would favour a job before others on the machine, or outlast it.
pub(super) fn check(job: &JobSpec) -> Result<(), Refusal> {
    let process = &job.process;
    let rules = [
        (
            process.niceness < 0,
            "nice",
            "a negative value puts a job before all else on this machine; give 0 or more",
        ),
        (
            process.user.is_some(),
            "uid",
            "jobs have the rights of the user the server runs as; leave it out",
        ),
        (
            process.group.is_some(),
            "gid",
            "jobs have the rights of the user the server runs as; leave it out",
        ),
        (
            process.io_scheduler.is_some(),
            "ioscheduler",
            "a device keeps its scheduler when the job is over; set it on this machine beforehand",
        ),
        (
            job.lifecycle.command_before.is_some(),
            "exec_prerun",
            "commands of jobs are never run here; run it yourself before the jobs",
        ),
        (
            job.lifecycle.command_after.is_some(),
            "exec_postrun",
            "commands of jobs are never run here; run it yourself after the jobs",
        ),
        (
            process.control_group.name.is_some(),
            "cgroup",
            "groups are for the owner of this machine; the whole server can run in one",
        ),
    ];
    let broken = rules.into_iter().find(|(is_broken, ..)| *is_broken);
    broken.map_or(Ok(()), |(_, option, reason)| {
        Err(Refusal::System {
            job: job.name.clone(),
            option,
            reason,
        })
    })
}
