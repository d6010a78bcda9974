//! `write_iolog`: the I/Os of a job, written down as they are issued.

use super::failure::JobFailure;
use crate::clock::{Clock, Ticks};
use crate::job::JobSpec;
use crate::replay;
use crate::workload::Request;

/// Writes down what is issued, with the time since the job began.
#[derive(Debug)]
pub(super) struct Recording {
    clock: Clock,
    began: Ticks,
    log: replay::Recording,
}

impl Recording {
    /// `None` if the job is not to be recorded.
    pub(super) fn of(spec: &JobSpec, names: &[String]) -> Result<Option<Self>, JobFailure> {
        let Some(path) = &spec.replay.write_log else {
            return Ok(None);
        };
        let log =
            replay::Recording::new(path, names).map_err(|error| JobFailure::replay(&error))?;
        let clock = Clock::of(spec.process.clock);
        Ok(Some(Self {
            clock,
            began: clock.now(),
            log,
        }))
    }

    /// The job begins.
    pub(super) fn begin(&mut self, now: Ticks) {
        self.began = now;
    }

    pub(super) fn issue(&mut self, now: Ticks, request: &Request) {
        self.log.issue(self.microseconds(now), request);
    }

    pub(super) fn finish(self) -> Result<(), JobFailure> {
        let now = self.microseconds(self.clock.now());
        self.log
            .finish(now)
            .map_err(|error| JobFailure::replay(&error))
    }

    fn microseconds(&self, now: Ticks) -> u64 {
        self.clock.nanos_between(self.began, now) / 1000
    }
}
