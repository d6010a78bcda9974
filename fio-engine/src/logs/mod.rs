//! The logs of a job: what it did over time, entry by entry.
//!
//! A job asks for logs with [`LogOptions`](crate::job::LogOptions). What becomes of them is the run's
//! choice:
//!
//! - With [`RunOptions::log_files`](crate::run::RunOptions::log_files) they are written to files while
//!   the jobs run ([`LogFiles`]), however long that is, and [`WrittenLog`]s tell of them at the end.
//! - Otherwise a job has one [`IoLog`] for each when it ends, in a
//!   [`RunEvent`](crate::run::RunEvent) and in the report. What these take in memory is bounded by a
//!   [`LogBudget`]; what did not fit is counted in [`IoLog::lost`]. With `log_compression`, or
//!   where the run [packs](crate::run::RunOptions::pack_logs) all logs, three to four times as many fit.
//!
//! [`IoLog::write_text`] writes a log as fio 3.42 writes its files; a log that came from another host
//! is made with [`IoLog::from_samples`] and written by the same code.
//!
//! Without an interval every I/O is one record, and the logs of bandwidth, IOPS, completion and
//! total latency are four views of the same records: a job that writes them all pays for one
//! append per I/O. Formatting, packing and writing are the business of a thread beside the job.
//!
//! Source of the format: the manual, "Log File Formats", and the files fio 3.33 and 3.42 write.

mod budget;
mod collector;
mod error;
mod exchange;
mod files;
mod finished;
mod inflate;
mod io_log;
mod keeper;
mod lists;
mod model;
mod packed;
mod pieces;
mod place;
mod records;
mod stock;
mod stored;
mod text;
mod writing;

#[cfg(test)]
mod tests;

pub use budget::LogBudget;
pub(crate) use collector::{LogCollector, LoggedIo};
pub use error::LogFileError;
pub use files::{LogFiles, WrittenLog, check_folders, file_name};
pub(crate) use finished::FinishedLogs;
pub use inflate::{InflateError, inflate_log};
pub use io_log::IoLog;
pub(crate) use keeper::Say;
pub use model::{HistogramSample, LogColumns, LogCompression, LogKind, LogSample};
pub(crate) use place::LogPlace;
pub use stored::SampleLayout;
