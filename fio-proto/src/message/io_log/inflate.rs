//! Inflating with a bound, as far as a stream goes.
//!
//! fio deflates a log for the journey with `Z_BLOCK` and often does not send the last bytes, so about
//! half of all logs of stock servers end without zlib's end marker, mostly with all rows inside.

use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// How inflating ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// At the end of the last stream, its checksum right.
    Complete,
    /// In mid-stream: nothing more was sent.
    CutOff,
    /// At bytes that are no zlib stream, or at a wrong checksum.
    Corrupt,
    /// At the bound.
    TooLong,
}

/// Inflates one zlib stream, or with `several` all that follow each other, to `limit` bytes at most.
/// What was inflated in front of an error is kept.
pub(super) fn inflate(mut input: &[u8], limit: usize, several: bool) -> (Vec<u8>, Ending) {
    let mut out = Vec::new();
    loop {
        let (consumed, ending) = inflate_one(input, limit, &mut out);
        input = input.get(consumed..).unwrap_or_default();
        if ending != Ending::Complete || !several || input.is_empty() {
            return (out, ending);
        }
    }
}

/// Appends one stream; returns how long it was.
fn inflate_one(input: &[u8], limit: usize, out: &mut Vec<u8>) -> (usize, Ending) {
    const FLAGS: u32 = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let (start, mut consumed, mut written) = (out.len(), 0_usize, 0_usize);
    let room = limit.saturating_sub(start);
    // One byte more than allowed tells a stream of just that length from a longer one.
    let most = room.saturating_add(1);
    let mut size = input.len().saturating_mul(4).max(1 << 12).min(most);
    let ending = loop {
        out.resize(start.saturating_add(size), 0);
        let rest = input.get(consumed..).unwrap_or_default();
        let window = out.get_mut(start..).unwrap_or_default();
        let (status, read, wrote) = decompress(&mut state, rest, window, written, FLAGS);
        consumed = consumed.saturating_add(read);
        written = written.saturating_add(wrote);
        break match status {
            TINFLStatus::HasMoreOutput if written > room => Ending::TooLong,
            TINFLStatus::HasMoreOutput if written == size => {
                size = size.saturating_mul(2).min(most);
                continue;
            }
            TINFLStatus::Done if written > room => Ending::TooLong,
            TINFLStatus::Done => Ending::Complete,
            TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => Ending::CutOff,
            _ => Ending::Corrupt,
        };
    };
    out.truncate(start.saturating_add(written.min(room)));
    (consumed, ending)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        miniz_oxide::deflate::compress_to_vec_zlib(bytes, 6)
    }

    #[test]
    fn streams_follow_each_other() {
        let both = [zlib(b"abc"), zlib(&[7; 100_000])].concat();
        let (all, ending) = inflate(&both, 1 << 20, true);
        assert_eq!((all.len(), ending), (100_003, Ending::Complete));
        let (first, ending) = inflate(&both, 1 << 20, false);
        assert_eq!((&first[..], ending), (&b"abc"[..], Ending::Complete));
    }

    #[test]
    fn a_bomb_stops_at_the_bound() {
        let bomb = zlib(&vec![0; 10 << 20]);
        assert!(bomb.len() < 20_000);
        let (bytes, ending) = inflate(&bomb, 1000, false);
        assert_eq!((bytes.len(), ending), (1000, Ending::TooLong));
        assert!(bytes.capacity() < 1 << 16);
        let (bytes, ending) = inflate(&zlib(&[1; 1000]), 1000, false);
        assert_eq!((bytes.len(), ending), (1000, Ending::Complete));
        let several = [zlib(&[1; 1000]), zlib(&[2; 1])].concat();
        assert_eq!(inflate(&several, 1000, true).1, Ending::TooLong);
    }

    #[test]
    fn every_cut_keeps_what_is_in_front() {
        let text: Vec<u8> = (0..4000_u32).flat_map(|n| (n % 37).to_le_bytes()).collect();
        let stream = zlib(&text);
        let mut longest = 0;
        for cut in 0..stream.len() {
            let (bytes, ending) = inflate(&stream[..cut], 1 << 20, false);
            assert_eq!(ending, Ending::CutOff, "{cut}");
            assert!(text.starts_with(&bytes) && bytes.len() >= longest, "{cut}");
            longest = bytes.len();
        }
        // Only the end marker and the checksum are missing.
        assert_eq!(longest, text.len());
    }

    #[test]
    fn what_is_no_zlib_is_corrupt() {
        assert_eq!(inflate(b"abcdef", 100, false), (vec![], Ending::Corrupt));
        let mut wrong = zlib(b"abc");
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(
            inflate(&wrong, 100, false),
            (b"abc".to_vec(), Ending::Corrupt)
        );
        assert_eq!(inflate(&[], 100, false), (vec![], Ending::CutOff));
    }
}
