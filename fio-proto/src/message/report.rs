//! TS: the statistics of a thread, or of several that report as one.

use alloc::vec::Vec;

use crate::error::DecodeError;
use crate::layout::{DropReason, Dropped, GroupRunStats, PriorityStat, SteadyState, ThreadStat};
use crate::reader::Reader;
use crate::version::Revision;

/// The payload of TS: a `thread_stat`, the totals of its group so far, and what varies in length.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct ThreadReport {
    /// Statistics of the thread.
    pub thread: ThreadStat,
    /// Totals of its group. The group number in it is meaningless; the thread's counts.
    pub group: GroupRunStats,
    /// Completion latency by direction and priority. Since version 96.
    pub priorities: [Vec<PriorityStat>; 3],
    /// The measurements by which a steady state was looked for. Since version 65.
    pub steady_state: Option<SteadyState>,
}

impl ThreadReport {
    /// Statistics of a thread, and the totals of its group.
    pub const fn new(thread: ThreadStat, group: GroupRunStats) -> Self {
        Self {
            thread,
            group,
            priorities: [const { Vec::new() }; 3],
            steady_state: None,
        }
    }

    /// Decodes the payload of TS.
    ///
    /// # Errors
    /// See [`read`](Self::read).
    pub fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut report = Self::default();
        report.read(revision, payload)?;
        Ok(report)
    }

    /// Decodes the payload of TS over this report, which saves allocating anew.
    ///
    /// # Errors
    /// When it is shorter or longer than the two structures; the report is a mixture then.
    pub fn read(&mut self, revision: Revision, payload: &[u8]) -> Result<(), DecodeError> {
        let mut reader = Reader::new("cmd_ts_pdu", payload);
        self.thread.read(revision, &mut reader)?;
        self.group.read(revision, &mut reader)?;
        self.priorities.iter_mut().for_each(Vec::clear);
        self.steady_state = None;
        reader.finish()
    }

    /// Appends the payload of TS.
    pub fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        self.thread.encode(revision, out, dropped);
        self.group.encode(revision, out, dropped);
        let mut absent = |field, given| {
            let lost = Dropped::new("cmd_ts_pdu", field, DropReason::Absent);
            dropped.extend(Some(lost).filter(|_| given));
        };
        absent(
            "priorities",
            self.priorities.iter().any(|of| !of.is_empty()),
        );
        absent("steady_state", self.steady_state.is_some());
    }
}
