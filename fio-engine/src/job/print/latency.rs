//! Latency targets, overlaps, and ramps counted in bytes.

use super::Printer;
use crate::job::spec::{JobSpec, SubmitMode};

impl Printer {
    pub(super) fn latency(&mut self, spec: &JobSpec) {
        if spec.submit_mode == SubmitMode::Offload {
            self.put("io_submit_mode", "offload");
        }
        self.boolean("serialize_overlap", spec.serialize_overlap, false);
        self.number("ramp_size", spec.ramp_bytes, 0);
        let search = spec.latency_target;
        self.time("latency_target", search.target);
        self.time("latency_window", search.window);
        self.number("latency_percentile", search.percentile, 100.0);
        self.boolean("latency_run", search.goes_on, false);
    }
}
