//! Recording and replaying I/O.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Printer;
use crate::job::spec::replay::ReplayOptions;

impl Printer {
    pub(super) fn replay(&mut self, replay: &ReplayOptions) {
        let default = ReplayOptions::default();
        if let Some(path) = &replay.write_log {
            self.put("write_iolog", whole(path));
        }
        let logs = replay.read_logs.iter();
        self.paths("read_iolog", logs.map(|path| path.as_os_str().as_bytes()));
        if let Some(path) = &replay.merge.file {
            self.put("merge_blktrace_file", whole(path));
        }
        self.list("merge_blktrace_scalars", &replay.merge.time_percents);
        self.list("merge_blktrace_iters", &replay.merge.iterations);
        self.boolean("read_iolog_chunked", replay.chunked, false);
        self.boolean("replay_no_stall", replay.no_stall, false);
        if let Some(path) = &replay.redirect {
            self.put("replay_redirect", whole(path));
        }
        self.number("replay_scale", replay.scale, default.scale);
        self.number("replay_align", replay.align, default.align);
        self.number("replay_time_scale", replay.time_scale, default.time_scale);
        let skipped: Vec<&str> = replay
            .skip
            .words()
            .into_iter()
            .filter_map(|(word, skipped)| skipped.then_some(word))
            .collect();
        if !skipped.is_empty() {
            self.put("replay_skip", skipped.join(","));
        }
    }
}

impl Printer {
    /// Numbers between colons, if there are any.
    fn list(&mut self, name: &'static str, numbers: &[impl ToString]) {
        if !numbers.is_empty() {
            let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
            self.put(name, numbers.join(":"));
        }
    }
}

/// A path that is not split at colons. What is no text cannot be printed.
fn whole(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
