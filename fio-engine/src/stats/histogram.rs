//! fio's bucketed latency histogram.

/// A histogram of nanoseconds with 64 buckets per octave (`io_u_plat`).
#[derive(Clone, PartialEq, Eq)]
pub struct Histogram {
    buckets: [u64; 1856],
}

impl core::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Histogram")
            .field("samples", &self.buckets.iter().sum::<u64>())
            .finish()
    }
}
