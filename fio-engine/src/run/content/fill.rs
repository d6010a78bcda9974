//! The contents of one buffer.

use super::SplitMix;
use super::pattern;
use crate::job::BufferOptions;

/// What a buffer is filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fill {
    /// Bytes that no storage can compress or find twice.
    Random,
    /// The same bytes in every buffer.
    Constant(Repeated),
    /// Each chunk begins with random bytes and ends with others that compress.
    Mixed {
        /// Share of the bytes that compress, percent 1..=99.
        percent: u8,
        /// Bytes of a chunk; 0 means the whole buffer.
        chunk: usize,
        tail: Repeated,
    },
}

/// Bytes that are repeated to fill what is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Repeated {
    Zeroes,
    Pattern(Box<[u8]>),
}

impl Fill {
    /// # Errors
    /// The message says which file of the pattern cannot be read.
    pub(super) fn new(buffers: &BufferOptions) -> Result<Self, String> {
        let pattern = buffers.pattern.as_ref().map(pattern::load).transpose()?;
        let has_pattern = pattern.is_some();
        let repeated = pattern.map_or(Repeated::Zeroes, Repeated::Pattern);
        let zero = buffers.zero && buffers.dedupe.percent.is_none();
        Ok(match buffers.compress_percent {
            Some(percent @ 1..=99) => Self::Mixed {
                percent,
                chunk: buffers.compress_chunk as usize,
                tail: repeated,
            },
            Some(100) => Self::Constant(repeated),
            Some(_) if !has_pattern => Self::Random,
            None if !has_pattern && !zero => Self::Random,
            _ => Self::Constant(repeated),
        })
    }

    /// Whether all buffers are alike.
    pub(super) const fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// Fills a buffer; the same seed gives the same bytes.
    pub(super) fn fill(&self, buffer: &mut [u8], seed: u64) {
        let mut random = SplitMix::new(seed);
        match self {
            Self::Random => randomise(buffer, &mut random),
            Self::Constant(repeated) => repeated.fill(buffer),
            Self::Mixed {
                percent,
                chunk,
                tail,
            } => {
                let length = if *chunk == 0 { buffer.len() } else { *chunk };
                for chunk in buffer.chunks_mut(length.max(1)) {
                    let compressible = chunk.len() * usize::from(*percent) / 100;
                    let (head, rest) = chunk.split_at_mut(chunk.len() - compressible);
                    randomise(head, &mut random);
                    tail.fill(rest);
                }
            }
        }
    }
}

impl Repeated {
    fn fill(&self, buffer: &mut [u8]) {
        match self {
            Self::Zeroes => buffer.fill(0),
            Self::Pattern(pattern) => {
                let mut filled = pattern.len().min(buffer.len());
                buffer[..filled].copy_from_slice(&pattern[..filled]);
                // Whole patterns each time, twice as much as before.
                while filled < buffer.len() {
                    let more = filled.min(buffer.len() - filled);
                    buffer.copy_within(..more, filled);
                    filled += more;
                }
            }
        }
    }
}

fn randomise(buffer: &mut [u8], random: &mut SplitMix) {
    let mut words = buffer.chunks_exact_mut(8);
    for word in &mut words {
        word.copy_from_slice(&random.next().to_ne_bytes());
    }
    let rest = words.into_remainder();
    if !rest.is_empty() {
        let last = random.next().to_ne_bytes();
        rest.iter_mut()
            .zip(last)
            .for_each(|(byte, random)| *byte = random);
    }
}
