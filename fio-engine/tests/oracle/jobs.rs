//! Jobs drawn from the option table: every option that works, with the engine it belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use fio_engine::job::{OptionInfo, engine_options, options};

use super::Draw;
use super::values::{odd_values, values};

/// What stands in front of the jobs.
pub(crate) const FIRST: &str = "[first]\nioengine=null\nsize=1m\n";

/// Options that work here and that Debian's fio has, those of engines included.
pub(crate) fn known_to_debian() -> Vec<&'static OptionInfo> {
    let mut names = help("--cmdhelp=all");
    names.extend(ENGINES.iter().flat_map(|engine| {
        let engine_help = help(&format!("--enghelp={engine}"));
        engine_help.into_iter()
    }));
    let drawn = |option: &&OptionInfo| {
        option.is_supported() && names.contains(option.name) && !LEFT_OUT.contains(&option.name)
    };
    options()
        .iter()
        .chain(engine_options())
        .filter(drawn)
        .collect()
}

/// Names in the first column of what fio says.
fn help(flag: &str) -> BTreeSet<String> {
    let output = Command::new("fio").arg(flag).output().expect("fio starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().filter_map(|line| line.split(':').next());
    first.map(|name| name.trim().to_owned()).collect()
}

/// Engines that Debian's fio and this program have.
const ENGINES: &[&str] = &[
    "null",
    "psync",
    "sync",
    "vsync",
    "pvsync",
    "pvsync2",
    "mmap",
    "splice",
    "libaio",
    "io_uring",
    "posixaio",
    "cpuio",
    "falloc",
    "ftruncate",
    "filecreate",
    "filestat",
    "filedelete",
];

/// Options whose verdict depends on more than their value.
const LEFT_OUT: [&str; 5] = [
    // Reads a folder when it is parsed.
    "opendir",  // Decides what the other options mean; each job has one.
    "ioengine", // The section has a name.
    "name",
    // Of use with zonemode=strided only, without which fio refuses them when it starts the job.
    "zonesize",
    "zonecapacity",
];

/// A job with one engine and some options.
pub(crate) struct Job {
    pub(crate) engine: &'static str,
    pub(crate) options: Vec<(&'static str, String)>,
}

impl Job {
    pub(crate) fn section(&self, number: usize) -> String {
        let engine = self.engine;
        format!(
            "[job{number}]\nioengine={engine}\nsize=1m\n{}\n",
            self.lines()
        )
    }

    /// The job alone, behind the one it may wait for.
    pub(crate) fn file(&self) -> String {
        format!("{FIRST}{}", self.section(0))
    }

    pub(crate) fn lines(&self) -> String {
        let line = |(name, value): &(&str, String)| match value.as_str() {
            "" => (*name).to_owned(),
            value => format!("{name}={value}"),
        };
        self.options.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Each option in turn with none to seven others; in one job of five, one of those has an odd value.
pub(crate) fn draw_job(number: usize, draw: &mut Draw, known: &[&'static OptionInfo]) -> Job {
    let first = known[number % known.len()];
    let engines: Vec<_> = ENGINES
        .iter()
        .filter(|engine| first.engines.is_empty() || first.engines.contains(engine))
        .copied()
        .collect();
    let engine = draw.one_of(&engines);
    let mut list = vec![(first, values(first))];
    if draw.below(5) == 0 {
        let odd = draw_option(draw, known, engine);
        list.push((odd, odd_values(odd)));
    }
    for _ in 0..draw.below(7) {
        let option = draw_option(draw, known, engine);
        list.push((option, values(option)));
    }
    let mut chosen = BTreeMap::new();
    for (option, values) in list {
        if let Some(value) = values.get(draw.below(values.len().max(1))) {
            chosen.insert(option.name, value.clone());
        }
    }
    Job {
        engine,
        options: chosen.into_iter().collect(),
    }
}

/// An option of the engine, one time in four where it has any, or of all engines.
fn draw_option(
    draw: &mut Draw,
    known: &[&'static OptionInfo],
    engine: &str,
) -> &'static OptionInfo {
    let (own, general): (Vec<_>, Vec<_>) = known
        .iter()
        .filter(|option| option.engines.is_empty() || option.engines.contains(&engine))
        .partition(|option| !option.engines.is_empty());
    let list = if !own.is_empty() && draw.below(4) == 0 {
        own
    } else {
        general
    };
    list[draw.below(list.len())]
}
