//! One ADD_JOB of every version, as servers of fio 3.0 to 3.42 and after sent it, decoded and encoded
//! again.

mod common;

use common::uncleared::uncleared;
use fio_proto::layout::ThreadOptions;
use fio_proto::message::JobDefinition;
use fio_proto::{Revision, ServerVersion};

/// The version and payload of every captured message. In the file each is its version, its length and
/// the length of what follows: stretches of zeroes, given by their length, in turn with stretches of
/// bytes that have a length in front. Lengths are 16 bits, little-endian.
fn captured() -> Vec<(ServerVersion, Vec<u8>)> {
    let file = include_bytes!("data/add_job.bin");
    let mut rest = &file[..];
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let version = ServerVersion::new(number(&mut rest));
        let (length, packed) = (number(&mut rest), number(&mut rest));
        let (mut packed, behind) = rest.split_at(packed.into());
        rest = behind;
        let mut payload = Vec::new();
        while !packed.is_empty() {
            let (zeroes, bytes) = (number(&mut packed), number(&mut packed));
            payload.resize(payload.len() + usize::from(zeroes), 0);
            let (bytes, behind) = packed.split_at(bytes.into());
            payload.extend_from_slice(bytes);
            packed = behind;
        }
        assert_eq!(payload.len(), usize::from(length), "version {version}");
        messages.push((version, payload));
    }
    messages
}

fn number(bytes: &mut &[u8]) -> u16 {
    let (number, rest) = bytes.split_first_chunk().unwrap();
    *bytes = rest;
    u16::from_le_bytes(*number)
}

/// The layouts of the captured release. Of versions 66 and 77, that is the first of two: fio 3.1 and 3.11.
fn revision_of(version: ServerVersion) -> Revision {
    match version.number() {
        66 | 77 => Revision::new(version, 0),
        _ => Revision::of(version).unwrap(),
    }
}

#[test]
fn decoding_then_encoding_is_the_identity() {
    for (version, mut payload) in captured() {
        let revision = revision_of(version);
        let job = JobDefinition::decode(revision, &payload).unwrap();
        let (mut again, mut dropped) = (Vec::new(), Vec::new());
        job.encode(revision, &mut again, &mut dropped);
        assert_eq!(dropped, [], "version {version}");
        for range in uncleared(revision, &payload) {
            payload[range].fill(0);
        }
        let differs = payload.iter().zip(&again).position(|(a, b)| a != b);
        assert_eq!(differs, None, "version {version}");
        assert_eq!(payload.len(), again.len(), "version {version}");
    }
}

#[test]
fn every_version_is_there() {
    let captured: Vec<_> = captured().into_iter().map(|(version, _)| version).collect();
    let mut versions: Vec<_> = Revision::all().map(Revision::version).collect();
    versions.dedup();
    assert_eq!(
        captured,
        versions[1..],
        "all but version 1, which has no ADD_JOB"
    );
}

/// The job file was
///
/// ```text
/// [global]
/// ioengine=psync
/// directory=/tmp/fiocap/data
/// bs=4k
/// size=1m
/// numjobs=2
/// group_reporting=1
///
/// [mix]
/// rw=randrw
/// fsync=16
/// verify=crc32c
/// ```
#[test]
fn options_are_those_of_the_job_file() {
    for (version, payload) in captured() {
        let job = JobDefinition::decode(revision_of(version), &payload).unwrap();
        assert_eq!(
            (job.thread_number, job.group_id),
            (1, 0),
            "version {version}"
        );
        let options = job.options;
        assert_eq!(options.name, "mix");
        assert_eq!(options.directory, "/tmp/fiocap/data");
        assert_eq!(options.io_engine, "psync");
        assert_eq!(options.block_size, [4096; 3]);
        assert_eq!((options.size, options.job_count), (1 << 20, 2));
        assert_eq!((options.group_reporting, options.fsync_blocks), (1, 16));
        assert_eq!(options.data_direction, 1 | 2 | 4, "version {version}");
        assert_eq!((options.io_depth, options.loops), (1, 1));
        assert_eq!(options.percentile_list[..3], [1.0, 5.0, 10.0]);
        assert_eq!(options.user_id, u32::MAX, "version {version}");
        assert_eq!(options.block_size_split_count, [0; 3]);
    }
}

#[test]
fn a_job_can_be_passed_on_to_any_version() {
    for (version, payload) in captured() {
        let mut job = JobDefinition::decode(revision_of(version), &payload).unwrap();
        clear_unfilled(&mut job.options);
        for revision in Revision::all().skip(1) {
            let mut passed_on = Vec::new();
            job.encode(revision, &mut passed_on, &mut Vec::new());
            let arrived = JobDefinition::decode(revision, &passed_on).unwrap().options;
            assert_eq!(arrived.name, "mix", "{version} to {revision}");
            assert_eq!(arrived.size, 1 << 20, "{version} to {revision}");
            assert_eq!(arrived.group_reporting, 1, "{version} to {revision}");
        }
    }
}

/// Options that no server fills, and so hold anything.
fn clear_unfilled(options: &mut ThreadOptions) {
    options.ignore_error = Default::default();
    options.zone_split = Default::default();
}
