//! What a client wants run: the text of a job file or the words of a command line.
//!
//! Both come from a stranger. This process's environment is not looked at while they are read, nor is
//! any file but a job file in a folder that the operator opened for this; nothing in them is run as a
//! command.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use fio_engine::job::units::parse_time;
use fio_engine::job::{
    JobFileError, JobSource, ParseLimits, ParseOptions, ParsedJobs, Position, command_line_flags,
    parse_jobs, parse_words,
};

use super::job_folders::{JobFolderError, JobFolders};
use super::options::Limits;

/// One JOB, LOAD_FILE or JOBLINE message, and the command line a job file came with.
#[derive(Debug)]
pub(super) struct JobRequest {
    source: Source,
    line: JobLine,
    run_at_once: bool,
}

/// Where the jobs are described.
#[derive(Debug)]
enum Source {
    /// The text of a job file.
    Text(Vec<u8>),
    /// A job file of this machine.
    Path(PathBuf),
    /// The command line itself.
    Line,
}

/// The words of a JOBLINE, sorted into what concerns the jobs and what does not.
///
/// fio's client of 2011 sends all its options in one JOBLINE before its job files: those of jobs,
/// those that say which jobs to run, and those that concern its own output.
#[derive(Debug, Default, Clone)]
pub(super) struct JobLine {
    /// Options of jobs, in order.
    options: Vec<String>,
    /// `--section`: the sections to run.
    sections: Vec<String>,
    /// `--readonly`: jobs that would write are refused.
    read_only: bool,
    /// `--parse-only`, `--showcmd`: jobs are read and checked, and none is run.
    parse_only: bool,
    /// `--output-format`, `--minimal`: whether what servers tell for people is wanted.
    for_people: Option<bool>,
    /// `--status-interval`: how often to tell what was measured while the jobs run.
    status_interval: Option<Duration>,
    /// Flags that mean nothing to a server.
    ignored: Vec<String>,
}

/// Why a request is not run. The text goes to the client.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error(transparent)]
    Jobs(#[from] JobFileError),
    #[error(transparent)]
    File(#[from] JobFolderError),
    #[error("`{0}` cannot be combined with a job file; write it into its [global] section")]
    NotForJobFile(String),
}

impl JobLine {
    /// Sorts `words`, the first of which is the program's name.
    pub(super) fn new(words: Vec<String>) -> Self {
        let mut line = Self::default();
        let mut words = words.into_iter().skip(1).peekable();
        while let Some(word) = words.next() {
            let switch = word.trim_start_matches('-');
            let (name, attached) = match switch.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (switch, None),
            };
            let is_value = |next: &String| !next.starts_with('-');
            match name {
                "readonly" => line.read_only = true,
                "parse-only" | "showcmd" => line.parse_only = true,
                "minimal" => line.for_people = Some(false),
                "output-format" => {
                    if let Some(formats) = attached.or_else(|| words.next_if(is_value)) {
                        line.for_people = Some(formats.split(',').any(|name| name == "normal"));
                    }
                }
                "status-interval" => {
                    let given = attached.or_else(|| words.next_if(is_value));
                    line.status_interval = given.as_deref().and_then(interval);
                }
                "section" => line
                    .sections
                    .extend(attached.or_else(|| words.next_if(is_value))),
                _ if word.starts_with('-') && is_client_flag(name) => {
                    if attached.is_none() {
                        drop(words.next_if(is_value));
                    }
                    line.ignored.push(format!("--{name}"));
                }
                _ => line.options.push(word),
            }
        }
        line
    }

    /// Whether there are jobs to run without any job file.
    pub(super) fn defines_jobs(&self) -> bool {
        self.options.iter().any(|word| {
            let option = word.trim_start_matches('-');
            option == "name" || option.starts_with("name=")
        })
    }

    /// Whether the client wants what servers tell for people, if it says so.
    pub(super) const fn is_for_people(&self) -> Option<bool> {
        self.for_people
    }

    /// How often the client wants to know what was measured while its jobs run.
    pub(super) const fn status_interval(&self) -> Option<Duration> {
        self.status_interval
    }

    /// What of it holds for job files that come later. Options of jobs it defines itself do not.
    pub(super) fn for_later_files(&self) -> Self {
        let mut line = self.clone();
        if line.defines_jobs() {
            line.options.clear();
        }
        line
    }

    /// Flags that are of no use to a server.
    pub(super) fn ignored(&self) -> Option<String> {
        let ignored = self.ignored.join(" ");
        (!ignored.is_empty()).then(|| format!("{ignored}: not used by this server"))
    }

    /// The options as the head of a job file.
    fn as_global_section(&self) -> Result<String, RequestError> {
        let mut head = String::new();
        for word in &self.options {
            let option = word.trim_start_matches('-');
            let fits = word.starts_with('-') && !option.contains(['\n', '#', ';']);
            if !fits {
                return Err(RequestError::NotForJobFile(word.escape_debug().to_string()));
            }
            if head.is_empty() {
                head.push_str("[global]\n");
            }
            head.push_str(option);
            head.push('\n');
        }
        Ok(head)
    }
}

/// An interval as fio reads it, in seconds without a unit; `None` if it means never.
fn interval(given: &str) -> Option<Duration> {
    /// Results cost their jobs and their way more than a status line.
    const SHORTEST: Duration = Duration::from_secs(1);
    let time = parse_time(given.as_bytes()).ok()?;
    (!time.is_zero()).then(|| time.max(SHORTEST))
}

/// Flags of fio's command, and those it had in 2011, that are no options of a job.
fn is_client_flag(name: &str) -> bool {
    ["latency-log", "net-port", "max-jobs"].contains(&name)
        || command_line_flags().iter().any(|flag| flag.name == name)
}

impl JobRequest {
    /// The text of a job file and the command line that came before it.
    pub(super) const fn file(text: Vec<u8>, line: JobLine) -> Self {
        Self {
            source: Source::Text(text),
            line,
            run_at_once: false,
        }
    }

    /// A job file of this machine and the command line that came before it.
    pub(super) const fn path(path: PathBuf, line: JobLine) -> Self {
        Self {
            source: Source::Path(path),
            line,
            run_at_once: false,
        }
    }

    /// A command line without a job file.
    pub(super) const fn line(line: JobLine) -> Self {
        Self {
            source: Source::Line,
            line,
            run_at_once: false,
        }
    }

    /// As a client of version 1 has it, who sends no RUN.
    #[must_use]
    pub(super) fn run_at_once(mut self, run_at_once: bool) -> Self {
        self.run_at_once = run_at_once;
        self
    }

    pub(super) fn is_run_at_once(&self) -> bool {
        self.run_at_once
    }

    /// Flags of its command line that are of no use to a server.
    pub(super) fn ignored(&self) -> Option<String> {
        self.line.ignored()
    }

    /// Bytes held.
    pub(super) fn len(&self) -> usize {
        let words = self.line.options.iter().map(String::len).sum::<usize>();
        let source = match &self.source {
            Source::Text(text) => text.len(),
            Source::Path(path) => path.as_os_str().len(),
            Source::Line => 0,
        };
        source.saturating_add(words)
    }

    /// Reads the jobs.
    pub(super) fn parse(
        &self,
        limits: &Limits,
        folders: &JobFolders,
    ) -> Result<ParsedJobs, RequestError> {
        let mut options = ParseOptions::for_peer();
        options.sections = self.line.sections.clone();
        options.read_only = self.line.read_only;
        options.limits = ParseLimits {
            bytes: limits.message_bytes as u64,
            jobs: limits.jobs_per_run as u64,
            ..ParseLimits::default()
        };
        let parsed = match &self.source {
            Source::Text(text) => self.parse_file(SOURCE, text, &options),
            Source::Path(path) => {
                let text = folders.read(path, limits.message_bytes as u64)?;
                self.parse_file(&path.to_string_lossy(), &text, &options)
            }
            // Flags alone define no job, and options alone wait for a job file that may come. In
            // version 1 there will be none.
            Source::Line if self.line.options.is_empty() => Ok(ParsedJobs::default()),
            Source::Line if !self.line.defines_jobs() && !self.run_at_once => {
                Ok(ParsedJobs::default())
            }
            Source::Line => {
                options.sections.clear();
                parse_words(&self.line.options, &options).map_err(RequestError::from)
            }
        };
        match parsed {
            Ok(_) if self.line.parse_only => Ok(ParsedJobs::default()),
            parsed => parsed,
        }
    }

    /// The command line's options hold for all jobs of the file, as a `[global]` section before
    /// its first line would; errors keep the line numbers of the file itself.
    fn parse_file(
        &self,
        name: &str,
        text: &[u8],
        options: &ParseOptions<'_>,
    ) -> Result<ParsedJobs, RequestError> {
        let head = self.line.as_global_section()?;
        let added_lines = head.lines().count();
        let joined;
        let source = if head.is_empty() {
            JobSource::text(name, text)
        } else {
            joined = [head.as_bytes(), text].concat();
            JobSource::text(name, &joined)
        };
        parse_jobs(&[source], options).map_err(|mut error| {
            if let Position::Line { line, .. } = &mut error.position {
                *line = line.saturating_sub(added_lines).max(1);
            }
            RequestError::Jobs(error)
        })
    }
}

impl fmt::Display for JobRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Text(text) => write!(formatter, "a job file of {} bytes", text.len()),
            Source::Path(path) => write!(formatter, "the job file {path:?}"),
            Source::Line => formatter.write_str("a command line"),
        }
    }
}

/// What error messages call a job file that came without a name.
const SOURCE: &str = "job file";

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> JobLine {
        JobLine::new(words.iter().map(|&word| word.to_owned()).collect())
    }

    fn file(text: &str, words: &[&str]) -> Result<ParsedJobs, RequestError> {
        JobRequest::file(text.into(), line(words)).parse(&Limits::default(), &JobFolders::default())
    }

    const TWO: &str = "[global]\nioengine=null\nsize=1m\n[a]\nrw=read\n[b]\nrw=randread\n";

    #[test]
    fn a_captured_command_line_selects_a_section() {
        let words = ["fio", "--section=b", "--max-jobs=10", "--readonly"];
        let request = JobRequest::file(TWO.into(), line(&words));
        assert!(!request.line.defines_jobs());
        let parsed = request
            .parse(&Limits::default(), &JobFolders::default())
            .unwrap();
        let names: Vec<_> = parsed.jobs.iter().map(|job| job.name.as_str()).collect();
        assert_eq!(names, ["b"]);
        assert!(request.line.ignored().unwrap().contains("--max-jobs"));
    }

    #[test]
    fn readonly_refuses_jobs_that_write() {
        let text = "[w]\nioengine=null\nsize=1m\nrw=randwrite\n";
        let error = file(text, &["fio", "--readonly"]).unwrap_err();
        assert!(error.to_string().contains("[w]: the job writes"), "{error}");
        file(text, &["fio"]).unwrap();
    }

    #[test]
    fn command_lines_may_define_jobs() {
        let words = [
            "fio",
            "--eta=always",
            "--name=x",
            "--ioengine=null",
            "--size=1m",
            "--rw=read",
        ];
        let line = line(&words);
        assert!(line.defines_jobs());
        let parsed = JobRequest::line(line)
            .parse(&Limits::default(), &JobFolders::default())
            .unwrap();
        assert_eq!(parsed.jobs[0].name, "x");
    }

    #[test]
    fn options_hold_for_the_file_and_lines_stay_the_files_own() {
        let parsed = file(TWO, &["fio", "--bs=16k"]).unwrap();
        assert_eq!(parsed.jobs[0].block_sizes.0[0].max(), 16 << 10);
        for words in [&["fio"][..], &["fio", "--bs=16k"]] {
            let error = file("[a]\nsize=1m\nno_such_option=1\n", words).unwrap_err();
            assert!(error.to_string().starts_with("job file:3:"), "{error}");
        }
    }

    #[test]
    fn nothing_of_this_machine_enters_a_job() {
        let error = file("[a]\nsize=1m\nfilename=${HOME}\n", &["fio"]).map(|parsed| {
            let names = parsed.jobs[0].file_names.clone();
            assert!(
                !names.contains(&std::env::var("HOME").unwrap()),
                "{names:?}"
            );
        });
        drop(error);
        for text in ["[a]\ninclude /etc/passwd\n", "include /etc/passwd\n"] {
            assert!(file(text, &["fio"]).is_err(), "{text}");
        }
    }

    #[test]
    fn words_that_fit_no_job_file_are_refused() {
        let error = file(TWO, &["fio", "stray"]).unwrap_err();
        assert!(error.to_string().contains("`stray`"), "{error}");
    }
}
