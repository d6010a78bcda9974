//! What a job asks of the system besides I/O, done in its own thread before it opens its files.
//!
//! All of it belongs to the thread and ends with it, but for the I/O scheduler of a device, which
//! stays as fio leaves it, and control groups, which the run removes when it is over.

mod control_group;
mod cpus;
mod scheduler;

use std::io;

use rustix::process::setpriority_process;
use rustix::process::{Gid, Uid};

use super::job_loop::JobFailure;
use super::plan::{JobClone, Plan};
use crate::io::thread_memory::{LockedMemory, NODE_WORDS, NodeMode, set_memory_policy};
use crate::job::{MemoryPolicy, NodeSet, ProcessOptions};
pub(super) use control_group::ControlGroups;

/// What the jobs of a run share of the system.
#[derive(Debug)]
pub(super) struct System {
    groups: ControlGroups,
    /// CPUs on which no job may be (`gtod_cpu` of any job).
    reserved_cpus: Vec<usize>,
}

/// Ends with the job.
#[derive(Debug)]
#[must_use]
pub(super) struct Surroundings {
    _locked: Option<LockedMemory>,
}

impl System {
    pub(super) fn new(plan: &Plan) -> Self {
        let clones = plan.clones.iter();
        let reserved = clones.filter_map(|clone| clone.spec.process.clock_cpu);
        Self {
            groups: ControlGroups::default(),
            reserved_cpus: reserved.map(|cpu| cpu as usize).collect(),
        }
    }

    /// Brings the calling thread where the clone wants to be. `paths` are those of its files;
    /// `remark` is told what had no effect.
    pub(super) fn enter(
        &self,
        clone: &JobClone,
        paths: &[&std::path::Path],
        remark: &dyn Fn(&str),
    ) -> Result<Surroundings, JobFailure> {
        let options = &clone.spec.process;
        self.groups.enter(&options.control_group)?;
        if let Some(scheduler) = &options.io_scheduler {
            scheduler::choose(scheduler, paths, remark)?;
        }
        if options.niceness != 0 {
            setpriority_process(None, options.niceness.into())
                .map_err(|errno| refused("nice", &options.niceness.to_string(), errno.into()))?;
        }
        cpus::choose(clone, &self.reserved_cpus)?;
        if let Some(policy) = &options.memory_policy {
            choose_memory(policy)?;
        }
        let locked = lock_memory(options.locked_memory)?;
        become_user(options)?;
        Ok(Surroundings { _locked: locked })
    }

    /// Removes the control groups the run has made, unless they are to stay.
    pub(super) fn leave(self) {
        self.groups.remove();
    }
}

/// `numa_mem_policy`.
fn choose_memory(policy: &MemoryPolicy) -> Result<(), JobFailure> {
    let none = NodeSet::Listed(Vec::new());
    let (mode, nodes) = match policy {
        MemoryPolicy::Default => (NodeMode::Default, none),
        MemoryPolicy::Local => (NodeMode::Local, none),
        MemoryPolicy::Prefer(node) => (NodeMode::Preferred, NodeSet::Listed(vec![*node])),
        MemoryPolicy::Bind(nodes) => (NodeMode::Bind, nodes.clone()),
        MemoryPolicy::Interleave(nodes) => (NodeMode::Interleave, nodes.clone()),
    };
    let nodes = match nodes {
        NodeSet::Listed(nodes) => nodes,
        NodeSet::All => cpus::nodes_with("has_memory")
            .map_err(|error| refused("numa_mem_policy", "all", error))?,
    };
    let mut mask = [0_u64; NODE_WORDS];
    for node in &nodes {
        if let Some(word) = mask.get_mut((node / u64::BITS) as usize) {
            *word |= 1 << (node % u64::BITS);
        }
    }
    set_memory_policy(mode, &mask).map_err(|error| {
        let what = format!("{mode:?} {nodes:?}").to_lowercase();
        refused("numa_mem_policy", &what, error)
    })
}

/// `lockmem`.
fn lock_memory(bytes: u64) -> Result<Option<LockedMemory>, JobFailure> {
    if bytes == 0 {
        return Ok(None);
    }
    // Beyond this the kernel would end processes, perhaps others than this one.
    let available = available_memory().unwrap_or(u64::MAX);
    if bytes > available {
        let message = format!(
            "lockmem={bytes}: the system has only {available} bytes of memory left; lower it"
        );
        return Err(JobFailure::new(libc::ENOMEM, message));
    }
    let locked = LockedMemory::new(usize::try_from(bytes).unwrap_or(usize::MAX));
    locked
        .map(Some)
        .map_err(|error| refused("lockmem", &bytes.to_string(), error))
}

/// What the kernel says could be used without swapping.
fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let mut lines = text.lines();
    let kib = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let number = kib.trim().strip_suffix("kB")?.trim();
    number.parse::<u64>().ok()?.checked_mul(1024)
}

/// `gid`, then `uid`, which may take away the right to change the group.
fn become_user(options: &ProcessOptions) -> Result<(), JobFailure> {
    if let Some(group) = options.group {
        rustix::thread::set_thread_gid(Gid::from_raw(group))
            .map_err(|errno| refused("gid", &group.to_string(), errno.into()))?;
    }
    if let Some(user) = options.user {
        rustix::thread::set_thread_uid(Uid::from_raw(user))
            .map_err(|errno| refused("uid", &user.to_string(), errno.into()))?;
    }
    Ok(())
}

/// The system does not allow what an option asks for.
fn refused(option: &str, value: &str, error: io::Error) -> JobFailure {
    let errno = error.raw_os_error().unwrap_or(libc::EINVAL);
    let hint = match (option, errno) {
        ("nice", libc::EPERM | libc::EACCES) => {
            "; a negative value needs the capability CAP_SYS_NICE"
        }
        ("uid" | "gid", libc::EPERM) => {
            "; changing it needs the capabilities CAP_SETUID and CAP_SETGID"
        }
        ("lockmem", libc::ENOMEM | libc::EAGAIN | libc::EPERM) => {
            "; raise the limit of locked memory (ulimit -l), or lower it"
        }
        ("numa_mem_policy", libc::EINVAL) => {
            "; /sys/devices/system/node/has_memory lists the nodes there are"
        }
        _ => "",
    };
    JobFailure::new(errno, format!("{option}={value}: {error}{hint}"))
}

#[cfg(test)]
mod tests;
