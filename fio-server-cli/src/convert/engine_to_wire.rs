//! What a run measured, as messages of the protocol.
//!
//! Since version 65 all of a report can travel but names of more than 127 bytes and percentiles beyond
//! the 20th. Version 1 says less than a run knows:
//!
//! | in the report | in version 1 |
//! |---|---|
//! | latencies in nanoseconds | whole microseconds, truncated |
//! | histograms of submission, completion and total latency | of completion latency only |
//! | reads, writes and trims | reads and writes |
//! | bytes and bytes/s of groups | KiB and KiB/s, truncated |
//! | disks as figures | lines of text |
//! | names of any length, any number of percentiles | 127 bytes, 20 |

mod disk;
mod statistics;
mod status;

pub use disk::disk_utilization;
pub use statistics::{group_run_stats, priority_stats, thread_stat};
pub use status::eta;

pub(super) use statistics::unit_base;

use fio_engine::report::{Report, normal};
use fio_proto::ServerVersion;
use fio_proto::message::{JobOption, ServerMessage, ThreadReport};

/// The messages that tell the results of a run, in the order of stock servers. STOP and QUIT are not
/// among them.
///
/// | version 1 | since version 65 |
/// |---|---|
/// | an empty line | JOB_OPT for each global option |
/// | TS for each reported job | for each reported job JOB_OPT for its options, and TS |
/// | GS for each group | GS for each group |
/// | the disks as text | DU for each disk |
/// | | an empty line |
///
/// They are made one by one, because those of many jobs together are large.
#[derive(Debug)]
pub struct ReportMessages {
    report: Report,
    version: ServerVersion,
    next: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    EmptyLineOfVersion1,
    GlobalOption(usize),
    /// An option of a job.
    Option(usize, usize),
    Job(usize),
    Group(usize),
    /// A line of the disks' text.
    DiskLine(usize),
    Disk(usize),
    EmptyLine,
    Done,
}

impl ReportMessages {
    /// The messages of `report` for a client of this version.
    #[must_use]
    pub fn new(report: Report, version: ServerVersion) -> Self {
        let next = if version == ServerVersion::V1 {
            Step::EmptyLineOfVersion1
        } else {
            Step::GlobalOption(0)
        };
        Self {
            report,
            version,
            next,
        }
    }

    fn is_version_1(&self) -> bool {
        self.version == ServerVersion::V1
    }

    /// What there is to say in this step, and the step behind it; a step without anything to say is
    /// the end of its kind.
    fn step(&self) -> (Option<ServerMessage>, Step) {
        let empty_line = || Some(ServerMessage::text("\n"));
        let (message, next, end) = match self.next {
            Step::EmptyLineOfVersion1 => (empty_line(), Step::Job(0), Step::Job(0)),
            Step::GlobalOption(index) => (
                self.global_option(index),
                Step::GlobalOption(index + 1),
                Step::Option(0, 0),
            ),
            Step::Option(job, index) => (
                self.option(job, index),
                Step::Option(job, index + 1),
                Step::Job(job),
            ),
            Step::Job(index) if self.is_version_1() => {
                (self.job(index), Step::Job(index + 1), Step::Group(0))
            }
            Step::Job(index) => (self.job(index), Step::Option(index + 1, 0), Step::Group(0)),
            Step::Group(index) if self.is_version_1() => {
                (self.group(index), Step::Group(index + 1), Step::DiskLine(0))
            }
            Step::Group(index) => (self.group(index), Step::Group(index + 1), Step::Disk(0)),
            Step::DiskLine(line) => (self.disk_line(line), Step::DiskLine(line + 1), Step::Done),
            Step::Disk(index) => (self.disk(index), Step::Disk(index + 1), Step::EmptyLine),
            Step::EmptyLine => (empty_line(), Step::Done, Step::Done),
            Step::Done => (None, Step::Done, Step::Done),
        };
        let next = if message.is_some() { next } else { end };
        (message, next)
    }

    fn global_option(&self, index: usize) -> Option<ServerMessage> {
        let (name, value) = self.report.global_options.get(index)?;
        let option = JobOption::global(name.as_str(), value.as_str());
        Some(ServerMessage::JobOption(option))
    }

    fn option(&self, job: usize, index: usize) -> Option<ServerMessage> {
        let (name, value) = self.report.jobs.get(job)?.options.get(index)?;
        let report = u32::try_from(job).unwrap_or(u32::MAX);
        let option = JobOption::of_report(report, name.as_str(), value.as_str());
        Some(ServerMessage::JobOption(option))
    }

    fn job(&self, index: usize) -> Option<ServerMessage> {
        let job = self.report.jobs.get(index)?;
        let group = self
            .report
            .groups
            .iter()
            .find(|group| group.group_id == job.group_id);
        let totals = group.map(|group| group_run_stats(group, self.version));
        let thread = thread_stat(job, index, self.version);
        let mut report = ThreadReport::new(thread, totals.unwrap_or_default());
        report.steady_state = statistics::steady_state(job);
        report.priorities = priority_stats(job);
        Some(ServerMessage::ThreadReport(Box::new(report)))
    }

    fn group(&self, index: usize) -> Option<ServerMessage> {
        let group = self.report.groups.get(index)?;
        let totals = group_run_stats(group, self.version);
        Some(ServerMessage::GroupStats(totals))
    }

    /// One line for each message: a client of 2011 puts the host before each message, not each line.
    fn disk_line(&self, line: usize) -> Option<ServerMessage> {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = normal::write_disks(&mut text, &self.report.disks);
        text.split_inclusive('\n')
            .nth(line)
            .map(ServerMessage::text)
    }

    fn disk(&self, index: usize) -> Option<ServerMessage> {
        let disk = self.report.disks.get(index)?;
        let began = self.report.started;
        let elapsed = self.report.finished.duration_since(began);
        let utilization = disk_utilization(disk, elapsed.unwrap_or_default());
        Some(ServerMessage::DiskUtilization(Box::new(utilization)))
    }
}

impl Iterator for ReportMessages {
    type Item = ServerMessage;

    fn next(&mut self) -> Option<ServerMessage> {
        loop {
            let (message, next) = self.step();
            self.next = next;
            if message.is_some() || matches!(next, Step::Done) {
                return message;
            }
        }
    }
}
