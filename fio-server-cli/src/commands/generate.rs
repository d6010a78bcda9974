//! `generate`: shell completions and the manual page, from the definition of the command line, and from the
//! tables of fio's flags and job options.

mod manual;

use std::collections::BTreeSet;

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, CommandFactory as _, ValueHint};
use fio_engine::job::{
    CommandLineFlag, FlagArgument, OptionInfo, command_line_flags, engine_options, options,
};

use crate::cli::{Cli, Generate, ProgramName};
use crate::exit::{ExitStatus, Failure};
use crate::output::Sink;

/// Prints what was asked for.
pub(crate) fn generate(what: &Generate) -> Result<ExitStatus, Failure> {
    let mut bytes = Vec::new();
    match what {
        Generate::Completions { shell, program } => {
            let mut command = match program {
                ProgramName::FioServerCli => Cli::command().mut_subcommand(FIO, with_words_of_fio),
                ProgramName::Fio => with_words_of_fio(fio()),
            };
            let name = command.get_name().to_owned();
            clap_complete::generate(*shell, &mut command, name, &mut bytes);
        }
        Generate::Man { program } => match program {
            ProgramName::FioServerCli => manual::write(&mut bytes),
            ProgramName::Fio => manual::write_of_fio(&mut bytes),
        }
        .context("cannot write the manual page")?,
    }
    let text = with_one_name(&String::from_utf8_lossy(&bytes));
    let mut sink = Sink::open(None).map_err(Failure::setup)?;
    sink.write(&text).map_err(Failure::setup)?;
    Ok(ExitStatus::Success)
}

/// clap_complete 4.6 gives a program with dashes in its name two names in completions for bash: its commands
/// are looked for under the one and stand under the other.
fn with_one_name(text: &str) -> String {
    text.replace("fio__subcmd__server__subcmd__cli", "fio__server__cli")
}

/// The command that is fio's command line, and the name of a program that is nothing else.
const FIO: &str = "fio";

/// The program under the name `fio`.
fn fio() -> clap::Command {
    let whole = Cli::command();
    let command = whole.find_subcommand(FIO).cloned();
    let command = command.unwrap_or_else(|| clap::Command::new(FIO));
    command
        .version(env!("CARGO_PKG_VERSION"))
        .about("flexible I/O tester")
        .long_about(
            "Runs jobs that read and write, from job files and from words, and reports how fast they \
             were, with the command line, the output and the exit codes of fio.",
        )
}

/// The command `fio` with all its words: flags and job options.
fn with_words_of_fio(mut command: clap::Command) -> clap::Command {
    let mut known = BTreeSet::new();
    for flag in command_line_flags() {
        known.insert(flag.name);
        command = command.arg(flag_argument(flag));
    }
    // An option of several engines has a row for each meaning.
    for option in options().iter().chain(engine_options()) {
        if option.is_supported() && known.insert(option.name) {
            let alias = option.alias.filter(|alias| known.insert(alias));
            command = command.arg(option_argument(option).visible_aliases(alias));
        }
    }
    command.mut_arg("words", |words| words.value_hint(ValueHint::FilePath))
}

fn flag_argument(flag: &CommandLineFlag) -> Arg {
    let argument = Arg::new(flag.name).long(flag.name).help(flag.help);
    match flag.argument {
        FlagArgument::None => argument.action(ArgAction::SetTrue),
        FlagArgument::Optional => argument
            .value_name(flag.value_name)
            .num_args(0..=1)
            .require_equals(true),
        FlagArgument::Required => argument.value_name(flag.value_name),
    }
}

fn option_argument(option: &OptionInfo) -> Arg {
    let argument = Arg::new(option.name).long(option.name).help(option.help);
    let argument = match option.value_is_optional() {
        true => argument.num_args(0..=1).require_equals(true),
        false => argument,
    };
    match option.values {
        [] => argument,
        values => argument.value_parser(PossibleValuesParser::new(values)),
    }
}
