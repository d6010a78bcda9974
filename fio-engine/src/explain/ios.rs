//! How many I/Os a job issues: its sequence is drawn and counted.

use super::model::PlannedIos;
use crate::direction::{Direction, PerDirection};
use crate::run::JobClone;
use crate::workload::{FileRegion, Generator, RandomRule, RequestKind};

/// I/Os drawn for one explanation, which takes a fraction of a second.
const MOST_DRAWN: u64 = 5_000_000;

/// I/Os drawn of a job without end, to see what they are.
const SAMPLE: u64 = 10_000;

/// Draws the I/Os of clone after clone until it has drawn enough; the rest is extrapolated.
pub(super) struct Counter {
    rule: RandomRule,
    left: u64,
}

impl Counter {
    pub(super) const fn new(rule: RandomRule) -> Self {
        Self {
            rule,
            left: MOST_DRAWN,
        }
    }

    /// What one clone issues on these parts of its files; the reason if nothing can be generated.
    pub(super) fn count(
        &mut self,
        clone: &JobClone,
        regions: &[FileRegion],
    ) -> Result<PlannedIos, String> {
        let generator = Generator::new(&clone.spec, clone.number(), regions, self.rule);
        let mut generator = generator.map_err(|error| error.to_string())?;
        let total = generator.total_bytes();
        let enough = match total {
            None => SAMPLE,
            Some(_) => self.left.max(SAMPLE),
        };
        let (mut ios, finished) = draw(&mut generator, enough);
        let drawn: u64 = ios.count.0.iter().sum();
        self.left = self.left.saturating_sub(drawn);
        ios.endless = total.is_none();
        if let Some(total) = total.filter(|_| !finished) {
            extrapolate(&mut ios, total, generator.bytes_issued());
        }
        Ok(ios)
    }
}

/// Counts I/Os; whether those were all.
fn draw(generator: &mut Generator, enough: u64) -> (PlannedIos, bool) {
    let mut ios = PlannedIos::default();
    for _ in 0..enough {
        let Some(request) = generator.next() else {
            return (ios, true);
        };
        match request.kind {
            RequestKind::Data(direction) => {
                ios.count[direction] += 1;
                ios.bytes[direction] += request.length;
            }
            RequestKind::Fsync | RequestKind::Fdatasync | RequestKind::SyncRange => {
                ios.synchronisations += 1;
            }
            RequestKind::Open | RequestKind::Restart | RequestKind::NextPass => {}
        }
    }
    (ios, false)
}

fn extrapolate(ios: &mut PlannedIos, total: u64, drawn: u64) {
    let grow = |number: u64| {
        let grown = u128::from(number) * u128::from(total) / u128::from(drawn.max(1));
        u64::try_from(grown).unwrap_or(u64::MAX)
    };
    let all = |numbers: PerDirection<u64>| {
        PerDirection(Direction::ALL.map(|direction| grow(numbers[direction])))
    };
    ios.count = all(ios.count);
    ios.bytes = all(ios.bytes);
    ios.synchronisations = grow(ios.synchronisations);
    ios.exact = false;
}
