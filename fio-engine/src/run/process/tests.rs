//! What of a job's wishes the system shows.

use std::sync::Arc;

use super::*;
use crate::job::JobSpec;
use crate::run::RunOptions;

/// Enters the surroundings in a thread of its own and returns what `look` sees there.
fn entered<T: Send>(
    change: impl FnOnce(&mut JobSpec),
    look: impl FnOnce() -> T + Send,
) -> Result<T, JobFailure> {
    let mut job = JobSpec::new("a");
    job.engine = "null".to_owned();
    change(&mut job);
    let plan = Plan::new(vec![job], &RunOptions::default()).unwrap();
    let system = System::new(&plan);
    let clone = &plan.clones[0];
    let entered = std::thread::scope(|scope| {
        let inside = || {
            let surroundings = system.enter(clone, &[], &|_| {})?;
            let seen = look();
            drop(surroundings);
            Ok(seen)
        };
        scope.spawn(inside).join().unwrap()
    });
    system.leave();
    entered
}

#[test]
fn niceness_is_that_of_the_thread_alone() {
    let niceness = || rustix::process::getpriority_process(None).unwrap();
    let before = niceness();
    let seen = entered(|job| job.process.niceness = 19, niceness).unwrap();
    assert_eq!((seen, niceness()), (19, before));
}

#[test]
fn reserved_cpus_are_left_free() {
    let cpus = || {
        let set = rustix::thread::sched_getaffinity(None).unwrap();
        let all = 0..rustix::thread::CpuSet::MAX_CPU;
        all.filter(|cpu| set.is_set(*cpu)).collect::<Vec<_>>()
    };
    let before = cpus();
    let reserved = before[0] as u32;
    let seen = entered(|job| job.process.clock_cpu = Some(reserved), cpus);
    match before.len() {
        1 => assert!(seen.unwrap_err().message.contains("gtod_cpu")),
        _ => assert_eq!(seen.unwrap(), before[1..]),
    }
}

#[test]
fn nodes_give_their_cpus() {
    let Ok(nodes) = cpus::nodes_with("has_cpu") else {
        println!("skipped: the kernel knows no NUMA nodes");
        return;
    };
    entered(
        |job| job.process.cpu_nodes = Some(NodeSet::Listed(nodes)),
        || (),
    )
    .unwrap();
    entered(|job| job.process.cpu_nodes = Some(NodeSet::All), || ()).unwrap();
    let wrong = NodeSet::Listed(vec![1023]);
    let failure = entered(|job| job.process.cpu_nodes = Some(wrong), || ()).unwrap_err();
    assert!(
        failure.message.contains("numa_cpu_nodes=1023"),
        "{failure:?}"
    );
}

#[test]
fn memory_policies_are_those_of_the_thread() {
    let Ok(nodes) = cpus::nodes_with("has_memory") else {
        println!("skipped: the kernel knows no NUMA nodes");
        return;
    };
    let policy = MemoryPolicy::Bind(NodeSet::Listed(nodes));
    // The kernel names the policy of a thread with each of its mappings.
    let maps = || std::fs::read_to_string("/proc/thread-self/numa_maps").unwrap_or_default();
    match entered(|job| job.process.memory_policy = Some(policy), maps) {
        Ok(maps) => assert!(maps.is_empty() || maps.contains(" bind:"), "{maps}"),
        Err(failure) => assert!(matches!(failure.errno, libc::EPERM | libc::ENOSYS)),
    }
    let wrong = MemoryPolicy::Prefer(1023);
    let failure = entered(|job| job.process.memory_policy = Some(wrong), || ()).unwrap_err();
    assert!(failure.message.contains("numa_mem_policy=preferred [1023]"));
}

#[test]
fn more_memory_than_there_is_cannot_be_locked() {
    let failure = entered(|job| job.process.locked_memory = 1 << 60, || ()).unwrap_err();
    assert_eq!(failure.errno, libc::ENOMEM);
    assert!(failure.message.contains("lockmem="), "{failure:?}");
}

#[test]
fn users_are_those_of_the_thread_alone() {
    let ids = || (rustix::process::getuid(), rustix::process::getgid());
    let before = ids();
    let change = |job: &mut JobSpec| {
        job.process.user = Some(65_534);
        job.process.group = Some(65_534);
    };
    let seen = entered(change, ids);
    if before.0.is_root() {
        let nobody = 65_534;
        assert_eq!(
            seen.unwrap(),
            (Uid::from_raw(nobody), Gid::from_raw(nobody))
        );
    } else {
        let failure = seen.unwrap_err();
        assert!(failure.message.contains("CAP_SETUID"), "{failure:?}");
    }
    assert_eq!(ids(), before);
}

#[test]
fn clones_share_what_is_reserved() {
    let mut jobs = ["a", "b"].map(JobSpec::new);
    jobs.iter_mut()
        .for_each(|job| job.engine = "null".to_owned());
    jobs[1].process.clock_cpu = Some(0);
    let plan = Plan::new(jobs.to_vec(), &RunOptions::default()).unwrap();
    let system = Arc::new(System::new(&plan));
    assert_eq!(system.reserved_cpus, [0]);
}
