//! What a client is told about jobs that were read, before they run.

use std::collections::VecDeque;
use std::ops::Range;

use fio_engine::report::normal::JobLine;
use fio_engine::run::Level;
use fio_proto::ServerVersion;
use fio_proto::message::{ServerMessage, Start};

use super::preparation::{Added, PreparedJobs};
use super::work::Progress;
use crate::convert::job_definition::job_definition;

/// ADD_JOB and the lines of each section, then START; or why there are no jobs.
///
/// The messages are made one by one, because those of many sections together are large.
#[derive(Debug)]
pub(super) struct Announcement {
    texts: VecDeque<(Level, String)>,
    jobs: Range<usize>,
    groups: Vec<u32>,
    end: Option<End>,
}

#[derive(Debug)]
enum End {
    Start,
    Refused,
}

impl Announcement {
    /// Announces what was added to `jobs`.
    pub(super) fn new(jobs: &PreparedJobs, added: Added) -> Self {
        let notices = added.notices.into_iter();
        Self {
            texts: notices
                .map(|notice| (Level::Warning, format!("fio: {notice}\n")))
                .collect(),
            jobs: added.jobs,
            groups: jobs.groups(),
            end: Some(End::Start),
        }
    }

    /// Says why there are no jobs.
    pub(super) fn of_refusal(lines: Vec<String>) -> Self {
        let lines = lines.into_iter();
        Self {
            texts: lines.map(|line| (Level::Error, line)).collect(),
            jobs: 0..0,
            groups: Vec::new(),
            end: Some(End::Refused),
        }
    }

    /// The next thing to send to a client of this version.
    pub(super) fn next(&mut self, jobs: &PreparedJobs, version: ServerVersion) -> Option<Progress> {
        if let Some((level, text)) = self.texts.pop_front() {
            return Some(Progress::Text(level, text));
        }
        if let Some(index) = self.jobs.next() {
            return self.section(jobs, index, version);
        }
        Some(match self.end.take()? {
            End::Start => {
                let start = Start::new(jobs.clones(), jobs.reports());
                Progress::Message(ServerMessage::Start(start))
            }
            End::Refused => Progress::Refused,
        })
    }

    fn section(
        &mut self,
        jobs: &PreparedJobs,
        index: usize,
        version: ServerVersion,
    ) -> Option<Progress> {
        let (spec, group) = (jobs.specs.get(index)?, *self.groups.get(index)?);
        let lines = JobLine::new(spec, group).map_or(String::new(), |line| line.to_string());
        let lines = lines.lines().map(|line| (Level::Info, format!("{line}\n")));
        self.texts.extend(lines);
        let number = jobs.clones_before(index).saturating_add(1);
        let definition = job_definition(number, group, spec, version);
        let message = ServerMessage::AddJob(Box::new(definition));
        Some(Progress::Message(message))
    }
}
