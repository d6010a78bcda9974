//! Shares of activity among the jobs of a flow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::job::FlowOptions;

/// What the jobs of one flow share: I/Os issued, and the weights of those that run.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    issued: AtomicU64,
    weights: AtomicU64,
}

/// One job's part of a flow; while it lives, the job takes part.
#[derive(Debug)]
pub(super) struct FlowShare {
    flow: Arc<Flow>,
    weight: u64,
    issued: u64,
    sleep: Duration,
}

/// How long a job waits that is ahead and was told no time: long enough to let others go on.
const SHORTEST_WAIT: Duration = Duration::from_micros(30);

impl FlowShare {
    pub(super) fn join(flow: Arc<Flow>, options: &FlowOptions) -> Self {
        let weight = u64::from(options.weight);
        flow.weights.fetch_add(weight, Ordering::Relaxed);
        Self {
            flow,
            weight,
            issued: 0,
            sleep: options.sleep.max(SHORTEST_WAIT),
        }
    }

    /// How long to wait, if the job has issued more than its share.
    pub(super) fn wait(&self) -> Option<Duration> {
        let all = u128::from(self.flow.issued.load(Ordering::Relaxed));
        let weights = u128::from(self.flow.weights.load(Ordering::Relaxed));
        let ahead = u128::from(self.issued) * weights > all * u128::from(self.weight);
        ahead.then_some(self.sleep)
    }

    pub(super) fn issue(&mut self) {
        self.issued += 1;
        self.flow.issued.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for FlowShare {
    /// The others go on as if the job had never been.
    fn drop(&mut self) {
        self.flow.weights.fetch_sub(self.weight, Ordering::Relaxed);
        self.flow.issued.fetch_sub(self.issued, Ordering::Relaxed);
    }
}
