//! The options of [`FileOptions`].

use std::os::unix::ffi::OsStrExt;

use super::Printer;
use crate::job::spec::file_options::{
    AccessHint, FileKind, FileOptions, LifetimeHint, LockMode, RangeSync,
};

impl Printer {
    pub(super) fn file_options(&mut self, files: &FileOptions) {
        if let Some(folder) = &files.folder {
            let folder = std::str::from_utf8(folder.as_os_str().as_bytes());
            // The mark makes the value one that cannot be printed.
            self.put("opendir", folder.unwrap_or("\u{fffd}"));
        }
        match files.kind {
            None => {}
            Some(FileKind::Regular) => self.put("filetype", "file"),
            Some(FileKind::BlockDevice) => self.put("filetype", "block"),
            Some(FileKind::CharacterDevice) => self.put("filetype", "char"),
        }
        let default = FileOptions::default();
        for (name, value, default) in [
            ("unique_filename", files.unique_names, default.unique_names),
            ("fill_device", files.fill, default.fill),
            ("file_append", files.append, default.append),
            (
                "create_serialize",
                files.create_in_turn,
                default.create_in_turn,
            ),
            (
                "create_fsync",
                files.sync_after_creation,
                default.sync_after_creation,
            ),
            (
                "create_on_open",
                files.create_on_open,
                default.create_on_open,
            ),
            (
                "unlink_each_loop",
                files.unlink_each_loop,
                default.unlink_each_loop,
            ),
            ("create_only", files.create_only, default.create_only),
            (
                "allow_file_create",
                files.allow_creation,
                default.allow_creation,
            ),
            (
                "allow_mounted_write",
                files.allow_mounted_write,
                default.allow_mounted_write,
            ),
            ("pre_read", files.pre_read, default.pre_read),
            (
                "end_syncfs",
                files.end_sync_file_system,
                default.end_sync_file_system,
            ),
        ] {
            self.boolean(name, value, default);
        }
        if let Some(limit) = files.open_limit {
            self.put("openfiles", limit);
        }
        match files.lock {
            LockMode::None => {}
            LockMode::Exclusive => self.put("lockfile", "exclusive"),
            LockMode::ReadWrite => self.put("lockfile", "readwrite"),
        }
        self.hints(files);
        if let Some(sync) = files.range_sync {
            self.put("sync_file_range", range_sync(sync));
        }
    }

    fn hints(&mut self, files: &FileOptions) {
        match files.access_hint {
            AccessHint::Workload => {}
            AccessHint::None => self.put("fadvise_hint", 0),
            AccessHint::Random => self.put("fadvise_hint", "random"),
            AccessHint::Sequential => self.put("fadvise_hint", "sequential"),
            AccessHint::NoReuse => self.put("fadvise_hint", "noreuse"),
        }
        match files.lifetime_hint {
            None => {}
            Some(LifetimeHint::None) => self.put("write_hint", "none"),
            Some(LifetimeHint::Short) => self.put("write_hint", "short"),
            Some(LifetimeHint::Medium) => self.put("write_hint", "medium"),
            Some(LifetimeHint::Long) => self.put("write_hint", "long"),
            Some(LifetimeHint::Extreme) => self.put("write_hint", "extreme"),
        }
    }
}

fn range_sync(sync: RangeSync) -> String {
    let words = [
        (sync.wait_before, "wait_before"),
        (sync.write, "write"),
        (sync.wait_after, "wait_after"),
    ];
    let words: Vec<_> = words
        .iter()
        .filter(|(given, _)| *given)
        .map(|(_, word)| *word)
        .collect();
    format!("{}:{}", words.join(","), sync.every)
}
