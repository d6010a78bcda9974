//! Where results go: the standard output, or a file that appears whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The results could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the results to {name}{}", if *rescued { "; they are on the standard output" } else { "" })]
pub struct SinkError {
    /// The file, or the standard output.
    pub name: String,
    /// They were printed to the standard output instead.
    pub rescued: bool,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// Takes the results.
#[derive(Debug)]
pub struct Sink {
    name: String,
    target: Target,
    /// The reader of the standard output has gone.
    broken: bool,
}

#[derive(Debug)]
enum Target {
    Stdout,
    /// A device or pipe, over which nothing can be renamed, or a file that is read meanwhile.
    Direct(BufWriter<File>),
    /// A new file beside the one named, written and renamed over it at the end. Until then the results are
    /// in memory, and not lost if there is no room for them by then.
    New {
        file: tempfile::NamedTempFile,
        path: PathBuf,
        text: String,
    },
}

impl Sink {
    /// Opens `path`, or the standard output. A file is created now, so that a wrong path is
    /// found before the jobs run rather than after, but it gets its name only in
    /// [`finish`](Self::finish).
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn open(path: Option<&Path>) -> Result<Self, SinkError> {
        let Some(path) = path else {
            let name = "the standard output".to_owned();
            return Ok(Self {
                name,
                target: Target::Stdout,
                broken: false,
            });
        };
        let name = path.display().to_string();
        match open_file(path) {
            Ok(target) => Ok(Self {
                name,
                target,
                broken: false,
            }),
            Err(source) => Err(SinkError {
                name,
                rescued: false,
                source: without_path(source),
            }),
        }
    }

    /// Opens `path`, or the standard output, for what is to be read while it is written: a file is
    /// emptied now, and keeps what was written even if the rest does not follow.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn open_at_once(path: Option<&Path>) -> Result<Self, SinkError> {
        let Some(path) = path else {
            return Self::open(None);
        };
        let name = path.display().to_string();
        match File::create(path) {
            Ok(file) => Ok(Self {
                name,
                target: Target::Direct(BufWriter::new(file)),
                broken: false,
            }),
            Err(source) => Err(SinkError {
                name,
                rescued: false,
                source,
            }),
        }
    }

    /// Whether results can be written to `path`; nothing is changed.
    ///
    /// # Errors
    /// When they cannot.
    pub fn check(path: &Path) -> Result<(), SinkError> {
        Self::open(Some(path)).map(drop)
    }

    /// Brings what was written to where it can be read, as far as it goes there before the end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> Result<(), SinkError> {
        let flushed = match &mut self.target {
            Target::Direct(file) => file.flush(),
            Target::Stdout | Target::New { .. } => Ok(()),
        };
        self.judge(flushed)
    }

    /// Whether this is a file rather than the standard output.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        !matches!(self.target, Target::Stdout)
    }

    /// Whether the reader of the standard output has gone, so that going on helps nobody.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.broken
    }

    /// Writes a piece of the results. A reader that has gone is no error: see
    /// [`is_broken`](Self::is_broken).
    ///
    /// # Errors
    /// When it cannot be written, for instance because the disk is full.
    pub fn write(&mut self, text: &str) -> Result<(), SinkError> {
        if self.broken || text.is_empty() {
            return Ok(());
        }
        let written = match &mut self.target {
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout
                    .write_all(text.as_bytes())
                    .and_then(|()| stdout.flush())
            }
            Target::Direct(file) => file.write_all(text.as_bytes()),
            Target::New { text: all, .. } => {
                all.push_str(text);
                Ok(())
            }
        };
        self.judge(written)
    }

    /// Completes the results; a file gets its name only now.
    ///
    /// # Errors
    /// When the rest cannot be written or the file cannot be renamed; no part of it is left then, and the
    /// results go to the standard output.
    pub fn finish(mut self) -> Result<(), SinkError> {
        let target = std::mem::replace(&mut self.target, Target::Stdout);
        match target {
            Target::Stdout => Ok(()),
            Target::Direct(mut file) => {
                let flushed = file.flush();
                self.judge(flushed)
            }
            Target::New { file, path, text } => {
                let written = name_file(file, &path, &text);
                written.map_err(|source| SinkError {
                    name: self.name.clone(),
                    rescued: self.write(&text).is_ok() && !self.broken,
                    source: without_path(source),
                })
            }
        }
    }

    fn judge(&mut self, result: io::Result<()>) -> Result<(), SinkError> {
        match result {
            Err(source) if source.kind() == io::ErrorKind::BrokenPipe => {
                self.broken = true;
                Ok(())
            }
            Err(source) => Err(SinkError {
                name: self.name.clone(),
                rescued: false,
                source,
            }),
            Ok(()) => Ok(()),
        }
    }
}

fn open_file(path: &Path) -> io::Result<Target> {
    if path.as_os_str().is_empty() {
        return Err(rustix::io::Errno::NOENT.into());
    }
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => {
            let file = File::options().write(true).open(path)?;
            Ok(Target::Direct(BufWriter::new(file)))
        }
        _ => {
            // A symbolic link stays one: the file it leads to is replaced.
            let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let file = tempfile::Builder::new()
                .prefix(".fio-server-cli-")
                .permissions(permissions_of(&path))
                .tempfile_in(folder)?;
            Ok(Target::New {
                file,
                path,
                text: String::new(),
            })
        }
    }
}

/// Those of the file that is replaced, or those of any new file.
fn permissions_of(path: &Path) -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).map_or_else(
        |_| std::fs::Permissions::from_mode(0o666),
        |metadata| metadata.permissions(),
    )
}

fn name_file(mut file: tempfile::NamedTempFile, path: &Path, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// What the system said, without the name of the temporary file, which means nothing to the user.
fn without_path(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((said, _)) => io::Error::new(error.kind(), said.to_owned()),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("out");
        let mut sink = Sink::open(Some(&path)).expect("can be created");
        sink.write("half").expect("fits");
        assert!(!path.exists());
        drop(sink);
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("readable").count(),
            0
        );

        let mut sink = Sink::open(Some(&path)).expect("can be created");
        sink.write("whole").expect("fits");
        sink.finish().expect("can be renamed");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "whole");
    }

    #[test]
    fn what_is_there_stays_until_the_new_results_are_complete() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("out");
        std::fs::write(&path, "old").expect("writable");
        let mut sink = Sink::open(Some(&path)).expect("can be replaced");
        sink.write("new").expect("fits");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "old");
        sink.finish().expect("can be renamed");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "new");
    }

    #[test]
    fn a_wrong_path_is_found_before_anything_is_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("gone/out");
        let error = Sink::open(Some(&path)).expect_err("no folder");
        assert!(error.to_string().contains("gone/out"));
        let cause = error.source.to_string();
        assert!(!cause.contains("gone"), "{cause}");
        assert!(Sink::open(Some(Path::new("/"))).is_err());
        assert!(Sink::open(Some(Path::new(""))).is_err());
    }

    /// The folder of the file has gone meanwhile.
    #[test]
    fn results_that_find_no_place_are_not_lost() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut sink = Sink::open(Some(&folder.path().join("out"))).expect("can be created");
        sink.write("results\n").expect("in memory");
        folder.close().expect("can be removed");
        let error = sink.finish().expect_err("there is no folder");
        assert!(
            error.rescued
                && error
                    .to_string()
                    .contains("they are on the standard output")
        );
    }

    #[test]
    fn what_is_written_at_once_can_be_read_before_the_end() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("out");
        std::fs::write(&path, "old and longer").expect("writable");
        let mut sink = Sink::open_at_once(Some(&path)).expect("can be replaced");
        sink.write("first").expect("fits");
        sink.flush().expect("fits");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "first");
        drop(sink);
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "first");
        assert!(Sink::open_at_once(Some(&folder.path().join("gone/out"))).is_err());
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let mut sink = Sink::open(Some(Path::new("/dev/full"))).expect("opens");
        sink.write("x").expect("buffered");
        let error = sink.finish().expect_err("the device is full");
        assert_eq!(error.source.kind(), io::ErrorKind::StorageFull);
    }
}
