//! Latency histograms, on the heap because they are most of a `thread_stat`.

use alloc::boxed::Box;
use core::fmt;

use zerocopy::FromZeros;

use super::neutral::{Cell, Counters, Neutral};
use super::wire_type::{Fit, WireField, decode_all, encode_all};

/// Buckets of the neutral histogram: 29 groups of 64 (`FIO_IO_U_PLAT_NR`). Version 1 has 19 groups.
pub const BUCKETS: usize = 1856;

/// Latencies counted in fio's logarithmic buckets (`io_u_plat`), 64 to the octave.
///
/// The bucket of a latency is the same in every version, but what it counts is not: microseconds in
/// version 1, nanoseconds since version 65. A histogram that is zero throughout, as most are, takes no
/// memory.
#[derive(Clone, Default)]
pub struct Histogram(Option<Box<[u64; BUCKETS]>>);

/// What a histogram without memory holds.
static EMPTY: [u64; BUCKETS] = [0; BUCKETS];

impl Histogram {
    /// A histogram of the given counts; those behind the last bucket are left out.
    pub fn from_counts(counts: impl IntoIterator<Item = u64>) -> Self {
        let mut histogram = Self::default();
        for (slot, count) in histogram.counts_mut().iter_mut().zip(counts) {
            *slot = count;
        }
        histogram
    }

    /// Counts by bucket.
    pub fn counts(&self) -> &[u64; BUCKETS] {
        self.0.as_deref().unwrap_or(&EMPTY)
    }

    /// Counts by bucket, to be changed.
    pub fn counts_mut(&mut self) -> &mut [u64; BUCKETS] {
        // Made on the heap. Only an exhausted allocator says no, and then the array on the stack
        // meets the allocator's own handling of that.
        self.0.get_or_insert_with(|| {
            <[u64; BUCKETS]>::new_box_zeroed().unwrap_or_else(|_| Box::new([0; BUCKETS]))
        })
    }

    /// Latencies counted in all buckets.
    pub fn total(&self) -> u64 {
        let used = self.0.iter().flat_map(|counts| counts.iter());
        used.fold(0, |sum, count| sum.saturating_add(*count))
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.counts() == other.counts()
    }
}

impl Eq for Histogram {}

impl fmt::Debug for Histogram {
    /// The buckets that are not empty.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.counts()
                    .iter()
                    .enumerate()
                    .filter(|(_, count)| **count > 0),
            )
            .finish()
    }
}

impl Neutral for Histogram {
    type View<'a> = Counters<'a>;

    fn zero() -> Self {
        Self::default()
    }

    fn reset(&mut self) {
        if let Some(counts) = &mut self.0 {
            counts.fill(0);
        }
    }

    fn is_zero(&self) -> bool {
        self.0.iter().all(|counts| **counts == EMPTY)
    }

    fn view(cell: Cell<'_>) -> Counters<'_> {
        cell.counters()
    }
}

/// Whether all bytes are zero.
fn is_zero(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<64>();
    blocks.iter().all(|block| *block == [0; 64]) && rest.iter().all(|byte| *byte == 0)
}

impl<T: WireField<u64>, const A: usize> WireField<Histogram> for [T; A] {
    fn decode(bytes: &[u8], into: &mut Histogram) {
        if is_zero(bytes) {
            return into.reset();
        }
        decode_all::<T, u64>(bytes, into.counts_mut());
    }

    fn encode(from: &Histogram, into: &mut [u8]) -> Fit {
        from.0
            .as_deref()
            .and_then(|counts| encode_all::<T, u64>(counts, into))
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Histogram {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut histogram = Self::default();
        for _ in 0..u.int_in_range(0..=8)? {
            let bucket = u.choose_index(BUCKETS)?;
            if let Some(count) = histogram.counts_mut().get_mut(bucket) {
                *count = u.arbitrary()?;
            }
        }
        Ok(histogram)
    }
}

/// A sequence of counts; trailing empty buckets are left out.
#[cfg(feature = "serde")]
mod serde_impls {
    use alloc::vec::Vec;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    use super::*;

    impl Serialize for Histogram {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let counts = self.counts();
            let used = counts
                .iter()
                .rposition(|count| *count > 0)
                .map_or(0, |last| last.saturating_add(1));
            serializer.collect_seq(counts.iter().take(used))
        }
    }

    impl<'de> Deserialize<'de> for Histogram {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let counts = Vec::<u64>::deserialize(deserializer)?;
            if counts.len() > BUCKETS {
                return Err(D::Error::invalid_length(
                    counts.len(),
                    &"at most 1856 buckets",
                ));
            }
            Ok(Self::from_counts(counts))
        }
    }
}
