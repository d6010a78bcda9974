//! All files below a folder: `opendir`.

use std::fs::{self, ReadDir};
use std::io;
use std::path::{Path, PathBuf};

use crate::job::{JobSpec, MAX_FILES};

use super::error::FileError;
use super::plan::system;

/// The job with the files below its folder (`opendir`) among its named files and no folder any
/// more; `None` for a job without a folder.
///
/// Regular files are taken in the order in which the system lists them, folders as they are met,
/// links left out, as fio does. A path that is no folder stands for itself. Of all files the job
/// takes the first `nrfiles`, if it says so.
///
/// # Errors
/// The system refuses to list a folder; there are no files, too many, or one whose name is not
/// UTF-8.
pub fn with_folder(spec: &JobSpec) -> Result<Option<JobSpec>, FileError> {
    let Some(folder) = &spec.files.folder else {
        return Ok(None);
    };
    let root = std::path::absolute(folder).map_err(|error| system("find", folder, error))?;
    let most = spec.files.most.map_or(usize::MAX, |most| most as usize);
    let mut names = spec.file_names.clone();
    let refuse = |problem| FileError::Folder {
        folder: folder.clone(),
        problem,
    };
    for path in below(root)? {
        if names.len() >= most {
            break;
        }
        if names.len() >= MAX_FILES as usize {
            return Err(refuse("it has more files than a job may have; set nrfiles"));
        }
        let name = path?.into_os_string().into_string();
        names.push(name.map_err(|_| refuse("the name of a file in it is not UTF-8; rename it"))?);
    }
    names.truncate(most);
    if names.is_empty() {
        return Err(refuse("there is no file in it; make one or use directory"));
    }
    let mut expanded = spec.clone();
    expanded.file_count = u32::try_from(names.len()).unwrap_or(u32::MAX);
    expanded.file_names = names;
    expanded.files.folder = None;
    expanded.files.most = None;
    Ok(Some(expanded))
}

/// The regular files below a folder; the path itself where it is none.
fn below(root: PathBuf) -> Result<Below, FileError> {
    match fs::read_dir(&root) {
        Ok(list) => Ok(Below {
            itself: None,
            open: vec![(root, list)],
        }),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(Below {
                itself: Some(root),
                open: Vec::new(),
            })
        }
        Err(error) => Err(system("list", &root, error)),
    }
}

struct Below {
    itself: Option<PathBuf>,
    /// Folders being listed, each below the one before.
    open: Vec<(PathBuf, ReadDir)>,
}

impl Below {
    /// The next file of the innermost folder, having gone down or up where that is due.
    fn advance(&mut self) -> Result<Option<PathBuf>, FileError> {
        let listing = |folder: &Path, error| system("list", folder, error);
        while let Some((folder, list)) = self.open.last_mut() {
            let Some(entry) = list.next() else {
                self.open.pop();
                continue;
            };
            let entry = entry.map_err(|error| listing(folder, error))?;
            let path = entry.path();
            // A file that is gone meanwhile is none to open.
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_file() {
                return Ok(Some(path));
            }
            if kind.is_dir() {
                let list = fs::read_dir(&path).map_err(|error| listing(&path, error))?;
                self.open.push((path, list));
            }
        }
        Ok(None)
    }
}

impl Iterator for Below {
    type Item = Result<PathBuf, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.itself.take() {
            Some(path) => Some(Ok(path)),
            None => self.advance().transpose(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(folder: &Path) -> JobSpec {
        let mut spec = JobSpec::new("j");
        spec.files.folder = Some(folder.to_owned());
        spec
    }

    fn names(spec: &JobSpec) -> Vec<String> {
        let expanded = with_folder(spec).expect("a folder that can be listed");
        expanded.expect("the job has a folder").file_names
    }

    #[test]
    fn regular_files_of_all_depths_are_found_but_no_links() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let deep = folder.path().join("one/two");
        fs::create_dir_all(&deep).expect("a writable directory");
        for path in [folder.path().join("a"), deep.join("b")] {
            fs::write(path, b"x").expect("a writable directory");
        }
        std::os::unix::fs::symlink("/", folder.path().join("out")).expect("a writable directory");
        let mut found = names(&job(folder.path()));
        found.sort();
        let expected = ["a", "one/two/b"].map(|name| folder.path().join(name));
        assert_eq!(found, expected.map(|path| path.display().to_string()));
        let mut first = job(folder.path());
        first.files.most = Some(1);
        assert_eq!(names(&first).len(), 1);
    }

    #[test]
    fn what_is_no_folder_stands_for_itself() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("new");
        assert_eq!(names(&job(&path)), [path.display().to_string()]);
        let error = with_folder(&job(folder.path())).expect_err("an empty folder");
        assert!(error.to_string().contains("no file in it"), "{error}");
    }
}
