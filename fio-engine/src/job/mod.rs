//! Jobs: the typed description of one, and the job files and command lines it is read from.

mod spec;

pub use spec::{
    BlockSizes, DEFAULT_PERCENTILES, Fallocate, JobSpec, Measure, Pattern, PercentileKinds,
    RandomGenerator, SizeOrPercent, SyncMode,
};
