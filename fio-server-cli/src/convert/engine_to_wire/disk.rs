//! What the kernel counted at a disk, as DU has it.

use std::time::Duration;

use fio_engine::report::DiskReport;
use fio_proto::layout::{DiskAggregate, DiskStats};
use fio_proto::message::DiskUtilization;

/// What a disk did during a run that took `elapsed`.
#[must_use]
pub fn disk_utilization(disk: &DiskReport, elapsed: Duration) -> DiskUtilization {
    let elapsed_ms = elapsed.as_secs_f64() * 1000.0;
    let mut stats = DiskStats::default();
    stats.name = disk.name.as_str().into();
    stats.ios = disk.ios;
    stats.merges = disk.merges;
    stats.sectors = disk.sectors;
    stats.ticks = disk.ticks_ms;
    stats.io_ticks = disk.busy_ms;
    stats.time_in_queue = disk.in_queue_ms;
    // Receivers divide by it.
    stats.elapsed = (elapsed_ms.round() as u64).max(1);
    DiskUtilization::new(stats, DiskAggregate::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_time_is_kept() {
        let report = DiskReport {
            name: "vda".to_owned(),
            ios: [3, 4],
            busy_ms: 500,
            ..DiskReport::default()
        };
        let disk = disk_utilization(&report, Duration::from_millis(2000)).disk;
        assert_eq!((disk.ios, disk.io_ticks, disk.elapsed), ([3, 4], 500, 2000));
        assert_eq!(disk_utilization(&report, Duration::ZERO).disk.elapsed, 1);
    }
}
