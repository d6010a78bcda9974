//! The checksum of headers and payloads, CRC-16/ARC, and that of verify state files, CRC-32C.
//!
//! CRC-16/ARC: polynomial 0x8005 (reflected 0xA001), initial value 0, reflected in and out, no final xor; the
//! check value of `123456789` is 0xBB3D. The same in every protocol version.

use core::ops::BitXorAssign;

use crc::{CRC_16_ARC, CRC_32_ISCSI, Crc, Table};

/// Sixteen tables: the single table that `Crc<u16>` means by default is some ten times slower.
static ARC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_ARC);

static ISCSI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Bytes of a block: sixteen words.
const BLOCK: usize = 128;

/// CRC-16/ARC of `bytes`; 0 for none.
///
/// Long inputs are first made short by folding, which costs three exclusive-ors per eight bytes and
/// needs no table. The polynomial says x¹⁶ ≡ x¹⁵ + x² + 1. Squaring both sides any number of times keeps
/// that true, so for n bits, n a power of two, x¹⁶ⁿ ≡ x¹⁵ⁿ + x²ⁿ + 1: what stands sixteen words from
/// the end may be added to the words one, fourteen and sixteen places nearer to it instead, without a
/// change of the remainder. Zeros in front change nothing either, as the initial value is zero.
pub fn crc16(bytes: &[u8]) -> u16 {
    let (front, blocks) = bytes.as_rchunks::<BLOCK>();
    if blocks.len() < 2 {
        return ARC.checksum(bytes);
    }
    let mut padded = [0; BLOCK];
    let room = padded.iter_mut().rev();
    room.zip(front.iter().rev())
        .for_each(|(slot, byte)| *slot = *byte);
    let mut kept = words(&padded);
    for block in blocks {
        kept = fold(kept, words(block));
    }
    let kept = halve(kept, |word| [low_u32(word), low_u32(word >> 32)]);
    let kept = halve(kept, |word| [low_u16(word), low_u16(word >> 16)]);
    ARC.checksum(kept.map(u16::to_le_bytes).as_flattened())
}

fn words(block: &[u8; BLOCK]) -> [u64; 16] {
    let mut words = [0; 16];
    let (bytes, _) = block.as_chunks();
    for (word, bytes) in words.iter_mut().zip(bytes) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// Sixteen words and the sixteen behind them, as sixteen with the same remainder.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the loop is unrolled, and no index exceeds 15 + 16"
)]
#[inline(always)]
fn fold<T: Copy + Default + BitXorAssign>(front: [T; 16], behind: [T; 16]) -> [T; 16] {
    let mut all = [T::default(); 32];
    all[..16].copy_from_slice(&front);
    all[16..].copy_from_slice(&behind);
    for at in 0..16 {
        let word = all[at];
        all[at + 1] ^= word;
        all[at + 14] ^= word;
        all[at + 16] ^= word;
    }
    let mut folded = [T::default(); 16];
    folded.copy_from_slice(&all[16..]);
    folded
}

/// Cuts every word in two and folds the thirty-two halves.
#[inline(always)]
fn halve<T: Copy, H: Copy + Default + BitXorAssign>(
    words: [T; 16],
    cut: impl Fn(T) -> [H; 2],
) -> [H; 16] {
    let mut halves = [H::default(); 32];
    let (slots, _) = halves.as_chunks_mut();
    for (slot, word) in slots.iter_mut().zip(words) {
        *slot = cut(word);
    }
    let (front, behind) = halves.split_at(16);
    let array = |part: &[H]| part.try_into().unwrap_or_else(|_| [H::default(); 16]);
    fold(array(front), array(behind))
}

const fn low_u32(word: u64) -> u32 {
    let [a, b, c, d, ..] = word.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

const fn low_u16(word: u32) -> u16 {
    let [a, b, ..] = word.to_le_bytes();
    u16::from_le_bytes([a, b])
}

/// CRC-32C of `bytes` as fio has it: polynomial 0x1EDC6F41 and initial value as in iSCSI, but without
/// the final inversion (observed in the state files of every version).
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    !ISCSI.checksum(bytes)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// One bit at a time, straight from the definition.
    fn bitwise(bytes: &[u8]) -> u16 {
        bytes.iter().fold(0, |crc, &byte| {
            (0..8).fold(crc ^ u16::from(byte), |crc, _| {
                if crc & 1 == 1 {
                    crc >> 1 ^ 0xa001
                } else {
                    crc >> 1
                }
            })
        })
    }

    #[test]
    fn check_value() {
        assert_eq!(crc16(b"123456789"), 0xbb3d);
        assert_eq!(crc16(b""), 0);
        let long: Vec<u8> = (0..2000_u32)
            .map(|index| ((index * 7) >> 2) as u8)
            .collect();
        for length in [127, 128, 255, 256, 257, 384, 1023, 1024, 1025, 2000] {
            assert_eq!(crc16(&long[..length]), bitwise(&long[..length]), "{length}");
        }
        assert_eq!(crc32c(b"123456789"), !0xe306_9283);
    }

    proptest! {
        #[test]
        fn equals_the_bitwise_reference(bytes in prop::collection::vec(any::<u8>(), 0..1500)) {
            prop_assert_eq!(crc16(&bytes), bitwise(&bytes));
        }
    }
}
