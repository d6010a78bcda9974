//! On which CPUs a job runs: `cpus_allowed`, `numa_cpu_nodes`, `gtod_cpu`.

use std::fs;
use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::JobFailure;
use crate::job::NodeSet;
use crate::run::plan::JobClone;

/// Where the kernel tells of NUMA nodes.
const NODES: &str = "/sys/devices/system/node";

/// Moves the calling thread to the clone's CPUs. Without wishes it stays where it is.
pub(super) fn choose(clone: &JobClone, reserved: &[usize]) -> Result<(), JobFailure> {
    let spec = &clone.spec;
    let nodes = spec.process.cpu_nodes.as_ref();
    if spec.cpus_allowed.is_none() && nodes.is_none() && reserved.is_empty() {
        return Ok(());
    }
    let mut cpus = match &spec.cpus_allowed {
        Some(allowed) if spec.split_cpus => {
            // By its number among all clones of the run, as in fio.
            let own = clone.index as usize % allowed.len().max(1);
            allowed[own..=own].to_vec()
        }
        Some(allowed) => allowed.clone(),
        None => current()?,
    };
    let listed = cpus.clone();
    if let Some(nodes) = nodes {
        let of_nodes = cpus_of(nodes)?;
        cpus.retain(|cpu| of_nodes.contains(cpu));
    }
    cpus.retain(|cpu| !reserved.contains(cpu));
    if cpus.is_empty() {
        let message = format!(
            "none of the CPUs {listed:?} is left for the job: the others are not of its \
             numa_cpu_nodes, or set aside by gtod_cpu"
        );
        return Err(JobFailure::new(libc::EINVAL, message));
    }
    let mut set = CpuSet::new();
    cpus.iter().for_each(|cpu| set.set(*cpu));
    sched_setaffinity(None, &set).map_err(|errno| {
        let message = format!("cpus_allowed: cannot run on CPUs {cpus:?}: {errno}");
        JobFailure::new(errno.raw_os_error(), message)
    })
}

/// The CPUs the calling thread may use.
fn current() -> Result<Vec<usize>, JobFailure> {
    let set = sched_getaffinity(None).map_err(|errno| {
        let message = format!("cannot tell which CPUs this process may use: {errno}");
        JobFailure::new(errno.raw_os_error(), message)
    })?;
    Ok((0..CpuSet::MAX_CPU)
        .filter(|cpu| set.is_set(*cpu))
        .collect())
}

fn cpus_of(nodes: &NodeSet) -> Result<Vec<usize>, JobFailure> {
    let numbers = match nodes {
        NodeSet::Listed(numbers) => numbers.clone(),
        NodeSet::All => nodes_with("has_cpu").map_err(|error| unknown("all", &error))?,
    };
    let mut cpus = Vec::new();
    for node in numbers {
        let list = fs::read_to_string(format!("{NODES}/node{node}/cpulist"))
            .map_err(|error| unknown(&node.to_string(), &error))?;
        cpus.extend(numbers_of(&list).map(|cpu| cpu as usize));
    }
    Ok(cpus)
}

fn unknown(node: &str, error: &io::Error) -> JobFailure {
    let message = format!(
        "numa_cpu_nodes={node}: the kernel tells of no such NUMA node ({error}); see {NODES}"
    );
    JobFailure::new(libc::EINVAL, message)
}

/// The NUMA nodes that have a CPU (`has_cpu`) or memory (`has_memory`).
pub(super) fn nodes_with(what: &str) -> io::Result<Vec<u32>> {
    let list = fs::read_to_string(format!("{NODES}/{what}"))?;
    Ok(numbers_of(&list).collect())
}

/// The numbers of a list of the kernel such as `0-3,8`.
fn numbers_of(list: &str) -> impl Iterator<Item = u32> {
    let entries = list.trim().split(',').filter(|entry| !entry.is_empty());
    let ranges = entries.filter_map(|entry| {
        let (first, last) = entry.split_once('-').unwrap_or((entry, entry));
        Some(first.parse().ok()?..=last.parse().ok()?)
    });
    ranges.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_the_kernel_are_read() {
        let read = |list| numbers_of(list).collect::<Vec<_>>();
        assert_eq!(read("0-3,8,10-11\n"), [0, 1, 2, 3, 8, 10, 11]);
        assert_eq!(read("0\n"), [0]);
        assert_eq!(read("\n"), [0; 0]);
    }
}
