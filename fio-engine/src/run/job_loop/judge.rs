//! What is found out from completions while a job runs: `latency_target` and the end
//! of a ramp that is counted in bytes. A job without any of them has no judge.

use super::depth_search::{DepthSearch, Step};
use crate::clock::{Clock, Ticks};
use crate::job::JobSpec;
use crate::logs::LoggedIo;

/// Looks at every I/O that is over.
#[derive(Debug)]
pub(super) struct Judge {
    search: Option<DepthSearch>,
    /// Bytes before statistics count.
    ramp_bytes: u64,
}

/// What follows from an I/O.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Nothing.
    None,
    /// So many I/Os may be in flight from now on.
    Depth(u32),
    /// The bytes of the ramp are done.
    RampOver,
    /// The job has found out what it was to find out.
    Done,
}

impl Judge {
    /// `None` if nothing depends on completions.
    pub(super) fn new(spec: &JobSpec) -> Option<Box<Self>> {
        let search = DepthSearch::new(spec);
        let ramp_bytes = spec.ramp_bytes;
        (search.is_some() || ramp_bytes > 0).then(|| Box::new(Self { search, ramp_bytes }))
    }

    /// The depth a latency target has led to.
    pub(super) fn depth(&self) -> Option<u32> {
        self.search.as_ref().map(|search| search.depth)
    }

    /// Judges an I/O that took so long from its creation to `now`.
    pub(super) fn judge(
        &mut self,
        clock: &Clock,
        io: LoggedIo,
        nanos: u64,
        now: Ticks,
    ) -> Judgement {
        if self.ramp_bytes > 0 {
            self.ramp_bytes = self.ramp_bytes.saturating_sub(io.length);
            if self.ramp_bytes == 0 {
                return Judgement::RampOver;
            }
        }
        let Some(search) = &mut self.search else {
            return Judgement::None;
        };
        match search.complete(clock, nanos, now) {
            Step::Stay => Judgement::None,
            Step::Change => Judgement::Depth(search.depth),
            Step::Found => Judgement::Done,
        }
    }
}
