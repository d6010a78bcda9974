//! What a job asks of the system besides I/O: how it is scheduled, as whom and where it runs, which
//! clock it reads, what memory it takes away.
//!
//! Jobs are threads here. On Linux niceness, CPUs, memory policy, user and group belong to threads, so
//! a job has its own without touching its neighbours.

use crate::job::value_error::ValueError;

/// The largest number a NUMA node can have; as many as `libnuma` knows.
pub const MAX_NUMA_NODE: u32 = 1023;

/// How a job stands to the system it runs on. Nothing is changed by default.
///
/// ```
/// use fio_engine::job::{JobSpec, MemoryPolicy, NodeSet};
///
/// let mut job = JobSpec::new("background");
/// job.process.niceness = 10;
/// job.process.memory_policy = Some(MemoryPolicy::Bind(NodeSet::Listed(vec![0])));
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessOptions {
    /// Niceness, -20 (favoured) to 19 (`nice`); 0 leaves it as it is.
    pub niceness: i8,
    /// Name of the job's thread in lists of processes (`comm`); the kernel keeps 15 bytes.
    pub thread_name: Option<String>,
    /// User the job becomes before it opens its files (`uid`).
    pub user: Option<u32>,
    /// Group the job becomes before it opens its files (`gid`).
    pub group: Option<u32>,
    /// Bytes of memory each clone takes away from the system while it runs (`lockmem`); 0 for none.
    pub locked_memory: u64,
    /// Scheduler given to the devices of the files before the job begins (`ioscheduler`). As in fio,
    /// it stays when the job has ended.
    pub io_scheduler: Option<String>,
    /// Control group the job runs in.
    pub control_group: ControlGroupOptions,
    /// NUMA nodes on whose CPUs the job runs (`numa_cpu_nodes`), of those it may run on otherwise.
    pub cpu_nodes: Option<NodeSet>,
    /// NUMA nodes the job's memory comes from (`numa_mem_policy`).
    pub memory_policy: Option<MemoryPolicy>,
    /// Clock the job measures with (`clocksource`).
    pub clock: ClockSource,
    /// CPU on which no job of the run may be (`gtod_cpu`). fio has it read the clock for all jobs;
    /// here reading the clock costs a job no more than asking that CPU would.
    pub clock_cpu: Option<u32>,
    /// Number of the system clock that tells when the job began (`job_start_clock_id`); 0 is the
    /// time of day.
    pub start_clock: u32,
}

/// The control group a job joins: `cgroup`, `cgroup_weight`, `cgroup_nodelete`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ControlGroupOptions {
    /// Path below the mount point of the `blkio` controller; it is made if it does not exist.
    pub name: Option<String>,
    /// Weight of the group's I/O, 100..=1000; `None` leaves it as it is.
    pub weight: Option<u16>,
    /// A group that the run has made stays when it is over.
    pub keep: bool,
}

/// Where a job reads the time: `clocksource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ClockSource {
    /// The processor's counter where it is reliable, the monotonic clock elsewhere.
    #[default]
    Automatic,
    /// The time of day in whole microseconds, as `gettimeofday(2)` has it. It jumps when the clock
    /// of the system is set.
    TimeOfDay,
    /// `clock_gettime(2)` of `CLOCK_MONOTONIC`.
    Monotonic,
    /// The processor's counter; without a reliable one the monotonic clock, and the run says so.
    Counter,
}

impl ClockSource {
    /// fio's word; `None` for the choice made without one.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Automatic => None,
            Self::TimeOfDay => Some("gettimeofday"),
            Self::Monotonic => Some("clock_gettime"),
            Self::Counter => Some("cpu"),
        }
    }
}

/// Some NUMA nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeSet {
    /// All there are.
    All,
    /// These, in ascending order; at least one, none above [`MAX_NUMA_NODE`].
    Listed(Vec<u32>),
}

/// Where a job's memory comes from: `numa_mem_policy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemoryPolicy {
    /// The system's default (`default`).
    Default,
    /// The node of the CPU that asks (`local`).
    Local,
    /// This node as long as it has memory (`prefer`).
    Prefer(u32),
    /// These nodes only (`bind`).
    Bind(NodeSet),
    /// These nodes in turn, page by page (`interleave`).
    Interleave(NodeSet),
}

impl ProcessOptions {
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let fault = |problem: String| Err(ValueError::Conflict(problem));
        if !(-20..=19).contains(&self.niceness) {
            let niceness = self.niceness;
            return fault(format!(
                "the niceness (nice) must be between -20 and 19, not {niceness}"
            ));
        }
        // The system takes this number for "as it is".
        for (name, id) in [("uid", self.user), ("gid", self.group)] {
            if id == Some(u32::MAX) {
                return fault(format!("{name} must be below {}", u32::MAX));
            }
        }
        let names = [
            ("comm", &self.thread_name),
            ("ioscheduler", &self.io_scheduler),
        ];
        // They end up on the terminals of others.
        let is_odd = |name: &String| name.contains(char::is_control);
        for (option, name) in names {
            if name.as_ref().is_some_and(is_odd) {
                return fault(format!("{option} cannot have control characters"));
            }
        }
        self.control_group.validate()?;
        match &self.memory_policy {
            Some(MemoryPolicy::Prefer(node)) => check_nodes(&[*node])?,
            Some(MemoryPolicy::Bind(nodes) | MemoryPolicy::Interleave(nodes)) => {
                nodes.validate()?
            }
            _ => {}
        }
        self.cpu_nodes.as_ref().map_or(Ok(()), NodeSet::validate)
    }
}

impl ControlGroupOptions {
    fn validate(&self) -> Result<(), ValueError> {
        let fault = |problem: &str| Err(ValueError::Conflict(problem.to_owned()));
        if self
            .weight
            .is_some_and(|weight| !(100..=1000).contains(&weight))
        {
            return fault("cgroup_weight must be between 100 and 1000");
        }
        let Some(name) = &self.name else {
            return Ok(());
        };
        let leaves = name.split('/').any(|part| part == "..");
        if leaves || name.contains('\0') || name.trim_matches('/').is_empty() {
            return fault(
                "cgroup must be the path of a control group below the mount point, without `..`",
            );
        }
        Ok(())
    }
}

impl NodeSet {
    fn validate(&self) -> Result<(), ValueError> {
        match self {
            Self::All => Ok(()),
            Self::Listed(nodes) => check_nodes(nodes),
        }
    }
}

fn check_nodes(nodes: &[u32]) -> Result<(), ValueError> {
    let ascending = nodes.windows(2).all(|pair| pair[0] < pair[1]);
    if nodes.last().is_some_and(|last| *last <= MAX_NUMA_NODE) && ascending {
        return Ok(());
    }
    Err(ValueError::Conflict(format!(
        "a list of NUMA nodes has at least one number, none above {MAX_NUMA_NODE}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobSpec;

    #[test]
    fn what_makes_no_sense_is_refused() {
        type Change = fn(&mut ProcessOptions);
        let wrong: [(Change, &str); 9] = [
            (|options| options.niceness = 20, "nice"),
            (|options| options.user = Some(u32::MAX), "uid"),
            (|options| options.group = Some(u32::MAX), "gid"),
            (
                |options| options.thread_name = Some("a\0".to_owned()),
                "comm",
            ),
            (
                |options| options.control_group.name = Some("a/../b".to_owned()),
                "cgroup",
            ),
            (
                |options| options.control_group.name = Some("/".to_owned()),
                "cgroup",
            ),
            (
                |options| options.control_group.weight = Some(99),
                "cgroup_weight",
            ),
            (
                |options| options.cpu_nodes = Some(NodeSet::Listed(Vec::new())),
                "NUMA",
            ),
            (
                |options| options.memory_policy = Some(MemoryPolicy::Prefer(1024)),
                "NUMA",
            ),
        ];
        for (change, named) in wrong {
            let mut job = JobSpec::new("a");
            change(&mut job.process);
            let error = job.validate().expect_err(named).to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
