//! Pauses, flows and the longest latency.

use super::{Printer, comma_list, microseconds};
use crate::job::spec::JobSpec;
use crate::job::spec::think_time::ThinkTrigger;

impl Printer {
    pub(super) fn pauses(&mut self, spec: &JobSpec) {
        let think = &spec.think_time;
        self.time("thinktime", think.time);
        self.time("thinktime_spin", think.spin);
        self.number("thinkcycles", think.cycles, 0);
        self.time("thinktime_iotime", think.io_time);
        if let Some(blocks) = think.blocks {
            self.put("thinktime_blocks", blocks);
        }
        if think.trigger == ThinkTrigger::Issue {
            self.put("thinktime_blocks_type", "issue");
        }
        self.boolean("rate_ignore_thinktime", spec.rate.ignores_think_time, false);
        self.number("flow_id", spec.flow.id, 0);
        self.number("flow", spec.flow.weight, 0);
        self.number("flow_sleep", spec.flow.sleep.as_micros(), 0);
        let limits = &spec.max_latency;
        if limits.iter().any(|(_, limit)| limit.is_some()) {
            self.put(
                "max_latency",
                comma_list(limits, |limit| limit.map(microseconds)),
            );
        }
    }
}
