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

use super::model::{HistogramSample, LogSample};
use super::records::{Completed, Submitted};
use crate::direction::Direction;

/// Numbers of an entry, in any order that stays the same.
pub(super) type Numbers = [u64; 8];

/// An entry that can be packed.
pub(super) trait Pack: Sized {
    /// Its numbers; those it lacks are 0.
    fn numbers(&self) -> Numbers;
    /// The entry of these numbers.
    fn of(numbers: &Numbers) -> Self;
    /// Writes what it has beside them.
    fn put_rest(&self, _out: &mut Vec<u8>) {}
    /// Reads that.
    fn get_rest(&mut self, _bytes: &mut impl Iterator<Item = u8>) {}
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
            entry.put_rest(&mut self.numbers);
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
        let mut entry = T::of(&self.before);
        entry.get_rest(&mut self.bytes);
        Some(entry)
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

/// Buckets are ascending, so that the gap to the one before says which is meant.
impl Pack for HistogramSample {
    fn numbers(&self) -> Numbers {
        [
            self.time_ms,
            self.block_size,
            self.offset,
            self.direction as u64,
            self.counts.len() as u64,
            0,
            0,
            0,
        ]
    }

    fn of(numbers: &Numbers) -> Self {
        Self {
            time_ms: numbers[0],
            block_size: numbers[1],
            offset: numbers[2],
            direction: direction(numbers[3]),
            counts: vec![(0, 0); numbers[4] as usize],
        }
    }

    fn put_rest(&self, out: &mut Vec<u8>) {
        let mut before = 0;
        for (bucket, count) in &self.counts {
            put(out, u64::from(bucket.wrapping_sub(before)));
            put(out, *count);
            before = *bucket;
        }
    }

    fn get_rest(&mut self, bytes: &mut impl Iterator<Item = u8>) {
        let mut before = 0_u16;
        for (bucket, count) in &mut self.counts {
            before = before.wrapping_add(get(bytes) as u16);
            (*bucket, *count) = (before, get(bytes));
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

    /// What a histogram is made of.
    type Numbered = ([u64; 3], u64, Vec<(u16, u64)>);

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

        #[test]
        fn histograms_too(
            samples in prop::collection::vec(
                (any::<[u64; 3]>(), 0..3_u64, prop::collection::vec(any::<(u16, u64)>(), 0..20)),
                0..10,
            )
        ) {
            let sample = |([time_ms, block_size, offset], number, counts): Numbered| HistogramSample {
                time_ms,
                direction: direction(number),
                block_size,
                offset,
                counts,
            };
            let samples: Vec<_> = samples.into_iter().map(sample).collect();
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

    #[test]
    fn histograms_take_an_eighth() {
        // Latencies around one value: few in the buckets at the edges, many in the middle.
        let counts = (0..120_u16).map(|bucket| {
            let edge = u64::from(bucket.min(119 - bucket));
            (400 + bucket, 1 + edge * edge * 7 % 900)
        });
        let sample = HistogramSample {
            time_ms: 1000,
            direction: Direction::Read,
            block_size: 4096,
            offset: 1 << 30,
            counts: counts.collect(),
        };
        let samples: Vec<_> = (1..=8)
            .map(|number| HistogramSample {
                time_ms: number * 1000,
                ..sample.clone()
            })
            .collect();
        let plain: u64 = samples.iter().map(HistogramSample::bytes).sum();
        let packed = Packer::new().pack(&samples).len() as u64;
        assert!(packed * 8 < plain, "{packed} of {plain}");
    }
}
