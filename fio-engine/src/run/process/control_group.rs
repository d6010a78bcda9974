//! Control groups of the `blkio` controller: `cgroup`, `cgroup_weight`, `cgroup_nodelete`.
//!
//! In control groups of version 1 a thread can be in a group of its own. Version 2 moves whole
//! processes as far as I/O is concerned, and jobs are threads of one process here; there a job says
//! what to do in place of this.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::JobFailure;
use crate::job::ControlGroupOptions;

/// Control groups of a run.
#[derive(Debug, Default)]
pub(in crate::run) struct ControlGroups {
    /// Those that were made and are to be removed.
    made: Mutex<BTreeSet<PathBuf>>,
}

impl ControlGroups {
    /// Moves the calling thread into its group.
    pub(super) fn enter(&self, options: &ControlGroupOptions) -> Result<(), JobFailure> {
        let Some(name) = &options.name else {
            return Ok(());
        };
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let Some(root) = mount_of_blkio(&mounts) else {
            return Err(no_controller(name, &mounts));
        };
        self.enter_below(&root, name.trim_matches('/'), options)
    }

    fn enter_below(
        &self,
        root: &Path,
        name: &str,
        options: &ControlGroupOptions,
    ) -> Result<(), JobFailure> {
        let failed = |path: &Path, error: &io::Error| {
            let errno = error.raw_os_error().unwrap_or(libc::EINVAL);
            let message = format!("cgroup={name}: {}: {error}", path.display());
            JobFailure::new(errno, message)
        };
        let group = root.join(name);
        self.make(root, name, options.keep)
            .map_err(|error| failed(&group, &error))?;
        if let Some(weight) = options.weight {
            // Which one there is depends on the I/O scheduler.
            let settings = ["blkio.weight", "blkio.bfq.weight"].map(|file| group.join(file));
            let setting = settings.iter().find(|setting| setting.is_file());
            let setting = setting.ok_or_else(|| no_weight(name, weight))?;
            write(setting, &weight.to_string()).map_err(|error| failed(setting, &error))?;
        }
        let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
        let tasks = group.join("tasks");
        write(&tasks, &thread).map_err(|error| failed(&tasks, &error))
    }

    /// Makes the folders of the group that are not there.
    fn make(&self, root: &Path, name: &str, keep: bool) -> io::Result<()> {
        let mut folder = root.to_owned();
        for part in name.split('/').filter(|part| !part.is_empty()) {
            folder.push(part);
            // Held over both, so that nobody else calls the group its own.
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            match fs::create_dir(&folder) {
                Ok(()) if !keep => {
                    made.insert(folder.clone());
                }
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if keep {
                        made.remove(&folder);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes what was made, inner groups first. One that somebody else uses by now stays.
    pub(super) fn remove(self) {
        let made = self
            .made
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        for folder in made.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Files of the kernel are never made.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Where the `blkio` controller of version 1 is mounted.
fn mount_of_blkio(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (place, kind, options) = (words.next()?, words.next()?, words.next()?);
        let is_it = kind == "cgroup" && options.split(',').any(|option| option == "blkio");
        is_it.then(|| PathBuf::from(place))
    })
}

fn no_controller(name: &str, mounts: &str) -> JobFailure {
    let unified = mounts
        .lines()
        .any(|line| line.split_whitespace().nth(2) == Some("cgroup2"));
    let advice = if unified {
        "version 2 moves whole processes, and jobs are threads of one; start the whole run in a \
         group, as with systemd-run --scope -p IOWeight=…"
    } else {
        "mount it: mount -t cgroup -o blkio none DIRECTORY"
    };
    let message = format!(
        "cgroup={name}: the blkio controller of control groups, version 1, is not mounted; {advice}"
    );
    JobFailure::new(libc::ENOENT, message)
}

fn no_weight(name: &str, weight: u16) -> JobFailure {
    let message = format!(
        "cgroup_weight={weight}: the group {name} has neither blkio.weight nor blkio.bfq.weight; \
         weights need the I/O scheduler bfq"
    );
    JobFailure::new(libc::ENOENT, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n\
                          cgroup /sys/fs/cgroup/blkio cgroup rw,relatime,blkio 0 0\n\
                          none /sys/fs/cgroup/unified cgroup2 rw 0 0\n";

    #[test]
    fn the_controller_is_found_among_the_mounts() {
        let found = mount_of_blkio(MOUNTS);
        assert_eq!(found, Some(PathBuf::from("/sys/fs/cgroup/blkio")));
        let unified = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";
        assert_eq!(mount_of_blkio(unified), None);
        let failure = no_controller("a", unified);
        assert!(failure.message.contains("systemd-run"), "{failure:?}");
        let failure = no_controller("a", "proc /proc proc rw 0 0\n");
        assert!(failure.message.contains("mount -t cgroup"), "{failure:?}");
    }

    /// Folders as the kernel would show them.
    #[test]
    fn groups_are_made_entered_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let options = ControlGroupOptions {
            weight: Some(500),
            ..ControlGroupOptions::default()
        };
        let kept = root.path().join("there");
        fs::create_dir(&kept).unwrap();
        for file in ["tasks", "blkio.bfq.weight"] {
            fs::write(kept.join(file), "").unwrap();
        }
        let groups = ControlGroups::default();
        groups.enter_below(root.path(), "there", &options).unwrap();
        let read = |file: &str| fs::read_to_string(kept.join(file)).unwrap();
        let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
        assert_eq!(read("tasks"), thread);
        assert_eq!(read("blkio.bfq.weight"), "500");
        // The kernel would fill this one.
        let failure = groups.enter_below(root.path(), "new/inner", &options);
        assert!(failure.unwrap_err().message.contains("blkio.bfq.weight"));
        assert!(root.path().join("new/inner").is_dir());
        groups.remove();
        assert!(!root.path().join("new").exists() && kept.exists());
    }
}
