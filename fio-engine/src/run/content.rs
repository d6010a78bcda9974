//! What the buffers of writes contain.
//!
//! Storage may compress or deduplicate what it is given, so buffers are random by default and no
//! two writes are the same. fio's generator of contents is not reproduced: the bytes are random
//! either way.

use crate::job::JobSpec;

/// Bytes between two stamps of [`Content::Scrambled`]: the smallest sector.
const SECTOR: usize = 512;

/// How a job fills the buffer of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// The job writes nothing, or always the same.
    Unchanged,
    /// Random at first, then stamped anew in every sector.
    Scrambled,
    /// New random bytes for every write.
    Refilled,
}

/// Fills write buffers.
#[derive(Debug)]
pub(super) struct ContentSource {
    content: Content,
    zero: bool,
    writes: bool,
    state: u64,
}

impl ContentSource {
    pub(super) fn new(spec: &JobSpec, seed: u64) -> Self {
        let content = if !spec.pattern.write || spec.zero_buffers {
            Content::Unchanged
        } else if spec.refill_buffers {
            Content::Refilled
        } else if spec.scramble_buffers {
            Content::Scrambled
        } else {
            Content::Unchanged
        };
        Self {
            content,
            zero: spec.zero_buffers,
            writes: spec.pattern.write,
            state: seed | 1,
        }
    }

    /// Fills a buffer before its first use.
    pub(super) fn initialise(&mut self, buffer: &mut [u8]) {
        if self.writes && !self.zero {
            self.randomise(buffer);
        }
    }

    /// Whether [`prepare`](Self::prepare) does anything.
    pub(super) fn is_unchanged(&self) -> bool {
        self.content == Content::Unchanged
    }

    /// Makes a buffer ready for the write at `offset`.
    #[inline]
    pub(super) fn prepare(&mut self, buffer: &mut [u8], offset: u64) {
        match self.content {
            Content::Unchanged => {}
            Content::Scrambled => {
                let stamp = self.next() ^ offset;
                for sector in buffer.chunks_mut(SECTOR) {
                    if let Some(start) = sector.first_chunk_mut::<8>() {
                        *start = stamp.to_ne_bytes();
                    }
                }
            }
            Content::Refilled => self.randomise(buffer),
        }
    }

    fn randomise(&mut self, buffer: &mut [u8]) {
        let mut words = buffer.chunks_exact_mut(8);
        for word in &mut words {
            word.copy_from_slice(&self.next().to_ne_bytes());
        }
        let last = self.next().to_ne_bytes();
        for (byte, random) in words.into_remainder().iter_mut().zip(last) {
            *byte = random;
        }
    }

    /// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
    #[inline]
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Pattern;

    fn source(change: impl FnOnce(&mut JobSpec)) -> ContentSource {
        let mut spec = JobSpec::new("content");
        spec.pattern = Pattern::WRITE;
        change(&mut spec);
        ContentSource::new(&spec, 7)
    }

    fn two_writes(mut source: ContentSource) -> (Vec<u8>, Vec<u8>) {
        let mut buffer = vec![0; 4096];
        source.initialise(&mut buffer);
        source.prepare(&mut buffer, 0);
        let first = buffer.clone();
        source.prepare(&mut buffer, 4096);
        (first, buffer)
    }

    #[test]
    fn scrambling_changes_every_sector() {
        let (first, second) = two_writes(source(|_| {}));
        for (one, other) in first.chunks(SECTOR).zip(second.chunks(SECTOR)) {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn refilling_changes_nearly_every_byte() {
        let (first, second) = two_writes(source(|spec| spec.refill_buffers = true));
        let same = first
            .iter()
            .zip(&second)
            .filter(|(one, other)| one == other)
            .count();
        assert!(same < 100, "{same} bytes unchanged");
    }

    #[test]
    fn zeroes_stay_zeroes() {
        let (first, second) = two_writes(source(|spec| spec.zero_buffers = true));
        assert!(first.iter().chain(&second).all(|byte| *byte == 0));
    }

    #[test]
    fn without_scrambling_writes_are_alike_and_random() {
        let (first, second) = two_writes(source(|spec| spec.scramble_buffers = false));
        assert_eq!(first, second);
        assert!(first.iter().filter(|byte| **byte == 0).count() < 100);
    }
}
