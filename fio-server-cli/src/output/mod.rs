//! Where the results, the messages of servers and the status line go.
//!
//! | what | where |
//! |---|---|
//! | results, in every format asked for | standard output, or the file of `--output` |
//! | log lines of jobs and servers | with the results if those are for people, else standard error |
//! | status line, progress, warnings, errors | standard error |
//!
//! So a program that reads a machine format from the standard output reads nothing else there.

mod bandwidth;
mod console;
mod prefix;
mod results;
mod sink;

pub use bandwidth::{BandwidthLog, BandwidthLogError, INTERVAL as BANDWIDTH_INTERVAL};
pub use console::{StatusLine, StatusStyle, complain, debug_line};
pub use prefix::LinePrefixer;
pub use results::{FIO_VERSION, Results, Sunk, VERSION, composed};
pub use sink::{Sink, SinkError};
