//! The I/O scheduler of the devices below a job's files: `ioscheduler`.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::JobFailure;

/// Gives the devices that hold the files this scheduler. `remark` is told of files without one.
pub(super) fn choose(
    scheduler: &str,
    paths: &[&Path],
    remark: &dyn Fn(&str),
) -> Result<(), JobFailure> {
    let mut done: Vec<PathBuf> = Vec::new();
    for path in paths {
        let Some(setting) = nearest(path).and_then(|found| setting_of(&found)) else {
            remark(&format!(
                "ioscheduler has no effect on {}, which is on no block device with a queue",
                path.display()
            ));
            continue;
        };
        if !done.contains(&setting) {
            set(&setting, scheduler)?;
            done.push(setting);
        }
    }
    Ok(())
}

/// What the system tells of a file, or of the folder it will be made in.
fn nearest(path: &Path) -> Option<Metadata> {
    let folder = || {
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let here = folder.as_os_str().is_empty();
        fs::metadata(if here { Path::new(".") } else { folder }).ok()
    };
    fs::metadata(path).ok().or_else(folder)
}

/// The file of the kernel that lists the schedulers of a device, the current one in brackets.
fn setting_of(found: &Metadata) -> Option<PathBuf> {
    let device = if found.file_type().is_block_device() {
        found.rdev()
    } else {
        found.dev()
    };
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let folder = fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    // A partition has the queue of its disk.
    let candidates = [Some(folder.as_path()), folder.parent()];
    let settings = candidates
        .into_iter()
        .flatten()
        .map(|folder| folder.join("queue/scheduler"));
    settings.into_iter().find(|setting| setting.is_file())
}

fn set(setting: &Path, scheduler: &str) -> Result<(), JobFailure> {
    let before = fs::read_to_string(setting).unwrap_or_default();
    if is_current(&before, scheduler) {
        return Ok(());
    }
    let written = fs::write(setting, scheduler);
    let after = fs::read_to_string(setting).unwrap_or_default();
    match written {
        Ok(()) if is_current(&after, scheduler) => Ok(()),
        Ok(()) => Err(refused(setting, scheduler, &after, libc::EINVAL)),
        Err(error) => {
            let errno = error.raw_os_error().unwrap_or(libc::EINVAL);
            Err(refused(setting, scheduler, &after, errno))
        }
    }
}

/// Whether this is the scheduler in brackets. A list of one name has none.
fn is_current(list: &str, scheduler: &str) -> bool {
    let mut words = list.split_whitespace();
    words.any(|word| word == format!("[{scheduler}]")) || list.trim() == scheduler
}

fn refused(setting: &Path, scheduler: &str, list: &str, errno: i32) -> JobFailure {
    let reason = io::Error::from_raw_os_error(errno);
    let hint = match errno {
        libc::EINVAL => format!("; the device has {}", list.trim()),
        libc::EACCES | libc::EPERM | libc::EROFS => {
            "; changing it needs root, and /sys writable; or set it before the run".to_owned()
        }
        _ => String::new(),
    };
    let setting = setting.display();
    let message = format!("ioscheduler={scheduler}: {setting}: {reason}{hint}");
    JobFailure::new(errno, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_scheduler_is_the_one_in_brackets() {
        assert!(is_current("none [mq-deadline] kyber\n", "mq-deadline"));
        assert!(!is_current("none [mq-deadline] kyber\n", "none"));
        assert!(is_current("none\n", "none"));
    }

    #[test]
    fn what_cannot_be_set_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let setting = folder.path().join("scheduler");
        fs::write(&setting, "[none] kyber\n").unwrap();
        set(&setting, "none").unwrap();
        assert_eq!(fs::read_to_string(&setting).unwrap(), "[none] kyber\n");
        let missing = folder.path().join("no/scheduler");
        let failure = set(&missing, "kyber").unwrap_err();
        assert!(failure.message.contains("ioscheduler=kyber"), "{failure:?}");
    }

    #[test]
    fn files_without_a_device_are_remarked_on() {
        let remarks = std::cell::RefCell::new(Vec::new());
        let remark = |text: &str| remarks.borrow_mut().push(text.to_owned());
        choose("none", &[Path::new("/proc/self/status")], &remark).unwrap();
        let remarks = remarks.into_inner();
        assert_eq!(remarks.len(), 1);
        assert!(remarks[0].contains("/proc/self/status"), "{remarks:?}");
    }
}
