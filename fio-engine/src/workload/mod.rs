//! Which I/O a job issues next.
//!
//! A [`Generator`] answers that one question for one clone of a job: direction, file, offset and
//! length, in the very sequence fio would issue for the same options, so that results of the two
//! can be compared block by block. It opens nothing and knows no clock: the files are given to it
//! as [`FileRegion`]s, and rates and run times are the job loop's business.
//!
//! [`RandomMap`], [`Seeds`] and the Tausworthe generators are usable alone.

mod block_size;
mod distribution;
mod file_chooser;
mod file_state;
mod generator;
mod lfsr;
mod map;
mod mix;
mod open_files;
mod placement;
mod preconditioner;
mod progress;
mod random;
mod request;
mod sequencer;
mod shape;
mod told_draws;
mod zone_walk;

pub use distribution::name_hash;
pub use generator::Generator;
pub use map::RandomMap;
pub use random::{RandomRule, Seeds, Stream, Tausworthe, Tausworthe64};
pub use request::{FileRegion, Request, RequestKind, WorkloadError};

#[cfg(test)]
mod tests;
