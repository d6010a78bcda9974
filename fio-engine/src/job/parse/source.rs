//! Where job files come from: texts in memory, files, and the files those include.
//!
//! Everything is read before anything is parsed, so that sections and options can borrow from the
//! texts. A file's size is checked before it is read.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::grammar::{LineKind, Lines};
use crate::job::error::{JobFileError, Position, Problem};
use crate::job::limits::{Limit, ParseLimits};
use crate::job::shown::shown;

/// A job file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum JobSource<'a> {
    /// A file to be read; `-` is the standard input.
    File(PathBuf),
    /// A text already in memory.
    Text {
        /// What error messages call it.
        name: String,
        /// The text, UTF-8 or not.
        text: Cow<'a, [u8]>,
        /// The folder that included files are relative to; `None` means the current one.
        folder: Option<PathBuf>,
    },
}

impl<'a> JobSource<'a> {
    /// A job file to be read.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::File(path.into())
    }

    /// A text in memory; `name` is what error messages call it.
    pub fn text(name: impl Into<String>, text: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self::Text {
            name: name.into(),
            text: Cow::Borrowed(text.as_ref()),
            folder: None,
        }
    }
}

/// One text with its name.
pub(super) struct Text<'a> {
    pub(super) name: String,
    pub(super) bytes: Cow<'a, [u8]>,
    folder: PathBuf,
    /// The texts its `include` lines name, by line number.
    pub(super) includes: HashMap<usize, usize>,
}

/// All texts of a parse: the sources and what they include.
pub(super) struct Texts<'a> {
    pub(super) all: Vec<Text<'a>>,
    /// Which of them are the sources, in order.
    pub(super) roots: Vec<usize>,
    bytes_left: u64,
    limits: &'a ParseLimits,
    read_includes: bool,
}

impl<'a> Texts<'a> {
    /// Reads every source and, if `read_includes`, every included file.
    pub(super) fn read(
        sources: &'a [JobSource<'a>],
        limits: &'a ParseLimits,
        read_includes: bool,
    ) -> Result<Self, JobFileError> {
        let mut texts = Self {
            all: Vec::new(),
            roots: Vec::new(),
            bytes_left: limits.bytes,
            limits,
            read_includes,
        };
        for source in sources {
            let text = texts.open(source)?;
            let root = texts.add(text, &mut Vec::new())?;
            texts.roots.push(root);
        }
        Ok(texts)
    }

    fn open(&mut self, source: &'a JobSource<'a>) -> Result<Text<'a>, JobFileError> {
        match source {
            JobSource::File(path) => self.read_file(path),
            JobSource::Text { name, text, folder } => {
                let fault = |problem| whole(name, problem);
                self.take_bytes(text.len() as u64).map_err(fault)?;
                Ok(Text {
                    name: name.clone(),
                    bytes: Cow::Borrowed(text),
                    folder: folder.clone().unwrap_or_default(),
                    includes: HashMap::new(),
                })
            }
        }
    }

    fn read_file(&mut self, path: &Path) -> Result<Text<'a>, JobFileError> {
        let name = shown(path.as_os_str().as_bytes());
        let bytes = self
            .read_bytes(path)
            .map_err(|problem| whole(&name, problem))?;
        Ok(Text {
            name,
            bytes: Cow::Owned(bytes),
            folder: path.parent().map(Path::to_owned).unwrap_or_default(),
            includes: HashMap::new(),
        })
    }

    fn read_bytes(&mut self, path: &Path) -> Result<Vec<u8>, Problem> {
        let failed = |error: std::io::Error| Problem::Read(error.to_string());
        let mut reader: Box<dyn Read> = if path == Path::new("-") {
            Box::new(std::io::stdin())
        } else {
            let file = File::open(path).map_err(failed)?;
            let length = file.metadata().map_err(failed)?.len();
            if length > self.bytes_left {
                return Err(self.too_many_bytes());
            }
            Box::new(file)
        };
        // Pipes and growing files do not have the length they say.
        let mut bytes = Vec::new();
        reader
            .by_ref()
            .take(self.bytes_left + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        self.take_bytes(bytes.len() as u64)?;
        Ok(bytes)
    }

    fn take_bytes(&mut self, length: u64) -> Result<(), Problem> {
        self.bytes_left = self
            .bytes_left
            .checked_sub(length)
            .ok_or_else(|| self.too_many_bytes())?;
        Ok(())
    }

    fn too_many_bytes(&self) -> Problem {
        Problem::Limit {
            limit: Limit::Bytes,
            maximum: self.limits.bytes,
        }
    }

    /// Adds a text and what it includes; `open` are the files being read at the moment.
    fn add(&mut self, text: Text<'a>, open: &mut Vec<PathBuf>) -> Result<usize, JobFileError> {
        let index = self.all.len();
        let wanted = if self.read_includes {
            include_lines(&text, self.limits)
        } else {
            Vec::new()
        };
        let folder = text.folder.clone();
        self.all.push(text);
        for (line, path) in wanted {
            let path = folder.join(path);
            let included = self.include(&path, open).map_err(|problem| match problem {
                IncludeError::Here(problem) => {
                    let here = Position::Line { line, column: 1 };
                    JobFileError::new(&self.all[index].name, here, problem)
                }
                IncludeError::Inside(error) => error,
            })?;
            self.all[index].includes.insert(line, included);
        }
        Ok(index)
    }

    fn include(&mut self, path: &Path, open: &mut Vec<PathBuf>) -> Result<usize, IncludeError> {
        let real = std::fs::canonicalize(path)
            .map_err(|error| IncludeError::Here(Problem::Read(error.to_string())))?;
        if open.contains(&real) {
            let name = shown(path.as_os_str().as_bytes());
            return Err(IncludeError::Here(Problem::IncludeCycle(name)));
        }
        if open.len() == self.limits.include_depth {
            return Err(IncludeError::Here(Problem::Limit {
                limit: Limit::IncludeDepth,
                maximum: self.limits.include_depth as u64,
            }));
        }
        open.push(real);
        let text = self.read_file(path).map_err(IncludeError::Inside)?;
        let index = self.add(text, open).map_err(IncludeError::Inside)?;
        open.pop();
        Ok(index)
    }
}

enum IncludeError {
    Here(Problem),
    Inside(JobFileError),
}

/// The `include` lines of a text up to its first fault, which is left to the parser to report.
fn include_lines(text: &Text<'_>, limits: &ParseLimits) -> Vec<(usize, PathBuf)> {
    Lines::new(&text.bytes, limits)
        .map_while(Result::ok)
        .filter_map(|line| match line.kind {
            LineKind::Include(path) => Some((line.number, PathBuf::from(OsStr::from_bytes(path)))),
            _ => None,
        })
        .collect()
}

fn whole(source_name: &str, problem: Problem) -> JobFileError {
    JobFileError::new(source_name, Position::Whole, problem)
}
