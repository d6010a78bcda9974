//! fio job files, I/O jobs and latency statistics as a library.
//!
//! ```no_run
//! use fio_engine::job::{ParseOptions, parse_words};
//! use fio_engine::report::normal;
//! use fio_engine::run::{Run, RunOptions};
//!
//! let words = ["--name=quick", "--ioengine=null", "--rw=randread", "--size=1g"];
//! let parsed = parse_words(&words, &ParseOptions::default())?;
//! let report = Run::start(parsed.jobs, RunOptions::default())?.wait();
//! let mut text = String::new();
//! normal::write_report(&mut text, &report)?;
//! print!("{text}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | does |
//! |---|---|
//! | [`job`] | job files, command line words and the option table, to [`job::JobSpec`] |
//! | [`files`] | names, sizes and layout of the files a job works on |
//! | [`workload`] | which I/O comes next, in fio's own random sequences |
//! | [`io`] | the I/O engines, and the trait to write another |
//! | [`idle`] | how idle the CPUs are meanwhile |
//! | [`logs`] | what a job did over time, entry by entry |
//! | [`explain`](mod@explain) | what jobs will do, found out without doing it |
//! | [`replay`] | I/O written down, and done again |
//! | [`run`] | the life of a run: start, status, stop, report |
//! | [`stats`] | moments, latency histograms, percentiles |
//! | [`report`] | results, and fio's normal and JSON formats |
//! | [`clock`] | the time stamp counter |

// System calls and the time stamp counter are the only reasons for it, and live in two modules.
#![deny(unsafe_code)]
#![warn(
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block
)]

#[allow(
    unsafe_code,
    reason = "reads the time stamp counter, calls localtime_r"
)]
pub mod clock;
pub mod explain;
pub mod files;
#[cfg(any(test, fuzzing, feature = "_fuzzing"))]
pub mod fuzzing;
pub mod idle;
#[allow(unsafe_code, reason = "system calls without a safe wrapper")]
pub mod io;
pub mod job;
pub mod logs;
pub mod replay;
pub mod report;
pub mod run;
pub mod stats;
pub mod workload;

mod debug;
mod direction;

pub use direction::{Direction, PerDirection};
