//! fio job files, I/O jobs and latency statistics as a library.

pub mod files;
pub mod job;
pub mod report;
pub mod stats;
pub mod workload;

mod direction;

pub use direction::{Direction, PerDirection};
