//! fio job files, I/O jobs and latency statistics as a library.

pub mod clock;
pub mod files;
#[cfg(any(test, fuzzing, feature = "_fuzzing"))]
pub mod fuzzing;
pub mod io;
pub mod job;
pub mod report;
pub mod run;
pub mod stats;
pub mod workload;

mod direction;

pub use direction::{Direction, PerDirection};
