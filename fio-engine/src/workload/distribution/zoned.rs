//! Zones of a file that get given shares of the I/Os.

use crate::job::{Zone, ZoneList};

use super::super::random::Tausworthe;

/// Chooses a zone by the shares.
#[derive(Debug, Clone)]
pub(in super::super) struct Zoned {
    zones: ZoneList,
    generator: Tausworthe,
}

impl Zoned {
    pub(in super::super) const fn new(zones: ZoneList, generator: Tausworthe) -> Self {
        Self { zones, generator }
    }

    pub(in super::super) fn reseed(&mut self, generator: Tausworthe) {
        self.generator = generator;
    }

    /// The zone of the next block of a file with `blocks` blocks of `alignment` bytes: its first block and
    /// its number of blocks. Zones given in bytes may lie behind the end of the file.
    pub(in super::super) fn draw(&mut self, blocks: u64, alignment: u64) -> (u64, u64) {
        let drawn = self.generator.percent();
        match &self.zones {
            ZoneList::Percent(zones) => {
                let (before, size) = zone(zones, drawn);
                (part(blocks, before), part(blocks, size))
            }
            ZoneList::Bytes(zones) => {
                let (before, size) = zone(zones, drawn);
                let first = before / alignment;
                (first, before.saturating_add(size) / alignment - first)
            }
        }
    }
}

/// The sizes before the zone that this draw stands for, and its own.
fn zone(zones: &[Zone], drawn: u32) -> (u64, u64) {
    let mut share = 0;
    let mut before = 0_u64;
    for zone in zones {
        share += u32::from(zone.share);
        if drawn <= share {
            return (before, zone.size);
        }
        before = before.saturating_add(zone.size);
    }
    // The shares add up to 100, so this is an empty list: there is nothing to draw from.
    (before, 0)
}

fn part(blocks: u64, percent: u64) -> u64 {
    (u128::from(blocks) * u128::from(percent) / 100) as u64
}
