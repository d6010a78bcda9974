//! Directions as reports show them: apart, as one, or both ways (`unified_rw_reporting`).
//!
//! As in fio, the results of a job that reports its directions as one are those of reads, and all
//! others are zero; that is how they travel from servers, too.

use std::borrow::Cow;

use super::model::{DirectionReport, GroupDirectionReport, GroupReport, JobReport, LatencyReport};
use super::share_of_aggregate;
use crate::direction::Direction;
use crate::job::UnifiedReporting;

/// The name of all directions together.
const MIXED: &str = "mixed";

/// One direction of a job, or all of them together.
pub(super) struct ShownDirection<'a> {
    /// What the report calls it.
    pub(super) name: &'static str,
    pub(super) report: Cow<'a, DirectionReport>,
    direction: Option<Direction>,
}

impl ShownDirection<'_> {
    /// Its share of the group's bandwidth in percent; without a group the job is the whole.
    pub(super) fn share(&self, group: Option<&GroupReport>) -> f64 {
        let of_group = group.map(|group| match self.direction {
            Some(direction) => group.directions[direction].aggregate_bandwidth,
            None => group.mixed().aggregate_bandwidth,
        });
        let aggregate = of_group.unwrap_or_else(|| self.report.bytes_per_second());
        share_of_aggregate(&self.report, aggregate)
    }
}

impl JobReport {
    /// What a report shows of these directions, in order.
    pub(super) fn shown<'a>(&'a self, directions: &'a [Direction]) -> Vec<ShownDirection<'a>> {
        let one = |direction: Direction, name: &'static str| ShownDirection {
            name,
            report: Cow::Borrowed(&self.directions[direction]),
            direction: Some(direction),
        };
        if self.unified == UnifiedReporting::Mixed {
            return vec![one(Direction::Read, MIXED)];
        }
        let mut shown: Vec<_> = directions
            .iter()
            .map(|direction| one(*direction, direction.name()))
            .collect();
        if self.unified == UnifiedReporting::Both {
            shown.push(ShownDirection {
                name: MIXED,
                report: Cow::Owned(self.mixed()),
                direction: None,
            });
        }
        shown
    }

    /// All directions together.
    pub(super) fn mixed(&self) -> DirectionReport {
        let [read, write, trim] = &self.directions.0;
        let mut sum = read.clone();
        sum.merge(write);
        sum.merge(trim);
        sum
    }

    /// Makes all directions one.
    pub(crate) fn unify(&mut self) {
        let mixed = self.mixed();
        self.directions = Default::default();
        self.directions[Direction::Read] = mixed;
        // fio has no syncs beside mixed results.
        self.total_syncs = 0;
        self.sync = LatencyReport::default();
        self.unified = UnifiedReporting::Mixed;
    }
}

impl GroupReport {
    /// What a report shows, in order.
    pub(super) fn shown(&self) -> Vec<(&'static str, GroupDirectionReport)> {
        const NAMES: [&str; 3] = ["READ", "WRITE", "TRIM"];
        let mut shown: Vec<_> = NAMES.into_iter().zip(self.directions.0).collect();
        match self.unified {
            UnifiedReporting::Separate => {}
            // Jobs with one direction have it as that of reads; others may be beside them.
            UnifiedReporting::Mixed => shown.iter_mut().for_each(|(name, _)| *name = "MIXED"),
            UnifiedReporting::Both => shown.push(("MIXED", self.mixed())),
        }
        shown.retain(|(_, direction)| !direction.max_runtime.is_zero());
        shown
    }

    /// All directions together: sums of bytes, extremes of jobs and directions.
    pub(super) fn mixed(&self) -> GroupDirectionReport {
        let mut mixed = GroupDirectionReport::default();
        let used = self.directions.iter().map(|(_, direction)| direction);
        for direction in used.filter(|direction| !direction.max_runtime.is_zero()) {
            mixed.merge(direction);
        }
        mixed
    }
}
