//! How a job stands to the system it runs on.

use super::Printer;
use crate::job::spec::process::{MemoryPolicy, NodeSet, ProcessOptions};

impl Printer {
    pub(super) fn process(&mut self, options: &ProcessOptions) {
        self.number("nice", options.niceness, 0);
        self.optional("comm", options.thread_name.as_ref());
        self.optional("uid", options.user);
        self.optional("gid", options.group);
        self.number("lockmem", options.locked_memory, 0);
        self.optional("ioscheduler", options.io_scheduler.as_ref());
        let group = &options.control_group;
        self.optional("cgroup", group.name.as_ref());
        self.optional("cgroup_weight", group.weight);
        self.boolean("cgroup_nodelete", group.keep, false);
        self.optional("numa_cpu_nodes", options.cpu_nodes.as_ref().map(node_list));
        self.optional(
            "numa_mem_policy",
            options.memory_policy.as_ref().map(policy),
        );
        self.optional("clocksource", options.clock.name());
        self.optional("gtod_cpu", options.clock_cpu);
        self.number("job_start_clock_id", options.start_clock, 0);
    }

    fn optional(&mut self, name: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.put(name, value.to_string());
        }
    }
}

fn policy(policy: &MemoryPolicy) -> String {
    match policy {
        MemoryPolicy::Default => "default".to_owned(),
        MemoryPolicy::Local => "local".to_owned(),
        MemoryPolicy::Prefer(node) => format!("prefer:{node}"),
        MemoryPolicy::Bind(nodes) => format!("bind:{}", node_list(nodes)),
        MemoryPolicy::Interleave(nodes) => format!("interleave:{}", node_list(nodes)),
    }
}

fn node_list(nodes: &NodeSet) -> String {
    match nodes {
        NodeSet::All => "all".to_owned(),
        NodeSet::Listed(nodes) => {
            let nodes: Vec<String> = nodes.iter().map(u32::to_string).collect();
            nodes.join(",")
        }
    }
}
