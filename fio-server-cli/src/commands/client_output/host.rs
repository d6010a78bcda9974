//! What is to be printed of one server.

use std::sync::Arc;
use std::time::SystemTime;

use fio_engine::report::{DiskReport, HostJob};

use crate::output::{LinePrefixer, Results};

/// What is not printed yet of one server.
pub(super) struct HostOutput {
    lines: LinePrefixer,
    /// An empty line that may turn out to introduce the results.
    blank: String,
    /// Results of the jobs so far, printed in one piece so that hosts do not mix.
    block: String,
    /// As fio has it: its text is printed when it comes, in front of results that are held back.
    as_fio: bool,
    /// Results have begun and are not at their end.
    telling: bool,
    /// Disks told of so far.
    disks: Vec<DiskReport>,
    /// The jobs whose results were told, which may be replaced.
    jobs: Vec<Arc<HostJob>>,
}

impl HostOutput {
    /// Nothing yet. Its lines begin with its name, if it has one.
    pub(super) fn new(name: Option<&str>, as_fio: bool) -> Self {
        Self {
            as_fio,
            lines: name.map_or_else(LinePrefixer::plain, LinePrefixer::new),
            blank: String::new(),
            block: String::new(),
            telling: false,
            disks: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// From now on its lines begin with this name.
    pub(super) fn name(&mut self, name: &str) {
        self.lines = LinePrefixer::new(name);
    }

    /// Takes a piece of text; returns the lines that can be printed now.
    pub(super) fn text(&mut self, text: &[u8]) -> String {
        let empty_line = self.lines.is_at_line_start() && text == b"\n";
        let lines = self.lines.push(text);
        if self.as_fio {
            return lines;
        }
        if empty_line && self.blank.is_empty() {
            self.blank = lines;
            return String::new();
        }
        let lines = std::mem::take(&mut self.blank) + &lines;
        if !self.telling {
            return lines;
        }
        // Results have begun: the statistics of disks come as text among them.
        self.block.push_str(&lines);
        String::new()
    }

    /// The end of a text without a line break.
    pub(super) fn finish_lines(&mut self) -> String {
        self.lines.finish()
    }

    /// Takes the results of a job.
    pub(super) fn add_job(&mut self, results: &Results, job: Arc<HostJob>, several: bool) {
        let begins = !std::mem::replace(&mut self.telling, true);
        if begins && results.is_for_people() && !self.as_fio {
            self.block = self.heading(several);
        }
        self.block
            .push_str(&results.job_block(&job, SystemTime::now()));
        if results.keeps_earlier() {
            self.jobs.push(job);
        }
    }

    /// The empty line before results. Blocks of several hosts follow each other, so each says whose it is.
    fn heading(&mut self, named: bool) -> String {
        let blank = std::mem::take(&mut self.blank);
        match (blank.is_empty(), named) {
            (false, _) => blank,
            (true, true) => self.lines.push(b"\n"),
            (true, false) => "\n".to_owned(),
        }
    }

    /// Takes another part of its results.
    pub(super) fn add_block(&mut self, block: &str) {
        self.block.push_str(block);
    }

    /// Takes what a disk did.
    pub(super) fn add_disk(&mut self, disk: DiskReport) {
        self.disks.push(disk);
    }

    /// The jobs whose results were told, now that they are told anew.
    pub(super) fn take_jobs(&mut self) -> Vec<Arc<HostJob>> {
        std::mem::take(&mut self.jobs)
    }

    /// All that was told of its results and not printed yet.
    pub(super) fn take_block(&mut self, results: &Results) -> String {
        let mut block = std::mem::take(&mut self.block);
        block.push_str(&results.disk_block(&std::mem::take(&mut self.disks)));
        if std::mem::take(&mut self.telling) {
            // It ended them.
            self.blank.clear();
        }
        block
    }
}
