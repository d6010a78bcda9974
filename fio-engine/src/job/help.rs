//! Help about options and engines, from the one option table, in the layout of fio's `--cmdhelp` and
//! `--enghelp`.
//!
//! Scripts ask fio this way whether it knows an option. What is refused here is not listed among all
//! options, and where it is asked for by name the help says why.

use std::fmt::Write;

use super::options;
use super::options::absent::{absent_engine, absent_engines};
use super::options::info::{OptionInfo, OptionType};

/// Finds an option by name or alias, those of engines included.
#[must_use]
pub fn find_option(name: &str) -> Option<&'static OptionInfo> {
    options::find(name.as_bytes())
}

/// The option whose name is nearest to one that [`find_option`] does not know.
#[must_use]
pub fn nearest_option(name: &str) -> Option<&'static str> {
    options::nearest_option(name.as_bytes())
}

/// An I/O engine that fio has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineInfo {
    /// Its name, as `ioengine` takes it.
    pub name: &'static str,
    /// What it does, or why it is not here and what to use instead.
    pub help: &'static str,
    /// Whether jobs can use it.
    pub is_here: bool,
}

/// All engines of fio, those that are here first.
///
/// ```
/// use fio_engine::io::Engines;
/// use fio_engine::job::help::known_engines;
///
/// let here = known_engines().filter(|engine| engine.is_here);
/// assert_eq!(here.count(), Engines::standard().names().count());
/// ```
pub fn known_engines() -> impl Iterator<Item = EngineInfo> {
    let here = HERE.iter().map(|&(name, help)| EngineInfo {
        name,
        help,
        is_here: true,
    });
    let absent = absent_engines().filter_map(|name| {
        Some(EngineInfo {
            name,
            help: absent_engine(name)?,
            is_here: false,
        })
    });
    here.chain(absent)
}

/// Finds an engine of fio by name, whether or not it is here.
#[must_use]
pub fn find_engine(name: &str) -> Option<EngineInfo> {
    known_engines().find(|engine| engine.name == name)
}

/// The options that only one engine or a few have, of the engine with this name.
pub fn options_of_engine(name: &str) -> impl Iterator<Item = &'static OptionInfo> {
    let all = options::engine_options().iter();
    all.filter(move |option| option.engines.contains(&name))
}

/// One option, as `fio --cmdhelp=NAME` and `--enghelp=ENGINE,NAME` show it.
///
/// ```
/// use fio_engine::job::help::{find_option, option_help};
///
/// let text = option_help(find_option("bs").expect("an option"));
/// assert!(text.contains("               alias: blocksize\n"));
/// ```
#[must_use]
pub fn option_help(option: &OptionInfo) -> String {
    let mut text = line(option.name, option.help);
    if let Some(alias) = option.alias {
        text += &line("alias", alias);
    }
    text += &line("type", kind(option.value_type));
    text += &line("default", option.default.unwrap_or("no default"));
    if let Some(range) = range(option) {
        text += &line("range", &range);
    }
    for (index, value) in option.values.iter().enumerate() {
        text += &line(if index == 0 { "valid values" } else { "" }, value);
    }
    if let Some(reason) = option.refusal() {
        text += &line("refused", reason);
    }
    text + "\n"
}

/// All options that work, as `fio --cmdhelp=all` lists them: each below the one it belongs to.
#[must_use]
pub fn option_list() -> String {
    let mut text = String::new();
    let works = |option: &&OptionInfo| option.is_supported();
    let all: Vec<_> = options().iter().filter(works).collect();
    for option in &all {
        if parent(option).is_none() {
            list_with_children(&mut text, option, &all, 0);
        }
    }
    text
}

/// The engines that are here, as `fio --enghelp` lists them.
#[must_use]
pub fn engine_list() -> String {
    let here = known_engines().filter(|engine| engine.is_here);
    here.fold("Available IO engines:\n".to_owned(), |text, engine| {
        text + "\t" + engine.name + "\n"
    })
}

/// The options of an engine that work, as `fio --enghelp=ENGINE` lists them.
#[must_use]
pub fn engine_help(engine: &str) -> String {
    let mut text = String::new();
    for option in options_of_engine(engine).filter(|option| option.is_supported()) {
        list_one(&mut text, option, 0);
    }
    if text.is_empty() {
        text = format!("IO engine {engine} has no options\n");
    }
    text
}

/// The engines that are here, and what they do.
const HERE: [(&str, &str); 17] = [
    ("psync", "pread and pwrite; the default"),
    ("sync", "lseek, read and write"),
    ("vsync", "readv and writev; neighbouring I/Os go together"),
    ("pvsync", "preadv and pwritev"),
    ("pvsync2", "preadv2 and pwritev2"),
    ("mmap", "memory maps of the files"),
    ("splice", "splice and vmsplice through a pipe"),
    ("libaio", "the kernel's asynchronous I/O (io_submit)"),
    (
        "io_uring",
        "the kernel's rings of submissions and completions",
    ),
    ("posixaio", "aio_read and aio_write of the C library"),
    ("null", "moves no data; measures the generator itself"),
    ("cpuio", "keeps a CPU busy"),
    ("falloc", "fallocate in place of I/O"),
    ("ftruncate", "ftruncate in place of writes"),
    ("filecreate", "creates files"),
    ("filestat", "asks for files' metadata"),
    ("filedelete", "removes files"),
];

fn line(title: &str, text: &str) -> String {
    format!("{title:>20}: {text}\n")
}

/// The option it belongs to, if that one works.
fn parent(option: &OptionInfo) -> Option<&'static OptionInfo> {
    let parent = option.parent.and_then(find_option);
    parent.filter(|parent| parent.is_supported())
}

fn list_with_children(text: &mut String, option: &OptionInfo, all: &[&OptionInfo], depth: usize) {
    list_one(text, option, depth);
    for child in all {
        if parent(child).is_some_and(|parent| parent.name == option.name) {
            list_with_children(text, child, all, depth + 1);
        }
    }
}

fn list_one(text: &mut String, option: &OptionInfo, depth: usize) {
    let name = format!("{}{}", "  ".repeat(depth), option.name);
    writeln!(text, "{name:<24}: {}", option.help).expect("a string takes it");
}

/// fio's words for the types.
fn kind(value_type: OptionType) -> &'static str {
    match value_type {
        OptionType::Integer => "integer value (opt=100)",
        OptionType::Boolean => "boolean value (opt=1)",
        OptionType::Flag => "empty or boolean value ([0|1])",
        OptionType::Time => "string with time postfix (opt=10s)",
        OptionType::Size | OptionType::SizeOrPercent => {
            "string with possible k/m/g postfix (opt=4k)"
        }
        OptionType::Range => "one to three ranges (opt=1k-4k[,4k-8k[,1k-8k]])",
        OptionType::DecimalList => "list of floating point values separated by ':' (opt=5.9:7.8)",
        _ => "string (opt=bla)",
    }
}

/// Limits of numbers; -1 is fio's sign for none.
fn range(option: &OptionInfo) -> Option<String> {
    let (minimum, maximum) = (option.minimum, option.maximum);
    match option.value_type {
        OptionType::Boolean => Some("min=0, max=1".to_owned()),
        OptionType::DecimalList => {
            maximum.map(|maximum| format!("min={minimum}.000000, max={maximum}.000000"))
        }
        OptionType::Integer if maximum.is_some() || minimum != 0 => {
            let maximum = maximum.map_or_else(|| "-1".to_owned(), |maximum| maximum.to_string());
            Some(format!("min={minimum}, max={maximum}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::io::Engines;
    use crate::job::engine_options;

    #[test]
    fn one_option_looks_as_in_fio() {
        let text = option_help(find_option("blocksize").expect("an option"));
        let expected = "                  bs: block size; comma list read,write,trim\n               \
                        alias: blocksize\n                type: integer value (opt=100)\n             \
                        default: 4096\n               range: min=1, max=-1\n\n";
        assert_eq!(text, expected);
        let text = option_help(find_option("continue_on_error").expect("an option"));
        assert!(
            text.contains("        valid values: none\n                    : read\n"),
            "{text}"
        );
        let text = option_help(find_option("verify").expect("an option"));
        assert_eq!(
            text.contains("refused: "),
            !find_option("verify").expect("one").is_supported()
        );
    }

    #[test]
    fn every_option_that_works_is_listed_once() {
        let text = option_list();
        let names: Vec<_> = text.lines().map(|line| line.split(':').next()).collect();
        let trimmed: BTreeSet<_> = names.iter().flatten().map(|name| name.trim()).collect();
        let works = options().iter().filter(|one| one.is_supported());
        let expected: BTreeSet<_> = works.map(|option| option.name).collect();
        assert_eq!(trimmed, expected);
        assert_eq!(names.len(), expected.len());
        assert!(text.contains("\n  bs                    : "), "{text}");
    }

    #[test]
    fn the_engines_are_those_that_run() {
        let standard = Engines::standard();
        let here: BTreeSet<_> = standard.names().collect();
        let listed = known_engines().filter(|engine| engine.is_here);
        assert_eq!(listed.map(|one| one.name).collect::<BTreeSet<_>>(), here);
        assert!(engine_list().contains("\n\tlibaio\n"));
    }

    #[test]
    fn the_options_of_engines_are_those_of_known_engines() {
        for option in engine_options() {
            for engine in option.engines {
                assert!(find_engine(engine).is_some(), "{engine}");
            }
        }
        let text = engine_help("libaio");
        assert!(text.contains("userspace_reap          : "), "{text}");
        assert_eq!(engine_help("psync"), "IO engine psync has no options\n");
    }
}
