//! `options`, `engines`, `cmdhelp` and `enghelp`: help about jobs, from the engine's option table.

use std::fmt::Write as _;

use anyhow::anyhow;
use fio_engine::job::help::{
    EngineInfo, engine_list, find_engine, find_option, known_engines, nearest_option, option_help,
    option_list, options_of_engine,
};
use fio_engine::job::{Category, OptionInfo, OptionType, options as all_options};

use crate::cli::{EnginesArgs, OptionsArgs};
use crate::exit::{ExitStatus, Failure};
use crate::output::Sink;

/// What to print, or what is wrong with the question.
type Answer = Result<String, String>;

/// Lists all options, or describes one.
pub(crate) fn options(args: &OptionsArgs) -> Result<ExitStatus, Failure> {
    answer(match wanted(args.name.as_deref()) {
        None => Ok(list_of_options()),
        Some(name) => option(name).map(description),
    })
}

/// Lists all engines, or describes one or one of its options.
pub(crate) fn engines(args: &EnginesArgs) -> Result<ExitStatus, Failure> {
    answer(match args.name.as_deref().map(split) {
        None => Ok(list_of_engines()),
        Some((name, None)) => engine(name).map(engine_description),
        Some((name, Some(option))) => engine_option(name, option).map(description),
    })
}

/// Prints help in fio's layout; what fio does not know is told on the standard error.
pub(crate) fn as_in_fio(text: Answer) -> Result<ExitStatus, Failure> {
    answer(text)
}

/// The text of `--cmdhelp` and `--cmdhelp=NAME`.
pub(crate) fn command_help(name: Option<&str>) -> Answer {
    match wanted(name) {
        None => Ok(option_list()),
        Some(name) => option(name).map(option_help),
    }
}

/// The text of `--enghelp`, `--enghelp=ENGINE` and `--enghelp=ENGINE,OPTION`.
pub(crate) fn engine_help(name: Option<&str>) -> Answer {
    match name.map(split) {
        None => Ok(engine_list()),
        Some((name, None)) => match engine(name)? {
            EngineInfo { is_here: true, .. } => Ok(fio_engine::job::help::engine_help(name)),
            engine => Err(format!("IO engine {name} is not here: {}", engine.help)),
        },
        Some((name, Some(option))) => engine_option(name, option).map(option_help),
    }
}

fn answer(text: Answer) -> Result<ExitStatus, Failure> {
    let text = text.map_err(|problem| Failure::setup(anyhow!(problem)))?;
    let mut sink = Sink::open(None).map_err(Failure::setup)?;
    sink.write(&text).map_err(Failure::setup)?;
    Ok(ExitStatus::Success)
}

fn wanted(name: Option<&str>) -> Option<&str> {
    name.filter(|name| *name != "all")
}

fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(',') {
        Some((engine, option)) => (engine, Some(option)),
        None => (text, None),
    }
}

fn option(name: &str) -> Result<&'static OptionInfo, String> {
    find_option(name).ok_or_else(|| {
        let nearest = nearest_option(name);
        let advice = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        format!("no option is called `{name}`{advice}")
    })
}

fn engine(name: &str) -> Result<EngineInfo, String> {
    find_engine(name).ok_or_else(|| {
        format!("no I/O engine is called `{name}`; `fio-server-cli engines` lists them")
    })
}

fn engine_option(name: &str, option: &str) -> Result<&'static OptionInfo, String> {
    engine(name)?;
    let mut own = options_of_engine(name);
    let named = |one: &&OptionInfo| one.name == option || one.alias == Some(option);
    own.find(named).ok_or_else(|| {
        format!(
            "the engine {name} has no option `{option}`; `fio-server-cli engines {name}` lists them"
        )
    })
}

fn list_of_options() -> String {
    let mut text = String::new();
    for category in [
        Category::General,
        Category::File,
        Category::Io,
        Category::Statistics,
        Category::Logging,
        Category::Engine,
        Category::Profile,
    ] {
        writeln!(text, "{category} options").expect("a string takes it");
        let of_category = all_options().iter().filter(|one| one.category == category);
        of_category.for_each(|option| list_option(&mut text, option));
    }
    text + "\n`fio-server-cli options NAME` says more of one; `engines` has those of single engines.\n"
}

fn list_option(text: &mut String, option: &OptionInfo) {
    let refused = option
        .refusal()
        .map_or_else(String::new, |reason| format!(" (refused: {reason})"));
    writeln!(text, "  {:<28} {}{refused}", names(option), option.help).expect("a string takes it");
}

fn list_of_engines() -> String {
    let mut text = String::new();
    for engine in known_engines() {
        writeln!(text, "{:<22} {}", engine.name, about(engine)).expect("a string takes it");
    }
    text
}

fn about(engine: EngineInfo) -> String {
    let prefix = if engine.is_here { "" } else { "not here: " };
    format!("{prefix}{}", engine.help)
}

fn engine_description(engine: EngineInfo) -> String {
    let mut text = format!("{}: {}\n", engine.name, about(engine));
    let mut own = options_of_engine(engine.name).peekable();
    if own.peek().is_none() {
        text += "no options of its own\n";
    }
    for option in own {
        match option.refusal() {
            None => list_option(&mut text, option),
            Some(reason) => writeln!(text, "  {:<28} refused: {reason}", names(option))
                .expect("a string takes it"),
        }
    }
    text
}

fn description(option: &OptionInfo) -> String {
    let mut text = format!("{}: {}\n", names(option), option.help);
    let mut row = |title: &str, value: &str| {
        writeln!(text, "  {title:<10} {value}").expect("a string takes it");
    };
    match option.refusal() {
        None => row("works", "yes"),
        Some(reason) => row("refused", reason),
    }
    row("group", &option.category.to_string());
    row("value", &value(option));
    if let Some(default) = option.default {
        row("default", default);
    }
    if let Some(parent) = option.parent {
        row("belongs to", parent);
    }
    if !option.engines.is_empty() {
        row("engines", &option.engines.join(", "));
    }
    text
}

fn names(option: &OptionInfo) -> String {
    match option.alias {
        Some(alias) => format!("{}, {alias}", option.name),
        None => option.name.to_owned(),
    }
}

/// What may stand behind the equals sign.
pub(super) fn value(option: &OptionInfo) -> String {
    if !option.values.is_empty() {
        return option.values.join(", ");
    }
    let kind = match option.value_type {
        OptionType::Integer => "a number",
        OptionType::Boolean => "0 or 1",
        OptionType::Flag => "nothing, 0 or 1",
        OptionType::Time => "a time",
        OptionType::Size => "a size",
        OptionType::SizeOrPercent => "a size or a percentage",
        OptionType::Range => "a range, as in 4k-64k",
        OptionType::DecimalList => "decimal numbers separated by colons",
        OptionType::OptionalText => "nothing or a text",
        _ => "a text",
    };
    let mut text = kind.to_owned();
    if option.value_type == OptionType::Integer {
        match (option.minimum, option.maximum) {
            (minimum, Some(maximum)) => write!(text, " from {minimum} to {maximum}"),
            (0, None) => Ok(()),
            (minimum, None) => write!(text, " from {minimum} up"),
        }
        .expect("a string takes it");
    }
    if let Some(unit) = option.unit {
        write!(text, ", in {unit} without a unit").expect("a string takes it");
    }
    text
}
