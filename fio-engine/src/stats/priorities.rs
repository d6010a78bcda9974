//! Latencies by I/O priority.

use super::LatencyRecorder;

/// Latencies of the I/Os of one priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriorityLatency {
    /// The priority as `ioprio_set(2)` packs it; 0 is that of the process.
    pub priority: u16,
    /// The latencies, nanoseconds.
    pub latency: LatencyRecorder,
}

/// The latencies of one direction by priority. All priorities are known before the first I/O, so
/// that recording allocates nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PriorityLatencies(Vec<PriorityLatency>);

impl PriorityLatencies {
    /// Makes room for these priorities; one named twice counts once.
    pub(super) fn expect(&mut self, priorities: impl IntoIterator<Item = u16>) {
        for priority in priorities {
            if self.0.iter().all(|known| known.priority != priority) {
                self.0.push(PriorityLatency {
                    priority,
                    latency: LatencyRecorder::default(),
                });
            }
        }
    }

    /// Counts a latency, if its priority was expected.
    pub(super) fn record(&mut self, priority: u16, nanoseconds: u64) {
        let of_one = self.0.iter_mut().find(|known| known.priority == priority);
        if let Some(of_one) = of_one {
            of_one.latency.record(nanoseconds);
        }
    }

    pub(super) fn as_slice(&self) -> &[PriorityLatency] {
        &self.0
    }

    pub(super) fn reset(&mut self) {
        self.0.iter_mut().for_each(|of_one| of_one.latency.reset());
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.expect(other.0.iter().map(|of_one| of_one.priority));
        for theirs in &other.0 {
            let same = |mine: &&mut PriorityLatency| mine.priority == theirs.priority;
            if let Some(mine) = self.0.iter_mut().find(same) {
                mine.latency.merge(&theirs.latency);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_expected_priority_is_counted_apart() {
        let mut one = PriorityLatencies::default();
        one.expect([0, 0x2000, 0]);
        one.record(0, 10);
        one.record(0x2000, 20);
        one.record(0x2000, 30);
        one.record(0x4000, 40);
        let mut other = PriorityLatencies::default();
        other.expect([0x6000, 0x2000]);
        other.record(0x2000, 50);
        one.merge(&other);
        let samples = |of: &PriorityLatencies| -> Vec<(u16, u64)> {
            let count = |of_one: &PriorityLatency| of_one.latency.moments().samples;
            of.as_slice()
                .iter()
                .map(|of_one| (of_one.priority, count(of_one)))
                .collect()
        };
        assert_eq!(samples(&one), [(0, 1), (0x2000, 3), (0x6000, 0)]);
        one.reset();
        assert_eq!(samples(&one), [(0, 0), (0x2000, 0), (0x6000, 0)]);
    }
}
