//! Beginning and end of jobs, and whether they are reported.

use super::Printer;
use crate::job::spec::lifecycle::LifecycleOptions;
use crate::job::spec::reporting::{ReportingOptions, UnifiedReporting};

impl Printer {
    pub(super) fn lifecycle(&mut self, lifecycle: &LifecycleOptions) {
        if let Some(name) = &lifecycle.wait_for {
            self.put("wait_for", name);
        }
        self.boolean("exitall", lifecycle.exit_all, false);
        self.number("exit_what", lifecycle.exit_scope.name(), "group");
        self.boolean("exitall_on_error", lifecycle.exit_all_on_error, false);
        for (name, command) in [
            ("exec_prerun", &lifecycle.command_before),
            ("exec_postrun", &lifecycle.command_after),
        ] {
            if let Some(command) = command {
                self.put(name, command);
            }
        }
    }

    pub(super) fn reporting(&mut self, reporting: ReportingOptions) {
        self.boolean("stats", reporting.included, true);
        self.boolean("disk_util", reporting.disks, true);
        match reporting.unified {
            UnifiedReporting::Separate => {}
            UnifiedReporting::Mixed => self.put("unified_rw_reporting", "mixed"),
            UnifiedReporting::Both => self.put("unified_rw_reporting", "both"),
        }
    }
}
