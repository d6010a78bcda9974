use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use zerocopy::IntoBytes;

use super::*;
use crate::error::{FrameError, JoinError};
use crate::frame::{Flags, HEADER_SIZE, Header, Tag};
use crate::opcode::Opcode;
use crate::version::ServerVersion;

const V1: ServerVersion = ServerVersion::V1;
const TEXT: Opcode = Opcode::new(5);
const CAP: usize = 1 << 20;

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Fragments::new(V1, TEXT, Tag(7), payload).append_to(&mut bytes);
    bytes
}

fn frame(opcode: u16, flags: Flags, tag: u64, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        version: V1,
        opcode: Opcode::new(opcode),
        flags,
        tag: Tag(tag),
        payload_len: payload.len().try_into().unwrap(),
        payload_crc: crate::crc::crc16(payload),
    };
    [header.to_raw().as_bytes(), payload].concat()
}

/// Pushes everything; the payloads of the messages that came out.
fn join_all(joiner: &mut Joiner, mut input: &[u8]) -> Result<Vec<Vec<u8>>, JoinError> {
    let mut messages = Vec::new();
    while !input.is_empty() {
        let step = joiner.push(input)?;
        messages.extend(step.message.map(|message| message.payload.to_vec()));
        input = &input[step.consumed..];
    }
    Ok(messages)
}

#[test]
fn splitting_is_exact() {
    for (length, frames) in [(0, 1), (1, 1), (64, 1), (65, 2), (128, 2), (11464, 180)] {
        let payload = vec![3; length];
        let fragments = Fragments::new(V1, TEXT, Tag(0), &payload);
        assert_eq!(fragments.len(), frames, "{length} bytes");
        assert_eq!(fragments.wire_len(), length + frames * HEADER_SIZE);
        assert_eq!(
            fragments
                .clone()
                .map(|part| part.payload.len())
                .sum::<usize>(),
            length
        );
        assert!(
            fragments
                .rev_flags()
                .eq((0..frames).map(|n| n + 1 < frames))
        );
    }
}

impl Fragments<'_> {
    fn rev_flags(self) -> impl Iterator<Item = bool> {
        self.map(|part| part.header.flags().contains(Flags::MORE))
    }
}

#[test]
fn a_message_in_one_frame_is_borrowed_from_the_input() {
    let bytes = framed(b"hello");
    let mut joiner = Joiner::new(Some(V1), CAP);
    let step = joiner.push(&bytes).unwrap();
    let message = step.message.unwrap();
    assert_eq!(
        (step.consumed, message.payload, message.frames),
        (bytes.len(), &b"hello"[..], 1)
    );
    assert!(core::ptr::eq(message.payload, &bytes[HEADER_SIZE..]));
}

#[test]
fn tags_of_later_fragments_are_ignored() {
    let bytes = [
        frame(5, Flags::MORE, 1, b"a"),
        frame(5, Flags::empty(), 2, b"b"),
    ]
    .concat();
    let mut joiner = Joiner::new(None, CAP);
    let message = joiner.push(&bytes).unwrap().message.unwrap();
    assert_eq!(
        (message.tag, message.payload, message.frames),
        (Tag(1), &b"ab"[..], 2)
    );
}

#[test]
fn an_empty_frame_ends_a_message_in_spite_of_more() {
    let bytes = [
        frame(5, Flags::MORE, 0, b"a"),
        frame(5, Flags::MORE, 0, b""),
        frame(5, Flags::MORE, 0, b""),
    ];
    let joined = join_all(&mut Joiner::new(None, CAP), &bytes.concat()).unwrap();
    assert_eq!(joined, [b"a".to_vec(), Vec::new()]);
}

#[test]
fn another_opcode_inside_a_message_is_an_error() {
    let bytes = [
        frame(3, Flags::MORE, 0, b"a"),
        frame(1, Flags::empty(), 0, b"b"),
    ]
    .concat();
    let changed = JoinError::OpcodeChanged {
        first: Opcode::new(3),
        got: Opcode::new(1),
    };
    assert_eq!(join_all(&mut Joiner::new(None, CAP), &bytes), Err(changed));
}

#[test]
fn messages_are_capped() {
    let bytes = framed(&[1; 101]);
    assert_eq!(
        join_all(&mut Joiner::new(None, 100), &bytes),
        Err(JoinError::MessageTooLong { limit: 100 })
    );
    assert_eq!(
        join_all(&mut Joiner::new(None, 101), &bytes),
        Ok(vec![vec![1; 101]])
    );
}

#[test]
fn the_first_frame_decides_the_version() {
    let mut other = Vec::new();
    Fragments::new(ServerVersion::new(7), TEXT, Tag(0), b"x").append_to(&mut other);
    let mut joiner = Joiner::new(None, CAP);
    let wrong = |expected| {
        let got = ServerVersion::new(7);
        Err(FrameError::Version { got, expected }.into())
    };
    assert_eq!(
        join_all(&mut joiner.clone(), &other),
        wrong(ServerVersion::NEWEST)
    );
    join_all(&mut joiner, &framed(b"x")).unwrap();
    assert_eq!(joiner.version(), Some(V1));
    assert_eq!(join_all(&mut joiner, &other), wrong(V1));
}

#[test]
fn a_repeated_header_is_still_checked() {
    let mut bytes = framed(&[9; 200]);
    let second = HEADER_SIZE + 64;
    bytes[second + 8] ^= 1;
    let error = join_all(&mut Joiner::new(None, CAP), &bytes).unwrap_err();
    assert!(
        matches!(error, JoinError::Frame(FrameError::HeaderCrc { .. })),
        "{error}"
    );
}

#[test]
fn progress_is_visible_and_memory_given_back() {
    let bytes = framed(&[9; 200_000]);
    let mut joiner = Joiner::new(None, CAP);
    join_all(&mut joiner, &bytes[..30]).unwrap();
    assert!(joiner.is_inside_message());
    assert_eq!(joiner.received(), 30);
    assert_eq!(
        join_all(&mut joiner, &bytes[30..]).unwrap(),
        [vec![9; 200_000]]
    );
    assert!(!joiner.is_inside_message());
    assert_eq!(joiner.received(), 0);
    // The next message may be as long, so memory stays until a short one has come in between.
    join_all(&mut joiner, &framed(b"x")).unwrap();
    assert!(joiner.joined.capacity() >= 200_000);
    join_all(&mut joiner, &framed(b"x")).unwrap();
    assert!(joiner.joined.capacity() <= 64 << 10);
}

proptest! {
    #[test]
    fn joining_does_not_depend_on_the_cuts(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..6),
        cuts in prop::collection::vec(1..200usize, 1..40),
    ) {
        let stream: Vec<u8> = payloads.iter().flat_map(|payload| framed(payload)).collect();
        let mut joiner = Joiner::new(Some(V1), CAP);
        let (mut joined, mut rest, mut cuts) = (Vec::new(), &stream[..], cuts.iter().cycle());
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            joined.extend(join_all(&mut joiner, piece).unwrap());
            rest = behind;
        }
        prop_assert_eq!(&joined, &payloads);
        let one_by_one = stream.iter().flat_map(|&byte| join_all(&mut joiner, &[byte]).unwrap());
        prop_assert_eq!(one_by_one.collect::<Vec<_>>(), payloads);
    }

    #[test]
    fn fragments_of_any_size_join(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..64), 1..20)) {
        let last = pieces.len() - 1;
        let flags = |n| if n == last { Flags::empty() } else { Flags::MORE };
        let bytes: Vec<u8> = pieces.iter().enumerate().flat_map(|(n, piece)| frame(5, flags(n), 0, piece)).collect();
        prop_assert_eq!(join_all(&mut Joiner::new(None, CAP), &bytes).unwrap(), [pieces.concat()]);
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = join_all(&mut Joiner::new(None, 100), &bytes);
    }
}
