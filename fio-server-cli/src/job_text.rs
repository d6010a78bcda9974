//! Job files made ready to be sent: a server reads neither the client's files nor its environment.
//!
//! A JOB message carries text. So the client puts included files in the place of their `include`
//! lines and values in the place of `${NAME}`, leaves out the sections that `--section` did not
//! ask for, and drops comments, which servers of 2011 do not all understand behind a value. What
//! is left keeps its line, so that a server's complaints name the lines the user sees, up to the
//! first included file. Whether the options make sense is for the server to say: it may know
//! more of them than the engine here. `$ncpus` and its like are left for the server, too, because
//! they mean its machine.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A job file ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobText {
    /// The file it was read from, or `command line`.
    pub name: String,
    /// What a JOB message carries.
    pub text: Vec<u8>,
    /// Remarks for the user, such as variables that are not set.
    pub notices: Vec<String>,
}

/// Longest text sent, in bytes: what a server of this project takes by default.
pub const LONGEST_TEXT: usize = 16 << 20;

/// Files included in included files, at most.
const INCLUDE_DEPTH: usize = 16;

/// Why a job file cannot be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobTextError {
    /// A job file cannot be read.
    #[error("cannot read job file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// An included file cannot be read.
    #[error("{place}: cannot read included file {}", path.display())]
    Include {
        /// File and line of the `include`.
        place: String,
        /// The included file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Files include each other too deeply, perhaps in a circle.
    #[error(
        "{place}: files include each other more than {INCLUDE_DEPTH} deep, perhaps in a circle"
    )]
    IncludeDepth {
        /// File and line of the `include` that was one too many.
        place: String,
    },
    /// The text is longer than a server takes.
    #[error("{name}: longer than {} MiB with all it includes; split it", LONGEST_TEXT >> 20)]
    TooLong {
        /// The job file.
        name: String,
    },
    /// A variable's value would change the meaning of the lines after it.
    #[error("{place}: the value of ${{{variable}}} has a line break")]
    LineBreak {
        /// File and line.
        place: String,
        /// The variable.
        variable: String,
    },
    /// No job file has the section asked for.
    #[error("no job file has a section [{0}]")]
    NoSuchSection(String),
    /// The standard input is named more than once.
    #[error("the standard input (-) can be read only once")]
    StandardInputTwice,
    /// There is nothing to run.
    #[error("{0}: no job is described; add a section such as [job1], or --name=job1")]
    NoJobs(String),
    /// A word after `--` is no job option.
    #[error("word {number} after --: `{word}` is not a job option; write --name=value")]
    Word {
        /// Which word, from 1.
        number: usize,
        /// The word.
        word: String,
    },
    /// A value that a job file cannot express.
    #[error("word {number} after --: a value cannot have a line break, `#` or `;`: `{word}`")]
    Unprintable {
        /// Which word, from 1.
        number: usize,
        /// The word.
        word: String,
    },
}

/// Reads job files and words in fio's command-line form into texts to be sent one after the
/// other. `lookup` gives the values of `${NAME}`.
///
/// Words in front of the first `--name` hold for the jobs of files, too, as a `[global]` section at the head of
/// each.
///
/// # Errors
/// See [`JobTextError`].
pub fn prepare(
    files: &[PathBuf],
    words: &[String],
    sections: &[String],
    lookup: &dyn Fn(&OsStr) -> Option<Vec<u8>>,
) -> Result<Vec<JobText>, JobTextError> {
    if names_standard_input_twice(files) {
        return Err(JobTextError::StandardInputTwice);
    }
    let named = words.iter().position(|word| is_name(word));
    let (for_all, of_jobs) = words.split_at(named.unwrap_or(words.len()));
    let head = lines_of(for_all)?;
    if files.is_empty() && !words.is_empty() && of_jobs.is_empty() {
        return Err(JobTextError::NoJobs(COMMAND_LINE.to_owned()));
    }
    let mut texts = Vec::new();
    let mut seen = Vec::new();
    for path in files {
        let mut expansion = Expansion::new(path.display().to_string(), sections, lookup);
        let bytes = read(path).map_err(|source| JobTextError::Read {
            path: path.clone(),
            source,
        })?;
        expansion.add(&path.display().to_string(), &bytes, path.parent(), 0)?;
        seen.append(&mut expansion.seen_sections);
        if expansion.jobs > 0 {
            let mut text = expansion.out;
            if !for_all.is_empty() {
                text.text.splice(..0, head.bytes());
            }
            texts.push(text);
        } else if sections.is_empty() {
            return Err(JobTextError::NoJobs(expansion.out.name));
        }
    }
    if let Some(missing) = sections.iter().find(|section| !seen.contains(section)) {
        return Err(JobTextError::NoSuchSection(missing.clone()));
    }
    if !of_jobs.is_empty() {
        texts.push(JobText {
            name: COMMAND_LINE.to_owned(),
            text: lines_of(words)?.into_bytes(),
            notices: Vec::new(),
        });
    }
    Ok(texts)
}

/// What messages call words.
const COMMAND_LINE: &str = "command line";

/// Whether a word begins a job.
fn is_name(word: &str) -> bool {
    let option = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
    option.is_some_and(|option| option == "name" || option.starts_with("name="))
}

/// The environment of this process.
#[must_use]
pub fn environment(name: &OsStr) -> Option<Vec<u8>> {
    std::env::var_os(name).map(std::ffi::OsString::into_vec)
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if path == Path::new("-") {
        return read_standard_input();
    }
    bounded(File::open(path)?)
}

/// The standard input gives its bytes once, but several servers may be told to run it: what was
/// read is kept for the next of them.
fn read_standard_input() -> std::io::Result<Vec<u8>> {
    static READ: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(bytes) = READ.get() {
        return Ok(bytes.clone());
    }
    let bytes = bounded(std::io::stdin().lock())?;
    Ok(READ.get_or_init(|| bytes).clone())
}

fn bounded(file: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is allowed shows that there is too much.
    file.take(LONGEST_TEXT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

struct Expansion<'a> {
    out: JobText,
    wanted: &'a [String],
    lookup: &'a dyn Fn(&OsStr) -> Option<Vec<u8>>,
    seen_sections: Vec<String>,
    /// Sections that describe jobs and are sent.
    jobs: usize,
    /// The section being read is not sent.
    skipping: bool,
}

impl<'a> Expansion<'a> {
    fn new(
        name: String,
        wanted: &'a [String],
        lookup: &'a dyn Fn(&OsStr) -> Option<Vec<u8>>,
    ) -> Self {
        let out = JobText {
            name,
            text: Vec::new(),
            notices: Vec::new(),
        };
        Self {
            out,
            wanted,
            lookup,
            seen_sections: Vec::new(),
            jobs: 0,
            skipping: false,
        }
    }

    fn add(
        &mut self,
        name: &str,
        bytes: &[u8],
        folder: Option<&Path>,
        depth: usize,
    ) -> Result<(), JobTextError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let place = || format!("{name}:{}", index + 1);
            let said = line
                .split(|byte| matches!(byte, b'#' | b';'))
                .next()
                .unwrap_or_default();
            let said = said.trim_ascii();
            if let Some(section) = section_name(said) {
                self.begin_section(section);
            } else if said.starts_with(b"[") {
                // Without its closing bracket it is for the parser to complain about, with its place.
                self.jobs += 1;
            }
            if !self.skipping {
                if let Some(file) = included_file(said) {
                    let path = folder
                        .unwrap_or_else(|| Path::new(""))
                        .join(OsStr::from_bytes(file));
                    self.include(&place(), &path, depth)?;
                    continue;
                }
                self.add_expanded(&place, said)?;
            }
            self.out.text.push(b'\n');
            if self.out.text.len() > LONGEST_TEXT {
                return Err(JobTextError::TooLong {
                    name: self.out.name.clone(),
                });
            }
        }
        Ok(())
    }

    fn begin_section(&mut self, section: &[u8]) {
        if section == b"global" {
            self.skipping = false;
            return;
        }
        let section = String::from_utf8_lossy(section).into_owned();
        self.skipping = !self.wanted.is_empty() && !self.wanted.contains(&section);
        self.jobs += usize::from(!self.skipping);
        self.seen_sections.push(section);
    }

    fn include(&mut self, place: &str, path: &Path, depth: usize) -> Result<(), JobTextError> {
        if depth == INCLUDE_DEPTH {
            return Err(JobTextError::IncludeDepth {
                place: place.to_owned(),
            });
        }
        let bytes = read(path).map_err(|source| JobTextError::Include {
            place: place.to_owned(),
            path: path.to_owned(),
            source,
        })?;
        self.add(
            &path.display().to_string(),
            &bytes,
            path.parent(),
            depth + 1,
        )
    }

    /// Appends a line with `${NAME}` replaced.
    fn add_expanded(
        &mut self,
        place: &dyn Fn() -> String,
        mut line: &[u8],
    ) -> Result<(), JobTextError> {
        while let Some(start) = line.windows(2).position(|pair| pair == b"${") {
            let Some(length) = line[start..].iter().position(|byte| *byte == b'}') else {
                break;
            };
            self.out.text.extend_from_slice(&line[..start]);
            let variable = OsStr::from_bytes(&line[start + 2..start + length]);
            let shown = variable.to_string_lossy();
            match (self.lookup)(variable) {
                Some(value) if value.contains(&b'\n') => {
                    let variable = shown.into_owned();
                    return Err(JobTextError::LineBreak {
                        place: place(),
                        variable,
                    });
                }
                Some(value) => self.out.text.extend(value),
                None => self.out.notices.push(format!(
                    "{}: the environment variable {shown} is not set and counts as empty",
                    place()
                )),
            }
            line = &line[start + length + 1..];
        }
        self.out.text.extend_from_slice(line);
        Ok(())
    }
}

/// Whether `-` is among the files more than once: the second would be empty.
pub(crate) fn names_standard_input_twice(files: &[PathBuf]) -> bool {
    files.iter().filter(|file| file.as_os_str() == "-").count() > 1
}

fn section_name(line: &[u8]) -> Option<&[u8]> {
    Some(line.strip_prefix(b"[")?.strip_suffix(b"]")?.trim_ascii())
}

/// The file an `include FILE` or `include=FILE` line names.
fn included_file(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"include")?;
    if !matches!(rest.first(), Some(b' ' | b'\t' | b'=')) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    Some(rest.strip_prefix(b"=").unwrap_or(rest).trim_ascii_start())
}

/// `--name=a --rw=read` as `[a]` and `rw=read`; options before the first name are global.
fn lines_of(words: &[String]) -> Result<String, JobTextError> {
    let mut text = String::from("[global]\n");
    let mut words = words.iter().enumerate().peekable();
    while let Some((index, word)) = words.next() {
        let number = index + 1;
        let (name, value) = split_word(number, word)?;
        // As with fio, the value may be the next word.
        let mut next_word = || words.next_if(|(_, next)| !next.starts_with('-'));
        let value = value.or_else(|| next_word().map(|(_, value)| value.as_str()));
        if value.is_some_and(|value| value.contains(['\n', '#', ';'])) {
            return Err(JobTextError::Unprintable {
                number,
                word: word.clone(),
            });
        }
        let line = match (name, value) {
            ("name", Some(value)) => format!("[{value}]\n"),
            (name, Some(value)) => format!("{}={value}\n", option_name(name)),
            (name, None) => format!("{}\n", option_name(name)),
        };
        text.push_str(&line);
    }
    Ok(text)
}

/// The option of a word and its value, if that is part of the word.
fn split_word(number: usize, word: &str) -> Result<(&str, Option<&str>), JobTextError> {
    let option = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
    match option.filter(|option| !option.is_empty()) {
        Some(option) => Ok(option
            .split_once('=')
            .map_or((option, None), |(name, value)| (name, Some(value)))),
        None => Err(JobTextError::Word {
            number,
            word: word.to_owned(),
        }),
    }
}

/// On a command line `-` may stand for the `_` of an option's name.
fn option_name(word: &str) -> String {
    word.replace('-', "_")
}

#[cfg(test)]
mod tests;
