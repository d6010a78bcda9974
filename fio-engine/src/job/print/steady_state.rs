//! The `steadystate` family.

use super::{Printer, microseconds};
use crate::job::steady_state::SteadyStateOptions;

impl Printer {
    pub(super) fn steady_state(&mut self, steady: &SteadyStateOptions) {
        let default = SteadyStateOptions::default();
        let criterion = |of: &SteadyStateOptions| {
            let what = if of.of_bandwidth { "bw" } else { "iops" };
            let how = if of.by_slope { "_slope" } else { "" };
            let percent = if of.in_percent { "%" } else { "" };
            format!("{what}{how}:{}{percent}", of.limit)
        };
        self.number("steadystate", criterion(steady), criterion(&default));
        self.time("steadystate_duration", steady.duration);
        self.time("steadystate_ramp_time", steady.ramp_time);
        let interval = |of: &SteadyStateOptions| microseconds(of.check_interval);
        self.number(
            "steadystate_check_interval",
            interval(steady),
            interval(&default),
        );
    }
}
