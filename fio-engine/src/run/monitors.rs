//! What is watched beside the jobs: disks and CPUs.

use std::sync::{Arc, OnceLock};

use crate::idle::{CpuIdleness, IdleDetail, IdleError, IdleMonitor, IdleSpan};
use crate::report::{DiskMonitor, DiskReport};

/// Watches from the first I/O on; what is read before that is nothing.
#[derive(Debug)]
pub(super) struct Monitors {
    disks: OnceLock<DiskMonitor>,
    idle: Option<Arc<IdleMonitor>>,
    idle_span: OnceLock<IdleSpan>,
}

impl Monitors {
    /// Makes ready. The CPUs are calibrated now, before there is anything to do for them.
    pub(super) fn new(idleness: Option<IdleDetail>) -> Result<Self, IdleError> {
        Ok(Self {
            disks: OnceLock::new(),
            idle: idleness.map(IdleMonitor::start).transpose()?.map(Arc::new),
            idle_span: OnceLock::new(),
        })
    }

    /// Begins to count.
    pub(super) fn begin(&self, disks: impl FnOnce() -> DiskMonitor) {
        self.disks.get_or_init(disks);
        if let Some(idle) = &self.idle {
            self.idle_span.get_or_init(|| idle.span());
        }
    }

    pub(super) fn disks(&self) -> Vec<DiskReport> {
        let disks = self.disks.get();
        disks.map(DiskMonitor::report).unwrap_or_default()
    }

    pub(super) fn idleness(&self) -> Option<CpuIdleness> {
        self.idle_span.get().map(IdleSpan::report)
    }
}
