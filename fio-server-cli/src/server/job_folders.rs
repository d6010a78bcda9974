//! Job files of this machine that clients may name: those in the folders of `--job-dir`.
//!
//! A client that names a file learns nothing about the rest of the machine: whatever is outside of
//! the folders, missing or no regular file gets the same answer.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::ServerError;

/// The folders named by the operator, links followed. Without any, no file can be had.
#[derive(Debug, Default)]
pub(super) struct JobFolders {
    folders: Vec<PathBuf>,
}

/// Why a file named by a client is not read. The text goes to the client.
#[derive(Debug, thiserror::Error)]
pub(super) enum JobFolderError {
    #[error("unable to open '{}' job file", .0.display())]
    NotThere(PathBuf),
    #[error("job file '{}' is longer than the {limit} bytes this server reads", path.display())]
    TooLong { path: PathBuf, limit: u64 },
}

impl JobFolders {
    /// # Errors
    /// If one of them is not there.
    pub(super) fn new(folders: &[PathBuf]) -> Result<Self, ServerError> {
        let resolve = |path: &PathBuf| {
            path.canonicalize()
                .map_err(|source| ServerError::JobFolder {
                    path: path.clone(),
                    source,
                })
        };
        Ok(Self {
            folders: folders.iter().map(resolve).collect::<Result<_, _>>()?,
        })
    }

    /// The contents of a file of at most `limit` bytes. A relative name is looked up in each folder
    /// in turn; links and `..` count for where they lead.
    ///
    /// # Errors
    /// If there is no such file in the folders, or it is too long.
    pub(super) fn read(&self, name: &Path, limit: u64) -> Result<Vec<u8>, JobFolderError> {
        let missing = || JobFolderError::NotThere(name.to_owned());
        let candidates = self.folders.iter().map(|folder| folder.join(name));
        let file = candidates.filter_map(|path| self.open(&path)).next();
        let mut text = Vec::new();
        file.ok_or_else(missing)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut text)
            .map_err(|_| missing())?;
        if text.len() as u64 > limit {
            return Err(JobFolderError::TooLong {
                path: name.to_owned(),
                limit,
            });
        }
        Ok(text)
    }

    /// Opens a path that really lies in one of the folders and is a regular file.
    fn open(&self, path: &Path) -> Option<File> {
        let real = path.canonicalize().ok()?;
        if !self.holds(&real) {
            return None;
        }
        // A pipe put in the file's place must not make this wait, nor a link lead elsewhere.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits() as i32)
            .open(&real)
            .ok()?;
        let opened = place_of(&file).ok()?;
        let regular = file.metadata().is_ok_and(|found| found.is_file());
        (regular && self.holds(&opened)).then_some(file)
    }

    fn holds(&self, path: &Path) -> bool {
        self.folders.iter().any(|folder| path.starts_with(folder))
    }
}

/// Where an open file really is, even if a folder on its way was exchanged meanwhile.
fn place_of(file: &File) -> io::Result<PathBuf> {
    use std::os::fd::AsRawFd as _;
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_inside_are_read() {
        let root = tempfile::tempdir().unwrap();
        let inside = root.path().join("jobs");
        std::fs::create_dir_all(inside.join("deep")).unwrap();
        std::fs::write(inside.join("a.fio"), "[a]\n").unwrap();
        std::fs::write(inside.join("deep/b.fio"), "[b]\n").unwrap();
        std::fs::write(root.path().join("secret"), "[s]\n").unwrap();
        symlink(root.path().join("secret"), inside.join("out")).unwrap();
        symlink("a.fio", inside.join("alias")).unwrap();
        symlink(root.path(), inside.join("up")).unwrap();
        let folders = JobFolders::new(std::slice::from_ref(&inside)).unwrap();

        let absolute = inside.join("a.fio").display().to_string();
        let secret = root.path().join("secret").display().to_string();
        for (name, wanted) in [
            ("a.fio", Some("[a]\n")),
            (absolute.as_str(), Some("[a]\n")),
            ("deep/../deep/b.fio", Some("[b]\n")),
            ("alias", Some("[a]\n")),
            ("up/jobs/a.fio", Some("[a]\n")),
            ("out", None),
            ("up/secret", None),
            ("../secret", None),
            (secret.as_str(), None),
            ("/etc/hostname", None),
            ("deep", None),
            ("missing", None),
            ("", None),
        ] {
            let text = folders.read(Path::new(name), 100).ok();
            assert_eq!(text.as_deref(), wanted.map(str::as_bytes), "{name}");
        }
        let nowhere = JobFolders::default();
        let error = nowhere.read(Path::new(&absolute), 100).unwrap_err();
        assert!(error.to_string().starts_with("unable to open '"), "{error}");
    }

    #[test]
    fn long_files_are_refused_and_pipes_do_not_block() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("long"), [b'#'; 101]).unwrap();
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let folders = JobFolders::new(&[folder.path().to_owned()]).unwrap();
        let error = folders.read(Path::new("long"), 100).unwrap_err();
        assert!(matches!(error, JobFolderError::TooLong { .. }), "{error}");
        assert!(folders.read(Path::new("pipe"), 100).is_err());
    }
}
