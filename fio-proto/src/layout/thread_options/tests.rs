use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::layout::tests::{expand, numbers, places_of};
use crate::layout::{DropReason, Dropped, Shape, fields};
use crate::version::Revision;

/// Sizes and offsets as the debug information of real builds has them.
const FIXTURE: &str = include_str!("../../../tests/data/thread_options_pack.txt");

/// The fixture's layouts, oldest first.
const LAYOUTS: [(&str, Revision); 33] = [
    ("V65_FIO_2_99", V65_FIO_2_99),
    ("V65", V65),
    ("V66_FIO_3_1", V66_FIO_3_1),
    ("V66", V66),
    ("V69", V69),
    ("V70", V70),
    ("V72", V72),
    ("V73", V73),
    ("V74", V74),
    ("V77_FIO_3_11", V77_FIO_3_11),
    ("V77", V77),
    ("V78", V78),
    ("V80", V80),
    ("V82", V82),
    ("V83", V83),
    ("V84", V84),
    ("V86", V86),
    ("V88", V88),
    ("V89", V89),
    ("V94", V94),
    ("V95", V95),
    ("V96", V96),
    ("V97", V97),
    ("V99", V99),
    ("V100", V100),
    ("V101", V101),
    ("V103", V103),
    ("V107_FIO_3_38", V107_FIO_3_38),
    ("V107", V107),
    ("V111", V111),
    ("V113", V113),
    ("V120", V120),
    ("V121", V121),
];

/// The words behind the name of the fixture's line.
fn fixture_line(name: &str) -> Vec<&'static str> {
    let mut lines = FIXTURE.lines().map(str::split_whitespace);
    let line = lines.find_map(|mut words| (words.next() == Some(name)).then_some(words));
    line.unwrap().collect()
}

/// The place of every single element of a layout, by fio's name.
fn known_places(layout: usize) -> BTreeMap<String, (usize, usize)> {
    let mut places = BTreeMap::new();
    let lines = FIXTURE.lines().filter(|line| !line.starts_with('#'));
    for line in lines.skip(2) {
        let words: Vec<_> = line.split_whitespace().collect();
        let [name, size, dims, strides, offsets @ ..] = &words[..] else {
            panic!("{line}");
        };
        if let Ok(offset) = offsets[layout].parse() {
            let axes: Vec<_> = numbers(dims).into_iter().zip(numbers(strides)).collect();
            let start = (offset, size.parse().unwrap());
            expand(name.to_string(), start, &axes, &mut |name, place| {
                assert_eq!(places.insert(name, place), None);
            });
        }
    }
    places
}

#[test]
fn sizes_and_offsets_are_those_of_fio() {
    let names: Vec<_> = LAYOUTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(fixture_line("layouts"), names);
    let sizes = fixture_line("size");
    for (index, (name, revision)) in LAYOUTS.into_iter().enumerate() {
        let (size, places) = places_of(ThreadOptions::ROWS, revision);
        assert_eq!(size.to_string(), sizes[index], "{name}");
        let known = known_places(index);
        for (field, place) in &known {
            assert_eq!(places.get(field), Some(place), "{field} {name}");
        }
        assert_eq!(places.len(), known.len(), "{name} has fields fio has not");
    }
}

#[test]
fn every_supported_version_has_a_layout() {
    let modern = Revision::all().filter(|revision| *revision > Revision::V1);
    let known: Vec<_> = LAYOUTS.iter().map(|(_, revision)| *revision).collect();
    assert_eq!(modern.collect::<Vec<_>>(), known);
}

#[test]
fn no_field_is_sent_twice() {
    for (name, revision) in LAYOUTS {
        let mut seen = std::collections::BTreeSet::new();
        for (_, row) in fields(ThreadOptions::ROWS, revision) {
            let padding = matches!(row.shape, Shape::Padding(_));
            assert!(padding || seen.insert(row.field), "{} {name}", row.field);
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
    for (name, revision) in LAYOUTS {
        let (mut bytes, mut dropped) = (Vec::new(), Vec::new());
        sample().encode(revision, &mut bytes, &mut dropped);
        assert_eq!(dropped, [], "{name}");
        assert_eq!(
            ThreadOptions::decode(revision, &bytes),
            Ok(sample()),
            "{name}"
        );
        let view = ThreadOptions::view(revision, &bytes).unwrap();
        assert_eq!(
            (view.io_depth(), view.flow()),
            (Some(32), Some(-2)),
            "{name}"
        );
        let splits = view.block_size_split().unwrap();
        assert_eq!(
            splits.get(2).unwrap().get(0),
            Some(share(512, 100)),
            "{name}"
        );
        let zones = view.zone_split().unwrap().get(0).unwrap();
        assert_eq!(zones.get(2).unwrap().access_percent, 60, "{name}");
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
