//! Entries in few bytes: what `log_compression` does to those that stay in memory.
//!
//! An entry is written as the difference to the one before, in as many bytes as the number needs
//! (LEB128, the sign in the lowest bit), and a piece of entries is deflated. Most of a log is small
//! differences, so deflate has little left to do: this is several times faster than deflating the
//! entries as they are, and smaller.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::model::LogSample;
use super::records::{Completed, Submitted};
use crate::direction::Direction;

/// Numbers of an entry, in any order that stays the same.
pub(super) type Numbers = [u64; 8];

/// An entry that can be packed.
pub(super) trait Pack: Copy {
    /// Its numbers; those it lacks are 0.
    fn numbers(&self) -> Numbers;
    /// The entry of these numbers.
    fn of(numbers: &Numbers) -> Self;
}

/// Packs pieces.
pub(super) struct Packer {
    numbers: Vec<u8>,
    encoder: DeflateEncoder<Vec<u8>>,
}

impl Packer {
    pub(super) fn new() -> Self {
        Self {
            numbers: Vec::new(),
            encoder: DeflateEncoder::new(Vec::new(), Compression::fast()),
        }
    }

    /// A packed piece.
    pub(super) fn pack<T: Pack>(&mut self, entries: &[T]) -> Box<[u8]> {
        self.numbers.clear();
        let mut before = Numbers::default();
        for entry in entries {
            let numbers = entry.numbers();
            for (number, before) in numbers.iter().zip(&before) {
                put(&mut self.numbers, zigzag(number.wrapping_sub(*before)));
            }
            before = numbers;
        }
        let encoder = &mut self.encoder;
        let written = encoder.write_all(&self.numbers);
        let packed = written.and_then(|()| encoder.reset(Vec::new()));
        packed
            .expect("writing to memory does not fail")
            .into_boxed_slice()
    }
}

/// Pieces of packed entries.
#[derive(Default)]
pub(super) struct PackedPieces {
    pieces: Vec<(Box<[u8]>, usize)>,
}

impl PackedPieces {
    pub(super) fn push(&mut self, piece: Box<[u8]>, entries: usize) {
        self.pieces.push((piece, entries));
    }

    pub(super) fn entries(&self) -> usize {
        self.pieces.iter().map(|(_, entries)| entries).sum()
    }

    /// The entries in order; one piece at a time is unpacked.
    pub(super) fn values<T: Pack>(&self) -> impl Iterator<Item = T> {
        self.pieces
            .iter()
            .flat_map(|(piece, entries)| Unpacking::new(piece, *entries))
    }
}

struct Unpacking<T> {
    bytes: std::vec::IntoIter<u8>,
    left: usize,
    before: Numbers,
    of: std::marker::PhantomData<T>,
}

impl<T: Pack> Unpacking<T> {
    fn new(piece: &[u8], entries: usize) -> Self {
        let mut bytes = Vec::new();
        let read = DeflateDecoder::new(piece).read_to_end(&mut bytes);
        read.expect("what was deflated here can be inflated");
        Self {
            bytes: bytes.into_iter(),
            left: entries,
            before: Numbers::default(),
            of: std::marker::PhantomData,
        }
    }
}

impl<T: Pack> Iterator for Unpacking<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        for before in &mut self.before {
            *before = before.wrapping_add(unzigzag(get(&mut self.bytes)));
        }
        Some(T::of(&self.before))
    }
}

/// Small differences of either sign as small numbers.
const fn zigzag(difference: u64) -> u64 {
    let signed = difference.cast_signed();
    ((signed << 1) ^ (signed >> 63)).cast_unsigned()
}

const fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn get(bytes: &mut impl Iterator<Item = u8>) -> u64 {
    let (mut number, mut shift) = (0, 0);
    for byte in bytes {
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
        shift += 7;
    }
    number
}

fn direction(number: u64) -> Direction {
    match number {
        0 => Direction::Read,
        1 => Direction::Write,
        _ => Direction::Trim,
    }
}

impl Pack for Completed {
    fn numbers(&self) -> Numbers {
        [
            self.completed,
            self.completion_latency,
            self.total_latency.wrapping_sub(self.completion_latency),
            self.offset,
            self.length.into(),
            self.priority.into(),
            self.direction as u64,
            0,
        ]
    }

    fn of(numbers: &Numbers) -> Self {
        Self {
            completed: numbers[0],
            completion_latency: numbers[1],
            total_latency: numbers[2].wrapping_add(numbers[1]),
            offset: numbers[3],
            length: numbers[4] as u32,
            priority: numbers[5] as u16,
            direction: direction(numbers[6]),
        }
    }
}

impl Pack for Submitted {
    fn numbers(&self) -> Numbers {
        [
            self.submitted,
            self.submission_latency,
            self.offset,
            self.length.into(),
            self.priority.into(),
            self.direction as u64,
            0,
            0,
        ]
    }

    fn of(numbers: &Numbers) -> Self {
        Self {
            submitted: numbers[0],
            submission_latency: numbers[1],
            offset: numbers[2],
            length: numbers[3] as u32,
            priority: numbers[4] as u16,
            direction: direction(numbers[5]),
        }
    }
}

impl Pack for LogSample {
    fn numbers(&self) -> Numbers {
        [
            self.time_ms,
            self.value,
            self.maximum,
            self.block_size,
            self.offset,
            self.priority.into(),
            self.issue_time,
            self.direction as u64,
        ]
    }

    fn of(numbers: &Numbers) -> Self {
        Self {
            time_ms: numbers[0],
            value: numbers[1],
            maximum: numbers[2],
            block_size: numbers[3],
            offset: numbers[4],
            priority: numbers[5] as u16,
            issue_time: numbers[6],
            direction: direction(numbers[7]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unpacked<T: Pack>(entries: &[T]) -> Vec<T> {
        let mut pieces = PackedPieces::default();
        let mut packer = Packer::new();
        for piece in entries.chunks(3) {
            pieces.push(packer.pack(piece), piece.len());
        }
        assert_eq!(pieces.entries(), entries.len());
        pieces.values().collect()
    }

    proptest! {
        #[test]
        fn all_entries_come_back(numbers in prop::collection::vec(any::<Numbers>(), 0..10)) {
            let completed: Vec<_> = numbers.iter().map(Completed::of).collect();
            prop_assert_eq!(unpacked(&completed), completed);
            let submitted: Vec<_> = numbers.iter().map(Submitted::of).collect();
            prop_assert_eq!(unpacked(&submitted), submitted);
            let samples: Vec<_> = numbers.iter().map(LogSample::of).collect();
            prop_assert_eq!(unpacked(&samples), samples);
        }
    }

    #[test]
    fn a_busy_job_takes_a_quarter_without_offsets() {
        let mut state = 1_u64;
        let mut random = |limit: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % limit
        };
        let mut entries: Vec<_> = (0..4096_u64)
            .map(|number| Completed {
                completed: number * 10_000 + random(5000),
                completion_latency: 60_000 + random(80_000),
                total_latency: 150_000,
                offset: random(1 << 20) * 4096,
                length: 4096,
                ..Completed::default()
            })
            .collect();
        let share = |entries: &[Completed]| {
            let packed = Packer::new().pack(entries).len();
            packed as f64 / size_of_val(entries) as f64
        };
        assert!(share(&entries) < 0.34, "{}", share(&entries));
        entries.iter_mut().for_each(|entry| entry.offset = 0);
        assert!(share(&entries) < 0.25, "{}", share(&entries));
    }
}
