//! `--debug`: what may be told of a run.
//!
//! fio's categories are those of its own parts. Those that have a counterpart here tell something of it, most
//! of them from the run itself ([`DebugTopic`]); the others are known and say nothing.

use std::fmt::Write as _;

use anyhow::anyhow;
use fio_engine::explain::{Explanation, explain};
use fio_engine::job::JobSpec;
use fio_engine::run::{DebugOptions, DebugTopic, RunOptions};

use super::at_once::print;
use super::request::remark;
use crate::exit::Failure;
use crate::output::debug_line;

/// What is told of.
#[derive(Debug, Default)]
pub(super) struct Topics {
    before: Vec<Before>,
    /// What the run tells.
    pub(super) of_run: DebugOptions,
    /// The steps of a client.
    pub(super) net: bool,
}

/// Something that is told before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The options each job ends up with.
    Parse,
    /// What becomes of the files of each job.
    File,
    /// Groups and waves.
    Process,
    /// How long the jobs take at most.
    Time,
}

/// What a category tells, before the run and in it.
struct Category {
    name: &'static str,
    before: Option<Before>,
    of_run: Option<DebugTopic>,
}

impl Category {
    /// There is something to tell of it.
    fn is_told(&self) -> bool {
        self.before.is_some() || self.of_run.is_some() || self.name == NET
    }
}

const fn category(name: &'static str) -> Category {
    Category {
        name,
        before: None,
        of_run: None,
    }
}

const fn before(name: &'static str, before: Before) -> Category {
    Category {
        before: Some(before),
        ..category(name)
    }
}

const fn of_run(topic: DebugTopic) -> Category {
    Category {
        of_run: Some(topic),
        ..category(topic.name())
    }
}

/// Names the job that alone is told of.
const JOB: &str = "job";

/// What a client says to its servers.
const NET: &str = "net";

/// All categories of fio 3.33, in its order.
const CATEGORIES: [Category; 19] = [
    Category {
        before: Some(Before::Process),
        ..of_run(DebugTopic::Process)
    },
    before("file", Before::File),
    of_run(DebugTopic::Io),
    of_run(DebugTopic::Memory),
    category("blktrace"),
    category("verify"),
    of_run(DebugTopic::Random),
    before("parse", Before::Parse),
    of_run(DebugTopic::DiskUtilisation),
    category(JOB),
    category("mutex"),
    category("profile"),
    before("time", Before::Time),
    category(NET),
    of_run(DebugTopic::Rate),
    category("compress"),
    of_run(DebugTopic::SteadyState),
    category("helperthread"),
    category("zbd"),
];

/// The text of `--debug=help`.
pub(super) fn list() -> String {
    let names: Vec<_> = CATEGORIES.iter().map(|category| category.name).collect();
    format!("fio: dumping debug options:{},all\n", names.join(","))
}

impl Topics {
    /// Adds the categories named, separated by commas, and says so as fio does. Also as there, a name may have
    /// something behind it, and unknown names are complained of and do no harm.
    pub(super) fn add(&mut self, value: &str) -> Result<(), Failure> {
        for name in value.split(',') {
            if name == "all" {
                print("fio: set all debug options\n")?;
                CATEGORIES.iter().for_each(|category| self.choose(category));
                continue;
            }
            match CATEGORIES.iter().find(|one| name.starts_with(one.name)) {
                Some(category) if category.name == JOB => self.choose_job(name)?,
                Some(category) => {
                    print(&format!("fio: set debug option {name}\n"))?;
                    if !category.is_told() {
                        remark(format_args!("debug option {name}: nothing to tell of here"));
                    }
                    self.choose(category);
                }
                None => remark(format_args!(
                    "debug mask {name} not found; --debug=help lists those there are"
                )),
            }
        }
        Ok(())
    }

    fn choose(&mut self, category: &Category) {
        self.net |= category.name == NET;
        self.before.extend(category.before);
        self.of_run.topics.extend(category.of_run);
    }

    /// `job:N` limits what is told to the job of this number.
    fn choose_job(&mut self, name: &str) -> Result<(), Failure> {
        let Some((_, number)) = name.split_once(':') else {
            remark(format_args!(
                "missing job number; job:1 tells of the first job only"
            ));
            return Ok(());
        };
        let number = number.parse().unwrap_or(0);
        // As with fio, 0 and what is no number mean every job.
        self.of_run.only_job = Some(number).filter(|number| *number > 0);
        print(&format!("fio: set debug jobno {number}\n"))?;
        Ok(())
    }

    fn wants(&self, topic: Before) -> bool {
        self.before.contains(&topic)
    }

    /// What is told of jobs before they run.
    pub(super) fn before_the_run(&self, jobs: &[JobSpec]) -> String {
        let mut text = String::new();
        if self.wants(Before::Parse) {
            for job in jobs {
                line(
                    &mut text,
                    "parse",
                    &format!("Parsing section [{}]", job.name),
                );
                for (name, value) in job.to_options() {
                    line(&mut text, "parse", &format!("{name}={value}"));
                }
            }
        }
        if [Before::File, Before::Process, Before::Time].map(|topic| self.wants(topic))
            != [false; 3]
        {
            let mut options = RunOptions::default();
            options.runs_commands = true;
            match explain(jobs.to_vec(), &options) {
                Ok(explanation) => self.explained(&mut text, &explanation),
                // The run will say so, too.
                Err(error) => line(&mut text, "process", &anyhow!(error).to_string()),
            }
        }
        text
    }

    fn explained(&self, text: &mut String, explanation: &Explanation) {
        for job in &explanation.jobs {
            if self.wants(Before::Process) {
                let (name, group, wave) = (&job.spec.name, job.group, job.wave);
                let of_job = format!("{name}: groupid={group}, wave={wave}");
                line(text, "process", &of_job);
            }
            if self.wants(Before::File) {
                for file in &job.files {
                    line(text, "file", &format!("add file {}", file.path.display()));
                }
            }
        }
        if let (true, Some(longest)) = (self.wants(Before::Time), explanation.longest) {
            let seconds = longest.as_secs_f64();
            line(text, "time", &format!("all jobs: at most {seconds} s"));
        }
    }
}

fn line(text: &mut String, category: &str, what: &str) {
    let line = debug_line(category, std::process::id(), what);
    writeln!(text, "{line}").expect("a string takes it");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_chosen_by_how_a_word_begins() {
        let mut topics = Topics::default();
        topics
            .add("nosuch,random:3,iox,job:2,parse")
            .expect("no trouble");
        let run = &topics.of_run;
        assert_eq!(run.topics, [DebugTopic::Random, DebugTopic::Io]);
        assert_eq!(run.only_job, Some(2));
        assert_eq!(topics.before, [Before::Parse]);
        topics.add("job:0,all").expect("no trouble");
        assert_eq!(topics.of_run.only_job, None);
        assert!(topics.of_run.topics.contains(&DebugTopic::SteadyState));
        assert!(topics.wants(Before::Time) && topics.net);
    }

    #[test]
    fn lines_have_fios_columns() {
        let mut text = String::new();
        line(&mut text, "io", "x");
        assert_eq!(text, format!("{:<8} {:<5} x\n", "io", std::process::id()));
        assert_eq!(debug_line("steadystate", 14735, "x"), "steadystate 14735 x");
        assert_eq!(debug_line("random", 5417, "x"), "random   5417  x");
    }
}
