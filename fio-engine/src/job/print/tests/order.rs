//! Orders of offsets to be printed.

use proptest::prelude::*;

use crate::direction::PerDirection;
use crate::job::{
    Distribution, FileService, OrderOptions, Pattern, Sequencer, SizeOrPercent, StridedZones, Zone,
    ZoneList,
};

fn center() -> impl Strategy<Value = Option<f64>> {
    prop::option::of(0.0..=1.0)
}

fn zone_list() -> impl Strategy<Value = ZoneList> {
    let zones = |size: u64| {
        (1_u8..100, 1..size).prop_map(move |(share, first)| {
            let zone = |share, size| Zone { share, size };
            vec![zone(share, first), zone(100 - share, size - first)]
        })
    };
    prop_oneof![
        zones(100).prop_map(ZoneList::Percent),
        zones(1 << 50).prop_map(ZoneList::Bytes),
    ]
}

fn distribution() -> impl Strategy<Value = Distribution> {
    prop_oneof![
        Just(Distribution::Uniform),
        (1.001..9.0, center()).prop_map(|(theta, center)| Distribution::Zipf { theta, center }),
        (0.001..0.999, center()).prop_map(|(power, center)| Distribution::Pareto { power, center }),
        (0.0..99.9, center())
            .prop_map(|(deviation, center)| Distribution::Normal { deviation, center }),
        zone_list().prop_map(Distribution::Zoned),
    ]
}

fn file_service() -> impl Strategy<Value = FileService> {
    prop_oneof![
        Just(FileService::Sequential),
        (1_u32..).prop_map(|every| FileService::RoundRobin { every }),
        (1_u32..).prop_map(|every| FileService::Random { every }),
        (1.001..9.0, center())
            .prop_map(|(theta, center)| Distribution::Zipf { theta, center })
            .prop_map(FileService::Skewed),
    ]
}

fn offset_increment() -> impl Strategy<Value = SizeOrPercent> {
    prop_oneof![
        any::<u64>().prop_map(SizeOrPercent::Bytes),
        (0_u8..=100).prop_map(SizeOrPercent::Percent),
    ]
}

prop_compose! {
    pub(super) fn order()(
        distribution in distribution(),
        random_percent in prop::array::uniform3(0_u8..=100),
        random_every: u32,
        stride in -(1_i64 << 40)..1 << 40,
        flags: [bool; 2],
        file_service in file_service(),
        number_of_ios in prop::option::of(1_u64..),
        offset_increment in offset_increment(),
        begin_alignment in 0_u64..1 << 40,
        zones in prop::option::of((1_u64.., 1_u64.., any::<u64>())),
    ) -> OrderOptions {
        OrderOptions {
            distribution,
            random_percent: PerDirection(random_percent),
            random_every,
            stride,
            sequencer: if flags[0] { Sequencer::Identical } else { Sequencer::Sequential },
            sizes_by_order: flags[1],
            file_service,
            number_of_ios,
            offset_increment,
            begin_alignment,
            zones: zones.map(|(size, range, skip)| StridedZones { size, range, skip }),
            // It goes with little else of the order.
            preconditioning: None,
        }
    }
}

/// The number after `rw` means one thing or the other.
pub(super) fn of_pattern(order: OrderOptions, pattern: Pattern) -> OrderOptions {
    let (random_every, stride) = if pattern.random {
        (order.random_every, 0)
    } else {
        (1, order.stride)
    };
    OrderOptions {
        random_every,
        stride,
        ..order
    }
}
