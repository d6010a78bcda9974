//! Messages of one version sent in another: what arrives is what was sent, but for what is reported as
//! dropped.

mod common;

use arbitrary::{Arbitrary, Unstructured};
use common::sessions::{each_message, kept};
use fio_proto::error::EncodeError;
use fio_proto::layout::{DropReason, Dropped, Histogram};
use fio_proto::message::{ClientMessage, Message, ServerMessage, ThreadReport};
use fio_proto::{Revision, ServerVersion};
use proptest::prelude::*;
use serde_json::Value;

/// Fields that travel in coarser units in some versions, and are rounded down for those.
const ROUNDED: [&str; 5] = [
    "rate",
    "minimum_rate",
    "rate_limit",
    "io_bytes",
    "bandwidth",
];
/// And these, in groups.
const ROUNDED_IN_GROUPS: [&str; 2] = ["max_bandwidth", "min_bandwidth"];

/// Names the values that differ and are not below a name of `dropped`.
fn differences(sent: &Value, got: &Value, dropped: &[&str], path: &mut Vec<String>) -> Vec<String> {
    match (sent, got) {
        (Value::Object(sent), Value::Object(got)) => {
            let mut all = Vec::new();
            for (name, value) in sent {
                if dropped.contains(&name.as_str()) {
                    continue;
                }
                path.push(name.clone());
                all.extend(differences(value, &got[name], dropped, path));
                path.pop();
            }
            all
        }
        (Value::Array(sent), Value::Array(got)) if sent.len() == got.len() => {
            let pairs = sent.iter().zip(got);
            pairs
                .flat_map(|(sent, got)| differences(sent, got, dropped, path))
                .collect()
        }
        _ if sent == got || is_rounded(sent, got, path) => Vec::new(),
        _ => vec![format!("{}: {sent} became {got}", path.join("."))],
    }
}

fn is_rounded(sent: &Value, got: &Value, path: &[String]) -> bool {
    let coarse = |name: &String| {
        ROUNDED.contains(&name.as_str()) || ROUNDED_IN_GROUPS.contains(&name.as_str())
    };
    match (sent.as_u64(), got.as_u64()) {
        (Some(sent), Some(got)) => {
            path.last().is_some_and(coarse) && sent.checked_sub(got).is_some_and(|lost| lost < 1024)
        }
        _ => false,
    }
}

/// Sends a message in `revision`; `None` where the revision has no such message.
fn cross<M: Message + serde::Serialize>(
    message: &M,
    revision: Revision,
) -> Option<(M, Vec<Dropped>)> {
    let (mut payload, mut dropped) = (Vec::new(), Vec::new());
    let opcode = match message.opcode(revision) {
        Ok(opcode) => opcode,
        Err(EncodeError::NoSuchCommand { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    message
        .encode_payload(revision, &mut payload, &mut dropped)
        .ok()?;
    let got = M::decode(revision, opcode, &payload).unwrap();
    // What has arrived can be sent on as it is.
    let (mut again, mut more) = (Vec::new(), Vec::new());
    got.encode_payload(revision, &mut again, &mut more).unwrap();
    assert_eq!(more, [], "{revision} {}", message.command());
    assert!(again == payload, "{revision} {}", message.command());
    let names: Vec<_> = dropped.iter().map(|dropped| dropped.field).collect();
    let [sent, arrived] = [message, &got].map(|of| serde_json::to_value(of).unwrap());
    let lost = differences(&sent, &arrived, &names, &mut Vec::new());
    assert_eq!(
        lost,
        Vec::<String>::new(),
        "{revision} {}",
        message.command()
    );
    Some((got, dropped))
}

/// One revision of each layout of the statistics.
fn targets() -> Vec<Revision> {
    let numbers = [
        1, 65, 66, 69, 70, 72, 74, 78, 80, 82, 96, 101, 107, 120, 121,
    ];
    numbers
        .map(|number| Revision::of(ServerVersion::new(number)).unwrap())
        .into()
}

#[test]
fn captured_messages_cross_to_every_layout() {
    let (mut crossed, mut lossy) = (0, 0);
    let names = [
        "v065/mixed_verify",
        "v082/mixed_verify",
        "v097/clat_prio",
        "v121/steadystate_json",
    ];
    for session in kept()
        .iter()
        .filter(|session| names.contains(&&*session.name))
    {
        let own = session.revision();
        let mut messages = Vec::new();
        each_message(&session.server, |raw| {
            messages.push(ServerMessage::decode(own, raw.opcode, raw.payload).unwrap());
        });
        // Options and logs have tests of their own.
        messages.retain(|message| {
            !matches!(message, ServerMessage::AddJob(_) | ServerMessage::IoLog(_))
        });
        for revision in targets() {
            for message in &messages {
                if revision == Revision::V1 && matches!(message, ServerMessage::Probe(_)) {
                    // The release's name becomes three numbers there.
                    continue;
                }
                if let Some((_, dropped)) = cross(message, revision) {
                    crossed += 1;
                    lossy += usize::from(!dropped.is_empty());
                }
            }
        }
        each_message(&session.client, |raw| {
            let message = ClientMessage::decode(own, raw.opcode, raw.payload).unwrap();
            for revision in targets() {
                let mut message = message.clone();
                if let ClientMessage::Job(job) = &mut message
                    && revision == Revision::V1
                {
                    // Nothing is behind the text in version 1.
                    job.trailing = 0;
                }
                crossed += usize::from(cross(&message, revision).is_some());
            }
        });
    }
    assert!(crossed > 500 && lossy > 50, "{crossed}, {lossy}");
}

/// What decoding always gives: numbers that can be sent, and nothing that encoding decides by itself.
fn settled(mut report: ThreadReport) -> ThreadReport {
    let thread = &mut report.thread;
    thread.steady_state_iops_offset = 0;
    thread.steady_state_bandwidth_offset = 0;
    thread.steady_state_latency_offset = 0;
    thread.priority_offsets = [0; 3];
    thread.priority_counts = [0; 3];
    thread.steady_state_flags &= !0x20;
    if let Some(rings) = &mut report.steady_state {
        thread.steady_state_flags |= 0x20;
        thread.steady_state_length = rings.iops.len() as u64;
        rings.bandwidth.resize(rings.iops.len(), 7);
        rings.latency.resize(rings.iops.len(), 7);
    }
    while thread.block_infos.last() == Some(&0) {
        thread.block_infos.pop();
    }
    report
}

/// A report from any bytes, with only ordinary numbers among the doubles.
fn any_report() -> impl Strategy<Value = ThreadReport> {
    prop::collection::vec(any::<u8>(), 0..6000).prop_map(|bytes| {
        let report = ThreadReport::arbitrary(&mut Unstructured::new(&bytes)).unwrap();
        let mut text = serde_json::to_value(settled(report)).unwrap();
        ordinary(&mut text);
        serde_json::from_value(text).unwrap()
    })
}

/// Replaces what JSON has no number for, and numbers too small to be sent.
fn ordinary(value: &mut Value) {
    match value {
        Value::Null => {}
        Value::Number(number) if number.is_f64() && !number.as_f64().unwrap().is_normal() => {
            *value = 0.0.into();
        }
        Value::Array(values) => values.iter_mut().for_each(|value| {
            if value.is_null() {
                *value = 0.0.into();
            }
            ordinary(value);
        }),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| {
            if value.is_null() && name != "steady_state" {
                *value = 0.0.into();
            }
            ordinary(value);
        }),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_report_crosses_to_every_layout(report in any_report(), target in 0..15_usize) {
        let message = ServerMessage::ThreadReport(Box::new(report));
        cross(&message, targets()[target]).unwrap();
    }
}

#[test]
fn what_versions_lack_is_named() {
    let mut report = ThreadReport::default();
    report.thread.total_histogram[1] = Histogram::from_counts([1]);
    report.thread.latency_ns[0] = u64::from(u32::MAX) + 1;
    report.thread.job_start_ms = 5;
    let message = ServerMessage::ThreadReport(Box::new(report));
    let dropped = |number| {
        let revision = Revision::of(ServerVersion::new(number)).unwrap();
        let (_, dropped) = cross(&message, revision).unwrap();
        dropped
            .iter()
            .map(|dropped| (dropped.field, dropped.reason))
            .collect::<Vec<_>>()
    };
    use DropReason::{Absent, OutOfRange};
    let (start, totals) = (("job_start_ms", Absent), ("total_histogram", Absent));
    assert_eq!(dropped(1), [start, ("latency_ns", Absent), totals]);
    assert_eq!(dropped(65), [("latency_ns", OutOfRange), start, totals]);
    assert_eq!(dropped(80), [start, totals]);
    assert_eq!(dropped(82), [start]);
    assert_eq!(dropped(121), []);
}
