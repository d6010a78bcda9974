//! From job files to jobs.

pub(super) mod expand;
pub(super) mod flags;
pub(super) mod grammar;
pub(super) mod parse_options;
mod section;
mod show;
pub(super) mod source;
pub(super) mod words;

use std::ffi::OsStr;

use super::error::{JobFileError, Position, Problem};
use super::limits::Limit;
use super::options;
use super::options::draft::Draft;
use super::options::info::OptionInfo;
use super::shown::shown;
use super::spec::JobSpec;
use expand::Expander;
use flags::GivenFlag;
use grammar::{Line, LineKind, Lines};
use parse_options::ParseOptions;
use section::{GivenOption, Section};
use show::{AppliedOption, CommandLines};
use source::{JobSource, Text, Texts};

/// The jobs of job files or of words.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ParsedJobs {
    /// The jobs in the order they are run.
    pub jobs: Vec<JobSpec>,
    /// The options of all `[global]` sections, for reports.
    pub global_options: Vec<(String, String)>,
    /// What the user should know though it is no error.
    pub notices: Vec<Notice>,
    /// Flags of the fio command among the words, where they are allowed.
    pub flags: Vec<GivenFlag>,
}

/// A remark on a job that can be run all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// The file, or "command line".
    pub source_name: String,
    /// The section.
    pub section: String,
    /// The remark.
    pub text: String,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: section [{}]: {}",
            self.source_name, self.section, self.text
        )
    }
}

/// Reads jobs from job files.
///
/// Each file stands for itself: its `[global]` sections hold for the sections after them in that
/// file, and its first job waits for the jobs of the file before (`stonewall`), as fio does.
///
/// ```
/// use fio_engine::job::{JobSource, ParseOptions, parse_jobs};
///
/// let file = JobSource::text("demo.fio", "[global]\nbs=8k\n[a]\nrw=randread\nsize=1m\n");
/// let parsed = parse_jobs(&[file], &ParseOptions::default())?;
/// assert_eq!(parsed.jobs[0].block_sizes.0[0].max(), 8192);
/// # Ok::<(), fio_engine::job::JobFileError>(())
/// ```
///
/// # Errors
/// The first fault, with its place; nothing is read beyond it.
pub fn parse_jobs(
    sources: &[JobSource<'_>],
    options: &ParseOptions<'_>,
) -> Result<ParsedJobs, JobFileError> {
    let mut parser = Parser::new(options);
    let base = parser.new_draft();
    parser.sources(sources, &base)?;
    parser.finish()
}

/// Reads jobs from the words of a fio command line, without the program's name:
/// `--name=a --rw=read --name=b …`, job files among them.
///
/// Options before the first `--name` hold for all jobs, those of job files, too. Jobs of words come
/// before the jobs of files. A value follows `=` or is the next word; options that need no value
/// take one only after `=`. One dash does as well as two, and `-` in a name stands for `_`.
///
/// # Errors
/// The first fault, with the number of its word or its place in a job file.
pub fn parse_words<W: AsRef<OsStr>>(
    words: &[W],
    options: &ParseOptions<'_>,
) -> Result<ParsedJobs, JobFileError> {
    let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
    let command = words::read(&words, options)?;
    let mut options = options.clone();
    options.sections.extend(command.sections);
    let mut parser = Parser::new(&options);
    parser.parsed.flags = command.flags;
    let mut base = parser.new_draft();
    for section in &command.jobs {
        parser.section(section, &mut base)?;
    }
    let files: Vec<JobSource<'_>> = command.files.into_iter().map(JobSource::File).collect();
    parser.sources(&files, &base)?;
    parser.finish()
}

/// Prints the job files among the words of a fio command line as command lines, one line for each file,
/// as `fio --showcmd` does.
///
/// Variables are replaced, options stand under their main names, and those that fio reads before or after
/// others are in that place. As in fio, options before the first `--name` stand with the `[global]`
/// sections of the first file, other job words nowhere, and nothing is quoted for a shell. Options and engines that are refused when
/// jobs are to run are printed, too.
///
/// ```
/// use fio_engine::job::{ParseOptions, show_command_lines};
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("a.fio");
/// std::fs::write(&file, "[global]\nblocksize=4k\n[a]\nthread\n")?;
/// let line = show_command_lines(&[file], &ParseOptions::default())?;
/// assert_eq!(line, "fio --bs=4k --name=a --thread \n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The first fault, with the number of its word or its place in a job file.
pub fn show_command_lines<W: AsRef<OsStr>>(
    words: &[W],
    options: &ParseOptions<'_>,
) -> Result<String, JobFileError> {
    let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
    let command = words::read(&words, options)?;
    let mut options = options.clone();
    options.sections.extend(command.sections);
    let mut parser = Parser::new(&options);
    parser.shown = Some(CommandLines::default());
    let mut base = parser.new_draft();
    for section in &command.jobs {
        parser.section(section, &mut base)?;
    }
    let files: Vec<JobSource<'_>> = command.files.into_iter().map(JobSource::File).collect();
    parser.sources(&files, &base)?;
    Ok(parser.shown.unwrap_or_default().finish())
}

struct Parser<'o> {
    options: &'o ParseOptions<'o>,
    parsed: ParsedJobs,
    sections: usize,
    clones: u64,
    /// Which of the sections asked for have been seen.
    found: Vec<bool>,
    /// Where sections are printed rather than made jobs of.
    shown: Option<CommandLines>,
}

impl<'o> Parser<'o> {
    fn new(options: &'o ParseOptions<'o>) -> Self {
        Self {
            options,
            parsed: ParsedJobs::default(),
            sections: 0,
            clones: 0,
            found: vec![false; options.sections.len()],
            shown: None,
        }
    }

    fn new_draft(&self) -> Draft {
        Draft::new(self.options.machine.cpu_limit)
    }

    fn sources(&mut self, sources: &[JobSource<'_>], base: &Draft) -> Result<(), JobFileError> {
        let texts = Texts::read(sources, &self.options.limits, self.options.read_files)?;
        for (number, root) in texts.roots.iter().enumerate() {
            let first = self.parsed.jobs.len();
            let mut defaults = base.clone();
            if let Some(shown) = &mut self.shown {
                shown.begin_file();
            }
            self.text(&texts, *root, &mut defaults)?;
            if let (1.., Some(job)) = (number, self.parsed.jobs.get_mut(first)) {
                job.stonewall = true;
            }
        }
        Ok(())
    }

    /// Reads one source to its end or first fault.
    fn text(
        &mut self,
        texts: &Texts<'_>,
        root: usize,
        defaults: &mut Draft,
    ) -> Result<(), JobFileError> {
        let text = &texts.all[root];
        let mut open: Option<Section<'_>> = None;
        for line in Lines::new(&text.bytes, &self.options.limits) {
            let line = line.map_err(|error| {
                let fault = line_fault(&text.name, error.number, error.column, error.problem);
                match &open {
                    Some(section) => fault.in_section(section.name),
                    None => fault,
                }
            })?;
            if let Some(done) = self.line(texts, text, line, &mut open)? {
                self.section(&done, defaults)?;
            }
        }
        match open {
            Some(section) => self.section(&section, defaults),
            None => Ok(()),
        }
    }

    /// Adds a line to the open section, or opens one and gives the one before it.
    fn line<'t>(
        &mut self,
        texts: &'t Texts<'_>,
        text: &'t Text<'_>,
        line: Line<'t>,
        open: &mut Option<Section<'t>>,
    ) -> Result<Option<Section<'t>>, JobFileError> {
        let fault = |problem| line_fault(&text.name, line.number, line.column, problem);
        match (line.kind, open.as_mut()) {
            (LineKind::Section(name), _) => {
                self.count_section().map_err(fault)?;
                return Ok(open.replace(Section {
                    source_name: &text.name,
                    position: position(line.number, line.column),
                    name,
                    of_words: false,
                    options: Vec::new(),
                }));
            }
            (LineKind::Option { name, value }, Some(section)) => {
                section.options.push(GivenOption {
                    source_name: &text.name,
                    position: position(line.number, line.column),
                    name,
                    value,
                });
            }
            (LineKind::Include(path), Some(section)) => {
                let forbidden = || fault(Problem::FilesForbidden(shown(path)));
                let included = text.includes.get(&line.number).ok_or_else(forbidden)?;
                let section = section.name;
                self.include(texts, *included, open)
                    .map_err(|error| error.in_section(section))?;
            }
            (LineKind::Option { name: text, .. } | LineKind::Include(text), None) => {
                return Err(fault(Problem::OutsideSection(shown(text))));
            }
        }
        Ok(None)
    }

    /// Adds the options of an included file to the open section.
    fn include<'t>(
        &mut self,
        texts: &'t Texts<'_>,
        index: usize,
        open: &mut Option<Section<'t>>,
    ) -> Result<(), JobFileError> {
        let text = &texts.all[index];
        for line in Lines::new(&text.bytes, &self.options.limits) {
            let line = line.map_err(|error| {
                line_fault(&text.name, error.number, error.column, error.problem)
            })?;
            if let LineKind::Section(name) = line.kind {
                let problem = Problem::SectionInInclude(shown(name));
                return Err(line_fault(&text.name, line.number, line.column, problem));
            }
            self.line(texts, text, line, open)?;
        }
        Ok(())
    }

    fn count_section(&mut self) -> Result<(), Problem> {
        self.sections += 1;
        if self.sections > self.options.limits.sections {
            return Err(Problem::Limit {
                limit: Limit::Sections,
                maximum: self.options.limits.sections as u64,
            });
        }
        Ok(())
    }

    /// Makes a job of a section, or changes the defaults by it.
    fn section(&mut self, section: &Section<'_>, defaults: &mut Draft) -> Result<(), JobFileError> {
        if self.shown.is_some() {
            return self.show(section, defaults);
        }
        if section.is_global() {
            let given = self.apply(section, defaults)?;
            let given = given.into_iter().map(AppliedOption::recorded);
            self.parsed.global_options.extend(given);
            let remarks = std::mem::take(&mut defaults.remarks);
            self.notices(section, remarks);
            return Ok(());
        }
        if !self.is_wanted(section) {
            return Ok(());
        }
        let mut draft = defaults.for_job(String::from_utf8_lossy(section.name).into_owned());
        let given = self.apply(section, &mut draft)?;
        draft.spec.given_options = given.into_iter().map(AppliedOption::recorded).collect();
        let fault = |problem| section_fault(section, problem);
        let (mut spec, remarks) = draft.finish().map_err(|error| fault(error.into()))?;
        self.notices(section, remarks);
        if self.options.read_only && (spec.pattern.write || spec.pattern.trim) {
            return Err(fault(Problem::ReadOnly));
        }
        // Nor are files laid out then.
        spec.files.allow_creation &= !self.options.read_only;
        self.clones = self.clones.saturating_add(spec.clones.into());
        if self.clones > self.options.limits.jobs {
            return Err(fault(Problem::Limit {
                limit: Limit::Jobs,
                maximum: self.options.limits.jobs,
            }));
        }
        self.parsed.jobs.push(spec);
        Ok(())
    }

    /// Prints a section, whose options need not be ones that jobs can use here.
    fn show(&mut self, section: &Section<'_>, defaults: &mut Draft) -> Result<(), JobFileError> {
        let global = section.is_global();
        if !global && !self.is_wanted(section) {
            return Ok(());
        }
        let given = if global {
            self.apply(section, defaults)?
        } else {
            let mut draft = defaults.for_job(String::new());
            self.apply(section, &mut draft)?
        };
        let name = (!global).then(|| String::from_utf8_lossy(section.name));
        if let Some(shown) = &mut self.shown {
            shown.section(section.of_words, name.as_deref(), &given);
        }
        Ok(())
    }

    /// Applies the options, `kb_base` before all others, since it decides what numbers mean. Gives the options as
    /// they were written.
    fn apply(
        &self,
        section: &Section<'_>,
        draft: &mut Draft,
    ) -> Result<Vec<AppliedOption>, JobFileError> {
        let first = section
            .options
            .iter()
            .filter(|given| given.name == b"kb_base");
        for given in first {
            self.apply_one(section, given, draft)?;
        }
        let mut options: Vec<_> = section.options.iter().collect();
        if !section.of_words {
            options.sort_by_key(|given| place_in_file(given.name));
        }
        let applied = options
            .into_iter()
            .map(|given| self.apply_one(section, given, draft))
            .collect();
        draft.place_files();
        applied
    }

    fn apply_one(
        &self,
        section: &Section<'_>,
        given: &GivenOption<'_>,
        draft: &mut Draft,
    ) -> Result<AppliedOption, JobFileError> {
        let fault = |problem| option_fault(section, given, problem);
        let Some(option) = options::find(given.name) else {
            let problem = options::unknown(given.name, &draft.spec.engine);
            return if self.shown.is_some() && problem.is_of_absent() {
                Ok(AppliedOption::of_absent_engine(given))
            } else {
                Err(fault(problem))
            };
        };
        let expander = self.expander();
        let value = match given.value {
            Some(value) if !section.of_words => Some(
                expander
                    .expand(value, option, &mut draft.remarks)
                    .map_err(fault)?,
            ),
            value => value.map(Into::into),
        };
        let value = value.as_deref();
        if !(section.is_global() && option.name == "name") {
            match option.apply(draft, value, given.name) {
                Err(problem) if self.shown.is_some() && problem.is_of_absent() => {
                    note_absent_engine(draft, option, value);
                }
                applied => applied.map_err(fault)?,
            }
        }
        Ok(AppliedOption {
            name: option.name.to_owned(),
            value: value.map(|value| String::from_utf8_lossy(value).into_owned()),
        })
    }

    fn expander(&self) -> Expander<'_> {
        Expander {
            environment: self.options.environment,
            machine: self.options.machine,
            limits: self.options.limits,
        }
    }

    /// Whether a section is among those asked for; jobs of words always are.
    fn is_wanted(&mut self, section: &Section<'_>) -> bool {
        let wanted = &self.options.sections;
        if section.of_words || wanted.is_empty() {
            return true;
        }
        let position = wanted
            .iter()
            .position(|name| name.as_bytes() == section.name);
        if let Some(position) = position {
            self.found[position] = true;
        }
        position.is_some()
    }

    fn notices(&mut self, section: &Section<'_>, remarks: Vec<String>) {
        self.parsed
            .notices
            .extend(remarks.into_iter().map(|text| Notice {
                source_name: section.source_name.to_owned(),
                section: shown(section.name),
                text,
            }));
    }

    fn finish(self) -> Result<ParsedJobs, JobFileError> {
        let missing = self.found.iter().position(|found| !found);
        let problem = match missing {
            Some(missing) => {
                Problem::NoSuchSection(shown(self.options.sections[missing].as_bytes()))
            }
            None if self.parsed.jobs.is_empty() && self.parsed.flags.is_empty() => Problem::NoJobs,
            None => return Ok(self.parsed),
        };
        Err(JobFileError::new(
            "job description",
            Position::Whole,
            problem,
        ))
    }
}

/// What follows may be options of this engine.
fn note_absent_engine(draft: &mut Draft, option: &OptionInfo, value: Option<&[u8]>) {
    if option.name == "ioengine" {
        draft.spec.engine = String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
    }
}

/// When an option of a job file is read, which is also where reports and `--showcmd` have it: a few before all others, names of
/// files behind them, and options of engines last, since the engine may be named behind them. Words are read as they
/// stand. Found by trying each option of fio 3.33; reports of 3.42 are in the same order.
fn place_in_file(name: &[u8]) -> u8 {
    let Some(option) = options::find(name).filter(|option| option.engines.is_empty()) else {
        return 3;
    };
    match option.name {
        "cpus_allowed_policy" | "kb_base" | "lockfile" | "unit_base" => 0,
        "filename" | "filename_format" => 2,
        _ => 1,
    }
}

fn position(line: usize, column: usize) -> Position {
    Position::Line { line, column }
}

fn line_fault(source_name: &str, line: usize, column: usize, problem: Problem) -> JobFileError {
    JobFileError::new(source_name, position(line, column), problem)
}

fn section_fault(section: &Section<'_>, problem: Problem) -> JobFileError {
    JobFileError::new(section.source_name, section.position, problem).in_section(section.name)
}

fn option_fault(section: &Section<'_>, given: &GivenOption<'_>, problem: Problem) -> JobFileError {
    let named = !matches!(problem, Problem::UnknownOption { .. });
    let error = JobFileError::new(given.source_name, given.position, problem);
    let error = error.in_section(section.name);
    if named {
        error.in_option(given.name)
    } else {
        error
    }
}

#[cfg(test)]
mod tests;
