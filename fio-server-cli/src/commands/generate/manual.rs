//! The manual page.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use fio_engine::job::help::{known_engines, options_of_engine};
use fio_engine::job::{OptionInfo, command_line_flags, options};

use crate::cli::Cli;
use crate::commands::help::value as value_description;

/// One page for the program and all its commands.
pub(super) fn write(out: &mut Vec<u8>) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    let whole = clap_mangen::Man::new(command.clone());
    whole.render_title(out)?;
    whole.render_name_section(out)?;
    whole.render_synopsis_section(out)?;
    whole.render_description_section(out)?;
    whole.render_options_section(out)?;
    for command in with_descendants(&command) {
        let name = command.get_bin_name().unwrap_or_default().to_uppercase();
        out.extend_from_slice(format!(".SH \"COMMAND {name}\"\n").as_bytes());
        let page = clap_mangen::Man::new(command.clone());
        page.render_synopsis_section(out)?;
        page.render_description_section(out)?;
        if command.get_name() == "fio" {
            flags_of_fio(out)?;
        } else {
            page.render_options_section(out)?;
        }
    }
    job_options(out)?;
    engines(out)?;
    whole.render_extra_section(out)?;
    whole.render_version_section(out)
}

/// The page of the program under the name `fio`.
pub(super) fn write_of_fio(out: &mut Vec<u8>) -> io::Result<()> {
    let page = clap_mangen::Man::new(super::fio());
    page.render_title(out)?;
    page.render_name_section(out)?;
    writeln!(out, ".SH SYNOPSIS")?;
    writeln!(
        out,
        "\\fBfio\\fR [\\fIoptions\\fR] [\\fIjob options\\fR] [\\fIjob file\\fR]..."
    )?;
    page.render_description_section(out)?;
    flags_of_fio(out)?;
    job_options(out)?;
    engines(out)?;
    writeln!(out, ".SH \"EXIT STATUS\"")?;
    writeln!(
        out,
        "0; 1 for whatever goes wrong, a job included; 128 after a signal."
    )?;
    page.render_version_section(out)
}

fn with_descendants(command: &clap::Command) -> Vec<&clap::Command> {
    let children = command
        .get_subcommands()
        .filter(|child| child.get_name() != "help");
    children
        .flat_map(|child| std::iter::once(child).chain(with_descendants(child)))
        .collect()
}

/// The flags of fio's command line.
fn flags_of_fio(out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, ".SH \"FLAGS OF FIO\"")?;
    for flag in command_line_flags() {
        entry(out, &crate::fio_form::spelled(flag), "", flag.help)?;
    }
    Ok(())
}

/// What a job file may say.
fn job_options(out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, ".SH \"JOB OPTIONS\"")?;
    writeln!(
        out,
        "In job files as name=value, in job words as \\-\\-name=value."
    )?;
    let mut category = None;
    for option in options().iter().filter(|option| option.is_supported()) {
        if category != Some(option.category) {
            category = Some(option.category);
            writeln!(out, ".SS \"{} options\"", option.category)?;
        }
        job_option(out, option)?;
    }
    Ok(())
}

/// The I/O engines with the options only they have.
fn engines(out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, ".SH \"I/O ENGINES\"")?;
    for engine in known_engines().filter(|engine| engine.is_here) {
        writeln!(out, ".SS \"{}\"", engine.name)?;
        writeln!(out, "{}", escaped(engine.help))?;
        let own = options_of_engine(engine.name);
        for option in own.filter(|option| option.is_supported()) {
            job_option(out, option)?;
        }
    }
    Ok(())
}

fn job_option(out: &mut Vec<u8>, option: &OptionInfo) -> io::Result<()> {
    let alias = option
        .alias
        .map_or_else(String::new, |alias| format!(", {alias}"));
    let value = value_description(option);
    let default = option
        .default
        .map_or_else(String::new, |default| format!("; default {default}"));
    let text = format!("{}. Value: {value}{default}.", option.help);
    entry(out, option.name, &alias, &text)
}

/// A term in bold with what stands behind it, and a paragraph about it.
fn entry(out: &mut Vec<u8>, term: &str, behind: &str, text: &str) -> io::Result<()> {
    let (term, behind, text) = (escaped(term), escaped(behind), escaped(text));
    writeln!(out, ".TP\n\\fB{term}\\fR{behind}\n{text}")
}

/// Text that troff prints as it is: no line of it begins with a request.
fn escaped(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    match escaped.starts_with(['.', '\'']) {
        true => format!("\\&{escaped}"),
        false => escaped,
    }
}
