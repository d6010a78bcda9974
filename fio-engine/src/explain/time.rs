//! How long a job takes at most.

use std::time::Duration;

use super::model::{ExplainedJob, PlannedIos, TimeBound};
use crate::direction::Direction;
use crate::job::JobSpec;

pub(super) fn bound(spec: &JobSpec, ios: &PlannedIos) -> TimeBound {
    let before = spec.start_delay.1.saturating_add(spec.ramp_time);
    TimeBound {
        by_ios: !ios.endless,
        at_least: at_rates(spec, ios)
            .into_iter()
            .chain(in_pauses(spec, ios))
            .max()
            .unwrap_or_default(),
        at_most: spec.runtime.map(|runtime| before.saturating_add(runtime)),
    }
}

/// The time at least needed for all I/Os of a job at its rates; `None` without rates or an end.
pub(super) fn at_rates(spec: &JobSpec, ios: &PlannedIos) -> Option<Duration> {
    if ios.endless {
        return None;
    }
    let clones = u64::from(spec.clones.max(1));
    let of_direction = |direction: Direction| {
        let smallest = spec.block_sizes[direction].min();
        let limit = spec.rate.limit(direction, smallest)?;
        let bytes = ios.bytes[direction] / clones;
        Duration::try_from_secs_f64(bytes as f64 / limit.max(1) as f64).ok()
    };
    Direction::ALL.into_iter().filter_map(of_direction).max()
}

/// The time that the pauses of a job take if all its I/Os are done; `None` without pauses or an end.
fn in_pauses(spec: &JobSpec, ios: &PlannedIos) -> Option<Duration> {
    let pauses = &spec.think_time;
    if ios.endless || pauses.time.is_zero() || !pauses.io_time.is_zero() {
        return None;
    }
    let blocks = pauses.blocks.unwrap_or(1).max(1);
    let of_clone = ios.count.0.iter().sum::<u64>() / u64::from(spec.clones.max(1));
    // The job ends with its last I/O, and so without the pause behind that.
    let count = of_clone.saturating_sub(1) / u64::from(blocks);
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Some(pauses.time.saturating_mul(count))
}

/// The sum over the waves of the longest job of each, after those it waits for; `None` if a job is
/// not bounded.
pub(super) fn longest(jobs: &[ExplainedJob]) -> Option<Duration> {
    jobs.chunk_by(|one, other| one.wave == other.wave)
        .map(|wave| {
            let mut ends: Vec<Duration> = Vec::with_capacity(wave.len());
            for job in wave {
                let name = job.spec.lifecycle.wait_for.as_ref();
                let waitee = name.and_then(|name| wave.iter().position(|of| of.spec.name == *name));
                let begins = waitee.and_then(|earlier| ends.get(earlier)).copied();
                ends.push(begins.unwrap_or_default().saturating_add(job.time.at_most?));
            }
            ends.into_iter().max()
        })
        .try_fold(Duration::ZERO, |sum, time| Some(sum.saturating_add(time?)))
}
