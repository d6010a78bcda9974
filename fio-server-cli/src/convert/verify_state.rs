//! How far jobs are, as the answer to VTRIGGER has it.
//!
//! No job here verifies what it wrote, so there is nothing to go on from later: the answer names every
//! job and its writes, and no write in particular.

use fio_engine::Direction;
use fio_engine::run::CloneProgress;
use fio_proto::message::{VerifyProgress, VerifyState};

/// The answer for these jobs, in their order.
#[must_use]
pub fn verify_state(jobs: &[CloneProgress]) -> VerifyState {
    let progress_of = |job: &CloneProgress| {
        let depth = job.io_depth.clamp(1, MOST_SLOTS);
        let (name, writes) = (job.name.as_str(), job.ios[Direction::Write]);
        let mut progress = VerifyProgress::new(name, job.clone_index.into(), depth, writes);
        progress.files = job.files.clamp(1, MOST_SLOTS / depth);
        progress
    };
    VerifyState::new(jobs.iter().map(progress_of).collect())
}

/// Slots for writes, of which a record has one for each file and unit of depth, all empty here. Without
/// a bound those of many files would be very long.
const MOST_SLOTS: u32 = 256;
