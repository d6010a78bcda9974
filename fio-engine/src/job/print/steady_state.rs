//! The `steadystate` family.

use super::{Printer, microseconds};
use crate::job::spec::steady_state::{SteadyMeasure, SteadyStateOptions};

impl Printer {
    pub(super) fn steady_state(&mut self, steady: &SteadyStateOptions) {
        let default = SteadyStateOptions::default();
        let criterion = |of: &SteadyStateOptions| {
            let what = of.watched.name();
            let how = if of.by_slope { "_slope" } else { "" };
            let percent = if of.in_percent { "%" } else { "" };
            match of.watched {
                // Limits of latencies have no unit below this.
                SteadyMeasure::Latency if !of.in_percent => {
                    format!("{what}{how}:{}us", of.limit / 1000.0)
                }
                _ => format!("{what}{how}:{}{percent}", of.limit),
            }
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
