//! The bandwidth of all jobs together over time: fio's `--bandwidth-log`.
//!
//! Three files in the current folder, one for each direction, with the rows of bandwidth logs over an
//! interval: ms since the start of the run, KiB/s, direction, and two zeros. fio writes them as
//! far as it makes a status line; here they are complete, and the last row covers what is left of the run.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fio_engine::logs::{IoLog, LogKind, LogSample};
use fio_engine::report::status::Rate;
use fio_engine::{Direction, PerDirection};

/// The interval of rows, that of the option `bwavgtime` by default.
pub const INTERVAL: Duration = Duration::from_millis(500);

/// A bandwidth log cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the bandwidth log {}", path.display())]
pub struct BandwidthLogError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// The three files, while they are written.
#[derive(Debug)]
pub struct BandwidthLog {
    files: PerDirection<(PathBuf, BufWriter<File>)>,
}

impl BandwidthLog {
    /// Creates the files in a folder.
    ///
    /// # Errors
    /// When one cannot be created.
    pub fn create(folder: &Path) -> Result<Self, BandwidthLogError> {
        let create = |direction: Direction| {
            let path = folder.join(format!("agg-{}_bw.log", direction.name()));
            match File::create(&path) {
                Ok(file) => Ok((path, BufWriter::new(file))),
                Err(source) => Err(BandwidthLogError { path, source }),
            }
        };
        let [read, write, trim] = Direction::ALL.map(create);
        Ok(Self {
            files: PerDirection([read?, write?, trim?]),
        })
    }

    /// Writes the rows of an interval that ended so long after the start of the run.
    ///
    /// # Errors
    /// When a file cannot take it.
    pub fn record(
        &mut self,
        elapsed: Duration,
        rates: &PerDirection<Rate>,
    ) -> Result<(), BandwidthLogError> {
        for direction in Direction::ALL {
            let (path, file) = &mut self.files[direction];
            row(elapsed, direction, rates[direction])
                .write_text(file)
                .map_err(|source| BandwidthLogError {
                    path: path.clone(),
                    source,
                })?;
        }
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When a file cannot take it.
    pub fn finish(self) -> Result<(), BandwidthLogError> {
        for (path, mut file) in self.files.0 {
            file.flush()
                .map_err(|source| BandwidthLogError { path, source })?;
        }
        Ok(())
    }
}

/// A log of one row.
fn row(elapsed: Duration, direction: Direction, rate: Rate) -> IoLog {
    let sample = LogSample {
        time_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        value: rate.bytes_per_second / 1024,
        maximum: 0,
        direction,
        block_size: 0,
        offset: 0,
        priority: 0,
        issue_time: 0,
    };
    IoLog::from_samples(LogKind::Bandwidth, String::new(), vec![sample])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_fio() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut log = BandwidthLog::create(folder.path()).expect("can be created");
        let rate = |kib: u64| Rate {
            bytes_per_second: kib * 1024 + 1023,
            ios_per_second: 1,
        };
        let rates = PerDirection([rate(2_860_550), rate(7), Rate::default()]);
        log.record(Duration::from_millis(523), &rates)
            .expect("fits");
        log.record(Duration::from_millis(1059), &rates)
            .expect("fits");
        log.finish().expect("fits");
        for (name, rows) in [
            ("read", "523, 2860550, 0, 0, 0\n1059, 2860550, 0, 0, 0\n"),
            ("write", "523, 7, 1, 0, 0\n1059, 7, 1, 0, 0\n"),
            ("trim", "523, 0, 2, 0, 0\n1059, 0, 2, 0, 0\n"),
        ] {
            let file = folder.path().join(format!("agg-{name}_bw.log"));
            assert_eq!(std::fs::read_to_string(file).expect("readable"), rows);
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = BandwidthLog::create(&folder.path().join("gone")).expect_err("no folder");
        assert!(error.to_string().contains("gone/agg-read_bw.log"));
    }
}
