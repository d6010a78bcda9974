use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::layout::tests::fixture::assert_layout;
use crate::layout::{DropReason, Dropped, Shape, fields};
use crate::version::Revision;

#[test]
fn sizes_and_offsets_are_those_of_fio() {
    assert_layout("thread_options_pack", ThreadOptions::ROWS);
}

#[test]
fn no_field_is_sent_twice() {
    for revision in Revision::all() {
        let mut seen = std::collections::BTreeSet::new();
        for (_, row) in fields(ThreadOptions::ROWS, revision) {
            let padding = matches!(row.shape, Shape::Padding(_));
            assert!(
                padding || seen.insert(row.field),
                "{} {revision}",
                row.field
            );
        }
    }
}

fn share(size: u64, percent: u32) -> BlockSizeShare {
    BlockSizeShare { size, percent }
}

fn sample() -> ThreadOptions {
    let zone = ZoneShare {
        access_percent: 60,
        size_percent: 10,
        size: 0,
    };
    ThreadOptions {
        name: "sample".into(),
        io_engine: "libaio".into(),
        io_depth: 32,
        block_size_split: [
            vec![share(4096, 50), share(65536, 50)],
            vec![],
            vec![share(512, 100)],
        ],
        block_size_split_count: [2, 0, 1],
        zone_split: [vec![zone; 3], vec![], vec![]],
        percentile_list: core::array::from_fn(|index| if index == 0 { 99.5 } else { 0.0 }),
        max_latency: [7000; 3],
        flow: -2,
        runtime: 3_000_000,
        ..ThreadOptions::default()
    }
}

#[test]
fn what_every_revision_carries_survives_in_every_revision() {
    for revision in Revision::all().skip(1) {
        let (mut bytes, mut dropped) = (Vec::new(), Vec::new());
        sample().encode(revision, &mut bytes, &mut dropped);
        assert_eq!(dropped, [], "{revision}");
        assert_eq!(
            ThreadOptions::decode(revision, &bytes),
            Ok(sample()),
            "{revision}"
        );
        let view = ThreadOptions::view(revision, &bytes).unwrap();
        assert_eq!(
            (view.io_depth(), view.flow()),
            (Some(32), Some(-2)),
            "{revision}"
        );
        let splits = view.block_size_split().unwrap();
        assert_eq!(
            splits.get(2).unwrap().get(0),
            Some(share(512, 100)),
            "{revision}"
        );
        let zones = view.zone_split().unwrap().get(0).unwrap();
        assert_eq!(zones.get(2).unwrap().access_percent, 60, "{revision}");
    }
}

#[test]
fn what_a_revision_cannot_carry_is_reported() {
    let mut options = sample();
    options.max_latency = [1, 2, 3];
    options.block_size_split[0] = vec![share(1 << 40, 1); 65];
    options.zone_split[0] = vec![
        ZoneShare {
            size: 9,
            ..ZoneShare::default()
        };
        65
    ];
    options.placement_identifiers = vec![1; 129];
    let report = |revision| {
        let mut dropped = Vec::new();
        options.encode(revision, &mut Vec::new(), &mut dropped);
        let reason = |dropped: Dropped| (dropped.field, dropped.reason);
        dropped.into_iter().map(reason).collect::<Vec<_>>()
    };
    use DropReason::{Absent, CutOff, OutOfRange};
    assert_eq!(
        report(V65),
        [
            ("block_size_split", OutOfRange),
            ("zone_split", Absent),
            ("max_latency", CutOff),
            ("placement_identifiers", Absent)
        ]
    );
    assert_eq!(
        report(V121),
        [
            ("block_size_split", CutOff),
            ("placement_identifiers", CutOff)
        ]
    );
    let mut bytes = Vec::new();
    options.encode(V65, &mut bytes, &mut Vec::new());
    let decoded = ThreadOptions::decode(V65, &bytes).unwrap();
    assert_eq!(decoded.max_latency, [3; 3], "the loosest bound is for all");
    let size = u64::from(u32::MAX);
    assert_eq!(decoded.block_size_split[0], vec![share(size, 1); 64]);
}
