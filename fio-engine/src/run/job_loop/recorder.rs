//! From the times of an I/O to the job's statistics.

use crate::clock::{Clock, Ticks};
use crate::direction::Direction;
use crate::job::{JobSpec, Measure};
use crate::stats::JobStatistics;

/// Records I/Os, as far as the job wants to know.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) statistics: JobStatistics,
    measure: Measure,
    everything: bool,
}

/// When an I/O was made, handed over, and over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) created: Ticks,
    pub(super) issued: Ticks,
    pub(super) completed: Ticks,
}

impl Recorder {
    pub(super) fn new(spec: &JobSpec) -> Self {
        let measure = spec.measure;
        Self {
            statistics: JobStatistics::new(),
            measure,
            everything: measure.completion_latency && measure.total_latency,
        }
    }

    /// Whether any latency is measured, and so time must be read for each I/O.
    pub(super) fn needs_time(&self) -> bool {
        self.measure.submission_latency
            || self.measure.completion_latency
            || self.measure.total_latency
    }

    /// Records an I/O that is over.
    #[inline(always)]
    pub(super) fn complete(
        &mut self,
        clock: &Clock,
        direction: Direction,
        bytes: u64,
        times: Times,
    ) {
        if self.everything {
            self.statistics.record_completion(
                direction,
                bytes,
                clock.nanos_between(times.issued, times.completed),
                clock.nanos_between(times.created, times.completed),
            );
        } else {
            self.complete_partly(clock, direction, bytes, times);
        }
    }

    #[cold]
    fn complete_partly(&mut self, clock: &Clock, direction: Direction, bytes: u64, times: Times) {
        self.statistics.record_transfer(direction, bytes);
        if self.measure.completion_latency {
            let latency = clock.nanos_between(times.issued, times.completed);
            self.statistics
                .record_completion_latency(direction, latency);
        }
        if self.measure.total_latency {
            let latency = clock.nanos_between(times.created, times.completed);
            self.statistics.record_total_latency(direction, latency);
        }
    }

    /// Records the submission of an I/O that completes later.
    #[inline(always)]
    pub(super) fn submit(&mut self, direction: Direction, nanos: u64) {
        if self.measure.submission_latency {
            self.statistics.record_submission(direction, nanos);
        }
    }
}
