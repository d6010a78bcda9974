use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::byte_string::ByteString;
use crate::error::DecodeError;
use crate::version::{Revision, ServerVersion};

pub(crate) mod fixture;

#[test]
fn sizes_and_offsets_are_those_of_fio() {
    use crate::message::{JobOption, ProbeRequest, Start, Stop};
    for (structure, rows) in [
        ("thread_stat", ThreadStat::ROWS),
        ("group_run_stats", GroupRunStats::ROWS),
        ("jobs_eta", JobsEta::ROWS),
        ("clat_prio_stat", PriorityStat::ROWS),
        ("disk_util_stat", DiskStats::ROWS),
        ("disk_util_agg", DiskAggregate::ROWS),
        ("cmd_client_probe_pdu", ProbeRequest::ROWS),
        ("cmd_start_pdu", Start::ROWS),
        ("cmd_end_pdu", Stop::ROWS),
        ("cmd_job_option", JobOption::ROWS),
    ] {
        fixture::assert_layout(structure, rows);
    }
}

/// The structure has another name in version 1, and there three fields are one row.
#[test]
fn the_answer_to_probe_has_two_layouts() {
    use crate::message::ProbeReply;
    for revision in Revision::all() {
        let name = match revision {
            Revision::V1 => "cmd_probe_pdu",
            _ => "cmd_probe_reply_pdu",
        };
        let (size, known) = fixture::structure(name, revision).unwrap();
        assert_eq!(ProbeReply::size(revision), size);
        let offsets = fields(ProbeReply::ROWS, revision).map(|(offset, row)| (row.c_name, offset));
        for (field, offset) in offsets {
            let field = if field == "fio" { "fio_major" } else { field };
            let known = known.iter().find(|known| known.name == field).unwrap();
            assert_eq!(known.offset, offset, "{name}.{field}");
        }
    }
}

#[test]
fn messages_are_made_of_their_structures_and_nothing_else() {
    for revision in Revision::all() {
        let size = |name| fixture::structure(name, revision).map(|(size, _)| size);
        let report = crate::message::ThreadReport::fixed_size(revision);
        assert_eq!(size("cmd_ts_pdu"), Some(report), "{revision}");
        assert_eq!(size("fio_net_cmd"), Some(24));
        assert_eq!(size("io_stat"), Some(IoStatWire::SIZE));
        if revision == Revision::V1 {
            assert_eq!(size("cmd_line_pdu"), Some(8194));
            continue;
        }
        let disk = DiskStats::size(revision) + DiskAggregate::size(revision);
        assert_eq!(size("cmd_du_pdu"), Some(disk), "{revision}");
        assert_eq!(size("cmd_sendfile"), Some(crate::message::PATH_SIZE));
    }
}

#[test]
fn no_field_is_sent_twice() {
    for revision in Revision::all() {
        for rows in [ThreadStat::ROWS, GroupRunStats::ROWS, JobsEta::ROWS] {
            let mut names: Vec<_> = fields(rows, revision).map(|(_, row)| row.field).collect();
            names.retain(|name| *name != "pad");
            names.sort_unstable();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all, "{revision}");
        }
    }
}

/// Everything that ever happens to a layout, in one small structure with four revisions.
#[expect(unreachable_pub, reason = "the macro makes public structures")]
mod drifting {
    use super::*;

    pub(super) const A: Revision = Revision::new(ServerVersion::new(1), 0);
    pub(super) const B: Revision = Revision::new(ServerVersion::new(2), 0);
    pub(super) const B2: Revision = Revision::new(ServerVersion::new(2), 1);
    pub(super) const C: Revision = Revision::new(ServerVersion::new(3), 0);

    wire_struct! {
        /// A structure that drifts.
        pub struct Drifting, view DriftingView, "drifting" {
            /// Widened in B.
            pub count: u64,
            /// Grew from two directions to three in B, and became wider in C.
            pub bytes: [u64; 3],
            /// Longer text since C.
            pub text: ByteString,
            /// Moved in B's second variant.
            pub moved: u32,
            /// Only in B.
            pub passing: u16,
            /// Since C.
            pub added: f64,
            /// Removed in C.
            pub removed: IoStat,
            /// Histogram of 4 buckets, of 8 since B, wider since C.
            pub latencies: [Histogram; 2],
        }
        rows {
            A..=A => count: u32, "cnt", None;
            B..=C => count: u64, "cnt", None;
            A..=B => moved: u32, "mv", None;
            A..=A => bytes: [u32; 2], "by", Bytes;
            B..=B2 => bytes: [u32; 3], "by", Bytes;
            C..=C => bytes: [u64; 3], "by", Bytes;
            A..=B2 => text: Chars<8>, "txt", None;
            C..=C => text: Chars<16>, "txt", None;
            B..=B2 => passing: u16, "pass", None;
            B..=B2 => pad(2);
            B2..=C => moved: u32, "mv", None;
            A..=B2 => removed: IoStatWire, "rm", None;
            C..=C => added: f64, "add", None;
            A..=A => latencies: [[u32; 4]; 2], "lat", None;
            B..=B2 => latencies: [[u32; 8]; 2], "lat", None;
            C..=C => latencies: [[u64; 8]; 2], "lat", None;
        }
    }

    pub(super) fn sample() -> Drifting {
        Drifting {
            count: 7,
            bytes: [1, 2, 3],
            text: "abcdefgh".into(),
            moved: 4,
            passing: 5,
            added: 0.5,
            removed: IoStat {
                samples: 1,
                ..IoStat::default()
            },
            latencies: [
                Histogram::from_counts([1, 2, 3, 4, 5]),
                Histogram::from_counts([u64::from(u32::MAX) + 1]),
            ],
        }
    }
}

use drifting::{A, B, B2, C, Drifting};

fn encode(value: &Drifting, revision: Revision) -> (Vec<u8>, Vec<(&'static str, DropReason)>) {
    let (mut bytes, mut dropped) = (vec![0xee], Vec::new());
    value.encode(revision, &mut bytes, &mut dropped);
    assert_eq!(bytes.remove(0), 0xee);
    (
        bytes,
        dropped
            .into_iter()
            .map(|dropped| (dropped.field, dropped.reason))
            .collect(),
    )
}

#[test]
fn revisions_differ_as_their_rows_say() {
    let offset = |revision, name| {
        fields(Drifting::ROWS, revision)
            .find(|(_, row)| row.field == name)
            .map(|(offset, _)| offset)
    };
    let moved = [A, B, B2, C].map(|revision| offset(revision, "moved"));
    assert_eq!(
        moved,
        [
            Some(4),
            Some(8),
            Some(8 + 12 + 8 + 2 + 2),
            Some(8 + 24 + 16)
        ]
    );
    assert_eq!(
        [A, B, B2, C].map(|revision| offset(revision, "passing").is_some()),
        [false, true, true, false]
    );
    let sizes = [A, B, B2, C].map(Drifting::size);
    assert_eq!(
        sizes,
        [
            4 + 4 + 8 + 8 + 56 + 32,
            8 + 4 + 12 + 8 + 4 + 56 + 64,
            156,
            8 + 24 + 16 + 4 + 16 + 128
        ]
    );
    for revision in [A, B, B2, C] {
        assert_eq!(
            encode(&drifting::sample(), revision).0.len(),
            Drifting::size(revision)
        );
    }
}

#[test]
fn what_a_revision_cannot_carry_is_reported() {
    use DropReason::{Absent, CutOff, OutOfRange};
    let dropped = [A, B, C].map(|revision| encode(&drifting::sample(), revision).1);
    let narrow = ("latencies", OutOfRange);
    assert_eq!(
        dropped[0],
        [
            ("bytes", CutOff),
            ("text", CutOff),
            narrow,
            ("passing", Absent),
            ("added", Absent)
        ]
    );
    assert_eq!(dropped[1], [("text", CutOff), narrow, ("added", Absent)]);
    assert_eq!(dropped[2], [("passing", Absent), ("removed", Absent)]);
    assert_eq!(encode(&Drifting::default(), A).1, []);
}

#[test]
fn what_was_dropped_decodes_as_zero_and_saturated() {
    let (bytes, _) = encode(&drifting::sample(), A);
    let mut decoded = drifting::sample();
    decoded
        .read(A, &mut crate::Reader::new("drifting", &bytes))
        .unwrap();
    assert_eq!(decoded, Drifting::decode(A, &bytes).unwrap());
    assert_eq!(
        (decoded.bytes, decoded.passing, decoded.added),
        ([1, 2, 0], 0, 0.0)
    );
    assert_eq!(decoded.text, "abcdefg");
    assert_eq!(decoded.latencies[0].total(), 1 + 2 + 3 + 4);
    assert_eq!(decoded.latencies[1].counts()[0], u64::from(u32::MAX));
}

#[test]
fn views_read_every_revision_in_place() {
    for revision in [A, B, B2, C] {
        let (bytes, _) = encode(&drifting::sample(), revision);
        let view = Drifting::view(revision, &bytes).unwrap();
        assert_eq!(
            (view.count(), view.moved()),
            (Some(7), Some(4)),
            "{revision}"
        );
        let directions: Vec<_> = view.bytes().unwrap().iter().collect();
        assert_eq!(
            directions,
            [1, 2, 3][..if revision == A { 2 } else { 3 }],
            "{revision}"
        );
        let text = if revision == C { "abcdefgh" } else { "abcdefg" };
        assert_eq!(view.text(), Some(text.as_bytes()));
        assert_eq!(view.passing().is_some(), matches!(revision, B | B2));
        assert_eq!(view.added(), (revision == C).then_some(0.5));
        assert_eq!(
            view.removed().map(|stat| stat.samples),
            (revision != C).then_some(1)
        );
        let counters = view.latencies().unwrap().get(0).unwrap();
        assert_eq!(counters.get(3), Some(4));
        assert_eq!(matches!(counters, Counters::U64(_)), revision == C);
        assert_eq!(counters.total(), if revision == A { 10 } else { 15 });
    }
    assert_eq!(Drifting::view(A, &[0; 4]).unwrap_err(), short_of(4, 4, 0));
}

fn short_of(offset: usize, needed: usize, got: usize) -> DecodeError {
    DecodeError::Truncated {
        structure: "drifting",
        field: "mv",
        offset,
        needed,
        got,
    }
}

#[test]
fn short_and_long_structures_are_refused() {
    let (mut bytes, _) = encode(&drifting::sample(), A);
    assert_eq!(Drifting::decode(A, &bytes[..6]), Err(short_of(4, 4, 2)));
    bytes.push(0);
    let trailing = DecodeError::TrailingBytes {
        structure: "drifting",
        offset: 112,
        got: 1,
    };
    assert_eq!(Drifting::decode(A, &bytes), Err(trailing));
}

proptest! {
    #[test]
    fn what_fits_survives(
        count in any::<u64>(), bytes in any::<[u64; 3]>(), text in "[a-z]{0,15}", moved in any::<u32>(),
        added in prop::num::f64::NORMAL, counts in any::<[[u64; 8]; 2]>(),
    ) {
        let latencies = counts.map(Histogram::from_counts);
        let value = Drifting { count, bytes, text: text.into(), moved, added, latencies, ..Drifting::default() };
        let (encoded, dropped) = encode(&value, C);
        prop_assert_eq!(dropped, []);
        prop_assert_eq!(Drifting::decode(C, &encoded).unwrap(), value);
    }

    /// Only strings without their NUL change, and only once.
    #[test]
    fn any_bytes_settle_after_decoding(
        bytes in prop::collection::vec(any::<u8>(), Drifting::size(B2)..=Drifting::size(B2))
    ) {
        let mut bytes = bytes;
        let text = fields(Drifting::ROWS, B2).find(|(_, row)| row.field == "text").unwrap().0;
        bytes[text + 7] = 0;
        let value = Drifting::decode(B2, &bytes).unwrap();
        let (again, dropped) = encode(&value, B2);
        prop_assert_eq!(dropped, []);
        prop_assert_eq!(Drifting::decode(B2, &again).unwrap(), value);
    }
}
