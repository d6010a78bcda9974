//! What the kernel counts at the block devices a run touches.
//!
//! Counters come from `/sys/dev/block/MAJOR:MINOR/stat` (kernel documentation,
//! `block/stat.rst`), read when the run begins and when it ends. As fio does, a file on a partition
//! is accounted to the whole disk. File systems without a device of their own (tmpfs, overlays,
//! network file systems) have no counters and are left out. Devices below a device-mapper or RAID
//! device are not followed.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::model::DiskReport;

/// Counters of the disks behind a set of files since it was made.
#[derive(Debug, Clone)]
pub struct DiskMonitor {
    started: Instant,
    disks: Vec<(Disk, Counters)>,
}

impl DiskMonitor {
    /// Begins to watch the disks that hold these files or are these devices.
    ///
    /// A file that does not exist yet counts for the folder it will be in. What cannot be read is
    /// left out: missing statistics of a disk are no reason to stop a run.
    #[must_use]
    pub fn new<P: AsRef<Path>>(files: impl IntoIterator<Item = P>) -> Self {
        Self::below(Path::new("/sys"), files)
    }

    fn below<P: AsRef<Path>>(sys: &Path, files: impl IntoIterator<Item = P>) -> Self {
        let mut disks: Vec<(Disk, Counters)> = Vec::new();
        for file in files {
            let Some(disk) = Disk::behind(sys, file.as_ref()) else {
                continue;
            };
            if disks.iter().any(|(known, _)| *known == disk) {
                continue;
            }
            if let Some(counters) = disk.counters() {
                disks.push((disk, counters));
            }
        }
        Self {
            started: Instant::now(),
            disks,
        }
    }

    /// The names of the disks that are watched.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.disks.iter().map(|(disk, _)| disk.name.as_str())
    }

    /// What was counted up to now, one entry per disk in the order of the files.
    #[must_use]
    pub fn report(&self) -> Vec<DiskReport> {
        let milliseconds = self.started.elapsed().as_secs_f64() * 1000.0;
        self.disks
            .iter()
            .filter_map(|(disk, before)| {
                let after = disk.counters()?;
                Some(after.since(before).report(&disk.name, milliseconds))
            })
            .collect()
    }
}

/// A whole disk.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Disk {
    name: String,
    folder: PathBuf,
}

impl Disk {
    fn behind(sys: &Path, file: &Path) -> Option<Self> {
        let metadata = fs::metadata(file)
            .or_else(|_| fs::metadata(folder_of(file)))
            .ok()?;
        let is_device = metadata.file_type().is_block_device();
        let number = if is_device {
            metadata.rdev()
        } else {
            metadata.dev()
        };
        Self::numbered(sys, libc::major(number), libc::minor(number))
    }

    fn numbered(sys: &Path, major: u32, minor: u32) -> Option<Self> {
        let link = sys.join(format!("dev/block/{major}:{minor}"));
        let mut folder = fs::canonicalize(link).ok()?;
        if folder.join("partition").exists() {
            folder.pop();
        }
        let name = folder.file_name()?.to_str()?.to_owned();
        Some(Self { name, folder })
    }

    fn counters(&self) -> Option<Counters> {
        Counters::parse(&fs::read_to_string(self.folder.join("stat")).ok()?)
    }
}

/// The folder a file will be made in.
fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The fields of a `stat` file that reports show; pairs are reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counters {
    ios: [u64; 2],
    merges: [u64; 2],
    sectors: [u64; 2],
    ticks_ms: [u64; 2],
    busy_ms: u64,
    in_queue_ms: u64,
}

impl Counters {
    /// Reads the first eleven fields; newer kernels have more.
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split_ascii_whitespace().map(str::parse::<u64>);
        let mut values = [0; 11];
        for value in &mut values {
            *value = fields.next()?.ok()?;
        }
        let pair = |read: usize| [values[read], values[read + 4]];
        Some(Self {
            ios: pair(0),
            merges: pair(1),
            sectors: pair(2),
            ticks_ms: pair(3),
            busy_ms: values[9],
            in_queue_ms: values[10],
        })
    }

    /// The difference; counters of the kernel may wrap.
    fn since(self, before: &Self) -> Self {
        let pair = |now: [u64; 2], then: [u64; 2]| {
            [now[0].wrapping_sub(then[0]), now[1].wrapping_sub(then[1])]
        };
        Self {
            ios: pair(self.ios, before.ios),
            merges: pair(self.merges, before.merges),
            sectors: pair(self.sectors, before.sectors),
            ticks_ms: pair(self.ticks_ms, before.ticks_ms),
            busy_ms: self.busy_ms.wrapping_sub(before.busy_ms),
            in_queue_ms: self.in_queue_ms.wrapping_sub(before.in_queue_ms),
        }
    }

    fn report(self, name: &str, elapsed_ms: f64) -> DiskReport {
        let busy = if elapsed_ms > 0.0 {
            100.0 * self.busy_ms as f64 / elapsed_ms
        } else {
            0.0
        };
        DiskReport {
            name: name.to_owned(),
            ios: self.ios,
            merges: self.merges,
            sectors: self.sectors,
            ticks_ms: self.ticks_ms,
            in_queue_ms: self.in_queue_ms,
            busy_ms: self.busy_ms,
            utilisation_percent: busy.min(100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const STAT: &str = "  12 3 400 5  60 7 800 9  0 10 14 0 0 0 0 1 2\n";

    /// A `/sys` with one disk and a partition that stands for the device of `file`.
    fn sys_for(file: &Path, name: &str) -> tempfile::TempDir {
        let sys = tempfile::tempdir().expect("a temporary folder can be made");
        let partition = sys.path().join(format!("devices/{name}/{name}1"));
        fs::create_dir_all(&partition).expect("created");
        fs::create_dir_all(sys.path().join("dev/block")).expect("created");
        fs::write(partition.join("partition"), "1\n").expect("written");
        fs::write(sys.path().join(format!("devices/{name}/stat")), STAT).expect("written");
        let number = fs::metadata(file).expect("the file exists").dev();
        let link = format!("dev/block/{}:{}", libc::major(number), libc::minor(number));
        symlink(&partition, sys.path().join(link)).expect("linked");
        sys
    }

    #[test]
    fn a_partition_is_accounted_to_its_disk_once() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let sys = sys_for(folder.path(), "vdx");
        let files = [folder.path().to_owned(), folder.path().join("to be made")];
        let monitor = DiskMonitor::below(sys.path(), files);
        let later = "13 3 408 6 61 7 808 10 0 11 16";
        fs::write(sys.path().join("devices/vdx/stat"), later).expect("written");
        let reports = monitor.report();
        assert_eq!(reports.len(), 1);
        let disk = &reports[0];
        assert_eq!(
            (disk.name.as_str(), disk.ios, disk.sectors),
            ("vdx", [1, 1], [8, 8])
        );
        assert_eq!(
            (disk.merges, disk.ticks_ms, disk.in_queue_ms),
            ([0, 0], [1, 1], 2)
        );
        assert_eq!(disk.busy_ms, 1);
        assert!(disk.utilisation_percent > 0.0);
    }

    #[test]
    fn files_without_a_device_are_left_out() {
        let sys = tempfile::tempdir().expect("a temporary folder can be made");
        let monitor = DiskMonitor::below(sys.path(), [sys.path(), Path::new("/no/such/folder/x")]);
        assert_eq!(monitor.report(), []);
    }

    #[test]
    fn counters_are_read_in_the_kernels_order() {
        let counters = Counters::parse(STAT).expect("complete");
        assert_eq!((counters.ios, counters.merges), ([12, 60], [3, 7]));
        assert_eq!((counters.sectors, counters.ticks_ms), ([400, 800], [5, 9]));
        assert_eq!((counters.busy_ms, counters.in_queue_ms), (10, 14));
        assert_eq!(Counters::parse("1 2 3"), None);
        assert_eq!(Counters::parse("1 2 3 4 5 6 7 8 9 10 x"), None);
    }

    #[test]
    fn utilisation_is_at_most_all_of_the_time() {
        let counters = Counters::parse(STAT).expect("complete");
        assert!((counters.report("d", 40.0).utilisation_percent - 25.0).abs() < 1e-9);
        assert!((counters.report("d", 4.0).utilisation_percent - 100.0).abs() < 1e-9);
        assert!(counters.report("d", 0.0).utilisation_percent.abs() < 1e-9);
    }
}
