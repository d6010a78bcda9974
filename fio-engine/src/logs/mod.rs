//! The logs of a job: what it did over time, entry by entry.
//!
//! A job asks for logs with [`LogOptions`](crate::job::LogOptions) and has one [`IoLog`] for each
//! when it ends: in a [`RunEvent`](crate::run::RunEvent) and in the report. [`IoLog::write_text`]
//! writes a log as fio 3.42 writes its files; a log that came from another host is made with
//! [`IoLog::from_samples`] and written by the same code.
//!
//! Without an interval every I/O is one record, and the logs of bandwidth, IOPS, completion and
//! total latency are four views of the same records: a job that writes them all pays for one
//! append per I/O. What the records of a run may take is bounded by a [`LogBudget`]; what did not
//! fit is counted in [`IoLog::lost`].
//!
//! Source of the format: the manual, "Log File Formats", and the files fio 3.33 and 3.42 write.

mod chunks;
mod collector;
mod error;
mod files;
mod finished;
mod model;
mod records;
mod stored;
mod text;

#[cfg(test)]
mod tests;

pub use chunks::LogBudget;
pub(crate) use collector::{LogCollector, LoggedIo};
pub use error::LogFileError;
pub use files::{LogFiles, check_folders, file_name};
pub use model::{HistogramSample, IoLog, LogColumns, LogCompression, LogKind, LogSample};
pub use stored::SampleLayout;
