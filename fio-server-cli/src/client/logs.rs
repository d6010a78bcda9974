//! Logs of servers, written below one folder and nowhere else.
//!
//! A log comes with the name its file has on the server, which is a peer's word. Only the last part of
//! it is used, what could hurt in it is replaced, and the host is added as fio adds it:
//! `NAME_clat.1.log` of host `a` becomes `NAME_clat.1.log.a`. A new file replaces what a former run left
//! under its name, links included, which are never followed; two logs of one run never share a file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fio_proto::message::{IoLog, LogLoss, Transport};

use super::event::WrittenLog;

/// The folder logs are written to.
#[derive(Debug)]
pub struct LogFolder {
    path: PathBuf,
    /// Files of this run by name, with the log each is for.
    files: Mutex<HashMap<String, Origin>>,
}

/// A log, as its server knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    host: String,
    name: Vec<u8>,
}

/// Bytes of a name that are kept; with the host they stay below what file systems take.
const LONGEST_NAME: usize = 160;

impl LogFolder {
    /// Writes to this folder, which must exist when the first log comes.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            files: Mutex::default(),
        }
    }

    /// Writes a log of `host`, behind what has come of the same log before. Also returns what of it
    /// never arrived. Blocks.
    pub(super) fn write(
        &self,
        host: &str,
        log: &IoLog,
        max_inflated: usize,
    ) -> io::Result<(WrittenLog, Option<Loss>)> {
        let (file_name, is_new) = self.name_of(host, log);
        let path = self.path.join(file_name);
        let mut output = if is_new {
            Output::New(BufWriter::new(self.new_file()?))
        } else {
            Output::Appended(BufWriter::new(reopen(&path)?))
        };
        let (rows, loss) = write_rows(log, max_inflated, output.writer())?;
        output.finish(&path)?;
        Ok((WrittenLog { path, rows }, loss))
    }

    /// The file of a log, and whether it is still to be made.
    fn name_of(&self, host: &str, log: &IoLog) -> (String, bool) {
        let origin = Origin {
            host: host.to_owned(),
            name: log.name.as_bytes().to_vec(),
        };
        let wanted = safe_name(&log.name);
        let host = safe_name(host.replace('/', "_").as_bytes());
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        for attempt in 1_u64.. {
            let name = match attempt {
                1 => format!("{wanted}.{host}"),
                _ => format!("{wanted}-{attempt}.{host}"),
            };
            match files.get(&name) {
                Some(taken) if *taken == origin => return (name, false),
                Some(_) => {}
                None => {
                    files.insert(name.clone(), origin);
                    return (name, true);
                }
            }
        }
        unreachable!("some number is free")
    }

    fn new_file(&self) -> io::Result<tempfile::NamedTempFile> {
        use std::os::unix::fs::PermissionsExt as _;
        tempfile::Builder::new()
            .prefix(".fio-server-cli-")
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(&self.path)
    }
}

/// Why rows of a log are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// They did not arrive.
    Rows(LogLoss),
    /// A log of histograms came without them.
    Histograms,
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows(loss) => loss.fmt(f),
            Self::Histograms => f.write_str("the server sent the log without its histograms"),
        }
    }
}

enum Output {
    New(BufWriter<tempfile::NamedTempFile>),
    Appended(BufWriter<File>),
}

impl Output {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::New(file) => file,
            Self::Appended(file) => file,
        }
    }

    fn finish(self, path: &Path) -> io::Result<()> {
        match self {
            Self::New(file) => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist(path).map_err(|error| error.error)?;
                Ok(())
            }
            Self::Appended(mut file) => file.flush(),
        }
    }
}

/// Opens a file of this run again, unless somebody has put a link in its place.
fn reopen(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

fn write_rows(
    log: &IoLog,
    max_inflated: usize,
    out: &mut dyn Write,
) -> io::Result<(usize, Option<Loss>)> {
    if log.transport() == Transport::Stored && log.name.as_bytes().ends_with(b".fz") {
        // Asked for compressed: a file that fio --inflate-log reads.
        out.write_all(log.raw())?;
        return Ok((0, None));
    }
    let contents = log.contents(max_inflated);
    let loss = contents.loss().map(Loss::Rows);
    let mut count = 0;
    if log.is_of_histograms() {
        let Some(rows) = contents.histograms() else {
            let lost = contents.rows().len() > 0;
            return Ok((0, loss.or_else(|| lost.then_some(Loss::Histograms))));
        };
        for row in rows {
            writeln!(out, "{}", row.text(log.histogram_coarseness))?;
            count += 1;
        }
    } else {
        for row in contents.rows() {
            writeln!(out, "{}", row.text(contents.columns()))?;
            count += 1;
        }
    }
    Ok((count, loss))
}

/// The last part of a path with nothing in it that a shell, a terminal or a file system takes amiss.
fn safe_name(path: &[u8]) -> String {
    let last = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let mut name: String = String::from_utf8_lossy(last)
        .chars()
        .map(|character| match character {
            '\\' | ' ' | '\u{fffd}' => '_',
            character if character.is_control() => '_',
            character => character,
        })
        .collect();
    let mut end = name.len().min(LONGEST_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    match name.chars().next() {
        None => "log".to_owned(),
        Some('.' | '-' | '~') => format!("_{}", &name[1..]),
        Some(_) => name,
    }
}

#[cfg(test)]
mod tests {
    use fio_proto::message::{LogColumns, LogRow, LogType};

    use super::*;

    fn log(name: &str, times: std::ops::Range<u64>) -> IoLog {
        let rows = times.map(|time_ms| LogRow {
            time_ms,
            value: 7,
            block_size: 4096,
            ..LogRow::default()
        });
        IoLog::from_rows(name, LogType::BANDWIDTH, 1, LogColumns::default(), rows)
    }

    #[test]
    fn names_lead_nowhere_else() {
        for (path, safe) in [
            ("x_bw.1.log", "x_bw.1.log"),
            ("/etc/passwd", "passwd"),
            ("../../x", "x"),
            ("..", "_."),
            (".bashrc", "_bashrc"),
            ("a/", "log"),
            ("", "log"),
            ("-rf", "_rf"),
            ("a\n\u{1b}b c", "a__b_c"),
        ] {
            assert_eq!(safe_name(path.as_bytes()), safe, "{path}");
        }
        assert_eq!(safe_name("ä".repeat(200).as_bytes()).len(), LONGEST_NAME);
    }

    #[test]
    fn one_log_has_one_file_and_no_two_share_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let logs = LogFolder::new(folder.path());
        let write = |host: &str, log: &IoLog| {
            let (written, loss) = logs.write(host, log, 1 << 20).expect("writable");
            assert_eq!(loss, None);
            written.path
        };
        let first = write("a", &log("/tmp/x_bw.log", 0..2));
        assert_eq!(first, folder.path().join("x_bw.log.a"));
        assert_eq!(write("a", &log("/tmp/x_bw.log", 2..3)), first);
        let text = std::fs::read_to_string(&first).expect("readable");
        assert_eq!(
            text,
            "0, 7, 0, 4096, 0\n1, 7, 0, 4096, 0\n2, 7, 0, 4096, 0\n"
        );
        let other = write("a", &log("/srv/x_bw.log", 0..1));
        assert_eq!(other, folder.path().join("x_bw.log-2.a"));
        assert_eq!(
            write("b,1", &log("/tmp/x_bw.log", 0..1)),
            folder.path().join("x_bw.log.b,1")
        );
    }

    #[test]
    fn links_are_replaced_and_never_followed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let foreign = folder.path().join("foreign");
        std::fs::write(&foreign, "mine").expect("writable");
        let inside = folder.path().join("logs");
        std::fs::create_dir(&inside).expect("can be made");
        std::os::unix::fs::symlink(&foreign, inside.join("x.log.a")).expect("can be made");
        let logs = LogFolder::new(&inside);
        let (written, _) = logs
            .write("a", &log("x.log", 0..1), 1 << 20)
            .expect("writable");
        assert!(!written.path.is_symlink());
        std::fs::remove_file(&written.path).expect("there");
        std::os::unix::fs::symlink(&foreign, &written.path).expect("can be made");
        assert!(logs.write("a", &log("x.log", 0..1), 1 << 20).is_err());
        assert_eq!(std::fs::read_to_string(&foreign).expect("there"), "mine");
    }
}
